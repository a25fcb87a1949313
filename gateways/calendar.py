"""工作日历: which days are worked, and when so much working time after a moment is over."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

import chinese_calendar
from holidays import HolidayBase, country_holidays

from contracts.refusals import Code, Refused
from policy.spans import Unit, parts, plain
from policy.work import Calendar

_CHINA = "CN"
_SATURDAY = 5
_DAY = timedelta(days=1)
_LONGEST_BREAK_DAYS = 60
_DAYS_KEPT = 10_000
_NO_OVERRIDES: Mapping[date, bool] = MappingProxyType({})


class WorkingCalendar:
    """The working time that a policy's `rules` describe; `overrides` are days said to be worked, or not, whatever the
    notices say. `announced`: years whose holidays are all known by now; a day of them that no notice names is ordinary.

    Working time is from `opens` to `closes` of a working day in the calendar's zone. A moment outside it counts as the
    next opening. A span that is used up as the day closes ends there, not at the next opening.
    """

    def __init__(
        self,
        rules: Calendar,
        overrides: Mapping[date, bool] = _NO_OVERRIDES,
        announced: Collection[int] = frozenset(),
    ) -> None:
        if rules.closes <= rules.opens and not rules.always_open:
            raise Refused(Code.BAD_INPUT, f"The calendar closes at {rules.closes}, not after it opens.")
        self.rules = rules
        self.overrides = dict(overrides)
        self.announced = frozenset(announced)
        self._zone = _zone(rules.zone)
        self._holidays = None if rules.country == _CHINA else _holidays(rules.country)

    def is_workday(self, day: date) -> bool:
        """Whether `day` is worked, make-up workdays included. In a provisional year Monday to Friday are."""
        if self.rules.always_open:
            return True
        if day in self.overrides:
            return self.overrides[day]
        if self._holidays is not None:
            return self._holidays.is_working_day(day)
        notice = _notice(day)
        return day.weekday() < _SATURDAY if notice is None else notice

    def provisional(self, day: date) -> bool:
        """Whether nothing official is known of `day` yet: the State Council has not announced its year."""
        known = self.rules.always_open or day in self.overrides or day.year in self.announced
        return not known and self._holidays is None and _notice(day) is None

    def provisional_between(self, a: datetime, b: datetime) -> bool:
        """Whether a day from that of `a` to that of `b`, both included, is provisional."""
        return not self.rules.always_open and any(self.provisional(day) for day in self._days(a, b))

    def occasion(self, day: date) -> str:
        """The public holiday that `day` belongs to or makes up for; empty for any other day."""
        return (self._holidays.get(day) or "") if self._holidays is not None else _occasion(day)

    def next_workday(self, day: date, n: int = 1) -> date:
        """The `n`th working day after `day`, which does not count itself."""
        if n < 1:
            raise ValueError("the next working day is at least the first")
        workdays = self._workdays_from(day + _DAY)
        for _ in range(n - 1):
            next(workdays)
        return next(workdays)

    def add(self, moment: datetime, span: str) -> datetime:
        """The moment, in UTC, when `span` is over. Working days keep the clock time, working hours run in working time,
        other units run always. Where it is always open, a working day has 24 hours.
        """
        count, unit = parts(span)
        if unit not in {Unit.WORKING_DAY, Unit.WORKING_HOUR}:
            return utc(moment) + plain(span)
        if unit is Unit.WORKING_HOUR:
            return self.later(moment, timedelta(hours=count))
        if self.rules.always_open:
            return utc(moment) + count * _DAY
        return self._days_later(self._from_opening(utc(moment)), count)

    def later(self, moment: datetime, working: timedelta) -> datetime:
        """The moment, in UTC, when so much working time after `moment` is over; none is over at the next opening."""
        if working < timedelta(0):
            raise ValueError("working time runs forward")
        if self.rules.always_open:
            return utc(moment) + working
        start, left = self._from_opening(utc(moment)), working
        for day in self._workdays_from(start.astimezone(self._zone).date()):
            opens, closes = self._window(day)
            begin = max(start, opens)
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
        raise AssertionError("working days are endless")

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """The working time from `a` to `b`; negative where `b` comes first."""
        begin, end = utc(a), utc(b)
        if end < begin:
            return -self.working_time_between(b, a)
        if self.rules.always_open:
            return end - begin
        windows = (self._window(day) for day in self._days(begin, end) if self.is_workday(day))
        worked = (min(end, closes) - max(begin, opens) for opens, closes in windows)
        return sum((time for time in worked if time > timedelta(0)), timedelta(0))

    def _days(self, a: datetime, b: datetime) -> Iterator[date]:
        """The calendar's days from that of `a` to that of `b`."""
        first, last = (utc(moment).astimezone(self._zone).date() for moment in (a, b))
        return (first + n * _DAY for n in range((last - first).days + 1))

    def _workdays_from(self, day: date) -> Iterator[date]:
        """The working days, endless; Refused where the overrides leave none for two months."""
        idle = 0
        while idle < _LONGEST_BREAK_DAYS:
            if self.is_workday(day):
                idle = 0
                yield day
            idle += 1
            day += _DAY
        raise Refused(
            Code.BAD_INPUT, f"The calendar has no working day in the {_LONGEST_BREAK_DAYS} days before {day}."
        )

    def _window(self, day: date) -> tuple[datetime, datetime]:
        """When a working day opens and closes, in UTC, so that a change of the clock counts."""
        opens = datetime.combine(day, self.rules.opens, self._zone)
        return opens.astimezone(UTC), datetime.combine(day, self.rules.closes, self._zone).astimezone(UTC)

    def _from_opening(self, moment: datetime) -> datetime:
        for day in self._workdays_from(moment.astimezone(self._zone).date()):
            opens, closes = self._window(day)
            if moment < closes:
                return max(moment, opens)
        raise AssertionError("working days are endless")

    def _days_later(self, start: datetime, days: int) -> datetime:
        if not days:
            return start
        local = start.astimezone(self._zone)
        day = self.next_workday(local.date(), days)
        return datetime.combine(day, local.time(), self._zone).astimezone(UTC)


def utc(moment: datetime) -> datetime:
    """The moment in UTC; ValueError for one without its zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return moment.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused(Code.BAD_INPUT, f"There is no time zone '{name}'.") from None


def _holidays(country: str) -> HolidayBase:
    try:
        return country_holidays(country)
    except NotImplementedError:
        raise Refused(Code.BAD_INPUT, f"There is no calendar for the country '{country}'.") from None


@lru_cache(maxsize=_DAYS_KEPT)
def _notice(day: date) -> bool | None:
    """Whether the State Council's notices make `day` a working day; null where there is none for its year."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _occasion(day: date) -> str:
    try:
        return str(chinese_calendar.get_holiday_detail(day)[1] or "")
    except NotImplementedError:
        return ""
