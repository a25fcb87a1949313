"""处理: what is done about each kind of finding. One coroutine a row of the exceptions table in docs/process.md."""

from collections.abc import Callable, Coroutine
from typing import Any

from contracts.findings import Finding, FindingKind
from contracts.tasks import TaskOption
from contracts.vocabulary import Outcome
from workflows.case_people import CasePeople

Remedy = Callable[[CasePeople, Finding], Coroutine[Any, Any, None]]

FIXED = TaskOption(name="fixed")
ACCEPT = TaskOption(name="accept", reason_needed=True)
END = TaskOption(name="end", reason_needed=True)

# How a case ends when a person decides that a finding ends it; the firm rejects it where nothing else is said.
_ENDINGS = {FindingKind.CUSTOMER_REFUSAL: Outcome.REFUSED}


async def by_the_role(case: CasePeople, finding: Finding) -> None:
    """The responsible role deals with it: `fixed` (it is checked again), `accept` where the policy allows it, or `end`
    as long as no money has moved."""
    rule = case.policy.finding(finding.kind)
    options = [FIXED]
    if rule.accept:
        options.append(ACCEPT)
    if not case.money_moved and not case.concluding:
        options.append(END)
    decision = await case.ask_staff(
        finding.kind,
        finding.detail,
        (rule.role,),
        options,
        ladder=rule.ladder,
        finding=finding.fingerprint,
    )
    match decision.option:
        case "accept":
            case.accepted.add(finding.fingerprint)
        case "end":
            case.end(_ENDINGS.get(finding.kind, Outcome.REJECTED), decision.reason)


REMEDIES: dict[FindingKind, Remedy] = {
    FindingKind.ACCOUNT_INFO_ERROR: by_the_role,
    FindingKind.IDENTITY_UNPROVEN: by_the_role,
    FindingKind.CONTACT_INVALID: by_the_role,
    FindingKind.SCREENING_HIT: by_the_role,
    FindingKind.HIGH_RISK: by_the_role,
    FindingKind.IMPLAUSIBLE_REASON: by_the_role,
    FindingKind.CUSTOMER_REFUSAL: by_the_role,
    FindingKind.INSUFFICIENT_BALANCE: by_the_role,
    FindingKind.RECEIVABLE_OPEN: by_the_role,
    FindingKind.BOOKS_DISAGREE: by_the_role,
    FindingKind.ACCOUNT_FROZEN: by_the_role,
    FindingKind.CONTRACT_INCOMPLETE: by_the_role,
    FindingKind.OBLIGATION_OPEN: by_the_role,
    FindingKind.NOTICE_PERIOD: by_the_role,
    FindingKind.REGULATION_CHANGE: by_the_role,
    FindingKind.CHECKLIST_FAILED: by_the_role,
    FindingKind.SCHEDULE_CONFLICT: by_the_role,
    FindingKind.PAYOUT_FAILED: by_the_role,
    FindingKind.INSTRUMENTS_MISSING: by_the_role,
    FindingKind.HANDOVER_UNSIGNED: by_the_role,
    FindingKind.SYSTEM_FAULT: by_the_role,
    FindingKind.INTERNAL_PROCESS: by_the_role,
}


def remedy_for(kind: FindingKind) -> Remedy:
    """The remedy for a kind."""
    return REMEDIES[kind]
