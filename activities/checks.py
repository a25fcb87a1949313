"""What can be found: pure functions from facts to findings, one for each rule. They read no clock and no records."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from contracts.books import AccountFacts, AgreementFacts, CustomerFacts, EntryFacts, PendingFacts, ReceivableFacts
from contracts.findings import Finding, FindingKind
from contracts.money import Money
from contracts.requests import ClosureRequest
from contracts.vocabulary import AccountStatus, CustomerKind, FreezeBy, Initiator, ReasonCode, Risk
from gateways.identity import expired, valid_identity_number, valid_licence_number
from gateways.names import same_name
from policy.model import Policy

AUTHORITIES = {FreezeBy.COURT, FreezeBy.TAX, FreezeBy.POLICE}


def found(kind: FindingKind, detail: str, subject: str = "", **facts: str) -> Finding:
    """A finding."""
    return Finding(kind=kind, subject=subject, detail=detail, facts=facts)


# ---- 身份验证 --------------------------------------------------------------------------------


def papers(customer: CustomerFacts, today: date) -> Iterator[Finding]:
    """The papers that the books know: check digits and expiry."""
    person = customer.kind is CustomerKind.PERSON
    number = customer.identity_number if person else customer.licence_number
    expires = customer.identity_expires_on if person else customer.licence_expires_on
    valid = valid_identity_number if person else valid_licence_number
    name = "identity_number" if person else "licence_number"
    if not number or not valid(number):
        yield found(
            FindingKind.ACCOUNT_INFO_ERROR, f"the {name} in the books is missing or has a wrong check digit", name
        )
    if expired(expires, today):
        yield found(FindingKind.IDENTITY_UNPROVEN, f"the paper behind the {name} expired on {expires}", "expiry")


def payee(customer: CustomerFacts, request: ClosureRequest) -> Iterator[Finding]:
    """The payout goes to an account in the customer's own name."""
    if request.payout and not same_name(request.payout.name, customer.name):
        words = "the payout account is not in the customer's own name"
        yield found(FindingKind.ACCOUNT_INFO_ERROR, words, "payout_name")


def reachable(customer: CustomerFacts) -> Iterator[Finding]:
    """There is a verified contact."""
    if not any(contact.verified for contact in customer.contacts):
        yield found(FindingKind.CONTACT_INVALID, "the customer has no verified contact", "none")


def documents(
    request: ClosureRequest, customer: CustomerFacts, policy: Policy, hashes: dict[str, str | None]
) -> Iterator[Finding]:
    """The documents that the policy asks for are there, and each is the one that was sent. `hashes` are those of the
    evidence store, None for a document that it does not hold."""
    kinds = {document.kind for document in request.documents}
    wanted = policy.identity.documents.get(customer.kind, ()) if request.initiator is Initiator.CUSTOMER else ()
    for kind in wanted:
        if kind not in kinds:
            yield found(FindingKind.IDENTITY_UNPROVEN, f"the request comes without {kind}", kind)
    for document in request.documents:
        stored = hashes[document.reference]
        if stored != document.sha256:
            words = "is not in the evidence store" if stored is None else "was changed: its hash is another"
            detail = f"{document.reference} {words}"
            yield found(FindingKind.IDENTITY_UNPROVEN, detail, document.reference, sha256=document.sha256)


# ---- 风险 --------------------------------------------------------------------------------


def risk_points(
    policy: Policy, account: AccountFacts, customer: CustomerFacts, entries: Sequence[EntryFacts],
    request: ClosureRequest, today: date, *, accepted_hit: bool,
) -> dict[str, int]:  # fmt: skip
    """The points of each fact that is so."""
    so = {
        "graded_medium": customer.risk is Risk.MEDIUM,
        "graded_high": customer.risk is Risk.HIGH,
        "open_complaint": customer.complaints_open > 0,
        "large_balance": _reaches(account.balance, policy.risk.large_balance),
        "frozen_by_authority": account.freeze is not None and account.freeze.by in AUTHORITIES,
        "young_relation": today - customer.since < timedelta(days=365),
        "large_inflow": _reaches(_inflow(account, entries, policy, today), policy.reason.inflow),
        "accepted_screening_hit": accepted_hit,
        "regulator": request.initiator is Initiator.REGULATOR,
    }
    return {name: policy.risk.points.get(name, 0) for name, holds in so.items() if holds}


def grade(policy: Policy, points: int) -> Risk:
    """The grade that the points make."""
    return Risk.HIGH if points >= policy.risk.high else Risk.MEDIUM if points >= policy.risk.medium else Risk.LOW


def high_risk(policy: Policy, points: dict[str, int]) -> Iterator[Finding]:
    """A high grade needs somebody's word."""
    if grade(policy, sum(points.values())) is Risk.HIGH:
        reasons = ", ".join(f"{name}: {count}" for name, count in points.items())
        yield found(FindingKind.HIGH_RISK, f"risk is high: {reasons}")


# ---- 销户原因 --------------------------------------------------------------------------------


def implausible(
    policy: Policy, account: AccountFacts, customer: CustomerFacts, entries: Sequence[EntryFacts],
    request: ClosureRequest, today: date,
) -> Iterator[Finding]:  # fmt: skip
    """恶意销户? The reason does not fit who gives it, a dispute is open, or much money came in just now."""
    rules, code = policy.reason, request.reason.code
    if code in rules.only_companies and customer.kind is CustomerKind.PERSON:
        yield _doubt(f"a person's account is not closed for {code}", "kind")
    if code in rules.only_firm and request.initiator is Initiator.CUSTOMER:
        yield _doubt(f"{code} is a reason of the firm, not of the customer", "initiator")
    idle_since = today - timedelta(days=rules.idle_days_if_dormant)
    if code is ReasonCode.DORMANT and account.last_used_on and account.last_used_on > idle_since:
        yield _doubt(f"called dormant, but used on {account.last_used_on}", "dormant")
    if customer.complaints_open:
        yield _doubt(f"{customer.complaints_open} complaints of the customer are open", "dispute")
    inflow = _inflow(account, entries, policy, today)
    if _reaches(inflow, rules.inflow):
        yield _doubt(f"{inflow} came in within {rules.inflow_days} days", "inflow")


def _doubt(detail: str, subject: str) -> Finding:
    return found(FindingKind.IMPLAUSIBLE_REASON, detail, subject)


# ---- 财务 --------------------------------------------------------------------------------


def owed(account: AccountFacts, receivables: Sequence[ReceivableFacts]) -> Money:
    """What the customer owes the firm on this account."""
    return sum((each.amount for each in receivables), Money(minor=0, currency=account.currency))


def finance(
    policy: Policy, account: AccountFacts, receivables: Sequence[ReceivableFacts], adjustments: Sequence[str] = ()
) -> Iterator[Finding]:
    """Balances against entries, open adjustments, what is owed against the balance, blocked amounts."""
    yield from adjusting(adjustments)
    if account.balance != account.stated_balance:
        yield found(
            FindingKind.BOOKS_DISAGREE, "the stated balance is not the sum of the entries",
            stated=str(account.stated_balance), entries=str(account.balance),
        )  # fmt: skip
    debt = owed(account, receivables)
    if short := tuple(shortage(account, receivables)):
        yield from short
    elif debt.minor and exceeds(debt, policy.settlement.set_off_limit):
        names = ", ".join(each.id for each in receivables)
        words = f"{debt} are owed ({names}), more than is set off without asking"
        yield found(FindingKind.RECEIVABLE_OPEN, words, str(debt))  # a larger debt is another finding
    yield from frozen(account)


def shortage(account: AccountFacts, receivables: Sequence[ReceivableFacts]) -> Iterator[Finding]:
    """What is owed beyond the balance; an overdrawn account is short of what it is overdrawn by."""
    debt, balance = owed(account, receivables), account.balance
    if balance.minor < debt.minor:
        short = debt - balance
        there = f"{balance} are there" if balance.minor >= 0 else f"the account is overdrawn by {-balance}"
        words = f"{short} are short: {debt} are owed, {there}"
        yield found(FindingKind.INSUFFICIENT_BALANCE, words, short=str(short))


def adjusting(adjustments: Sequence[str]) -> Iterator[Finding]:
    """Cases that put the books of the account right and are not over yet."""
    for each in adjustments:
        yield found(FindingKind.BOOKS_DISAGREE, f"{each} is not over yet", each, adjustment=each)


def unsettled(pending: Sequence[PendingFacts]) -> Iterator[Finding]:
    """Transactions that are still on their way when the account is to be settled."""
    for each in pending:
        words = f"{each.id} ({each.amount}) is still on its way, to settle on {each.settles_on}"
        yield found(FindingKind.SCHEDULE_CONFLICT, words, each.id)


def frozen(account: AccountFacts) -> Iterator[Finding]:
    """冻结: who froze the account, and under which reference."""
    if account.freeze:
        freeze = account.freeze
        words = f"frozen by {freeze.by} since {freeze.since}, reference {freeze.reference}"
        yield found(FindingKind.ACCOUNT_FROZEN, words, by=freeze.by, reference=freeze.reference)


# ---- 合同 --------------------------------------------------------------------------------


def contract(
    customer: CustomerFacts, agreements: Sequence[AgreementFacts], request: ClosureRequest, received: date, today: date
) -> Iterator[Finding]:
    """Signed and sealed, nothing left to do on either side, the notice period over by the closing day."""
    for agreement in agreements:
        if agreement.ended_on:
            continue
        missing = [] if agreement.signed else ["signature"]
        if customer.kind is CustomerKind.COMPANY and not agreement.sealed:
            missing.append("seal")
        if missing:
            words = f"agreement {agreement.id} lacks {' and '.join(missing)}"
            yield found(FindingKind.CONTRACT_INCOMPLETE, words, agreement.id)
        for left in agreement.obligations:
            if not left.done:
                words = f"the {left.side} still has to: {left.text}"
                yield found(FindingKind.OBLIGATION_OPEN, words, f"{agreement.id}/{left.id}")
        yield from _notice(agreement, request, received, today)


def _notice(agreement: AgreementFacts, request: ClosureRequest, received: date, today: date) -> Iterator[Finding]:
    ends = received + timedelta(days=agreement.notice_days)
    closing = max(request.wished_on or today, today)
    if closing < ends:
        words = f"the notice of {agreement.notice_days} days under {agreement.id} ends on {ends}, after {closing}"
        yield found(FindingKind.NOTICE_PERIOD, words, agreement.id, ends=ends.isoformat())


def instruments(agreements: Sequence[AgreementFacts]) -> Iterator[Finding]:
    """Cheque books, seals, tokens and cards that did not come back."""
    for agreement in agreements:
        for held in agreement.instruments:
            if not held.returned:
                subject = f"{agreement.id}/{held.id}"
                yield found(FindingKind.INSTRUMENTS_MISSING, f"the {held.kind} {held.id} is not back", subject)


# ---- 合规 --------------------------------------------------------------------------------


def checklist(
    policy: Policy, account: AccountFacts, customer: CustomerFacts, receivables: Sequence[ReceivableFacts],
    request: ClosureRequest,
) -> Iterator[Finding]:  # fmt: skip
    """The lines that a named test answers; a test that nobody knows has not passed."""
    kinds = {document.kind for document in request.documents}
    passed = {
        "no_debt_beyond_balance": owed(account, receivables).minor <= account.balance.minor,
        "no_authority_freeze": account.freeze is None or account.freeze.by not in AUTHORITIES,
        "documents_complete": set(policy.identity.documents.get(customer.kind, ())) <= kinds,
        "regulator_order_present": any(kind == "regulator_order" for kind in kinds),
    }
    for item in policy.checklist:
        applies = item.applies(customer.kind, request.initiator) and item.test
        if applies and not passed.get(item.test, False):
            yield found(FindingKind.CHECKLIST_FAILED, f"not met: {item.en} ({item.source})", item.id)


def newer_policy(policy: Policy, newest: Policy) -> Iterator[Finding]:
    """Another policy has come into force since the case was opened."""
    if newest.version != policy.version:
        words = f"policy {newest.version} is in force since {newest.effective}, the case has {policy.version}"
        yield found(FindingKind.REGULATION_CHANGE, words, newest.version)


# ---- small things --------------------------------------------------------------------------------


def _inflow(account: AccountFacts, entries: Sequence[EntryFacts], policy: Policy, today: date) -> Money:
    since = today - timedelta(days=policy.reason.inflow_days)
    recent = [
        each.amount
        for each in entries
        if each.amount.minor > 0 and each.at.date() >= since and not each.reference.startswith("opening/")
    ]
    return sum(recent, Money(minor=0, currency=account.currency))


def can_give(account: AccountFacts, currency: str) -> bool:
    """Whether money can be taken from this account to cover what is short on another one of the customer."""
    free = account.status in (AccountStatus.ACTIVE, AccountStatus.DORMANT) and not (account.freeze or account.lock)
    return free and account.currency == currency and account.balance.minor > 0


def _reaches(amount: Money, limits: dict[str, str]) -> bool:
    """Whether the amount reaches the limit of its currency; a currency without one has none."""
    limit = limits.get(amount.currency)
    return limit is not None and amount.minor >= Money.parse(limit, amount.currency).minor


def exceeds(amount: Money, limits: dict[str, str]) -> bool:
    """Whether the amount is above the limit; a currency without one allows nothing."""
    return amount.minor > Money.parse(limits.get(amount.currency, "0"), amount.currency).minor
