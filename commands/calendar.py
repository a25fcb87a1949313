"""The working calendar: loading days that were announced later, and showing a year of it."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated

import typer
from rich.console import RenderableType
from sqlmodel import Session, col, select

from client import Quietus
from commands.face import AsJson, File, answer, read_text, table
from commands.office import ask_temporal, policies_of, records
from contracts.calendar_file import CalendarChange, CalendarDay, CalendarFile, CalendarLoaded, CalendarYear, Origin
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.refusals import Code, Refused
from contracts.tasks import Reckoning, TaskShown
from contracts.text import moment_text
from gateways.books_journal import FIRM_ZONE
from gateways.calendar import WorkingCalendar
from gateways.calendar_days import calendar_of, load_days
from gateways.deadlines import deadlines, rungs_of
from policy import Policies
from records.people_tables import CalendarDayRow, HoldRow
from records.tables import CaseRow, TaskRow
from settings import load_settings

_WHAT = "calendar file"
_SATURDAY = 5

Pages = Iterable[RenderableType]


def load(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """The cases whose due dates move are asked to reckon again. The same file twice changes nothing, but asks again
    whoever could not be asked before.
    """
    text = read_text(file, _WHAT)
    days = parse_file(text, CalendarFile, _WHAT, MESSAGE_LIMIT)
    loaded, cases = _load(days, hashlib.sha256(text.encode()).hexdigest(), dry_run)
    asked, refused = ((), []) if dry_run else _ask(cases, f"calendar: {days.source}")
    missed = tuple(each.sentence for each in refused)
    answer(loaded.model_copy(update={"asked": asked, "missed": missed}), as_json, _loaded_pages)
    for sentence in missed:
        print(sentence, file=sys.stderr)
    if refused:
        raise typer.Exit(max(each.code.exit_code for each in refused))


def show(
    year: Annotated[int | None, typer.Argument(metavar="YEAR", min=2000, max=2999, help="Left out: this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """The days that are not as the week would have it, and where that is from."""
    settings = load_settings()
    policy = policies_of(settings).in_force_on(datetime.now(UTC).date())
    with records(settings).reading() as session:
        calendar = calendar_of(session, policy)
        loaded = {row.day: row.words for row in session.exec(select(CalendarDayRow))}
    shown = year or policy.calendar.day(datetime.now(UTC)).year
    answer(_year(calendar, shown, policy.version, loaded), as_json, _year_pages)


def moved(session: Session, policies: Policies, at: datetime) -> Iterator[tuple[TaskRow, TaskShown]]:
    """The open tasks whose deadlines on record are not those of the calendar, and what those are."""
    tasks = select(TaskRow, CaseRow.policy).join(CaseRow, col(CaseRow.dossier) == col(TaskRow.dossier))
    holds = select(HoldRow.dossier, HoldRow.since).where(col(HoldRow.until).is_(None))
    # A pause that lasts moves the deadlines when it ends: until then they are compared as they were when it began.
    paused_since = dict(session.exec(holds).all())
    for row, version in session.exec(tasks.where(col(TaskRow.ended_at).is_(None)).order_by(col(TaskRow.task))):
        shown = deadlines(session, policies[version], row, paused_since.get(row.dossier, at))
        on_record = TaskShown(due_at=row.due_at, rungs=rungs_of(row), provisional=row.provisional)
        if shown != on_record:
            yield row, shown


def _load(days: CalendarFile, digest: str, dry_run: bool) -> tuple[CalendarLoaded, list[str]]:
    """What was loaded (in a dry run: would be), and the cases that are to reckon again."""
    settings = load_settings()
    with records(settings).transaction() as session:
        loaded = load_days(session, days, digest)
        late = list(moved(session, policies_of(settings), datetime.now(UTC)))
        cases = list(dict.fromkeys(row.case_id for row, _ in late))
        changes = tuple(_change(row, shown) for row, shown in late if row.due_at != shown.due_at)
        if dry_run:
            session.rollback()
    return loaded.model_copy(update={"tasks": changes, "dry_run": dry_run}), cases


def _change(row: TaskRow, shown: TaskShown) -> CalendarChange:
    return CalendarChange(task=row.task, case=row.case_id, due_before=row.due_at, due_after=shown.due_at)


def _ask(cases: Sequence[str], reason: str) -> tuple[tuple[str, ...], list[Refused]]:
    """The cases that were asked to reckon again, and why others were not."""
    if not cases:
        return (), []
    try:
        return ask_temporal(lambda quietus: _asking(quietus, cases, Reckoning(reason=reason)))
    except Refused as refused:
        if refused.code is not Code.UNREACHABLE:
            raise
        words = f"The days are loaded, but no case was asked to reckon again: {refused.sentence} Then load it again."
        return (), [Refused(Code.UNREACHABLE, words)]


async def _asking(
    quietus: Quietus, cases: Sequence[str], reckoning: Reckoning
) -> tuple[tuple[str, ...], list[Refused]]:
    asked: list[str] = []
    refusals: list[Refused] = []
    for case in cases:
        try:
            await quietus.reckon(case, reckoning)
            asked.append(case)
        except Refused as refused:
            if refused.code is Code.UNREACHABLE:
                raise
            refusals.append(refused)
    return tuple(asked), refusals


def _year(calendar: WorkingCalendar, year: int, policy: str, loaded: dict[date, str]) -> CalendarYear:
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    return CalendarYear(
        year=year,
        policy=policy,
        always_open=calendar.rules.always_open,
        provisional=any(calendar.provisional(day) for day in days),
        days=tuple(
            CalendarDay(
                day=day,
                worked=calendar.is_workday(day),
                origin=Origin.LOADED if day in loaded else Origin.NOTICE,
                words=loaded[day] if day in loaded else calendar.occasion(day),
            )
            for day in days
            if day in loaded or not _ordinary(calendar, day)
        ),
    )


def _ordinary(calendar: WorkingCalendar, day: date) -> bool:
    return calendar.is_workday(day) == (calendar.rules.always_open or day.weekday() < _SATURDAY)


def _loaded_pages(loaded: CalendarLoaded) -> Pages:
    counts = f"{loaded.loaded} loaded, {len(loaded.changed_days)} changed, {loaded.unchanged} unchanged"
    years = f"; announced: {', '.join(map(str, loaded.announced))}" if loaded.announced else ""
    yield f"{'Dry run, nothing is kept: ' if loaded.dry_run else ''}{counts}{years}."
    if loaded.changed_days:
        yield f"Changed: {', '.join(map(str, loaded.changed_days))}."
    due = ((change.task, _when(change.due_before), _when(change.due_after)) for change in loaded.tasks)
    yield from table("Due dates", ("task", "before", "after"), due)
    if loaded.asked:
        yield f"Asked to reckon their due dates again: {', '.join(loaded.asked)}."


def _year_pages(shown: CalendarYear) -> Pages:
    if shown.always_open:
        yield f"By policy {shown.policy} it is always open."
        return
    known = "provisional: not announced, Monday to Friday are worked" if shown.provisional else "announced"
    yield f"{shown.year}, by policy {shown.policy}: {known}."
    for month, days in groupby(shown.days, lambda each: each.day.strftime("%Y-%m")):
        lines = ((f"{d.day} {d.day:%a}", "worked" if d.worked else "off", d.origin, d.words) for d in days)
        yield from table(month, ("day", "", "from", ""), lines)


def _when(moment: datetime) -> str:
    return moment_text(moment.astimezone(FIRM_ZONE))
