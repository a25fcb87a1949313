"""账目调整的规则: who finds out, proposes and approves, what the customer may say until when, what breaks the books."""

from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.base import Contract
from contracts.money import Amount, Currency, Money
from contracts.text import Word
from contracts.vocabulary import WaitedFor
from policy.spans import Span, plain
from policy.work import Approvals, Roles


def _payable(amounts: dict[Currency, Amount]) -> dict[Currency, Amount]:
    """ValueError for an amount that its currency does not have."""
    for currency, amount in amounts.items():
        Money.parse(amount, currency)
    return amounts


def _by_the_clock(span: str) -> str:
    """ValueError for working time."""
    plain(span)
    return span


Amounts = Annotated[dict[Currency, Amount], AfterValidator(_payable)]
"""An amount in each currency."""

PlainSpan = Annotated[Span, AfterValidator(_by_the_clock)]
"""A span that is counted by the clock."""


class Price(Contract):
    """价目: a fee, known by one of its `words` in the text of an entry, and what it costs."""

    id: str
    words: tuple[Word, ...] = Field(min_length=1)
    amounts: Amounts
    source: str = ""


class BookRules(Contract):
    """账务规则: what the regular check of the books finds. The same amount on the same account against the same ledger
    with the same words within `doubled_within`; an entry recorded later than `late_after` after the end of its period;
    a fee that the price list does not know."""

    doubled_within: PlainSpan
    late_after: PlainSpan
    prices: tuple[Price, ...] = ()
    source: str = ""


class AdjustmentRules(Contract):
    """`roles` find out the cause and propose. `expected`: the overall time, which stands for `pauses_for`. `objection`:
    how long the customer may object before anything is posted; the ladder of that notice gives up no sooner.
    Everything up to `limit` is approved by `within`, above it by `above`; what was approved before in the case counts,
    and so much of the customer's other cases as `counted` says. `waiver`: who lets an adjustment go on though the
    incident behind it is not solved; `objections`: who judges what the customer objects to; `lessons`: who says what is
    to be done better."""

    roles: Roles
    ladder: str
    conversation_ladder: str
    objection: Span
    objection_ladder: str
    satisfaction_ladder: str
    expected: Span
    pauses_for: tuple[WaitedFor, ...] = ()
    limit: Amounts
    counted: PlainSpan | None = None
    within: Approvals
    above: Approvals
    waiver: Roles
    objections: Roles
    lessons: Roles
    check: BookRules
    source: str = ""

    @property
    def ladders(self) -> dict[str, str]:
        """The ladders that it names, by where."""
        return {name: getattr(self, name) for name in type(self).model_fields if name.endswith("ladder")}

    @property
    def approvals(self) -> dict[str, Approvals]:
        """Who approves, by where."""
        return {"within": self.within, "above": self.above}
