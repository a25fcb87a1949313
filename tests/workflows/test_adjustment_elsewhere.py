"""What stands on the account of another customer: begun on record, and never lost when it cannot be."""

from datetime import date

from sqlmodel import Session

from contracts.vocabulary import Outcome
from gateways.books_months import today
from records.books_tables import AccountRow
from tests.support.adjustments import agreed, asked_for, book_fee, finished, found_out, proposed, says
from tests.support.firm import Firm
from tests.workflows.test_adjustment_books import DAY, paper, said


def close(firm: Firm, closed_on: date | None) -> None:
    """The account of the other customer is closed on a day, or open again."""

    def mend(session: Session) -> None:
        session.get_one(AccountRow, "ACC-1002").closed_on = closed_on

    firm.mend(mend)


async def agreed_with_another_account(firm: Firm, closed_on: date | None) -> tuple[str, str]:
    """An adjustment and the one that it begins, whose account was closed before the posting."""
    theirs = book_fee(firm, "INV-77", "-500.00", account="ACC-1002", on=DAY, text="货款 77")
    case = (await asked_for(firm, evidence=[paper(firm, said(("500.00", "货款 77", "INV-77")))])).case
    await found_out(firm, case)
    await proposed(firm, case)
    await says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    close(firm, closed_on)
    await says(firm, case, "adjustment_notice", "agree")
    return case, f"adjustment-{case}-1-{theirs}"


def trail(firm: Firm, case: str, other: str) -> list[str]:
    """What the trail says of the other adjustment."""
    return [link.what.removeprefix(other) for link in firm.show(case).trail if link.what.startswith(other)]


async def test_what_is_begun_elsewhere_stands_in_the_trail(firm: Firm):
    case, other = await agreed_with_another_account(firm, None)
    await firm.task("adjustment_cause", other)
    await firm.task("adjustment_done", case)
    assert trail(firm, case, other) == [" of ACC-1002 begun"]
    assert firm.open_task("adjust_elsewhere", case) is None


async def test_what_cannot_be_begun_elsewhere_is_seen_to_before_the_case_goes_on(firm: Firm):
    case, other = await agreed_with_another_account(firm, today())
    task = await firm.task("adjust_elsewhere", case)
    assert "was closed on" in firm.spec(task).facts["why"]
    assert firm.open_task("adjustment_done", case) is None
    await firm.decide(task, "seen_to", "wang.fang", reason="taken back with the heirs")
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert trail(firm, case, other) == [" of ACC-1002 begun", " of ACC-1002 cannot be opened"]
    assert any(link.why == "taken back with the heirs" for link in firm.show(case).trail)


async def test_what_can_be_begun_elsewhere_after_all_is_begun(firm: Firm):
    case, other = await agreed_with_another_account(firm, today())
    task = await firm.task("adjust_elsewhere", case)
    close(firm, None)
    await firm.decide(task, "retry", "wang.fang", reason="the account is open again")
    await firm.task("adjustment_cause", other)
    assert await finished(firm, case) == Outcome.ADJUSTED


async def test_a_reversal_says_what_was_begun_elsewhere_and_begins_nothing_again(firm: Firm):
    case, other = await agreed_with_another_account(firm, None)
    await firm.task("adjustment_cause", other)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    lines = firm.spec(await firm.task("approve_plan", case)).facts["lines"]
    assert "on ACC-1002 was begun in an adjustment of its own, which this does not take back" in lines
    await agreed(firm, case)
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.REVERSED
    assert trail(firm, case, other) == [" of ACC-1002 begun"]
