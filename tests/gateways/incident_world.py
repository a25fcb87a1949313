"""Reports of incidents for tests of their analysis, written straight into the records: each with its case."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import SQLModel

from contracts.analysis import IncidentAnalysis
from contracts.incidents import Category, Severity
from contracts.notices import DeliveryState
from contracts.vocabulary import CaseKind, Intake, Role
from gateways.incident_analysis import IncidentBook
from records.database import Database
from records.incident_tables import IncidentRow, SurveyRow
from records.tables import CaseRow, ContactRow, TaskRow
from tests.gateways.desk_world import a_case, a_task, policies

MONDAY = datetime(2026, 11, 2, 2, tzinfo=UTC)
"""Monday, 10 o'clock in Shanghai."""

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(days: float = 0, hours: float = 0) -> datetime:
    """So long after that Monday at 10."""
    return MONDAY + days * DAY + hours * HOUR


def a_report(name: str, when: datetime = MONDAY, **other: Any) -> list[SQLModel]:
    """A report and its case; what the case has is said by `case_...`."""
    of_case = {key.removeprefix("case_"): other.pop(key) for key in list(other) if key.startswith("case_")}
    case_id = f"incident-{name}"
    values: dict[str, Any] = {
        "dossier": f"{case_id}.1", "case_id": case_id, "customer": f"CUS-{name}", "channel": Intake.WEB,
        "occurred_at": when, "reported_at": when, "proposed_category": Category.OTHER,
        "proposed_severity": Severity.P3, "category": Category.OTHER, "severity": Severity.P3,
        "acknowledge_due": when + HOUR, "answer_due": when + 8 * HOUR,
    }  # fmt: skip
    case: dict[str, Any] = {
        "kind": CaseKind.INCIDENT, "customer": f"CUS-{name}", "account": "", "opened_at": when,
        "expected_by": when + 24 * HOUR,
    }  # fmt: skip
    return [a_case(case_id, **case | of_case), IncidentRow(**values | other)]


def told(name: str, template: str, when: datetime, state: DeliveryState = DeliveryState.SENT) -> ContactRow:
    """The customer was told so, then."""
    key = f"{name}-{template}-{when.isoformat()}"
    return ContactRow(key=key, dossier=f"incident-{name}.1", template=template, state=state, at=when)


def worked(name: str, task: str, begun: datetime, ended: datetime | None, n: int = 1) -> TaskRow:
    """A task of the report's, from when until when."""
    row = a_task(task, case=f"incident-{name}", roles=(Role.FINANCE,), shown_at=begun, ended_at=ended)
    row.task = f"incident-{name}.task-{n}-{task}"
    return row


def surveyed(name: str, outcome: str, score: int | None = None) -> list[SQLModel]:
    """A survey about the report."""
    case: CaseRow = a_case(f"survey-{name}", kind=CaseKind.SURVEY, account="", outcome=outcome)
    answered_at = NOW if score is not None else None
    survey = SurveyRow(
        dossier=case.dossier, about=f"incident-{name}.1", version="1", begins_at=NOW, sent_at=NOW,
        answered_at=answered_at, score=score,
    )  # fmt: skip
    return [case, survey]


def analysed(database: Database, *, since: datetime | None = None, until: datetime = NOW) -> IncidentAnalysis:
    """What the reports of those days come to, looked at on 22 November at noon."""
    return IncidentBook(database, policies()).analyse(since.date() if since else None, until.date(), NOW)


def named(tallies: Any) -> dict[str, int]:
    """Tallies by name."""
    return {each.name: each.number for each in tallies}
