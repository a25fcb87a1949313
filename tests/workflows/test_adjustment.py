"""An adjustment from the request to the lesson: each way that it can go."""

from contracts.vocabulary import Outcome, Stage
from tests.support.adjustments import (
    TOLD,
    agreed,
    asked_for,
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
