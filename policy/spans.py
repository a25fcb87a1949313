"""Spans of time as the policy writes them: `2 working days`, `8 working hours`, `30 days`, `5 seconds`."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

_SPAN = re.compile(r"(\d{1,5}) (working day|working hour|day|hour|minute|second)s?")


class Unit(StrEnum):
    """What a span counts. Working units follow the firm's calendar, the others the clock."""

    WORKING_DAY = "working day"
    WORKING_HOUR = "working hour"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"


def _span(text: str) -> str:
    if not _SPAN.fullmatch(text):
        raise ValueError("should be a span such as '2 working days', '8 working hours', '30 days' or '5 seconds'")
    return text


Span = Annotated[str, AfterValidator(_span)]
"""A span as text; `parts` and `plain` read it."""


def parts(span: str) -> tuple[int, Unit]:
    """`"2 working days"` is `(2, Unit.WORKING_DAY)`."""
    found = _SPAN.fullmatch(span)
    if not found:
        raise ValueError(f"'{span}' is not a span")
    return int(found[1]), Unit(found[2])


def plain(span: str) -> timedelta:
    """The length by the clock. ValueError for working time, which only the calendar can count."""
    count, unit = parts(span)
    lengths = {Unit.DAY: 86_400, Unit.HOUR: 3_600, Unit.MINUTE: 60, Unit.SECOND: 1}
    if unit not in lengths:
        raise ValueError(f"'{span}' is counted in working time")
    return timedelta(seconds=count * lengths[unit])
