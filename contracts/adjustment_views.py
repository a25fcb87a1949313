"""What is shown of an adjustment: its cause, what was said, its plans and what became of each."""

from datetime import date, datetime

from contracts.adjustments import Cause, Effect, PlanMark, Speaker
from contracts.analysis import Tally
from contracts.base import Contract
from contracts.books import Booking
from contracts.money import Money


class SaidLine(Contract):
    """One thing that was said, word for word."""

    at: datetime
    speaker: Speaker
    about: str
    words: str
    heard_by: str


class MarkLine(Contract):
    """What became of a plan: when, and what proves it."""

    mark: PlanMark
    at: datetime
    words: str


class PlanView(Contract):
    """One plan, by its hash."""

    n: int
    hash: str
    at: datetime
    proposed_by: str
    why: str
    bookings: tuple[Booking, ...]
    effects: tuple[Effect, ...]
    periods: tuple[str, ...]
    gross: Money
    undoes: int | None
    marks: tuple[MarkLine, ...]


class AdjustmentView(Contract):
    """All of one adjustment. `content`: what the customer said at the end, null where nothing; `breaks`: what of it
    is not as the trail has it, a sentence each."""

    case: str
    account: str
    raised_by: str
    suspected_cause: Cause
    cause: Cause | None
    incident: str
    waived_by: str
    content: bool | None
    improvement: str
    learned_by: str
    said: tuple[SaidLine, ...]
    plans: tuple[PlanView, ...]
    breaks: tuple[str, ...] = ()


class LearnedLine(Contract):
    """经验教训: what is to be done better, and which adjustment taught it."""

    case: str
    cause: Cause
    improvement: str
    learned_by: str


class AdjustmentFigures(Contract):
    """The adjustments that were opened on these days: how they ended, why the books were wrong, who raised them
    (`system`: the regular check), what customers said at the end, how much was posted in each currency (all that moved,
    reversals too), and what was learned."""

    since: date | None
    until: date
    opened: int
    outcomes: tuple[Tally, ...]
    causes: tuple[Tally, ...]
    raised_by: tuple[Tally, ...]
    content: tuple[Tally, ...]
    posted: tuple[Money, ...]
    lessons: tuple[LearnedLine, ...]
