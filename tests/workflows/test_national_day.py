"""国庆: deadlines go over a holiday and onto its make-up Saturday, also when the year is announced on the way."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from contracts.calendar_file import CalendarFile, Day
from contracts.tasks import Reckoning
from gateways.calendar_days import load_days
from tests.support.course import confirmed
from tests.support.firm import Firm, eventually
from tests.support.moments import DRIFT, assert_near, comes, sent, shown_at

YEAR = 2027
ZONE = ZoneInfo("Asia/Shanghai")
HOLIDAYS = [Day(day=date(YEAR, 10, n), worked=False, words="国庆节") for n in range(1, 8)]
MADE_UP = Day(day=date(YEAR, 10, 9), worked=True, words="国庆节补班")
NOTICE = CalendarFile(source="国务院办公厅关于2027年部分节假日安排的通知", years=(YEAR,), days=(*HOLIDAYS, MADE_UP))

pytestmark = pytest.mark.skipif(
    datetime.now(UTC).date() >= date(YEAR, 9, 30), reason="the server's time only goes forward: take a later year"
)


def at(day: int, clock: str, month: int = 10) -> datetime:
    """A moment of that autumn, by the firm's clock."""
    return datetime.fromisoformat(f"{YEAR}-{month:02}-{day:02}T{clock}").replace(tzinfo=ZONE)


def announce(firm: Firm) -> None:
    """The State Council's notice is loaded."""
    firm.mend(lambda session: load_days(session, NOTICE, "0" * 64))


async def on_the_eve(firm: Firm) -> tuple[str, str]:
    """A case that waits for finance since 15:00 on the Thursday before National Day; and the task."""
    await comes(firm, at(30, "15:00", month=9))
    case = (await confirmed(firm, "ACC-1008")).case
    task = await firm.task("books_disagree")
    assert_near(shown_at(firm, task), at(30, "15:00", month=9))
    return case, task


async def test_deadlines_go_over_the_holiday_and_onto_the_make_up_saturday(working_firm: Firm):
    announce(working_firm)
    case, task = await on_the_eve(working_firm)
    line = working_firm.line(task)
    assert_near(line.due, at(8, "14:00"))
    assert not line.provisional
    assert_near(working_firm.show(case).expected_by, at(9, "15:00"))
    await comes(working_firm, at(8, "12:00") - DRIFT)
    assert not sent(working_firm, case, "task_reminder")
    await comes(working_firm, at(11, "15:00") + DRIFT)
    await eventually(lambda: sent(working_firm, case, "task_second_escalation"), "the second escalation")
    ladder = {"task_reminder": at(8, "12:00"), "task_due": at(8, "14:00"), "task_escalation": at(8, "16:00")}
    ladder["task_second_escalation"] = at(11, "15:00")  # Friday, the Saturday, Monday
    for template, moment in ladder.items():
        assert_near(sent(working_firm, case, template)[0], moment)


async def test_open_tasks_move_when_the_year_is_announced_and_nobody_is_reminded_in_the_holiday(working_firm: Firm):
    case, task = await on_the_eve(working_firm)
    line = working_firm.line(task)
    assert line.provisional
    assert_near(line.due, at(1, "14:00"))
    assert_near(working_firm.show(case).expected_by, at(4, "15:00"))
    announce(working_firm)
    await working_firm.quietus.reckon(case, Reckoning(reason=f"calendar: {NOTICE.source}"))
    await eventually(lambda: working_firm.line(task).due != line.due, "the due date to move")
    moved = working_firm.line(task)
    assert_near(moved.due, at(8, "14:00"))
    assert not moved.provisional
    assert_near(working_firm.show(case).expected_by, at(9, "15:00"))
    told = next(link for link in working_firm.show(case).trail if link.what == f"due date moved: {task}")
    assert told.evidence == {"before": line.due.isoformat(), "after": moved.due.isoformat()}
    await comes(working_firm, at(8, "12:00") - DRIFT)
    assert not sent(working_firm, case, "task_reminder")
    assert not working_firm.line(task).overdue
    await comes(working_firm, at(8, "14:00") + DRIFT)
    await eventually(lambda: sent(working_firm, case, "task_due"), "the reminder at the due moment")
    assert_near(sent(working_firm, case, "task_reminder")[0], at(8, "12:00"))
    assert_near(sent(working_firm, case, "task_due")[0], at(8, "14:00"))


async def test_a_customer_is_reminded_on_the_make_up_saturday(working_firm: Firm):
    announce(working_firm)
    await comes(working_firm, at(30, "15:00", month=9))
    case = (await working_firm.open("ACC-1001")).case
    await working_firm.task("confirm_contact")
    await comes(working_firm, at(9, "15:00") - DRIFT)
    assert not sent(working_firm, case, "reminder")
    await comes(working_firm, at(9, "15:00") + DRIFT)
    reminded = await eventually(lambda: sent(working_firm, case, "reminder"), "the reminder")
    assert_near(reminded[0], at(9, "15:00"))
    assert reminded[0].astimezone(ZONE).date() == MADE_UP.day
