"""总时限: within what time a case of each kind is expected to end, and while it waits for whom that time stands."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from contracts.incidents import Category
from contracts.vocabulary import CaseKind, WaitedFor
from policy import Policy
from policy.incidents import IncidentRules
from policy.spans import Span
from policy.work import Ladder
from records.incident_tables import IncidentRow, SurveyRow
from records.tables import CaseRow


class Overall(NamedTuple):
    """The overall time of a case, from its opening on where it does not begin later."""

    within: Span
    pauses_for: tuple[WaitedFor, ...]
    begins_at: datetime | None = None


def overall_of(session: Session, policy: Policy, row: CaseRow) -> Overall:
    """By its kind, and by how grave an incident is."""
    match row.kind:
        case CaseKind.INCIDENT:
            return _of_incident(policy, session.get_one(IncidentRow, row.dossier))
        case CaseKind.MAJOR if policy.incidents and policy.incidents.major:
            return _of_ladder(policy.ladders[policy.incidents.major.lasting_ladder])
        case CaseKind.ADJUSTMENT:
            return Overall(policy.for_adjustments.expected, policy.for_adjustments.pauses_for)
        case CaseKind.SURVEY if policy.survey:
            begins_at = session.get_one(SurveyRow, row.dossier).begins_at
            return _of_ladder(policy.ladders[policy.survey.ladder])._replace(begins_at=begins_at)
    return Overall(policy.closing.expected, policy.closing.pauses_for)


def incident_ladder(rules: IncidentRules, row: IncidentRow) -> str:
    """The ladder of the department's tasks: the law's for a complaint, otherwise by severity."""
    if row.category is Category.COMPLAINT:
        return rules.complaint.complex_ladder if row.intricate else rules.complaint.ladder
    return rules.ladders[row.severity]


def _of_incident(policy: Policy, row: IncidentRow) -> Overall:
    rules = policy.for_incidents
    pauses_for = policy.ladders[incident_ladder(rules, row)].pauses_for
    if row.category is Category.COMPLAINT:
        return Overall(rules.complaint.complex if row.intricate else rules.complaint.simple, pauses_for)
    return Overall(rules.solved_within[row.severity], pauses_for)


def _of_ladder(ladder: Ladder) -> Overall:
    return Overall(ladder.due, ladder.pauses_for)
