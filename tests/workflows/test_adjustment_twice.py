"""What comes to an adjustment for the second time: objections, reversals, corrections of one entry, one person."""

from datetime import timedelta

import pytest

from contracts.adjustments import PlanMark
from contracts.refusals import Code, Refused
from contracts.vocabulary import Outcome
from gateways.books_months import today
from gateways.desk_work import DeskWork
from tests.support.adjustments import (
    agreed,
    asked_for,
    book_fee,
    entry,
    fee_booked_twice,
    finished,
    found_out,
    proposed,
    says,
    view,
)
from tests.support.firm import Firm, eventually
from tests.support.happenings import attach, pay_in
from tests.workflows.test_adjustment_books import said
from tests.workflows.test_adjustment_objections import posted, told

ACCOUNT = "ACC-1001"


def balance(firm: Firm) -> int:
    """Of the account, in minor units."""
    return firm.account(ACCOUNT).balance.minor


def newest(firm: Firm) -> str:
    """The entry that was booked last."""
    return firm.entries(ACCOUNT)[-1].id


async def booked(firm: Firm, *reverse: str, book: list[dict[str, object]] | None = None) -> str:
    """A case whose plan is posted."""
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, *reverse, book=book)
    await agreed(firm, case)
    await firm.task("adjustment_done", case)
    return case


async def lines(firm: Firm, case: str) -> str:
    """What is to be approved, as the approver sees it."""
    return firm.spec(await firm.task("approve_plan", case)).facts["lines"]


async def reversed_in(firm: Firm, case: str, *approvers: str) -> None:
    """What was posted is taken back, and the case ends."""
    await agreed(firm, case, *approvers)
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.REVERSED


async def refused(firm: Firm, case: str, task: str, option: str, by: str) -> Code:
    """The code with which somebody's decision is refused."""
    with pytest.raises(Refused) as refusal:
        await firm.decide(await firm.task(task, case), option, by, reason="I may, may I not?")
    return refusal.value.code


# ---- what is taken back ----------------------------------------------------------------------------------------------


async def test_what_one_plan_booked_and_another_took_back_does_not_stand_again_when_all_is_reversed(firm: Firm):
    before = balance(firm)
    case = await booked(firm, book=[entry("20.00")])
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "partly")
    await proposed(firm, case, newest(firm), book=[entry("5.00")])
    await agreed(firm, case)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified", by="xu.jing")
    await reversed_in(firm, case, "luo.hao")
    assert balance(firm) == before


async def test_what_stands_again_by_another_case_is_taken_back_too(firm: Firm):
    before = balance(firm)
    case = await booked(firm, book=[entry("20.00")])
    for _ in range(2):
        await booked(firm, newest(firm))
    assert balance(firm) == before + 2000
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    await reversed_in(firm, case)
    assert balance(firm) == before


async def test_what_another_case_took_back_already_is_reversed_without_another_plan(firm: Firm):
    before = balance(firm)
    case = await booked(firm, book=[entry("20.00")])
    await booked(firm, newest(firm))
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.REVERSED
    assert (balance(firm), len(view(firm, case).plans)) == (before, 1)
    assert firm.subjects("adjustment_undone", case) == 1


async def test_an_entry_is_not_taken_back_twice_under_two_names(firm: Firm):
    case, second = await posted(firm)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    await reversed_in(firm, case)
    other = (await asked_for(firm)).case
    await found_out(firm, other)
    await proposed(firm, other, second, newest(firm))
    assert "would be taken back twice" in await eventually(lambda: why_not(firm, other), "why there is no plan")


def why_not(firm: Firm, case: str) -> str | None:
    """Why what was proposed is no plan."""
    task = firm.open_task("propose_plan", case)
    return firm.spec(task).facts.get("why") if task else None


# ---- what the customer says ------------------------------------------------------------------------------------------


async def test_a_reversal_whose_books_change_meanwhile_is_planned_anew_and_carried_out(firm: Firm):
    case, _ = await posted(firm)
    before = balance(firm)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    await says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    book_fee(firm, "fee/meanwhile")
    await says(firm, case, "adjustment_notice", "agree")
    await reversed_in(firm, case)
    assert balance(firm) == before - 2000 - 2000
    assert [plan.undoes for plan in view(firm, case).plans] == [None, 1, 1]


async def objected_to_what_was_spent(firm: Firm) -> str:
    """A case that booked money which is spent, and to which the customer objects with reason."""
    case = await booked(firm, book=[entry("4000.00")])
    spend = firm.account(ACCOUNT).balance
    firm.mend(lambda session: firm.books.pay_out(session, ACCOUNT, spend, "spent", ""))
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    return case


async def test_a_justified_objection_that_cannot_be_made_good_is_judged_again_and_not_dropped_by_finance(firm: Firm):
    case = await objected_to_what_was_spent(firm)
    assert "which nothing covers" in firm.spec(await firm.task("propose_plan", case)).facts["why"]
    await says(firm, case, "propose_plan", "nothing_wrong")
    asked = firm.spec(await firm.task("objection", case))
    assert asked.facts["why"] == "no further plan: nothing_wrong, after a look"
    await says(firm, case, "objection", "unjustified")
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.ADJUSTED
    assert firm.subjects("objection_rejected", case) == 1


async def test_what_was_objected_to_is_not_judged_against_another_plan(firm: Firm):
    case = await objected_to_what_was_spent(firm)
    await proposed(firm, case, book=[entry("1.00", on=str(today() - timedelta(days=1)))])
    await agreed(firm, case, "luo.hao")
    assert await finished(firm, case) == Outcome.ADJUSTED


async def test_the_time_to_object_begins_anew_with_our_answer(firm: Firm):
    case, _ = await told(firm)
    before = balance(firm)
    day = firm.spec(await firm.task("adjustment_notice", case)).facts["day"]
    await says(firm, case, "adjustment_notice", "question")
    await firm.task("customer_question", case)
    await firm.pass_time(timedelta(seconds=120))
    await says(firm, case, "customer_question", "answered")
    again = firm.spec(await firm.task("adjustment_notice", case))
    assert (balance(firm), again.facts["answer"], again.facts["day"] >= day) == (before, "answered, after a look", True)
    await says(firm, case, "adjustment_notice", "object")
    await says(firm, case, "objection", "justified")
    assert await firm.task("propose_plan", case)
    assert balance(firm) == before


async def test_whoever_judged_an_objection_may_judge_the_same_one_again(firm: Firm):
    case, _ = await posted(firm)
    await says(firm, case, "adjustment_done", "object")
    for boss in ("luo.hao", "david.chen", "song.jia"):
        await says(firm, case, "objection", "justified", by="lin.tao")
        assert await refused(firm, case, "approve_plan", "approve", "lin.tao") is not None
        await says(firm, case, "approve_plan", "reject", by=boss)
    await says(firm, case, "objection", "unjustified", by="lin.tao")
    said = [each.about for each in view(firm, case).said]
    assert said.count("object") == 1


# ---- what is put right twice -----------------------------------------------------------------------------------------


async def test_an_entry_that_another_case_put_right_meanwhile_is_compared_again(firm: Firm):
    wrong = book_fee(firm, "fee/w", "20.00")
    before = balance(firm)
    first, second = [(await asked_for(firm)).case for _ in range(2)]
    for case in (first, second):
        await found_out(firm, case)
        await proposed(firm, case, book=[entry("20.00", corrects=wrong)])
    for case in (first, second):
        await agreed(firm, case)
    why = firm.spec(await firm.task("propose_plan", second)).facts["why"]
    assert "has changed in the books" in why
    assert balance(firm) == before + 2000
    await proposed(firm, second, book=[entry("20.00", corrects=wrong)])
    assert f"{wrong} was put right by {newest(firm)} already" in await lines(firm, second)


async def test_an_approver_sees_that_the_entry_does_not_stand_any_more(firm: Firm):
    wrong = book_fee(firm, "fee/w", "20.00")
    await booked(firm, wrong)
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, book=[entry("20.00", corrects=wrong)])
    shown = await lines(firm, case)
    assert f"{wrong} does not stand any more: {newest(firm)} took it back" in shown
    assert f"(puts {wrong} right)" in shown


async def test_what_was_approved_in_other_cases_counts_against_the_limit(firm: Firm):
    await booked(firm, book=[entry("4999.00")])
    case = (await asked_for(firm, account="ACC-1001")).case
    await found_out(firm, case)
    await proposed(firm, case, book=[entry("4999.00")])
    assert firm.line(await firm.task("approve_plan", case)).needed == 2


async def test_of_two_plans_that_are_proposed_side_by_side_the_second_one_takes_two(firm: Firm):
    cases = [(await asked_for(firm)).case for _ in range(2)]
    for case in cases:
        await found_out(firm, case)
        await proposed(firm, case, book=[entry("4999.00")])
    asked = await firm.task("approve_plan", cases[1])
    await says(firm, cases[0], "approve_plan", "approve")
    await firm.task("adjustment_notice", cases[0])
    await firm.decide(asked, "approve", "song.jia")
    again = await eventually(lambda: other_task(firm, cases[1], asked), "to be asked again")
    assert firm.line(again).needed == 2
    await firm.decide(again, "approve", "song.jia")
    await firm.decide(again, "approve", "luo.hao")
    await says(firm, cases[1], "adjustment_notice", "agree")
    await firm.task("adjustment_done", cases[1])
    approved = [mark.words for mark in view(firm, cases[1]).plans[0].marks if mark.mark is PlanMark.APPROVED]
    assert approved == ["luo.hao, song.jia"]


def other_task(firm: Firm, case: str, task: str) -> str | None:
    """The open approval that is not this one."""
    asked = firm.open_task("approve_plan", case)
    return asked if asked != task else None


# ---- one person, two roles -------------------------------------------------------------------------------------------


async def test_whoever_approved_does_not_note_the_customers_consent(firm: Firm):
    firm.update("staff", "song.jia", roles=["supervisor", "customer_service"])
    case, _ = await told(firm)
    assert await refused(firm, case, "adjustment_notice", "agree", "song.jia") is Code.FOUR_EYES


async def test_whoever_brought_the_statement_does_not_approve_what_follows_from_it(firm: Firm):
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    attach(firm, await firm.task("propose_plan", case), "song.jia", said(("4999.00", "退款", "MADE-UP")))
    await says(firm, case, "propose_plan", "compare_again")
    await proposed(firm, case)
    assert await refused(firm, case, "approve_plan", "approve", "song.jia") is Code.FOUR_EYES


async def test_whoever_approved_by_a_deputy_does_not_judge_the_objection(firm: Firm):
    firm.update("staff", "song.jia", deputy="guo.qiang")
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    task = await firm.task("approve_plan", case)
    desk = DeskWork(firm.world.database, firm.tokens, firm.world.policies)
    desk.claim(task, firm.tokens.mint("song.jia"))
    desk.delegate(task, firm.tokens.mint("song.jia"))
    assert (await firm.decide(task, "approve", "guo.qiang")).in_place_of == "song.jia"
    await says(firm, case, "adjustment_notice", "object")
    assert await refused(firm, case, "objection", "unjustified", "song.jia") is Code.FOUR_EYES


async def test_the_customer_reads_the_balance_of_every_account_that_is_moved(firm: Firm):
    case = (await asked_for(firm, account="ACC-1004")).case
    await found_out(firm, case)
    pay_in(firm, "ACC-1005", "5.00")
    await proposed(firm, case, book=[{"account": "ACC-1005", "amount": "-15.00", "ledger": "fees", "text": "card fee"}])
    await says(firm, case, "approve_plan", "approve")
    facts = firm.spec(await firm.task("adjustment_notice", case)).facts
    assert facts["before"] == "…1004 1500.00 CNY, …1005 25.00 CNY"
    assert facts["after"] == "…1004 1500.00 CNY, …1005 10.00 CNY"
    await says(firm, case, "adjustment_notice", "agree")
    assert firm.spec(await firm.task("adjustment_done", case)).facts["balance"] == "…1005 10.00 CNY"
