"""系统故障: which incident can be the one behind wrong entries."""

from datetime import datetime

from sqlmodel import Session, col, select

from contracts.adjustments import AdjustmentRequest
from contracts.incidents import Category
from contracts.text import moment_text
from contracts.vocabulary import CaseKind, Outcome
from gateways.books import Books
from records.incident_tables import IncidentRow, MajorRow
from records.tables import CaseRow

_WAY_OUT = "name the incident about the fault, or none and have it waived"


def misfit(session: Session, books: Books, case: CaseRow, named: str) -> str:
    """Why an incident cannot be the one behind the wrong entries of an adjustment. Empty where it can: it is of the
    same customer or about a system, and was not over before they were booked."""
    row = followed(session, named)
    if row is None:
        return f"{named} is no incident"
    request = AdjustmentRequest.model_validate_json(case.request)
    own = row.kind is CaseKind.INCIDENT and row.customer == case.customer
    if not own and not _is_about_a_system(session, row):
        return f"{named} is another customer's, and about no fault of a system: {_WAY_OUT}"
    over = _over_at(session, row)
    booked = [books.entry(session, each).recorded_at for each in request.entries]
    if over is None or any(at <= over for at in booked) or (own and not booked):
        return ""
    if not booked:
        return f"{named} was over at {moment_text(over)}, and the request names no entry booked before: {_WAY_OUT}"
    return f"{named} was over at {moment_text(over)}, before the entries were booked: {_WAY_OUT}"


def followed(session: Session, case_id: str) -> CaseRow | None:
    """An incident, or the one that it was dealt with under; null where there is none of that name."""
    seen: set[str] = set()
    while case_id not in seen:
        seen.add(case_id)
        newest = select(CaseRow).where(CaseRow.case_id == case_id).order_by(col(CaseRow.n).desc()).limit(1)
        row = session.exec(newest).first()
        if row is None or row.kind not in (CaseKind.INCIDENT, CaseKind.MAJOR):
            return None
        if row.outcome != Outcome.LINKED:
            return row
        case_id = row.words
    return None


def _is_about_a_system(session: Session, row: CaseRow) -> bool:
    """A technical one, a major one, and every report that hangs or hung on a major one."""
    if row.kind is CaseKind.MAJOR:
        return True
    incident = session.get_one(IncidentRow, row.dossier)
    return incident.category is Category.TECHNICAL or bool(incident.major)


def _over_at(session: Session, row: CaseRow) -> datetime | None:
    """When the fault was mended, or the incident ended otherwise."""
    stands = session.get(MajorRow, row.dossier) or session.get_one(IncidentRow, row.dossier)
    return stands.solved_at or row.ended_at
