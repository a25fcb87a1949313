"""Text as it may enter: no control characters, no NUL, no bidi overrides; ids and digits plain ASCII."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StringConstraints

# Controls but newline and tab; bidi embeddings, overrides and isolates; surrogates, which no database takes.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN = re.compile("[\t\n\u00ad\u200b-\u200f\u2028\u2029\u2060-\u2064\ufeff]")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})")


def clean(text: str) -> str:
    """`text` in NFC; ValueError when it holds a character that hides or breaks what is read."""
    found = _FORBIDDEN.search(text)
    if found:
        raise ValueError(f"holds the forbidden character U+{ord(found.group()):04X}")
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """`text` as `clean` gives it; ValueError when it holds a line break, a tab, or a character that cannot be seen."""
    found = _UNSEEN.search(text)
    if found:
        raise ValueError(f"holds the forbidden character U+{ord(found.group()):04X}")
    return clean(text)


def _iso_moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _MOMENT.fullmatch(value):
        raise ValueError("should be a date and time with its zone, such as 2026-11-20T10:00:00+08:00")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is a date or time that does not exist") from None


Words = Annotated[str, StringConstraints(max_length=8_000), AfterValidator(clean)]
"""Free text of up to 8,000 characters; may be empty."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(one_line)]
"""A name or one short line, 1 to 200 characters."""

Word = Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]
"""One line of up to 200 characters, as it stands; may be empty."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
"""An id that goes into a workflow id: ASCII letters, digits, - and _; no dot, no slash."""

StaffId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
"""A staff id such as `li.wei`."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""64 hex digits in lower case."""

Moment = Annotated[AwareDatetime, BeforeValidator(_iso_moment)]
"""A moment with its zone."""


def counted(number: int, noun: str) -> str:
    """Such as `1 task`, `2 tasks`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def moment_text(moment: datetime) -> str:
    """ISO 8601 to the second, with zone."""
    return moment.isoformat(timespec="seconds")
