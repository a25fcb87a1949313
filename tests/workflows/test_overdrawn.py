"""透支: an overdrawn account does not close before what it is overdrawn by has come."""

import json
from datetime import date

from contracts.findings import FindingState
from contracts.money import Money
from contracts.tasks import Reckoning
from gateways.books_file import load_books
from tests.support.course import approve, closes, confirmed, met_twice
from tests.support.firm import ROOT, Firm
from tests.support.happenings import booked, pay_in, pending

SHORT = "insufficient_balance"


def may_be_overdrawn(firm: Firm, account: str, limit: str) -> None:
    """The books let the account go below zero, as far as `limit`."""
    file = json.loads((ROOT / "examples/books.json").read_text(encoding="utf-8"))
    records = [{**each, "overdraft_limit": limit} for each in file["accounts"] if each["id"] == account]
    load_books(firm.world.database, json.dumps({"accounts": records}), True)


async def money(firm: Firm, case: str, amount: str) -> None:
    """The customer is asked, chooses to pay in, and does."""
    await firm.answer(await met_twice(firm, "shortfall"), "top_up")
    pay_in(firm, case.removeprefix("closure-"), amount)
    await firm.quietus.money_came(case, Reckoning(reason="money came"))


async def test_an_account_that_is_overdrawn_is_short_by_that_and_closes_when_it_is_paid(firm: Firm):
    may_be_overdrawn(firm, "ACC-1002", "80.00")
    firm.mend(lambda session: firm.books.pay_out(session, "ACC-1002", Money.parse("50.00", "CNY"), "CARD-1", "other"))
    receipt = await confirmed(firm, "ACC-1002")
    await met_twice(firm, "shortfall")
    (found,) = [line for line in firm.show(receipt.case).findings if line.kind == SHORT]
    assert found.detail == "50.00 CNY are short: 0.00 CNY are owed, the account is overdrawn by 50.00 CNY"
    await money(firm, receipt.case, "50.00")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.payments() == []


async def test_an_account_that_is_overdrawn_after_settlement_is_paid_before_it_closes(firm: Firm):
    may_be_overdrawn(firm, "ACC-1010", "80.00")
    receipt = await confirmed(firm, "ACC-1010")
    await approve(firm, "song.jia", "guo.qiang")
    missing = await firm.task("instruments_missing")
    assert firm.balance("ACC-1010") == "0.00"
    pending(firm, "ACC-1010", date(2026, 12, 1))
    firm.mend(lambda session: firm.books.settle_pending(session, "PEN-9"))
    assert firm.balance("ACC-1010") == "-5.00"
    firm.mend(lambda session: firm.books.take_back(session, "AGR-1010", "INS-1"))
    await firm.decide(missing, "fixed", "huang.lei")
    task = await firm.task("shortfall")
    assert firm.found(receipt.case)[SHORT] is FindingState.OPEN
    dollars = Money.parse("5.00", "USD")
    await firm.answer(task, "top_up")
    firm.mend(lambda session: firm.books.pay_in(session, "IN-1", "ACC-1010", dollars, "transfer"))
    await firm.quietus.money_came(receipt.case, Reckoning(reason="money came"))
    await closes(firm, receipt)
    assert [amount for _, amount in booked(firm, "ACC-1010")] == ["-2500.75", "-5.00", "5.00"]


async def test_what_an_account_is_overdrawn_by_is_set_off_against_another_one(firm: Firm):
    may_be_overdrawn(firm, "ACC-1002", "80.00")
    firm.mend(lambda session: firm.books.pay_out(session, "ACC-1002", Money.parse("50.00", "CNY"), "CARD-1", "other"))
    receipt = await confirmed(firm, "ACC-1002")
    await firm.answer(await met_twice(firm, "shortfall"), "set_off")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.balance("ACC-1003") == "8.20"
