"""财务、合同、合规: what the reviews find in the books of the examples, who deals with it, and what makes it clear."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client

from contracts.findings import FindingState
from contracts.money import Money
from contracts.requests import Receipt
from contracts.vocabulary import Role
from gateways.books_file import load_books
from tests.support.course import (
    FIX_ACCEPT_OR_END,
    FIX_ADJUST_OR_END,
    FIX_OR_END,
    RELEASED_OR_FIX,
    accept,
    approve,
    booked_day,
    closes,
    confirmed,
    customer_chooses_nothing,
    finding,
    met_twice,
    rejected,
)
from tests.support.firm import FAST, ROOT, Firm, eventually, running_firm

CHINA = ZoneInfo("Asia/Shanghai")
ACCEPT_OR_REVIEW = ("accept", "review_again", "return", "end")


# ---- 财务 --------------------------------------------------------------------------------------


async def test_a_small_debt_is_set_off_without_asking(firm: Firm):
    receipt = await confirmed(firm, "ACC-1004")
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {}
    assert firm.payments() == ["1400.00"]


async def test_a_balance_that_does_not_cover_the_debt_is_waited_for_and_the_rest_is_paid_out(firm: Firm):
    receipt = await confirmed(firm, "ACC-1005")
    debt = await finding(firm, "checklist_failed", Role.COMPLIANCE, FIX_OR_END)
    await customer_chooses_nothing(firm)
    short = await finding(firm, "insufficient_balance", Role.FINANCE, FIX_OR_END)
    assert "160.00 CNY are short" in firm.line(short).subject
    money = Money.parse("200.00", "CNY")
    firm.mend(lambda session: firm.books.pay_in(session, "IN-1", "ACC-1005", money, "top-up"))
    await firm.decide(short, "fixed", "wang.fang")
    await firm.decide(debt, "fixed", "lin.tao")
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.payments() == ["40.00"]


async def test_a_shortfall_that_nobody_made_good_is_put_to_finance_again(firm: Firm):
    receipt = await confirmed(firm, "ACC-1005")
    await customer_chooses_nothing(firm)
    first = await firm.task("insufficient_balance")
    await firm.decide(first, "fixed", "wang.fang")
    await customer_chooses_nothing(firm)
    second = await firm.task("insufficient_balance")
    assert second != first
    await firm.decide(second, "end", "zhao.min", reason="the customer does not pay")
    await rejected(firm, receipt)
    assert firm.balance("ACC-1005") == "20.00"


async def test_a_large_debt_is_set_off_when_finance_takes_responsibility(firm: Firm):
    """ACC-2002 also lacks something that the firm owes the customer: both are seen to side by side."""
    receipt = await confirmed(firm, "ACC-2002")
    debt = await finding(firm, "receivable_open", Role.FINANCE, FIX_ACCEPT_OR_END)
    duty = await finding(firm, "obligation_open", Role.LEGAL, FIX_ACCEPT_OR_END)
    firm.mend(lambda session: firm.books.fulfil(session, "AGR-2002", "OBL-2"))
    await firm.decide(duty, "fixed", "sun.li")
    await firm.decide(debt, "accept", "wang.fang", reason="the customer agrees to the set-off")
    await firm.decide(await firm.task("attest_tax"), "attested", "lin.tao")
    await approve(firm, "song.jia", "guo.qiang")
    await firm.answer(await firm.task("handover"), "signed")
    witness = await firm.task("handover_witness")
    await firm.decide(witness, "signed", "huang.lei")
    await firm.decide(witness, "signed", "deng.xia")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {
        "obligation_open:AGR-2002/OBL-2": FindingState.CLEARED,
        "receivable_open:3600.00 CNY": FindingState.ACCEPTED,
    }
    assert firm.payments() == ["39610.98"]


async def test_books_that_disagree_are_put_right_before_anybody_approves(firm: Firm):
    receipt = await confirmed(firm, "ACC-1008")
    task = await finding(firm, "books_disagree", Role.FINANCE, FIX_ADJUST_OR_END)
    load_books(
        firm.world.database, json.dumps({"accounts": [account("ACC-1008") | {"stated_balance": "320.00"}]}), True
    )
    await firm.decide(task, "fixed", "wang.fang")
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {"books_disagree": FindingState.CLEARED}
    assert firm.payments() == ["320.00"]


async def test_an_account_frozen_by_a_court_waits_for_the_court_and_then_closes(firm: Firm):
    receipt = await confirmed(firm, "ACC-1007")
    await accept(firm, "high_risk", "guo.qiang")
    frozen = await finding(firm, "account_frozen", Role.COMPLIANCE, RELEASED_OR_FIX)
    await firm.decide(frozen, "fixed", "lin.tao")
    again = await met_twice(firm, "account_frozen")
    assert "(2026)沪01执123号" in firm.line(again).subject
    firm.mend(lambda session: firm.books.release(session, "ACC-1007"))
    await firm.decide(again, "fixed", "lin.tao")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await approve(firm, "song.jia", "xu.jing")
    await closes(firm, receipt)
    assert firm.payments() == ["50000.00"]


@pytest.mark.parametrize(
    ("account", "checklist", "way"),
    [pytest.param("ACC-2004", True, "released", id="tax"), pytest.param("ACC-2006", False, "release", id="bank")],
)
async def test_a_frozen_account_is_compliances_business_and_only_an_authority_stands_in_the_checklist(
    firm: Firm, account: str, checklist: bool, way: str
):
    receipt = await confirmed(firm, account)
    if account == "ACC-2004":
        await accept(firm, "high_risk", "guo.qiang")
    await finding(firm, "account_frozen", Role.COMPLIANCE, (way, *FIX_OR_END))
    await eventually(lambda: reviewed(firm, receipt), "the three reviews")
    assert ("checklist_failed:no_freeze" in firm.found(receipt.case)) is checklist


# ---- 合同 --------------------------------------------------------------------------------------


async def test_an_unsigned_agreement_is_signed_and_a_customer_without_mail_is_called_and_gets_letters(firm: Firm):
    receipt = await firm.open("ACC-1009")
    await firm.decide(await firm.task("letter"), "sent", "li.wei")
    await firm.decide(await firm.task("confirm_contact"), "confirm", "cao.ning")
    task = await finding(firm, "contract_incomplete", Role.LEGAL, FIX_ACCEPT_OR_END)
    assert "AGR-1009 lacks signature" in firm.line(task).subject
    firm.mend(lambda session: firm.books.complete_agreement(session, "AGR-1009"))
    await firm.decide(task, "fixed", "sun.li")
    await approve(firm, "song.jia")
    await firm.decide(await firm.task("letter"), "sent", "li.wei")
    await firm.decide(await firm.task("closing_statement"), "received", "cao.ning")
    assert (await firm.outcome(receipt.case)).outcome == "closed"
    assert firm.found(receipt.case) == {"contract_incomplete:AGR-1009": FindingState.CLEARED}


async def test_a_notice_period_may_be_waived_by_legal(firm: Firm):
    receipt = await confirmed(firm, "ACC-2003")
    await accept(firm, "high_risk", "guo.qiang")
    task = await finding(firm, "notice_period", Role.LEGAL, FIX_ACCEPT_OR_END)
    await firm.decide(task, "accept", "sun.li", reason="both sides agree to end it at once")
    await firm.decide(await firm.task("attest_tax"), "attested", "lin.tao")
    await approve(firm, "song.jia", "xu.jing")
    await firm.answer(await firm.task("handover"), "signed")
    assert booked_day(firm, receipt) == datetime.now(CHINA).date().isoformat()


async def test_a_wish_after_the_notice_period_finds_nothing_to_object_to(firm: Firm):
    day = datetime.now(CHINA).date() + timedelta(days=40)
    receipt = await confirmed(firm, "ACC-2003", wished_on=day)
    await accept(firm, "high_risk", "guo.qiang")
    await firm.task("attest_tax")
    assert firm.found(receipt.case) == {"high_risk": FindingState.ACCEPTED}


# ---- 合规 --------------------------------------------------------------------------------------


async def test_a_line_that_compliance_does_not_attest_is_looked_at_again(firm: Firm):
    receipt = await confirmed(firm, "ACC-2001")
    await firm.decide(await firm.task("attest_tax"), "failed", "lin.tao", reason="unused invoices are left")
    task = await finding(firm, "checklist_failed", Role.COMPLIANCE, FIX_OR_END)
    assert "unused invoices are left" in firm.line(task).subject
    await firm.decide(task, "fixed", "lin.tao")
    await firm.decide(await firm.task("attest_tax"), "attested", "lin.tao")
    await firm.task("approval")
    assert firm.found(receipt.case) == {"checklist_failed:tax": FindingState.CLEARED}


async def test_a_regulators_request_without_its_order_does_not_pass_the_checklist(firm: Firm):
    receipt = await firm.open("ACC-1001", initiator="regulator")
    await firm.answer(await firm.task("closure_notice"), "agree")
    await finding(firm, "checklist_failed", Role.COMPLIANCE, FIX_OR_END)
    assert set(firm.found(receipt.case)) == {"checklist_failed:order"}


async def test_a_policy_that_comes_into_force_meanwhile_is_weighed_and_the_case_keeps_its_own(
    skipping_client: Client, tmp_path: Path
):
    tomorrow = datetime.now(CHINA).date() + timedelta(days=1)
    folder = tmp_path / "policies"
    folder.mkdir()
    old = (FAST / "2026-11-22.4-rehearsal.toml").read_text(encoding="utf-8")
    (folder / "2026-11-22.4-rehearsal.toml").write_text(old.replace("150 seconds", "15 days"), encoding="utf-8")
    newer = old.replace("2026-11-22.4", str(tomorrow)).replace("2026-11-01", str(tomorrow))
    (folder / f"{tomorrow}-rehearsal.toml").write_text(newer, encoding="utf-8")
    async with running_firm(skipping_client, tmp_path, policy=folder) as firm:
        receipt = await firm.open()
        task = await firm.task("confirm_contact")
        await firm.pass_time(timedelta(days=2))
        await firm.answer(task, "confirm")
        change = await finding(firm, "regulation_change", Role.COMPLIANCE, ACCEPT_OR_REVIEW)
        assert str(tomorrow) in firm.line(change).subject
        await firm.decide(change, "accept", "lin.tao", reason="changes nothing for this case")
        await approve(firm, "song.jia")
        outcome = await closes(firm, receipt)
        assert outcome.policy == "2026-11-22.4-rehearsal"


# ---- rounds ------------------------------------------------------------------------------------


async def test_when_the_rounds_are_used_up_the_supervisor_lets_it_go_on_or_ends_it(firm: Firm):
    receipt = await confirmed(firm, "ACC-1008")
    for _ in range(5):
        await firm.decide(await firm.task("books_disagree"), "fixed", "wang.fang")
    task = await firm.task("rounds_used_up")
    assert (firm.line(task).roles, firm.line(task).options) == ((Role.SUPERVISOR,), ("continue", "end"))
    assert firm.open_task("books_disagree") is None
    await firm.decide(task, "continue", "song.jia", reason="finance needs one more try")
    for _ in range(5):
        await firm.decide(await firm.task("books_disagree"), "fixed", "wang.fang")
    await firm.decide(await firm.task("rounds_used_up"), "end", "song.jia", reason="it cannot be put right")
    await rejected(firm, receipt)
    assert firm.show(receipt.case).words == "it cannot be put right"


def account(name: str) -> dict[str, object]:
    """An account as the books of the examples have it."""
    books = json.loads((ROOT / "examples" / "books.json").read_text(encoding="utf-8"))
    record: dict[str, object] = next(each for each in books["accounts"] if each["id"] == name)
    return record


def reviewed(firm: Firm, receipt: Receipt) -> bool:
    """Whether each of the three reviews was made."""
    steps = {link.what.partition(",")[0] for link in firm.show(receipt.case).trail}
    return steps >= {"finance", "contract", "compliance"}
