"""处理: what is done about each kind of finding. One coroutine a row of the exceptions table in docs/process.md."""

from collections.abc import Callable, Coroutine
from typing import Any

from contracts.findings import Finding, FindingKind
from contracts.tasks import DecisionReceipt, TaskOption
from contracts.vocabulary import Outcome, Role
from policy.model import FindingRule
from workflows.case_people import CasePeople

Remedy = Callable[[CasePeople, Finding], Coroutine[Any, Any, None]]

FIXED = TaskOption(name="fixed")
ACCEPT = TaskOption(name="accept", reason_needed=True)
END = TaskOption(name="end", reason_needed=True)
RETURN = TaskOption(
    name="return", reason_needed=True, wants="to", among=(Role.CUSTOMER.value, Role.CUSTOMER_SERVICE.value)
)

# How a case ends when a person decides that a finding ends it; the firm rejects it where nothing else is said.
_ENDINGS = {FindingKind.CUSTOMER_REFUSAL: Outcome.REFUSED}


async def by_the_role(case: CasePeople, finding: Finding) -> None:
    """The responsible role deals with it: `fixed` (it is checked again), `accept` where the policy allows it, `return`
    to ask the customer or the customer's desk something, or `end` as long as no money has moved."""
    decision = await _decided(case, finding)
    match decision.option:
        case "accept":
            case.accepted.add(finding.fingerprint)
        case "end":
            case.end(_ENDINGS.get(finding.kind, Outcome.REJECTED), decision.reason)


async def _decided(case: CasePeople, finding: Finding) -> DecisionReceipt:
    """How a finding was decided. Whoever lacks something to decide it asks, and gets it back with the answer; the clock
    goes on, except while the customer is waited for."""
    rule, facts = case.policy.finding(finding.kind), dict[str, str]()
    matter: tuple[str, ...] = ()
    while True:
        decision = await case.ask_staff(
            finding.kind,
            finding.detail,
            (rule.role,),
            _options(case, rule),
            ladder=rule.ladder,
            finding=finding.fingerprint,
            notice="answered_information" if matter else "task",
            facts=facts,
            continues=matter,
        )
        if decision.option != RETURN.name:
            return decision
        answered = await case.inquire(decision)
        matter = (*matter, decision.task, answered.task)
        facts = {"question": decision.reason, "answer": answered.words, "answered_by": answered.by}


def _options(case: CasePeople, rule: FindingRule) -> list[TaskOption]:
    options = [FIXED, ACCEPT, RETURN] if rule.accept else [FIXED, RETURN]
    return options if case.money_moved or case.concluding else [*options, END]


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
