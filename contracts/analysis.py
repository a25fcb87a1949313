"""事故分析: what the reports of a time come to, in numbers. Codes and case ids only, nothing personal."""

from datetime import date, datetime
from enum import StrEnum

from contracts.base import Contract
from contracts.incidents import Category
from contracts.money import Money
from contracts.vocabulary import Intake, Role


class AnalysedStep(StrEnum):
    """环节: what the time of an incident is spent on. The last two are whole ways, each from the report on."""

    TRIAGE = "triage"  # 分类定级
    ANALYSIS = "analysis"  # 分析
    SOLUTION = "solution"  # 方案
    CARRYING_OUT = "carrying_out"  # 执行
    CONFIRMATION = "confirmation"  # 客户确认
    UNTIL_SOLVED = "until_solved"  # 受理至解决
    WHOLE = "whole"  # 受理至归档

    @property
    def in_working_time(self) -> bool:
        """Whether it is measured in working time: what staff do is. What waits for the customer takes plain time."""
        return self not in (AnalysedStep.CONFIRMATION, AnalysedStep.WHOLE)


class Measure(StrEnum):
    """比率: what happened to how many of those to which it could."""

    ACKNOWLEDGED_LATE = "acknowledged_late"
    ANSWERED_LATE = "answered_late"
    SOLVED_LATE = "solved_late"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    CATEGORY_CHANGED = "category_changed"  # what the rules proposed, by people
    SEVERITY_CHANGED = "severity_changed"


class Rhythm(StrEnum):
    """How long one point of a trend is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Tally(Contract):
    """So many of one name; the name is empty for those that have none."""

    name: str
    number: int


class TrendPoint(Contract):
    """Of the day, the week or the month that begins then: how many were reported, how many were solved."""

    begins: date
    reported: int
    solved: int


class StepTime(Contract):
    """How long a step took, in hours, over so many incidents: for half of them, and for nine of ten."""

    step: AnalysedStep
    in_working_time: bool
    incidents: int
    median_hours: float
    p90_hours: float


class Rate(Contract):
    """`number` of `of`; those where it is still open are not among them."""

    measure: Measure
    number: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.number / self.of if self.of else 0.0


class Paid(Contract):
    """赔付 in one currency, to so many incidents."""

    amount: Money
    incidents: int


class Satisfaction(Contract):
    """满意度: surveys about incidents; `mean` from 1 to 5, null where nobody answered."""

    sent: int = 0
    answered: int = 0
    expired: int = 0
    mean: float | None = None


class Rising(Contract):
    """上升: a matter, or where reports have none a category and its department, that came `recent` times where the
    `earlier` number leads one to expect `expected`; `chance` is how likely so many or more are by chance alone."""

    matter: str = ""
    category: Category | None = None
    department: Role | None = None
    recent: int
    earlier: int
    expected: float
    chance: float


class Widespread(Contract):
    """多点同发: a matter that lately came on one day by several channels or at several branches; its worst day."""

    matter: str
    day: date
    reports: int
    channels: tuple[Intake, ...]
    branches: tuple[str, ...] = ()


class Repeated(Contract):
    """反复报告: one customer's reports, named by the newest of their cases only."""

    reports: int
    matters: tuple[str, ...]
    cases: tuple[str, ...]


class Risks(Contract):
    """潜在风险. `since`: what came from then on is held against what came before; null where the time is too short."""

    since: date | None = None
    compared: int = 0
    chance: float = 0.0
    rising: tuple[Rising, ...] = ()
    widespread: tuple[Widespread, ...] = ()
    repeated: tuple[Repeated, ...] = ()


class IncidentAnalysis(Contract):
    """事故分析 of all that was reported from `since` to `until`, both included, as it stood at the moment `at`.
    `outcomes`: how they ended, `open` among them; `causes` of those analysed, `matters` of those that have one."""

    since: date
    until: date
    at: datetime
    policy: str
    reports: int
    outcomes: tuple[Tally, ...] = ()
    categories: tuple[Tally, ...] = ()
    severities: tuple[Tally, ...] = ()
    channels: tuple[Tally, ...] = ()
    departments: tuple[Tally, ...] = ()
    causes: tuple[Tally, ...] = ()
    matters: tuple[Tally, ...] = ()
    rhythm: Rhythm = Rhythm.WEEK
    trend: tuple[TrendPoint, ...] = ()
    steps: tuple[StepTime, ...] = ()
    rates: tuple[Rate, ...] = ()
    paid: tuple[Paid, ...] = ()
    satisfaction: Satisfaction = Satisfaction()
    risks: Risks = Risks()
