"""客户事故: an incident is reported, classified, written down as it is dealt with, and compensated for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import tuple_
from sqlmodel import Session, col, select
from temporalio import activity

from activities.casework import case_of, keep_ending, move_expected, note
from activities.classification import classify
from activities.incident_faults import report_faults
from activities.opening import known, new_dossier, opened
from contracts.books import Line, OwnLedger
from contracts.findings import Finding
from contracts.handling import Compensation, News, Triage, Triaged
from contracts.incidents import Category, Clue, IncidentReport, Proposed
from contracts.messages import incident_id
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.steps import Ending, Opened, Step
from contracts.vocabulary import AccountStatus, CaseKind, Intake, Outcome
from gateways.books import Books
from gateways.books_facts import ledger_of
from gateways.books_journal import FIRM_ZONE
from gateways.calendar_days import calendar_of
from gateways.evidence import EvidenceStore
from gateways.overall import incident_ladder
from policy import Policies, Policy
from policy.incidents import IncidentRules
from policy.spans import plain
from records import trail
from records.canonical import canonical
from records.database import Database
from records.incident_tables import IncidentRow
from records.tables import CaseRow

_CLUES = TypeAdapter(tuple[Clue, ...])


@dataclass
class Incidents:
    """What the records know of an incident."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    @activity.defn
    def open_incident(self, case_id: str, report: IncidentReport, at: datetime) -> Opened:
        """Open the incident. Safe to repeat: the report id is the key.

        Refused: BadInput, NotFound, NotAllowed, Mismatch, AlreadyEnded; then nothing has changed.
        """
        with self.database.transaction() as session:
            row = known(session, CaseKind.INCIDENT, report.report_id, report, "Report")
            if row is None:
                row = self._begin(session, case_id, report, at)
            customer = self.books.customer(session, row.customer)
            incident = session.get_one(IncidentRow, row.dossier)
            return opened(session, self.policies[row.policy], row, customer, incident.category)

    @activity.defn
    def proposal(self, step: Step) -> Proposed:
        """What the rules made of the report, and open incidents of the customer that may be about the same."""
        with self.database.reading() as session:
            row = session.get_one(IncidentRow, step.dossier)
            return Proposed(
                category=row.proposed_category,
                severity=row.proposed_severity,
                matter=row.matter,
                clues=_CLUES.validate_json(row.clues),
                duplicates=tuple(self._alike(session, row, _rules(self.policies[step.policy]))),
            )

    @activity.defn
    def triaged(self, step: Step, triage: Triage) -> Triaged:
        """分类定级: keep what was decided; the deadlines follow from it."""
        with self.database.once(step.key, triage, Triaged) as effect:
            if effect.done:
                return effect.result
            session, policy = effect.session, self.policies[step.policy]
            case, row = case_of(session, step), session.get_one(IncidentRow, step.dossier)
            evidence = {
                "category": f"{row.category} -> {triage.category}",
                "severity": f"{row.severity} -> {triage.severity}",
                "matter": triage.matter,
                "department": triage.department,
            }
            changes = triage.model_dump(include={"category", "severity", "matter", "department", "intricate"})
            row.sqlmodel_update(changes | {"triaged_at": row.triaged_at or step.at})
            session.flush()
            move_expected(session, policy, case, step.at)
            note(session, step, "classified", triage.reason, who=triage.by, evidence=evidence)
            ladder = incident_ladder(_rules(policy), row)
            return effect.record(Triaged(ladder=ladder, expected_by=case.expected_by))

    @activity.defn
    def link(self, step: Step, to: str, by: str) -> bool:
        """并案: the report is about what another open case is about, which gets its evidence. False when that one has
        ended meanwhile."""
        with self.database.once(step.key, None, bool) as effect:
            if effect.done:
                return effect.result
            session, case = effect.session, case_of(effect.session, step)
            other = _open_incident(session, to)
            if other is None:
                return effect.record(False)
            report = IncidentReport.model_validate_json(case.request)
            session.get_one(IncidentRow, step.dossier).linked_to = to
            evidence = {each.reference: each.sha256 for each in report.evidence} | {"report": case.request_hash}
            note(session, step, f"linked to {to}", who=by)
            trail.append(
                session, other.dossier, who=by, what=f"{step.case} is about the same", why="", evidence=evidence,
                policy=other.policy, at=step.at,
            )  # fmt: skip
            return effect.record(True)

    @activity.defn
    def keep(self, step: Step, news: News) -> int:
        """Write down what was done; how often the incident has been reopened by now."""
        with self.database.once(step.key, news, int) as effect:
            if effect.done:
                return effect.result
            case_of(effect.session, step)
            row = effect.session.get_one(IncidentRow, step.dossier)
            said = news.model_dump(include={"cause", "root_cause", "interim", "solution"})
            row.sqlmodel_update({name: words for name, words in said.items() if words})
            row.solved_at = step.at if news.solved else None if news.reopened else row.solved_at
            row.reopened += news.reopened
            row.escalated = row.escalated or news.escalated
            evidence = {name: words for name, words in said.items() if words}
            note(effect.session, step, news.what, news.why, who=news.by, evidence=evidence)
            return effect.record(row.reopened)

    @activity.defn
    def compensate(self, step: Step, compensation: Compensation) -> str:
        """赔付: credit the customer's account; answers the id of the entry, empty when the account takes no money."""
        with self.database.once(step.key, compensation, str) as effect:
            if effect.done:
                return effect.result
            session, case, amount = effect.session, case_of(effect.session, step), compensation.amount
            lines = [
                Line(ledger=ledger_of(case.account), amount=amount),
                Line(ledger=OwnLedger.COMPENSATION.of(amount.currency), amount=-amount),
            ]
            try:
                entry = self.books.post(session, step.key, "compensation paid", lines, step.dossier, at=step.at)
            except Refused as refused:
                note(session, step, "not compensated", refused.sentence)
                return effect.record("")
            row = session.get_one(IncidentRow, step.dossier)
            row.minor, row.currency = row.minor + amount.minor, amount.currency
            note(session, step, "compensated", str(amount), who=compensation.approved_by, evidence={"entry": entry})
            return effect.record(entry)

    @activity.defn
    def end_incident(self, step: Step, ending: Ending) -> None:
        """How it ended stands in the records before it is told and filed."""
        keep_ending(self.database, step, ending)

    @activity.defn
    def complaint(self, step: Step, finding: Finding) -> IncidentReport:
        """投诉: the report of a complaint that was raised in another case, in the customer's own words."""
        with self.database.reading() as session:
            case = session.get_one(CaseRow, step.dossier)
        noted = finding.facts.get("noted_by", "customer") != "customer"
        return IncidentReport(
            report_id=f"{step.dossier.replace('.', '-')}-c{finding.subject}",
            customer=case.customer,
            account=case.account or None,
            channel=Intake.HOTLINE if noted else Intake.APP,
            occurred_at=step.at,
            reported_at=step.at,
            description=finding.detail,
            category=Category.COMPLAINT,
            language=case.language,
            case=step.case,
        )

    @activity.defn
    def ended_as(self, step: Step, case_id: str) -> str:  # noqa: ARG002
        """How an incident has ended; one that was linked, as the one that it was linked to. Empty while it is open."""
        with self.database.reading() as session:
            while True:
                newest = select(CaseRow).where(CaseRow.case_id == case_id).order_by(col(CaseRow.n).desc()).limit(1)
                row = session.exec(newest).one()
                if row.ended_at is None:
                    return ""
                if row.outcome != Outcome.LINKED:
                    return row.outcome
                case_id = row.words

    @activity.defn
    def currency(self, step: Step) -> str:
        """The currency in which the customer can be compensated; empty where the report names no account, or one that
        is closed."""
        with self.database.reading() as session:
            account = session.get_one(CaseRow, step.dossier).account
            facts = self.books.account(session, account) if account else None
            return facts.currency if facts and facts.status is not AccountStatus.CLOSED else ""

    def _begin(self, session: Session, case_id: str, report: IncidentReport, at: datetime) -> CaseRow:
        policy = self.policies.for_new_case_on(at.astimezone(FIRM_ZONE).date())
        rules = _rules(policy)
        customer = self.books.customer(session, report.customer)
        faults = [*report_faults(session, self.books, self.evidence, report, at)]
        if case_id != incident_id(report.report_id):
            faults.append(Fault(path="report_id", message=f"{report.report_id} does not belong to {case_id}"))
        if faults:
            raise bad_input("incident report", faults)
        row = new_dossier(
            session, case_id, CaseKind.INCIDENT, report.report_id, report, policy, at,
            customer=customer.id, language=report.language or customer.language, account=report.account or "",
        )  # fmt: skip
        self._classified(session, policy, rules, row, report)
        move_expected(session, policy, row, at)
        evidence = {each.reference: each.sha256 for each in report.evidence} | {"report": row.request_hash}
        trail.append(
            session, row.dossier, who="customer", what=f"report {report.report_id} received",
            why=f"by {report.channel}", evidence=evidence, policy=row.policy, at=at,
        )  # fmt: skip
        return row

    def _classified(
        self, session: Session, policy: Policy, rules: IncidentRules, row: CaseRow, report: IncidentReport
    ) -> None:
        proposed, calendar = classify(report, rules.triage), calendar_of(session, policy)
        incident = IncidentRow(
            dossier=row.dossier, case_id=row.case_id, customer=row.customer, channel=report.channel,
            occurred_at=report.occurred_at, reported_at=report.reported_at, affected=report.affected_customers,
            proposed_category=proposed.category, proposed_severity=proposed.severity,
            clues=canonical([clue.model_dump(mode="json") for clue in proposed.clues]),
            category=proposed.category, severity=proposed.severity, matter=proposed.matter, about=report.case or "",
            acknowledge_due=calendar.add(row.opened_at, rules.acknowledged_within),
            answer_due=calendar.add(row.opened_at, rules.answered_within),
        )  # fmt: skip
        session.add(incident)
        session.flush()

    def _alike(self, session: Session, row: IncidentRow, rules: IncidentRules) -> Iterable[str]:
        """The customer's open incidents of that time with the same matter, or of the same account and category."""
        mine = session.get_one(CaseRow, row.dossier)
        since = row.reported_at - plain(rules.duplicates_within)
        others = (
            select(IncidentRow, CaseRow)
            .join(CaseRow, col(CaseRow.dossier) == col(IncidentRow.dossier))
            .where(IncidentRow.customer == row.customer, IncidentRow.dossier != row.dossier)
            .where(col(CaseRow.ended_at).is_(None), IncidentRow.reported_at >= since, IncidentRow.linked_to == "")
            .where(tuple_(CaseRow.opened_at, CaseRow.dossier) < tuple_(mine.opened_at, mine.dossier))
            .order_by(col(CaseRow.opened_at), col(CaseRow.dossier))
        )
        for other, case in session.exec(others):
            same_matter = row.matter and other.matter == row.matter
            if same_matter or (case.account == mine.account and other.category == row.category):
                yield case.case_id


def _rules(policy: Policy) -> IncidentRules:
    if policy.incidents is None:
        raise Refused(Code.NOT_ALLOWED, f"Policy {policy.version} has no rules for incidents.")
    return policy.incidents


def _open_incident(session: Session, case_id: str) -> CaseRow | None:
    query = select(CaseRow).where(CaseRow.case_id == case_id, col(CaseRow.ended_at).is_(None))
    return session.exec(query.with_for_update()).first()
