"""制度: what a policy file holds. Every number and list of the process stands in one, with where it comes from."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from pydantic import Field

from contracts.base import Contract
from contracts.findings import FindingKind
from contracts.money import Amount, Currency
from contracts.notices import CaseNotice
from contracts.rollout import VERSION
from contracts.text import Words
from contracts.vocabulary import (
    CustomerKind,
    DocumentKind,
    Initiator,
    ReasonCode,
    Risk,
    Role,
    ShortfallWay,
    WaitedFor,
)
from policy.adjustments import AdjustmentRules
from policy.incidents import IncidentRules, SurveyRules
from policy.spans import Span, plain
from policy.work import (
    Approvals,
    Calendar,
    DeskRules,
    DisruptionRules,
    ExtensionRules,
    FindingRule,
    FirmSystem,
    Ladder,
    Patience,
    QuietHours,
    Roles,
)


class Identity(Contract):
    """What a request must prove, and on what proof the papers of a customer stand."""

    documents: dict[CustomerKind, tuple[DocumentKind, ...]]
    confirm_contact: tuple[Initiator, ...]
    source: str = ""


class Screening(Contract):
    """Scores run from 0 to 100. A hit of a name alone reaches `hit`; one with the same birth date reaches
    `hit_with_birth_date`; another birth date lowers the score by `other_birth_date`."""

    hit: int
    hit_with_birth_date: int
    other_birth_date: int
    source: str = ""


class RiskRules(Contract):
    """Points for each fact found; from `medium` and from `high` points on the grade is that."""

    points: dict[str, int]
    medium: int
    high: int
    large_balance: dict[Currency, Amount]
    source: str = ""


class ReasonRules(Contract):
    """When a reason is implausible: a large inflow in the last days, an open complaint, a reason that does not fit."""

    inflow_days: int
    inflow: dict[Currency, Amount]
    only_companies: tuple[ReasonCode, ...]
    only_firm: tuple[ReasonCode, ...]
    idle_days_if_dormant: int
    source: str = ""


class Offer(Contract):
    """An alternative to closing, in both languages."""

    id: str
    reasons: tuple[ReasonCode, ...]
    zh: Words
    en: Words


class ChecklistItem(Contract):
    """One line of a checklist: a named test on the case, or a line that a role attests."""

    id: str
    kinds: tuple[CustomerKind, ...]
    initiators: tuple[Initiator, ...] = tuple(Initiator)
    test: str = ""
    attested_by: Role | None = None
    zh: Words
    en: Words
    source: str

    def applies(self, kind: CustomerKind, initiator: Initiator) -> bool:
        """Whether it is asked where such a customer's account is closed on such a wish."""
        return kind in self.kinds and initiator in self.initiators


class Closing(Contract):
    """The overall time, and the notice a customer gets where the customer does not ask. Keys are initiators.
    `pauses_for`: while the case waits for whom the overall time stands."""

    expected: Span
    notice_ladders: dict[Initiator, str]
    pauses_for: tuple[WaitedFor, ...] = ()
    source: str = ""


class ScheduleRules(Contract):
    """约期: days on which nothing is closed, how many may close on a day, how many days are offered, how far ahead a
    day may be wished."""

    capacity_per_day: int
    proposals: int
    horizon_days: int
    furthest_days: int = 366
    blackout_days: tuple[date, ...] = ()
    blackout_month_days: tuple[int, ...] = ()
    closing_day_wait: Span | None = None
    source: str = ""


class SettlementRules(Contract):
    """Receivables up to the limit are collected from the balance without asking."""

    set_off_limit: dict[Currency, Amount]
    source: str = ""


class Retention(Contract):
    """How long the dossier is kept, in years, counted as the source says."""

    relation_years: int
    vouchers_years: int
    source: str


class FollowUp(Contract):
    """When the survey and the call-back are due after the end."""

    survey: Span
    call_back: Span
    source: str = ""


class ShortfallRules(Contract):
    """余额不足: what the customer may choose from, how long the money is waited for, up to what the firm waives without
    a second approval, and who approves above it."""

    options: tuple[ShortfallWay, ...]
    top_up_within: Span
    instalments_within: Span
    waiver_limit: dict[Currency, Amount]
    waiver_approval: Approvals
    source: str = ""


class RefusalRules(Contract):
    """客户拒绝销户: what a customer who objects is offered, and until when (a ladder)."""

    offers: tuple[Offer, ...]
    ladder: str
    source: str = ""


class InfoChangeRules(Contract):
    """客户信息变更: how long nothing else is done after a contact was changed; which roles approve a correction."""

    cooling_off: Span
    approval: Roles
    source: str = ""


class PlanStep(Contract):
    """A step of a contingency plan, in both languages, and who does it."""

    id: str
    owner: Role
    zh: Words
    en: Words


class ContingencyPlan(Contract):
    """应急预案: what triggers it, its steps with their owners, who stands in, whom to call, and when it was last
    reviewed and has to be again (plain time)."""

    triggers: tuple[FindingKind, ...]
    steps: tuple[PlanStep, ...]
    deputies: tuple[Role, ...]
    contacts: tuple[Words, ...]
    reviewed_on: date
    review_every: Span
    source: str = ""

    @property
    def review_by(self) -> date:
        """The day of the next review."""
        return self.reviewed_on + plain(self.review_every)

    def overdue_on(self, day: date) -> bool:
        """Whether the plan is past its review."""
        return day > self.review_by


class TemplateRule(Contract):
    """通知模板: after the day `expires` no case is opened that would be told by it."""

    expires: date
    source: str = ""


class Policy(Contract):
    """One version of the policy, whole. `rehearsal` ones (waits of seconds) are refused in production. After the day
    `expires` no case is opened under it."""

    version: str = Field(pattern=VERSION)
    effective: date
    expires: date | None = None
    approved_by: str
    rehearsal: bool = False
    calendar: Calendar
    ladders: dict[str, Ladder]
    findings: dict[FindingKind, FindingRule]
    any_other_finding: FindingRule
    rounds: int = Field(ge=1)
    answer_valid: Span
    approvals: dict[Risk, Approvals]
    identity: Identity
    screening: Screening
    risk: RiskRules
    reason: ReasonRules
    offers: tuple[Offer, ...]
    checklist: tuple[ChecklistItem, ...]
    closing: Closing
    schedule: ScheduleRules
    settlement: SettlementRules
    handover_for: tuple[CustomerKind, ...]
    retention: Retention
    follow_up: FollowUp
    patience: Patience
    quiet: QuietHours | None = None
    desk: DeskRules = DeskRules()
    extension: ExtensionRules | None = None
    shortfall: ShortfallRules | None = None
    refusal: RefusalRules | None = None
    info_change: InfoChangeRules | None = None
    plans: dict[str, ContingencyPlan] = {}
    templates: dict[CaseNotice, TemplateRule] = {}
    systems: dict[str, FirmSystem] = {}
    disruption: DisruptionRules | None = None
    incidents: IncidentRules | None = None
    survey: SurveyRules | None = None
    adjustments: AdjustmentRules | None = None

    @property
    def begins_at(self) -> datetime:
        """The first moment of its effective day."""
        return datetime.combine(self.effective, time(), ZoneInfo(self.calendar.zone))

    @property
    def for_incidents(self) -> IncidentRules:
        """The rules for incidents, without which none is opened."""
        if self.incidents is None:
            raise AssertionError(f"an incident was opened under policy {self.version}, which has no rules for it")
        return self.incidents

    @property
    def for_adjustments(self) -> AdjustmentRules:
        """The rules for adjustments, without which none is opened."""
        if self.adjustments is None:
            raise AssertionError(f"an adjustment was opened under policy {self.version}, which has no rules for it")
        return self.adjustments

    def later_than(self, other: "Policy") -> bool:
        """Whether it is the one in force when both have begun."""
        return (self.effective, self.version) > (other.effective, other.version)

    def finding(self, kind: FindingKind) -> FindingRule:
        """The rule for a kind of finding; the catch-all for one that is younger than this policy."""
        return self.findings.get(kind, self.any_other_finding)

    def plan_for(self, kind: FindingKind) -> ContingencyPlan | None:
        """The contingency plan that a kind of finding triggers."""
        return next((plan for plan in self.plans.values() if kind in plan.triggers), None)

    def offers_for(self, reason: ReasonCode) -> tuple[Offer, ...]:
        """The alternatives that fit a reason."""
        return tuple(offer for offer in self.offers if reason in offer.reasons)
