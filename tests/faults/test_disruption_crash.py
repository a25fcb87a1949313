"""kill -9 of the worker while cases are suspended and while they are let go: each once, each customer told once."""

from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.client import Client

from commands.verifying import check
from contracts.disruption import DisruptionOutcome, DisruptionStand
from contracts.requests import ClosureRequest
from disruption_client import disruption_id
from gateways.devserver import DevServer
from records.books_tables import AccountRow
from records.people_tables import HoldRow
from records.tables import CaseRow, ContactRow, TrailRow
from tests.support.accounts import open_accounts
from tests.support.crowds import LONG, open_cases
from tests.support.disruptions import OUTAGE, declare, end, report
from tests.support.firm import Firm, eventually, firm_without_worker
from tests.support.policies import folder_with, unhurried
from tests.support.processes import worker_process

TOUCHED, OTHERS, PAIRS = 40, 20, 10
"""`PAIRS`: so many customers have two of the touched cases."""

BRANCH = "南京玄武支行"
RULES = (
    ("resume_per_minute = 600", "resume_per_minute = 240"),
    ('delivery = "10 seconds"', 'delivery = "2 minutes"'),
    *unhurried(),
)
"""Pages of twenty, five seconds apart: time to die between them. A message whose attempt died with the worker is tried
again, as in production; a rehearsal would take the next channel."""


@pytest.fixture
async def firm(real_client: Client, tmp_path: Path):
    folder = folder_with(tmp_path / "policy", *RULES)
    async with firm_without_worker(real_client, tmp_path, policy=folder) as firm:
        yield firm


def requests(firm: Firm) -> list[ClosureRequest]:
    """First those at the branch that it touches; the last of them have the customers of the first."""
    accounts = open_accounts(firm.world.database, TOUCHED + OTHERS)
    with firm.world.database.transaction() as session:
        rows = [session.get_one(AccountRow, account) for account in accounts]
        for number, row in enumerate(rows[:TOUCHED]):
            row.branch = BRANCH
            row.customer = rows[(number + PAIRS) % TOUCHED].customer if number >= TOUCHED - PAIRS else row.customer
    return [firm.request(account) for account in accounts]


async def test_a_worker_killed_while_cases_are_suspended_and_while_they_are_let_go_does_each_once(
    firm: Firm, server: DevServer
):
    asked = requests(firm)
    touched = {f"closure-{request.account}" for request in asked[:TOUCHED]}
    async with worker_process(firm, server, "worker.py") as dying:
        await open_cases(firm, asked)
        await declare(firm, branches=[BRANCH])
        await eventually(lambda: report(firm).suspended >= TOUCHED // 4, "some suspended cases", LONG)
        dying.kill()
        assert await dying.wait() == -9
    assert TOUCHED // 4 <= report(firm).suspended < TOUCHED
    async with worker_process(firm, server, "worker.py") as dying:
        await eventually(lambda: report(firm).suspended == TOUCHED, "all suspended cases", LONG)
        await end(firm)
        await eventually(lambda: report(firm).resumed >= TOUCHED // 4, "some cases that go on", LONG)
        dying.kill()
        assert await dying.wait() == -9
    assert TOUCHED // 4 <= report(firm).resumed < TOUCHED
    async with worker_process(firm, server, "worker.py"):
        handle = firm.client.get_workflow_handle(disruption_id(OUTAGE), result_type=DisruptionOutcome)
        outcome = DisruptionOutcome.model_validate(await handle.result())
        told = TOUCHED - PAIRS
        expected = {"touched": TOUCHED, "suspended": TOUCHED, "resumed": TOUCHED, "told": told}
        assert outcome == DisruptionOutcome(reference=OUTAGE, **expected)
        await eventually(lambda: len(heard(firm, "disruption_over")) == told, "the words that it goes on", LONG)
        assert {each.case for each in report(firm).cases} == touched
        assert {each.stand for each in report(firm).cases} == {DisruptionStand.RESUMED}
        assert_each_once(firm, touched)


def heard(firm: Firm, template: str) -> Counter[str]:
    """How often each customer was told this."""
    query = select(CaseRow.customer).join(ContactRow, ContactRow.dossier == CaseRow.dossier)  # type: ignore[arg-type]
    with firm.world.database.reading() as session:
        return Counter(session.exec(query.where(ContactRow.template == template)))


def assert_each_once(firm: Firm, touched: set[str]) -> None:
    """By the trails, the clocks that stood, and what was sent."""
    dossiers = Counter(f"{case}.1" for case in touched)
    assert set(heard(firm, "outage").values()) == set(heard(firm, "disruption_over").values()) == {1}
    assert len(heard(firm, "outage")) == TOUCHED - PAIRS
    with firm.world.database.reading() as session:
        for what in ("suspended", "let go"):
            links = select(TrailRow.dossier).where(TrailRow.what == f"{what}: system_fault:{OUTAGE}")
            assert Counter(session.exec(links)) == dossiers
        holds = session.exec(select(HoldRow)).all()
        assert Counter(hold.dossier for hold in holds) == dossiers
        assert all(hold.until for hold in holds)
        assert not any(row.held for row in session.exec(select(CaseRow)))
        assert check(session, None, []).breaks == ()
