"""约期 to 销户完成: the day that is agreed, the money that is paid, papers handed over, and who else starts it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import func, select
from temporalio.client import Client

from contracts.findings import FindingState
from contracts.money import Money
from contracts.requests import Receipt
from contracts.vocabulary import FreezeBy, Initiator, Role
from gateways.books_file import load_books
from gateways.calendar import WorkingCalendar
from policy import Policies
from records.books_tables import JournalLineRow
from records.tables import ClosingDayRow
from tests.support.course import (
    FIX_OR_END,
    accept,
    approve,
    booked_day,
    closed,
    closes,
    confirmed,
    finding,
    rejected,
)
from tests.support.firm import FAST, ROOT, Firm, running_firm

CHINA = ZoneInfo("Asia/Shanghai")
FirmWith = Callable[[str, str], AbstractAsyncContextManager[Firm]]


@pytest.fixture
def firm_with(skipping_client: Client, tmp_path: Path) -> FirmWith:
    """A firm whose policy says `new` where the fast one says `old`."""

    @asynccontextmanager
    async def running(old: str, new: str) -> AsyncIterator[Firm]:
        folder = tmp_path / "policies"
        folder.mkdir()
        text = (FAST / "2026-11-22.4-rehearsal.toml").read_text(encoding="utf-8")
        assert text.count(old) == 1
        (folder / "2026-11-22.4-rehearsal.toml").write_text(text.replace(old, new), encoding="utf-8")
        async with running_firm(skipping_client, tmp_path, policy=folder) as firm:
            yield firm

    return running


def today() -> date:
    """The firm's day."""
    return datetime.now(CHINA).date()


async def company_at_the_handover(firm: Firm) -> Receipt:
    """ACC-2001, paid out, its instruments back."""
    receipt = await confirmed(firm, "ACC-2001")
    await firm.decide(await firm.task("attest_tax"), "attested", "lin.tao")
    await approve(firm, "song.jia")
    for instrument in ("INS-3", "INS-4"):
        firm.mend(lambda session, back=instrument: firm.books.take_back(session, "AGR-2001", back))  # type: ignore[misc]
    return receipt


def kept_for_customers(firm: Firm) -> int:
    """What stands on the ledger of money set aside, in minor units."""
    lines = select(func.sum(JournalLineRow.minor)).where(JournalLineRow.ledger == "set_aside:CNY")
    with firm.world.database.transaction() as session:
        return int(session.exec(lines).one())


# ---- 约期 --------------------------------------------------------------------------------------


async def test_the_wished_day_is_waited_for_and_nothing_is_paid_before_it_opens(working_firm: Firm):
    calendar = WorkingCalendar(Policies(ROOT / "policy")["2026-11-22"].calendar)
    wished = calendar.next_workday(today(), 8)
    if wished == date(2026, 12, 31):  # the policy closes nothing on that day
        wished = calendar.next_workday(wished)
    receipt = await confirmed(working_firm, "ACC-1001", wished_on=wished)
    await approve(working_firm, "song.jia")
    assert receipt.expected_by.astimezone(CHINA).date() >= wished
    await closed(working_firm, receipt)
    assert booked_day(working_firm, receipt) == wished.isoformat()
    ordered = next(link for link in working_firm.show(receipt.case).trail if link.what == "payout ordered")
    assert timedelta(0) <= ordered.at - datetime.combine(wished, time(9), CHINA) < timedelta(minutes=5)


async def test_a_wished_day_that_is_past_means_as_soon_as_possible(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001", wished_on=today() - timedelta(days=30))
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert booked_day(firm, receipt) == today().isoformat()


async def test_on_a_blackout_day_nothing_is_closed_and_the_customer_picks_another(firm_with: FirmWith):
    wished = today() + timedelta(days=10)
    async with firm_with("blackout_days = []", f"blackout_days = [{wished}]") as firm:
        receipt = await confirmed(firm, "ACC-1001", wished_on=wished)
        await approve(firm, "song.jia")
        task = await firm.task("date_proposals")
        days = tuple((wished + timedelta(days=n)).isoformat() for n in (1, 2, 3))
        assert (firm.line(task).roles, firm.line(task).options) == ((Role.CUSTOMER,), days)
        await firm.answer(task, days[1])
        await closes(firm, receipt)
        assert booked_day(firm, receipt) == days[1]


async def test_a_fully_booked_day_is_offered_to_nobody_else(firm_with: FirmWith):
    wished = today() + timedelta(days=10)
    async with firm_with("capacity_per_day = 200", "capacity_per_day = 1") as firm:
        firm.mend(lambda session: session.add(ClosingDayRow(dossier="closure-ACC-1004.1", day=wished)))
        await confirmed(firm, "ACC-1001", wished_on=wished)
        await approve(firm, "song.jia")
        options = firm.line(await firm.task("date_proposals")).options
        assert wished.isoformat() not in options
        assert options[0] == (wished + timedelta(days=1)).isoformat()


async def test_a_customer_who_picks_no_day_is_operations_business_and_then_asked_again(firm_with: FirmWith):
    wished = today() + timedelta(days=10)
    async with firm_with("blackout_days = []", f"blackout_days = [{wished}]") as firm:
        receipt = await confirmed(firm, "ACC-1001", wished_on=wished)
        await approve(firm, "song.jia")
        await firm.task("date_proposals")
        await firm.pass_time(timedelta(seconds=155))
        await firm.decide(await finding(firm, "schedule_conflict", Role.OPERATIONS, FIX_OR_END), "fixed", "huang.lei")
        again = await firm.task("date_proposals")
        await firm.answer(again, firm.line(again).options[0])
        await closes(firm, receipt)
        assert firm.found(receipt.case) == {"schedule_conflict": FindingState.CLEARED}


async def test_where_no_day_fits_operations_decides_whether_it_can_be_done_at_all(firm_with: FirmWith):
    async with firm_with("blackout_month_days = []", f"blackout_month_days = {list(range(1, 32))}") as firm:
        receipt = await confirmed(firm, "ACC-1001")
        await approve(firm, "song.jia")
        task = await finding(firm, "schedule_conflict", Role.OPERATIONS, FIX_OR_END)
        await firm.decide(task, "end", "huang.lei", reason="nothing is closed before the audit")
        await rejected(firm, receipt)


async def test_what_is_still_on_its_way_is_waited_for(firm: Firm):
    settles = today() + timedelta(days=20)
    pending = {"id": "PEN-9", "account": "ACC-1001", "amount": "5.00", "settles_on": settles.isoformat(), "text": "x"}
    load_books(firm.world.database, json.dumps({"pending": [pending]}), False)
    receipt = await confirmed(firm, "ACC-1001", wished_on=today() + timedelta(days=3))
    await approve(firm, "song.jia")
    task = await firm.task("date_proposals")
    await firm.answer(task, settles.isoformat())
    pending_task = await finding(firm, "schedule_conflict", Role.OPERATIONS, FIX_OR_END)
    assert booked_day(firm, receipt) == settles.isoformat()
    assert firm.payments() == []
    firm.mend(lambda session: firm.books.settle_pending(session, "PEN-9"))
    await firm.decide(pending_task, "fixed", "huang.lei")
    await closes(firm, receipt)
    assert firm.payments() == ["1239.56"]


# ---- 结算 and 解约 ----------------------------------------------------------------------------


async def test_instruments_come_back_and_money_that_came_in_after_the_payout_is_paid_out_too(firm: Firm):
    receipt = await confirmed(firm, "ACC-1010")
    await approve(firm, "song.jia", "guo.qiang")
    task = await finding(firm, "instruments_missing", Role.OPERATIONS, ("fixed", "accept", "return"))
    assert firm.payments() == ["2500.75"]
    late = Money.parse("12.25", "USD")
    firm.mend(lambda session: firm.books.pay_in(session, "IN-1", "ACC-1010", late, "interest"))
    firm.mend(lambda session: firm.books.take_back(session, "AGR-1010", "INS-1"))
    await firm.decide(task, "fixed", "huang.lei")
    await closes(firm, receipt)
    assert sorted(firm.payments()) == ["12.25", "2500.75"]


async def test_an_account_that_is_frozen_after_the_payout_is_not_closed_before_it_is_released(firm: Firm):
    receipt = await confirmed(firm, "ACC-1010")
    await approve(firm, "song.jia", "guo.qiang")
    task = await firm.task("instruments_missing")
    firm.mend(lambda session: firm.books.freeze(session, "ACC-1010", FreezeBy.POLICE, "P-7", today()))
    await firm.decide(task, "accept", "huang.lei", reason="the customer lost the card")
    frozen = await finding(firm, "account_frozen", Role.COMPLIANCE, ("released", "fixed", "return"))
    assert firm.status("ACC-1010") == "frozen"
    firm.mend(lambda session: firm.books.release(session, "ACC-1010"))
    await firm.decide(frozen, "fixed", "lin.tao")
    await closes(firm, receipt)
    assert firm.found(receipt.case)["account_frozen"] is FindingState.CLEARED


async def test_a_company_gets_its_papers_back_on_a_list_that_both_sides_and_a_witness_sign(firm: Firm):
    receipt = await company_at_the_handover(firm)
    await firm.answer(await firm.task("handover"), "disputed", reason="the seal card is missing")
    await firm.decide(
        await finding(firm, "handover_unsigned", Role.RECORDS, ("fixed", "accept", "return")), "fixed", "deng.xia"
    )
    await firm.answer(await firm.task("handover"), "signed")
    witness = await firm.task("handover_witness")
    await firm.decide(witness, "signed", "deng.xia")
    assert firm.line(witness).approvals == 1
    await firm.decide(witness, "signed", "huang.lei")
    await closes(firm, receipt)
    assert firm.found(receipt.case)["handover_unsigned:customer"] is FindingState.CLEARED
    proofs = [name for link in firm.show(receipt.case).trail for name in link.evidence]
    assert sum(name.startswith("handover/") for name in proofs) == 2


async def test_a_list_that_the_customer_does_not_sign_is_signed_by_the_firm_and_a_witness_all_the_same(firm: Firm):
    receipt = await company_at_the_handover(firm)
    await firm.answer(await firm.task("handover"), "disputed", reason="not mine")
    await accept(firm, "handover_unsigned", "deng.xia")
    await firm.decide(await firm.task("handover_witness"), "disputed", "huang.lei", reason="not what was handed over")
    assert firm.line(await firm.task("handover_unsigned")).options == ("fixed", "accept", "return")
    assert set(firm.found(receipt.case)) >= {"handover_unsigned:customer", "handover_unsigned:firm"}


# ---- the firm and the regulator ----------------------------------------------------------------


async def test_a_dormant_account_is_closed_after_the_notice_and_the_money_is_set_aside_for_the_customer(firm: Firm):
    dormant = {"code": "dormant", "text": "unused"}
    firm_asks = {"initiator": Initiator.FIRM, "requested_by": "li.wei", "payout": None, "reason": dormant}
    receipt = await firm.open("ACC-1003", **firm_asks)
    await firm.task("closure_notice")
    await firm.pass_time(timedelta(seconds=35))
    await approve(firm, "song.jia")
    await closed(firm, receipt)
    assert firm.payments() == []
    assert kept_for_customers(firm) == 5820
    assert firm.show(receipt.case).findings == ()


async def test_a_regulators_closure_waits_for_the_notice_and_for_two_approvers(firm: Firm):
    sha256 = firm.world.evidence.put("orders/1.txt", b"close it")
    order = {"kind": "regulator_order", "reference": "orders/1.txt", "sha256": sha256}
    by_order = {"initiator": Initiator.REGULATOR, "documents": [order], "reason": {"code": "other", "text": "JG-1"}}
    receipt = await firm.open("ACC-1012", **by_order)
    await accept(firm, "high_risk", "guo.qiang")
    notice = await firm.task("closure_notice")
    assert firm.line(notice).options == ("agree", "object")
    await firm.answer(notice, "agree")
    await approve(firm, "song.jia", "lin.tao")
    await closes(firm, receipt)
    assert firm.payments() == ["75.00"]
