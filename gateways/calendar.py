"""工作日历: which days are worked, and when so much working time after a moment is over."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

import chinese_calendar
from holidays import HolidayBase, country_holidays

from contracts.refusals import Code, Refused
from policy.model import Calendar
from policy.spans import Unit, parts, plain

_CHINA = "CN"
_SATURDAY = 5
_DAY = timedelta(days=1)
_LONGEST_BREAK_DAYS = 60
_DAYS_KEPT = 10_000
_NO_OVERRIDES: Mapping[date, bool] = MappingProxyType({})


class WorkingCalendar:
    """The working time that a policy's `rules` describe; `overrides` are days the firm itself says it works, or not.

    Working time is from `opens` to `closes` of a working day in the calendar's zone. A moment outside it counts as the
    next opening. A span that is used up as the day closes ends there, not at the next opening.
    """

    def __init__(self, rules: Calendar, overrides: Mapping[date, bool] = _NO_OVERRIDES) -> None:
        if rules.closes <= rules.opens and not rules.always_open:
            raise Refused(Code.BAD_INPUT, f"The calendar closes at {rules.closes}, not after it opens.")
        self.rules = rules
        self.overrides = dict(overrides)
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
        announced = _announced(day)
        return day.weekday() < _SATURDAY if announced is None else announced

    def provisional(self, day: date) -> bool:
        """Whether nothing official is known of `day` yet: the State Council has not announced its year."""
        known = self.rules.always_open or day in self.overrides or self._holidays is not None
        return not known and _announced(day) is None

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
            return _utc(moment) + plain(span)
        if self.rules.always_open:
            return _utc(moment) + (count * _DAY if unit is Unit.WORKING_DAY else timedelta(hours=count))
        start = self._from_opening(_utc(moment))
        return self._days_later(start, count) if unit is Unit.WORKING_DAY else self._hours_later(start, count)

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """The working time from `a` to `b`; negative where `b` comes first."""
        begin, end = _utc(a), _utc(b)
        if end < begin:
            return -self.working_time_between(b, a)
        if self.rules.always_open:
            return end - begin
        days = (end.astimezone(self._zone).date() - begin.astimezone(self._zone).date()).days + 1
        first = begin.astimezone(self._zone).date()
        windows = (self._window(first + n * _DAY) for n in range(days) if self.is_workday(first + n * _DAY))
        worked = (min(end, closes) - max(begin, opens) for opens, closes in windows)
        return sum((time for time in worked if time > timedelta(0)), timedelta(0))

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

    def _hours_later(self, start: datetime, hours: int) -> datetime:
        left = timedelta(hours=hours)
        for day in self._workdays_from(start.astimezone(self._zone).date()):
            opens, closes = self._window(day)
            begin = max(start, opens)
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
        raise AssertionError("working days are endless")


def _utc(moment: datetime) -> datetime:
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
def _announced(day: date) -> bool | None:
    """Whether the State Council's notices make `day` a working day; null where there is none for its year."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None
