"""时限: when a task is due and when its rungs come, by the calendar of today and the time its clock stood."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter
from sqlmodel import Session, col, func, select

from contracts.tasks import ExtensionState, Rung, RungKind, TaskShown, TaskSpec
from contracts.vocabulary import Medium, WaitedFor
from gateways.calendar_days import calendar_of
from gateways.clock import Pause, end_of
from gateways.overall import overall_of
from policy import Policy
from records.people_tables import ExtensionRow, HoldRow
from records.tables import CaseRow, TaskRow

DISTURBING = frozenset({RungKind.REMIND, RungKind.DUE, RungKind.NEXT_CHANNEL, RungKind.PHONE})
"""Rungs that only speak to people: they wait for the end of the quiet hours."""

_RUNGS = TypeAdapter(tuple[Rung, ...])


def deadlines(session: Session, policy: Policy, row: TaskRow, at: datetime) -> TaskShown:
    """When the task is due and the rungs that are still to climb, reckoned at the moment `at`."""
    spec, calendar = TaskSpec.model_validate_json(row.spec), calendar_of(session, policy)
    ladder = policy.ladders[spec.ladder]
    pauses = list(_stood(session, row, ladder.pauses_for, at))

    def moment(span: str) -> datetime:
        end = end_of(calendar, row.since, span, pauses)
        return calendar.add(end, f"{row.extended} working days") if row.extended else end

    due_at = moment(ladder.due)
    more = {RungKind.DUE: spec.deputies}
    rungs = [
        Rung(at=_awake(policy, r.kind, moment(r.after)), kind=r.kind, roles=r.roles + more.get(r.kind, ()))
        for r in ladder.rungs
    ]
    rungs.sort(key=lambda rung: rung.at)
    last = max([due_at, *(rung.at for rung in rungs)])
    return TaskShown(
        due_at=due_at, rungs=tuple(rungs[row.climbed :]), provisional=calendar.provisional_between(row.since, last)
    )


def rungs_of(row: TaskRow) -> tuple[Rung, ...]:
    """What is left of a task's ladder, as it was last reckoned."""
    return _RUNGS.validate_json(row.rungs)


def rungs_json(rungs: tuple[Rung, ...]) -> str:
    """How `rungs_of` reads them."""
    return _RUNGS.dump_json(rungs).decode()


def expected_by(session: Session, policy: Policy, row: CaseRow, wished: datetime | None, at: datetime) -> datetime:
    """When a case is expected to end: the overall time, which stands while the case waits for those whom the policy
    names, and the extensions that were granted; not before the `wished` moment."""
    calendar, overall = calendar_of(session, policy), overall_of(session, policy, row)
    begins_at = overall.begins_at or row.opened_at
    end = end_of(calendar, begins_at, overall.within, _waits(session, policy, row, at))
    mine = select(func.sum(ExtensionRow.working_days)).where(ExtensionRow.dossier == row.dossier)
    granted = session.exec(mine.where(ExtensionRow.state == ExtensionState.GRANTED)).one() or 0
    end = calendar.add(end, f"{granted} working days") if granted else end
    return max(end, wished) if wished else end


def stands(session: Session, policy: Policy, row: CaseRow, at: datetime) -> bool:
    """Whether the overall time of a case stands at the moment `at`."""
    return any(pause.until >= at for pause in _waits(session, policy, row, at))


def quiet_until(policy: Policy, medium: Medium, at: datetime) -> datetime | None:
    """When a message by this channel may be sent, if not at once."""
    if policy.quiet is None or medium not in policy.quiet.media:
        return None
    later = _after_quiet(policy, at)
    return later if later > at else None


def _awake(policy: Policy, kind: RungKind, moment: datetime) -> datetime:
    return _after_quiet(policy, moment) if kind in DISTURBING else moment


def _after_quiet(policy: Policy, moment: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours it falls into, in UTC."""
    if policy.quiet is None:
        return moment
    begins, ends = policy.quiet.begins, policy.quiet.ends
    local = policy.calendar.local(moment)
    clock = local.time()
    over_midnight = begins > ends
    quiet = (clock >= begins or clock < ends) if over_midnight else begins <= clock < ends
    if not quiet:
        return moment
    day = local.date() + timedelta(days=1) if over_midnight and clock >= begins else local.date()
    return datetime.combine(day, ends, local.tzinfo).astimezone(UTC)


def _stood(session: Session, row: TaskRow, pauses_for: tuple[WaitedFor, ...], at: datetime) -> Iterator[Pause]:
    """When the clock of a task stood: while the case was paused, and while the matter was with those whom it pauses
    for."""
    if WaitedFor.HELD in pauses_for:
        yield from _held(session, row.dossier, at)
    earlier = col(TaskRow.task).in_(TaskSpec.model_validate_json(row.spec).continues)
    for task in session.exec(select(TaskRow).where(earlier, col(TaskRow.waits_for).in_(pauses_for))):
        yield Pause(task.shown_at, task.ended_at or at)


def _waits(session: Session, policy: Policy, row: CaseRow, at: datetime) -> Iterator[Pause]:
    """When the overall time stood."""
    pauses_for = overall_of(session, policy, row).pauses_for
    if WaitedFor.HELD in pauses_for:
        yield from _held(session, row.dossier, at)
    others = select(TaskRow).where(TaskRow.dossier == row.dossier, col(TaskRow.waits_for).in_(pauses_for))
    for task in session.exec(others):
        yield Pause(task.shown_at, task.ended_at or at)


def _held(session: Session, dossier: str, at: datetime) -> Iterator[Pause]:
    for hold in session.exec(select(HoldRow).where(HoldRow.dossier == dossier)):
        yield Pause(hold.since, hold.until or at)
