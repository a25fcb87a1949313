"""受理 and the end: open a case or refuse it, take the lock off, seal the trail."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select
from temporalio import activity

from activities.blocker_letter import asked_of_customer
from activities.blocker_rules import blockers, in_short
from activities.casework import case_of, move_expected, note, record
from activities.closure_facts import ClosureFacts, Hashes, facts_before, facts_during
from activities.opening import known, new_dossier, opened
from contracts.blockers import Blocker, Obstacle
from contracts.books import AccountFacts
from contracts.findings import Checked
from contracts.messages import closure_id
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.requests import ClosureRequest
from contracts.steps import Ending, Opened, Step, TrailHead
from contracts.tasks import TaskState
from contracts.vocabulary import CaseKind, Initiator
from gateways.books import Books
from gateways.books_journal import FIRM_ZONE
from gateways.evidence import EvidenceStore
from policy import Policies, Policy
from records import trail
from records.database import Database
from records.tables import CaseRow, ClosingDayRow, TaskRow

_IMPOSSIBLE = {
    Obstacle.ACCOUNT_CLOSED: (Code.NOT_ALLOWED, "Account {account} was closed on {on}."),
    Obstacle.CLOSING_LOCK: (Code.ALREADY_OPEN, "Account {account} has an open closure: {by}."),
    Obstacle.NOBODY_RESPONSIBLE: (Code.NOT_ALLOWED, "Account {account} cannot be closed now: {detail}."),
}
"""What refuses a request at the start; every other blocker has its remedy in the case."""


@dataclass
class Cases:
    """Opens and ends cases."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    @activity.defn
    def open(self, case_id: str, request: ClosureRequest, at: datetime) -> Opened:
        """Open the closure and put the closing lock on. Safe to repeat: the request id is the key.

        Refused: BadInput, NotFound, NotAllowed, Mismatch, AlreadyOpen, AlreadyEnded; then nothing has changed.
        """
        with self.database.transaction() as session:
            row = known(session, CaseKind.CLOSURE, request.request_id, request, "Request")
            if row is None:
                return self._begin(session, case_id, request, at)
            policy, hashes = self.policies[row.policy], self._hashes(request)
            day = policy.calendar.day(at)
            facts = facts_during(session, self.books, row, policy, policy, day, hashes)
            return _opened(session, policy, row, facts, blockers(facts, policy))

    @activity.defn
    def policy(self, version: str) -> Policy:
        """The policy to pin."""
        return self.policies[version]

    @activity.defn
    def found(self, step: Step, checked: Checked) -> None:
        """Record what the case itself found."""
        with self.database.once(step.key, None, str) as effect:
            if not effect.done:
                case_of(effect.session, step)
                record(effect.session, step, checked)
                effect.record("recorded")

    @activity.defn
    def note(self, step: Step, what: str, why: str) -> None:
        """Add a link to the trail."""
        with self.database.once(step.key, None, str) as effect:
            if not effect.done:
                note(effect.session, step, what, why)
                effect.record("noted")

    @activity.defn
    def adopt(self, step: Step) -> str:
        """The case goes on under the policy that the step names."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return effect.result
            row = case_of(effect.session, step)
            old, row.policy = row.policy, step.policy
            note(effect.session, step, "policy adopted", evidence={"old": old, "new": step.policy})
            return effect.record(step.policy)

    @activity.defn
    def release(self, step: Step, ending: Ending) -> None:
        """The case ends without closing: the lock comes off, open tasks are withdrawn."""
        with self.database.once(step.key, None, str) as effect:
            if not effect.done:
                row = case_of(effect.session, step)
                self.books.unlock(effect.session, row.account, step.dossier)
                _free_closing_day(effect.session, step)
                row.outcome, row.words = ending.outcome, ending.words
                _withdraw_tasks(effect.session, step)
                note(effect.session, step, f"closing lock off, {ending.outcome}", ending.words)
                effect.record("released")

    @activity.defn
    def seal(self, step: Step, ending: Ending) -> TrailHead:
        """The last link of the trail, and its hash."""
        with self.database.once(step.key, None, TrailHead) as effect:
            if effect.done:
                return effect.result
            row = case_of(effect.session, step)
            row.outcome, row.words, row.ended_at = ending.outcome, ending.words, step.at
            row.held = False
            _withdraw_tasks(effect.session, step)
            note(effect.session, step, f"case ended: {ending.outcome}", ending.words)
            effect.session.flush()
            return effect.record(trail.head(effect.session, step.dossier))

    def _begin(self, session: Session, case_id: str, request: ClosureRequest, at: datetime) -> Opened:
        # Which policy is in force cannot be asked of a policy: the day is that of the books.
        policy = self.policies.for_new_case_on(at.astimezone(FIRM_ZONE).date())
        day, hashes = policy.calendar.day(at), self._hashes(request)
        facts = facts_before(session, self.books, request.account, policy, day, request=request, hashes=hashes)
        faults = [*_document_faults(facts), *_people_faults(facts)]
        faults += [*_account_faults(case_id, request, facts.account), *_day_faults(policy, request, at)]
        if faults:
            raise bad_input("closure request", faults)
        found = blockers(facts, policy)
        _refuse_impossible(request.account, found)
        row = self._row(session, case_id, facts, policy, at)
        self.books.lock(session, row.account, row.dossier)
        _begin_trail(session, row, request, found)
        return _opened(session, policy, row, facts, found)

    def _row(self, session: Session, case_id: str, facts: ClosureFacts, policy: Policy, at: datetime) -> CaseRow:
        request = facts.asked
        row = new_dossier(
            session, case_id, CaseKind.CLOSURE, request.request_id, request, policy, at,
            customer=facts.customer.id, language=request.language or facts.customer.language,
            account=facts.account.id, initiator=request.initiator,
        )  # fmt: skip
        move_expected(session, policy, row, at)
        return row

    def _hashes(self, request: ClosureRequest) -> Hashes:
        return {document.reference: self.evidence.sha256_of(document.reference) for document in request.documents}


def _begin_trail(session: Session, row: CaseRow, request: ClosureRequest, found: Iterable[Blocker]) -> None:
    evidence = {document.reference: document.sha256 for document in request.documents} | {"request": row.request_hash}
    kinds = dict.fromkeys(str(each.kind) for each in in_short(found))
    evidence |= {"blockers": ", ".join(kinds)} if kinds else {}
    who = request.requested_by or request.initiator
    trail.append(
        session, row.dossier, who=who, what=f"request {request.request_id} received, closing lock on",
        why=request.reason.code, evidence=evidence, policy=row.policy, at=row.opened_at,
    )  # fmt: skip


def _document_faults(facts: ClosureFacts) -> Iterator[Fault]:
    """A document that is not in the store yet may still arrive; one with another hash is another document."""
    for n, document in enumerate(facts.asked.documents):
        stored = facts.hashes[document.reference]
        if stored and stored != document.sha256:
            words = f"is not the hash of {document.reference} in the evidence store"
            yield Fault(path=f"documents[{n}].sha256", message=words)


def _people_faults(facts: ClosureFacts) -> Iterator[Fault]:
    who = facts.asked.requested_by
    if who and facts.asked.initiator is Initiator.CUSTOMER:
        yield Fault(path="requested_by", message="is for requests of the firm or a regulator")
    elif who and who not in {person.id for person in facts.staff}:
        yield Fault(path="requested_by", message=f"{who} is not in the staff directory")


def _account_faults(case_id: str, request: ClosureRequest, account: AccountFacts) -> Iterator[Fault]:
    if case_id != closure_id(request.account):
        yield Fault(path="account", message=f"{request.account} does not belong to {case_id}")
    if request.customer != account.customer:
        yield Fault(path="customer", message=f"{request.customer} does not hold account {account.id}")
    if request.initiator is Initiator.CUSTOMER and request.payout is None and account.balance.minor > 0:
        yield Fault(path="payout", message="is needed, since the account holds money")


def _day_faults(policy: Policy, request: ClosureRequest, at: datetime) -> Iterator[Fault]:
    furthest = policy.calendar.day(at) + timedelta(days=policy.schedule.furthest_days)
    if request.wished_on and request.wished_on > furthest:
        yield Fault(path="wished_on", message=f"is too far ahead; the last day that can be wished is {furthest}")


def _refuse_impossible(account: str, found: Sequence[Blocker]) -> None:
    """What no remedy of the case could overcome."""
    for kind, (code, words) in _IMPOSSIBLE.items():
        why = [each for each in found if each.kind is kind]
        if why:
            detail = "; ".join(each.detail for each in why)
            first = why[0]
            raise Refused(code, words.format(account=account, detail=detail, on=first.since, by=first.subject))


def _opened(session: Session, policy: Policy, row: CaseRow, facts: ClosureFacts, found: Sequence[Blocker]) -> Opened:
    return opened(
        session, policy, row, facts.customer, facts.asked.reason.code, requested_by=facts.asked.requested_by,
        blockers=in_short(found), asked_of_customer=asked_of_customer(found, row.language),
    )  # fmt: skip


def _withdraw_tasks(session: Session, step: Step) -> None:
    open_ = select(TaskRow).where(TaskRow.dossier == step.dossier, TaskRow.ended_at == None)  # noqa: E711
    for task in session.exec(open_):
        task.state, task.ended_at = TaskState.WITHDRAWN, step.at


def _free_closing_day(session: Session, step: Step) -> None:
    """A day that was agreed and not used is free for somebody else."""
    booked = session.get(ClosingDayRow, step.dossier)
    if booked:
        session.delete(booked)
