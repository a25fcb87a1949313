"""为何不能销户? Every blocker of a closing at once, by the very checks that the stages make: pure, for all who ask."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from activities import checks
from activities.blocker_grounds import ground_of
from activities.closure_facts import ClosureFacts, with_request
from activities.responsibility import Need, in_words, unmanned
from contracts.blockers import Blocker, BlockerLine, Obstacle, way_of
from contracts.findings import Finding, FindingKind, FindingState
from contracts.vocabulary import AccountStatus, Language, Risk, Role, Stage
from notices import words
from policy import Policy


def blockers(facts: ClosureFacts, policy: Policy) -> tuple[Blocker, ...]:
    """All that stands in the way of closing, then all that lies ahead; `facts` with a request, or without one yet."""
    if facts.account.status is AccountStatus.CLOSED and facts.case is None:
        return (_closed(facts),)
    asked = with_request(facts, policy)
    findings = _findings(asked, policy)
    found = (_of_finding(asked, policy, finding) for finding in findings)
    still_asked = _asked_of_the_request(asked, policy) if facts.request is None else ()
    nobody = (_nobody(policy, need) for need in unmanned(asked, policy, findings, risk_of(asked, policy)))
    return (*_obstacles(facts), *nobody, *found, *_open_tasks(facts), *still_asked, *_ahead(asked, policy))


def in_short(found: Iterable[Blocker]) -> tuple[BlockerLine, ...]:
    """What stands in the way, as a case keeps it; its open tasks it knows itself."""
    return tuple(each.line for each in found if not each.ahead and each.kind is not Obstacle.TASK_OPEN)


# ---- what the rules find -------------------------------------------------------------------------------------------


def _identity(facts: ClosureFacts, policy: Policy) -> Iterator[Finding]:
    yield from checks.papers(facts.customer, facts.today)
    yield from checks.payee(facts.customer, facts.asked)
    yield from checks.reachable(facts.customer)
    yield from checks.documents(facts.asked, facts.customer, policy, facts.hashes)
    yield from checks.high_risk(policy, facts.risk_points(policy))


def _reason(facts: ClosureFacts, policy: Policy) -> Iterator[Finding]:
    return checks.implausible(policy, facts.account, facts.customer, facts.entries, facts.asked, facts.today)


def _contract(facts: ClosureFacts, _policy: Policy) -> Iterator[Finding]:
    return checks.contract(facts.customer, facts.agreements, facts.asked, facts.received, facts.today)


def _compliance(facts: ClosureFacts, policy: Policy) -> Iterator[Finding]:
    yield from checks.checklist(policy, facts.account, facts.customer, facts.receivables, facts.asked)
    yield from checks.newer_policy(policy, facts.newest)


def _settlement(facts: ClosureFacts, policy: Policy) -> Iterator[Finding]:
    yield from checks.finance(policy, facts.account, facts.receivables, facts.adjustments)
    yield from checks.unsettled(facts.pending)


def _instruments(facts: ClosureFacts, _policy: Policy) -> Iterator[Finding]:
    return checks.instruments(facts.agreements)


def _frozen(facts: ClosureFacts, _policy: Policy) -> Iterator[Finding]:
    return checks.frozen(facts.account)


RULES: tuple[tuple[Stage, Callable[[ClosureFacts, Policy], Iterator[Finding]]], ...] = (
    (Stage.IDENTITY, _identity),
    (Stage.REASON, _reason),
    (Stage.COMPLIANCE, _contract),
    (Stage.COMPLIANCE, _compliance),
    (Stage.SETTLEMENT, _settlement),
    (Stage.TERMINATION, _instruments),
    (Stage.CLOSED, _frozen),
)
"""The checks, each with the last stage that makes it: a case that is past it is not asked again."""


def _findings(facts: ClosureFacts, policy: Policy) -> list[Finding]:
    """Those that are open in the case, and those that the rules find; what was accepted is no blocker any more."""
    found = {each.finding.fingerprint: each.finding for each in facts.known if each.state is FindingState.OPEN}
    for last, rule in RULES:
        if facts.passes(last):
            found |= {finding.fingerprint: finding for finding in rule(facts, policy)}
    accepted = {each.finding.fingerprint for each in facts.known if each.state is FindingState.ACCEPTED}
    return [finding for name, finding in found.items() if name not in accepted]


# ---- as blockers ---------------------------------------------------------------------------------------------------


def _of_finding(facts: ClosureFacts, policy: Policy, finding: Finding) -> Blocker:
    """Who decides it is whoever has its task, else the role that the policy names."""
    rule, ground = policy.finding(finding.kind), ground_of(facts, policy, finding)
    task = next((each for each in facts.tasks if each.open and each.finding == finding.fingerprint), None)
    roles = task.roles if task else (rule.role,)
    raised = (each.since for each in facts.known if each.finding.fingerprint == finding.fingerprint)
    return _blocker(
        finding.kind,
        roles[0],
        finding.detail,
        finding.subject,
        ground.variant,
        evidence=ground.evidence,
        override=roles if rule.accept else (),
        since=ground.since or next(raised, None),
        until=ground.until,
        task=task.task if task else None,
    )


def _blocker(
    kind: FindingKind | Obstacle, owner: Role, detail: str, subject: str = "", variant: str = "", **known: Any
) -> Blocker:
    way = way_of(kind, variant)
    return Blocker(
        kind=kind,
        subject=subject,
        detail=detail,
        owner=owner,
        way=way,
        way_out=words(way, Language.EN),
        way_out_zh=words(way, Language.ZH),
        customer_can=way.customer_can,
        **known,
    )


def _closed(facts: ClosureFacts) -> Blocker:
    on = facts.account.closed_on
    return _blocker(Obstacle.ACCOUNT_CLOSED, Role.CUSTOMER_SERVICE, f"the account was closed on {on}", since=on)


def _obstacles(facts: ClosureFacts) -> Iterator[Blocker]:
    lock, case = facts.account.lock, facts.case
    if lock and (case is None or lock != case.dossier):
        yield _blocker(Obstacle.CLOSING_LOCK, Role.OPERATIONS, f"the account is locked by {lock}", lock)
    if case and case.held:
        yield _blocker(Obstacle.CASE_PAUSED, Role.SUPERVISOR, "staff paused the case", case.dossier)


def _nobody(policy: Policy, need: Need) -> Blocker:
    owner = policy.finding(FindingKind.INTERNAL_PROCESS).role
    detail = f"{need.step} takes {in_words(need.rule)}; there are too few, deputies included"
    return _blocker(Obstacle.NOBODY_RESPONSIBLE, owner, detail, need.step)


def _open_tasks(facts: ClosureFacts) -> Iterator[Blocker]:
    """Those about no finding: approvals, what the customer is asked, attestations."""
    for task in facts.tasks:
        if task.open and not task.finding:
            owner, dated = task.roles[0], {"since": task.since, "until": task.due}
            yield _blocker(Obstacle.TASK_OPEN, owner, task.subject, task.name, owner, task=task.task, **dated)


# ---- what lies ahead: nothing is wrong with it ---------------------------------------------------------------------


def _asked_of_the_request(facts: ClosureFacts, policy: Policy) -> Iterator[Blocker]:
    desk = policy.finding(FindingKind.IDENTITY_UNPROVEN).role
    for paper in facts.asked.documents:
        yield _blocker(Obstacle.DOCUMENT_WANTED, desk, f"the request brings the {paper.kind}", paper.kind)
    if facts.account.balance.minor > 0:
        detail = f"the request names an account of the customer's own for {facts.account.balance}"
        yield _blocker(Obstacle.PAYOUT_WANTED, desk, detail)


def _ahead(facts: ClosureFacts, policy: Policy) -> Iterator[Blocker]:
    if facts.passes(Stage.IDENTITY):
        desk = policy.finding(FindingKind.SCREENING_HIT).role
        yield _blocker(Obstacle.SCREENING, desk, "the names are looked up on the sanction list")
    if facts.passes(Stage.COMPLIANCE):
        yield from _attestations(facts, policy)
    if facts.passes(Stage.APPROVAL) and not any(task.open and task.name == "approval" for task in facts.tasks):
        yield _approval(policy, risk_of(facts, policy))


def _attestations(facts: ClosureFacts, policy: Policy) -> Iterator[Blocker]:
    told = {task.name for task in facts.tasks if task.open or task.option == "attested"}
    for item in policy.checklist:
        applies = item.applies(facts.customer.kind, facts.asked.initiator)
        if item.attested_by and applies and f"attest_{item.id}" not in told:
            detail = f"to be attested by {item.attested_by}: {item.en}"
            yield _blocker(Obstacle.ATTESTATION, item.attested_by, detail, item.id, evidence={"source": item.source})


def _approval(policy: Policy, risk: Risk) -> Blocker:
    rule = policy.approvals[risk]
    detail = f"risk is {risk}: {in_words(rule)} approve"
    return _blocker(Obstacle.APPROVAL, rule.roles[0], detail, risk, evidence={"source": rule.source})


def risk_of(facts: ClosureFacts, policy: Policy) -> Risk:
    """As the case graded it, or as it will."""
    if facts.case and not facts.passes(Stage.IDENTITY):
        return facts.case.risk
    return checks.grade(policy, sum(facts.risk_points(policy).values()))
