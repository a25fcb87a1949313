"""What in the books speaks for a finding, since when and until when; no name, number or address of anybody."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from activities import checks
from activities.closure_facts import ClosureFacts
from contracts.blockers import WAYS
from contracts.books import AgreementFacts
from contracts.findings import Finding, FindingKind
from contracts.vocabulary import CustomerKind
from policy import Policy


class Ground(NamedTuple):
    """`variant` chooses the way out, where a kind has several."""

    evidence: dict[str, str] = {}
    variant: str = ""
    since: date | None = None
    until: date | None = None


def ground_of(facts: ClosureFacts, policy: Policy, finding: Finding) -> Ground:
    """What speaks for the finding. What the books say no more has no evidence but the finding's own."""
    look = _GROUNDS.get(finding.kind)
    ground = look(facts, policy, finding) if look else Ground()
    variant = ground.variant or (finding.subject if (finding.kind, finding.subject) in WAYS else "")
    return ground._replace(evidence=finding.facts | ground.evidence, variant=variant)


def _papers(facts: ClosureFacts, _policy: Policy, finding: Finding) -> Ground:
    customer = facts.customer
    person = customer.kind is CustomerKind.PERSON
    expires = customer.identity_expires_on if person else customer.licence_expires_on
    expired = finding.subject == "expiry"
    return Ground({"customer": customer.id}, since=expires if expired else None)


def _contacts(facts: ClosureFacts, _policy: Policy, _finding: Finding) -> Ground:
    verified = sum(contact.verified for contact in facts.customer.contacts)
    return Ground({"contacts": str(len(facts.customer.contacts)), "verified": str(verified)})


def _risk(facts: ClosureFacts, policy: Policy, _finding: Finding) -> Ground:
    points = {name: str(count) for name, count in facts.risk_points(policy).items()}
    return Ground(points | {"high from": str(policy.risk.high)})


def _reason(facts: ClosureFacts, _policy: Policy, _finding: Finding) -> Ground:
    return Ground({"reason": facts.asked.reason.code})


def _debt(facts: ClosureFacts, _policy: Policy, _finding: Finding) -> Ground:
    owed = {each.id: f"{each.amount}, due on {each.due_on}" for each in facts.receivables}
    totals = {"balance": str(facts.account.balance), "owed": str(checks.owed(facts.account, facts.receivables))}
    return Ground(totals | owed, since=min((each.due_on for each in facts.receivables), default=None))


def _freeze(facts: ClosureFacts, _policy: Policy, _finding: Finding) -> Ground:
    freeze = facts.account.freeze
    if freeze is None:
        return Ground()
    return Ground({"by": freeze.by, "reference": freeze.reference}, freeze.by, since=freeze.since)


def _agreement(facts: ClosureFacts, _policy: Policy, finding: Finding) -> Ground:
    agreement, held = _parts(facts, finding)
    if agreement is None:
        return Ground()
    evidence = {"agreement": agreement.id, "signed on": agreement.signed_on.isoformat()}
    if finding.kind is FindingKind.CONTRACT_INCOMPLETE:
        evidence |= {"signed": _yes(agreement.signed), "sealed": _yes(agreement.sealed)}
    side = next((each.side for each in agreement.obligations if each.id == held), "")
    return Ground(evidence | ({"side": side} if side else {}), side)


def _notice(facts: ClosureFacts, _policy: Policy, finding: Finding) -> Ground:
    agreement, _ = _parts(facts, finding)
    days = {"notice days": str(agreement.notice_days)} if agreement else {}
    ends = finding.facts.get("ends")
    return Ground(days, since=facts.received, until=date.fromisoformat(ends) if ends else None)


def _line(_facts: ClosureFacts, policy: Policy, finding: Finding) -> Ground:
    line = next((item for item in policy.checklist if item.id == finding.subject), None)
    return Ground({"source": line.source} if line else {}, line.test if line else "")


def _newer(facts: ClosureFacts, policy: Policy, _finding: Finding) -> Ground:
    return Ground({"in force": facts.newest.version, "case": policy.version}, since=facts.newest.effective)


def _on_its_way(facts: ClosureFacts, _policy: Policy, finding: Finding) -> Ground:
    pending = next((each for each in facts.pending if each.id == finding.subject), None)
    return Ground({"amount": str(pending.amount)}, until=pending.settles_on) if pending else Ground()


def _parts(facts: ClosureFacts, finding: Finding) -> tuple[AgreementFacts | None, str]:
    """The agreement that a subject such as `AGR-1/OBL-1` names, and what hangs on it."""
    name, _, held = finding.subject.partition("/")
    return next((each for each in facts.agreements if each.id == name), None), held


def _yes(value: bool) -> str:
    return "yes" if value else "no"


_GROUNDS: dict[FindingKind, Callable[[ClosureFacts, Policy, Finding], Ground]] = {
    FindingKind.ACCOUNT_INFO_ERROR: _papers,
    FindingKind.IDENTITY_UNPROVEN: _papers,
    FindingKind.CONTACT_INVALID: _contacts,
    FindingKind.HIGH_RISK: _risk,
    FindingKind.IMPLAUSIBLE_REASON: _reason,
    FindingKind.INSUFFICIENT_BALANCE: _debt,
    FindingKind.RECEIVABLE_OPEN: _debt,
    FindingKind.ACCOUNT_FROZEN: _freeze,
    FindingKind.CONTRACT_INCOMPLETE: _agreement,
    FindingKind.OBLIGATION_OPEN: _agreement,
    FindingKind.NOTICE_PERIOD: _notice,
    FindingKind.REGULATION_CHANGE: _newer,
    FindingKind.CHECKLIST_FAILED: _line,
    FindingKind.SCHEDULE_CONFLICT: _on_its_way,
    FindingKind.INSTRUMENTS_MISSING: _agreement,
}
"""The others have the finding's own facts only, such as the score of a screening hit."""
