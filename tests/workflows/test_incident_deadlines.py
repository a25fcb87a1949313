"""By when an incident has to be acknowledged, answered and solved, by the policy in force and the working calendar."""

from datetime import timedelta

import pytest

from contracts.refusals import Code, Refused
from contracts.tasks import Extension
from gateways.calendar_days import calendar_of
from tests.support.firm import Firm, eventually
from tests.support.incidents import incident, reported, says
from tests.support.majors import major_begun


@pytest.mark.parametrize(
    ("said", "within"),
    [
        ({"severity": "P2"}, "1 working day"),
        ({"severity": "P3"}, "3 working days"),
        ({"severity": "P4"}, "10 working days"),
        ({"category": "complaint"}, "15 days"),
        ({"category": "complaint", "severity": "P2", "complex": "yes"}, "30 days"),
    ],
)
async def test_an_incident_is_to_be_solved_within_the_time_of_its_severity_or_of_the_law(
    working_firm: Firm, said: dict[str, str], within: str
):
    case = (await reported(working_firm)).case
    await says(working_firm, case, "triage", "change", **said)
    await eventually(lambda: incident(working_firm, case).triaged_at, "the classification")
    task = None if said.get("severity") == "P1" else await working_firm.task("analyse", case)  # a major incident's
    shown, policy = working_firm.show(case), working_firm.world.policies["2026-11-22.4"]
    with working_firm.world.database.reading() as session:
        calendar = calendar_of(session, policy)
    assert shown.expected_by == calendar.add(shown.opened_at, within)
    assert task is None or abs(working_firm.line(task).due - shown.expected_by) < timedelta(minutes=1)


async def test_a_p1_is_to_be_solved_within_four_hours_and_so_is_the_major_incident_that_it_is(working_firm: Firm):
    case, major = await major_begun(working_firm)
    for each in (working_firm.show(case), working_firm.show(major)):
        assert each.expected_by - each.opened_at == timedelta(hours=4)


async def test_the_acknowledgement_and_the_first_answer_are_due_in_working_hours(working_firm: Firm):
    case = (await reported(working_firm)).case
    policy, row = working_firm.world.policies["2026-11-22.4"], incident(working_firm, case)
    opened = working_firm.show(case).opened_at
    with working_firm.world.database.reading() as session:
        calendar = calendar_of(session, policy)
    assert row.acknowledge_due == calendar.add(opened, "1 working hour")
    assert row.answer_due == calendar.add(opened, "8 working hours")


async def test_a_complaint_is_extended_once_after_approval_and_never_beyond_the_law(working_firm: Firm):
    firm = working_firm
    case = (await reported(firm, category="complaint")).case
    await says(firm, case, "triage", "confirm")
    await firm.task("analyse", case)
    before = firm.show(case).expected_by

    async def asks(decision_id: str, days: int) -> None:
        token = firm.tokens.mint("lin.tao")
        body = Extension(decision_id=decision_id, working_days=days, reason="an expert is heard", token=token)
        await firm.quietus.extend(case, body)

    with pytest.raises(Refused, match="at most 15 working days"):
        await asks("E-1", 16)
    await asks("E-2", 15)
    await firm.decide(await firm.task("extension", case), "approve", "song.jia")
    await eventually(lambda: firm.show(case).expected_by > before, "more time")
    assert firm.show(case).expected_by - before <= timedelta(days=30)
    with pytest.raises(Refused) as refused:
        await asks("E-3", 1)
    assert refused.value.code is Code.NOT_ALLOWED
