"""A second exception arrives in the middle of a first: both are dealt with; books, trail and outcome are right."""

from datetime import timedelta

import pytest

from activities.mending import Mending
from contracts.findings import FindingKind, FindingState
from gateways.books_journal import at_noon
from tests.support.accounts import BALANCE, open_accounts
from tests.support.coverage import How, shows
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually
from tests.support.happenings import happens, link, looks
from tests.support.stories import (
    CLASH,
    COMPLAINT,
    COURT_FREEZE,
    ERROR,
    EVENT,
    FAULT,
    FREEZE,
    NEW_NUMBER,
    NEW_RULES,
    NOBODY,
    OBJECTION,
    SHORTFALL,
    Story,
    runs_out,
    says,
    to_approval,
)

PAIRS = (
    (ERROR, COMPLAINT),
    (OBJECTION, EVENT),
    (FAULT, NEW_NUMBER),
    (NEW_RULES, COURT_FREEZE),
    (NEW_NUMBER, COMPLAINT),
    (SHORTFALL, COURT_FREEZE),
    (CLASH, EVENT),
    (FREEZE, NEW_RULES),
    (COMPLAINT, NEW_NUMBER),
    (NOBODY, COMPLAINT),
    (EVENT, FAULT),
)
"""The first one, and what arrives in the middle of it."""

PAID = {SHORTFALL: [], CLASH: ["95.00"]}
"""What is paid out where it is not the whole balance: a debt takes it, or a payment that was on its way."""


@shows(How.NESTED, *(first.kind for first, _ in PAIRS))
@pytest.mark.parametrize("first_ends_first", [True, False], ids=["first out", "last out"])
@pytest.mark.parametrize(("first", "then"), PAIRS, ids=lambda story: story.kind)
async def test_a_second_exception_in_the_middle_of_a_first(
    firm: Firm, first: Story, then: Story, first_ends_first: bool
):
    (account,) = open_accounts(firm.world.database, 1)
    case = await first.opened(firm, account)
    assert then.arrives
    await then.arrives(firm, case)
    for story in (first, then) if first_ends_first else (then, first):
        await story.ended(firm, case)
    outcome = await runs_out(firm, case)
    assert outcome.outcome == "closed"
    assert_ended_well(firm, outcome, status="closed", balance="0.00")
    assert firm.payments() == PAID.get(first, [BALANCE])
    assert set(firm.sums().values()) == {0}
    assert set(firm.found(case).values()) == {FindingState.CLEARED}
    asked = {first.kind, then.kind} - {FindingKind.SCHEDULE_CONFLICT}  # which is none when the customer picks a day
    assert asked <= {each.kind for each in firm.show(case).findings}
    for told in ("complaint_received", "suspended", "apology", "contact_changing", "shortfall"):
        assert firm.subjects(told, case) <= 1


@shows(How.NESTED, FindingKind.CUSTOMER_NEED_CHANGE)
async def test_a_change_that_cannot_be_written_down_is_technologys_business_and_then_made_once(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
):
    """Nobody is asked of a change, so what can arrive in its middle is a fault."""
    case = await to_approval(firm, "ACC-1001")
    with monkeypatch.context() as broken:
        broken.setattr(Mending, "_once", out_of_order)
        day = (at_noon(firm.show(case).opened_at.date()) + timedelta(days=5)).date()
        await happens(firm, case, FindingKind.CUSTOMER_NEED_CHANGE, wished_on=str(day))
        await firm.pass_time(timedelta(seconds=31))
        await firm.task("system_fault", case)
    await FAULT.ended(firm, case)
    outcome = await runs_out(firm, case)
    assert_ended_well(firm, outcome, status="closed", balance="0.00")
    assert str(day) in link(firm, case, "request changed: wished_on").evidence["wished_on new"]
    late = {"internal_process:approval": "cleared"}  # meanwhile the approval became overdue
    assert firm.found(case) == {"customer_need_change:1": "cleared", "system_fault:amend": "cleared"} | late
    assert looks(firm, case)["contract"] == 2


def out_of_order(*_: object) -> str:
    raise OSError("the records are out of order")


async def test_a_withdrawal_between_two_remedies_ends_both(firm: Firm):
    case = await COMPLAINT.opened(firm, "ACC-1001")
    assert EVENT.arrives
    await EVENT.arrives(firm, case)
    await firm.task("external_event", case)
    await firm.withdraw(case, "customer")
    outcome = await firm.outcome(case)
    assert outcome.outcome == "withdrawn"
    assert_ended_well(firm, outcome, status="active", balance="1234.56")


async def _over(firm: Firm, case: str, fingerprint: str) -> None:
    await eventually(lambda: firm.found(case)[fingerprint] == "cleared", fingerprint)


async def test_details_that_change_twice_are_approved_and_kept_in_order(firm: Firm):
    case = await to_approval(firm, "ACC-1001")
    for number, name in enumerate(("张伟国", "张为国"), 1):
        await happens(firm, case, FindingKind.CUSTOMER_INFO_CHANGE, field="name", value=name)
        await says(firm, case, "correct_record", "approve", "song.jia")
        await _over(firm, case, f"customer_info_change:{number}")
    await firm.withdraw(case, "customer")
    await firm.outcome(case)
    changes = [each.evidence for each in firm.show(case).trail if each.what == "record corrected: name"]
    assert [(each["old"], each["new"]) for each in changes] == [("张伟", "张伟国"), ("张伟国", "张为国")]
