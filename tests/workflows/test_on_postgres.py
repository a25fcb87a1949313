"""A whole closure, a disruption of several, and a major incident, with their records on a real PostgreSQL."""

from pathlib import Path

from temporalio.client import Client

from commands.verifying import check
from tests.support.disruptions import declare, end, over, rule, suspended
from tests.support.firm import running_firm
from tests.support.incidents import incident, says
from tests.support.majors import LEAD, WORDS, begun_at_once, bulletin_sent, does, hangs, majors, solved, team_filled
from tests.support.postgres import PostgresServer


async def test_a_closure_on_postgresql_is_paid_out_once_closed_and_filed(
    skipping_client: Client, tmp_path: Path, postgres: PostgresServer
):
    async with running_firm(skipping_client, tmp_path, url=postgres.create_database("a_closure")) as firm:
        outcome = await firm.close_smoothly((await firm.open("ACC-1001")).case)
        assert outcome.outcome == "closed"
        assert firm.payments() == ["1234.56"]
        assert firm.status("ACC-1001") == "closed"
        with firm.world.database.transaction() as session:
            verified = check(session, None, [outcome])
    assert verified.breaks == ()
    assert set(verified.sums.values()) == {"0.00", "0"}


async def test_a_disruption_on_postgresql_suspends_each_case_once_and_lets_it_go(
    skipping_client: Client, tmp_path: Path, postgres: PostgresServer
):
    async with running_firm(skipping_client, tmp_path, url=postgres.create_database("a_disruption")) as firm:
        cases = [(await firm.open(account)).case for account in ("ACC-1001", "ACC-1004", "ACC-1005")]
        for case in cases:
            await firm.task("confirm_contact", case)
        await declare(firm)
        await suspended(firm, *cases)
        await end(firm, days=1)
        await rule(firm)
        found = await over(firm)
        assert (found.suspended, found.resumed, found.told) == (3, 3, 2)
        with firm.world.database.transaction() as session:
            assert check(session, None, []).breaks == ()


async def test_a_major_incident_on_postgresql_begins_once_and_answers_all_who_reported_it_at_the_same_moment(
    skipping_client: Client, tmp_path: Path, postgres: PostgresServer
):
    async with running_firm(skipping_client, tmp_path, url=postgres.create_database("a_major")) as firm:
        cases, major = await begun_at_once(firm)
        assert majors(firm) == [major]
        for case in cases:
            await hangs(firm, case, major)
        await bulletin_sent(firm, major)
        await team_filled(firm, major)
        await does(firm, major, "interim_solution", "interim", LEAD, **WORDS)
        await solved(firm, major)
        for case in cases:
            await says(firm, case, "incident_solved", "solved")
        assert not any(incident(firm, case).hangs for case in cases)
        with firm.world.database.transaction() as session:
            assert check(session, None, []).breaks == ()
