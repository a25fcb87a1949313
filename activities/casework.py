"""What every activity does with its case: read it, say which stage it is in, write findings and trail rows."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from contracts.findings import Checked, Finding, FindingKind, FindingState
from contracts.requests import ClosureRequest
from contracts.steps import Ending, Step
from contracts.vocabulary import CaseKind
from gateways.deadlines import expected_by
from policy.model import Policy
from records import trail
from records.canonical import canonical
from records.database import Database
from records.people_tables import HoldRow
from records.tables import CaseRow, FindingRow

SYSTEM = "system"


def case_of(session: Session, step: Step) -> CaseRow:
    """The case of a step. The first step of a stage writes down that the case entered it."""
    row = session.get_one(CaseRow, step.dossier)
    if row.stage != step.stage:
        row.stage = step.stage
        note(session, step, f"stage {step.stage}")
    row.risk = step.risk
    return row


def request_of(row: CaseRow) -> ClosureRequest:
    """The request that opened a closure."""
    return ClosureRequest.model_validate_json(row.request)


def note(
    session: Session, step: Step, what: str, why: str = "", *, who: str = SYSTEM, evidence: dict[str, str] | None = None
) -> None:
    """Add a link to the case's trail, at the case's own time."""
    trail.append(session, step.dossier, who=who, what=what, why=why, evidence=evidence, policy=step.policy, at=step.at)


def record(session: Session, step: Step, checked: Checked) -> Checked:
    """Write down what a check found: new findings open, those of its earlier rounds that are gone cleared."""
    found = {finding.fingerprint for finding in checked.findings}
    earlier = select(FindingRow).where(FindingRow.dossier == step.dossier, FindingRow.step == step.name)
    for row in session.exec(earlier.where(FindingRow.state == FindingState.OPEN)):
        if row.fingerprint not in found:
            row.state, row.ended_at = FindingState.CLEARED, step.at
    for finding in checked.findings:
        put_on_record(session, step, finding)
    kinds = ", ".join(finding.fingerprint for finding in checked.findings) or "clear"
    evidence = {"risk": checked.risk.value, **{f"reason {n}": words for n, words in enumerate(checked.reasons, 1)}}
    note(session, step, f"{step.name}, round {step.round}: {kinds}", evidence=evidence)
    return checked


def cleared(session: Session, step: Step) -> Checked:
    """A step that moves something has gone through: what its earlier rounds found is over. Noted only if it is so."""
    mine = select(FindingRow).where(FindingRow.dossier == step.dossier, FindingRow.step == step.name)
    open_ = session.exec(mine.where(FindingRow.state == FindingState.OPEN)).first()
    return record(session, step, Checked()) if open_ else Checked()


def accepted(session: Session, dossier: str, kinds: Iterable[FindingKind]) -> bool:
    """Whether a finding of one of these kinds was accepted in this case."""
    query = select(FindingRow).where(FindingRow.dossier == dossier, FindingRow.state == FindingState.ACCEPTED)
    return session.exec(query.where(col(FindingRow.kind).in_(list(kinds)))).first() is not None


def today(step: Step, policy: Policy) -> date:
    """The firm's date at the time of the step."""
    return policy.calendar.day(step.at)


def move_expected(session: Session, policy: Policy, row: CaseRow, at: datetime) -> None:
    """Reckon the expected end again."""
    row.expected_by = expected_end(session, policy, row, at)


def expected_end(session: Session, policy: Policy, row: CaseRow, at: datetime) -> datetime:
    """When the case is expected to end; not before the end of the day that was wished."""
    wished_on = request_of(row).wished_on if row.kind is CaseKind.CLOSURE else None
    rules = policy.calendar
    wished = datetime.combine(wished_on, rules.closes, ZoneInfo(rules.zone)) if wished_on else None
    session.flush()
    return expected_by(session, policy, row, wished, at)


def keep_ending(database: Database, step: Step, ending: Ending) -> None:
    """How the case ended stands in the records before it is told and filed."""
    with database.once(step.key, ending, str) as effect:
        if not effect.done:
            row = case_of(effect.session, step)
            row.outcome, row.words = ending.outcome, ending.words
            effect.record("ended")


def stand_still(session: Session, step: Step, disruption: str = "") -> None:
    """The case stands, and its clocks with it: staff paused it, or a disruption suspends it."""
    session.add(HoldRow(dossier=step.dossier, since=step.at, disruption=disruption))
    session.get_one(CaseRow, step.dossier).held = True


def go_on(session: Session, step: Step, disruption: str = "") -> None:
    """What made the case stand is over; it goes on when nothing else does."""
    open_ = select(HoldRow).where(HoldRow.dossier == step.dossier, col(HoldRow.until).is_(None))
    holds = session.exec(open_).all()
    for hold in holds:
        if hold.disruption == disruption:
            hold.until = step.at
    session.get_one(CaseRow, step.dossier).held = any(hold.until is None for hold in holds)


def put_on_record(session: Session, step: Step, finding: Finding) -> None:
    """A finding is open, under the name of the step that can find it gone."""
    row = session.get(FindingRow, (step.dossier, finding.fingerprint))
    if row is None:
        row = FindingRow(
            dossier=step.dossier,
            fingerprint=finding.fingerprint,
            kind=finding.kind,
            subject=finding.subject,
            detail=finding.detail,
            step=step.name,
            round=step.round,
            raised_at=step.at,
        )
        session.add(row)
    row.step, row.round = step.name, step.round  # who finds it last is who may find it gone
    row.detail, row.facts = finding.detail, canonical(finding.facts)
    if row.state is FindingState.CLEARED:
        row.state, row.ended_at = FindingState.OPEN, None
