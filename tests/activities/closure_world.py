"""A made-up closing in which nothing stands in the way, and what can be changed about it, one thing at a time."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from activities.closure_facts import CaseFacts, CaseTask, ClosureFacts, KnownFinding
from contracts.books import (
    AccountFacts,
    AgreementFacts,
    ContactFacts,
    CustomerFacts,
    EntryFacts,
    FreezeFacts,
    Instrument,
    InstrumentKind,
    Obligation,
    PendingFacts,
    ReceivableFacts,
    Side,
    StaffFacts,
)
from contracts.findings import Finding, FindingKind, FindingState
from contracts.money import Money
from contracts.requests import ClosureRequest, Document, Payout, Reason
from contracts.vocabulary import (
    AccountStatus,
    CustomerKind,
    DocumentKind,
    FreezeBy,
    Initiator,
    Intake,
    Language,
    Medium,
    ReasonCode,
    Risk,
    Role,
    Stage,
)
from policy import Policies

ROOT = Path(__file__).parents[2]
POLICIES = Policies(ROOT / "policy")
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
POLICY = POLICIES.in_force_on(TODAY)


def cny(text: str) -> Money:
    return Money.parse(text, "CNY")


ACCOUNT = AccountFacts(
    id="ACC-1", customer="CUS-1", currency="CNY", balance=cny("1000.00"), stated_balance=cny("1000.00"),
    status=AccountStatus.ACTIVE, opened_on=date(2019, 4, 1), last_used_on=date(2026, 11, 1),
)  # fmt: skip
MAIL = ContactFacts(channel=Medium.EMAIL, address="z@example.com", verified=True, preferred=True)
CUSTOMER = CustomerFacts(
    id="CUS-1", kind=CustomerKind.PERSON, name="张伟", identity_number="11010519491231002X",
    identity_expires_on=date(2031, 5, 1), language=Language.ZH, since=date(2019, 4, 1), risk=Risk.LOW, contacts=(MAIL,),
)  # fmt: skip
AGREEMENT = AgreementFacts(
    id="AGR-1", account="ACC-1", signed_on=date(2019, 4, 1), signed=True, sealed=True, notice_days=0,
    obligations=(Obligation(id="OBL-1", text="return cheque book", side=Side.CUSTOMER, done=True),),
    instruments=(Instrument(id="INS-1", kind=InstrumentKind.CARD, returned=True),),
)  # fmt: skip
CARD = Document(kind=DocumentKind.IDENTITY_CARD, reference="id.jpg", sha256="a" * 64)
REQUEST = ClosureRequest(
    request_id="REQ-1", account="ACC-1", customer="CUS-1", initiator=Initiator.CUSTOMER, channel=Intake.BRANCH,
    reason=Reason(code=ReasonCode.COST), payout=Payout(name="张伟", account="6222020200112233445", bank="ICBC"),
    documents=(CARD,),
)  # fmt: skip
STAFF = tuple(
    StaffFacts(id=f"{role}.{n}", name=f"{role} {n}", email=f"{role}.{n}@firm.example.com", roles=(role,))
    for role in Role
    for n in (1, 2)
    if role is not Role.CUSTOMER
)
NOTHING = ClosureFacts(
    account=ACCOUNT, customer=CUSTOMER, today=TODAY, received=TODAY, newest=POLICY, agreements=(AGREEMENT,), staff=STAFF
)
ASKED = replace(NOTHING, request=REQUEST, hashes={"id.jpg": "a" * 64})
CASE = CaseFacts("closure-ACC-1.1", Stage.REVIEWS, held=False, risk=Risk.LOW)
RUNNING = replace(ASKED, case=CASE, account=ACCOUNT.model_copy(update={"lock": CASE.dossier}))


def account(**changes: Any) -> ClosureFacts:
    return replace(NOTHING, account=ACCOUNT.model_copy(update=changes))


def customer(**changes: Any) -> ClosureFacts:
    return replace(NOTHING, customer=CUSTOMER.model_copy(update=changes))


def agreement(**changes: Any) -> ClosureFacts:
    return replace(NOTHING, agreements=(AGREEMENT.model_copy(update=changes),))


def request(**changes: Any) -> ClosureFacts:
    return replace(ASKED, request=REQUEST.model_copy(update=changes))


def case(**changes: Any) -> ClosureFacts:
    return replace(RUNNING, case=CASE._replace(**changes))


def owing(amount: str) -> ClosureFacts:
    fee = ReceivableFacts(id="RCV-1", amount=cny(amount), due_on=date(2026, 10, 1), text="fee")
    return replace(NOTHING, receivables=(fee,))


def frozen(by: FreezeBy) -> ClosureFacts:
    freeze = FreezeFacts(by=by, reference="(2026)沪01执123号", since=date(2026, 7, 20))
    return account(freeze=freeze, status=AccountStatus.FROZEN)


def obligation(side: Side) -> ClosureFacts:
    return agreement(obligations=(Obligation(id="OBL-1", text="vouchers of 2026", side=side, done=False),))


def inflow(amount: str) -> ClosureFacts:
    entry = EntryFacts(id="E", reference="IN-1", at=NOW, text="in", amount=cny(amount), balance_after=cny(amount))
    return replace(NOTHING, entries=(entry,))


def known(state: FindingState, kind: FindingKind, subject: str = "") -> KnownFinding:
    return KnownFinding(Finding(kind=kind, subject=subject, detail="as it was found"), state, TODAY)


def task(name: str, *roles: Role, finding: str = "", option: str | None = None) -> CaseTask:
    return CaseTask(f"t-{name}", name, f"about {name}", roles, finding, TODAY, TODAY, option is None, option)


def company(**changes: Any) -> ClosureFacts:
    papers = {"licence_number": "91310115MA1K4X2T9M", "licence_expires_on": date(2039, 1, 1)}
    return customer(kind=CustomerKind.COMPANY, **papers | changes)


PENDING = PendingFacts(id="PEN-1", amount=cny("-20.00"), settles_on=date(2026, 12, 1), text="card")
OLDER = POLICIES["2026-11-01"]
