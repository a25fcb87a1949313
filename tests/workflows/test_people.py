"""Who may decide what: four eyes, two approvers, decisions sent twice, by signal, and for the customer by telephone."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.findings import FindingState
from contracts.refusals import Code, Refused
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import Role
from gateways.books_file import load_books
from tests.support.firm import ROOT, Firm, eventually

MEDIUM = "ACC-1012"  # its holder is graded medium
NOT_A_REASON_OF_PERSONS = {"code": "merger"}


async def confirmed(firm: Firm, account: str = "ACC-1001", **changes: Any) -> str:
    """A closure whose customer has confirmed it."""
    receipt = await firm.open(account, **changes)
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    return receipt.case


async def high_risk_approval(firm: Firm) -> str:
    """The approval of a closure that a regulator orders, of an account whose holder is graded medium: risk is high."""
    order = firm.request(MEDIUM).documents[0].model_dump(mode="json") | {"kind": "regulator_order"}
    await firm.open(MEDIUM, initiator="regulator", documents=[order])
    await firm.decide(await firm.task("high_risk"), "accept", "guo.qiang", reason="the order is genuine")
    await firm.answer(await firm.task("closure_notice"), "agree")
    return await firm.task("approval")


async def refusal_of(firm: Firm, task: str, option: str, by: str, **more: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        await firm.decide(task, option, by, **more)
    return refusal.value


async def attempt(firm: Firm, task: str, option: str, by: str) -> DecisionReceipt | Refused:
    try:
        return await firm.decide(task, option, by)
    except Refused as refusal:
        return refusal


def absent_today(firm: Firm, person: str) -> None:
    """The staff directory says so."""
    staff = json.loads((ROOT / "examples" / "books.json").read_text(encoding="utf-8"))["staff"]
    record = next(each for each in staff if each["id"] == person)
    today = datetime.now(UTC).date()
    record["absent"] = [{"from": str(today - timedelta(days=1)), "until": str(today + timedelta(days=1))}]
    load_books(firm.world.database, json.dumps({"staff": [record]}), True)


# ---- four eyes ---------------------------------------------------------------------------------------------------


async def test_the_member_of_staff_who_asked_for_a_closure_does_not_approve_it(firm: Firm):
    reason = {"code": "dormant"}
    await firm.open("ACC-1003", initiator="firm", reason=reason, payout=None, requested_by="song.jia")
    await firm.answer(await firm.task("closure_notice"), "agree")
    task = await firm.task("approval")
    assert (await refusal_of(firm, task, "approve", "song.jia")).code is Code.FOUR_EYES
    assert (await firm.decide(task, "approve", "luo.hao")).done


async def test_the_one_who_decided_a_finding_does_not_approve_the_case(firm: Firm):
    await confirmed(firm, MEDIUM, reason=NOT_A_REASON_OF_PERSONS)
    await firm.decide(await firm.task("implausible_reason"), "accept", "guo.qiang", reason="heard the customer")
    task = await firm.task("approval")
    assert Role.RISK in firm.line(task).roles
    assert (await refusal_of(firm, task, "approve", "guo.qiang")).code is Code.FOUR_EYES
    assert not (await firm.decide(task, "approve", "ma.rui")).done
    assert (await firm.decide(task, "approve", "song.jia")).done


async def test_the_one_who_attested_a_line_of_the_checklist_does_not_approve_the_case(firm: Firm):
    await confirmed(firm, "ACC-2003")
    await firm.decide(await firm.task("high_risk"), "accept", "guo.qiang", reason="known for years")
    await firm.decide(await firm.task("notice_period"), "accept", "sun.li", reason="waived in writing")
    await firm.decide(await firm.task("attest_tax"), "attested", "lin.tao")
    task = await firm.task("approval")
    assert Role.COMPLIANCE in firm.line(task).roles
    assert (await refusal_of(firm, task, "approve", "lin.tao")).code is Code.FOUR_EYES
    assert not (await firm.decide(task, "approve", "xu.jing")).done
    assert (await firm.decide(task, "approve", "song.jia")).done


async def test_staff_who_are_related_to_the_customer_keep_out(firm: Firm):
    await confirmed(firm, "ACC-2002")
    task = await firm.task("receivable_open")
    assert Role.FINANCE in firm.line(task).roles
    assert (await refusal_of(firm, task, "accept", "zhao.min", reason="fine")).code is Code.FOUR_EYES
    assert (await firm.decide(task, "accept", "wang.fang", reason="collected at the end")).done


async def test_one_person_does_not_count_as_two_approvers(firm: Firm):
    await confirmed(firm, MEDIUM)
    task = await firm.task("approval")
    await firm.decide(task, "approve", "song.jia")
    assert (await refusal_of(firm, task, "approve", "song.jia")).code is Code.FOUR_EYES
    assert (await refusal_of(firm, task, "reject", "song.jia", reason="after all")).code is Code.FOUR_EYES
    assert firm.line(task).approvals == 1


# ---- how many, and who among them --------------------------------------------------------------------------------


async def test_medium_risk_takes_two_different_approvers(firm: Firm):
    case = await confirmed(firm, MEDIUM)
    task = await firm.task("approval")
    first = await firm.decide(task, "approve", "song.jia")
    assert (first.done, first.approvals, first.needed) == (False, 1, 2)
    assert firm.open_task("approval") == task
    second = await firm.decide(task, "approve", "david.chen")
    assert (second.done, second.approvals) == (True, 2)
    await firm.answer(await firm.task("closing_statement"), "received")
    assert (await firm.outcome(case)).outcome == "closed"
    assert firm.payments() == ["75.00"]


async def test_high_risk_keeps_the_last_place_for_compliance(firm: Firm):
    task = await high_risk_approval(firm)
    assert not (await firm.decide(task, "approve", "song.jia")).done
    refusal = await refusal_of(firm, task, "approve", "david.chen")
    assert refusal.code is Code.FOUR_EYES
    assert "compliance" in refusal.sentence
    assert (await firm.decide(task, "approve", "lin.tao")).done


async def test_high_risk_is_approved_by_compliance_first_and_anybody_after(firm: Firm):
    task = await high_risk_approval(firm)
    assert not (await firm.decide(task, "approve", "lin.tao")).done
    assert (await firm.decide(task, "approve", "david.chen")).done


async def test_one_voice_rejects_what_another_approved(firm: Firm):
    case = await confirmed(firm, MEDIUM)
    task = await firm.task("approval")
    await firm.decide(task, "approve", "song.jia")
    assert (await firm.decide(task, "reject", "david.chen", reason="not convinced")).done
    assert (await firm.outcome(case)).outcome == "rejected"
    assert firm.status(MEDIUM) == "active"


async def test_an_approver_returns_the_case_to_a_stage_that_is_then_passed_again(firm: Firm):
    case = await confirmed(firm)
    first = await firm.task("approval")
    await firm.decide(first, "return", "song.jia", reason="look at the contract again", data={"stage": "contract"})
    again = await eventually(
        lambda: ((task := firm.open_task("approval")) != first and task) or None, "the next approval"
    )
    checks = [link.what for link in firm.show(case).trail if link.what.startswith(("contract,", "identify,"))]
    assert checks == ["identify, round 1: clear", "contract, round 1: clear", "contract, round 2: clear"]
    assert (await firm.decide(again, "approve", "song.jia")).done
    await firm.answer(await firm.task("closing_statement"), "received")
    assert (await firm.outcome(case)).outcome == "closed"


async def test_a_return_must_name_a_stage_that_can_be_passed_again(firm: Firm):
    await confirmed(firm)
    task = await firm.task("approval")
    nowhere: list[dict[str, Any]] = [{}, {"stage": "settlement"}, {"stage": 7}]
    for data in nowhere:
        refusal = await refusal_of(firm, task, "return", "song.jia", reason="again", data=data)
        assert refusal.code is Code.BAD_INPUT
        assert "identity, reason, finance" in refusal.sentence
    assert (await firm.decide(task, "approve", "song.jia")).done


async def test_of_two_deciders_at_the_same_moment_one_decides_and_one_is_told(firm: Firm):
    await confirmed(firm)
    task = await firm.task("approval")
    answers = await asyncio.gather(*(attempt(firm, task, "approve", by) for by in ("song.jia", "luo.hao", "tian.ye")))
    assert sum(isinstance(each, DecisionReceipt) for each in answers) == 1
    codes = {each.code for each in answers if isinstance(each, Refused)}
    assert codes <= {Code.ALREADY_DECIDED, Code.TOO_LATE}
    assert len(firm.line(task).decisions) == 1


# ---- what a decision must say ------------------------------------------------------------------------------------


async def test_only_the_roles_of_a_task_decide_it(firm: Firm):
    case = await confirmed(firm)
    task = await firm.task("approval")
    refusal = await refusal_of(firm, task, "approve", "wang.fang")
    assert refusal.code is Code.FORBIDDEN
    assert "supervisor" in refusal.sentence
    kept = next(link for link in firm.show(case).trail if link.what.startswith(f"decision on {task} refused"))
    assert kept.why == refusal.sentence


async def test_somebody_who_is_not_in_the_staff_directory_decides_nothing(firm: Firm):
    await confirmed(firm)
    assert (await refusal_of(firm, await firm.task("approval"), "approve", "somebody.else")).code is Code.NOT_FOUND


async def test_somebody_who_is_absent_today_decides_nothing(firm: Firm):
    await confirmed(firm)
    task = await firm.task("approval")
    absent_today(firm, "song.jia")
    refusal = await refusal_of(firm, task, "approve", "song.jia")
    assert refusal.code is Code.FORBIDDEN
    assert "absent" in refusal.sentence
    assert (await firm.decide(task, "approve", "luo.hao")).done


async def test_an_unknown_option_is_refused_with_those_that_there_are(firm: Firm):
    await confirmed(firm)
    refusal = await refusal_of(firm, await firm.task("approval"), "wave_through", "song.jia")
    assert refusal.code is Code.OPTION_UNKNOWN
    assert "approve, reject, return" in refusal.sentence


async def test_a_rejection_needs_a_reason(firm: Firm):
    await confirmed(firm)
    task = await firm.task("approval")
    for reason in ("", "  \n"):
        assert (await refusal_of(firm, task, "reject", "song.jia", reason=reason)).code is Code.REASON_MISSING


async def test_a_task_that_is_not_there_is_not_found(real_firm: Firm):
    await real_firm.open("ACC-1001")
    for task in ("closure-ACC-1001.task-99-approval", "closure-ACC-1009.task-1-approval", "approval"):
        assert (await refusal_of(real_firm, task, "approve", "song.jia")).code is Code.NOT_FOUND


async def test_a_decided_task_says_who_decided_it(firm: Firm):
    await confirmed(firm, MEDIUM, reason=NOT_A_REASON_OF_PERSONS)
    task = await firm.task("implausible_reason")
    await firm.decide(task, "accept", "guo.qiang", reason="heard the customer")
    refusal = await refusal_of(firm, task, "accept", "ma.rui", reason="me too")
    assert refusal.code is Code.ALREADY_DECIDED
    assert "accept by guo.qiang" in refusal.sentence


async def test_a_decision_after_the_end_hears_how_the_case_ended(real_firm: Firm):
    case = await confirmed(real_firm)
    task = await real_firm.task("approval")
    await real_firm.withdraw(case, "customer")
    await real_firm.outcome(case)
    refusal = await refusal_of(real_firm, task, "approve", "song.jia")
    assert refusal.code is Code.ALREADY_ENDED
    assert "withdrawn" in refusal.sentence


# ---- sent twice --------------------------------------------------------------------------------------------------


async def test_a_decision_sent_many_times_counts_once_and_is_told_the_same(firm: Firm):
    await confirmed(firm, MEDIUM)
    task = await firm.task("approval")
    decision = firm.decision(task, "approve", firm.tokens.mint("song.jia"))
    at_once = await asyncio.gather(*(firm.quietus.decide(decision) for _ in range(5)))
    later = await firm.quietus.decide(decision.model_copy(update={"token": firm.tokens.mint("song.jia")}))
    assert {each.model_dump_json() for each in (*at_once, later)} == {at_once[0].model_dump_json()}
    assert firm.line(task).approvals == 1


async def test_a_decision_sent_again_after_the_task_was_decided_is_told_the_same(firm: Firm):
    await confirmed(firm)
    decision = firm.decision(await firm.task("approval"), "approve", firm.tokens.mint("song.jia"))
    first = await firm.quietus.decide(decision)
    await firm.task("closing_statement")
    again = await firm.quietus.decide(decision.model_copy(update={"token": firm.tokens.mint("song.jia")}))
    assert again == first


async def test_the_same_decision_id_with_other_content_is_a_mismatch(firm: Firm):
    await confirmed(firm, MEDIUM)
    decision = firm.decision(await firm.task("approval"), "approve", firm.tokens.mint("song.jia"))
    await firm.quietus.decide(decision)
    other: list[dict[str, Any]] = [{"option": "reject", "reason": "no"}, {"reason": "another"}, {"data": {"x": 1}}]
    for changes in other:
        with pytest.raises(Refused) as refusal:
            await firm.quietus.decide(decision.model_copy(update=changes | {"token": firm.tokens.mint("song.jia")}))
        assert refusal.value.code is Code.MISMATCH
    assert firm.line(decision.task).approvals == 1


async def test_the_decision_id_of_another_case_is_a_mismatch(firm: Firm):
    await confirmed(firm)
    used = firm.decision(await firm.task("approval"), "approve", firm.tokens.mint("song.jia"))
    await firm.quietus.decide(used)
    await confirmed(firm, "ACC-1004")
    other = used.model_copy(update={"task": await firm.task("approval"), "token": firm.tokens.mint("song.jia")})
    with pytest.raises(Refused) as refusal:
        await firm.quietus.decide(other)
    assert refusal.value.code is Code.MISMATCH
    assert firm.open_task("approval") == other.task


# ---- by signal ---------------------------------------------------------------------------------------------------


async def test_a_decision_by_signal_is_taken(firm: Firm):
    case = await confirmed(firm)
    task = await firm.task("approval")
    decision = firm.decision(task, "approve", firm.tokens.mint("song.jia"))
    await firm.handle(case).signal("decision", decision)
    await firm.handle(case).signal("decision", decision)
    await firm.answer(await firm.task("closing_statement"), "received")
    assert (await firm.outcome(case)).outcome == "closed"
    assert [each.by for each in firm.line(task).decisions] == ["song.jia"]


async def test_a_decision_by_signal_that_is_refused_is_kept_in_the_trail(firm: Firm):
    case = await confirmed(firm)
    task = await firm.task("approval")
    for option, by in (("approve", "wang.fang"), ("wave_through", "song.jia")):
        await firm.handle(case).signal("decision", firm.decision(task, option, firm.tokens.mint(by)))

    def refusals() -> list[str]:
        return [link.why.split(":")[0] for link in firm.show(case).trail if link.what == "decision by signal refused"]

    await eventually(lambda: len(refusals()) == 2, "both refusals in the trail")
    assert set(refusals()) == {"Forbidden", "OptionUnknown"}
    assert firm.open_task("approval") == task


# ---- the customer ------------------------------------------------------------------------------------------------


async def test_the_call_centre_notes_what_the_customer_said(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    receipt = await firm.decide(await firm.task("confirm_contact"), "confirm", "cao.ning", reason="called 10:15")
    assert receipt.by == "customer, noted by cao.ning"
    await firm.task("approval")
    assert any(link.who == "customer, noted by cao.ning" for link in firm.show(case).trail)


async def test_staff_who_do_not_listen_to_customers_answer_nothing_for_them(firm: Firm):
    await firm.open("ACC-1001")
    task = await firm.task("confirm_contact")
    assert (await refusal_of(firm, task, "confirm", "wang.fang")).code is Code.FORBIDDEN
    assert (await firm.answer(task, "confirm")).by == "customer"


async def test_the_customers_denial_is_a_finding_that_customer_service_deals_with(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    await firm.answer(await firm.task("confirm_contact"), "deny")
    line = firm.line(await firm.task("identity_unproven"))
    assert (line.roles, line.options) == ((Role.CUSTOMER_SERVICE,), ("fixed", "return", "end"))
    assert list(firm.found(case).values()) == [FindingState.OPEN]
