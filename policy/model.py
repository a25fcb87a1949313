"""制度: what a policy file holds. Every number and list of the process stands in one, with where it comes from."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from contracts.base import Contract
from contracts.findings import FindingKind
from contracts.money import Amount, Currency
from contracts.tasks import RungKind
from contracts.text import Words
from contracts.vocabulary import CustomerKind, DocumentKind, Initiator, Medium, ReasonCode, Risk, Role, WaitedFor
from policy.spans import Span


class Calendar(Contract):
    """Working time. `country` CN uses the State Council's notices, another one the public holidays of that country."""

    country: str
    zone: str
    opens: time
    closes: time
    always_open: bool = False
    source: str = ""

    def day(self, moment: datetime) -> date:
        """The firm's day of a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


class RungRule(Contract):
    """A rung of a ladder: so long after the task was shown, this is done; `roles` may then decide too."""

    after: Span
    kind: RungKind
    roles: tuple[Role, ...] = ()


class Ladder(Contract):
    """时限: when a task is due, and what happens on the way there and after. Silence never approves. `waits_for`: whom
    the case waits for while such a task is open; `pauses_for`: while it waits for whom the clock of the task stands."""

    due: Span
    rungs: tuple[RungRule, ...] = ()
    waits_for: WaitedFor = WaitedFor.STAFF
    pauses_for: tuple[WaitedFor, ...] = ()
    source: str = ""


class FindingRule(Contract):
    """Who deals with a kind of finding, and whether it may be accepted with a reason."""

    role: Role
    accept: bool
    ladder: str = "staff"


class Approvals(Contract):
    """How many different people approve, from which roles, which role must be among them, and whether each stands for
    another role."""

    needed: int
    roles: tuple[Role, ...]
    must_include: tuple[Role, ...] = ()
    different_roles: bool = False
    source: str = ""


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


class Patience(Contract):
    """How long a failing step is tried again before people take over, by what it does. Plain time."""

    check: Span
    effect: Span
    delivery: Span


class QuietHours(Contract):
    """免打扰: from `begins` to `ends` by the calendar's clock (over midnight where it ends earlier) nothing is sent by
    these channels, nobody is reminded, and nobody is telephoned."""

    begins: time
    ends: time
    media: tuple[Medium, ...]
    source: str = ""


class DeskRules(Contract):
    """How work is spread. `load_cap`: how many tasks one person may have claimed (null: any number). `head_start`: how
    much earlier than due a task of that risk is ranked, plain time. `digest_at`: when the daily digest is sent."""

    load_cap: int | None = None
    head_start: dict[Risk, Span] = {}
    digest_at: time | None = None
    source: str = ""


class ExtensionRules(Contract):
    """延期: who approves it, how often a case may be extended, by how many working days at most each time."""

    roles: tuple[Role, ...]
    times: int
    longest_working_days: int
    ladder: str = "staff"
    source: str = ""


class Policy(Contract):
    """One version of the policy, whole. `rehearsal` ones (waits of seconds) are refused in production."""

    version: str
    effective: date
    approved_by: str
    rehearsal: bool = False
    calendar: Calendar
    ladders: dict[str, Ladder]
    findings: dict[FindingKind, FindingRule]
    any_other_finding: FindingRule
    rounds: int
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

    def finding(self, kind: FindingKind) -> FindingRule:
        """The rule for a kind of finding; the catch-all for one that is younger than this policy."""
        return self.findings.get(kind, self.any_other_finding)

    def offers_for(self, reason: ReasonCode) -> tuple[Offer, ...]:
        """The alternatives that fit a reason."""
        return tuple(offer for offer in self.offers if reason in offer.reasons)
