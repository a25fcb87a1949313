"""客户拒绝、投诉、法规变更、系统故障、时间冲突、外部事件、内部流程: each dealt with as its row says, told once."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client

from activities.reviews import Reviews
from contracts.findings import FindingKind, FindingState
from contracts.refusals import Code, Refused
from contracts.requests import Receipt
from contracts.vocabulary import Initiator, Role
from tests.support.course import (
    FIX_ACCEPT_OR_END,
    FIX_OR_END,
    approve,
    booked_day,
    closes,
    confirmed,
    finding,
    plan_done,
)
from tests.support.coverage import How, shows
from tests.support.endings import assert_ended_well
from tests.support.firm import FAST, Firm, eventually, running_firm
from tests.support.happenings import happens, lessons, link, looks, pending
from tests.support.incidents import incident, says
from tests.support.moments import letters

CHINA = ZoneInfo("Asia/Shanghai")
OFFER_OVER = timedelta(seconds=52)
GIVEN_UP = timedelta(seconds=155)
PATIENCE = timedelta(seconds=21)
REFUSAL = FindingKind.CUSTOMER_REFUSAL
COMPLAINT = FindingKind.CUSTOMER_COMPLAINT
EVENT = FindingKind.EXTERNAL_EVENT
CHANGE = FindingKind.REGULATION_CHANGE
FAULT = FindingKind.SYSTEM_FAULT
INTERNAL = FindingKind.INTERNAL_PROCESS
COMPLAINT_OPTIONS = ("agreed", "return", "end")


# ---- 客户拒绝销户 --------------------------------------------------------------------------------


async def objected(firm: Firm) -> tuple[Receipt, str]:
    """A case that the firm opened and the customer objects to; and the task with what is offered instead."""
    receipt = await firm.open("ACC-1012", initiator=Initiator.FIRM, requested_by="li.wei")
    await firm.answer(await firm.task("closure_notice"), "object", reason="I need the account")
    task = await firm.task("refusal_offer")
    assert firm.line(task).options == ("agree", "longer_term", "other_service", "object")
    return receipt, task


@shows(How.ALONE, REFUSAL)
async def test_a_customer_who_agrees_after_all_is_not_given_notice_again(firm: Firm):
    receipt, task = await objected(firm)
    (offered,) = await eventually(lambda: letters(firm, receipt.case, "refusal_offer"), "the offer")
    assert "six months" in offered.get_content()
    await firm.answer(task, "agree")
    await approve(firm, "luo.hao", "guo.qiang")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {"customer_refusal": FindingState.CLEARED}
    assert firm.subjects("closure_notice", receipt.case) == 1


@pytest.mark.parametrize("offer", ["longer_term", "other_service"])
async def test_a_customer_who_takes_another_solution_is_retained(firm: Firm, offer: str):
    receipt, task = await objected(firm)
    await firm.answer(task, offer)
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "retained"
    assert assert_ended_well(firm, outcome, status="active", balance="75.00").words == offer


async def test_a_customer_who_refuses_again_is_passed_up_and_the_supervisor_ends_it_as_refused(firm: Firm):
    receipt, task = await objected(firm)
    await firm.answer(task, "object", reason="I said no")
    task = await finding(firm, "customer_refusal", Role.SUPERVISOR, FIX_ACCEPT_OR_END)
    assert "I need the account" in firm.line(task).subject
    assert "I said no" in firm.line(task).subject
    await firm.decide(task, "end", "song.jia", reason="the customer stays")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "refused"
    assert_ended_well(firm, outcome, status="active", balance="75.00")


async def test_an_offer_that_nobody_answers_expires_and_the_supervisor_decides(firm: Firm):
    receipt, _ = await objected(firm)
    await firm.pass_time(OFFER_OVER)
    task = await finding(firm, "customer_refusal", Role.SUPERVISOR, FIX_ACCEPT_OR_END)
    await firm.decide(task, "accept", "song.jia", reason="the agreement allows it")
    await approve(firm, "luo.hao", "guo.qiang")
    await closes(firm, receipt)


# ---- 客户投诉 ------------------------------------------------------------------------------------


@shows(How.ALONE, COMPLAINT)
async def test_a_complaint_holds_the_case_until_the_customer_agrees_to_go_on_meanwhile(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    noted = await happens(firm, receipt.case, COMPLAINT, detail="nobody answered the telephone")
    assert noted.by == "customer, noted by li.wei"
    await firm.decide(approval, "approve", "song.jia")
    task = await finding(firm, "customer_complaint", Role.CUSTOMER_SERVICE, COMPLAINT_OPTIONS)
    with pytest.raises(Refused) as refused:
        await firm.decide(task, "agreed", "chen.jie")
    assert refused.value.code is Code.REASON_MISSING
    assert firm.subjects("date_agreed", receipt.case) == 0
    await firm.decide(task, "agreed", "chen.jie", reason="too few people at the hotline")
    await closes(firm, receipt)
    assert lessons(firm, receipt.case) == [("customer_complaint", "too few people at the hotline")]
    assert firm.subjects("complaint_received", receipt.case) == 1
    assert looks(firm, receipt.case)["finance"] == 1
    assert firm.show(f"incident-{receipt.reference.replace('.', '-')}-c1").ended_at is None


@shows(How.ALONE, COMPLAINT)
async def test_a_complaint_is_an_incident_of_its_own_and_the_closure_goes_on_when_that_is_over(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    await happens(firm, receipt.case, COMPLAINT, detail="nobody answered the telephone")
    await firm.decide(approval, "approve", "song.jia")
    complaint = f"incident-{receipt.reference.replace('.', '-')}-c1"
    await says(firm, complaint, "triage", "confirm")
    await firm.task("analyse", complaint)
    row = incident(firm, complaint)
    assert (row.category, row.about, row.department) == ("complaint", receipt.case, "compliance")
    await firm.withdraw(complaint, "li.wei", "talked about it")
    await closes(firm, receipt)
    assert lessons(firm, receipt.case) == [("customer_complaint", f"{complaint} ended: withdrawn")]


async def test_a_complaint_while_the_money_moves_holds_the_rest_and_cannot_end_the_case(firm: Firm):
    receipt = await confirmed(firm, "ACC-1010", payout={"name": "James O'Connor", "account": "62220", "bank": "ICBC"})
    await approve(firm, "song.jia", "guo.qiang")
    missing = await firm.task("instruments_missing")
    await happens(firm, receipt.case, COMPLAINT, detail="the card was mailed")
    task = await firm.task("customer_complaint")
    assert firm.line(task).options == ("agreed", "return")
    await firm.decide(missing, "accept", "huang.lei", reason="it is in the mail")
    with pytest.raises(AssertionError, match="waited"):
        await firm.task("closing_statement", seconds=1)
    await firm.decide(task, "agreed", "chen.jie", reason="the card arrived")
    await closes(firm, receipt)


# ---- 法律法规变更 --------------------------------------------------------------------------------


@pytest.fixture
async def changing_firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """Tomorrow another policy comes into force, which wants two to approve a low risk."""
    folder = tmp_path / "policies"
    folder.mkdir()
    now = next(FAST.glob("*.toml")).read_text(encoding="utf-8").replace('"150 seconds"', '"15 days"')
    (folder / "2026-11-22.4-rehearsal.toml").write_text(now, encoding="utf-8")
    then = now.replace("2026-11-22.4-", f"{tomorrow()}-").replace("2026-11-01", str(tomorrow()), 1)
    (folder / f"{tomorrow()}-rehearsal.toml").write_text(
        then.replace("needed = 1\n", "needed = 2\n", 1), encoding="utf-8"
    )
    async with running_firm(skipping_client, tmp_path, policy=folder) as firm:
        yield firm


@pytest.fixture
async def patient_firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm that awaits the closing day."""
    lines = next(FAST.glob("*.toml")).read_text(encoding="utf-8").splitlines()
    (tmp_path / "policy").mkdir()
    text = "\n".join(line for line in lines if "closing_day_wait" not in line)
    (tmp_path / "policy" / "2026-11-22.4-rehearsal.toml").write_text(text, encoding="utf-8")
    async with running_firm(skipping_client, tmp_path, policy=tmp_path / "policy") as firm:
        yield firm


def tomorrow() -> date:
    return datetime.now(CHINA).date() + timedelta(days=1)


async def caught_by_the_change(firm: Firm) -> tuple[Receipt, str]:
    """A case that was opened under the old policy and is reviewed under the new one."""
    receipt = await firm.open()
    task = await firm.task("confirm_contact")
    await firm.pass_time(timedelta(days=2))
    await firm.answer(task, "confirm")
    return receipt, await finding(
        firm, "regulation_change", Role.COMPLIANCE, ("accept", "review_again", "return", "end")
    )


@shows(How.ALONE, CHANGE)
async def test_a_case_that_is_reviewed_again_goes_by_the_new_policy(changing_firm: Firm):
    firm = changing_firm
    receipt, task = await caught_by_the_change(firm)
    await firm.decide(task, "review_again", "lin.tao", reason="two must approve now")
    await firm.answer(await second(firm, "confirm_contact"), "confirm")
    approval = await firm.task("approval")
    assert firm.line(approval).needed == 2
    await approve(firm, "song.jia", "luo.hao")
    outcome = await closes(firm, receipt)
    assert outcome.policy == f"{tomorrow()}-rehearsal"
    assert firm.show(receipt.case).policy == outcome.policy
    made = looks(firm, receipt.case)
    assert made["identify"] == made["finance"] == made["contract"] == made["reason"] == 2
    adopted = link(firm, receipt.case, "policy adopted")
    assert adopted.evidence == {"old": "2026-11-22.4-rehearsal", "new": outcome.policy}
    assert lessons(firm, receipt.case) == [("regulation_change", "two must approve now")]


async def second(firm: Firm, name: str) -> str:
    """The task of that name that is asked again."""
    return await eventually(lambda: firm.open_task(name), name)


async def test_a_case_that_keeps_its_policy_is_not_looked_at_again(changing_firm: Firm):
    firm = changing_firm
    receipt, task = await caught_by_the_change(firm)
    await firm.decide(task, "accept", "lin.tao", reason="changes nothing here")
    await approve(firm, "song.jia")
    outcome = await closes(firm, receipt)
    assert outcome.policy == "2026-11-22.4-rehearsal"
    assert looks(firm, receipt.case)["finance"] == 1
    assert lessons(firm, receipt.case) == [("regulation_change", "changes nothing here")]


async def test_a_change_that_staff_raise_after_the_approval_has_it_approved_again(changing_firm: Firm):
    firm = changing_firm
    receipt = await firm.open()
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    task = await firm.task("approval")
    await firm.pass_time(timedelta(days=2))
    await happens(firm, receipt.case, CHANGE, by="lin.tao", detail="new rules for low risks")
    await firm.decide(task, "approve", "song.jia")
    await firm.decide(await firm.task("regulation_change"), "review_again", "xu.jing", reason="by the new rules")
    await firm.answer(await second(firm, "confirm_contact"), "confirm")
    await approve(firm, "song.jia", "luo.hao")
    assert (await closes(firm, receipt)).policy == f"{tomorrow()}-rehearsal"


async def test_once_the_money_has_moved_a_change_is_only_noted(firm: Firm):
    receipt = await confirmed(firm, "ACC-1010", payout={"name": "James O'Connor", "account": "62220", "bank": "ICBC"})
    await approve(firm, "song.jia", "guo.qiang")
    missing = await firm.task("instruments_missing")
    await happens(firm, receipt.case, CHANGE, by="lin.tao", detail="new rules")
    task = await finding(firm, "regulation_change", Role.COMPLIANCE, ("accept", "return"))
    await firm.decide(task, "accept", "lin.tao", reason="too late for this one")
    await firm.decide(missing, "accept", "huang.lei", reason="lost")
    await closes(firm, receipt)


# ---- 系统故障 ------------------------------------------------------------------------------------


@shows(How.ALONE, FAULT)
async def test_a_fault_of_several_steps_at_once_starts_one_plan_and_one_apology(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
):
    receipt = await confirmed(firm, "ACC-1001")
    task = await firm.task("approval")
    with monkeypatch.context() as broken:
        broken.setattr(Reviews, "_facts", out_of_order)
        await firm.decide(task, "return", "song.jia", reason="look again", data={"stage": "reviews"})
        await firm.pass_time(PATIENCE)
        faults = await eventually(lambda: three(firm, receipt.case), "three faults")
    for fault in faults:
        await firm.decide(fault, "fixed", "wu.gang", reason="a full disk")
    await firm.decide(await firm.task("plan_assess"), "done", "huang.lei")
    await approve(firm, "luo.hao")
    await closes(firm, receipt)
    assert firm.subjects("apology", receipt.case) == 1
    assert plan_tasks(firm, receipt.case) == ["plan_assess"]
    assert lessons(firm, receipt.case) == [("system_fault", "a full disk")] * 3


def out_of_order(*_: object) -> None:
    raise OSError("the books are out of order")


def plan_tasks(firm: Firm, case: str) -> list[str]:
    return sorted(each.name for each in firm.show(case).tasks if each.name.startswith("plan_"))


def three(firm: Firm, case: str) -> list[str] | None:
    open_ = [each.task for each in firm.show(case).tasks if each.name == "system_fault" and each.state == "open"]
    return open_ if len(open_) == 3 else None


async def test_a_fault_that_staff_raise_holds_the_case_where_it_stands(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    await happens(firm, receipt.case, FAULT, by="wu.gang", detail="the core system is down")
    await firm.decide(approval, "approve", "song.jia")
    fault = await firm.task("system_fault")
    with pytest.raises(Refused) as refused:
        await firm.decide(fault, "fixed", "wu.gang")
    assert refused.value.code is Code.REASON_MISSING
    await firm.decide(fault, "fixed", "wu.gang", reason="an expired certificate")
    with pytest.raises(AssertionError, match="waited"):
        await firm.task("closing_statement", seconds=1)
    await firm.decide(await firm.task("plan_assess"), "done", "tian.ye")  # the deputy
    await closes(firm, receipt)
    assert set(looks(firm, receipt.case).values()) == {1}
    assert lessons(firm, receipt.case) == [("system_fault", "an expired certificate")]
    assert firm.subjects("apology", receipt.case) == 1


# ---- 销户时间冲突 --------------------------------------------------------------------------------


@shows(How.ALONE, FindingKind.SCHEDULE_CONFLICT)
async def test_a_day_that_clashes_is_replaced_by_one_that_the_customer_picks(firm: Firm):
    wished = datetime.now(UTC).date() + timedelta(days=5)
    pending(firm, "ACC-1001", wished + timedelta(days=5))
    receipt = await confirmed(firm, "ACC-1001", wished_on=wished)
    await approve(firm, "song.jia")
    task = await firm.task("date_proposals")
    (days,) = [line.options for line in firm.show(receipt.case).tasks if line.task == task]
    await firm.answer(task, days[1])
    clash = await firm.task("schedule_conflict")  # it is still on its way when the account is to be settled
    firm.mend(lambda session: firm.books.settle_pending(session, "PEN-9"))
    await firm.decide(clash, "fixed", "huang.lei")
    await closes(firm, receipt)
    assert booked_day(firm, receipt) == days[1] > str(wished)
    assert "PEN-9 settles on" in link(firm, receipt.case, "closing days proposed").why


async def test_an_earlier_wish_does_not_wait_for_the_day_that_was_agreed_before(patient_firm: Firm):
    firm, today = patient_firm, datetime.now(CHINA).date()
    receipt = await confirmed(firm, "ACC-1001", wished_on=today + timedelta(days=21))
    await approve(firm, "song.jia")
    await eventually(lambda: firm.subjects("date_agreed", receipt.case), "the day to be agreed")
    sooner = today + timedelta(days=7)
    await happens(firm, receipt.case, FindingKind.CUSTOMER_NEED_CHANGE, wished_on=str(sooner))
    await eventually(lambda: firm.subjects("date_agreed", receipt.case) == 2, "the other day to be agreed")
    assert firm.booked_days() == [sooner]
    assert (await firm.outcome(receipt.case)).outcome == "closed"
    paid = next(each for each in firm.show(receipt.case).trail if each.what == "paid out")
    assert paid.at.date() == sooner


async def test_a_customer_who_picks_no_day_is_asked_again_by_operations(firm: Firm):
    wished = datetime.now(UTC).date() + timedelta(days=5)
    pending(firm, "ACC-1001", wished + timedelta(days=5))
    receipt = await confirmed(firm, "ACC-1001", wished_on=wished)
    await approve(firm, "song.jia")
    await firm.task("date_proposals")
    await firm.pass_time(GIVEN_UP)
    task = await finding(firm, "schedule_conflict", Role.OPERATIONS, FIX_OR_END)
    assert "PEN-9" in firm.line(task).subject
    firm.mend(lambda session: firm.books.settle_pending(session, "PEN-9"))
    await firm.decide(task, "fixed", "huang.lei")
    await closes(firm, receipt)
    assert booked_day(firm, receipt) == str(wished)


# ---- 外部事件、内部流程 --------------------------------------------------------------------------


@shows(How.ALONE, EVENT)
async def test_a_case_stands_through_two_events_and_the_customer_is_told_once_of_each_turn(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    await happens(firm, receipt.case, EVENT, by="huang.lei", detail="flood in Xuhui")
    flood = await firm.task("external_event")
    await happens(firm, receipt.case, EVENT, by="huang.lei", detail="no electricity")
    await firm.decide(approval, "approve", "song.jia")
    await firm.decide(flood, "over", "zhou.ying", reason="the water is gone")
    dark = await firm.task("external_event")
    assert (firm.subjects("resumed", receipt.case), firm.subjects("date_agreed", receipt.case)) == (0, 0)
    await firm.decide(dark, "over", "zhou.ying", reason="the light is back")
    assert firm.subjects("resumed", receipt.case) == 0
    await plan_done(firm, receipt.case, EVENT)
    await closes(firm, receipt)
    assert plan_tasks(firm, receipt.case) == ["plan_branch_safe", "plan_other_branch"]
    assert (firm.subjects("suspended", receipt.case), firm.subjects("resumed", receipt.case)) == (1, 1)
    assert firm.found(receipt.case) == {"external_event:1": "cleared", "external_event:2": "cleared"}
    assert set(looks(firm, receipt.case).values()) == {1}


@shows(How.ALONE, INTERNAL)
async def test_a_step_that_nobody_owns_is_the_supervisors_to_settle(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    await happens(firm, receipt.case, INTERNAL, by="li.wei", detail="nobody knows who approves this")
    task = await finding(firm, "internal_process", Role.SUPERVISOR, FIX_OR_END)
    await firm.decide(approval, "approve", "luo.hao")
    assert firm.subjects("date_agreed", receipt.case) == 0
    await firm.decide(task, "fixed", "song.jia")
    await plan_done(firm, receipt.case, INTERNAL)
    await closes(firm, receipt)
    assert plan_tasks(firm, receipt.case) == ["plan_stand_in"]
    raised = link(firm, receipt.case, "raised: internal_process:1")
    assert (raised.who, raised.why) == ("li.wei", "nobody knows who approves this")
