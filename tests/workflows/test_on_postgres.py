"""A whole closure, and a disruption of several, with their records on a real PostgreSQL."""

from pathlib import Path

from temporalio.client import Client

from commands.verifying import check
from tests.support.disruptions import declare, end, over, rule, suspended
from tests.support.firm import running_firm
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
