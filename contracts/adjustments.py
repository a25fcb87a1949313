"""账目调整: what asks for an adjustment, what is proposed, and the one plan that is approved, told and posted."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.base import Contract
from contracts.books import Booking, OwnLedger
from contracts.money import Money, SignedAmount
from contracts.requests import Document, refuse_twice
from contracts.statements import Difference
from contracts.text import Id, Sha256, StaffId, Word, Words

SYSTEM = "system"
"""Who raises what no person does."""

OF_A_CHECK = "CHECK-"
"""How the requests begin that the regular check of the books makes."""

EntryId = Annotated[str, StringConstraints(pattern=r"^JE-[0-9a-f]{16}$")]
"""An entry of the journal."""

Texts = Annotated[Words, Field(min_length=1)]


class Cause(StrEnum):
    """异常原因: why the books are wrong."""

    DATA_ENTRY = "data_entry"  # 录入错误
    IMPROPER_ACCOUNTING = "improper_accounting"  # 核算不当
    EXTERNAL_FACTOR = "external_factor"  # 外部因素: tax, market
    SYSTEM_FAULT = "system_fault"  # 系统故障


class AdjustmentRequest(Contract):
    """An adjustment of one account that somebody wants looked into. `entries`: those that are suspected; `evidence`:
    papers, bank statements above all; `case`: the case that needs it. `raised_by` approves nothing of it; `system`
    where no person raised it."""

    request_id: Id
    account: Id
    raised_by: StaffId
    suspected_cause: Cause
    description: Texts
    entries: tuple[EntryId, ...] = Field(default=(), max_length=50)
    evidence: tuple[Document, ...] = Field(default=(), max_length=50)
    case: str | None = Field(default=None, max_length=100)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        refuse_twice("evidence", self.evidence)
        if len(set(self.entries)) < len(self.entries):
            raise ValueError("entries: the same entry twice")
        return self


class Confirmed(Contract):
    """原因确认: what a person found the cause to be; `incident`: the one about the fault of a system, if it was named;
    `waiting`: the case that waits for the adjustment, and so is not waited for."""

    cause: Cause
    incident: str = ""
    waiting: str = ""
    by: str
    reason: Words = ""


class Linked(Contract):
    """The incident behind an adjustment, if there is one; `why` the one that was named cannot be it."""

    incident: str = ""
    why: Words = ""


class Topic(StrEnum):
    """询问客户: what the customer is asked."""

    SINCE = "since"  # 从何时起
    WHY = "why"  # 因何
    EFFECT = "effect"  # 有何影响
    EXPECTATION = "expectation"  # 期望如何处理


class Speaker(StrEnum):
    """Who speaks in a conversation."""

    CUSTOMER = "customer"
    FIRM = "firm"


class Said(Contract):
    """One thing that was said, word for word. `about` names what it answers; `heard_by`: who noted it."""

    speaker: Speaker
    about: Word
    words: Words
    heard_by: str = ""


class Correction(Contract):
    """What is booked anew: a positive amount raises the customer's balance. `ledger` is the firm's side; `corrects`:
    the entry that it puts right; `on`: the day that it belongs to."""

    account: Id
    amount: SignedAmount
    ledger: OwnLedger
    text: Annotated[Word, Field(min_length=1)]
    on: date | None = None
    corrects: EntryId | None = None


class Draft(Contract):
    """更正方案草稿: which entries are taken back, and what is booked in their place."""

    reverse: tuple[EntryId, ...] = Field(default=(), max_length=50)
    book: tuple[Correction, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.reverse and not self.book:
            raise ValueError("holds neither an entry to reverse nor one to book")
        if len(set(self.reverse)) < len(self.reverse):
            raise ValueError("reverse: the same entry twice")
        return self


class Abroad(Contract):
    """An entry on the account of another customer that takes an adjustment of its own to put right."""

    entry: EntryId
    account: str


class Compared(Contract):
    """核对: the books against the statements. `drafted` follows from the differences, null where nothing does;
    `abroad`: what stands on accounts of other customers; `unread`: papers that are no statements of this account, and
    why; `more`: how many differences there are besides, for another plan; `lines`: all of it for staff."""

    statements: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    drafted: Draft | None = None
    abroad: tuple[Abroad, ...] = ()
    unread: tuple[Word, ...] = ()
    more: int = 0
    since: date | None = None
    until: date | None = None
    lines: Words = ""


class Effect(Contract):
    """What a plan does to the balance of one account, as it is when the plan is made."""

    account: str
    before: Money
    after: Money


class Plan(Contract):
    """更正方案: all that is posted, in one transaction. `periods`: the tax periods that it touches, of the entries that
    were wrong and of those that put them right; `gross`: the sum of all that it moves, which the limit is held
    against; `days`: the first and the last of those that were compared, null where it is about no day that was;
    `basis`: the hash of everything in the books that it rests on; `undoes`: the plan that it takes back, and `abroad`
    then what that one began with other customers."""

    dossier: str
    n: int
    account: str
    bookings: tuple[Booking, ...]
    effects: tuple[Effect, ...]
    periods: tuple[str, ...]
    gross: Money
    days: tuple[date, date] | None
    basis: Sha256
    abroad: tuple[Abroad, ...] = ()
    undoes: int | None = None


class PlanSummary(Contract):
    """What came of a proposal: the plan by its number and hash, and how people are told it; or `why` there is none.
    `within`: one may approve it; `lines` for staff; `told` and the balances for the customer; `brought_by`: who put
    papers to the case, and so made it what it is."""

    n: int = 0
    hash: str = ""
    why: Words = ""
    within: bool = False
    lines: Words = ""
    told: Words = ""
    before: str = ""
    after: str = ""
    periods: str = ""
    brought_by: tuple[str, ...] = ()


class PlanMark(StrEnum):
    """What became of a plan; each is written down once, with the hash of the plan that it was said of."""

    APPROVED = "approved"
    TOLD = "told"
    POSTED = "posted"
    RECONCILED = "reconciled"


class Posted(Contract):
    """调账: the entries that stand in the books now, and the balances after them; or `why` nothing was posted."""

    entries: tuple[str, ...] = ()
    why: Words = ""
    balance: str = ""


class Lesson(Contract):
    """经验教训: what is to be done better, and who says so."""

    improvement: Words
    by: str
