"""Money: integer minor units and an ISO 4217 currency; decimal strings at the edges only."""

import re
from functools import cache
from typing import Annotated

from babel.numbers import get_currency_precision, list_currencies
from pydantic import AfterValidator
from temporalio import workflow

from contracts.base import Contract

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?")
LARGEST_MINOR = 2**63 - 1


def _amount(text: str) -> str:
    if not _AMOUNT.fullmatch(text) or (text.startswith("-") and not text.strip("-0.")):
        raise ValueError("should be an amount as a decimal string such as '1234.56', in plain digits")
    return text


def _amount_not_negative(text: str) -> str:
    if _amount(text).startswith("-"):
        raise ValueError("should not be negative")
    return text


@cache
def _currencies() -> frozenset[str]:
    # A worker that has just started may first decode money inside a workflow, whose sandbox opens no file.
    with workflow.unsafe.sandbox_unrestricted():
        return frozenset(list_currencies())


# Of the codes that begin with X only these are money that people hold; the others are metals, funds and tests.
_SHARED = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})


def _currency(code: str) -> str:
    if code not in _currencies() or (code.startswith("X") and code not in _SHARED):
        raise ValueError(f"'{code[:8]}' is not an ISO 4217 currency code")
    return code


SignedAmount = Annotated[str, AfterValidator(_amount)]
"""A decimal string, negative allowed; its decimals are judged once the currency is known (`Money.parse`)."""

Amount = Annotated[str, AfterValidator(_amount_not_negative)]
"""A decimal string that is not negative."""

Currency = Annotated[str, AfterValidator(_currency)]
"""An ISO 4217 code."""


class Money(Contract):
    """An amount in minor units (fen, cents) of one currency."""

    minor: int
    currency: Currency

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """From a decimal string. ValueError when it has more decimals than the currency, or is too large."""
        _amount(text)
        decimals = get_currency_precision(_currency(currency))
        whole, _, fraction = text.lstrip("-").partition(".")
        if len(fraction) > decimals:
            raise ValueError(f"{currency} has {decimals} decimals, not {len(fraction)}")
        minor = int(whole + fraction.ljust(decimals, "0"))
        if minor > LARGEST_MINOR:
            raise ValueError("is larger than any account can hold")
        return cls(minor=-minor if text.startswith("-") else minor, currency=currency)

    @property
    def text(self) -> str:
        """The decimal string, such as `1234.56` or `-0.05`."""
        decimals = get_currency_precision(self.currency)
        digits = str(abs(self.minor)).rjust(decimals + 1, "0")
        sign = "-" if self.minor < 0 else ""
        return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"

    def __neg__(self) -> "Money":
        return Money(minor=-self.minor, currency=self.currency)

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other
