"""身份: what the numbers of an identity card and a business licence prove by themselves."""

import unicodedata
from datetime import date

from stdnum.cn import ric, uscc


def valid_identity_number(text: str) -> bool:
    """Whether `text` is a resident identity number (GB 11643): 18 places, district, birth date, check digit."""
    number = _number(text)
    return number.isascii() and ric.is_valid(number) and birth_date_of(number) is not None


def valid_licence_number(text: str) -> bool:
    """Whether `text` is a unified social credit code (GB 32100): 18 places, check character."""
    number = _number(text)
    return number.isascii() and uscc.is_valid(number)


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


def _number(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().upper()


def _is_plain(digits: str) -> bool:
    return len(digits) == 8 and digits.isascii() and digits.isdigit()
