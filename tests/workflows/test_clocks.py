"""停表: the clock of a task stands while its case waits for the customer or is paused; staff's own time counts."""

import asyncio
from datetime import datetime, timedelta

from contracts.tasks import RungKind
from contracts.vocabulary import Role
from tests.support.course import confirmed, disagreement, go_on, hold
from tests.support.firm import Firm, eventually
from tests.support.moments import (
    CALENDAR,
    DRIFT,
    assert_near,
    clock_shows,
    comes,
    letter,
    now,
    passed,
    rungs_of,
    sent,
    shown_at,
    told,
)
from workflows.case import Case

NOTHING = timedelta(0)
STAFF_LADDER = ("6 working hours", "8 working hours", "10 working hours", "3 working days")


async def returned(firm: Firm, task: str, to: str, question: str = "Which statement says 300.00?") -> str:
    """Finance sends a task back; the task in which the question is asked."""
    await firm.decide(task, "return", "wang.fang", reason=question, data={"to": to})
    return await firm.task("information_asked" if to == "customer" else "information_wanted")


def when(firm: Firm, case: str, what: str) -> list[datetime]:
    """The moments at which the trail tells of something."""
    return [link.at for link in firm.show(case).trail if link.what == what]


async def stands(firm: Firm, case: str, task: str, span: str) -> None:
    """The case is paused for so long; the deadlines of its task are reckoned again when it goes on."""
    moved = f"due date moved: {task}"
    before = len(when(firm, case, moved))
    await hold(firm, case)
    await passed(firm, await now(firm), span)
    await go_on(firm, case)
    await eventually(lambda: len(when(firm, case, moved)) > before, "the reckoning")


def assert_ladder(firm: Firm, task: str, start: datetime, stood: timedelta, *spans: str) -> None:
    """The rungs that are left come when their spans are over, and the working time that the clock stood."""
    for rung, span in zip(rungs_of(firm, task), spans, strict=True):
        assert_near(rung.at, CALENDAR.later(CALENDAR.add(start, span), stood))


# ---- questions -----------------------------------------------------------------------------------------------------


async def test_the_time_that_the_customer_takes_to_answer_does_not_count_against_who_asked(working_firm: Firm):
    case, task = await disagreement(working_firm)
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "4 working hours")
    question = await returned(working_firm, task, "customer")
    asked = shown_at(working_firm, question)
    words = str((await letter(working_firm, case, "information_asked")).get_content())
    assert "Which statement says 300.00?" in words
    await passed(working_firm, asked, "3 working days")
    await working_firm.answer(question, "answered", reason="The one of October.")
    again = await working_firm.task("books_disagree")
    stood = CALENDAR.working_time_between(asked, shown_at(working_firm, again))
    assert stood > timedelta(hours=26)
    assert_near(working_firm.line(again).due, CALENDAR.later(CALENDAR.add(start, "8 working hours"), stood))
    assert_ladder(working_firm, again, start, stood, *STAFF_LADDER)
    words = str((await letter(working_firm, case, "answered_information", again)).get_content())
    assert "Which statement says 300.00?" in words
    assert "The one of October." in words
    assert not sent(working_firm, case, "task_reminder")
    reminder = CALENDAR.later(CALENDAR.add(start, "6 working hours"), stood)
    await comes(working_firm, reminder + DRIFT)
    reminded = await eventually(lambda: sent(working_firm, case, "task_reminder", again), "the reminder")
    assert_near(reminded[0], reminder)
    assert (await working_firm.decide(again, "end", "wang.fang", reason="as the customer says")).done


async def test_the_time_that_a_colleague_takes_to_answer_counts(working_firm: Firm):
    case, task = await disagreement(working_firm)
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "4 working hours")
    question = await returned(working_firm, task, "customer_service")
    line = working_firm.line(question)
    assert (line.roles, line.options) == ((Role.CUSTOMER_SERVICE,), ("answered",))
    assert told(await letter(working_firm, case, "information_wanted")) == {"li.wei", "chen.jie", "peng.fei"}
    await passed(working_firm, shown_at(working_firm, question), "5 working hours")
    await working_firm.decide(question, "answered", "li.wei", reason="The one of October.")
    again = await working_firm.task("books_disagree")
    await eventually(lambda: sent(working_firm, case, "task_due", again), "what is overdue by now")
    assert_near(working_firm.line(again).due, CALENDAR.add(start, "8 working hours"))
    assert working_firm.line(again).overdue
    assert_ladder(working_firm, again, start, NOTHING, *STAFF_LADDER[2:])


async def test_an_escalated_task_that_was_sent_back_comes_again_escalated_and_nobody_is_told_twice(working_firm: Firm):
    case, task = await disagreement(working_firm)
    start = shown_at(working_firm, task)
    await passed(working_firm, start, "10 working hours")
    await eventually(lambda: sent(working_firm, case, "task_escalation"), "the escalation")
    question = await returned(working_firm, task, "customer")
    asked = shown_at(working_firm, question)
    await passed(working_firm, asked, "2 working days")
    await working_firm.answer(question, "answered", reason="The one of October.")
    again = await working_firm.task("books_disagree")
    stood = CALENDAR.working_time_between(asked, shown_at(working_firm, again))
    line = working_firm.line(again)
    assert (set(line.roles), line.overdue) == ({Role.FINANCE, Role.SUPERVISOR}, True)
    assert [rung.kind for rung in rungs_of(working_firm, again)] == [RungKind.ESCALATE_AGAIN]
    async with asyncio.timeout(20):  # the case hears of its task a moment after the records
        while (await working_firm.handle(case).query(Case.overview)).waiting_for != ["finance", "supervisor"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert_ladder(working_firm, again, start, stood, STAFF_LADDER[3])
    await comes(working_firm, CALENDAR.later(CALENDAR.add(start, STAFF_LADDER[3]), stood) + DRIFT)
    await eventually(lambda: sent(working_firm, case, "task_second_escalation", again), "the second escalation")
    assert all(len(sent(working_firm, case, f"task_{rung}")) == 1 for rung in ("reminder", "due", "escalation"))
    assert (await working_firm.decide(again, "end", "song.jia", reason="nobody answers")).done


async def test_a_customer_who_does_not_answer_a_question_leaves_the_matter_with_who_asked(working_firm: Firm):
    _, task = await disagreement(working_firm)
    question = await returned(working_firm, task, "customer")
    await passed(working_firm, shown_at(working_firm, question), "15 working days")
    again = await working_firm.task("books_disagree")
    assert not working_firm.line(again).overdue
    assert (await working_firm.decide(again, "end", "wang.fang", reason="no answer came")).done


# ---- a paused case -------------------------------------------------------------------------------------------------


async def test_nobody_is_reminded_while_a_case_is_paused_and_its_ladder_goes_on_where_it_stood(working_firm: Firm):
    case, task = await disagreement(working_firm)
    start = shown_at(working_firm, task)
    for span in ("5 working days", "30 working hours"):
        await passed(working_firm, await now(working_firm), "1 working hour")
        await stands(working_firm, case, task, span)
    assert not sent(working_firm, case, "task_reminder")
    assert not working_firm.line(task).overdue
    pauses = zip(when(working_firm, case, "paused"), when(working_firm, case, "resumed"), strict=True)
    stood = sum((CALENDAR.working_time_between(*pause) for pause in pauses), NOTHING)
    assert stood > timedelta(hours=75)
    assert_ladder(working_firm, task, start, stood, *STAFF_LADDER)
    reminder = CALENDAR.later(CALENDAR.add(start, STAFF_LADDER[0]), stood)
    await comes(working_firm, reminder - 2 * DRIFT)
    assert not sent(working_firm, case, "task_reminder")
    await comes(working_firm, reminder + DRIFT)
    reminded = await eventually(lambda: sent(working_firm, case, "task_reminder"), "the reminder")
    assert_near(reminded[0], reminder)


async def test_a_customer_is_not_reminded_while_the_case_is_paused(working_firm: Firm):
    await clock_shows(working_firm, "10:00", workday=True)
    case = (await working_firm.open("ACC-1001")).case
    task = await working_firm.task("confirm_contact")
    start = shown_at(working_firm, task)
    await stands(working_firm, case, task, "12 working days")
    assert not any(sent(working_firm, case, name) for name in ("reminder", "last_reminder", "phone_script"))
    assert not working_firm.sms()
    await passed(working_firm, start, "14 working days")
    reminded = await eventually(lambda: sent(working_firm, case, "reminder"), "the reminder")
    stood = CALENDAR.working_time_between(when(working_firm, case, "paused")[0], when(working_firm, case, "resumed")[0])
    assert_near(reminded[0], CALENDAR.later(CALENDAR.add(start, "2 working days"), stood))
    assert not sent(working_firm, case, "last_reminder")


# ---- the whole case ------------------------------------------------------------------------------------------------


async def test_the_expected_end_moves_by_what_the_customer_takes_and_not_by_what_staff_take(working_firm: Firm):
    await clock_shows(working_firm, "10:00", workday=True)
    receipt = await working_firm.open("ACC-1008")
    opened = working_firm.show(receipt.case).opened_at
    assert_near(receipt.expected_by, CALENDAR.add(opened, "2 working days"))
    question = await working_firm.task("confirm_contact")
    asked = shown_at(working_firm, question)
    await passed(working_firm, asked, "4 working days")
    await working_firm.answer(question, "confirm")
    task = await working_firm.task("books_disagree")
    stood = CALENDAR.working_time_between(asked, shown_at(working_firm, task))
    after = working_firm.show(receipt.case).expected_by
    assert_near(after, CALENDAR.later(CALENDAR.add(opened, "2 working days"), stood))
    await passed(working_firm, shown_at(working_firm, task), "20 working hours")
    await working_firm.decide(task, "fixed", "wang.fang")
    await eventually(lambda: working_firm.open_task("books_disagree") not in {task, None}, "finance again")
    assert_near(working_firm.show(receipt.case).expected_by, after)


async def test_what_a_customer_an_authority_and_a_pause_take_side_by_side_is_counted_once(working_firm: Firm):
    await clock_shows(working_firm, "10:00", workday=True)
    working_firm.update("accounts", "ACC-2006", stated_balance="1000.00")
    case = (await confirmed(working_firm, "ACC-2006")).case
    frozen = await working_firm.task("account_frozen")
    disagree = await working_firm.task("books_disagree")
    since = shown_at(working_firm, frozen)
    await passed(working_firm, since, "1 working day")
    question = await returned(working_firm, disagree, "customer")
    await passed(working_firm, since, "2 working days")
    working_firm.mend(lambda session: working_firm.books.release(session, "ACC-2006"))
    assert (await working_firm.decide(frozen, "fixed", "lin.tao")).done
    await hold(working_firm, case)
    await passed(working_firm, since, "3 working days")
    await go_on(working_firm, case)
    await passed(working_firm, since, "4 working days")
    await working_firm.answer(question, "answered", reason="we do not know of 1,000.00")
    until = shown_at(working_firm, await working_firm.task("books_disagree"))
    stood = CALENDAR.working_time_between(since, until)
    assert stood > timedelta(hours=35)
    shown = working_firm.show(case)
    assert_near(shown.expected_by, CALENDAR.later(CALENDAR.add(shown.opened_at, "2 working days"), stood))
