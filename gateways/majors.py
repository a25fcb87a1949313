"""重大事故 on record: what makes an incident one, which reports hang on it, and who was told what."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from contracts.incidents import Category
from policy import Policy
from policy.incidents import MajorRules
from policy.spans import plain
from records.incident_tables import BulletinRow, BulletinToldRow, IncidentRow, MajorRow
from records.inserts import insert_unless_there
from records.tables import CaseRow

SOLUTION = 0
"""The number under which a customer is told how it was solved."""


def major_rules(policy: Policy) -> MajorRules | None:
    """The policy's rules for major incidents, where it has any."""
    return policy.incidents.major if policy.incidents else None


def why_major(session: Session, rules: MajorRules, row: IncidentRow) -> str:
    """Why a report that a person has classified makes a major incident; empty when nothing does."""
    if row.severity in rules.severities:
        return f"severity {row.severity}"
    if row.affected >= rules.customers:
        return f"{row.affected} customers affected"
    if row.escalated and row.category is Category.COMPLAINT:
        return "an escalated complaint"
    return _rate(session, rules, row)


def major_of(session: Session, case_id: str, *, lock: bool) -> MajorRow | None:
    """The major incident of a case; locked, none hangs on it while it is solved."""
    query = select(MajorRow).where(MajorRow.case_id == case_id)
    return session.exec(query.with_for_update() if lock else query).first()


def open_major(session: Session, matter: str) -> MajorRow | None:
    """The major incident of a matter on which reports still hang."""
    if not matter:
        return None
    query = select(MajorRow).where(MajorRow.matter == matter, col(MajorRow.over_at).is_(None))
    return session.exec(query.with_for_update()).first()


def next_number(session: Session, dossier: str) -> int:
    """The number of the next bulletin of a major incident, from 1."""
    last = session.exec(select(func.max(BulletinRow.n)).where(BulletinRow.dossier == dossier)).one()
    return (last or 0) + 1


def first_told(session: Session, dossier: str, n: int, recipient: str, report: str, at: datetime) -> bool:
    """Whether somebody is to be told a bulletin by this report; false when they were told, or by another one."""
    row = {"dossier": dossier, "n": n, "recipient": recipient, "report": report, "at": at}
    return insert_unless_there(session, BulletinToldRow, row)


# ---- which reports are spoken to ---------------------------------------------------------------------------------


def earlier_reports(session: Session, major: MajorRow, after: str, limit: int) -> list[IncidentRow]:
    """Open reports of its matter that a person has classified, that hang on nothing and are not solved."""
    if not major.matter:
        return []
    query = _open_reports(after).where(IncidentRow.matter == major.matter, IncidentRow.major == "")
    query = query.where(col(IncidentRow.triaged_at).is_not(None), col(IncidentRow.solved_at).is_(None))
    return list(session.exec(query.limit(limit)))


def hanging(session: Session, major: MajorRow, after: str, limit: int, untold: int | None = None) -> list[IncidentRow]:
    """The open reports that hang on it; with `untold` those whose customer was not told that bulletin."""
    query = _open_reports(after).where(IncidentRow.major == major.case_id, col(IncidentRow.hangs).is_(True))
    if untold is not None:
        told = select(BulletinToldRow.recipient).where(
            BulletinToldRow.dossier == major.dossier, BulletinToldRow.n == untold
        )
        query = query.where(col(IncidentRow.customer).not_in(told))
    return list(session.exec(query.limit(limit)))


def reports_of(session: Session, major: MajorRow) -> Sequence[IncidentRow]:
    """Every report that hangs on it or did."""
    query = select(IncidentRow).where(IncidentRow.major == major.case_id)
    return session.exec(query.order_by(col(IncidentRow.dossier))).all()


def _open_reports(after: str) -> SelectOfScalar[IncidentRow]:
    query = select(IncidentRow).join(CaseRow, col(CaseRow.dossier) == col(IncidentRow.dossier))
    query = query.where(col(CaseRow.ended_at).is_(None), IncidentRow.dossier > after)
    return query.order_by(col(IncidentRow.dossier))


def _rate(session: Session, rules: MajorRules, row: IncidentRow) -> str:
    """So many reports of one matter within the span, each classified by a person, whichever of them is so the last.
    What came in later than that after it was reported, such as a file of old complaints, is no outbreak."""
    if not row.matter:
        return ""
    span = plain(rules.within)
    moments = select(IncidentRow.reported_at, CaseRow.opened_at)
    query = moments.join(CaseRow, col(CaseRow.dossier) == col(IncidentRow.dossier)).where(
        IncidentRow.matter == row.matter, IncidentRow.major == "", IncidentRow.linked_to == "",
        col(IncidentRow.triaged_at).is_not(None),
        col(IncidentRow.reported_at).between(row.reported_at - span, row.reported_at + span),
    )  # fmt: skip
    times = sorted(reported for reported, opened in session.exec(query) if opened - reported <= span)
    if any(later - earlier <= span for earlier, later in zip(times, times[rules.reports - 1 :], strict=False)):
        return f"{rules.reports} reports of {row.matter} within {rules.within}"
    return ""
