"""What makes an incident a major one, and which reports hang on it."""

from datetime import UTC, datetime, timedelta

from contracts.vocabulary import Outcome
from records.incident_tables import MajorRow
from tests.support.firm import Firm, eventually
from tests.support.incidents import handled, incident, reported, says
from tests.support.majors import (
    LEAD,
    MATTER,
    begun_at_once,
    classified,
    does,
    hangs,
    major_begun,
    majors,
    rows,
    solved,
    team_filled,
)

REPORTS = 10
"""So many within the hour are a major incident, by the policy."""


async def reports(firm: Firm, number: int, apart: timedelta, last: timedelta = timedelta(0)) -> list[str]:
    """Reports of one matter, so far apart, each classified; the `last` one so long ago."""
    now, cases = datetime.now(UTC) - last, []
    for back in range(number - 1, -1, -1):
        at = now - back * apart
        occurred = {"occurred_at": (at - timedelta(hours=1)).isoformat(), "reported_at": at.isoformat()}
        cases.append(await classified(firm, **occurred))
    return cases


async def test_by_severity(firm: Firm):
    case, major = await major_begun(firm)
    [row] = rows(firm, MajorRow)
    assert (row.case_id, row.because, row.begun_by) == (major, "severity P1", f"{case}.1")
    assert incident(firm, case).hangs


async def test_by_the_number_of_customers_that_a_report_says_are_affected(firm: Firm):
    fewer = await classified(firm, "P3", "login_fails", affected_customers=99)
    await firm.task("analyse", fewer)
    assert majors(firm) == []
    case = await classified(firm, "P3", "login_fails", affected_customers=100)
    await firm.task("team_operations")
    assert rows(firm, MajorRow)[0].because == "100 customers affected"
    await hangs(firm, fewer, incident(firm, case).major)


async def test_by_so_many_reports_of_one_matter_within_the_hour_and_the_earlier_ones_hang_on_it_too(firm: Firm):
    cases = await reports(firm, REPORTS, timedelta(minutes=6))
    await firm.task("team_operations")
    [row] = rows(firm, MajorRow)
    assert row.because == f"{REPORTS} reports of {MATTER} within 1 hour"
    for case in cases:
        await hangs(firm, case, row.case_id)
        await eventually(lambda case=case: firm.open_task("analyse", case) is None, "its tasks to rest")  # type: ignore[misc]


async def test_not_by_as_many_over_a_longer_time_nor_before_a_person_has_classified_them(firm: Firm):
    cases = await reports(firm, REPORTS, timedelta(minutes=7), last=-timedelta(minutes=4))
    for _ in range(2):
        await reported(firm, description="转账没到账。")
    await firm.task("analyse", cases[-1])
    assert majors(firm) == []


async def test_not_by_old_reports_that_come_in_together(firm: Firm):
    cases = await reports(firm, REPORTS, timedelta(0), last=timedelta(days=30))
    await firm.task("analyse", cases[-1])
    assert majors(firm) == []


async def test_by_a_complaint_that_escalates(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "change", category="complaint", department="finance", matter=MATTER)
    for _ in range(3):
        await handled(firm, case)
        assert majors(firm) == []
        await says(firm, case, "incident_solved", "not_solved")
    await says(firm, case, "escalated", "again", by="song.jia")
    await firm.task("team_operations")
    assert rows(firm, MajorRow)[0].because == "an escalated complaint"
    await hangs(firm, case, majors(firm)[0])


async def test_two_incidents_at_the_same_moment_make_one(firm: Firm):
    cases, major = await begun_at_once(firm)
    assert majors(firm) == [major]
    for case in cases:
        await hangs(firm, case, major)


async def test_an_incident_of_another_matter_does_not_hang_on_it(firm: Firm):
    await major_begun(firm)
    other = await classified(firm, matter="login_fails")
    await firm.task("analyse", other)
    assert not incident(firm, other).hangs


async def test_a_report_that_hangs_can_be_withdrawn_and_the_others_are_answered(firm: Firm):
    first, major = await major_begun(firm)
    other = await classified(firm, customer="CUS-1002")
    await hangs(firm, other, major)
    await firm.withdraw(other, "li.wei")
    assert (await firm.outcome(other)).outcome == Outcome.WITHDRAWN
    await team_filled(firm, major)
    await does(firm, major, "interim_solution", "interim", LEAD, zh="手工", en="by hand")
    await solved(firm, major)
    await says(firm, first, "incident_solved", "solved")


async def test_what_is_not_solved_with_it_after_all_is_dealt_with_by_the_department(firm: Firm):
    first, major = await major_begun(firm)
    await team_filled(firm, major)
    await does(firm, major, "interim_solution", "interim", LEAD, zh="手工", en="by hand")
    await solved(firm, major)
    await says(firm, first, "incident_solved", "not_solved")
    await handled(firm, first)
    later = await classified(firm, customer="CUS-1002")
    await firm.task("analyse", later)  # no report hangs on what is over


async def test_when_it_is_cancelled_its_reports_are_dealt_with_by_themselves_again(firm: Firm):
    first, major = await major_begun(firm)
    await firm.handle(major).cancel()
    await firm.task("analyse", first)
    assert (await firm.outcome(major)).outcome == Outcome.WITHDRAWN
    await eventually(lambda: not incident(firm, first).hangs, "to be free")
