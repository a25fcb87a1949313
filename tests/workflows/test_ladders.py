"""时限: reminders, escalation, the next channel, the telephone, giving up; by the policy in force and its working days.

What was done on the way is held against the working calendar, so that a test means the same on every day of the week.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.empty_pb2 import Empty

from contracts.findings import FindingState
from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.requests import Receipt
from contracts.tasks import TaskState
from contracts.vocabulary import Initiator, Medium, Role
from gateways.calendar import WorkingCalendar
from gateways.mail import CASE_HEADER
from policy import Policies
from tests.support.course import approve, closed, confirmed
from tests.support.firm import ROOT, Firm, eventually

CALENDAR = WorkingCalendar(Policies(ROOT / "policy")["2026-11-01"].calendar)
DRIFT = timedelta(minutes=2)  # of the server that skips time


def contacts(firm: Firm, receipt: Receipt, template: str) -> list[datetime]:
    """When a notice was sent, the earliest first."""
    lines = firm.show(receipt.case).contacts
    return sorted(line.at for line in lines if line.template == template and line.state is DeliveryState.SENT)


def shown_at(firm: Firm, task: str) -> datetime:
    """When the task came into the inbox."""
    links = firm.show(task.rpartition(".task-")[0]).trail
    return next(link.at for link in links if link.what == f"task shown: {task}")


def assert_at(moments: list[datetime], start: datetime, *spans: str) -> None:
    """Each happened when its span was over, and nothing else happened."""
    wanted = [CALENDAR.add(start, span) for span in spans]
    assert len(moments) == len(wanted), f"{moments} instead of {wanted}"
    assert all(timedelta(0) <= real - due < DRIFT for real, due in zip(moments, wanted, strict=True)), (moments, wanted)


async def passed(firm: Firm, start: datetime, span: str) -> None:
    """Let the time pass until so much (working) time after `start` is over, and a little longer."""
    now = (await firm.client.test_service.get_current_time(Empty())).time.ToDatetime(UTC)
    await firm.pass_time(CALENDAR.add(start, span) - now + DRIFT)


# ---- staff -------------------------------------------------------------------------------------


async def test_a_task_is_reminded_then_escalated_and_the_supervisor_may_decide_only_then(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-1008")
    task = await working_firm.task("books_disagree")
    start = shown_at(working_firm, task)
    with pytest.raises(Refused) as early:
        await working_firm.decide(task, "fixed", "song.jia")
    assert early.value.code is Code.FORBIDDEN
    await passed(working_firm, start, "8 working hours")
    await eventually(lambda: contacts(working_firm, receipt, "task_escalation"), "the escalation")
    assert_at(contacts(working_firm, receipt, "task_reminder"), start, "6 working hours")
    assert_at(contacts(working_firm, receipt, "task_escalation"), start, "8 working hours")
    line = working_firm.line(task)
    assert (line.overdue, set(line.roles)) == (True, {Role.FINANCE, Role.SUPERVISOR})
    decided = await working_firm.decide(task, "end", "song.jia", reason="finance does not answer")
    assert decided.done
    assert (await working_firm.outcome(receipt.case)).outcome == "rejected"


async def test_an_overdue_task_reaches_the_manager_in_the_end(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-1008")
    task = await working_firm.task("books_disagree")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "3 working days")
    await eventually(lambda: len(contacts(working_firm, receipt, "task_escalation")) == 2, "the second escalation")
    assert_at(contacts(working_firm, receipt, "task_escalation"), start, "8 working hours", "3 working days")
    assert set(working_firm.line(task).roles) == {Role.FINANCE, Role.SUPERVISOR, Role.MANAGER}
    last = [mail for mail in working_firm.mail.messages() if mail[CASE_HEADER] == receipt.case][-1]
    assert "david.chen@staff.example.com" in str(last["To"])


async def test_a_freeze_is_waited_for_with_the_ladder_of_the_authorities(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-2006")
    task = await working_firm.task("account_frozen")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "10 working days")
    await eventually(lambda: contacts(working_firm, receipt, "task_escalation"), "the escalation")
    mine = [line.at for line in working_firm.show(receipt.case).contacts if line.task == task]
    assert_at(mine[1:], start, "5 working days", "10 working days")
    assert working_firm.status("ACC-2006") == "frozen"


async def test_nothing_is_ever_approved_by_silence(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-1001")
    task = await working_firm.task("approval")
    await working_firm.pass_time(timedelta(days=365))
    line = working_firm.line(task)
    assert (line.state, line.approvals, line.overdue) == (TaskState.OPEN, 0, True)
    assert set(line.roles) == {Role.SUPERVISOR, Role.MANAGER}
    assert (working_firm.show(receipt.case).outcome, working_firm.balance("ACC-1001")) == ("open", "1234.56")
    await approve(working_firm, "song.jia")
    await closed(working_firm, receipt)


# ---- the customer ------------------------------------------------------------------------------


async def test_a_silent_customer_is_reminded_written_to_on_the_next_channel_called_and_given_up(working_firm: Firm):
    receipt = await working_firm.open("ACC-1001")
    task = await working_firm.task("confirm_contact")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "15 working days")
    silence = await working_firm.task("contact_invalid")
    asked = contacts(working_firm, receipt, "confirm_contact")
    assert_at(asked[1:], start, "7 working days")
    assert_at(contacts(working_firm, receipt, "reminder"), start, "2 working days", "5 working days")
    assert_at(contacts(working_firm, receipt, "phone_script"), start, "10 working days")
    assert Role.CALL_CENTRE in working_firm.line(task).roles
    assert working_firm.line(task).state is TaskState.WITHDRAWN
    assert timedelta(0) <= shown_at(working_firm, silence) - CALENDAR.add(start, "15 working days") < DRIFT
    assert working_firm.found(receipt.case) == {"contact_invalid:silent": FindingState.OPEN}


async def test_an_answer_to_the_text_message_counts_as_one_to_the_mail(working_firm: Firm):
    receipt = await working_firm.open("ACC-1001")
    task = await working_firm.task("confirm_contact")
    await passed(working_firm, shown_at(working_firm, task), "7 working days")
    message = await eventually(working_firm.sms, "the text message")
    assert [each["to"] for each in message] == ["+8613800138000"]
    code = re.findall(r"[A-Za-z0-9_.-]{60,}", message[0]["text"])[0]
    await working_firm.quietus.answer(working_firm.decision(task, "confirm", code))
    await working_firm.task("approval")
    mediums = [line.medium for line in working_firm.show(receipt.case).contacts if line.template == "confirm_contact"]
    assert mediums == [Medium.EMAIL, Medium.SMS]


async def test_the_call_centre_gets_a_script_and_notes_what_the_customer_said(working_firm: Firm):
    receipt = await working_firm.open("ACC-1001")
    task = await working_firm.task("confirm_contact")
    await passed(working_firm, shown_at(working_firm, task), "10 working days")
    await eventually(lambda: contacts(working_firm, receipt, "phone_script"), "the script")
    script = next(mail for mail in working_firm.mail.messages() if "cao.ning@staff.example.com" in str(mail["To"]))
    assert task in str(script.get_content())
    noted = await working_firm.decide(task, "confirm", "cao.ning")
    assert noted.by == "customer, noted by cao.ning"
    await working_firm.task("approval")


async def test_a_customer_of_the_firm_has_thirty_days_to_object_and_silence_is_deemed_agreement(working_firm: Firm):
    """银发〔2005〕16号: 30 days of the calendar, whatever the working days."""
    receipt = await working_firm.open("ACC-1003", initiator=Initiator.FIRM, requested_by="li.wei", payout=None)
    task = await working_firm.task("closure_notice")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "29 days")
    assert working_firm.open_task("closure_notice") == task
    assert working_firm.open_task("approval") is None
    await passed(working_firm, start, "30 days")
    await working_firm.task("approval")
    assert_at(contacts(working_firm, receipt, "reminder"), start, "15 days")
    assert_at(contacts(working_firm, receipt, "closure_notice")[1:], start, "20 days")
    assert working_firm.line(task).decisions == ()


async def test_an_offer_that_nobody_answers_is_declined(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-1001", reason={"code": "cost", "text": "too dear"})
    task = await working_firm.task("offer")
    await passed(working_firm, shown_at(working_firm, task), "5 working days")
    await working_firm.task("approval")
    assert working_firm.show(receipt.case).outcome == "open"


async def test_a_receipt_that_is_not_confirmed_does_not_keep_the_case_open(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-1001")
    await approve(working_firm, "song.jia")
    await closed(working_firm, receipt)
    statement = next(task for task in working_firm.show(receipt.case).tasks if task.name == "closing_statement")
    assert (statement.state, statement.option) == (TaskState.WITHDRAWN, None)
    assert_at(contacts(working_firm, receipt, "reminder"), shown_at(working_firm, statement.task), "2 working days")
