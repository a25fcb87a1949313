"""A step that cannot be done is somebody's task, never a case that hangs; and what would hang it is refused."""

from datetime import date, timedelta

import pytest

from contracts.findings import FindingState
from contracts.refusals import Code, Refused
from contracts.vocabulary import Role
from gateways.calendar import WorkingCalendar
from tests.support.course import FIX_OR_END, approve, confirmed, finding, repaired
from tests.support.firm import Firm

PATIENCE = timedelta(seconds=40)
"""A little more than the rehearsal policy has with a step."""


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(2033, 3, 1)])
async def test_a_day_that_is_years_ahead_is_refused_and_nothing_is_locked(firm: Firm, day: date):
    with pytest.raises(Refused) as refused:
        await firm.open("ACC-1001", wished_on=day)
    assert (refused.value.code, refused.value.faults[0].path) == (Code.BAD_INPUT, "wished_on")
    assert firm.status("ACC-1001") == "active"


async def test_a_calendar_that_fails_is_technologys_business_and_a_withdrawal_is_heard_meanwhile(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
):
    receipt = await confirmed(firm, "ACC-1001")

    def out_of_order(*_: object) -> bool:
        raise OSError("the calendar is out of order")

    monkeypatch.setattr(WorkingCalendar, "is_workday", out_of_order)
    await approve(firm, "song.jia")
    await firm.pass_time(PATIENCE)
    await finding(firm, "system_fault", Role.TECHNOLOGY, FIX_OR_END)
    await firm.withdraw(receipt.case, "li.wei", reason="it takes too long")
    assert (await firm.outcome(receipt.case)).outcome == "withdrawn"
    assert firm.status("ACC-1001") == "active"


async def test_a_dossier_that_cannot_be_filed_is_technologys_business_and_filed_after_the_repair(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    blocked = f"dossiers/{receipt.reference}/trail/trail.json"
    firm.world.evidence.put(blocked, b"somebody else's")
    await approve(firm, "song.jia")
    await firm.answer(await firm.task("closing_statement"), "received")
    await firm.pass_time(PATIENCE)
    fault = await firm.task("system_fault")
    assert firm.line(fault).roles == (Role.TECHNOLOGY,)
    assert firm.line(fault).options == ("fixed", "return")
    await repaired(firm, fault)
    assert (await firm.outcome(receipt.case)).outcome == "closed"
    assert firm.found(receipt.case)["system_fault:file"] is FindingState.CLEARED
    filed = next(link for link in firm.show(receipt.case).trail if link.what == "dossier filed")
    assert all(firm.world.evidence.sha256_of(index) == sha256 for index, sha256 in filed.evidence.items())
