"""kill -9 of the worker in the middle of a bulletin: each customer is told it once, however many reports they have."""

from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import func, select
from temporalio.client import Client

from commands.verifying import check
from contracts.majors import BulletinState
from gateways.devserver import DevServer
from records.books_tables import AccountRow
from records.incident_tables import BulletinRow, BulletinToldRow, IncidentRow
from records.tables import CaseRow, ContactRow
from tests.support.accounts import open_accounts
from tests.support.crowds import LONG, count
from tests.support.firm import Firm, eventually, firm_without_worker
from tests.support.majors import TEAM, bulletin_sent, classified, major_begun, rows
from tests.support.policies import folder_with, unhurried
from tests.support.processes import worker_process

REPORTS, PAIRS = 40, 10
"""`PAIRS`: so many customers have two of the reports."""

CUSTOMERS = REPORTS - PAIRS
RULES = (('P1 = "20 seconds"', 'P1 = "1 day"'), ('delivery = "10 seconds"', 'delivery = "2 minutes"'), *unhurried())


@pytest.fixture
async def firm(real_client: Client, tmp_path: Path):
    folder = folder_with(tmp_path / "policy", *RULES)
    async with firm_without_worker(real_client, tmp_path, policy=folder) as firm:
        yield firm


def accounts(firm: Firm) -> dict[str, str]:
    """The customer of each account; the last of them have the customers of the first."""
    opened = open_accounts(firm.world.database, REPORTS)
    with firm.world.database.transaction() as session:
        found = [session.get_one(AccountRow, account) for account in opened]
        for number, row in enumerate(found):
            row.customer = found[number % CUSTOMERS].customer
        return {row.id: row.customer for row in found}


async def test_a_worker_killed_in_the_middle_of_a_bulletin_tells_each_customer_once(firm: Firm, server: DevServer):
    async with worker_process(firm, server, "worker.py") as dying:
        _, major = await major_begun(firm)
        for account, customer in accounts(firm).items():
            await classified(firm, customer=customer, account=account)
        hanging = select(func.count()).where(IncidentRow.hangs == True)  # noqa: E712
        await eventually(lambda: count(firm, hanging) == REPORTS + 1, "all to hang", LONG)
        await bulletin_sent(firm, major)
        await eventually(lambda: len(heard(firm)) >= CUSTOMERS // 4, "some who were told", LONG)
        dying.kill()
        assert await dying.wait() == -9
    assert CUSTOMERS // 4 <= len(heard(firm)) < CUSTOMERS + 1
    assert rows(firm, BulletinRow)[0].state is BulletinState.APPROVED
    async with worker_process(firm, server, "worker.py"):
        await eventually(lambda: rows(firm, BulletinRow)[0].state is BulletinState.SENT, "the bulletin", LONG)
        await eventually(lambda: len(heard(firm)) == CUSTOMERS + 1, "all to be told", LONG)
        assert set(heard(firm).values()) == {1}
        told = Counter(row.recipient for row in rows(firm, BulletinToldRow))
        assert set(told.values()) == {1}
        assert len(told) == CUSTOMERS + 1 + len(TEAM)
        # One that was on its way may come twice, under one id.
        assert len(mails(firm, "事故处理进展通报")) == CUSTOMERS + 1
        assert len(mails(firm, "第1号通报")) == len(TEAM)
    with firm.world.database.reading() as session:
        assert check(session, None, []).breaks == ()


def heard(firm: Firm) -> Counter[str]:
    """How often each customer was sent it."""
    query = select(CaseRow.customer).join(ContactRow, ContactRow.dossier == CaseRow.dossier)  # type: ignore[arg-type]
    with firm.world.database.reading() as session:
        return Counter(session.exec(query.where(ContactRow.template == "bulletin")))


def mails(firm: Firm, subject: str) -> set[str]:
    """The ids of the mails that really arrived under a subject."""
    return {str(mail["message-id"]) for mail in firm.mail.messages() if subject in str(mail["subject"])}
