"""The shape that remedies share: the responsible role decides, somebody approves, the customer says a value."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from activities.mending import Mending
from contracts.findings import Finding, FindingKind
from contracts.mending import Change
from contracts.tasks import DecisionReceipt, TaskOption
from contracts.vocabulary import Outcome, Role
from policy.model import PlanStep
from policy.work import Approvals

if TYPE_CHECKING:
    from workflows.case import Case

FIXED = TaskOption(name="fixed")
DONE = TaskOption(name="done")
CONFIRM, DENY = TaskOption(name="confirm"), TaskOption(name="deny")
ACCEPT = TaskOption(name="accept", reason_needed=True)
APPROVE = TaskOption(name="approve")
REJECT = TaskOption(name="reject", reason_needed=True, final=True)
END = TaskOption(name="end", reason_needed=True)
RETURN = TaskOption(
    name="return", reason_needed=True, wants="to", among=(Role.CUSTOMER.value, Role.CUSTOMER_SERVICE.value)
)

# How a case ends when a person decides that a finding ends it; the firm rejects it where nothing else is said.
_ENDINGS = {FindingKind.CUSTOMER_REFUSAL: Outcome.REFUSED}


async def by_the_role(case: Case, finding: Finding) -> None:
    """The responsible role deals with it: `fixed` (it is checked again), `accept` where the policy allows it, `return`
    to ask the customer or the customer's desk something, or `end` as long as no money has moved. Beside it the plan, if
    the policy has one for the kind."""
    await planned(case, finding, of_the_role(case, finding))


def of_the_role(case: Case, finding: Finding) -> tuple[TaskOption, ...]:
    """What the responsible role can always say to a finding, but for asking and ending."""
    return (FIXED, ACCEPT) if case.policy.finding(finding.kind).accept else (FIXED,)


async def decided(case: Case, finding: Finding, options: Sequence[TaskOption], **more: Any) -> DecisionReceipt:
    """How the responsible role decides a finding: one of `options`, or an end to the case. Whoever lacks something to
    decide it asks, and gets it back with the answer; its clock goes on, except while the customer is waited for."""
    rule = case.policy.finding(finding.kind)
    every = (*options, RETURN, *(() if case.money_moved or case.concluding else (END,)))
    more = {"ladder": rule.ladder, "finding": finding.fingerprint} | more
    decision = await asked_back(case, finding.kind, finding.detail, (rule.role,), every, **more)
    match decision.option:
        case ACCEPT.name:
            case.accepted.add(finding.fingerprint)
        case END.name:
            case.end(_ENDINGS.get(finding.kind, Outcome.REJECTED), decision.reason)
    return decision


async def asked_back(
    case: Case, name: str, subject: str, roles: Sequence[Role], options: Sequence[TaskOption], **more: Any
) -> DecisionReceipt:
    """A staff decision. Whoever lacks something to decide it asks, and gets it back with the answer; its clock goes on,
    except while the customer is waited for. `more` are further fields of TaskSpec."""
    matter: tuple[str, ...] = more.pop("continues", ())
    told: dict[str, Any] = {}
    while True:
        decision = await case.ask_staff(name, subject, roles, options, continues=matter, **more | told)
        if decision.option != RETURN.name:
            return decision
        answered = await case.inquire(decision)
        matter = (*matter, decision.task, answered.task)
        facts = {"question": decision.reason, "answer": answered.words, "answered_by": answered.by}
        told = {"notice": "answered_information", "facts": more.get("facts", {}) | facts}


async def planned(
    case: Case, finding: Finding, options: Sequence[TaskOption], *beside: Coroutine[Any, Any, Any]
) -> DecisionReceipt:
    """应急预案: how the responsible role decides a finding; beside it the steps of the policy's plan are tasks of their
    owners. Of several such findings at once the first one starts the plan; without a plan it is the decision alone."""
    first = case.alike(finding)[0].fingerprint == finding.fingerprint
    plan = case.policy.plan_for(finding.kind) if first else None
    steps = (_carried_out(case, finding, step, plan.deputies) for step in plan.steps) if plan else ()
    decision: DecisionReceipt
    decision, *_ = await case.side_by_side(decided(case, finding, options), *beside, *steps)
    return decision


async def _carried_out(case: Case, finding: Finding, step: PlanStep, deputies: Sequence[Role]) -> None:
    words, facts = f"{step.zh} / {step.en}", {"because": finding.fingerprint}
    await case.ask_staff(f"plan_{step.id}", words, (step.owner, *deputies), (DONE,), facts=facts)


async def approved(
    case: Case, name: str, subject: str, rule: Approvals, barred: Sequence[str], ladder: str = "staff", **facts: str
) -> str:
    """Who approved something that the barred want done; empty when it was rejected."""
    decision = await ruled(case, name, subject, rule, barred, ladder, **facts)
    return decision.by if decision.option == APPROVE.name else ""


async def ruled(
    case: Case, name: str, subject: str, rule: Approvals, barred: Sequence[str], ladder: str = "staff", **facts: str
) -> DecisionReceipt:
    """What became of something that the barred want done: approved by as many as the rule says, or rejected with a
    reason."""
    decision = await case.ask_staff(
        name, subject, rule.roles, (APPROVE, REJECT),
        needed=rule.needed, must_include=rule.must_include, different_roles=rule.different_roles,
        barred=tuple(sorted({*barred} - {""})), ladder=ladder, facts=facts,
    )  # fmt: skip
    case.made_by(decision)
    return decision


async def corrected(case: Case, change: Change, *proposers: str) -> bool:
    """A field of the customer's record is corrected when somebody else than the proposers approves."""
    rules = case.policy.info_change
    if rules is None:
        raise AssertionError("corrections need the policy's rules")
    rule = Approvals(needed=1, roles=rules.approval)
    by = await approved(case, "correct_record", f"correct {change.field}", rule, proposers, field=change.field)
    if by:
        await case.carried_out(Mending.correct, change.model_copy(update={"approved_by": by}))
    return bool(by)


def not_empty(**facts: str) -> dict[str, str]:
    """The facts that say something."""
    return {name: words for name, words in facts.items() if words}
