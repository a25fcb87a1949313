"""账目调整的规则: who finds out, proposes and approves, what the customer may say until when, what breaks the books."""

from pydantic import Field

from contracts.base import Contract
from contracts.money import Amount, Currency
from contracts.text import Word
from contracts.vocabulary import WaitedFor
from policy.spans import Span
from policy.work import Approvals, Roles


class Price(Contract):
    """价目: a fee, known by one of its `words` in the text of an entry, and what it costs."""

    id: str
    words: tuple[Word, ...] = Field(min_length=1)
    amounts: dict[Currency, Amount]
    source: str = ""


class BookRules(Contract):
    """账务规则: what the regular check of the books finds. The same amount on the same account against the same ledger
    with the same words within `doubled_within`; an entry recorded later than `late_after` after the end of its period
    (both plain time); a fee that the price list does not know."""

    doubled_within: Span
    late_after: Span
    prices: tuple[Price, ...] = ()
    source: str = ""


class AdjustmentRules(Contract):
    """`roles` find out the cause and propose. `expected`: the overall time, which stands for `pauses_for`. `objection`:
    how long the customer may object before anything is posted; the ladder of that notice gives up no sooner.
    Everything up to `limit` is approved by `within`, above it by `above`. `waiver`: who lets an adjustment go on though
    the incident behind it is not solved; `objections`: who judges what the customer objects to; `lessons`: who says
    what is to be done better."""

    roles: Roles
    ladder: str
    conversation_ladder: str
    objection: Span
    objection_ladder: str
    satisfaction_ladder: str
    expected: Span
    pauses_for: tuple[WaitedFor, ...] = ()
    limit: dict[Currency, Amount]
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
