"""对账: what a bank statement says of an account, and where the books say something else."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from contracts.base import Contract
from contracts.money import Currency, Money
from contracts.text import Name, Word, Words

NO_REFERENCE = "NOTPROVIDED"
"""What ISO 20022 puts in place of an end-to-end reference that the payer did not give."""

_SHOWN = 40
"""So many characters of a text are shown in a sentence."""


class StatementLine(Contract):
    """One booked movement. `n` counts the lines of its statement from 1; `reference`: the end-to-end id, else that of
    the account's servicer, else empty; a positive amount raises the customer's balance."""

    n: int = Field(ge=1)
    reference: Word = ""
    booked_on: date
    value_on: date | None = None
    amount: Money
    text: Words = ""


class Statement(Contract):
    """对账单: of `account` as the statement names it (an IBAN or another number), `since` and `until` included.
    `left_out`: how many entries are no lines, since they are not booked yet or move nothing."""

    id: Word
    account: Name
    currency: Currency
    since: date
    until: date
    opening: Money | None = None
    closing: Money | None = None
    lines: tuple[StatementLine, ...]
    left_out: int = 0


class DifferenceKind(StrEnum):
    """差异: how books and statement disagree."""

    MISSING = "missing"  # 漏记: on the statement, not in the books
    DOUBLED = "doubled"  # 重记: booked more often than stated
    WRONG_AMOUNT = "wrong_amount"  # 金额错误
    WRONG_DATE = "wrong_date"  # 日期错误
    WRONG_ACCOUNT = "wrong_account"  # 记错账户: booked on another account
    NOT_ON_STATEMENT = "not_on_statement"  # 账有单无: in the books only


class Difference(Contract):
    """One disagreement. `line`: its number on the statement; `entry`: its id in the books, empty where it is missing;
    `account`: the one that the entry stands on, which is another one for `wrong_account`. Of a doubled entry the line
    is the one that its twin is booked for."""

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
        """Such as `Line 3, -20.00 CNY on 2026-11-05 (card payment), is missing in the books`."""
        line = f"Line {self.line}, {self.stated} on {self.stated_on}{self._words},"
        entry = f"entry {self.entry}, {self.booked} on {self.booked_on}"
        match self.kind:
            case DifferenceKind.MISSING:
                return f"{line} is missing in the books."
            case DifferenceKind.DOUBLED:
                return f"{line} is booked once more by {entry}."
            case DifferenceKind.WRONG_AMOUNT:
                return f"{line} is booked with another amount by {entry}."
            case DifferenceKind.WRONG_DATE:
                return f"{line} is booked for another day by {entry}."
            case DifferenceKind.WRONG_ACCOUNT:
                return f"{line} is booked on account {self.account} by {entry}."
            case DifferenceKind.NOT_ON_STATEMENT:
                return f"In the books only: {entry}{self._words}."

    @property
    def _words(self) -> str:
        short = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        return f" ({short})" if short else ""
