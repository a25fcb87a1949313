"""What the customer says to a plan, before it is posted and after: questions, objections, suggestions."""

from datetime import timedelta

import pytest

from contracts.refusals import Code, Refused
from contracts.vocabulary import Outcome
from gateways.books_months import today
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


async def told(firm: Firm) -> tuple[str, str]:
    """A case whose plan takes back a fee and is approved, and the entry."""
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm, entries=[second])).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    await says(firm, case, "approve_plan", "approve")
    return case, second


async def posted(firm: Firm) -> tuple[str, str]:
    """The same, and it is posted."""
    case, entry = await told(firm)
    await says(firm, case, "adjustment_notice", "agree")
    await firm.task("adjustment_done", case)
    return case, entry


async def test_a_question_is_answered_and_kept_before_the_customer_is_asked_again(firm: Firm):
    case, _ = await told(firm)
    await says(firm, case, "adjustment_notice", "question")
    await says(firm, case, "customer_question", "answered")
    await says(firm, case, "adjustment_notice", "agree")
    await says(firm, case, "adjustment_done", "question")
    await says(firm, case, "customer_question", "answered")
    assert await finished(firm, case) == Outcome.ADJUSTED
    said = [(each.speaker, each.about, each.heard_by) for each in view(firm, case).said[4:8]]
    assert said == [
        ("customer", "adjustment_notice", ""), ("firm", "adjustment_notice", "li.wei"),
        ("customer", "adjustment_done", ""), ("firm", "adjustment_done", "li.wei"),
    ]  # fmt: skip
    assert len(view(firm, case).plans) == 1


async def test_an_objection_before_posting_that_is_not_justified_is_answered_and_it_is_posted(firm: Firm):
    case, _ = await told(firm)
    await says(firm, case, "adjustment_notice", "object")
    await says(firm, case, "objection", "unjustified")
    assert marks(view(firm, case).plans[0]) == ["approved", "told"]
    await firm.pass_time(timedelta(seconds=60))
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.subjects("objection_rejected", case) == 1


async def test_who_approved_of_a_plan_judges_no_objection_to_it(firm: Firm):
    case, _ = await told(firm)
    await says(firm, case, "adjustment_notice", "object")
    with pytest.raises(Refused) as refused:
        await says(firm, case, "objection", "unjustified", by="song.jia")
    assert refused.value.code is Code.FOUR_EYES
    await says(firm, case, "objection", "unjustified", by="luo.hao")


async def test_an_objection_before_posting_that_is_justified_leads_to_another_plan(firm: Firm):
    case, second = await told(firm)
    await says(firm, case, "adjustment_notice", "object")
    await says(firm, case, "objection", "justified")
    why = firm.spec(await firm.task("propose_plan", case)).facts["why"]
    assert why == "the customer objects: object, after a look; justified, after a look"
    await proposed(firm, case, second, book=[entry("-1.00")])
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert [marks(plan)[-1:] for plan in view(firm, case).plans] == [["told"], ["reconciled"]]


async def test_a_justified_objection_afterwards_is_reversed_by_reversing_entries_with_approval(firm: Firm):
    case, second = await posted(firm)
    before = firm.account("ACC-1001").balance.minor
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    assert firm.account("ACC-1001").balance.minor == before
    await agreed(firm, case)
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.REVERSED
    assert firm.account("ACC-1001").balance.minor == before - 2000
    one, two = view(firm, case).plans
    assert (one.undoes, two.undoes, two.bookings[0].reverses) == (None, 1, entry_of(firm, one.bookings[0].reference))
    assert marks(two) == ["approved", "told", "posted", "reconciled"]
    assert second in {each.id for each in firm.standing("ACC-1001")}
    assert firm.subjects("adjustment_undone", case) == 1


async def test_a_reversal_that_is_rejected_is_judged_again(firm: Firm):
    case, _ = await posted(firm)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    await says(firm, case, "approve_plan", "reject")
    asked = firm.spec(await firm.task("objection", case))
    assert asked.facts["why"] == "plan 2 was rejected: reject, after a look"
    await says(firm, case, "objection", "unjustified", by="xu.jing")
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.ADJUSTED
    assert [marks(plan)[-1:] for plan in view(firm, case).plans] == [["reconciled"], []]


async def test_an_objection_that_is_justified_again_after_its_reversal_was_rejected_is_reversed_after_all(firm: Firm):
    case, _ = await posted(firm)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "justified")
    await says(firm, case, "approve_plan", "reject")
    await says(firm, case, "objection", "justified", by="xu.jing")
    await agreed(firm, case, "luo.hao")
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.REVERSED
    assert [marks(plan)[-1:] for plan in view(firm, case).plans] == [["reconciled"], [], ["reconciled"]]


async def test_a_partly_justified_objection_afterwards_leads_to_a_new_plan_and_the_posted_one_stands(firm: Firm):
    case, _ = await posted(firm)
    before = firm.account("ACC-1001").balance.minor
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "partly")
    await proposed(firm, case, book=[entry("5.00")])
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before + 500
    assert [marks(plan)[-1] for plan in view(firm, case).plans] == ["reconciled", "reconciled"]


async def test_a_new_plan_that_is_not_needed_after_all_leaves_what_was_posted_and_the_customer_is_told(firm: Firm):
    case, _ = await posted(firm)
    await says(firm, case, "adjustment_done", "object")
    await says(firm, case, "objection", "partly")
    await says(firm, case, "propose_plan", "nothing_wrong")
    await says(firm, case, "objection", "unjustified")
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.ADJUSTED
    assert firm.subjects("objection_rejected", case) == 1


async def test_a_suggestion_is_kept_word_for_word(firm: Firm):
    case, _ = await posted(firm)
    await says(firm, case, "adjustment_done", "suggest")
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.ADJUSTED
    assert view(firm, case).said[-1].words == "suggest, after a look"
    assert view(firm, case).content is True


async def test_a_customer_who_says_nothing_is_not_taken_to_be_content(firm: Firm):
    case, _ = await posted(firm)
    await firm.pass_time(timedelta(seconds=60))
    await says(firm, case, "lesson", "recorded")
    assert (await firm.outcome(case)).outcome == Outcome.ADJUSTED
    assert view(firm, case).content is None


async def test_what_a_customer_spent_meanwhile_cannot_be_taken_back_without_a_new_plan(firm: Firm):
    money = book_fee(firm, "gift", "-4000.00", on=today() - timedelta(days=2), text="误入账")
    case = (await asked_for(firm)).case
    await found_out(firm, case)
    await proposed(firm, case, money)
    await says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    with firm.world.database.transaction() as session:
        spent = firm.account("ACC-1001").balance
        firm.books.pay_out(session, "ACC-1001", spent, "spent", "")
    await says(firm, case, "adjustment_notice", "agree")
    why = firm.spec(await firm.task("propose_plan", case)).facts["why"]
    assert why == "account ACC-1001 would stand at -4000.00 CNY, which nothing covers"


def entry_of(firm: Firm, reference: str) -> str:
    """The entry that was booked under a reference."""
    return next(each.id for each in firm.entries("ACC-1001") if each.reference == reference)
