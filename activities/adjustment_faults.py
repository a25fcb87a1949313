"""系统故障: which incident can be the one behind wrong entries, and who waits for whom."""

from collections import defaultdict
from datetime import datetime

from sqlmodel import Session, col, select

from activities.adjustment_origins import is_of_a_case
from contracts.adjustments import AdjustmentRequest, Cause
from contracts.incidents import Category
from contracts.text import moment_text
from contracts.vocabulary import CaseKind, Outcome
from gateways.books import Books
from records.adjustment_tables import AdjustmentRow
from records.incident_tables import IncidentRow, MajorRow
from records.tables import CaseRow

_WAY_OUT = "name the incident about the fault, or none and have it waived"


def misfit(session: Session, books: Books, case: CaseRow, named: str) -> str:
    """Why an incident cannot be the one behind the wrong entries of an adjustment. Empty where it can: it is of the
    same customer or about a system, and was not over before they were booked."""
    row = followed(session, named)
    if row is None:
        return f"{named} is no incident"
    if waiting := _ring(session, case.case_id, row.case_id):
        return waiting
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


def _ring(session: Session, case: str, named: str) -> str:
    """Who would wait for whom for ever if an adjustment waited for this incident, in words; empty where nobody would.
    An incident waits for the adjustments that it has begun, an adjustment for the incident behind its fault."""
    waits = _waits(session)
    came_from = {named: ""}
    for each in (reached := [named]):  # grows by whom they wait for, each of them once
        fresh = [other for other in waits.get(each, []) if other not in came_from]
        came_from |= dict.fromkeys(fresh, each)
        reached += fresh
    if case not in came_from:
        return ""
    way = [case]
    while way[-1] != named:
        way.append(came_from[way[-1]])
    return f"{', which waits for '.join([*reversed(way[1:]), 'this adjustment'])}: {_WAY_OUT}"


def _waits(session: Session) -> dict[str, list[str]]:
    """Whom each open case waits for."""
    open_ = col(CaseRow.ended_at).is_(None)
    incidents = set(session.exec(select(CaseRow.case_id).where(CaseRow.kind == CaseKind.INCIDENT, open_)))
    joined = select(CaseRow, AdjustmentRow).join(AdjustmentRow, col(AdjustmentRow.dossier) == col(CaseRow.dossier))
    waits: dict[str, list[str]] = defaultdict(list)
    for case, row in session.exec(joined.where(open_)):
        request = AdjustmentRequest.model_validate_json(case.request)
        if request.case in incidents and is_of_a_case(request, request.case):
            waits[request.case].append(case.case_id)
        behind = followed(session, row.incident) if row.incident and not row.waived_by else None
        if behind and row.cause is Cause.SYSTEM_FAULT:
            waits[case.case_id].append(behind.case_id)
    return waits
