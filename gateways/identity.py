"""身份: what the numbers of an identity card and a business licence prove by themselves."""

import unicodedata
from collections.abc import Callable
from datetime import date

from contracts.identifiers import identity_number, licence_number


def valid_identity_number(text: str) -> bool:
    """Whether `text` is a resident identity number (GB 11643), by the same rule that let it into the books."""
    return _proves(identity_number, text)


def valid_licence_number(text: str) -> bool:
    """Whether `text` is a unified social credit code (GB 32100), by the same rule that let it into the books."""
    return _proves(licence_number, text)


def birth_date_of(identity_number: str) -> date | None:
    """The birth date that stands in an identity number; null where none does."""
    digits = _number(identity_number)[6:14]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if _is_plain(digits) else None
    except ValueError:
        return None


def expired(on: date | None, today: date) -> bool:
    """Whether a paper that expires on a day is past it: that day is its last. Null: it never expires (长期)."""
    return on is not None and on < today


def _proves(rule: Callable[[str], str], text: str) -> bool:
    try:
        rule(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().upper()


def _is_plain(digits: str) -> bool:
    return len(digits) == 8 and digits.isascii() and digits.isdigit()
