"""道歉: a customer whose closure a fault of ours holds up reads when it is now expected to end, as far as known."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.findings import FindingKind
from tests.support.course import confirmed
from tests.support.firm import Firm
from tests.support.happenings import happens, link
from tests.support.moments import letter, now

CHINA = ZoneInfo("Asia/Shanghai")
THREE_DAYS = timedelta(days=3)
A_LITTLE_MORE_THAN_A_CHECK_TAKES = timedelta(seconds=25)


async def apology(firm: Firm, case: str) -> str:
    """What the customer reads after technology has said that something is out of order."""
    await happens(firm, case, FindingKind.SYSTEM_FAULT, by="wu.gang", detail="the core system is down")
    return str((await letter(firm, case, "apology")).get_content())


def day(moment: datetime) -> str:
    return moment.astimezone(CHINA).date().isoformat()


async def test_the_new_day_is_the_expected_one_where_it_can_still_be_kept(firm: Firm):
    case = (await confirmed(firm, "ACC-1001")).case
    await firm.task("approval")
    text = await apology(firm, case)
    assert f"新的预计办结时间：{day(firm.show(case).expected_by)}" in text
    assert day(datetime.fromisoformat(link(firm, case, "new day").evidence["expected by"])) in text


async def test_a_day_that_is_over_is_not_promised_again(firm: Firm):
    case = (await confirmed(firm, "ACC-1001")).case
    await firm.task("approval")
    await firm.pass_time(THREE_DAYS)
    text = await apology(firm, case)
    assert f"新的预计办结时间：{day(await now(firm))}" in text
    assert firm.show(case).expected_by < await now(firm)


async def test_while_the_overall_time_stands_the_day_is_the_earliest(firm: Firm):
    case = (await firm.open("ACC-1001")).case
    await firm.task("confirm_contact")
    assert "新的预计办结时间：最早 " in await apology(firm, case)


async def test_where_the_records_cannot_say_the_day_the_apology_says_that(firm: Firm, monkeypatch: pytest.MonkeyPatch):
    case = (await confirmed(firm, "ACC-1001")).case
    await firm.task("approval")

    def out_of_order(*_: object) -> None:
        raise OSError("the calendar is out of order")

    monkeypatch.setattr("activities.mending.move_expected", out_of_order)
    await happens(firm, case, FindingKind.SYSTEM_FAULT, by="wu.gang")
    await firm.pass_time(A_LITTLE_MORE_THAN_A_CHECK_TAKES)
    assert "新的办结时间目前尚无法确定" in (await letter(firm, case, "apology")).get_content()
