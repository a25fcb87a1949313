"""Tables of the cases: where each stands, its tasks, findings, contacts, its trail, and the effects done once."""

from datetime import date, datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from contracts.books import PaymentState
from contracts.findings import FindingKind, FindingState
from contracts.notices import DeliveryState
from contracts.tasks import TaskState
from contracts.vocabulary import CaseKind, Initiator, Language, Medium, Risk, WaitedFor
from records.columns import UtcMoment, word


class EffectRow(SQLModel, table=True):
    """An effect that was done: the key, what it was asked with, what it answered (JSON)."""

    __tablename__ = "effects"

    key: str = Field(primary_key=True)
    fingerprint: str
    result: str
    at: datetime = Field(sa_type=UtcMoment)


class TrailRow(SQLModel, table=True):
    """留痕: one link of a dossier's hash chain. The database refuses to change or delete it."""

    __tablename__ = "trail"

    dossier: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcMoment)
    who: str
    what: str
    why: str
    evidence: str
    policy: str
    previous: str
    hash: str


class CaseRow(SQLModel, table=True):
    """案件: where a case stands. `request` and `risk_reasons` are canonical JSON; `held`: it stands,
    paused by staff or suspended by a disruption."""

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("kind", "request_id"), UniqueConstraint("case_id", "n"))

    dossier: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    n: int
    kind: CaseKind = Field(sa_type=word(CaseKind))
    request_id: str
    request: str
    request_hash: str
    account: str = Field(index=True)
    customer: str = Field(index=True)
    language: Language = Field(sa_type=word(Language))
    initiator: Initiator = Field(sa_type=word(Initiator))
    policy: str
    stage: str = Field(index=True)
    outcome: str
    risk: Risk = Field(default=Risk.LOW, sa_type=word(Risk))
    risk_reasons: str = "[]"
    opened_at: datetime = Field(sa_type=UtcMoment)
    expected_by: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    held: bool = False
    words: str = ""
    trail_length: int = 0
    trail_head: str = ""


class TaskRow(SQLModel, table=True):
    """待办: a task in the inbox. `spec` is a TaskSpec, `roles` and `rungs` lists, all canonical JSON. `since`: when its
    clock began; `climbed`: how many rungs are behind it; `extended`: by so many working days; `delegated_by`: whose
    place `claimed_by` takes."""

    __tablename__ = "tasks"

    task: str = Field(primary_key=True)
    dossier: str = Field(index=True)
    case_id: str = Field(index=True)
    name: str
    subject: str
    spec: str
    roles: str
    state: TaskState = Field(index=True, sa_type=word(TaskState))
    shown_at: datetime = Field(sa_type=UtcMoment)
    due_at: datetime = Field(sa_type=UtcMoment)
    overdue: bool = False
    claimed_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    option: str | None = None
    since: datetime = Field(sa_type=UtcMoment)
    waits_for: WaitedFor = Field(default=WaitedFor.STAFF, sa_type=word(WaitedFor))
    rungs: str = "[]"
    climbed: int = 0
    provisional: bool = False
    extended: int = 0
    delegated_by: str | None = None


class DecisionRow(SQLModel, table=True):
    """审批: one person's decision on one task. `data`, `receipt` (a DecisionReceipt) and `roles` in which it was taken
    are canonical JSON; `in_place_of`: whose place was taken."""

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("task", "decided_by"),)

    decision_id: str = Field(primary_key=True)
    task: str
    dossier: str = Field(index=True)
    option: str
    decided_by: str
    at: datetime = Field(sa_type=UtcMoment)
    reason: str = ""
    data: str = "{}"
    fingerprint: str
    receipt: str
    roles: str = "[]"
    in_place_of: str = ""


class FindingRow(SQLModel, table=True):
    """异常: what a check found, and how it stands. `facts` is canonical JSON."""

    __tablename__ = "findings"

    dossier: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    kind: FindingKind = Field(sa_type=word(FindingKind))
    subject: str = ""
    detail: str
    facts: str = "{}"
    state: FindingState = Field(default=FindingState.OPEN, sa_type=word(FindingState))
    step: str
    round: int
    raised_at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class ContactRow(SQLModel, table=True):
    """A contact made with a customer or with staff. `medium` null: there was no channel."""

    __tablename__ = "contacts_made"

    key: str = Field(primary_key=True)
    dossier: str = Field(index=True)
    template: str
    medium: Medium | None = Field(default=None, sa_type=word(Medium))
    address: str = ""
    message_id: str = Field(default="", index=True)
    state: DeliveryState = Field(sa_type=word(DeliveryState))
    at: datetime = Field(sa_type=UtcMoment)
    task: str = ""
    error: str = ""


class FollowUpRow(SQLModel, table=True):
    """What is due after the end of a case: survey, call-back, retention."""

    __tablename__ = "follow_ups"

    dossier: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UtcMoment, index=True)
    done_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    words: str = ""


class ClosingDayRow(SQLModel, table=True):
    """约期: the day agreed with the customer; counted against the day's capacity."""

    __tablename__ = "closing_days"

    dossier: str = Field(primary_key=True)
    day: date = Field(index=True)


class PaymentOrderRow(SQLModel, table=True):
    """An order to pay the balance to the customer's own account elsewhere; `minor` in minor units."""

    __tablename__ = "payment_orders"

    reference: str = Field(primary_key=True)
    dossier: str = Field(index=True)
    payee_name: str
    payee_account: str
    bank: str
    minor: int = Field(sa_type=BigInteger)
    currency: str
    state: PaymentState = Field(default=PaymentState.WRITTEN, sa_type=word(PaymentState))
    at: datetime = Field(sa_type=UtcMoment)
    error: str = ""


class ScreeningListRow(SQLModel, table=True):
    """A sanction list that was loaded; its version is the SHA-256 of the file."""

    __tablename__ = "screening_lists"

    version: str = Field(primary_key=True)
    loaded_at: datetime = Field(sa_type=UtcMoment)
    source: str
    names: int
    current: bool = True


class ScreeningNameRow(SQLModel, table=True):
    """A name or alias on a sanction list."""

    __tablename__ = "screening_names"

    id: int | None = Field(default=None, primary_key=True)
    version: str = Field(index=True)
    entry_id: str
    schema_name: str
    name: str
    is_alias: bool = False
    birth_date: str = ""
    countries: str = ""
    dataset: str = ""
