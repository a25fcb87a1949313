"""停表: deadlines when the clock stood in between, against slow models that count minute by minute and day by day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateways.calendar import WorkingCalendar
from gateways.clock import Pause, end_of
from policy.work import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
RULES = Calendar(country="CN", zone="Asia/Shanghai", opens=time(9), closes=time(18))
CALENDAR = WorkingCalendar(RULES)


def at(text: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def pause(since: str, until: str) -> Pause:
    return Pause(at(since), at(until))


SPRING_FESTIVAL = st.integers(0, 20 * 1440).map(lambda n: at("2026-02-09T00:00") + n * MINUTE)
NATIONAL_DAY = st.integers(0, 25 * 1440).map(lambda n: at("2026-09-17T00:00") + n * MINUTE)
MOMENTS = SPRING_FESTIVAL | NATIONAL_DAY
PAUSES = st.lists(st.tuples(st.integers(-2_000, 8_000), st.integers(0, 4_000)), max_size=4)
bounded = settings(max_examples=60, deadline=None)


def worked(moment: datetime) -> bool:
    """Whether the minute that begins at `moment` is worked."""
    return RULES.opens <= moment.time() < RULES.closes and CALENDAR.is_workday(moment.date())


@given(MOMENTS, st.integers(1, 30), PAUSES)
@example(at("2026-09-30T17:00"), 1, [(0, 60)])
@example(at("2026-09-30T17:00"), 1, [(60, 4_000)])
@example(at("2026-10-10T17:30"), 2, [(10, 20), (15, 4_000), (-50, 12)])
@bounded
def test_working_hours_are_the_worked_minutes_outside_of_the_pauses(
    start: datetime, hours: int, offsets: list[tuple[int, int]]
) -> None:
    pauses = [Pause(start + n * MINUTE, start + (n + length) * MINUTE) for n, length in offsets]
    cursor, left = start, hours * 60
    while left:
        left -= worked(cursor) and not any(since <= cursor < until for since, until in pauses)
        cursor += MINUTE
    assert end_of(CALENDAR, start, f"{hours} working hours", pauses) == cursor


@given(MOMENTS, st.integers(1, 2_000))
@example(at("2026-09-30T17:59"), 1)
@bounded
def test_later_is_so_many_worked_minutes_later(start: datetime, minutes: int) -> None:
    cursor, left = start, minutes
    while left:
        left -= worked(cursor)
        cursor += MINUTE
    assert CALENDAR.later(start, minutes * MINUTE) == cursor


def counted(start: datetime, paused: set[date]) -> Iterator[datetime]:
    """Day by day: the clock runs on a working day that is not paused. The first moment of it is `start`, or else the
    opening of the first such day; each further working day is over on the next one at the same clock time."""
    days = (start.date() + n * DAY for n in range(400))
    running = [day for day in days if CALENDAR.is_workday(day) and day not in paused]
    if running[0] == start.date() and start.time() >= RULES.closes:
        running.pop(0)
    clock = max(start.time(), RULES.opens) if running[0] == start.date() else RULES.opens
    return (datetime.combine(day, clock, SHANGHAI) for day in running)


@given(MOMENTS, st.integers(1, 12), st.sets(st.integers(0, 25), max_size=12))
@example(at("2026-09-29T20:00"), 2, {1, 2})
@example(at("2026-09-30T10:30"), 1, {0})
@bounded
def test_working_days_are_counted_on_the_days_that_are_not_paused(
    start: datetime, days: int, offsets: set[int]
) -> None:
    paused = {start.date() + n * DAY for n in offsets}
    pauses = [Pause(midnight, midnight + DAY) for midnight in (datetime.combine(d, time(), SHANGHAI) for d in paused)]
    due = next(islice(counted(start, paused), days, None))
    assert end_of(CALENDAR, start, f"{days} working days", pauses) == due


@pytest.mark.parametrize(
    ("span", "pauses", "due"),
    [
        ("2 hours", [], "2026-11-20T12:00"),
        ("2 hours", [pause("2026-11-20T11:00", "2026-11-20T15:00")], "2026-11-20T16:00"),
        ("2 hours", [pause("2026-11-20T12:00", "2026-11-20T15:00")], "2026-11-20T12:00"),  # begins as it is over
        ("2 hours", [pause("2026-11-20T08:00", "2026-11-20T10:00")], "2026-11-20T12:00"),  # before it began
        ("2 hours", [pause("2026-11-20T08:00", "2026-11-20T10:30")], "2026-11-20T12:30"),
        ("2 hours", [pause("2026-11-20T11:30", "2026-11-20T11:00")], "2026-11-20T12:00"),  # no time at all
        # The first pause moves the end so far that the second one counts.
        ("2 hours", [pause("2026-11-20T13:00", "2026-11-20T14:00"), pause("2026-11-20T11:00", "2026-11-20T13:00")],
         "2026-11-20T15:00"),
        # Overlapping pauses are one.
        ("1 day", [pause("2026-11-20T11:00", "2026-11-21T11:00"), pause("2026-11-20T12:00", "2026-11-20T13:00")],
         "2026-11-22T10:00"),
        ("2 working days", [pause("2026-11-20T17:00", "2026-11-21T20:00")], "2026-11-24T11:00"),  # one hour was lost
        ("2 working days", [pause("2026-11-21T00:00", "2026-11-22T23:00")], "2026-11-24T10:00"),  # a weekend is no loss
        ("2 working hours", [pause("2026-11-20T11:00", "2026-11-20T18:00")], "2026-11-23T10:00"),
        ("8 working hours", [pause("2026-11-20T12:00", "2026-11-20T12:30")], "2026-11-23T09:30"),
    ],
)  # fmt: skip
def test_what_was_lost_is_given_back(span: str, pauses: list[Pause], due: str) -> None:
    end = end_of(CALENDAR, at("2026-11-20T10:00"), span, pauses)
    assert end == at(due)
    assert end.tzinfo is UTC


def test_a_pause_over_national_day_costs_only_its_working_days() -> None:
    over_the_holiday = pause("2026-09-30T00:00", "2026-10-09T00:00")  # 30 September and 8 October are worked
    assert end_of(CALENDAR, at("2026-09-29T10:00"), "2 working days", [over_the_holiday]) == at("2026-10-10T10:00")


def test_where_it_is_always_open_a_pause_is_given_back_whole() -> None:
    always = WorkingCalendar(RULES.model_copy(update={"always_open": True}))
    lost = pause("2026-10-03T01:00", "2026-10-03T03:30")
    for span, due in (("5 working hours", "2026-10-03T07:30"), ("1 working day", "2026-10-04T02:30")):
        assert end_of(always, at("2026-10-03T00:00"), span, [lost]) == at(due)


def test_moments_without_their_zone_are_a_mistake() -> None:
    naive, aware = datetime(2026, 11, 20, 10), at("2026-11-20T10:00")  # noqa: DTZ001  naive on purpose
    with pytest.raises(ValueError, match="zone"):
        end_of(CALENDAR, naive, "1 hour", [])
    with pytest.raises(ValueError, match="zone"):
        end_of(CALENDAR, aware, "1 hour", [Pause(naive, aware)])
    with pytest.raises(ValueError, match="zone"):
        end_of(CALENDAR, aware, "1 hour", [Pause(aware, naive)])
