"""处理: what is done about each kind of finding. One coroutine a row of the exceptions table in docs/process.md."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from activities.cases import Cases
from activities.desk import Desk
from activities.mending import Mending
from contracts.books import CustomerField
from contracts.findings import Finding, FindingKind
from contracts.mending import Change, Release
from contracts.tasks import TaskOption
from contracts.vocabulary import CaseKind, FreezeBy, Outcome, ShortfallWay
from policy.work import Approvals
from workflows import occurrences
from workflows.adjusting import ADJUST, adjusted, over
from workflows.calls import Outlasted, call
from workflows.remedy_shapes import ACCEPT, FIXED, approved, by_the_role, corrected, decided, of_the_role, planned
from workflows.stops import Moot

if TYPE_CHECKING:
    from workflows.case import Case

Remedy = Callable[[Any, Finding], Coroutine[Any, Any, None]]
"""On a Case, which knows of this file: so it is Any here."""

CAUSE_FIXED = TaskOption(name="fixed", reason_needed=True)  # the reason is the cause, for prevention
CONFIRMED = TaskOption(name="confirmed")
RELEASED = TaskOption(name="released", wants="reference")  # by the authority
RELEASE = TaskOption(name="release", reason_needed=True)  # our own freeze
REVIEW_AGAIN = TaskOption(name="review_again", reason_needed=True)

OWN_FREEZE = (TaskOption(name="release"), TaskOption(name="keep", reason_needed=True))  # what the customer may say


async def account_info_error(case: Case, finding: Finding) -> None:
    """账户信息错误: the error confirmed, the customer asked for what is wrong and nothing else, corrected with a second
    person's approval and the old value kept, checked again by who found it, and noted for training."""
    if finding.subject not in set(CustomerField):
        return await _by_the_role_or_adjusted(case, finding)
    if case.policy.info_change is None:
        return await by_the_role(case, finding)
    confirmed = await decided(case, finding, (CONFIRMED, FIXED))
    if confirmed.option != CONFIRMED.name:
        return None
    field = CustomerField(finding.subject)
    answer = await case.ask_customer(
        "correct_details", f"the right {field}", (TaskOption(name="corrected", wants="value"),), facts={"field": field}
    )
    if answer is None:
        return await by_the_role(case, finding)
    change = Change(field=field, value=str(answer.data["value"]), by=answer.by, reason=finding.detail)
    wrong = await case.carried_out(Mending.unusable, change)
    if wrong:
        return await by_the_role(case, finding.model_copy(update={"detail": f"{finding.detail}. {wrong}"}))
    if await corrected(case, change, confirmed.by, answer.heard_by):
        await case.learn(finding, finding.detail)
    return None


async def books_disagree(case: Case, finding: Finding) -> None:
    """账实不符: an adjustment that is open is waited for; else the responsible role may have one begun; then the books
    are looked at again."""
    if running := finding.facts.get("adjustment"):
        await over(case, running)
    else:
        await _by_the_role_or_adjusted(case, finding)


async def _by_the_role_or_adjusted(case: Case, finding: Finding) -> None:
    """The responsible role, which may also find that entries are wrong: an adjustment is begun and waited for."""
    if case.policy.adjustments is None or case.kind is CaseKind.ADJUSTMENT:
        return await by_the_role(case, finding)
    decision = await planned(case, finding, (*of_the_role(case, finding), ADJUST))
    if decision.option == ADJUST.name:
        case.remarks += (await adjusted(case, decision),)
    return None


async def customer_refusal(case: Case, finding: Finding) -> None:
    """客户拒绝销户: the reason is known; other solutions are offered; refused again, the supervising role decides."""
    rules = case.policy.refusal
    if rules is None:
        return await by_the_role(case, finding)
    offers = case.offer_words(rules.offers)
    options = [TaskOption(name=name) for name in ("agree", *(offer.id for offer in rules.offers))]
    answer = await case.ask_customer(
        "refusal_offer", "solutions other than closing", [*options, TaskOption(name="object", reason_needed=True)],
        ladder=rules.ladder, facts={"offers": offers, "reason": case.required.reason},
    )  # fmt: skip
    match answer.option if answer else "":
        case "agree":
            await case.overcome(finding, "the customer agrees after all")
        case "" | "object":
            words = f"{finding.detail}; to our offers: {answer.reason if answer else 'no answer'}"
            await by_the_role(case, finding.model_copy(update={"detail": words}))
        case offer:
            case.end(Outcome.RETAINED, offer)
    return None


async def insufficient_balance(case: Case, finding: Finding) -> None:
    """余额不足: what is short and why; the customer chooses; the money is waited for; on it goes."""
    rules = case.policy.shortfall
    if rules is None:
        return await by_the_role(case, finding)
    now = await case.carried_out(Mending.short)
    ways = [way for way in rules.options if way is not ShortfallWay.SET_OFF or now.set_off]
    answer = await case.ask_customer(
        "shortfall", finding.detail, [TaskOption(name=way) for way in ways], facts={"short": str(now.short)}
    )
    match answer.option if answer else "":
        case ShortfallWay.TOP_UP:
            met = await case.money_comes(rules.top_up_within)
        case ShortfallWay.INSTALMENT:
            met = await case.money_comes(rules.instalments_within)
        case ShortfallWay.SET_OFF:
            met = bool(await case.carried_out(Mending.set_off))
        case ShortfallWay.FEE_WAIVER:
            met = await _waived(case, rules.waiver_approval, answer.heard_by if answer else "")
        case _:
            met = False
    return None if met else await by_the_role(case, finding)


async def _waived(case: Case, rule: Approvals, barred: str) -> bool:
    """减免: within the limit by the policy's word, above it by approval."""
    now = await case.carried_out(Mending.short)
    by, short = f"policy {case.policy.version}", str(now.short)
    if not now.waivable:
        by = await approved(case, "fee_waiver", short, rule, [barred], short=short)
    return bool(by and await case.carried_out(Mending.waive, now.short, by))


async def account_frozen(case: Case, finding: Finding) -> None:
    """账户冻结: a court's, the tax office's or the police's freeze ends by their word and paper only; the firm's own by
    approval; the customer's own by the customer. Meanwhile it is waited for, with reminders; then the checks again."""
    if case.policy.info_change is None:
        return await by_the_role(case, finding)
    match finding.facts.get("by", ""):
        case FreezeBy.BANK:
            await _released_by_the_firm(case, finding)
        case FreezeBy.CUSTOMER:
            await _released_by_the_customer(case, finding)
        case _:
            await _released_by_the_authority(case, finding)
    case.invalidate("finance", "compliance")
    return None


async def _released_by_the_authority(case: Case, finding: Finding) -> None:
    """`fixed`: the books say so already. Without the authority's paper nothing is released, and it is asked again."""
    while (said := await decided(case, finding, (RELEASED, FIXED))).option == RELEASED.name:
        release = Release(by=said.by, reference=str(said.data["reference"]), reason=said.reason, task=said.task)
        if await case.carried_out(Mending.release_freeze, finding, release):
            return


async def _released_by_the_firm(case: Case, finding: Finding) -> None:
    """As many approve as would approve the closure."""
    said, rule = await decided(case, finding, (RELEASE, FIXED)), case.policy.approvals[case.risk]
    if said.option == RELEASE.name:
        by = await approved(case, "release_freeze", said.reason, rule, [said.by], **finding.facts)
        if by:
            release = Release(by=by, reference=finding.facts["reference"], reason=said.reason)
            await case.carried_out(Mending.release_freeze, finding, release)


async def _released_by_the_customer(case: Case, finding: Finding) -> None:
    answer = await case.ask_customer("own_freeze", "your own freeze", OWN_FREEZE)
    if answer is None or answer.option != RELEASE.name:
        return await by_the_role(case, finding)
    release = Release(by=answer.by, reference=finding.facts["reference"])
    await case.carried_out(Mending.release_freeze, finding, release)
    return None


async def regulation_change(case: Case, finding: Finding) -> None:
    """法律法规变更: the case keeps its rules, or is reviewed again by the new ones as long as settlement has not begun;
    put on the training list."""
    again = () if case.settling else (REVIEW_AGAIN,)
    decision = await decided(case, finding, (ACCEPT, *again))
    if decision.option == REVIEW_AGAIN.name:
        await case.adopt(finding.facts.get("version", finding.subject))
    await case.learn(finding, decision.reason)


async def system_fault(case: Case, finding: Finding) -> None:
    """系统故障: the contingency plan, the cause found and repaired, the customer told; resumed where it stopped. When
    several steps fail at once, the plan is started once and the customer told once."""
    if case.policy.plan_for(finding.kind) is None:
        return await by_the_role(case, finding)
    told = case.alike(finding)[0] != finding or case.concluding
    beside = () if told else (_apologise(case, finding),)
    decision = await planned(case, finding, (CAUSE_FIXED,), *beside)
    case.done_with(finding)
    await case.learn(finding, decision.reason)
    return None


async def internal_process(case: Case, finding: Finding) -> None:
    """内部流程问题: the supervising role sees to it that somebody is responsible; it is looked at again until somebody
    is, or the task in question was decided after all."""
    task = finding.facts.get("task")
    with suppress(Moot):
        await by_the_role(case, finding)
        while task and not await case.carried_out(Desk.manned, task):
            await decided(case, finding, (FIXED,))


async def _apologise(case: Case, finding: Finding) -> None:
    """道歉: with the new day, where the records can say it: it may be they that are out of order."""
    facts, patience = {"why": str(finding.kind)}, case.patience("check")
    try:
        new = await call(Mending.new_day, case.step("new_day"), finding.kind, summary="the new day", patience=patience)
        facts |= {"expected_by": case.day(new.expected_by)} | ({"stands": "yes"} if new.stands else {})
    except Outlasted as fault:
        step, what = case.step("no-new-day"), "no new day can be named"
        await case.surely(Cases.note, step, what, f"{fault.step}: {fault.kind}", summary=what)
    await case.tell("apology", facts)


REMEDIES: Mapping[FindingKind, Remedy] = dict.fromkeys(FindingKind, by_the_role) | {
    FindingKind.ACCOUNT_INFO_ERROR: account_info_error,
    FindingKind.CUSTOMER_REFUSAL: customer_refusal,
    FindingKind.INSUFFICIENT_BALANCE: insufficient_balance,
    FindingKind.BOOKS_DISAGREE: books_disagree,
    FindingKind.ACCOUNT_FROZEN: account_frozen,
    FindingKind.REGULATION_CHANGE: regulation_change,
    FindingKind.SYSTEM_FAULT: system_fault,
    FindingKind.INTERNAL_PROCESS: internal_process,
    FindingKind.CUSTOMER_INFO_CHANGE: occurrences.customer_info_change,
    FindingKind.CUSTOMER_COMPLAINT: occurrences.customer_complaint,
    FindingKind.CUSTOMER_NEED_CHANGE: occurrences.customer_need_change,
    FindingKind.EXTERNAL_EVENT: occurrences.external_event,
}


def remedy_for(kind: FindingKind) -> Remedy:
    """The remedy for a kind."""
    return REMEDIES[kind]
