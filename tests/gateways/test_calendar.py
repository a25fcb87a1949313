"""The working calendar: the State Council's days, and spans of working time against a slow model of them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.refusals import Code, Refused
from gateways.calendar import WorkingCalendar
from policy.work import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
RULES = Calendar(country="CN", zone="Asia/Shanghai", opens=time(9), closes=time(18))


def at(text: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def calendar() -> WorkingCalendar:
    return WorkingCalendar(RULES)


# Notices of the State Council's General Office on the holidays of a year.
@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2018-02-11", True),  # Sunday, made up for Spring Festival
        ("2018-02-15", False),
        ("2019-05-02", False),
        ("2019-05-05", True),  # Sunday, made up for Labour Day
        ("2020-01-31", False),  # Spring Festival was lengthened
        ("2020-06-28", True),
        ("2021-09-18", True),
        ("2022-04-02", True),
        ("2023-10-06", False),
        ("2023-10-07", True),
        ("2024-02-18", True),
        ("2025-10-08", False),
        ("2025-10-11", True),
        ("2026-01-04", True),  # Sunday, made up for New Year
        ("2026-02-14", True),
        ("2026-02-23", False),
        ("2026-02-28", True),
        ("2026-05-09", True),
        ("2026-09-20", True),  # Sunday, made up for National Day
        ("2026-10-01", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # Saturday, made up for National Day
        ("2026-10-11", False),
        ("2026-11-21", False),  # an ordinary Saturday
        ("2026-11-20", True),
    ],
)
def test_a_day_is_worked_as_the_state_council_says(calendar: WorkingCalendar, day: str, worked: bool) -> None:
    assert calendar.is_workday(date.fromisoformat(day)) is worked
    assert not calendar.provisional(date.fromisoformat(day))


def test_two_sources_agree_on_every_day_of_nine_years(calendar: WorkingCalendar) -> None:
    other = holidays.country_holidays("CN")
    days = [date(2018, 1, 1) + timedelta(days=n) for n in range((date(2027, 1, 1) - date(2018, 1, 1)).days)]
    assert [day for day in days if calendar.is_workday(day) != other.is_working_day(day)] == []


def test_in_a_year_not_announced_monday_to_friday_are_worked_provisionally(calendar: WorkingCalendar) -> None:
    friday, saturday = date(2090, 10, 6), date(2090, 10, 7)
    assert calendar.is_workday(friday)
    assert not calendar.is_workday(saturday)
    assert calendar.provisional(friday)
    assert calendar.provisional(saturday)


def test_in_a_year_announced_by_a_file_its_days_count_and_the_others_are_ordinary() -> None:
    new_year, made_up, monday, sunday = (date.fromisoformat(f"2090-01-{day:02}") for day in (3, 7, 9, 15))
    calendar = WorkingCalendar(RULES, {new_year: False, made_up: True}, announced={2090})
    assert [calendar.is_workday(day) for day in (new_year, made_up, monday, sunday)] == [False, True, True, False]
    assert not any(calendar.provisional(day) for day in (new_year, made_up, monday, sunday))
    assert calendar.provisional(date(2091, 1, 1))


def test_announcing_a_year_takes_away_no_holiday_that_is_known_already() -> None:
    for country, holiday in (("CN", date(2026, 10, 1)), ("DE", date(2026, 12, 25))):
        rules = RULES.model_copy(update={"country": country})
        assert not WorkingCalendar(rules, {}, announced={2026}).is_workday(holiday)


@pytest.mark.parametrize(
    ("since", "until", "provisional"),
    [
        ("2089-11-20T10:00", "2089-12-31T23:59", False),
        ("2089-12-31T23:59", "2090-01-01T00:00", True),  # by the calendar's clock, not by UTC
        ("2090-06-01T00:00", "2090-06-01T00:00", True),
        ("2090-12-31T00:00", "2091-01-01T00:00", True),
        ("2091-01-01T00:00", "2091-12-01T00:00", False),
        ("2090-06-02T00:00", "2090-06-01T00:00", False),
    ],
)
def test_a_way_over_a_year_not_announced_is_provisional(since: str, until: str, provisional: bool) -> None:
    calendar = WorkingCalendar(RULES, {}, announced={2089, 2091})
    assert calendar.provisional_between(at(since), at(until)) is provisional
    always = WorkingCalendar(RULES.model_copy(update={"always_open": True}))
    assert not always.provisional_between(at(since), at(until))


def test_a_day_has_the_name_of_its_holiday(calendar: WorkingCalendar) -> None:
    assert calendar.occasion(date(2026, 10, 10)) == "National Day"
    assert calendar.occasion(date(2026, 11, 20)) == calendar.occasion(date(2090, 10, 1)) == ""
    assert WorkingCalendar(RULES.model_copy(update={"country": "GB"})).occasion(date(2026, 12, 25)) == "Christmas Day"


def test_the_firms_own_days_go_before_the_notices() -> None:
    outing, stocktaking, far = date(2026, 11, 20), date(2026, 11, 21), date(2090, 10, 6)
    calendar = WorkingCalendar(RULES, {outing: False, stocktaking: True, far: False})
    assert not calendar.is_workday(outing)
    assert calendar.is_workday(stocktaking)
    assert not calendar.provisional(far)


def test_another_country_has_its_public_holidays() -> None:
    calendar = WorkingCalendar(Calendar(country="DE", zone="Europe/Berlin", opens=time(9), closes=time(17)))
    assert not calendar.is_workday(date(2026, 12, 25))
    assert calendar.is_workday(date(2026, 12, 28))
    assert not calendar.provisional(date(2090, 1, 2))


def test_the_next_workday_goes_over_national_day(calendar: WorkingCalendar) -> None:
    assert calendar.next_workday(date(2026, 9, 30)) == date(2026, 10, 8)
    assert calendar.next_workday(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert calendar.next_workday(date(2026, 10, 3)) == date(2026, 10, 8)
    with pytest.raises(ValueError, match="first"):
        calendar.next_workday(date(2026, 9, 30), 0)


@pytest.mark.parametrize(
    ("moment", "span", "due"),
    [
        ("2026-11-20T10:00", "2 working hours", "2026-11-20T12:00"),
        ("2026-11-20T10:00", "8 working hours", "2026-11-20T18:00"),  # used up as the day closes: there it ends
        ("2026-11-20T17:00", "2 working hours", "2026-11-23T10:00"),
        ("2026-11-20T09:00", "18 working hours", "2026-11-23T18:00"),
        ("2026-11-20T18:00", "1 working hour", "2026-11-23T10:00"),  # as it closes counts as the next opening
        ("2026-11-20T03:00", "1 working hour", "2026-11-20T10:00"),
        ("2026-11-21T12:00", "1 working hour", "2026-11-23T10:00"),
        ("2026-09-30T17:00", "2 working hours", "2026-10-08T10:00"),
        ("2026-10-09T17:00", "2 working hours", "2026-10-10T10:00"),  # a make-up Saturday
        ("2026-11-20T10:30", "1 working day", "2026-11-23T10:30"),
        ("2026-11-20T20:00", "2 working days", "2026-11-25T09:00"),
        ("2026-11-21T12:00", "0 working days", "2026-11-23T09:00"),
        ("2026-09-29T16:00", "2 working days", "2026-10-08T16:00"),
        ("2026-11-20T10:00", "30 days", "2026-12-20T10:00"),
        ("2026-11-20T17:00", "2 hours", "2026-11-20T19:00"),
        ("2026-11-20T23:59:58", "5 seconds", "2026-11-21T00:00:03"),
    ],
)
def test_a_span_ends_when_the_calendar_says(calendar: WorkingCalendar, moment: str, span: str, due: str) -> None:
    found = calendar.add(at(moment), span)
    assert found == at(due)
    assert found.tzinfo is UTC


def test_a_calendar_that_is_always_open_counts_every_hour() -> None:
    calendar = WorkingCalendar(RULES.model_copy(update={"always_open": True}))
    saturday = at("2026-10-03T23:00")
    assert calendar.is_workday(saturday.date())
    assert not calendar.provisional(date(2090, 1, 1))
    assert calendar.add(saturday, "3 working hours") == at("2026-10-04T02:00")
    assert calendar.add(saturday, "2 working days") == at("2026-10-05T23:00")
    assert calendar.working_time_between(saturday, at("2026-10-05T00:00")) == timedelta(hours=25)


def test_an_hour_that_the_clock_skips_is_not_worked() -> None:
    spring = date(2026, 3, 29)
    rules = Calendar(country="DE", zone="Europe/Berlin", opens=time(1), closes=time(5))
    calendar = WorkingCalendar(rules, {spring: True})
    opening = datetime(2026, 3, 29, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert calendar.add(opening, "3 working hours") == datetime(2026, 3, 29, 3, tzinfo=UTC)
    assert calendar.working_time_between(opening, opening + timedelta(hours=20)) == timedelta(hours=3)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 20)).map(  # noqa: DTZ001  made aware in the same line
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
)
bounded = settings(max_examples=60, deadline=None)


def slowly_worked(calendar: WorkingCalendar, moment: datetime) -> bool:
    """Whether the minute that begins at `moment` is worked."""
    return RULES.opens <= moment.time() < RULES.closes and calendar.is_workday(moment.date())


@given(moments, st.integers(1, 30))
@example(at("2026-09-30T17:59"), 1)
@bounded
def test_working_hours_are_the_working_minutes_counted_one_by_one(moment: datetime, hours: int) -> None:
    calendar = WorkingCalendar(RULES)
    cursor, left = moment, hours * 60
    while left:
        left -= slowly_worked(calendar, cursor)
        cursor += MINUTE
    assert calendar.add(moment, f"{hours} working hours") == cursor
    assert calendar.working_time_between(moment, cursor) == timedelta(hours=hours)


@given(moments, st.integers(0, 20_000))
@bounded
def test_working_time_between_is_the_working_minutes_counted(moment: datetime, minutes: int) -> None:
    calendar = WorkingCalendar(RULES)
    end = moment + minutes * MINUTE
    counted = sum(slowly_worked(calendar, moment + n * MINUTE) for n in range(minutes))
    assert calendar.working_time_between(moment, end) == counted * MINUTE
    assert calendar.working_time_between(end, moment) == -counted * MINUTE


@given(moments, st.integers(0, 30))
@bounded
def test_working_days_keep_the_clock_time_and_pass_so_many_workdays(moment: datetime, days: int) -> None:
    calendar = WorkingCalendar(RULES)
    start = moment
    while not slowly_worked(calendar, start):
        start += MINUTE
    due = calendar.add(moment, f"{days} working days").astimezone(SHANGHAI)
    passed = (start.date() + timedelta(days=n) for n in range(1, (due.date() - start.date()).days + 1))
    assert due.time() == start.time()
    assert sum(calendar.is_workday(day) for day in passed) == days
    assert slowly_worked(calendar, due)


def test_no_working_time_is_over_at_the_next_opening(calendar: WorkingCalendar) -> None:
    assert calendar.later(at("2026-10-03T12:00"), timedelta(0)) == at("2026-10-08T09:00")
    assert calendar.later(at("2026-10-08T12:00"), timedelta(0)) == at("2026-10-08T12:00")
    with pytest.raises(ValueError, match="forward"):
        calendar.later(at("2026-10-08T12:00"), -MINUTE)


def test_a_moment_without_its_zone_is_a_mistake(calendar: WorkingCalendar) -> None:
    with pytest.raises(ValueError, match="zone"):
        calendar.add(datetime(2026, 11, 20, 10), "1 working hour")  # noqa: DTZ001  naive on purpose


@pytest.mark.parametrize(
    "rules",
    [
        RULES.model_copy(update={"closes": time(9)}),
        RULES.model_copy(update={"zone": "Asia/Nowhere"}),
        RULES.model_copy(update={"zone": "../etc/passwd"}),
        RULES.model_copy(update={"country": "ZZ"}),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(rules: Calendar) -> None:
    with pytest.raises(Refused) as refused:
        WorkingCalendar(rules)
    assert refused.value.code is Code.BAD_INPUT


def test_a_calendar_without_any_workday_is_refused_and_not_searched_for_ever() -> None:
    idle = {date(2026, 11, 20) + timedelta(days=n): False for n in range(100)}
    with pytest.raises(Refused, match="no working day"):
        WorkingCalendar(RULES, idle).add(at("2026-11-20T10:00"), "1 working hour")
