"""The import of complaints, killed half way and started again: each one is one case, none is lost."""

import asyncio
import json
import signal

import pytest
from sqlmodel import select
from temporalio.client import Client

from commands.verifying import check
from gateways.devserver import DevServer
from records.tables import CaseRow
from tests.support.firm import Firm, eventually, firm_without_worker
from tests.support.imports import importing, opened, triage_all, with_customers
from tests.support.processes import worker_process

REPORTS = 60


@pytest.fixture
async def firm(real_client: Client, tmp_path):
    async with firm_without_worker(real_client, tmp_path) as firm:
        yield firm


async def test_an_import_killed_half_way_and_started_again_makes_each_report_one_case(firm: Firm, server: DevServer):
    path = with_customers(firm, REPORTS)
    async with worker_process(firm, server, "worker.py"):
        first = await importing(firm, server, path)
        await eventually(lambda: opened(firm) >= REPORTS // 2, "half of the reports", 120)
        first.send_signal(signal.SIGKILL)
        await first.wait()
        again = await importing(firm, server, path)
        said, _ = await again.communicate()
        done = json.loads(said)
        assert again.returncode == 0
        assert done["reported"] + done["there_before"] == REPORTS
        assert done["there_before"] >= REPORTS // 2
        await asyncio.wait_for(triage_all(firm, REPORTS), 240)
    with firm.world.database.reading() as session:
        reports = sorted(session.exec(select(CaseRow.request_id).where(CaseRow.kind == "incident")))
        assert len(reports) == len(set(reports)) == REPORTS
        assert check(session, None, []).breaks == ()
