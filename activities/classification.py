"""分类定级建议: what the policy's rules make of a report (until the rules are there: what it says itself)."""

from contracts.incidents import IncidentReport, Proposed
from policy.incidents import TriageRules


def classify(report: IncidentReport, rules: TriageRules) -> Proposed:
    """The category and severity that the rules propose."""
    return Proposed(category=report.category or rules.otherwise, severity=rules.severity)
