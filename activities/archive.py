"""归档: the closing statement, the dossier with its index and hashes, and the clocks that start with the end."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlmodel import Session, SQLModel, col, select
from temporalio import activity

from activities.casework import case_of, note, request_of
from contracts.books import PaymentState
from contracts.money import Money
from contracts.steps import Step
from contracts.vocabulary import CaseKind, Language, Outcome
from gateways.books import Books
from gateways.calendar_days import calendar_of
from gateways.evidence import EvidenceStore
from notices import words
from policy import Policies, Policy
from records import trail
from records.adjustment_tables import PlanMarkRow, PlanRow, RemarkRow
from records.database import Database
from records.tables import CaseRow, ContactRow, DecisionRow, FindingRow, FollowUpRow, PaymentOrderRow, TaskRow


@dataclass
class Archive:
    """Files what proves the case."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    @activity.defn
    def statement(self, step: Step) -> str:
        """结清单: every entry since settlement began, what was paid and where to, and the balance of zero."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            text = self._statement(session, row)
            reference = f"statements/{step.dossier}/{step.round}.txt"
            note(session, step, "closing statement", evidence={reference: self.evidence.put(reference, text.encode())})
            return effect.record(text)

    @activity.defn
    def file(self, step: Step) -> str:
        """File the dossier: each part with its hash in an index, the hash of the index in the trail. Starts the clocks
        of what follows: the survey where the policy has one, the call-back, the retention."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            index = self._file_parts(session, step, row)
            reference = f"{_folder(step)}/index.json"
            content = json.dumps(index, ensure_ascii=False, indent=2, sort_keys=True)
            sha256 = self.evidence.put(reference, content.encode())
            note(session, step, "dossier filed", evidence={reference: sha256})
            self._start_clocks(session, step, row, policy)
            return effect.record(sha256)

    def _statement(self, session: Session, row: CaseRow) -> str:
        account = self.books.account(session, row.account)
        lines = [f"{words('account', row.language)} {account.id}  {account.currency}"]
        lines += [
            f"{entry.at:%Y-%m-%d}  {words(entry.text, row.language)}  {entry.amount.text}  {entry.balance_after.text}"
            for entry in self.books.entries(session, account.id)[-20:]
        ]
        finished = col(PaymentOrderRow.state).in_([PaymentState.PAID, PaymentState.SET_ASIDE])
        for order in session.exec(select(PaymentOrderRow).where(PaymentOrderRow.dossier == row.dossier, finished)):
            lines.append(_payment(order, row.language))
        lines.append(f"{words('balance', row.language)}: {account.balance}")
        return "\n".join(lines)

    def _file_parts(self, session: Session, step: Step, row: CaseRow) -> dict[str, object]:
        """The parts of the dossier, classified; answers the index."""
        links = trail.entries(session, step.dossier)
        parts = {
            "request/request.json": row.request,
            "process/findings.json": _rows(session, FindingRow, step.dossier),
            "process/tasks.json": _rows(session, TaskRow, step.dossier),
            "process/decisions.json": _rows(session, DecisionRow, step.dossier),
            "contact/contacts.json": _rows(session, ContactRow, step.dossier),
            "settlement/payments.json": _rows(session, PaymentOrderRow, step.dossier),
            "trail/trail.json": json.dumps([link.model_dump(mode="json") for link in links], ensure_ascii=False),
        }
        if row.kind is CaseKind.ADJUSTMENT:
            kept = (
                ("process/plans.json", PlanRow),
                ("process/marks.json", PlanMarkRow),
                ("contact/said.json", RemarkRow),
            )
            parts |= {name: _rows(session, table, step.dossier) for name, table in kept}
        stored = {
            f"{_folder(step)}/{name}": self.evidence.put(f"{_folder(step)}/{name}", content.encode())
            for name, content in parts.items()
        }
        proofs = {name: sha for link in links for name, sha in link.evidence.items() if "/" in name and len(sha) == 64}
        return {
            "dossier": step.dossier,
            "case": step.case,
            "policy": step.policy,
            "outcome": row.outcome,
            "filed_at": step.at.isoformat(),
            "parts": stored,
            "evidence": proofs,
        }

    def _start_clocks(self, session: Session, step: Step, row: CaseRow, policy: Policy) -> None:
        calendar, rules = calendar_of(session, policy), policy.follow_up
        due = {"retention": _kept_until(policy, row, step.at)}
        if row.kind is CaseKind.CLOSURE:  # an incident has had its own before it ended
            due["call_back"] = calendar.add(step.at, rules.call_back)
        if policy.survey and policy.survey.follows(row.outcome, row.initiator, _reason(row)):
            due[CaseKind.SURVEY] = calendar.add(step.at, rules.survey)
        for kind, moment in due.items():
            session.add(FollowUpRow(dossier=step.dossier, kind=kind, due_at=moment))
        note(session, step, "clocks started", evidence={kind: moment.isoformat() for kind, moment in due.items()})


def _folder(step: Step) -> str:
    """Evidence is written once, and the trail grows when filing fails: each round files into a folder of its own."""
    return f"dossiers/{step.dossier}" if step.round == 1 else f"dossiers/{step.dossier}/round-{step.round}"


def _reason(row: CaseRow) -> str:
    """Why the case was asked for; only a closure has a code for it."""
    return request_of(row).reason.code if row.kind is CaseKind.CLOSURE else ""


def _kept_until(policy: Policy, row: CaseRow, at: datetime) -> datetime:
    """The last day of the longest rule that holds: identity data and vouchers, both from the first day after the year.

    Where the account was not closed the relation goes on; the case's own papers are kept as vouchers are.
    """
    years = policy.retention.vouchers_years
    if row.outcome == Outcome.CLOSED:
        years = max(years, policy.retention.relation_years)
    first = date(at.year + 1, 1, 1)
    return datetime(first.year + years, first.month, first.day, tzinfo=UTC)


def _payment(order: PaymentOrderRow, language: Language) -> str:
    amount = Money(minor=order.minor, currency=order.currency)
    return f"{words(order.state, language)}: {amount}  {order.bank} …{order.payee_account[-4:]}".rstrip(" …")


def _rows(session: Session, table: type[SQLModel], dossier: str) -> str:
    rows = session.exec(select(table).where(table.dossier == dossier))  # type: ignore[attr-defined]
    return json.dumps([row.model_dump(mode="json") for row in rows], ensure_ascii=False)
