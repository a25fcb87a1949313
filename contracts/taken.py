"""What the data of a decision may hold: one of a list, an amount, a text, a draft of what is to be booked."""

import json
from collections.abc import Mapping
from contextlib import suppress

from pydantic import JsonValue, TypeAdapter, ValidationError

from contracts.adjustments import Draft
from contracts.base import Contract
from contracts.money import Currency, Money
from contracts.text import Word, Words

SAMPLE = {"reverse": ["JE-0123456789abcdef"]}
"""The shortest draft."""

DRAFT = (
    'such as {"reverse": ["JE-0123456789abcdef"], "book": [{"account": "ACC-1001", "amount": "-20.00", '
    '"ledger": "fees", "text": "fee of September"}]}'
)
"""A draft, as staff type it."""

_LINE, _LONG = TypeAdapter(Word), TypeAdapter(Words)


class Taken(Contract):
    """A further value that the data of a decision may hold, or has to where it is `needed`: one `among` these, an
    amount of money in `currency`, one line, a `long` text, or a `draft` of what is to be booked."""

    name: str
    among: tuple[str, ...] = ()
    currency: Currency | None = None
    needed: bool = False
    long: bool = False
    draft: bool = False

    def fits(self, data: Mapping[str, JsonValue]) -> bool:
        """Whether the data hold what they may, or need not."""
        if self.name not in data:
            return not self.needed
        given = data[self.name]
        if self.draft:
            return _is_draft(given)
        if not isinstance(given, str) or not given.strip():
            return False
        if self.currency:
            return _is_amount(given, self.currency)
        return given in self.among if self.among else _is_text(given, self.long)

    @property
    def choices(self) -> str:
        """What it may be, for people."""
        if self.currency:
            return f"an amount in {self.currency} such as 120.00"
        if self.draft:
            return DRAFT
        return ", ".join(self.among) or ("a text" if self.long else "one line of text, at most 200 characters")


def _is_draft(given: JsonValue) -> bool:
    with suppress(ValidationError):
        Draft.model_validate_json(json.dumps(given))
        return True
    return False


def _is_text(text: str, long: bool) -> bool:
    """Whether a contract that takes words (a long text) or one line takes it."""
    with suppress(ValidationError):
        (_LONG if long else _LINE).validate_python(text)
        return True
    return False


def _is_amount(text: str, currency: Currency) -> bool:
    with suppress(ValueError):
        return Money.parse(text, currency).minor >= 0
    return False
