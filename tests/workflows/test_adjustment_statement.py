"""Whole bank statements against the books: camt.053, foreign currency, and one where nothing agrees."""

import json
from datetime import date, timedelta
from typing import Any

from sqlmodel import select

from contracts.books import Line, OwnLedger
from contracts.money import Money
from contracts.vocabulary import Outcome
from gateways.books_facts import ledger_of
from gateways.books_file import load_books
from gateways.books_months import at_noon, month_of, today
from records.books_tables import JournalEntryRow
from tests.support.adjustments import agreed, asked_for, entry, finished, found_out, marks, proposed, says, view
from tests.support.firm import ROOT, Firm

STATEMENT = ROOT / "examples" / "statements" / "2026-11.camt.053.xml"
OLDER_STATEMENT = ROOT / "tests" / "data" / "camt.053.001.02.xml"
STATED = "82700.50"
"""The closing balance of the example."""


def paper(firm: Firm, name: str, content: bytes) -> dict[str, str]:
    """A bank statement that is put on file."""
    return {"kind": "bank_statement", "reference": name, "sha256": firm.world.evidence.put(name, content)}


def book(firm: Firm, account: str, *postings: tuple[str, str, str, str]) -> None:
    """Movements of an account: reference, amount, day, text."""
    with firm.world.database.transaction() as session:
        for reference, amount, day, text in postings:
            money = Money.parse(amount, firm.books.account(session, account).currency)
            ours = OwnLedger.PAYMENTS_IN if money.minor > 0 else OwnLedger.PAYOUTS
            lines = [Line(ledger=ledger_of(account), amount=money), Line(ledger=ours.of(money.currency), amount=-money)]
            firm.books.post(session, reference, text, lines, at=at_noon(date.fromisoformat(day)))


async def compared(firm: Firm, **request: Any) -> tuple[str, list[str]]:
    """An adjustment as far as the comparison; what differs, line by line."""
    case = (await asked_for(firm, **request)).case
    await found_out(firm, case)
    facts = firm.spec(await firm.task("propose_plan", case)).facts
    return case, facts["differences"].splitlines()


async def put_right(firm: Firm, case: str, *approvers: str) -> None:
    """What is drafted is proposed, approved, told, posted, and the customer is content."""
    await proposed(firm, case)
    await agreed(firm, case, *approvers)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert marks(view(firm, case).plans[-1]) == ["approved", "told", "posted", "reconciled"]


async def agrees(firm: Firm, **request: Any) -> None:
    """Another look at the same statement finds nothing."""
    case, lines = await compared(firm, **request)
    assert lines == ["the books agree with the statements"]
    await says(firm, case, "propose_plan", "nothing_wrong")
    assert (await firm.outcome(case)).outcome == Outcome.UNFOUNDED


async def test_the_books_agree_with_a_camt_statement_once_one_plan_is_posted(firm: Firm):
    book(
        firm,
        "ACC-2001",
        ("INV-2026-1017", "1250.00", "2026-11-02", "货款 合同2026-1017"),  # a digit is missing
        ("RENT-2026-11", "-2680.00", "2026-11-03", "办公室租金 2026年11月"),
        ("RENT-2026-11/again", "-2680.00", "2026-11-03", "办公室租金 2026年11月"),
        ("PAY-2026-10-01", "-8200.00", "2026-11-05", "工资 2026年10月 一"),
        ("PAY-2026-10-02", "-7400.00", "2026-11-04", "工资 2026年10月 二"),  # a day early
        ("20261109-000033", "-35.00", "2026-11-09", "账户管理费 2026年11月"),
        ("20261112-000416", "35.00", "2026-11-12", "冲回账户管理费 2026年11月"),
        ("INV-2026-1022", "6480.50", "2026-11-16", "货款 合同2026-1022"),
    )  # fmt: skip  the third wage is missing
    request = {"account": "ACC-2001", "evidence": [paper(firm, "papers/2026-11.xml", STATEMENT.read_bytes())]}
    case, lines = await compared(firm, **request)
    assert [line.partition(" is ")[2].partition(" by ")[0] for line in lines] == [
        "booked with another amount",
        "booked once more",
        "booked for another day",
        "missing in the books.",
    ]
    await put_right(firm, case, "song.jia", "luo.hao")
    assert firm.balance("ACC-2001") == STATED
    [plan] = view(firm, case).plans
    assert (len(plan.bookings), plan.effects[0].after.text, plan.periods) == (6, STATED, ("2026-11",))
    await agrees(firm, **request)


async def test_a_statement_of_an_older_version_is_matched_by_its_iban(firm: Firm):
    account = {"id": "ACC-EUR", "customer": "CUS-1001", "currency": "EUR", "balance": "0.00", "opened_on": "2020-01-01",
               "number": "DE02120300000000202051"}  # fmt: skip
    load_books(firm.world.database, json.dumps({"accounts": [account]}), False)
    booked = [("E2E-1", "450.00", "2026-10-05", "Invoice 1"), ("N-2", "-14.05", "2026-10-12", "Two direct debits")]
    book(firm, "ACC-EUR", *booked)
    request = {"account": "ACC-EUR", "evidence": [paper(firm, "papers/eur.xml", OLDER_STATEMENT.read_bytes())]}
    case, lines = await compared(firm, **request)
    assert [line.partition(" is ")[2].partition(" by ")[0] for line in lines[:2]] == [
        "missing in the books.",
        "booked with another amount",
    ]
    assert lines[2:] == ["papers/eur.xml: is of 0098-7654321"]
    await put_right(firm, case)
    assert firm.balance("ACC-EUR") == "559.50"


def dollars(*rows: tuple[str, str, str, str]) -> bytes:
    """A statement of ACC-2003: day, amount, reference, text."""
    lines = "".join(f"ACC-2003,USD,{','.join(row)}\n" for row in rows)
    return f"account,currency,date,amount,reference,text\n{lines}".encode()


async def test_an_account_of_foreign_currency_has_its_own_limit_and_takes_no_other_currency(firm: Firm):
    """Beneath the limit in yuan is not beneath that in dollars."""
    rows = [("2026-11-10", "-25.00", "T-1", "wire fee"), ("2026-11-11", "680.00", "T-2", "refund")]
    book(firm, "ACC-2003", ("T-1", "-52.00", "2026-11-10", "wire fee"))
    request = {"account": "ACC-2003", "evidence": [paper(firm, "papers/usd.csv", dollars(*rows))]}
    case, _ = await compared(firm, **request)
    await proposed(firm, case, book=[entry("1.00", account="ACC-2004"), entry("1.005", account="ACC-2003")])
    why = firm.spec(await firm.task("propose_plan", case)).facts["why"]
    assert "book[0].account: ACC-2004 is not kept in USD" in why
    assert "book[1].amount: USD has 2 decimals, not 3" in why
    await proposed(firm, case)
    task = await firm.task("approve_plan", case)
    assert firm.line(task).needed == 2
    assert "moved in all: 757.00 USD" in firm.spec(task).facts["lines"]
    await agreed(firm, case, "song.jia", "luo.hao")
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert (firm.balance("ACC-2003"), set(firm.sums().values())) == ("10905.00", {0})
    await agrees(firm, **request)


async def test_what_was_put_right_after_its_period_was_closed_is_not_put_right_again(firm: Firm):
    """The corrections stand in the open period; the statement of the closed one is about their own days."""
    book(firm, "ACC-2003", ("T-1", "-52.00", "2026-10-10", "wire fee"))
    with firm.world.database.transaction() as session:
        for period in sorted({each for each in session.exec(select(JournalEntryRow.period)) if each <= "2026-10"}):
            firm.books.close_period(session, period, "wang.fang")
    rows = [("2026-10-10", "-25.00", "T-1", "wire fee"), ("2026-10-11", "68.00", "T-2", "refund")]
    request = {"account": "ACC-2003", "evidence": [paper(firm, "papers/closed.csv", dollars(*rows))]}
    case, lines = await compared(firm, **request)
    assert len(lines) == 2
    await put_right(firm, case)
    assert {each.period for each in firm.entries("ACC-2003")[-3:]} == {month_of(today())}
    await agrees(firm, **request)


MANY, TALKATIVE = 10_000, "货款" * 120


async def test_a_statement_of_which_no_line_agrees_is_put_right_as_far_as_one_plan_goes(firm: Firm):
    day = date(2026, 11, 1)
    rows = "".join(f"{day + timedelta(days=n % 20)},{n + 1}.00,LINE-{n},{TALKATIVE}\n" for n in range(MANY))
    content = f"date,amount,reference,text\n{rows}".encode()
    case, lines = await compared(firm, evidence=[paper(firm, "papers/all.csv", content)])
    assert lines[0] == f"{MANY - 50} more differences are for another plan"
    assert [line.partition(".")[0] for line in lines[1:]] == [str(n) for n in range(1, 51)]
    assert all(line.endswith("is missing in the books.") for line in lines[1:])
    before = firm.account("ACC-1001").balance.minor
    await proposed(firm, case)
    shown = firm.spec(await firm.task("approve_plan", case)).facts["lines"].splitlines()
    assert f"ACC-1001: {firm.account('ACC-1001').balance} -> 2509.56 CNY" in shown
    assert sum("correction: " in line for line in shown) == 50
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before + sum(range(1, 51)) * 100
