"""事故分析: what the records say of the reports of a time, read in one transaction with a query for each table."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.orm import load_only
from sqlmodel import Session, col, func, select

from contracts.analysis import AnalysedStep, IncidentAnalysis, Satisfaction
from contracts.incidents import Category, HandlingStep, Severity
from contracts.notices import DeliveryState
from contracts.vocabulary import Intake, Outcome
from gateways.books_journal import FIRM_ZONE
from gateways.calendar_days import calendar_of
from gateways.incident_figures import (
    Reported,
    Worked,
    paid,
    rates,
    rhythm_of,
    step_times,
    tally,
    tally_in_order,
    trend,
)
from gateways.latent_risks import Report, risks
from policy import Policies, Policy
from policy.incidents import AnalysisRules
from records.books_tables import AccountRow
from records.database import Database
from records.incident_tables import IncidentRow, SurveyRow
from records.tables import CaseRow, ContactRow, TaskRow

STEP_OF = {
    "triage": AnalysedStep.TRIAGE,
    HandlingStep.ANALYSE: AnalysedStep.ANALYSIS,
    HandlingStep.SOLVE: AnalysedStep.SOLUTION,
    HandlingStep.CARRY_OUT: AnalysedStep.CARRYING_OUT,
    "incident_solved": AnalysedStep.CONFIRMATION,
}
"""The tasks of an incident, by the step that they belong to."""

ACKNOWLEDGING = ("incident_received",)
ANSWERING = ("incident_taken", "incident_interim", "incident_ended")
"""Notices with which the customer is told; an incident that ends before it is taken is answered by that."""

WENT_OUT = (DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.ANSWERED, DeliveryState.TASK)
_OLDEST = date(1900, 1, 1)

Told = dict[tuple[str, str], datetime]


class IncidentBook:
    """What the reports of a time come to."""

    def __init__(self, database: Database, policies: Policies) -> None:
        self.database = database
        self.policies = policies

    def analyse(self, since: date | None, until: date, now: datetime) -> IncidentAnalysis:
        """What was reported from `since` to `until`, by the firm's days. The time looked at begins with the first
        report on record at the earliest and ends today, so that no days are counted on which none could be."""
        today = now.astimezone(FIRM_ZONE).date()
        policy = self.policies.in_force_on(today)
        within = _within(since, until)
        with self.database.reading() as session:
            reports, oldest = _reports(session, within), _oldest(session)
            worked = _worked(session, within)
            satisfaction = _satisfaction(session, within)
            calendar = calendar_of(session, policy)
        if not reports or not oldest:
            return IncidentAnalysis(since=since or until, until=until, at=now, policy=policy.version, reports=0)
        begins = max(since or _OLDEST, _day(oldest))
        ends = max(_day(reports[-1].incident.reported_at), min(until, today))
        return IncidentAnalysis(
            since=begins,
            until=ends,
            at=now,
            policy=policy.version,
            reports=len(reports),
            **_tallies(reports),
            rhythm=rhythm_of(begins, ends),
            trend=trend(reports, begins, ends, _day),
            steps=step_times(reports, worked, calendar),
            rates=rates(reports, now),
            paid=paid(each.incident for each in reports),
            satisfaction=satisfaction,
            risks=risks(list(map(_report, reports)), begins, ends, _rules(policy)),
        )


def _rules(policy: Policy) -> AnalysisRules:
    return policy.incidents.analysis if policy.incidents else AnalysisRules()


def _tallies(reports: Iterable[Reported]) -> dict[str, Any]:
    rows = [each.incident for each in reports]
    return {
        "outcomes": tally_in_order((each.case.outcome for each in reports), Outcome),
        "categories": tally_in_order((row.category for row in rows), Category),
        "severities": tally_in_order((row.severity for row in rows), Severity),
        "channels": tally_in_order((row.channel for row in rows), Intake),
        "departments": tally(row.department for row in rows),
        "causes": tally(row.cause for row in rows if row.cause),
        "matters": tally(row.matter for row in rows if row.matter),
    }


def _report(each: Reported) -> Report:
    row = each.incident
    shared = row.model_dump(include={"customer", "matter", "category", "department", "channel"})
    return Report(**shared, case=row.case_id, day=_day(row.reported_at), branch=each.branch, linked=bool(row.linked_to))


def _day(moment: datetime) -> date:
    return moment.astimezone(FIRM_ZONE).date()


def _within(since: date | None, until: date) -> list[Any]:
    """Which reports are looked at; the first days of all have no moment in UTC, and no report is so old."""
    ends = datetime.combine(max(until, _OLDEST), time.max, FIRM_ZONE)
    begins = datetime.combine(max(since or _OLDEST, _OLDEST), time.min, FIRM_ZONE)
    reported = col(IncidentRow.reported_at)
    return [reported >= begins.astimezone(UTC), reported <= ends.astimezone(UTC)]


# ---- a query each --------------------------------------------------------------------------------------------------


def _reports(session: Session, within: list[Any]) -> list[Reported]:
    """The oldest first; of the rows only what is counted, none of the words."""
    query = (
        select(IncidentRow, CaseRow, AccountRow.branch)
        .join(CaseRow, col(CaseRow.dossier) == col(IncidentRow.dossier))
        .outerjoin(AccountRow, col(AccountRow.id) == col(CaseRow.account))
        .where(*within)
        .order_by(col(IncidentRow.reported_at), col(IncidentRow.dossier))
        .options(*_columns_counted())
    )
    told = _told(session, within)
    return [
        Reported(
            row, case, branch or "", _first(told, row.dossier, ACKNOWLEDGING), _first(told, row.dossier, ANSWERING)
        )
        for row, case, branch in session.exec(query)
    ]


def _oldest(session: Session) -> datetime | None:
    return session.exec(select(func.min(IncidentRow.reported_at))).one()


def _columns_counted() -> tuple[Any, Any]:
    words = {"clues", "root_cause", "interim", "solution"}
    incident = [getattr(IncidentRow, name) for name in IncidentRow.model_fields if name not in words]
    case = [getattr(CaseRow, name) for name in ("outcome", "opened_at", "expected_by", "ended_at")]
    return load_only(*incident), load_only(*case)


def _told(session: Session, within: list[Any]) -> Told:
    """When a notice first went out, by dossier and template."""
    query = (
        select(ContactRow.dossier, ContactRow.template, func.min(ContactRow.at))
        .join(IncidentRow, col(IncidentRow.dossier) == col(ContactRow.dossier))
        .where(*within, col(ContactRow.template).in_(ACKNOWLEDGING + ANSWERING), col(ContactRow.state).in_(WENT_OUT))
        .group_by(col(ContactRow.dossier), col(ContactRow.template))
    )
    return {(dossier, template): at for dossier, template, at in session.exec(query)}


def _first(told: Told, dossier: str, templates: Iterable[str]) -> datetime | None:
    return min((told[dossier, name] for name in templates if (dossier, name) in told), default=None)


def _worked(session: Session, within: list[Any]) -> list[Worked]:
    query = (
        select(TaskRow.dossier, TaskRow.name, TaskRow.shown_at, TaskRow.ended_at)
        .join(IncidentRow, col(IncidentRow.dossier) == col(TaskRow.dossier))
        .where(*within, col(TaskRow.name).in_(STEP_OF), col(TaskRow.ended_at).is_not(None))
    )
    return [
        Worked(dossier, STEP_OF[name], begun, ended) for dossier, name, begun, ended in session.exec(query) if ended
    ]


def _satisfaction(session: Session, within: list[Any]) -> Satisfaction:
    query = (
        select(SurveyRow.score, SurveyRow.answered_at, CaseRow.outcome)
        .join(IncidentRow, col(IncidentRow.dossier) == col(SurveyRow.about))
        .join(CaseRow, col(CaseRow.dossier) == col(SurveyRow.dossier))
        .where(*within, col(SurveyRow.sent_at).is_not(None))
    )
    surveys = session.exec(query).all()
    scores = [score for score, _, _ in surveys if score is not None]
    return Satisfaction(
        sent=len(surveys),
        answered=sum(answered_at is not None for _, answered_at, _ in surveys),
        expired=sum(outcome == Outcome.EXPIRED for _, _, outcome in surveys),
        mean=round(sum(scores) / len(scores) / 100, 2) if scores else None,
    )
