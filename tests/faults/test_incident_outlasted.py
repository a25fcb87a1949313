"""Every activity of an incident fails at its first call, for longer than the patience with it: seen, mended, done."""

from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from contracts.findings import FindingKind
from contracts.vocabulary import Outcome
from tests.support.course import confirmed
from tests.support.firm import eventually
from tests.support.happenings import occurrence
from tests.support.incidents import a_report, reported, says
from tests.support.outlasting import Answers, FirstCalls, heard, outlasted

OF_AN_INCIDENT = {"open_incident", "proposal", "triaged", "currency", "keep", "compensate", "end_incident"}
OF_A_DUPLICATE, OF_A_COMPLAINT = {"link"}, {"complaint", "ended_as"}
OF_A_MAJOR_NOT_TRIED = {
    *("join_major", "hear_of_major", "tell_reports", "open_major", "fill_role", "keep_interim", "settle", "abandon"),
    *("plan_bulletin", "write_bulletin", "rule_on_bulletin", "tell_departments", "keep_action", "action_done"),
}
"""Of major incidents. They are called as the others are; that each outlasts the patience is not tried one by one."""

ANSWERS: Answers = {
    "triage": ("confirm", "li.wei", {}),
    "analyse": ("analysed", "wang.fang", {"cause": "data_entry"}),
    "solve": ("proposed", "wang.fang", {"compensation": "10.00"}),
    "compensation": ("approve", "song.jia", {}),
    "carry_out": ("done", "wang.fang", {}),
    "incident_solved": ("solved", "customer", {}),
    "call_back": ("solved", "cao.ning", {}),
}
LONG = 300.0
"""Seconds."""


async def test_what_fails_in_an_incident_is_seen_and_done_once(skipping_client: Client, tmp_path: Path):
    report, calls = a_report(), FirstCalls(OF_AN_INCIDENT)
    case = f"incident-{report.report_id}"
    async with outlasted(skipping_client, tmp_path, calls, case, ANSWERS) as firm:
        before = firm.account("ACC-1001").balance.minor
        await heard(lambda: firm.quietus.report_incident(report))
        await eventually(lambda: firm.open_task("incident_solved", case), "the question whether it is solved", LONG)
        outcome = await firm.outcome(case)
        assert outcome.outcome == Outcome.SOLVED
        assert calls.seen.keys() == OF_AN_INCIDENT
        assert firm.account("ACC-1001").balance.minor - before == 1_000


async def test_a_link_to_another_report_that_fails_is_made_once(skipping_client: Client, tmp_path: Path):
    report, calls = a_report(), FirstCalls(OF_A_DUPLICATE)
    async with outlasted(skipping_client, tmp_path, calls, f"incident-{report.report_id}", {}) as firm:
        first = (await reported(firm)).case
        second = (await firm.quietus.report_incident(report)).case
        await says(firm, second, "triage", "duplicate", of=first)
        assert (await firm.outcome(second)).outcome == Outcome.LINKED
        assert calls.seen.keys() == OF_A_DUPLICATE
        assert [link.what for link in firm.show(first).trail].count(f"{second} is about the same") == 1


async def test_the_report_of_a_complaint_and_the_look_at_the_one_that_it_is_linked_to_are_made_after_the_repair(
    skipping_client: Client, tmp_path: Path
):
    calls, case = FirstCalls(OF_A_COMPLAINT), "closure-ACC-1001"
    async with outlasted(skipping_client, tmp_path, calls, case, {}) as firm:
        first = (await reported(firm, category="complaint")).case
        await confirmed(firm, "ACC-1001")
        await firm.task("approval", case)
        said = occurrence(firm, FindingKind.CUSTOMER_COMPLAINT, "customer", detail="nobody answered the telephone")
        await firm.quietus.happened(case, said)
        await says(firm, "incident-closure-ACC-1001-1-c1", "triage", "duplicate", of=first)
        await eventually(lambda: calls.seen.keys() == OF_A_COMPLAINT, "the look that fails", LONG)
        await firm.withdraw(first, "li.wei", "talked about it")
        await eventually(lambda: firm.show(first).ended_at, "the end of the first report")
        await firm.pass_time(timedelta(hours=2))
        over = lambda: firm.found(case).get("customer_complaint:1") == "cleared"  # noqa: E731
        await eventually(over, "the end of the complaint", LONG)
