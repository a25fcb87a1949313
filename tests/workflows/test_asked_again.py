"""重发 and letters: a customer who lost the code is asked again; one whose next channel is the post gets a letter."""

from datetime import timedelta

import pytest

from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.tasks import Resend, TaskState
from contracts.vocabulary import Medium, Role
from tests.support.firm import Firm, eventually

MAIL_AND_LETTER = "ACC-1004"
AFTER_SILENCE = timedelta(seconds=75)  # the next channel is taken after 70


def resend(firm: Firm, task: str, by: str) -> Resend:
    """What staff say who have a customer asked again."""
    return Resend(decision_id=f"R-{next(firm.ids)}", task=task, token=firm.tokens.mint(by))


def another_code(firm: Firm, task: str, old: str) -> str | None:
    """The newest code for a task, if it is not the old one."""
    newest = firm.code(task)
    return newest if newest != old else None


async def refused(firm: Firm, case: str, task: str, by: str) -> Code:
    with pytest.raises(Refused) as refusal:
        await firm.quietus.ask_again(case, resend(firm, task, by))
    return refusal.value.code


async def test_after_a_changed_contact_the_customer_is_asked_again_there_and_answers_with_the_new_code(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    task = await firm.task("confirm_contact")
    old = await eventually(lambda: firm.code(task), "the code")
    new = {"channel": "email", "address": "zhang.wei@new.example.com", "verified": True, "preferred": True}
    firm.update("customers", "CUS-1001", contacts=[new])
    await firm.quietus.ask_again(case, resend(firm, task, "li.wei"))
    fresh = await eventually(lambda: another_code(firm, task, old), "the new code")
    sent = [line for line in firm.show(case).contacts if line.template == "confirm_contact"]
    assert [line.address for line in sent] == ["zhang.wei@example.com", "zhang.wei@new.example.com"]
    with pytest.raises(Refused) as worthless:
        await firm.quietus.decide(firm.decision(task, "confirm", old))
    assert worthless.value.code is Code.UNAUTHENTICATED
    assert (await firm.quietus.decide(firm.decision(task, "confirm", fresh))).done


async def test_only_who_speaks_with_customers_has_them_asked_again_and_only_what_is_open(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    task = await firm.task("confirm_contact")
    assert await refused(firm, case, task, "wang.fang") is Code.FORBIDDEN
    assert await refused(firm, case, f"{case}.task-9-nothing", "li.wei") is Code.NOT_FOUND
    await firm.answer(task, "confirm")
    assert await refused(firm, case, task, "li.wei") is Code.TOO_LATE
    assert await refused(firm, case, await firm.task("approval"), "li.wei") is Code.NOT_FOUND


async def test_a_question_whose_next_channel_is_the_post_is_written_as_a_letter(firm: Firm):
    case = (await firm.open(MAIL_AND_LETTER)).case
    asked = await firm.task("confirm_contact")
    await firm.pass_time(AFTER_SILENCE)
    letter = await eventually(lambda: firm.open_task("letter"), "the letter")
    ways = [(line.medium, line.state) for line in firm.show(case).contacts if line.template == "confirm_contact"]
    assert ways == [(Medium.EMAIL, DeliveryState.SENT), (Medium.LETTER, DeliveryState.TASK)]
    assert Role.CALL_CENTRE not in firm.line(asked).roles
    await firm.decide(letter, "sent", "li.wei")
    await firm.quietus.decide(firm.decision(asked, "confirm", firm.tokens.mint("li.wei")))
    assert firm.line(letter).state is TaskState.DECIDED
    assert await firm.task("approval")
