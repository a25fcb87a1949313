"""受理 and the end: open a case or refuse it, take the lock off, seal the trail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, func, select
from temporalio import activity

from activities.casework import case_of, move_expected, note, record
from contracts.books import AccountFacts
from contracts.findings import Checked
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.requests import ClosureRequest
from contracts.steps import Ending, Opened, Step, TrailHead
from contracts.tasks import TaskState
from contracts.text import moment_text
from contracts.vocabulary import AccountStatus, CaseKind, CustomerKind, Initiator, Outcome, Stage
from gateways.books import Books
from gateways.books_journal import FIRM_ZONE
from gateways.calendar_days import calendar_of
from gateways.evidence import EvidenceStore
from policy import Policies, Policy
from records import trail
from records.canonical import fingerprint
from records.database import Database
from records.tables import CaseRow, ClosingDayRow, TaskRow


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
            row = _known(session, request) or self._begin(session, case_id, request, at)
            customer = self.books.customer(session, row.customer)
            return _opened(session, self.policies[row.policy], row, request, customer.kind)

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

    def _begin(self, session: Session, case_id: str, request: ClosureRequest, at: datetime) -> CaseRow:
        account = self.books.account(session, request.account)
        customer = self.books.customer(session, account.customer)
        # Which policy is in force cannot be asked of a policy: the day is that of the books.
        policy = self.policies.for_new_case_on(at.astimezone(FIRM_ZONE).date())
        faults = [*self._document_faults(request), *self._people_faults(session, request)]
        faults += [*_account_faults(case_id, request, account), *_day_faults(policy, request, at)]
        if faults:
            raise bad_input("closure request", faults)
        _refuse_closed_or_locked(account)
        n = session.exec(select(func.count()).where(CaseRow.case_id == case_id)).one() + 1
        row = CaseRow(
            dossier=f"{case_id}.{n}",
            case_id=case_id,
            n=n,
            kind=CaseKind.CLOSURE,
            request_id=request.request_id,
            request=request.model_dump_json(),
            request_hash=_hash(request),
            account=account.id,
            customer=customer.id,
            language=request.language or customer.language,
            initiator=request.initiator,
            policy=policy.version,
            stage=Stage.RECEIVED,
            outcome=Outcome.OPEN,
            opened_at=at,
            expected_by=at,
        )
        session.add(row)
        move_expected(session, policy, row, at)
        self.books.lock(session, account.id, row.dossier)
        evidence = {document.reference: document.sha256 for document in request.documents}
        who = request.requested_by or request.initiator
        trail.append(
            session, row.dossier, who=who, what=f"request {request.request_id} received, closing lock on",
            why=request.reason.code, evidence=evidence | {"request": row.request_hash}, policy=policy.version, at=at,
        )  # fmt: skip
        return row

    def _document_faults(self, request: ClosureRequest) -> list[Fault]:
        """A document that is not in the store yet may still arrive; one with another hash is another document."""
        faults = []
        for n, document in enumerate(request.documents):
            stored = self.evidence.sha256_of(document.reference)
            if stored and stored != document.sha256:
                words = f"is not the hash of {document.reference} in the evidence store"
                faults.append(Fault(path=f"documents[{n}].sha256", message=words))
        return faults

    def _people_faults(self, session: Session, request: ClosureRequest) -> list[Fault]:
        if request.requested_by and request.initiator is Initiator.CUSTOMER:
            return [Fault(path="requested_by", message="is for requests of the firm or a regulator")]
        known = {person.id for person in self.books.staff(session)}
        if request.requested_by and request.requested_by not in known:
            return [Fault(path="requested_by", message=f"{request.requested_by} is not in the staff directory")]
        return []


def _account_faults(case_id: str, request: ClosureRequest, account: AccountFacts) -> Iterator[Fault]:
    if case_id != f"closure-{request.account}":
        yield Fault(path="account", message=f"{request.account} does not belong to {case_id}")
    if request.customer != account.customer:
        yield Fault(path="customer", message=f"{request.customer} does not hold account {account.id}")
    if request.initiator is Initiator.CUSTOMER and request.payout is None and account.balance.minor > 0:
        yield Fault(path="payout", message="is needed, since the account holds money")


def _day_faults(policy: Policy, request: ClosureRequest, at: datetime) -> Iterator[Fault]:
    furthest = policy.calendar.day(at) + timedelta(days=policy.schedule.furthest_days)
    if request.wished_on and request.wished_on > furthest:
        yield Fault(path="wished_on", message=f"is too far ahead; the last day that can be wished is {furthest}")


def _refuse_closed_or_locked(account: AccountFacts) -> None:
    if account.status is AccountStatus.CLOSED:
        raise Refused(Code.NOT_ALLOWED, f"Account {account.id} was closed on {account.closed_on}.")
    if account.lock:
        raise Refused(Code.ALREADY_OPEN, f"Account {account.id} has an open closure: {account.lock}.")


def _known(session: Session, request: ClosureRequest) -> CaseRow | None:
    """The case that this request opened before."""
    same = select(CaseRow).where(CaseRow.kind == CaseKind.CLOSURE, CaseRow.request_id == request.request_id)
    row = session.exec(same).first()
    if row is None:
        return None
    if row.request_hash != _hash(request):
        raise Refused(Code.MISMATCH, f"Request {request.request_id} was sent before with other content.")
    if row.ended_at:
        raise Refused(
            Code.ALREADY_ENDED,
            f"Request {request.request_id} was case {row.case_id}; it ended as {row.outcome}"
            f" at {moment_text(row.ended_at)}.",
        )
    return row


def _opened(session: Session, policy: Policy, row: CaseRow, request: ClosureRequest, kind: CustomerKind) -> Opened:
    earlier = select(func.count()).where(TaskRow.case_id == row.case_id, TaskRow.dossier != row.dossier)
    return Opened(
        case=row.case_id,
        dossier=row.dossier,
        kind=row.kind,
        policy=row.policy,
        initiator=row.initiator,
        customer_kind=kind,
        language=row.language,
        requested_by=request.requested_by,
        reason=request.reason.code,
        expected_by=row.expected_by,
        tasks_before=session.exec(earlier).one(),
        provisional=calendar_of(session, policy).provisional_between(row.opened_at, row.expected_by),
    )


def _withdraw_tasks(session: Session, step: Step) -> None:
    open_ = select(TaskRow).where(TaskRow.dossier == step.dossier, TaskRow.ended_at == None)  # noqa: E711
    for task in session.exec(open_):
        task.state, task.ended_at = TaskState.WITHDRAWN, step.at


def _free_closing_day(session: Session, step: Step) -> None:
    """A day that was agreed and not used is free for somebody else."""
    booked = session.get(ClosingDayRow, step.dossier)
    if booked:
        session.delete(booked)


def _hash(request: ClosureRequest) -> str:
    return fingerprint(request.model_dump(mode="json"))
