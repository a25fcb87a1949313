"""事故分析, reckoned: tallies, trend, times and rates of the reports that were read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median
from typing import NamedTuple

from contracts.analysis import AnalysedStep, Measure, Paid, Rate, Rhythm, StepTime, Tally, TrendPoint
from contracts.money import Money
from contracts.vocabulary import Outcome
from gateways.calendar import WorkingCalendar
from records.incident_tables import IncidentRow
from records.tables import CaseRow

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_DAYS_SHOWN_SINGLY, _DAYS_SHOWN_BY_WEEK = 31, 400
_NOT_TO_SOLVE = (Outcome.LINKED, Outcome.WITHDRAWN)


class Reported(NamedTuple):
    """A report as it was read, with its case and the branch of its account. `acknowledged_at` and `answered_at`: when
    the customer was told, null while it has not been."""

    incident: IncidentRow
    case: CaseRow
    branch: str
    acknowledged_at: datetime | None
    answered_at: datetime | None


class Worked(NamedTuple):
    """A task that ended, as time spent on a step of a dossier."""

    dossier: str
    step: AnalysedStep
    begun: datetime
    ended: datetime


def tally(names: Iterable[str | None]) -> tuple[Tally, ...]:
    """How many of each, the most frequent first."""
    numbers = Counter(name or "" for name in names)
    return tuple(
        Tally(name=str(name), number=numbers[name]) for name in sorted(numbers, key=lambda n: (-numbers[n], n))
    )


def tally_in_order(names: Iterable[str], order: Iterable[str]) -> tuple[Tally, ...]:
    """How many of each, in the order of an enum; those that do not occur are left out."""
    numbers = Counter(names)
    return tuple(Tally(name=str(name), number=numbers[name]) for name in order if numbers[name])


def rhythm_of(since: date, until: date) -> Rhythm:
    """So that a trend has neither too few points nor too many."""
    days = (until - since).days + 1
    if days <= _DAYS_SHOWN_SINGLY:
        return Rhythm.DAY
    return Rhythm.WEEK if days <= _DAYS_SHOWN_BY_WEEK else Rhythm.MONTH


def trend(
    reports: Sequence[Reported], since: date, until: date, day_of: Callable[[datetime], date]
) -> tuple[TrendPoint, ...]:
    """Every point from `since` to `until`, also those without a report. What is solved counts on the day it was."""
    rhythm = rhythm_of(since, until)
    reported = Counter(_begin(day_of(each.incident.reported_at), rhythm) for each in reports)
    ends = (day_of(each.incident.solved_at) for each in reports if each.incident.solved_at)
    solved = Counter(_begin(day, rhythm) for day in ends if day <= until)
    days = (since + n * _DAY for n in range((until - since).days + 1))
    points = dict.fromkeys(_begin(day, rhythm) for day in days)
    return tuple(TrendPoint(begins=begins, reported=reported[begins], solved=solved[begins]) for begins in points)


def step_times(
    reports: Sequence[Reported], worked: Iterable[Worked], calendar: WorkingCalendar
) -> tuple[StepTime, ...]:
    """Of each step that some incident is through: all its tasks of an incident together, also of what was reopened."""
    spent: dict[AnalysedStep, dict[str, timedelta]] = defaultdict(lambda: defaultdict(timedelta))
    for dossier, step, begun, ended in (*worked, *_ways(reports)):
        time = calendar.working_time_between(begun, ended) if step.in_working_time else ended - begun
        spent[step][dossier] += time
    hours = {step: sorted(time / _HOUR for time in of.values()) for step, of in spent.items()}
    return tuple(_step_time(step, hours[step]) for step in AnalysedStep if step in hours)


def rates(reports: Sequence[Reported], now: datetime) -> tuple[Rate, ...]:
    """Late is what came after its time, and what has not come though the time is over."""
    to_solve = [each for each in reports if each.case.outcome not in _NOT_TO_SOLVE]
    rows = [each.incident for each in reports]
    triaged = [row for row in rows if row.triaged_at]
    happened: dict[Measure, Iterable[bool | None]] = {
        Measure.ACKNOWLEDGED_LATE: (_late(r.incident.acknowledge_due, r.acknowledged_at, now) for r in reports),
        Measure.ANSWERED_LATE: (_late(r.incident.answer_due, r.answered_at, now) for r in reports),
        Measure.SOLVED_LATE: (_late(r.case.expected_by, _solved_at(r), now) for r in to_solve),
        Measure.REOPENED: (row.reopened > 0 for row in rows),
        Measure.ESCALATED: (row.escalated for row in rows),
        Measure.CATEGORY_CHANGED: (row.category != row.proposed_category for row in triaged),
        Measure.SEVERITY_CHANGED: (row.severity != row.proposed_severity for row in triaged),
    }
    return tuple(_rate(measure, each) for measure, each in happened.items())


def paid(rows: Iterable[IncidentRow]) -> tuple[Paid, ...]:
    """赔付 by currency."""
    amounts: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.minor:
            amounts[row.currency].append(row.minor)
    return tuple(
        Paid(amount=Money(minor=sum(minors), currency=currency), incidents=len(minors))
        for currency, minors in sorted(amounts.items())
    )


def _begin(day: date, rhythm: Rhythm) -> date:
    """The first day of its week (a Monday) or month."""
    if rhythm is Rhythm.MONTH:
        return day.replace(day=1)
    return day - day.weekday() * _DAY if rhythm is Rhythm.WEEK else day


def _ways(reports: Iterable[Reported]) -> Iterator[Worked]:
    for each in reports:
        if each.incident.solved_at:
            yield Worked(each.case.dossier, AnalysedStep.UNTIL_SOLVED, each.case.opened_at, each.incident.solved_at)
        if each.case.ended_at:
            yield Worked(each.case.dossier, AnalysedStep.WHOLE, each.case.opened_at, each.case.ended_at)


def _step_time(step: AnalysedStep, hours: Sequence[float]) -> StepTime:
    """Nine of ten: the smallest time within which so many were through."""
    return StepTime(
        step=step,
        in_working_time=step.in_working_time,
        incidents=len(hours),
        median_hours=round(median(hours), 2),
        p90_hours=round(hours[ceil(0.9 * len(hours)) - 1], 2),
    )


def _solved_at(each: Reported) -> datetime | None:
    return each.incident.solved_at or each.case.ended_at


def _late(due: datetime, done: datetime | None, now: datetime) -> bool | None:
    """None while it is neither done nor due."""
    if done:
        return done > due
    return True if now > due else None


def _rate(measure: Measure, happened: Iterable[bool | None]) -> Rate:
    known = [each for each in happened if each is not None]
    return Rate(measure=measure, number=sum(known), of=len(known))
