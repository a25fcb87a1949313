"""账务: a whole entry, the trial balance of a period, and the journal as it is exported."""

from datetime import datetime

from contracts.base import Contract
from contracts.books import Line
from contracts.money import Money


class JournalEntry(Contract):
    """记账凭证: all of one entry. `at` is the moment that it is booked for, `recorded_at` when it was really booked;
    `period` (`2026-11`) the month of `at`; `dossier` the case that booked it, null outside a case. `reverses`: the
    entry that it takes back; `reversed_by`: the one that takes this back; `corrects`: the one that it puts right."""

    id: str
    reference: str
    at: datetime
    text: str
    period: str
    recorded_at: datetime
    dossier: str | None = None
    reverses: str = ""
    corrects: str = ""
    reversed_by: str = ""
    lines: tuple[Line, ...]


class Turnover(Contract):
    """发生额: what went off (debits) and came on (credits), neither negative, and what was there before and after:
    closing is opening less debits plus credits. One currency."""

    opening: Money
    debits: Money
    credits: Money
    closing: Money


class TrialLine(Turnover):
    """One ledger in one currency."""

    ledger: str


class TrialBalance(Contract):
    """试算平衡表 of a period, null: of all time. `totals` has one for each currency. `sha256` is of period, lines and
    totals; `closed_at` and `closed_by` say when and by whom the period was closed, null and empty while it is open."""

    period: str | None
    lines: tuple[TrialLine, ...]
    totals: tuple[Turnover, ...]
    sha256: str
    closed_at: datetime | None = None
    closed_by: str = ""

    @property
    def unbalanced(self) -> tuple[str, ...]:
        """The currencies in which the books do not balance."""
        odd = (each for each in self.totals if each.opening.minor or each.debits != each.credits)
        return tuple(each.opening.currency for each in odd)


class BalanceLine(Contract):
    """One ledger, or (`ledger` empty) all of a currency; amounts are decimal strings."""

    ledger: str
    currency: str
    opening: str
    debits: str
    credits: str
    closing: str

    @classmethod
    def of(cls, turnover: Turnover, ledger: str = "") -> "BalanceLine":
        """The line of a ledger, or of the total."""
        amounts = {name: getattr(turnover, name).text for name in Turnover.model_fields}
        return cls(ledger=ledger, currency=turnover.opening.currency, **amounts)


class BalanceView(Contract):
    """试算平衡表 as `books balance` gives it; `sha256` as in TrialBalance."""

    period: str | None
    lines: tuple[BalanceLine, ...]
    totals: tuple[BalanceLine, ...]
    sha256: str
    closed_at: datetime | None = None
    closed_by: str = ""

    @classmethod
    def of(cls, balance: TrialBalance) -> "BalanceView":
        """The view of a trial balance."""
        return cls(
            **balance.model_dump(exclude={"lines", "totals"}),
            lines=tuple(BalanceLine.of(line, line.ledger) for line in balance.lines),
            totals=tuple(map(BalanceLine.of, balance.totals)),
        )


class JournalLine(Contract):
    """One line of the journal with its entry, as it is exported; `n` counts the lines of the entry from 1."""

    entry: str
    n: int
    reference: str
    at: datetime
    recorded_at: datetime
    period: str
    text: str
    dossier: str
    reverses: str
    corrects: str
    ledger: str
    amount: str
    currency: str


class Exported(Contract):
    """What was written into a file."""

    file: str
    lines: int
