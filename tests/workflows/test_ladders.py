"""时限: reminders, escalation, the next channel, the telephone, giving up: as the policy in force has it."""

import re
from datetime import timedelta

import pytest

from contracts.findings import FindingState
from contracts.refusals import Code, Refused
from contracts.tasks import TaskState
from contracts.vocabulary import Initiator, Medium, Role
from tests.support.course import approve, closed, confirmed
from tests.support.firm import Firm, eventually
from tests.support.moments import CALENDAR, DRIFT, assert_at, clock_shows, letters, passed, sent, shown_at, told
from workflows.case import Case

FINANCE = {"wang.fang", "zhao.min"}
SUPERVISORS = {"song.jia", "luo.hao"}
MANAGERS = {"david.chen", "tian.ye"}


# ---- staff -------------------------------------------------------------------------------------


async def test_a_task_climbs_its_whole_ladder_and_each_rung_has_its_people_and_its_words(working_firm: Firm):
    case = (await confirmed(working_firm, "ACC-1008")).case
    task = await working_firm.task("books_disagree")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "3 working days")
    await eventually(lambda: letters(working_firm, case, "task_second_escalation"), "the second escalation")
    ladder = {
        "task": ("0 working hours", FINANCE, "待办"),
        "task_reminder": ("6 working hours", FINANCE, "提醒"),
        "task_due": ("8 working hours", FINANCE, "到期"),
        "task_escalation": ("10 working hours", FINANCE | SUPERVISORS, "逾期升级"),
        "task_second_escalation": ("3 working days", FINANCE | SUPERVISORS | MANAGERS, "再次升级"),
    }
    texts = set()
    for template, (span, people, words) in ladder.items():
        (letter,) = letters(working_firm, case, template)
        if template != "task":
            assert_at(sent(working_firm, case, template), start, span)
        assert (template, told(letter)) == (template, people)
        assert str(letter["Subject"]).startswith(f"{words}：")
        texts.add(str(letter.get_content()).split("\n")[0])
        assert task in str(letter.get_content())
    assert len(texts) == len(ladder)


async def test_a_task_is_overdue_from_its_due_moment_and_the_supervisor_decides_only_after_the_escalation(
    working_firm: Firm,
):
    receipt = await confirmed(working_firm, "ACC-1008")
    task = await working_firm.task("books_disagree")
    start = shown_at(working_firm, task)
    assert not working_firm.line(task).overdue
    await passed(working_firm, start, "8 working hours")
    await eventually(lambda: sent(working_firm, receipt.case, "task_due"), "the reminder at the due moment")
    line = working_firm.line(task)
    assert (line.due, line.overdue, line.roles) == (CALENDAR.add(start, "8 working hours"), True, (Role.FINANCE,))
    with pytest.raises(Refused) as early:
        await working_firm.decide(task, "fixed", "song.jia")
    assert early.value.code is Code.FORBIDDEN
    await passed(working_firm, start, "10 working hours")
    await eventually(lambda: sent(working_firm, receipt.case, "task_escalation"), "the escalation")
    assert set(working_firm.line(task).roles) == {Role.FINANCE, Role.SUPERVISOR}
    assert (await working_firm.handle(receipt.case).query(Case.overview)).waiting_for == ["finance", "supervisor"]
    assert (await working_firm.decide(task, "end", "song.jia", reason="finance does not answer")).done
    assert (await working_firm.outcome(receipt.case)).outcome == "rejected"
    assert not sent(working_firm, receipt.case, "task_second_escalation")


async def test_a_freeze_is_waited_for_with_the_ladder_of_the_authorities(working_firm: Firm):
    case = (await confirmed(working_firm, "ACC-2006")).case
    task = await working_firm.task("account_frozen")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "30 working days")
    await eventually(lambda: sent(working_firm, case, "task_second_escalation", task), "the second escalation")
    ladder = {"task_reminder": 5, "task_due": 10, "task_escalation": 11, "task_second_escalation": 30}
    for template, days in ladder.items():
        assert_at(sent(working_firm, case, template, task), start, f"{days} working days")
    assert working_firm.status("ACC-2006") == "frozen"


async def test_nothing_is_ever_approved_by_silence(working_firm: Firm):
    receipt = await confirmed(working_firm, "ACC-1001")
    task = await working_firm.task("approval")
    start = shown_at(working_firm, task)
    await working_firm.pass_time(timedelta(days=365))
    await eventually(lambda: sent(working_firm, receipt.case, "task_second_escalation"), "the second escalation")
    line = working_firm.line(task)
    assert (line.state, line.approvals, line.overdue) == (TaskState.OPEN, 0, True)
    assert set(line.roles) == {Role.SUPERVISOR, Role.MANAGER}
    ladder = {"task_reminder": "4 working hours", "task_due": "8 working hours"}
    ladder |= {"task_escalation": "10 working hours", "task_second_escalation": "2 working days"}
    for template, span in ladder.items():
        assert_at(sent(working_firm, receipt.case, template), start, span)
    assert (working_firm.show(receipt.case).outcome, working_firm.balance("ACC-1001")) == ("open", "1234.56")
    await approve(working_firm, "song.jia")
    await closed(working_firm, receipt)


# ---- the customer ------------------------------------------------------------------------------


async def test_a_silent_customer_is_reminded_written_to_on_the_next_channel_called_and_given_up(working_firm: Firm):
    case = (await working_firm.open("ACC-1001")).case
    task = await working_firm.task("confirm_contact")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "15 working days")
    silence = await working_firm.task("contact_invalid")
    assert_at(sent(working_firm, case, "confirm_contact")[1:], start, "7 working days")
    assert_at(sent(working_firm, case, "reminder"), start, "2 working days")
    assert_at(sent(working_firm, case, "last_reminder"), start, "5 working days")
    assert_at(sent(working_firm, case, "phone_script"), start, "10 working days")
    assert Role.CALL_CENTRE in working_firm.line(task).roles
    assert working_firm.line(task).state is TaskState.WITHDRAWN
    assert timedelta(0) <= shown_at(working_firm, silence) - CALENDAR.add(start, "15 working days") < DRIFT
    assert working_firm.found(case) == {"contact_invalid:silent": FindingState.OPEN}
    assert working_firm.line(silence).roles == (Role.CUSTOMER_SERVICE,)
    with pytest.raises(Refused) as late:
        await working_firm.answer(task, "confirm")
    assert late.value.code is Code.TOO_LATE


async def test_an_answer_to_the_text_message_counts_as_one_to_the_mail(working_firm: Firm):
    case = (await working_firm.open("ACC-1001")).case
    task = await working_firm.task("confirm_contact")
    await passed(working_firm, shown_at(working_firm, task), "7 working days")
    message = await eventually(working_firm.sms, "the text message")
    assert [each["to"] for each in message] == ["+8613800138000"]
    code = re.findall(r"[A-Za-z0-9_.-]{60,}", message[0]["text"])[0]
    await working_firm.quietus.answer(working_firm.decision(task, "confirm", code))
    await working_firm.task("approval")
    mediums = [line.medium for line in working_firm.show(case).contacts if line.template == "confirm_contact"]
    assert mediums == [Medium.EMAIL, Medium.SMS]


async def test_the_call_centre_gets_a_script_and_notes_what_the_customer_said(working_firm: Firm):
    case = (await working_firm.open("ACC-1001")).case
    task = await working_firm.task("confirm_contact")
    await passed(working_firm, shown_at(working_firm, task), "10 working days")
    await eventually(lambda: letters(working_firm, case, "phone_script"), "the script")
    (script,) = letters(working_firm, case, "phone_script")
    assert told(script) == {"cao.ning", "peng.fei"}
    assert all(words in str(script.get_content()) for words in ("张伟", task, "confirm", "deny"))
    noted = await working_firm.decide(task, "confirm", "cao.ning")
    assert (noted.by, noted.heard_by) == ("customer, noted by cao.ning", "cao.ning")
    await working_firm.task("approval")


async def test_a_customer_of_the_firm_has_thirty_days_to_object_and_silence_is_deemed_agreement(working_firm: Firm):
    """银发〔2005〕16号: 30 days of the calendar, whatever the working days."""
    await clock_shows(working_firm, "10:00")
    case = (await working_firm.open("ACC-1003", initiator=Initiator.FIRM, requested_by="li.wei", payout=None)).case
    task = await working_firm.task("closure_notice")
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "29 days")
    assert working_firm.open_task("closure_notice") == task
    assert working_firm.open_task("approval") is None
    await passed(working_firm, start, "30 days")
    await working_firm.task("approval")
    assert_at(sent(working_firm, case, "last_reminder"), start, "15 days")
    assert_at(sent(working_firm, case, "closure_notice")[1:], start, "20 days")
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
    reminded = sent(working_firm, receipt.case, "last_reminder")
    assert_at(reminded, shown_at(working_firm, statement.task), "2 working days")
