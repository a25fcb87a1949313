"""Which incident can be the one behind wrong entries, and which one cannot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from records.incident_tables import IncidentRow
from records.tables import CaseRow
from tests.support import incidents
from tests.support.adjustments import asked_for, fee_booked_twice, says, view
from tests.support.firm import Firm, eventually

LONG_AGO = datetime.now(UTC) - timedelta(days=300)


def over_at(firm: Firm, case: str, at: datetime) -> None:
    """The incident was over at that moment, as far as its records say."""

    def end(session: Session) -> None:
        row = session.exec(select(CaseRow).where(CaseRow.case_id == case)).one()
        row.outcome, row.ended_at = "solved", at

    firm.mend(end)


async def named(firm: Firm, case: str, incident: str) -> str:
    """Finance names the incident behind a fault of a system; why it cannot be, empty where it was taken."""
    await says(firm, case, "adjustment_cause", "change", cause="system_fault", incident=incident)

    def answer() -> tuple[str] | None:
        if view(firm, case).incident == incident:
            return ("",)
        again = firm.open_task("adjustment_cause", case)
        return (firm.spec(again).facts["why"],) if again else None

    return (await eventually(answer, "the cause"))[0]


@pytest.mark.parametrize(
    ("report", "over", "why"),
    [
        ({}, False, "is another customer's, and about no fault of a system"),
        ({}, True, "is another customer's, and about no fault of a system"),
        ({"category": "technical"}, False, ""),
        ({"category": "technical"}, True, "before the entries were booked"),
        ({"customer": "CUS-1003", "account": "ACC-1004"}, False, ""),
        ({"customer": "CUS-1003", "account": "ACC-1004"}, True, "before the entries were booked"),
    ],
)
async def test_an_incident_that_is_named_has_to_fit_the_fault(firm: Firm, report: dict[str, Any], over: bool, why: str):
    _, second = fee_booked_twice(firm, account="ACC-1004")
    incident = (await incidents.reported(firm, **report)).case
    if over:
        over_at(firm, incident, LONG_AGO)
    case = (await asked_for(firm, account="ACC-1004", entries=[second])).case
    said = await named(firm, case, incident)
    assert why in said
    assert bool(why) == bool(said)


async def test_a_technical_incident_of_another_customer_that_is_over_needs_the_entries_named(firm: Firm):
    fee_booked_twice(firm, account="ACC-1004")
    incident = (await incidents.reported(firm, category="technical")).case
    over_at(firm, incident, datetime.now(UTC) + timedelta(hours=1))
    case = (await asked_for(firm, account="ACC-1004")).case
    assert "names no entry booked before" in await named(firm, case, incident)


async def test_the_case_that_asked_stands_for_the_fault_only_where_it_fits(firm: Firm):
    incident = (await incidents.reported(firm)).case
    over_at(firm, incident, datetime.now(UTC))
    case = (await asked_for(firm, account="ACC-1004", suspected_cause="system_fault", case=incident)).case
    await says(firm, case, "adjustment_cause", "confirm")
    await says(firm, case, "adjustment_questions", "nothing_known")
    assert firm.spec(await firm.task("fault_behind", case)).facts["incident"] == "none is named"


async def test_one_that_is_named_later_and_does_not_fit_is_refused_and_can_be_waived(firm: Firm):
    ours = (await incidents.reported(firm, customer="CUS-1003", account="ACC-1004")).case
    theirs = (await incidents.reported(firm)).case
    case = (await asked_for(firm, account="ACC-1004")).case
    await named(firm, case, ours)
    await says(firm, case, "adjustment_questions", "nothing_known")
    await says(firm, case, "fault_behind", "link", incident=theirs)
    task = await firm.task("fault_behind", case)
    assert f"{theirs} is another customer's" in firm.spec(task).facts["incident"]
    assert view(firm, case).incident == ours
    await firm.decide(task, "waive", "david.chen", reason="the entries cannot wait")
    await firm.task("propose_plan", case)


async def test_a_report_that_hangs_on_a_major_incident_is_about_a_system(firm: Firm):
    incident = (await incidents.reported(firm)).case

    def hang(session: Session) -> None:
        session.exec(select(IncidentRow).where(IncidentRow.case_id == incident)).one().major = "major-INC-1"

    firm.mend(hang)
    case = (await asked_for(firm, account="ACC-1004")).case
    assert await named(firm, case, incident) == ""


async def begun_by_an_incident(firm: Firm, **report: Any) -> tuple[str, str]:
    """An incident that waits for an adjustment of a fault of a system, and that adjustment."""
    incident = (await incidents.reported(firm, **report)).case
    await incidents.says(firm, incident, "triage", "confirm")
    await incidents.says(firm, incident, "analyse", "analysed", cause="system_fault")
    await incidents.says(firm, incident, "solve", "adjust", cause="system_fault")
    return incident, f"adjustment-{incident}-1-a1"


async def test_no_ring_of_cases_waits_for_each_other(firm: Firm):
    first, its = await begun_by_an_incident(firm)
    second, other = await begun_by_an_incident(firm, description="转账重复扣款。")
    await says(firm, its, "adjustment_cause", "confirm", incident=second, by="zhao.min")
    await firm.task("adjustment_questions", its)
    await says(firm, other, "adjustment_cause", "confirm", incident=first, by="zhao.min")
    why = firm.spec(await firm.task("adjustment_cause", other)).facts["why"]
    assert why.startswith(f"{first}, which waits for {its}, which waits for {second}, which waits for this adjustment")
    third = (await incidents.reported(firm, description="手续费收错。")).case
    await says(firm, other, "adjustment_cause", "confirm", incident=third, by="zhao.min")
    await firm.task("adjustment_questions", other)
    assert view(firm, other).incident == third


async def test_a_fault_that_was_waived_closes_no_ring(firm: Firm):
    first, its = await begun_by_an_incident(firm)
    second, other = await begun_by_an_incident(firm, description="转账重复扣款。")
    await says(firm, its, "adjustment_cause", "confirm", incident=second, by="zhao.min")
    await says(firm, its, "adjustment_questions", "nothing_known")
    await says(firm, its, "fault_behind", "waive")
    await firm.task("propose_plan", its)
    await says(firm, other, "adjustment_cause", "confirm", incident=first, by="zhao.min")
    await firm.task("adjustment_questions", other)
    assert view(firm, other).incident == first
