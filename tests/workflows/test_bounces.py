"""退信: what came back is said again on the next channel, once; a contact that was changed is worthless at once."""

import pytest

from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.tasks import Bounce
from contracts.vocabulary import Medium, Role
from tests.support.firm import Firm, eventually
from tests.support.moments import clock_shows, letter, passed, shown_at

NO_MAILBOX = "5.1.1"


async def asked(firm: Firm, account: str = "ACC-1001") -> tuple[str, str]:
    """A case opened in the morning whose customer was asked by mail: the case and the task."""
    await clock_shows(firm, "10:00")
    case = (await firm.open(account)).case
    task = await firm.task("confirm_contact")
    await letter(firm, case, "confirm_contact")
    return case, task


async def comes_back(firm: Firm, case: str, template: str) -> None:
    """The mail system tells that the one mail of that template came back."""
    message_id = str((await letter(firm, case, template))["Message-ID"])
    await firm.quietus.bounced(case, Bounce(message_id=message_id, reason=NO_MAILBOX))


def ways(firm: Firm, case: str, template: str) -> list[tuple[Medium | None, DeliveryState]]:
    """On which channels a notice went out, and what became of it."""
    return [(line.medium, line.state) for line in firm.show(case).contacts if line.template == template]


def noted(firm: Firm, case: str, what: str) -> list[str]:
    """Why, each time that the trail tells of something."""
    return [link.why for link in firm.show(case).trail if link.what == what]


async def test_a_question_that_came_back_is_asked_by_text_message_at_once_and_so_are_its_reminders(working_firm: Firm):
    case, task = await asked(working_firm)
    await comes_back(working_firm, case, "confirm_contact")
    await eventually(working_firm.sms, "the text message")
    wanted = [(Medium.EMAIL, DeliveryState.BOUNCED), (Medium.SMS, DeliveryState.SENT)]
    await eventually(lambda: ways(working_firm, case, "confirm_contact") == wanted, "the record of both")
    assert noted(working_firm, case, "notice confirm_contact bounced") == [NO_MAILBOX]
    await passed(working_firm, shown_at(working_firm, task), "5 working days")
    await eventually(lambda: ways(working_firm, case, "last_reminder"), "the reminders")
    for template in ("reminder", "last_reminder"):
        assert ways(working_firm, case, template) == [(Medium.SMS, DeliveryState.SENT)]
    assert (await working_firm.answer(task, "confirm")).done


async def test_the_same_bounce_twice_is_one(working_firm: Firm):
    case, _ = await asked(working_firm)
    await comes_back(working_firm, case, "confirm_contact")
    await eventually(working_firm.sms, "the text message")
    await comes_back(working_firm, case, "confirm_contact")
    again = "a bounce of no message that is out: confirm_contact"
    await eventually(lambda: noted(working_firm, case, again), "the second bounce to be noted")
    await passed(working_firm, shown_at(working_firm, await working_firm.task("confirm_contact")), "1 working day")
    assert len(working_firm.sms()) == 1
    assert noted(working_firm, case, "notice confirm_contact bounced") == [NO_MAILBOX]


async def test_a_bounce_of_what_was_answered_changes_nothing(working_firm: Firm):
    case, task = await asked(working_firm)
    await working_firm.answer(task, "confirm")
    approval = await working_firm.task("approval")
    await comes_back(working_firm, case, "confirm_contact")
    what = "a bounce of no message that is out: confirm_contact"
    await eventually(lambda: noted(working_firm, case, what), "the bounce to be noted")
    assert ways(working_firm, case, "confirm_contact") == [(Medium.EMAIL, DeliveryState.ANSWERED)]
    assert working_firm.sms() == []
    assert working_firm.open_task("approval") == approval


async def test_a_bounce_of_what_was_answered_on_the_telephone_is_recorded_and_nothing_is_sent(working_firm: Firm):
    case, task = await asked(working_firm)
    await working_firm.decide(task, "confirm", "cao.ning")
    approval = await working_firm.task("approval")
    await comes_back(working_firm, case, "confirm_contact")
    bounced = [(Medium.EMAIL, DeliveryState.BOUNCED)]
    await eventually(lambda: ways(working_firm, case, "confirm_contact") == bounced, "the record of it")
    await passed(working_firm, shown_at(working_firm, approval), "1 working hour")
    assert working_firm.sms() == []


async def test_a_bounce_of_a_message_that_was_never_sent_is_only_noted(working_firm: Firm):
    case, task = await asked(working_firm)
    await working_firm.quietus.bounced(case, Bounce(message_id="<somebody@else.example.com>", reason=NO_MAILBOX))
    what = "a bounce of no message that is out: unknown"
    assert await eventually(lambda: noted(working_firm, case, what), "the note") == [NO_MAILBOX]
    assert ways(working_firm, case, "confirm_contact") == [(Medium.EMAIL, DeliveryState.SENT)]
    assert working_firm.sms() == []
    assert working_firm.open_task("confirm_contact") == task


async def test_a_notice_that_came_back_from_the_only_channel_becomes_a_letter_and_the_case_goes_on(working_firm: Firm):
    case, task = await asked(working_firm, "ACC-1008")
    await comes_back(working_firm, case, "acknowledgement")
    writing = await working_firm.task("letter")
    assert working_firm.line(writing).roles == (Role.CUSTOMER_SERVICE,)
    wanted = [(Medium.EMAIL, DeliveryState.BOUNCED), (None, DeliveryState.NO_CHANNEL)]
    assert ways(working_firm, case, "acknowledgement") == wanted
    assert "Emma Thompson" in str((await letter(working_firm, case, "letter")).get_content())
    await working_firm.answer(task, "confirm")
    await working_firm.task("books_disagree")
    assert working_firm.open_task("letter") == writing
    assert (await working_firm.decide(writing, "sent", "li.wei")).done


async def test_a_question_that_came_back_from_the_only_channel_is_asked_on_the_telephone(working_firm: Firm):
    case, task = await asked(working_firm, "ACC-1008")
    await comes_back(working_firm, case, "confirm_contact")
    await letter(working_firm, case, "phone_script")
    assert Role.CALL_CENTRE in working_firm.line(task).roles
    assert (await working_firm.decide(task, "confirm", "cao.ning")).done


async def test_a_code_that_went_to_an_address_that_was_changed_answers_nothing_and_the_next_one_does(
    working_firm: Firm,
):
    case, task = await asked(working_firm)
    old = working_firm.code(task)
    assert old
    moved = {"channel": "email", "address": "zhang.wei@new.example.com", "verified": True, "preferred": True}
    working_firm.update("customers", "CUS-1001", contacts=[moved])
    with pytest.raises(Refused) as refusal:
        await working_firm.quietus.answer(working_firm.decision(task, "confirm", old))
    with pytest.raises(Refused) as guessed:
        await working_firm.quietus.answer(working_firm.decision(task, "confirm", old[:-3] + "xyz"))
    assert refusal.value.code is Code.UNAUTHENTICATED
    assert refusal.value.sentence == guessed.value.sentence
    await passed(working_firm, shown_at(working_firm, task), "2 working days")
    assert str((await letter(working_firm, case, "reminder"))["Delivered-To"]) == "zhang.wei@new.example.com"
    assert (await working_firm.answer(task, "confirm")).done
