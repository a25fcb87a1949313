"""A whole closure with its records on a real PostgreSQL."""

from pathlib import Path

from temporalio.client import Client

from commands.verifying import check
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
