"""停表: when a span of time is over, if the clock stood in between."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from gateways.calendar import WorkingCalendar, utc
from policy.spans import Unit, parts


class Pause(NamedTuple):
    """A time in which the clock stood: from `since` on, until just before `until`."""

    since: datetime
    until: datetime


def end_of(calendar: WorkingCalendar, start: datetime, span: str, pauses: Iterable[Pause]) -> datetime:
    """The moment, in UTC, when `span` counted from `start` is over, though the clock stood during the `pauses`.

    Each pause that begins before the end moves it on by what was lost: for working units the working time in the pause,
    for others its length. A span of working days never ends as a day closes but at the next opening, so that a pause of
    whole working days keeps its clock time. ValueError for a moment without its zone.
    """
    unit = parts(span)[1]
    end = calendar.add(start, span)
    for pause in _merged(utc(start), pauses):
        if pause.since >= end:
            break
        end = _moved(calendar, end, unit, pause)
    return end


def _moved(calendar: WorkingCalendar, end: datetime, unit: Unit, pause: Pause) -> datetime:
    if unit not in {Unit.WORKING_DAY, Unit.WORKING_HOUR}:
        return end + (pause.until - pause.since)
    lost = calendar.working_time_between(*pause)
    if not lost:
        return end
    later = calendar.later(end, lost)
    return calendar.add(later, "0 working days") if unit is Unit.WORKING_DAY else later


def _merged(start: datetime, pauses: Iterable[Pause]) -> list[Pause]:
    """The pauses from `start` on, one after the other; those that overlap or touch are one."""
    merged: list[Pause] = []
    for since, until in sorted((max(utc(since), start), utc(until)) for since, until in pauses):
        if merged and since <= merged[-1].until:
            merged[-1] = Pause(merged[-1].since, max(merged[-1].until, until))
        elif since < until:
            merged.append(Pause(since, until))
    return merged
