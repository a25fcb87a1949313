"""代理: the deputy of who is absent, or who delegated a task, is told of it, finds it, and decides in their place."""

from datetime import timedelta

import pytest

from contracts.books import Absence
from contracts.refusals import Code, Refused
from gateways.books_journal import today
from gateways.desk_work import DeskWork
from gateways.staffing import Staffing
from tests.support.course import confirmed, disagreement
from tests.support.firm import Firm
from tests.support.moments import CALENDAR, clock_shows, comes, letter, now, told

REASON = "as the auditor says"


def deputy(firm: Firm, staff: str, stands_in: str) -> None:
    """Whoever stands in for somebody holds another role, so that only the place counts."""
    firm.update("staff", staff, deputy=stands_in)


async def away(firm: Firm, staff: str, days: int = 2) -> None:
    """Somebody enters their absence, from today on the wall until so many days after the server's day."""
    last = CALENDAR.rules.day(await now(firm)) + timedelta(days=days)
    period = Absence(since=today(), until=last)
    Staffing(firm.world.database, firm.tokens).absence(staff, period, firm.tokens.mint(staff))


async def refused(firm: Firm, task: str, by: str) -> Code:
    """Why a decision was refused."""
    with pytest.raises(Refused) as refusal:
        await firm.decide(task, "end", by, reason=REASON)
    return refusal.value.code


def desk(firm: Firm) -> DeskWork:
    """Where staff work on tasks."""
    return DeskWork(firm.world.database, firm.tokens, firm.world.policies)


def in_inbox(firm: Firm, staff: str, task: str) -> bool:
    """Whether somebody finds a task in their inbox."""
    return any(line.task == task for line in firm.casebook.inbox(staff=staff))


async def test_the_deputy_of_who_is_absent_is_told_finds_the_task_and_decides_in_their_place(working_firm: Firm):
    deputy(working_firm, "wang.fang", "sun.li")
    await clock_shows(working_firm, "09:00", workday=True)
    await away(working_firm, "wang.fang")
    case, task = await disagreement(working_firm)
    assert told(await letter(working_firm, case, "task")) == {"sun.li", "zhao.min"}
    assert in_inbox(working_firm, "sun.li", task)
    assert await refused(working_firm, task, "wang.fang") is Code.FORBIDDEN
    assert await refused(working_firm, task, "he.yun") is Code.FORBIDDEN
    receipt = await working_firm.decide(task, "end", "sun.li", reason=REASON)
    assert (receipt.by, receipt.in_place_of, receipt.done) == ("sun.li", "wang.fang", True)
    assert working_firm.line(task).decisions[0].in_place_of == "wang.fang"


async def test_an_absence_that_the_staff_record_tells_counts_as_well(working_firm: Firm):
    working_firm.update("staff", "song.jia", deputy="sun.li")
    days = CALENDAR.rules.day(await now(working_firm)), CALENDAR.rules.day(await now(working_firm) + timedelta(days=9))
    working_firm.update("staff", "david.chen", deputy="sun.li", absent=[{"from": f"{days[0]}", "until": f"{days[1]}"}])
    case = (await confirmed(working_firm, "ACC-1001")).case
    task = await working_firm.task("approval")
    assert told(await letter(working_firm, case, "task")) == {"song.jia", "luo.hao", "tian.ye", "sun.li"}
    assert await refused_approval(working_firm, task, "david.chen") is Code.FORBIDDEN
    assert (await working_firm.decide(task, "approve", "sun.li")).in_place_of == "david.chen"


async def refused_approval(firm: Firm, task: str, by: str) -> Code:
    """Why an approval was refused."""
    with pytest.raises(Refused) as refusal:
        await firm.decide(task, "approve", by)
    return refusal.value.code


async def test_who_is_back_decides_again_and_the_deputy_no_longer(working_firm: Firm):
    deputy(working_firm, "wang.fang", "sun.li")
    case, task = await disagreement(working_firm)
    await away(working_firm, "wang.fang", days=1)
    assert await refused(working_firm, task, "wang.fang") is Code.FORBIDDEN
    await comes(working_firm, await now(working_firm) + timedelta(days=2))
    assert await refused(working_firm, task, "sun.li") is Code.FORBIDDEN
    receipt = await working_firm.decide(task, "end", "wang.fang", reason=REASON)
    assert (receipt.by, receipt.in_place_of) == ("wang.fang", "")
    assert (await working_firm.outcome(case)).outcome == "rejected"


async def test_the_deputy_of_a_colleague_who_keeps_out_keeps_out_too(working_firm: Firm):
    """zhao.min is related to the customer; wang.fang recuses herself."""
    for staff in ("zhao.min", "wang.fang"):
        deputy(working_firm, staff, "sun.li")
        await away(working_firm, staff, days=9)
    case = (await confirmed(working_firm, "ACC-2002")).case
    task = await working_firm.task("receivable_open")
    assert told(await letter(working_firm, case, "task", task)) == {"sun.li"}  # in the place of wang.fang
    token = working_firm.tokens.mint("wang.fang")
    Staffing(working_firm.world.database, working_firm.tokens).recuse(case, "my cousin works there", token)
    assert await refused(working_firm, task, "sun.li") is Code.FORBIDDEN
    assert not in_inbox(working_firm, "sun.li", task)
    assert await refused(working_firm, task, "zhao.min") is Code.FORBIDDEN


async def test_the_deputy_decides_what_was_delegated_to_them_until_it_is_given_back(working_firm: Firm):
    deputy(working_firm, "wang.fang", "sun.li")
    _, task = await disagreement(working_firm)
    assert await refused(working_firm, task, "sun.li") is Code.FORBIDDEN
    desk(working_firm).delegate(task, working_firm.tokens.mint("wang.fang"))
    assert in_inbox(working_firm, "sun.li", task)
    desk(working_firm).release(task, working_firm.tokens.mint("sun.li"))
    assert await refused(working_firm, task, "sun.li") is Code.FORBIDDEN
    desk(working_firm).delegate(task, working_firm.tokens.mint("wang.fang"))
    receipt = await working_firm.decide(task, "end", "sun.li", reason=REASON)
    assert (receipt.by, receipt.in_place_of) == ("sun.li", "wang.fang")


async def test_whoever_is_escalated_to_may_be_absent_as_well(working_firm: Firm):
    deputy(working_firm, "song.jia", "sun.li")
    case, task = await disagreement(working_firm)
    await away(working_firm, "song.jia", days=9)
    await comes(working_firm, CALENDAR.add(await now(working_firm), "11 working hours"))
    assert told(await letter(working_firm, case, "task_escalation")) == {"wang.fang", "zhao.min", "luo.hao", "sun.li"}
    assert (await working_firm.decide(task, "end", "sun.li", reason=REASON)).in_place_of == "song.jia"


async def test_whoever_delegated_a_finding_does_not_approve_the_case(firm: Firm):
    """The deputy decided in their place: both have made what is approved."""
    deputy(firm, "guo.qiang", "li.wei")
    await confirmed(firm, "ACC-1012", reason={"code": "merger"})
    doubt = await firm.task("implausible_reason")
    desk(firm).delegate(doubt, firm.tokens.mint("guo.qiang"))
    assert (await firm.decide(doubt, "accept", "li.wei", reason="heard the customer")).in_place_of == "guo.qiang"
    approval = await firm.task("approval")
    with pytest.raises(Refused) as refusal:
        await firm.decide(approval, "approve", "guo.qiang")
    assert refusal.value.code is Code.FOUR_EYES
    assert not (await firm.decide(approval, "approve", "ma.rui")).done
