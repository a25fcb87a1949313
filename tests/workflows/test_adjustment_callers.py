"""What an adjustment waits for, and what waits for an adjustment: incidents and closures."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from contracts.findings import FindingState
from contracts.refusals import Code, Refused
from contracts.vocabulary import Outcome
from records.books_tables import AccountRow
from records.tables import CaseRow
from tests.support import incidents
from tests.support.adjustments import (
    a_request,
    agreed,
    asked_for,
    book_fee,
    fee_booked_twice,
    finished,
    found_out,
    proposed,
    says,
    view,
)
from tests.support.course import confirmed
from tests.support.firm import Firm, eventually


async def put_right(firm: Firm, case: str, entry: str) -> str:
    """An adjustment that takes back an entry, from the cause to the lesson; how it ended."""
    await found_out(firm, case)
    await proposed(firm, case, entry)
    await agreed(firm, case)
    return await finished(firm, case)


async def solved(firm: Firm, case: str) -> None:
    """The incident is dealt with to its end."""
    await incidents.says(firm, case, "triage", "confirm")
    await incidents.handled(firm, case)
    await incidents.says(firm, case, "incident_solved", "solved")
    await firm.pass_time(timedelta(minutes=1))
    await incidents.says(firm, case, "call_back", "solved")
    await eventually(lambda: firm.show(case).outcome == Outcome.SOLVED, "the end of the incident")


def over(firm: Firm, case: str, outcome: Outcome) -> None:
    """A case ends, as far as its records say: after the end of a case with a survey the time-skipping server's time
    stands, so that nobody could look again in an hour."""

    def end(session: Session) -> None:
        row = session.exec(select(CaseRow).where(CaseRow.case_id == case)).one()
        row.outcome, row.ended_at = outcome, datetime.now(UTC)

    firm.mend(end)


# ---- a system's fault ------------------------------------------------------------------------------------------------


async def test_a_fault_of_a_system_is_mended_before_its_entries_are_put_right(firm: Firm):
    incident = (await incidents.reported(firm)).case
    _, second = fee_booked_twice(firm)
    await solved(firm, incident)
    case = (await asked_for(firm, suspected_cause="system_fault", case=incident)).case
    await found_out(firm, case)
    await proposed(firm, case, second)
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert (view(firm, case).incident, view(firm, case).waived_by) == (incident, "")


async def test_a_fault_that_is_not_mended_is_waived_by_a_manager_who_has_not_worked_on_it(firm: Firm):
    _, second = fee_booked_twice(firm)
    case = (await asked_for(firm)).case
    await says(firm, case, "adjustment_cause", "change", cause="system_fault")
    await says(firm, case, "adjustment_questions", "nothing_known")
    with pytest.raises(Refused):
        await says(firm, case, "fault_behind", "waive", by="wang.fang")
    await says(firm, case, "fault_behind", "waive")
    await proposed(firm, case, second)
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert (view(firm, case).cause, view(firm, case).waived_by) == ("system_fault", "david.chen")


@pytest.mark.parametrize(("ended", "goes_on"), [(Outcome.SOLVED, True), (Outcome.WITHDRAWN, False)])
async def test_an_incident_that_is_named_later_is_waited_for_and_one_that_is_none_is_not_taken(
    firm: Firm, ended: Outcome, goes_on: bool
):
    incident = (await incidents.reported(firm)).case
    case = (await asked_for(firm)).case
    await says(firm, case, "adjustment_cause", "change", cause="system_fault", incident="closure-ACC-1001")
    asked = firm.spec(await firm.task("adjustment_cause", case))
    assert asked.facts["why"] == "closure-ACC-1001 is no incident"
    await says(firm, case, "adjustment_cause", "change", cause="system_fault")
    await says(firm, case, "adjustment_questions", "nothing_known")
    await says(firm, case, "fault_behind", "link", incident=incident)
    again = await firm.task("fault_behind", case)
    assert firm.spec(again).facts["incident"] == incident
    over(firm, incident, ended)
    await firm.pass_time(timedelta(hours=2))
    assert bool(firm.open_task("propose_plan", case)) is goes_on
    assert bool(firm.open_task("fault_behind", case)) is not goes_on


# ---- incidents -------------------------------------------------------------------------------------------------------


async def test_an_incident_of_wrong_books_begins_an_adjustment_and_waits_for_it(firm: Firm):
    _, second = fee_booked_twice(firm)
    incident = (await incidents.reported(firm)).case
    await incidents.says(firm, incident, "triage", "confirm")
    await incidents.says(firm, incident, "analyse", "analysed", cause="data_entry")
    await incidents.says(firm, incident, "solve", "adjust")
    adjustment = f"adjustment-{incident}-1-a1"
    await firm.task("adjustment_cause", adjustment)
    assert firm.open_task("solve", incident) is None
    assert await put_right(firm, adjustment, second) == Outcome.ADJUSTED
    again = await firm.task("solve", incident)
    assert firm.spec(again).facts["why"] == f"{adjustment}: adjusted"
    await firm.decide(again, "proposed", "wang.fang", reason="the fee is back")
    await incidents.says(firm, incident, "carry_out", "done")
    await incidents.says(firm, incident, "incident_solved", "solved")
    raised = view(firm, adjustment)
    assert raised.raised_by == "wang.fang"
    assert any(each.what == f"{adjustment} begun" for each in firm.show(incident).trail)


async def test_an_incident_that_waits_for_an_adjustment_is_not_waited_for_by_it(firm: Firm):
    _, second = fee_booked_twice(firm)
    incident = (await incidents.reported(firm)).case
    await incidents.says(firm, incident, "triage", "confirm")
    await incidents.says(firm, incident, "analyse", "analysed", cause="system_fault")
    await incidents.says(firm, incident, "solve", "adjust", cause="system_fault")
    adjustment = f"adjustment-{incident}-1-a1"
    await says(firm, adjustment, "adjustment_cause", "confirm", incident=incident, by="zhao.min")
    asked = firm.spec(await firm.task("adjustment_cause", adjustment))
    assert "waits for this adjustment itself" in asked.facts["why"]
    await says(firm, adjustment, "adjustment_cause", "confirm", by="zhao.min")
    await says(firm, adjustment, "adjustment_questions", "nothing_known")
    await says(firm, adjustment, "fault_behind", "waive")
    await proposed(firm, adjustment, second)
    await agreed(firm, adjustment)
    assert await finished(firm, adjustment) == Outcome.ADJUSTED
    await firm.task("solve", incident)


# ---- closures --------------------------------------------------------------------------------------------------------


async def test_a_closure_whose_books_disagree_has_them_put_right_and_goes_on(firm: Firm):
    _, second = fee_booked_twice(firm)
    right = firm.account("ACC-1001").balance.minor + 2000
    firm.mend(lambda session: setattr(session.get_one(AccountRow, "ACC-1001"), "stated_minor", right))
    case = (await confirmed(firm, "ACC-1001")).case
    await says(firm, case, "books_disagree", "adjust")
    adjustment = "adjustment-closure-ACC-1001-1-a1"
    assert await put_right(firm, adjustment, second) == Outcome.ADJUSTED
    await firm.task("approval", case)
    assert firm.found(case)["books_disagree"] is FindingState.CLEARED
    assert firm.account("ACC-1001").balance.minor == right


async def test_an_account_information_error_that_lies_in_entries_is_adjusted_and_looked_at_again(firm: Firm):
    _, second = fee_booked_twice(firm)
    payout = {"name": "王五", "account": "6222020200112233445", "bank": "ICBC"}
    case = (await firm.open("ACC-1001", payout=payout)).case
    first = await firm.task("account_info_error", case)
    await firm.decide(first, "adjust", "li.wei", reason="the statement shows a fee twice", data={"cause": "data_entry"})
    adjustment = "adjustment-closure-ACC-1001-1-a1"
    assert await put_right(firm, adjustment, second) == Outcome.ADJUSTED
    assert await firm.task("account_info_error", case) != first
    assert firm.show(adjustment).trail[0].why == "the statement shows a fee twice"


async def test_a_closure_waits_for_an_adjustment_of_its_account_that_is_open_already(firm: Firm):
    _, second = fee_booked_twice(firm)
    adjustment = (await asked_for(firm, entries=[second])).case
    await firm.task("adjustment_cause", adjustment)
    case = (await confirmed(firm, "ACC-1001")).case
    await eventually(lambda: firm.found(case).get(f"books_disagree:{adjustment}"), "the finding")
    assert firm.open_task("approval", case) is None
    assert await put_right(firm, adjustment, second) == Outcome.ADJUSTED
    await firm.pass_time(timedelta(hours=2))
    await firm.task("approval", case)
    assert firm.found(case)[f"books_disagree:{adjustment}"] is FindingState.CLEARED


async def test_an_account_that_is_being_closed_takes_the_correction_that_its_closure_waits_for(firm: Firm):
    gift = book_fee(firm, "gift", "-30.00", text="误入账")
    case = (await confirmed(firm, "ACC-1001")).case
    await firm.task("approval", case)
    adjustment = (await asked_for(firm, entries=[gift])).case
    assert firm.account("ACC-1001").lock
    assert await put_right(firm, adjustment, gift) == Outcome.ADJUSTED


async def test_a_closed_account_cannot_be_adjusted_and_whoever_asks_is_told(firm: Firm):
    with pytest.raises(Refused, match="was closed on") as refused:
        await asked_for(firm, account="ACC-2005")
    assert refused.value.code is Code.NOT_ALLOWED


async def test_a_request_that_was_sent_before_is_the_same_case_and_another_content_is_refused(firm: Firm):
    request = a_request()
    first, again = await firm.quietus.open_adjustment(request), await firm.quietus.open_adjustment(request)
    assert first == again
    with pytest.raises(Refused) as refused:
        await firm.quietus.open_adjustment(request.model_copy(update={"description": "another"}))
    assert refused.value.code is Code.MISMATCH


async def test_every_fault_of_a_request_is_named(firm: Firm):
    with pytest.raises(Refused) as refused:
        await asked_for(firm, raised_by="nobody", entries=["JE-0000000000000000"], case="closure-none", description=" ")
    assert [fault.path for fault in refused.value.faults] == ["description", "raised_by", "entries[0]", "case"]
