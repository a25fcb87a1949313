"""延期: more time needs a reason and somebody else's approval, has a maximum, and the customer is told."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.refusals import Code, Refused
from contracts.tasks import Extension, Noted, TaskState
from contracts.vocabulary import Role
from tests.support.course import approve, closed, confirmed, disagreement
from tests.support.firm import Firm, eventually
from tests.support.moments import (
    CALENDAR,
    DRIFT,
    assert_at,
    assert_near,
    comes,
    letter,
    passed,
    rungs_of,
    sent,
    shown_at,
)

WHY = "the auditor is away"


async def extend(firm: Firm, case: str, by: str, days: int = 3, task: str | None = None, reason: str = WHY) -> Noted:
    """Staff ask for more time; `by` a name or a customer's code."""
    token = by if len(by) > 60 else firm.tokens.mint(by)
    body = Extension(decision_id=f"E-{next(firm.ids)}", task=task, working_days=days, reason=reason, token=token)
    return await firm.quietus.extend(case, body)


async def refused(firm: Firm, case: str, by: str, **more: Any) -> Code:
    """Why the wish for more time was refused."""
    with pytest.raises(Refused) as refusal:
        await extend(firm, case, by, **more)
    return refusal.value.code


async def decided(firm: Firm, option: str, by: str = "luo.hao") -> None:
    """Somebody decides the extension, and the case does what was decided."""
    case = (task := await firm.task("extension")).rpartition(".task-")[0]
    before = outcomes(firm, case)
    await firm.decide(task, option, by, reason="seen")
    await eventually(lambda: outcomes(firm, case) > before, "the extension")


def outcomes(firm: Firm, case: str) -> int:
    """How many extensions were decided."""
    whats = [link.what for link in firm.show(case).trail]
    return sum(what.startswith(("extension granted:", "extension rejected:")) for what in whats)


async def test_an_extension_moves_the_task_its_ladder_and_the_expected_end_and_the_customer_is_told(working_firm: Firm):
    case, task = await disagreement(working_firm)
    start, before = shown_at(working_firm, task), working_firm.show(case).expected_by
    old = rungs_of(working_firm, task)
    assert (await extend(working_firm, case, "wang.fang", task=task)).by == "wang.fang"
    wish = await working_firm.task("extension")
    assert working_firm.line(wish).roles == (Role.SUPERVISOR, Role.MANAGER)
    assert WHY in str((await letter(working_firm, case, "extension")).get_content())
    await working_firm.decide(wish, "approve", "song.jia")
    words = str((await letter(working_firm, case, "extended")).get_content())
    expected_by = working_firm.show(case).expected_by
    assert_near(expected_by, CALENDAR.add(before, "3 working days"))
    assert CALENDAR.rules.day(expected_by).isoformat() in words
    assert WHY in words
    due = CALENDAR.add(CALENDAR.add(start, "8 working hours"), "3 working days")
    await eventually(lambda: working_firm.line(task).due == due, "the due date to move")
    assert [rung.at for rung in rungs_of(working_firm, task)] == [
        CALENDAR.add(rung.at, "3 working days") for rung in old
    ]
    await comes(working_firm, CALENDAR.add(old[0].at, "3 working days") - DRIFT)
    assert not sent(working_firm, case, "task_reminder", task)
    await comes(working_firm, due + DRIFT)
    await eventually(lambda: sent(working_firm, case, "task_due", task), "the reminder at the new due moment")
    assert_at(sent(working_firm, case, "task_reminder", task), CALENDAR.add(old[0].at, "3 working days"), "0 days")
    assert_near(sent(working_firm, case, "task_due", task)[0], due)


async def test_an_extension_of_the_whole_case_moves_its_expected_end_alone(working_firm: Firm):
    case, task = await disagreement(working_firm)
    before, due = working_firm.show(case).expected_by, working_firm.line(task).due
    await extend(working_firm, case, "li.wei", days=10)
    await decided(working_firm, "approve")
    assert_near(working_firm.show(case).expected_by, CALENDAR.add(before, "10 working days"))
    assert working_firm.line(task).due == due


async def test_who_asks_for_more_time_does_not_approve_it(working_firm: Firm):
    case, task = await disagreement(working_firm)
    await extend(working_firm, case, "song.jia", task=task)
    wish = await working_firm.task("extension")
    with pytest.raises(Refused) as refusal:
        await working_firm.decide(wish, "approve", "song.jia")
    assert refusal.value.code is Code.FOUR_EYES
    assert (await working_firm.decide(wish, "approve", "luo.hao")).done


async def test_what_cannot_be_asked_for(working_firm: Firm):
    case = (await working_firm.open("ACC-1001")).case
    question = await working_firm.task("confirm_contact")
    code = await eventually(lambda: working_firm.code(question), "the customer's code")
    assert await refused(working_firm, case, "li.wei", reason=" ") is Code.REASON_MISSING
    assert await refused(working_firm, case, "li.wei", days=11) is Code.NOT_ALLOWED
    assert await refused(working_firm, case, code) is Code.FORBIDDEN
    assert await refused(working_firm, case, "li.wei", task=f"{case}.task-9-approval") is Code.BAD_INPUT
    await working_firm.answer(question, "confirm")
    await working_firm.task("approval")
    assert await refused(working_firm, case, "li.wei", task=question) is Code.TOO_LATE
    assert working_firm.open_task("extension") is None


async def test_a_rejected_extension_moves_nothing_and_leaves_room_for_two_that_are_granted(working_firm: Firm):
    case, task = await disagreement(working_firm)
    before, line, old = working_firm.show(case).expected_by, working_firm.line(task), rungs_of(working_firm, task)
    await extend(working_firm, case, "wang.fang", task=task)
    await decided(working_firm, "reject")
    assert (working_firm.line(task).due, rungs_of(working_firm, task)) == (line.due, old)
    assert_near(working_firm.show(case).expected_by, before)
    for _ in range(2):
        await extend(working_firm, case, "wang.fang", days=1, task=task)
        await decided(working_firm, "approve")
    assert await refused(working_firm, case, "wang.fang", days=1, task=task) is Code.NOT_ALLOWED
    await eventually(lambda: working_firm.line(task).due == CALENDAR.add(line.due, "2 working days"), "the due date")
    await eventually(lambda: len(sent(working_firm, case, "extended")) == 2, "the customer to be told twice")


async def test_one_that_waits_to_be_decided_counts_too(working_firm: Firm):
    case, task = await disagreement(working_firm)
    await extend(working_firm, case, "wang.fang", task=task)
    await extend(working_firm, case, "wang.fang")
    await working_firm.decide(await working_firm.task("extension"), "reject", "song.jia", reason="no need")
    await eventually(lambda: working_firm.open_task("extension"), "the other one")
    assert await refused(working_firm, case, "wang.fang") is Code.NOT_ALLOWED


async def test_more_time_is_not_asked_for_twice_at_once_nor_by_somebody_without_work_in_the_case(working_firm: Firm):
    case, task = await disagreement(working_firm)
    await extend(working_firm, case, "wang.fang", task=task)
    assert await refused(working_firm, case, "zhao.min", task=task) is Code.NOT_ALLOWED
    assert await refused(working_firm, case, "sun.li") is Code.FORBIDDEN


async def test_more_time_for_a_task_that_was_decided_meanwhile_is_not_given(working_firm: Firm):
    case, task = await disagreement(working_firm)
    await extend(working_firm, case, "wang.fang", task=task)
    wish = await working_firm.task("extension")
    await working_firm.decide(task, "return", "zhao.min", reason="which statement?", data={"to": "customer_service"})
    before = working_firm.show(case).expected_by
    await working_firm.decide(wish, "approve", "song.jia")
    await eventually(lambda: _decided(working_firm, case), "the extension to be over")
    assert working_firm.show(case).expected_by == before
    assert working_firm.subjects("extended", case) == 0


def _decided(firm: Firm, case: str) -> bool:
    return any(link.what.startswith("extension rejected") for link in firm.show(case).trail)


async def test_more_time_asked_for_twice_with_one_id_is_asked_for_once(working_firm: Firm):
    case, _ = await disagreement(working_firm)
    token = working_firm.tokens.mint("wang.fang")
    wish = Extension(decision_id="E-1", working_days=2, reason="the auditor is away", token=token)
    fresh = {"token": working_firm.tokens.mint("wang.fang")}
    first = await working_firm.quietus.extend(case, wish)
    assert await working_firm.quietus.extend(case, wish.model_copy(update=fresh)) == first
    with pytest.raises(Refused) as refusal:
        await working_firm.quietus.extend(case, wish.model_copy(update=fresh | {"working_days": 3}))
    assert refusal.value.code is Code.MISMATCH


async def test_a_case_that_is_withdrawn_meanwhile_ends_and_the_extension_is_no_longer_asked(working_firm: Firm):
    case, task = await disagreement(working_firm)
    await extend(working_firm, case, "wang.fang", task=task)
    wish = await working_firm.task("extension")
    await working_firm.withdraw(case, "li.wei")
    assert (await working_firm.outcome(case)).outcome == "withdrawn"
    assert {working_firm.line(each).state for each in (wish, task)} == {TaskState.WITHDRAWN}


async def test_a_case_that_closes_meanwhile_ends_and_the_extension_is_no_longer_asked(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-1001")
    await working_firm.task("approval")
    await extend(working_firm, receipt.case, "li.wei")
    wish = await working_firm.task("extension")
    await passed(working_firm, shown_at(working_firm, wish), "1 working hour")
    await approve(working_firm, "song.jia")
    await closed(working_firm, receipt)
    assert working_firm.line(wish).state is TaskState.WITHDRAWN
    ended = working_firm.show(receipt.case).ended_at
    assert ended
    assert ended - shown_at(working_firm, wish) < timedelta(days=30)
