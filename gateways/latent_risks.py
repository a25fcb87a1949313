"""潜在风险: which matters rise, which come from several sides at once, and who has to report again and again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import exp, lgamma, log
from typing import NamedTuple

from contracts.analysis import Repeated, Rising, Risks, Widespread
from contracts.incidents import Category
from contracts.vocabulary import Intake, Role
from policy.incidents import AnalysisRules

CASES_NAMED = 10
"""Of a customer who reports again and again, the newest."""

_PRECISION = 1e-12


class Report(NamedTuple):
    """What of a report shows a latent risk. `linked`: about what another report is about."""

    case: str
    day: date
    customer: str
    matter: str
    category: Category
    department: Role | None
    channel: Intake
    branch: str
    linked: bool


class Cluster(NamedTuple):
    """What reports have in common: the matter, else the category and the department."""

    matter: str
    category: Category | None = None
    department: Role | None = None


def risks(reports: Sequence[Report], since: date, until: date, rules: AnalysisRules) -> Risks:
    """What the reports of the days from `since` to `until` point to; `reports` are the oldest first."""
    days = (until - since).days + 1
    lately = max(1, round(days * rules.recent))
    turn = until - timedelta(days=lately - 1)
    own = [report for report in reports if not report.linked]
    recent = [report for report in own if report.day >= turn]
    earlier = [report for report in own if report.day < turn]
    compared = {_cluster(report) for report in own}
    weight = lately / (days - lately) if days > lately else 0.0
    chance = rules.chance / max(1, len(compared))
    return Risks(
        since=turn if weight else None,
        compared=len(compared),
        chance=chance,
        rising=tuple(_rising(recent, earlier, weight, chance, rules.least)) if weight else (),
        widespread=tuple(_widespread(recent, rules)),
        repeated=tuple(_repeated(reports, rules.repeated)),
    )


def chance_of(number: int, expected: float) -> float:
    """How likely so many or more are where `expected` are to be expected and each comes by itself: the upper tail of
    the Poisson distribution, the sum of e^-m m^k / k! from k = number on."""
    if number <= expected:
        return 1 - sum(_just(k, expected) for k in range(number))
    tail = term = _just(number, expected)
    while term > tail * _PRECISION:
        number += 1
        term *= expected / number
        tail += term
    return tail


def _just(k: int, expected: float) -> float:
    """How likely exactly `k` are; by logarithms, since both sides of the fraction grow out of all bounds."""
    return exp(k * log(expected) - expected - lgamma(k + 1))


def _cluster(report: Report) -> Cluster:
    return Cluster(report.matter) if report.matter else Cluster("", report.category, report.department)


def _rising(
    recent: Iterable[Report], earlier: Iterable[Report], weight: float, chance: float, least: int
) -> list[Rising]:
    """One report more than there was is taken to have come before: what is new is not infinitely surprising."""
    now, before = Counter(map(_cluster, recent)), Counter(map(_cluster, earlier))
    found = []
    for cluster, number in now.items():
        expected = (before[cluster] + 1) * weight
        likely = chance_of(number, expected)
        if number >= least and number > expected and likely <= chance:
            named = cluster._asdict() | {"recent": number, "earlier": before[cluster]}
            found.append(Rising(**named, expected=round(expected, 2), chance=likely))
    return sorted(found, key=lambda each: (each.chance, each.matter))


def _widespread(recent: Iterable[Report], rules: AnalysisRules) -> list[Widespread]:
    """Each matter once, on the day on which it came most often."""
    on_a_day: dict[tuple[str, date], list[Report]] = defaultdict(list)
    for report in recent:
        if report.matter:
            on_a_day[report.matter, report.day].append(report)
    most: dict[str, Widespread] = {}
    for (matter, day), same in sorted(on_a_day.items()):
        spread = _sides(matter, day, same)
        many = len(spread.channels) >= rules.channels or len(spread.branches) >= rules.branches
        if many and len(same) >= max(rules.least, most[matter].reports if matter in most else 0):
            most[matter] = spread
    return sorted(most.values(), key=lambda each: (-each.reports, each.matter))


def _sides(matter: str, day: date, same: Sequence[Report]) -> Widespread:
    return Widespread(
        matter=matter,
        day=day,
        reports=len(same),
        channels=tuple(sorted({each.channel for each in same})),
        branches=tuple(sorted({each.branch for each in same} - {""})),
    )


def _repeated(reports: Iterable[Report], least: int) -> list[Repeated]:
    by_customer: dict[str, list[Report]] = defaultdict(list)
    for report in reports:
        by_customer[report.customer].append(report)
    found = [
        Repeated(
            reports=len(own),
            matters=tuple(sorted({each.matter for each in own} - {""})),
            cases=tuple(each.case for each in own[-CASES_NAMED:]),
        )
        for own in by_customer.values()
        if len(own) >= least
    ]
    return sorted(found, key=lambda each: (-each.reports, each.cases))
