"""stub"""

from datetime import date
from enum import StrEnum

from contracts.base import Contract
from contracts.money import Money
from contracts.text import Words


class DifferenceKind(StrEnum):
    MISSING = "missing"
    DOUBLED = "doubled"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_DATE = "wrong_date"
    WRONG_ACCOUNT = "wrong_account"
    NOT_ON_STATEMENT = "not_on_statement"


class Difference(Contract):
    kind: DifferenceKind
    line: int | None = None
    entry: str = ""
    account: str = ""
    stated: Money | None = None
    booked: Money | None = None
    stated_on: date | None = None
    booked_on: date | None = None
    text: Words = ""

    @property
    def sentence(self) -> str:
        return str(self)
