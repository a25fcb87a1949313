"""分类定级: what the rules of the policy make of a report, each with the words or facts that led there."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from contracts.incidents import Clue, IncidentReport, Proposed, Severity
from policy.incidents import TriageRule, TriageRules
from policy.wording import heard

Said = TypeVar("Said", bound=str)

REPORTER = "reporter"
"""The clue of the category that whoever reports gave."""

AFFECTED = "affected"
"""The clue of how many customers are affected."""

OTHERWISE = "otherwise"
"""The clue where no rule speaks for a category."""


def classify(report: IncidentReport, rules: TriageRules) -> Proposed:
    """Category and matter are those that the rules speak for with the most weight (the earlier rule breaks a tie), the
    severity is the gravest that one speaks for. A category that the report gives stands. `duplicates` stay empty."""
    said = heard(report.description)
    spoke = [(rule, found) for rule in rules.rules if (found := rule.found_in(said))]
    speaking = [rule for rule, _ in spoke]
    category = report.category or _weightiest((rule.category, rule.weight) for rule in speaking)
    affecting = rules.affecting(report.affected_customers)
    return Proposed(
        category=category or rules.otherwise,
        severity=_gravest([affecting, *(rule.severity for rule in speaking)]) or rules.severity,
        matter=_weightiest((rule.matter, rule.weight) for rule in speaking) or "",
        clues=(
            *_facts(report, affecting),
            *(Clue(rule=rule.id, found=found, says=_says(rule)) for rule, found in spoke),
            *([] if category else [Clue(rule=OTHERWISE, found=(), says=f"category {rules.otherwise}")]),
        ),
    )


def _facts(report: IncidentReport, affecting: Severity | None) -> Iterable[Clue]:
    if report.category:
        yield Clue(rule=REPORTER, found=(report.category,), says=f"category {report.category}")
    if affecting:
        yield Clue(rule=AFFECTED, found=(str(report.affected_customers),), says=f"severity {affecting}")


def _weightiest(votes: Iterable[tuple[Said | None, int]]) -> Said | None:
    """What most weight is for; of equals the one that was named first."""
    weights: Counter[Said] = Counter()
    for said, weight in votes:
        if said:
            weights[said] += weight
    return max(weights, key=weights.__getitem__, default=None)


def _gravest(named: Iterable[Severity | None]) -> Severity | None:
    return max((each for each in named if each), key=lambda severity: severity.rank, default=None)


def _says(rule: TriageRule) -> str:
    """Such as `category account, severity P2, matter identity_theft (weight 3)`."""
    named = {"category": rule.category, "severity": rule.severity, "matter": rule.matter}
    return f"{', '.join(f'{name} {value}' for name, value in named.items() if value)} (weight {rule.weight})"
