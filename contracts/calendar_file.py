"""The file that tells the calendar of days announced later and of the firm's own, and what loading it changed."""

from collections import Counter
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from contracts.base import Contract
from contracts.text import Name, one_line

Year = Annotated[int, Field(ge=2000, le=2999)]
Occasion = Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]
"""Why a day is as it is, on one line; may be empty."""


class Day(Contract):
    """A day that is worked, or not, and why."""

    day: date
    worked: bool
    words: Occasion = ""


class CalendarFile(Contract):
    """What a notice announces, or the firm itself. `years`: those whose holidays and make-up workdays all stand among
    `days`, so that their other days are ordinary. A day outside of them is the firm's own."""

    source: Name
    years: tuple[Year, ...] = ()
    days: tuple[Day, ...]

    @field_validator("days")
    @classmethod
    def _each_day_once(cls, days: tuple[Day, ...]) -> tuple[Day, ...]:
        twice = [str(day) for day, count in Counter(each.day for each in days).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} stands there twice")
        return days


class CalendarChange(Contract):
    """An open task whose due moment the calendar moved."""

    task: str
    case: str
    due_before: datetime
    due_after: datetime


class CalendarLoaded(Contract):
    """What a calendar file did. `loaded` days are new and `changed_days` were on record otherwise; `announced` are the
    years that are no longer provisional. `asked`: the cases that were asked to reckon their due dates again; `missed`:
    why others were not, a sentence each."""

    loaded: int
    unchanged: int
    changed_days: tuple[date, ...] = ()
    announced: tuple[int, ...] = ()
    tasks: tuple[CalendarChange, ...] = ()
    dry_run: bool = False
    asked: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


class Origin(StrEnum):
    """Where a day of the calendar comes from."""

    NOTICE = "notice"  # what the calendar knows by itself: the State Council's notices, the public holidays
    LOADED = "loaded"


class CalendarDay(Contract):
    """A day that is not as the week would have it, or that was loaded."""

    day: date
    worked: bool
    origin: Origin
    words: str


class CalendarYear(Contract):
    """A year of the calendar. `provisional`: its holidays are not announced, Monday to Friday stand in for them."""

    year: int
    policy: str
    always_open: bool
    provisional: bool
    days: tuple[CalendarDay, ...]
