"""What the commands show: views over the records, with the field names that other services rely on."""

from datetime import date, datetime
from typing import Literal

from pydantic import JsonValue

from contracts.base import Contract
from contracts.blockers import Blocker
from contracts.books import EntryFacts, FreezeFacts
from contracts.findings import FindingKind, FindingState
from contracts.money import Money
from contracts.notices import DeliveryState
from contracts.taken import Taken
from contracts.tasks import TaskOption, TaskState
from contracts.vocabulary import AccountStatus, CaseKind, Medium, Risk, Role

Outcome = str
"""An outcome of the case's kind; `open` while it has not ended."""


class FindingLine(Contract):
    """异常: one finding of a case."""

    kind: FindingKind
    subject: str
    detail: str
    facts: dict[str, str]
    state: FindingState
    raised_at: datetime
    ended_at: datetime | None


class DecisionLine(Contract):
    """审批: what one person decided. `heard_by`: who noted what the customer said; `in_place_of`: whose role it was;
    `data`: what the answer carried, such as the right value."""

    by: str
    option: str
    reason: str
    at: datetime
    heard_by: str = ""
    in_place_of: str = ""
    data: dict[str, JsonValue] = {}


class CommentLine(Contract):
    """A remark of staff on a task."""

    by: str
    at: datetime
    text: str


class AttachmentLine(Contract):
    """Evidence that staff put to a task; `reference` is its place in the evidence store."""

    by: str
    at: datetime
    reference: str
    sha256: str
    words: str


class Wants(Contract):
    """What the data of an option must hold: the field (empty: none), and the values it has; and what it `takes`."""

    field: str
    among: tuple[str, ...]
    takes: tuple[Taken, ...] = ()

    @property
    def text(self) -> str:
        """What staff type for it."""
        return TaskOption(name="", wants=self.field, among=self.among, takes=self.takes).typed


class TaskLine(Contract):
    """待办: one task of a case; `option` is how it was decided. `provisional`: the due moment may still move, since a
    year has no announced calendar yet; `delegated_by`: whose place `claimed_by` takes; `facts`: what is to be decided
    on."""

    task: str
    name: str
    subject: str
    roles: tuple[Role, ...]
    options: tuple[str, ...]
    wants: dict[str, Wants]
    state: TaskState
    due: datetime
    overdue: bool
    claimed_by: str | None
    option: str | None
    approvals: int
    needed: int
    decisions: tuple[DecisionLine, ...]
    comments: tuple[CommentLine, ...]
    attachments: tuple[AttachmentLine, ...] = ()
    provisional: bool = False
    delegated_by: str | None = None
    facts: dict[str, str] = {}


class ContactLine(Contract):
    """通知: one contact made. `medium` null: there was no channel."""

    at: datetime
    template: str
    medium: Medium | None
    address: str
    state: DeliveryState
    task: str
    error: str


class TrailLine(Contract):
    """留痕: one link of the chain."""

    seq: int
    at: datetime
    who: str
    what: str
    why: str
    evidence: dict[str, str]
    policy: str
    hash: str


class FollowUpLine(Contract):
    """What is due after the end."""

    kind: str
    due: datetime
    done_at: datetime | None
    words: str


class CaseLine(Contract):
    """案件: one row of the list of cases. `due` is the earliest due moment of its open tasks."""

    case: str
    reference: str
    kind: CaseKind
    account: str
    stage: str
    outcome: Outcome
    risk: Risk
    held: bool
    waiting_for: tuple[Role, ...]
    due: datetime | None
    overdue: bool
    opened_at: datetime
    expected_by: datetime
    ended_at: datetime | None


class CaseView(CaseLine):
    """案件: all that staff see of one case. `reference` names its dossier; `blockers`: what stands in its way now;
    `next_bulletin`: when the next one of a major incident is due."""

    customer: str
    policy: str
    words: str
    risk_reasons: tuple[str, ...]
    findings: tuple[FindingLine, ...]
    tasks: tuple[TaskLine, ...]
    contacts: tuple[ContactLine, ...]
    follow_ups: tuple[FollowUpLine, ...]
    trail: tuple[TrailLine, ...]
    blockers: tuple[Blocker, ...] = ()
    next_bulletin: datetime | None = None


class InboxLine(Contract):
    """待办: one open task in an inbox. `role` is the first of `roles`; `rank` 1 is what to do first; `held`: its case
    is paused; `why` it is in this inbox and what happens `otherwise`, if nothing is done, in English and in Chinese."""

    task: str
    case: str
    name: str
    role: Role
    roles: tuple[Role, ...]
    subject: str
    options: tuple[str, ...]
    wants: dict[str, Wants]
    due: datetime
    state: TaskState
    approvals: int
    needed: int
    overdue: bool
    claimed_by: str | None
    delegated_by: str | None = None
    risk: Risk = Risk.LOW
    rank: int = 0
    provisional: bool = False
    held: bool = False
    why: str = ""
    why_zh: str = ""
    otherwise: str = ""
    otherwise_zh: str = ""


class EntryLine(Contract):
    """One entry as its account sees it; amounts are decimal strings. `reverses`: the entry that it takes back;
    `corrects`: the one that it puts right."""

    id: str
    reference: str
    at: datetime
    text: str
    amount: str
    balance_after: str
    period: str = ""
    reverses: str = ""
    corrects: str = ""

    @classmethod
    def of(cls, entry: EntryFacts) -> "EntryLine":
        """The line of an entry."""
        amounts = {"amount": entry.amount.text, "balance_after": entry.balance_after.text}
        return cls.model_validate(entry.model_dump(exclude={"other_side"}) | amounts)


class AccountView(Contract):
    """账户: an account as `books show` gives it; amounts are decimal strings, `lock` the dossier that holds it,
    `region` where the customer lives, `number` what statements call it, `overdraft` how far it may be overdrawn (empty:
    not at all)."""

    account: str
    customer: str
    currency: str
    balance: str
    status: AccountStatus
    lock: str | None
    freeze: FreezeFacts | None
    opened_on: date
    closed_on: date | None
    entries: tuple[EntryLine, ...]
    branch: str = ""
    region: str = ""
    number: str = ""
    overdraft: str = ""


class Verified(Contract):
    """What `verify` counted. `heads` says whether the heads in the workflow results could be compared."""

    cases: int
    links: int
    heads_compared: int
    heads: Literal["compared", "not reachable"]
    sums: dict[str, str]
    breaks: tuple[str, ...]

    @classmethod
    def sum_texts(cls, sums: dict[str, int]) -> dict[str, str]:
        """Minor units for each currency, as decimal strings."""
        return {currency: Money(minor=minor, currency=currency).text for currency, minor in sums.items()}
