"""An adjustment from the request to the lesson: each way that it can go."""

from datetime import timedelta

import pytest
from sqlmodel import select

from contracts.refusals import Code, Refused
from contracts.vocabulary import Outcome, Stage
from gateways.adjustment_book import adjustment_figures
from gateways.books_months import today
from records.books_tables import CustomerContactRow
from tests.support.adjustments import (
    TOLD,
    agreed,
    asked_for,
    book_fee,
    checks_request,
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


async def test_wrong_books_are_put_right_with_the_customers_knowledge(firm: Firm):
    before = firm.account("ACC-1001").balance.minor
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm, entries=[second])).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    assert firm.account("ACC-1001").balance.minor == before - 4000
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before - 2000
    shown, adjustment = firm.show(case), view(firm, case)
    assert (shown.stage, shown.trail[-1].what) == (Stage.FILED, "case ended: adjusted")
    assert {each.about: each.words for each in adjustment.said[:4]} == TOLD
    [plan] = adjustment.plans
    assert marks(plan) == ["approved", "told", "posted", "reconciled"]
    assert (adjustment.content, adjustment.learned_by) == (True, "wang.fang")


async def test_who_raised_it_or_worked_on_it_approves_none_of_it(firm: Firm):
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm, raised_by="song.jia", entries=[second])).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    with pytest.raises(Refused) as refused:
        await says(firm, case, "approve_plan", "approve", by="song.jia")
    assert refused.value.code is Code.FOUR_EYES
    await agreed(firm, case, "luo.hao")
    assert await finished(firm, case) == Outcome.ADJUSTED


async def test_above_the_limit_two_approve_and_what_was_posted_before_counts_too(firm: Firm):
    _, second = fee_booked_twice(firm, amount="300.00")
    case = (await asked_for(firm, entries=[second])).case
    await found_out(firm, case)
    await proposed(firm, case, second, book=[entry("4700.01")])
    assert firm.line(await firm.task("approve_plan", case)).needed == 2
    await says(firm, case, "approve_plan", "reject")
    await proposed(firm, case, second)
    assert firm.line(await firm.task("approve_plan", case)).needed == 1
    await agreed(firm, case)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "partly")
    await proposed(firm, case, book=[entry("4700.01")])
    assert firm.line(await firm.task("approve_plan", case)).needed == 2


async def test_a_plan_that_is_rejected_goes_back_with_the_reason_and_a_new_one_is_a_new_plan(firm: Firm):
    first, second = fee_booked_twice(firm)
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, first)
    await says(firm, case, "approve_plan", "reject")
    facts = firm.spec(await firm.task("propose_plan", case)).facts
    assert facts["why"] == "plan 1 was rejected: reject, after a look"
    await proposed(firm, case, second)
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    one, two = view(firm, case).plans
    assert (marks(one), marks(two)) == ([], ["approved", "told", "posted", "reconciled"])
    assert one.hash != two.hash


async def test_a_draft_that_cannot_be_is_said_to_be_so_with_every_fault(firm: Firm):
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case)
    assert "say by `draft`" in firm.spec(await firm.task("propose_plan", case)).facts["why"]
    await proposed(firm, case, "JE-0000000000000000")
    assert "There is no entry JE-0000000000000000" in firm.spec(await firm.task("propose_plan", case)).facts["why"]
    elsewhere = book_fee(firm, "fee/other", account="ACC-2001")
    await proposed(firm, case, elsewhere, book=[entry("0.00"), entry("1.00", account="ACC-2001")])
    why = firm.spec(await firm.task("propose_plan", case)).facts["why"]
    assert "of another customer" in why
    assert "book[0].amount: should not be zero" in why
    assert "ACC-2001 is no account of CUS-1001" in why
    await proposed(firm, case, book=[entry("-99999999.00")])
    assert "which nothing covers" in firm.spec(await firm.task("propose_plan", case)).facts["why"]
    await says(firm, case, "propose_plan", "nothing_wrong")
    assert (await firm.outcome(case)).outcome == Outcome.UNFOUNDED
    assert firm.subjects("adjustment_ended", case) == 1


async def test_books_that_changed_in_the_days_compared_lead_back_to_the_comparison(firm: Firm):
    day = today() - timedelta(days=3)
    first, second = fee_booked_twice(firm, on=day)
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    book_fee(firm, "fee/late", on=day)
    await says(firm, case, "adjustment_notice", "agree")
    facts = firm.spec(await firm.task("propose_plan", case)).facts
    assert facts["why"] == "what plan 1 rests on has changed in the books since it was made"
    assert first not in facts["why"]
    assert marks(view(firm, case).plans[0]) == ["approved", "told"]


async def test_an_entry_that_somebody_else_took_back_meanwhile_is_not_taken_back_again(firm: Firm):
    _, second = fee_booked_twice(firm)
    cases = [(await asked_for(firm)).case for _ in range(2)]
    for case in cases:
        await found_out(firm, case)
        await proposed(firm, case, second)
    await agreed(firm, cases[0])
    await firm.task("adjustment_done", cases[0])
    await agreed(firm, cases[1])
    assert "rests on has changed" in firm.spec(await firm.task("propose_plan", cases[1])).facts["why"]


async def test_money_that_has_nothing_to_do_with_a_plan_does_not_stop_it(firm: Firm):
    _, second = fee_booked_twice(firm, on=today() - timedelta(days=3))
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    book_fee(firm, "fee/of-today")
    await says(firm, case, "adjustment_notice", "agree")
    assert await finished(firm, case) == Outcome.ADJUSTED


async def test_nothing_is_posted_before_the_objection_time_is_over_unless_the_customer_agrees(firm: Firm):
    _, second = fee_booked_twice(firm)
    before, case = firm.account("ACC-1001").balance.minor, (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    await firm.pass_time(timedelta(seconds=40))
    assert firm.account("ACC-1001").balance.minor == before
    await firm.pass_time(timedelta(seconds=15))
    await firm.task("adjustment_done", case)
    assert firm.account("ACC-1001").balance.minor == before + 2000
    told = next(each for each in firm.show(case).trail if each.what == "plan 1 told")
    posted = next(each for each in firm.show(case).trail if each.what == "plan 1 posted")
    assert told.evidence["plan"] == posted.evidence["plan"] == view(firm, case).plans[0].hash


async def test_a_customer_whom_nothing_reaches_is_told_by_letter_before_anything_is_posted(firm: Firm):
    with firm.world.database.transaction() as session:
        for contact in session.exec(select(CustomerContactRow).where(CustomerContactRow.customer == "CUS-1001")):
            session.delete(contact)
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm)).case
    await firm.decide(await firm.task("letter", case), "sent", "li.wei")
    await says(firm, case, "adjustment_cause", "confirm")
    await firm.decide(await firm.task("adjustment_questions", case), "nothing_known", "cao.ning")
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    await firm.pass_time(timedelta(seconds=60))
    assert marks(view(firm, case).plans[0]) == ["approved"]
    await firm.decide(await firm.task("letter", case), "sent", "li.wei")
    await firm.task("adjustment_notice", case)
    await firm.pass_time(timedelta(seconds=60))
    await firm.task("adjustment_done", case)
    assert marks(view(firm, case).plans[0]) == ["approved", "told", "posted", "reconciled"]


async def test_a_customer_who_did_not_ask_for_it_objects_and_does_not_withdraw(firm: Firm):
    case = (await asked_for(firm)).case
    await firm.task("adjustment_cause", case)
    with pytest.raises(Refused, match="may object to the notice"):
        await firm.withdraw(case, "li.wei")


async def test_plans_that_come_to_nothing_again_and_again_are_for_a_supervisor(firm: Firm):
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    for _ in range(5):
        await proposed(firm, case, second)
        await says(firm, case, "approve_plan", "reject")
    await says(firm, case, "rounds_used_up", "end", by="song.jia")
    assert (await firm.outcome(case)).outcome == Outcome.REJECTED


async def test_what_adjustments_came_to_is_counted_with_what_was_learned(firm: Firm):
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm, entries=[second])).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    await agreed(firm, case)
    await finished(firm, case)
    fee_booked_twice(firm, account="ACC-1004")
    other = (await firm.quietus.open_adjustment(checks_request(firm, "ACC-1004"))).case
    await firm.task("adjustment_cause", other)
    with firm.world.database.reading() as session:
        figures = adjustment_figures(session, None, today())
        before = adjustment_figures(session, None, today() - timedelta(days=1))
    counts = {each.name: each.number for each in (*figures.outcomes, *figures.causes, *figures.raised_by)}
    assert counts == {"adjusted": 1, "open": 1, "data_entry": 2, "li.wei": 1, "system": 1}
    assert [str(amount) for amount in figures.posted] == ["20.00 CNY"]
    assert [(each.case, each.improvement) for each in figures.lessons] == [(case, "recorded, after a look")]
    assert (figures.opened, before.opened) == (2, 0)
