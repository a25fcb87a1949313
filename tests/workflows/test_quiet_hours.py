"""免打扰: from 21:00 to 08:00 no text message goes out and nobody is reminded; the case goes on, and mail is sent."""

from datetime import datetime, timedelta
from functools import partial

from contracts.notices import DeliveryState
from contracts.tasks import TaskState
from contracts.vocabulary import Initiator, Outcome
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually
from tests.support.moments import DRIFT, assert_near, clock_shows, comes, sent, shown_at

NIGHT = timedelta(hours=9)  # from 23:00 to 08:00


async def opened_at_night(firm: Firm) -> tuple[str, str, datetime]:
    """A case of 23:00 whose customer has a mobile telephone only: the case, what is asked, and when the night ends."""
    only_sms = {"channel": "sms", "address": "+8613800138001", "verified": True, "preferred": True}
    firm.update("customers", "CUS-1002", contacts=[only_sms])
    night = await clock_shows(firm, "23:00")
    case = (await firm.open("ACC-1002")).case
    task = await firm.task("confirm_contact")
    assert_near(shown_at(firm, task), night)
    return case, task, night + NIGHT


def states(firm: Firm, case: str) -> dict[str, tuple[DeliveryState, str]]:
    """What became of each notice to the customer, and why."""
    return {line.template: (line.state, line.error) for line in firm.show(case).contacts if line.medium == "sms"}


async def test_a_text_message_waits_for_the_morning_and_the_case_does_not(working_firm: Firm):
    case, task, morning = await opened_at_night(working_firm)
    queued = (DeliveryState.QUEUED, "")
    wanted = {"acknowledgement": queued, "confirm_contact": queued}
    await eventually(lambda: states(working_firm, case) == wanted, "both notices to be written down")
    await comes(working_firm, morning - DRIFT)
    assert working_firm.sms() == []
    assert working_firm.show(case).stage == "identity"
    await comes(working_firm, morning + DRIFT)
    await eventually(lambda: len(working_firm.sms()) == 2, "both text messages")
    for template in wanted:
        (at,) = await eventually(partial(sent, working_firm, case, template), "the record of it")
        assert_near(at, morning)
    assert (await working_firm.answer(task, "confirm")).done


async def test_a_question_that_was_answered_in_the_night_is_not_sent_in_the_morning(working_firm: Firm):
    case, task, morning = await opened_at_night(working_firm)
    await working_firm.decide(task, "confirm", "cao.ning")
    await working_firm.task("approval")
    await comes(working_firm, morning + DRIFT)
    await eventually(working_firm.sms, "the acknowledgement")
    wanted = {
        "acknowledgement": (DeliveryState.SENT, ""),
        "confirm_contact": (DeliveryState.FAILED, "no longer needed"),
    }
    await eventually(lambda: states(working_firm, case) == wanted, "the record of it")
    assert len(working_firm.sms()) == 1


async def test_of_a_case_that_was_withdrawn_in_the_night_the_customer_hears_its_end_in_the_morning(working_firm: Firm):
    case, task, morning = await opened_at_night(working_firm)
    await working_firm.withdraw(case, "li.wei")
    outcome = await working_firm.outcome(case)
    assert outcome.outcome == Outcome.WITHDRAWN
    gone = (DeliveryState.FAILED, "no longer needed")
    told = (DeliveryState.SENT, "")
    assert states(working_firm, case) == {"acknowledgement": gone, "confirm_contact": gone, "ended_withdrawn": told}
    shown = assert_ended_well(working_firm, outcome, status="active", balance="0.00")
    assert_near(sent(working_firm, case, "ended_withdrawn")[0], morning)
    assert shown.ended_at
    assert timedelta(0) <= shown.ended_at - morning < timedelta(minutes=2)
    assert working_firm.line(task).state is TaskState.WITHDRAWN


async def test_mail_is_sent_at_night(working_firm: Firm):
    night = await clock_shows(working_firm, "23:00")
    case = (await working_firm.open("ACC-1001")).case
    await working_firm.answer(await working_firm.task("confirm_contact"), "confirm")
    for template in ("acknowledgement", "confirm_contact"):
        assert_near(sent(working_firm, case, template)[0], night)


async def test_a_reminder_that_falls_into_the_night_comes_when_it_is_over(working_firm: Firm):
    night = await clock_shows(working_firm, "23:00")
    case = (await working_firm.open("ACC-1001", initiator=Initiator.FIRM, requested_by="li.wei", payout=None)).case
    task = await working_firm.task("closure_notice")
    await comes(working_firm, night + timedelta(days=15) + NIGHT - DRIFT)
    assert not sent(working_firm, case, "last_reminder")
    await comes(working_firm, night + timedelta(days=20) + NIGHT + DRIFT)
    await eventually(working_firm.sms, "the next channel")
    assert_near(sent(working_firm, case, "last_reminder")[0], night + timedelta(days=15) + NIGHT)
    assert_near(sent(working_firm, case, "closure_notice")[1], night + timedelta(days=20) + NIGHT)
    await comes(working_firm, night + timedelta(days=30) + DRIFT)  # the end of a period is no matter of disturbing
    await eventually(lambda: working_firm.line(task).state is TaskState.WITHDRAWN, "the end of the notice")
    assert_near(shown_at(working_firm, await working_firm.task("approval")), night + timedelta(days=30))
