"""What books and papers do to an adjustment: statements, closed periods, freezes, entries on other accounts."""

import hashlib
from datetime import date, timedelta

from sqlmodel import select

from contracts.findings import FindingState
from contracts.vocabulary import DocumentKind, FreezeBy, Outcome
from gateways.books_months import month_of, today
from records.books_tables import JournalEntryRow
from tests.support.adjustments import (
    agreed,
    asked_for,
    book_fee,
    entry,
    fee_booked_twice,
    finished,
    found_out,
    marks,
    proposed,
    says,
    view,
)
from tests.support.firm import Firm
from tests.support.happenings import attach

DAY = today() - timedelta(days=4)
Line = tuple[str, str, str]
"""Amount, text, reference."""

STATEMENT = "date,amount,text,reference,account,currency\n"


def said(*lines: Line, account: str = "ACC-1001", currency: str = "CNY") -> bytes:
    """A statement of these lines, all of one day."""
    rows = "".join(f"{DAY},{amount},{text},{reference},{account},{currency}\n" for amount, text, reference in lines)
    return (STATEMENT + rows).encode()


def paper(firm: Firm, content: bytes, kind: DocumentKind = DocumentKind.BANK_STATEMENT) -> dict[str, str]:
    """A paper that is put on file."""
    reference = f"papers/{hashlib.sha256(content).hexdigest()[:8]}"
    return {"kind": kind, "reference": reference, "sha256": firm.world.evidence.put(reference, content)}


async def test_a_fee_that_the_statement_has_once_is_drafted_to_be_taken_back_once(firm: Firm):
    first, second = fee_booked_twice(firm, on=DAY)
    before = firm.account("ACC-1001").balance.minor
    case = (await asked_for(firm, evidence=[paper(firm, said(("-20.00", "转账手续费", "")))])).case
    await found_out(firm, case)
    facts = firm.spec(await firm.task("propose_plan", case)).facts
    assert "is booked once more" in facts["differences"]
    await proposed(firm, case)
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before + 2000
    assert len({first, second} & {each.id for each in firm.standing("ACC-1001")}) == 1


async def test_a_wrong_amount_and_a_missing_line_are_put_right_by_one_plan(firm: Firm):
    book_fee(firm, "fee/wrong", "52.00", on=DAY)
    before = firm.account("ACC-1001").balance.minor
    content = said(("-25.00", "转账手续费", "fee/wrong"), ("300.00", "退款", "REFUND-1"))
    case = (await asked_for(firm, evidence=[paper(firm, content)])).case
    await found_out(firm, case)
    await proposed(firm, case)
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before + 2700 + 30000
    [plan] = view(firm, case).plans
    ledgers = {line.ledger for each in plan.bookings for line in each.lines}
    assert ledgers == {"customer:ACC-1001", "fees:CNY", "payments_in:CNY"}


async def test_a_statement_that_is_attached_later_is_compared_as_well(firm: Firm):
    fee_booked_twice(firm, on=DAY)
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    task = await firm.task("propose_plan", case)
    assert firm.spec(task).facts["differences"] == "no statement is on file"
    attach(firm, task, "wang.fang", said(("-20.00", "转账手续费", "")))
    await says(firm, case, "propose_plan", "compare_again")
    assert "is booked once more" in firm.spec(await firm.task("propose_plan", case)).facts["differences"]


async def test_papers_that_are_no_statements_of_the_account_are_named_with_the_reason(firm: Firm):
    papers = [
        paper(firm, said(("1.00", "x", ""), account="ACC-1002")),
        paper(firm, said(("1.00", "x", ""), currency="USD")),
        paper(firm, b"\xff", DocumentKind.OTHER),
        {"kind": "other", "reference": "papers/lost.jpg", "sha256": "0" * 64},
    ]
    case = (await asked_for(firm, evidence=papers)).case
    await found_out(firm, case)
    told = firm.spec(await firm.task("propose_plan", case)).facts["differences"].splitlines()
    assert [line.partition(": ")[2].partition(" ")[0] for line in told[1:]] == ["is", "is", "The", "There"]
    assert told[1].endswith("is of ACC-1002")
    assert told[2].endswith("is in USD")


async def test_a_correction_of_a_closed_period_goes_into_the_open_one_with_a_reference(firm: Firm):
    wrong_on = date(today().year, today().month, 1) - timedelta(days=10)
    first = book_fee(firm, "fee/old", "52.00", on=wrong_on)
    with firm.world.database.transaction() as session:
        for period in sorted(set(session.exec(select(JournalEntryRow.period)))):
            if period <= month_of(wrong_on):
                firm.books.close_period(session, period, "wang.fang")
    case = (await asked_for(firm, entries=[first])).case
    await found_out(firm, case)
    await proposed(firm, case, first, book=[entry("-25.00", on=str(wrong_on), corrects=first)])
    lines = firm.spec(await firm.task("approve_plan", case)).facts["lines"]
    assert f"{month_of(wrong_on)} (closed), {month_of(today())} (open)" in lines
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    reversal, correction = firm.entries("ACC-1001")[-2:]
    assert (reversal.reverses, correction.corrects) == (first, first)
    assert {reversal.period, correction.period} == {month_of(today())}
    assert f"(of {wrong_on})" in correction.text


async def test_a_freeze_that_forbids_it_is_waited_for(firm: Firm):
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, book=[entry("-7.00")])
    await says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    with firm.world.database.transaction() as session:
        firm.books.freeze(session, "ACC-1001", FreezeBy.BANK, "F-1", today())
    await says(firm, case, "adjustment_notice", "agree")
    task = await firm.task("account_frozen", case)
    with firm.world.database.transaction() as session:
        firm.books.release(session, "ACC-1001")
    await firm.decide(task, "fixed", "lin.tao")
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.found(case) == {"account_frozen": FindingState.CLEARED}


async def test_money_that_was_booked_for_another_customer_is_put_right_with_that_customer_too(firm: Firm):
    theirs = book_fee(firm, "INV-77", "-500.00", account="ACC-1002", on=DAY, text="货款 77")
    before = {name: firm.account(name).balance.minor for name in ("ACC-1001", "ACC-1002")}
    case = (await asked_for(firm, evidence=[paper(firm, said(("500.00", "货款 77", "INV-77")))])).case
    await found_out(firm, case)
    await proposed(firm, case)
    assert (
        "belongs to another customer: an adjustment of its own"
        in firm.spec(await firm.task("approve_plan", case)).facts["lines"]
    )
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before["ACC-1001"] + 50000
    other = f"adjustment-{view(firm, case).case.removeprefix('adjustment-')}".replace(".", "-")
    other = f"adjustment-{other}-1-{theirs}"
    await found_out(firm, other)
    await proposed(firm, other, theirs)
    await agreed(firm, other)
    assert await finished(firm, other) == Outcome.ADJUSTED
    assert firm.account("ACC-1002").balance.minor == before["ACC-1002"] - 50000
    assert marks(view(firm, other).plans[0])[-1] == "reconciled"


async def test_papers_with_more_lines_than_are_read_hold_up_neither_the_plan_nor_what_follows(firm: Firm):
    _, second = fee_booked_twice(firm, on=DAY)
    huge = [said(*((f"{n % 900 + 1}.00", text, "") for n in range(15_001))) for text in ("a", "b")]
    case = (await asked_for(firm, evidence=[paper(firm, huge[0])])).case
    await found_out(firm, case)
    differences = firm.spec(await firm.task("propose_plan", case)).facts["differences"]
    assert "it has over 15,000 lines, so it is not read: split it, or give the part that matters" in differences
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    attach(firm, await firm.task("adjustment_notice", case), "li.wei", huge[1])
    await says(firm, case, "adjustment_notice", "agree")
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert (
        view(firm, case).plans[0].marks[-1].words.endswith("no statement compared; not compared, or in part: 2 papers")
    )


async def test_a_wrong_entry_of_the_plan_behind_fifty_other_differences_is_compared_again(firm: Firm):
    wrong = book_fee(firm, "fee/wrong", "52.00", on=DAY)
    rows = [("-25.00", "转账手续费", "fee/wrong"), *((f"{n}.00", f"other {n}", f"O-{n}") for n in range(300, 360))]
    case = (await asked_for(firm, evidence=[paper(firm, said(*rows))])).case
    await found_out(firm, case)
    await proposed(firm, case, wrong, book=[entry("-24.00", on=str(DAY), text="转账手续费")])
    await agreed(firm, case)
    await says(firm, case, "propose_plan", "nothing_wrong")
    assert marks(view(firm, case).plans[0]) == ["approved", "told", "posted"]
