"""What is known of a closing before and during its case: the facts that the rules are put to, and how a case stands."""

import json
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from activities import checks
from activities.casework import request_of
from contracts.books import (
    AccountFacts,
    AgreementFacts,
    CustomerFacts,
    EntryFacts,
    PendingFacts,
    ReceivableFacts,
    StaffFacts,
)
from contracts.findings import Finding, FindingKind, FindingState
from contracts.requests import ClosureRequest, Document, Reason
from contracts.tasks import TaskSpec, TaskState
from contracts.vocabulary import CaseKind, DocumentKind, Initiator, Intake, ReasonCode, Risk, Role, Stage
from gateways.books import Books
from gateways.casebook import open_adjustments
from gateways.hearing import roles_of
from gateways.rollouts import rolled_out
from policy import Policy
from records.people_tables import HoldRow
from records.tables import CaseRow, FindingRow, TaskRow

_TO_COME = "0" * 64

Hashes = dict[str, str | None]
"""The SHA-256 of each document by its reference; null for one that the evidence store does not hold."""


class KnownFinding(NamedTuple):
    """A finding of the case, and how it stands."""

    finding: Finding
    state: FindingState
    since: date


class CaseTask(NamedTuple):
    """A task of the case. `finding`: the fingerprint of the one it is about; `option`: how it was decided."""

    task: str
    name: str
    subject: str
    roles: tuple[Role, ...]
    finding: str
    since: date
    due: date
    open: bool
    option: str | None


class CaseFacts(NamedTuple):
    """How a running case stands."""

    dossier: str
    stage: Stage
    held: bool
    risk: Risk
    findings: tuple[KnownFinding, ...] = ()
    tasks: tuple[CaseTask, ...] = ()


@dataclass(frozen=True)
class ClosureFacts:
    """All that the rules of a closing ask about. `request` and `case` are null before a case; `hashes` are those of the
    evidence store; `received`: the day of the request; `newest`: the policy in force today; `staff`: everybody."""

    account: AccountFacts
    customer: CustomerFacts
    today: date
    received: date
    newest: Policy
    agreements: tuple[AgreementFacts, ...] = ()
    receivables: tuple[ReceivableFacts, ...] = ()
    pending: tuple[PendingFacts, ...] = ()
    adjustments: tuple[str, ...] = ()
    entries: tuple[EntryFacts, ...] = ()
    staff: tuple[StaffFacts, ...] = ()
    request: ClosureRequest | None = None
    hashes: Hashes = field(default_factory=dict)
    case: CaseFacts | None = None

    @property
    def asked(self) -> ClosureRequest:
        """The request; facts without one go through `with_request` first."""
        assert self.request
        return self.request

    @property
    def known(self) -> tuple[KnownFinding, ...]:
        """The findings of the case."""
        return self.case.findings if self.case else ()

    @property
    def tasks(self) -> tuple[CaseTask, ...]:
        """The tasks of the case."""
        return self.case.tasks if self.case else ()

    def passes(self, stage: Stage) -> bool:
        """Whether the closing still passes this stage, or is in it."""
        order = list(Stage)
        return self.case is None or order.index(self.case.stage) <= order.index(stage)

    def risk_points(self, policy: Policy) -> dict[str, int]:
        """The points of each fact that makes the risk."""
        hits = [each for each in self.known if each.finding.kind is FindingKind.SCREENING_HIT]
        accepted = any(each.state is FindingState.ACCEPTED for each in hits)
        return checks.risk_points(
            policy, self.account, self.customer, self.entries, self.asked, self.today, accepted_hit=accepted
        )


def with_request(facts: ClosureFacts, policy: Policy) -> ClosureFacts:
    """Where nobody has asked yet, the natural request: the customer asks, for no special reason, and brings the papers
    that the rule would miss."""
    if facts.request:
        return facts
    bare = ClosureRequest(
        request_id="not-made-yet",
        account=facts.account.id,
        customer=facts.customer.id,
        initiator=Initiator.CUSTOMER,
        channel=Intake.BRANCH,
        reason=Reason(code=ReasonCode.OTHER),
    )
    missed = [DocumentKind(each.subject) for each in checks.documents(bare, facts.customer, policy, {})]
    papers = tuple(Document(kind=kind, reference=kind, sha256=_TO_COME) for kind in missed)
    request = bare.model_copy(update={"documents": papers})
    return replace(facts, request=request, hashes={paper.reference: _TO_COME for paper in papers})


def facts_before(
    session: Session, books: Books, account_id: str, newest: Policy, today: date, *, entries: bool = True, **asked: Any
) -> ClosureFacts:
    """What the books say before a case. `entries`: whether they are read too, of which there may be very many; `asked`:
    the request, and the hashes of its documents, once there is one."""
    account = books.account(session, account_id)
    return ClosureFacts(
        account=account,
        customer=books.customer(session, account.customer),
        today=today,
        newest=newest,
        agreements=books.agreements(session, account_id),
        receivables=books.receivables(session, account_id),
        pending=books.pending(session, account_id),
        adjustments=open_adjustments(session, account_id),
        entries=books.entries(session, account_id) if entries else (),
        staff=books.staff(session),
        **{"received": today} | asked,
    )


def facts_during(
    session: Session,
    books: Books,
    row: CaseRow,
    policy: Policy,
    newest: Policy,
    today: date,
    hashes: Hashes,
    *,
    entries: bool = True,
) -> ClosureFacts:
    """What books and records say of a case under `policy`. A policy whose rollout asks each case counts as its own."""
    return facts_before(
        session,
        books,
        row.account,
        policy if rolled_out(session, newest.version) else newest,
        today,
        entries=entries,
        received=policy.calendar.day(row.opened_at),
        request=request_of(row),
        hashes=hashes,
        case=case_facts(session, row, policy),
    )


def running_case(session: Session, account: str) -> CaseRow | None:
    """The closure of the account that has not ended."""
    mine = select(CaseRow).where(CaseRow.account == account, CaseRow.kind == CaseKind.CLOSURE)
    return session.exec(mine.where(CaseRow.ended_at == None).order_by(col(CaseRow.n).desc())).first()  # noqa: E711


def case_facts(session: Session, row: CaseRow, policy: Policy) -> CaseFacts:
    """How the case stands in the records."""
    findings = select(FindingRow).where(FindingRow.dossier == row.dossier).order_by(col(FindingRow.raised_at))
    tasks = select(TaskRow).where(TaskRow.dossier == row.dossier).order_by(col(TaskRow.shown_at), col(TaskRow.task))
    return CaseFacts(
        dossier=row.dossier,
        stage=Stage(row.stage),
        held=row.held and _paused_by_staff(session, row),
        risk=row.risk,
        findings=tuple(_known(each, policy) for each in session.exec(findings)),
        tasks=tuple(_task(each, policy) for each in session.exec(tasks)),
    )


def _paused_by_staff(session: Session, row: CaseRow) -> bool:
    """A disruption that suspends the case is a finding of its own."""
    standing = select(HoldRow).where(HoldRow.dossier == row.dossier, HoldRow.until == None)  # noqa: E711
    holds = session.exec(standing).all()
    return not holds or any(not hold.disruption for hold in holds)


def _known(row: FindingRow, policy: Policy) -> KnownFinding:
    finding = Finding(kind=row.kind, subject=row.subject, detail=row.detail, facts=json.loads(row.facts))
    return KnownFinding(finding, row.state, policy.calendar.day(row.raised_at))


def _task(row: TaskRow, policy: Policy) -> CaseTask:
    day = policy.calendar.day
    return CaseTask(
        task=row.task,
        name=row.name,
        subject=row.subject,
        roles=roles_of(row),
        finding=TaskSpec.model_validate_json(row.spec).finding,
        since=day(row.shown_at),
        due=day(row.due_at),
        open=row.state in (TaskState.OPEN, TaskState.CLAIMED),
        option=row.option,
    )
