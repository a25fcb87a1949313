"""中断: an outage or an outside event that touches many cases at once: declared, ended, and how each case stands."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from contracts.base import Contract
from contracts.findings import Finding, FindingKind
from contracts.rollout import Swept
from contracts.text import Word, Words
from contracts.vocabulary import Role

REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$"
"""A reference goes into a workflow id and into the fingerprint of a finding."""

DECISION_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$"


class DisruptionKind(StrEnum):
    """What kind of finding a disruption is in the cases that it touches."""

    SYSTEM_FAULT = FindingKind.SYSTEM_FAULT.value
    EXTERNAL_EVENT = FindingKind.EXTERNAL_EVENT.value

    @property
    def finding(self) -> FindingKind:
        """The kind of finding."""
        return FindingKind(self.value)


class DisruptionState(StrEnum):
    """How a disruption stands; it only goes forward."""

    LASTING = "lasting"  # cases are suspended, also those that come to it
    ENDING = "ending"  # it is over; more time was asked for and is not decided yet
    RESUMING = "resuming"  # cases are let go, in order, so many a minute
    OVER = "over"

    @property
    def rank(self) -> int:
        """How far it has come, from 0."""
        return list(DisruptionState).index(self)


class DisruptionStand(StrEnum):
    """How a case stands to a disruption."""

    SUSPENDED = "suspended"
    RESUMED = "resumed"
    ENDED = "ended"  # it has ended, or is about to
    UNTOUCHED = "untouched"  # not in its scope; nothing is kept of it


class Declaration(Contract):
    """中断声明. Cases are touched that stand in a stage which needs one of `systems` (all stages when empty), and whose
    account is at one of `branches` or whose customer is of one of `regions` (everywhere when both are empty). Customers
    read `detail`. Who declares it, `token` proves."""

    reference: str = Field(pattern=REFERENCE)
    kind: DisruptionKind
    detail: Words = Field(min_length=1)
    systems: tuple[Word, ...] = ()
    branches: tuple[Word, ...] = ()
    regions: tuple[Word, ...] = ()
    token: str = Field(max_length=4_000)


class Declared(Contract):
    """A declaration was taken. Cases are looked for at this `rhythm`, and let go a page each `pace`; more time is ruled
    on within `ruled_within`; `steps`: the ids of the steps of the contingency plan; `patience`: how long a mail about
    one is tried."""

    reference: str
    state: DisruptionState
    by: str
    at: datetime
    rhythm: timedelta
    pace: timedelta
    ruled_within: timedelta
    patience: timedelta
    steps: tuple[str, ...] = ()


class DisruptionEnd(Contract):
    """It is over, for this `cause`. `working_days`: how much more time each touched case gets, if somebody approves."""

    decision_id: str = Field(pattern=DECISION_ID)
    reference: str = Field(pattern=REFERENCE)
    cause: Words
    working_days: int = Field(default=0, ge=0, le=366)
    token: str = Field(max_length=4_000)


class DisruptionRuling(Contract):
    """审批: the time that was asked for is given, or not, with a reason. The cases go on either way."""

    decision_id: str = Field(pattern=DECISION_ID)
    reference: str = Field(pattern=REFERENCE)
    approve: bool
    reason: Words = ""
    token: str = Field(max_length=4_000)


class PlanSignature(Contract):
    """应急预案: somebody has carried out a step of the contingency plan."""

    decision_id: str = Field(pattern=DECISION_ID)
    reference: str = Field(pattern=REFERENCE)
    step: str = Field(max_length=80)
    token: str = Field(max_length=4_000)


class DisruptionNoted(Contract):
    """Something was said about a disruption, by whom and when; how it stands since."""

    reference: str
    state: DisruptionState
    by: str
    at: datetime


class DisruptionNotice(Contract):
    """A case is told that a disruption touches it, or is over. All else the records say."""

    reference: str = Field(pattern=REFERENCE)


class DisruptionAnswer(Contract):
    """How a case answers."""

    reference: str
    case: str
    dossier: str
    stand: DisruptionStand


class Suspension(Contract):
    """A case was suspended, or not. `tells`: the customer hears of the disruption from this case."""

    stand: DisruptionStand
    finding: Finding | None = None
    tells: bool = False


class LettingGo(Contract):
    """A case was let go, or not. `tells`: the customer hears from this case that it goes on; `days`: a line for each of
    their cases, with the last digits of the account and the day on which it is expected to end now."""

    stand: DisruptionStand
    tells: bool = False
    days: str = ""


class Reached(Swept):
    """A page of cases was told, and how many are now: touched, suspended at some time, resumed; of customers, told."""

    touched: int = 0
    suspended: int = 0
    resumed: int = 0
    told: int = 0


class DisruptedCase(Contract):
    """A case that a disruption touched. `place`: its place in the order of resumption, from 1; null before the end."""

    case: str
    dossier: str
    stand: DisruptionStand
    suspended_at: datetime | None
    place: int | None
    resumed_at: datetime | None


class PlannedStep(Contract):
    """A step of the contingency plan, who may sign it, and who has done it."""

    step: str
    roles: tuple[Role, ...]
    zh: str
    en: str
    done_by: str
    done_at: datetime | None


class DisruptionReport(Contract):
    """How a disruption stands. `told` counts customers, the other numbers cases; `granted`: null as long as nobody has
    decided on more time."""

    reference: str
    kind: DisruptionKind
    detail: str
    systems: tuple[str, ...]
    branches: tuple[str, ...]
    regions: tuple[str, ...]
    policy: str
    state: DisruptionState
    declared_by: str
    declared_at: datetime
    ended_by: str
    ended_at: datetime | None
    cause: str
    working_days: int
    granted: bool | None
    ruled_by: str
    reason: str
    over_at: datetime | None
    touched: int
    told: int
    suspended: int
    resumed: int
    steps: tuple[PlannedStep, ...]
    cases: tuple[DisruptedCase, ...]


class DisruptionOutcome(Contract):
    """How a disruption ended: so many cases were touched, suspended and resumed, so many customers told."""

    reference: str
    touched: int
    suspended: int
    resumed: int
    told: int
