"""A paused case stands still: decisions are taken, nothing goes on, and it may still be withdrawn."""

import pytest

from contracts.refusals import Code, Refused
from contracts.tasks import Hold
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually


def hold(firm: Firm, by: str) -> Hold:
    """What somebody says who pauses or resumes a case."""
    return Hold(decision_id=f"H-{next(firm.ids)}", reason="the customer asked us to wait", token=firm.tokens.mint(by))


async def refusal_of_pause(firm: Firm, case: str, by: str) -> Code:
    with pytest.raises(Refused) as refusal:
        await firm.quietus.pause(case, hold(firm, by))
    return refusal.value.code


async def test_a_paused_case_takes_the_decision_but_goes_on_only_when_it_is_resumed(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    task = await firm.task("confirm_contact")
    await firm.quietus.pause(case, hold(firm, "li.wei"))
    assert firm.show(case).held
    assert (await firm.answer(task, "confirm")).done
    with pytest.raises(AssertionError, match="waited"):
        await firm.task("approval", seconds=1)
    await firm.quietus.resume(case, hold(firm, "song.jia"))
    assert not firm.show(case).held
    await firm.decide(await firm.task("approval"), "approve", "song.jia")
    await firm.answer(await firm.task("closing_statement"), "received")
    outcome = await firm.outcome(case)
    shown = assert_ended_well(firm, outcome, status="closed", balance="0.00")
    said = [(link.what, link.who) for link in shown.trail if link.what in ("paused", "resumed")]
    assert said == [("paused", "li.wei"), ("resumed", "song.jia")]


async def test_the_customer_hears_once_that_the_case_is_paused_and_once_that_it_goes_on(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    await firm.quietus.pause(case, hold(firm, "li.wei"))
    await eventually(lambda: firm.subjects("paused", case) or firm.open_task("confirm_contact"), "the case to stand")
    if task := firm.open_task("confirm_contact"):
        await firm.answer(task, "confirm")
        await eventually(lambda: firm.subjects("paused", case), "the customer to be told")
    await firm.quietus.resume(case, hold(firm, "li.wei"))
    await eventually(lambda: firm.subjects("resumed", case), "the customer to be told")
    assert (firm.subjects("paused", case), firm.subjects("resumed", case)) == (1, 1)


async def test_only_staff_pause_and_only_once(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    await firm.task("confirm_contact")
    assert await refusal_of_pause(firm, case, "customer") is Code.FORBIDDEN
    with pytest.raises(Refused) as refusal:
        await firm.quietus.resume(case, hold(firm, "li.wei"))
    assert refusal.value.code is Code.NOT_ALLOWED
    await firm.quietus.pause(case, hold(firm, "li.wei"))
    assert await refusal_of_pause(firm, case, "li.wei") is Code.NOT_ALLOWED


async def test_a_withdrawal_is_honoured_while_the_case_is_paused(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    await firm.task("confirm_contact")
    await firm.quietus.pause(case, hold(firm, "song.jia"))
    await firm.withdraw(case, "customer")
    outcome = await firm.outcome(case)
    assert outcome.outcome == "withdrawn"
    shown = assert_ended_well(firm, outcome, status="active", balance="1234.56")
    assert not shown.held


async def test_a_case_withdrawn_while_paused_ends_also_where_the_customer_is_told_by_letter(firm: Firm):
    case = (await firm.open("ACC-1009")).case  # its holder has a telephone and a postal address
    await firm.decide(await firm.task("letter"), "sent", "li.wei")
    await firm.task("confirm_contact")
    await firm.quietus.pause(case, hold(firm, "song.jia"))
    await firm.withdraw(case, "li.wei")
    await firm.decide(await firm.task("letter"), "sent", "li.wei")
    assert (await firm.outcome(case)).outcome == "withdrawn"
    assert firm.status("ACC-1009") == "active"


async def test_the_same_pause_or_resumption_again_is_told_the_same(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    await firm.task("confirm_contact")
    pause = hold(firm, "li.wei")
    first = await firm.quietus.pause(case, pause)
    fresh = {"token": firm.tokens.mint("li.wei")}
    assert await firm.quietus.pause(case, pause.model_copy(update=fresh)) == first
    with pytest.raises(Refused) as other:
        await firm.quietus.pause(case, pause.model_copy(update=fresh | {"reason": "something else"}))
    assert other.value.code is Code.MISMATCH
    resume = hold(firm, "song.jia")
    second = await firm.quietus.resume(case, resume)
    assert await firm.quietus.resume(case, resume.model_copy(update={"token": firm.tokens.mint("song.jia")})) == second
    assert [link.what for link in firm.show(case).trail if link.what in ("paused", "resumed")] == ["paused", "resumed"]
