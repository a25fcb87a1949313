"""What somebody who knows the process tried, and what became of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from activities.termination import Termination
from contracts.books_file import PostingsFile
from contracts.files import parse_file
from contracts.findings import FindingState
from contracts.refusals import Code, Refused
from contracts.steps import Step
from contracts.vocabulary import Outcome, Stage
from gateways.books_file import load_postings
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
from tests.support.course import confirmed
from tests.support.firm import Firm, eventually
from tests.support.happenings import pay_in
from tests.workflows.test_adjustment_books import DAY, paper, said
from tests.workflows.test_adjustment_objections import posted, told

LONG = "字" * 7_900


async def test_a_day_that_two_statements_have_is_compared_once(firm: Firm):
    once = said(("300.00", "退款", "REFUND-1"), ("-20.00", "转账手续费", ""))
    fee_booked_twice(firm, on=DAY)
    before = firm.account("ACC-1001").balance.minor
    papers = [paper(firm, once), paper(firm, once.replace(b"\n", b"\r\n"))]
    case = (await asked_for(firm, evidence=papers)).case
    await found_out(firm, case)
    differences = firm.spec(await firm.task("propose_plan", case)).facts["differences"]
    assert "another statement has its days already" in differences
    await proposed(firm, case)
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before + 30000 + 2000


async def test_the_customer_is_told_the_cause_that_was_found(firm: Firm):
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm)).case
    await says(firm, case, "adjustment_cause", "change", cause="improper_accounting")
    await says(firm, case, "adjustment_questions", "nothing_known")
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    assert firm.spec(await firm.task("adjustment_notice", case)).facts["cause"] == "improper_accounting"


async def test_an_account_is_not_closed_while_an_adjustment_of_it_is_open(firm: Firm):
    case = (await confirmed(firm, "ACC-1001")).case
    task = await firm.task("approval", case)
    adjustment = (await asked_for(firm)).case
    await firm.task("adjustment_cause", adjustment)
    await firm.decide(task, "approve", "song.jia")
    await eventually(lambda: firm.found(case).get(f"books_disagree:{adjustment}"), "the finding")
    await found_out(firm, adjustment)
    await says(firm, adjustment, "propose_plan", "nothing_wrong")
    await eventually(lambda: firm.show(adjustment).ended_at, "the end of the adjustment")
    assert firm.status("ACC-1001") != "closed"
    for _ in range(60):  # it looks again in an hour; past the end of the closure that server's time may stand
        if firm.found(case)[f"books_disagree:{adjustment}"] is FindingState.CLEARED:
            return
        await firm.pass_time(timedelta(minutes=2))
    pytest.fail("the closure never looked again")


async def test_an_account_is_not_closed_over_an_adjustment_that_came_after_settlement(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await firm.task("approval", receipt.case)
    adjustment = (await asked_for(firm)).case
    world = firm.world
    step = Step(
        case=receipt.case, dossier=receipt.reference, policy=firm.show(receipt.case).policy, name="close",
        stage=Stage.CLOSED, at=datetime.now(UTC),
    )  # fmt: skip
    closed = Termination(world.database, world.books, world.policies, world.evidence).close(step)
    assert [each.fingerprint for each in closed.findings] == [f"books_disagree:{adjustment}"]
    assert firm.status("ACC-1001") == "closing"


async def test_a_reference_that_cases_book_under_is_nobody_elses(firm: Firm):
    posting = {"reference": "adjustment-ADJ-0001.1/plan-1/1", "account": "ACC-1001", "amount": "1.00", "text": "x"}
    with pytest.raises(Refused, match="that cases and opening balances book under") as refused:
        load_postings(firm.world.database, json.dumps({"postings": [posting]}))
    assert refused.value.code is Code.BAD_INPUT
    assert parse_file('{"postings": []}', PostingsFile, "postings file", 100).postings == ()


async def test_reasons_as_long_as_they_may_be_break_nothing(firm: Firm):
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm, description=LONG)).case
    await found_out(firm, case)
    for _ in range(5):
        await firm.decide(await firm.task("propose_plan", case), "propose", "wang.fang", reason=LONG, data=back(second))
        await firm.decide(await firm.task("approve_plan", case), "reject", "song.jia", reason=LONG)
    await firm.decide(await firm.task("rounds_used_up", case), "again", "song.jia", reason=LONG)
    await firm.decide(await firm.task("propose_plan", case), "propose", "wang.fang", reason=LONG, data=back(second))
    await says(firm, case, "approve_plan", "approve")
    await firm.answer(await firm.task("adjustment_notice", case), "object", reason=LONG)
    await firm.decide(await firm.task("objection", case), "partly", "lin.tao", reason=LONG)
    await says(firm, case, "propose_plan", "nothing_wrong")
    assert (await firm.outcome(case)).outcome == Outcome.UNFOUNDED


async def test_what_is_reversed_is_everything_that_was_posted_in_the_case(firm: Firm):
    case, _ = await posted(firm)
    before = firm.account("ACC-1001").balance.minor - 2000
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "partly")
    await proposed(firm, case, book=[entry("5.00")])
    await agreed(firm, case)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified", by="xu.jing")
    await agreed(firm, case, "luo.hao")
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.REVERSED
    assert firm.account("ACC-1001").balance.minor == before


async def test_an_entry_that_stands_again_can_be_taken_back_again(firm: Firm):
    case, second = await posted(firm)
    before = firm.account("ACC-1001").balance.minor
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    await agreed(firm, case)
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.REVERSED
    other = (await asked_for(firm, entries=[second])).case
    await found_out(firm, other)
    await proposed(firm, other, second)
    await agreed(firm, other)
    assert await finished(firm, other) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before
    assert second not in {each.id for each in firm.standing("ACC-1001")}


async def test_whoever_judged_by_a_deputy_approves_nothing_of_what_follows(firm: Firm):
    case, _ = await told(firm)
    await says(firm, case, "adjustment_notice", "object")
    await says(firm, case, "objection", "justified", by="luo.hao")
    await proposed(firm, case, book=[entry("1.00")])
    with pytest.raises(Refused) as refused:
        await says(firm, case, "approve_plan", "approve", by="luo.hao")
    assert refused.value.code is Code.FOUR_EYES


async def test_whoever_works_on_it_does_not_note_the_customers_consent(firm: Firm):
    case, _ = await told(firm)
    with pytest.raises(Refused) as refused:
        await firm.decide(await firm.task("adjustment_notice", case), "agree", "li.wei")
    assert refused.value.code is Code.FOUR_EYES
    await firm.decide(await firm.task("adjustment_notice", case), "agree", "chen.jie")


async def test_a_plan_that_does_not_do_what_the_statement_says_is_not_reconciled(firm: Firm):
    wrong = book_fee(firm, "fee/wrong", "52.00", on=DAY)
    paper_of = paper(firm, said(("-25.00", "转账手续费", "fee/wrong")))
    case = (await asked_for(firm, evidence=[paper_of])).case
    await found_out(firm, case)
    await proposed(firm, case, wrong, book=[entry("-24.00", on=str(DAY), text="转账手续费")])
    await agreed(firm, case)
    again = await firm.task("propose_plan", case)
    assert "In the books only" in firm.spec(again).facts["why"]
    await says(firm, case, "propose_plan", "nothing_wrong")
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert marks(view(firm, case).plans[0]) == ["approved", "told", "posted"]


async def test_the_balance_that_the_customer_reads_is_that_of_the_posting(firm: Firm):
    _, second = fee_booked_twice(firm, on=DAY)
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    pay_in(firm, "ACC-1001", "1000.00")
    await says(firm, case, "adjustment_notice", "agree")
    balance = firm.spec(await firm.task("adjustment_done", case)).facts["balance"]
    assert balance == str(firm.account("ACC-1001").balance)


async def test_money_of_the_same_day_does_not_stop_a_plan_that_is_about_no_day(firm: Firm):
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, book=[entry("5.00")])
    await says(firm, case, "approve_plan", "approve")
    pay_in(firm, "ACC-1001", "1000.00")
    await says(firm, case, "adjustment_notice", "agree")
    assert await finished(firm, case) == Outcome.ADJUSTED


def back(entry_id: str) -> dict[str, object]:
    """A draft that takes one entry back."""
    return {"draft": {"reverse": [entry_id]}}
