"""kill -9 of the worker in the middle of settlement, and of Temporal while people are waited for."""

import asyncio
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path

import pytest
from temporalio.client import Client

from commands.verifying import check
from contracts.refusals import Refused
from gateways.devserver import DevServer
from gateways.payments import FolderRail
from tests.faults.dying_worker import Moment
from tests.support.accounts import BALANCE, open_accounts
from tests.support.firm import Firm, firm_without_worker, running_firm
from tests.support.processes import worker_process

WITH_A_DEBT = "ACC-1004"  # small enough to be collected from the balance
LAST = Moment.MARKING  # an open transaction holds back all others: its case comes last


@pytest.fixture
async def firm(real_client: Client, tmp_path: Path):
    async with firm_without_worker(real_client, tmp_path) as firm:
        yield firm


async def bring_to_approval(firm: Firm, account: str) -> str:
    case = (await firm.open(account)).case
    await firm.answer(await firm.task("confirm_contact", case), "confirm")
    await firm.task("approval", case)
    return case


async def settle(firm: Firm, case: str) -> None:
    await firm.decide(await firm.task("approval", case), "approve", "song.jia")


async def reached(process: Process, count: int) -> set[str]:
    assert process.stdout
    return {(await process.stdout.readline()).decode().strip() for _ in range(count)}


async def test_a_worker_killed_at_any_moment_of_settlement_has_paid_once_when_the_next_one_is_done(
    firm: Firm, server: DevServer
):
    """One process dies with five cases in it, each torn away at another moment."""
    others = [moment for moment in Moment if moment not in {Moment.COLLECTED, LAST}]
    accounts = open_accounts(firm.world.database, len(others) + 1)
    moments = {WITH_A_DEBT: Moment.COLLECTED, **dict(zip(accounts, [*others, LAST], strict=True))}
    named = [f"{account}={moment}" for account, moment in moments.items()]
    async with worker_process(firm, server, "-m", "tests.faults.dying_worker", *named) as dying:
        cases = [await bring_to_approval(firm, account) for account in moments]
        for case in cases[:-1]:
            await settle(firm, case)
        assert await reached(dying, len(cases) - 1) == {
            f"{account} {moments[account]}" for account in list(moments)[:-1]
        }
        await settle(firm, cases[-1])
        assert await dying.wait() == -9
    assert len(firm.payments()) == 3, "filed, marking and marked; not collected, not order_written"
    async with worker_process(firm, server, "worker.py"):
        for case in cases:
            await firm.answer(await firm.task("closing_statement", case), "received")
        outcomes = [await firm.outcome(case) for case in cases]
    assert {outcome.outcome for outcome in outcomes} == {"closed"}
    orders = {order.reference: order.amount for order in FolderRail(firm.home / "payments").orders()}
    expected = {f"closure-{account}.1/pay_out/1": BALANCE for account in moments}
    assert orders == expected | {f"closure-{WITH_A_DEBT}.1/pay_out/1": "1400.00"}
    assert {firm.balance(account) for account in moments} == {"0.00"}
    with firm.world.database.transaction() as session:
        assert check(session, None, outcomes).breaks == ()


async def test_a_case_whose_temporal_server_is_killed_while_people_are_waited_for_goes_on(
    server: DevServer, real_client: Client, tmp_path: Path
):
    async with running_firm(real_client, tmp_path) as firm:
        case = await bring_to_approval(firm, "ACC-1001")
        decision = firm.decision(await firm.task("approval", case), "approve", firm.tokens.mint("song.jia"))
        await kill(server)
        deciding = asyncio.create_task(firm.quietus.decide(decision))  # sent while nobody is there to take it
        await server.start()
        with suppress(Refused):  # where its answer comes too late, the sender is told to send it again
            await deciding
        assert (await firm.quietus.decide(decision)).done
        await firm.answer(await firm.task("closing_statement"), "received")
        outcome = await firm.outcome(case)
    assert outcome.outcome == "closed"
    assert firm.payments() == ["1234.56"]
    assert firm.subjects("acknowledgement", case) == 1
    assert [line.by for line in firm.line(decision.task).decisions] == ["song.jia"]
    with firm.world.database.transaction() as session:
        assert check(session, None, [outcome]).breaks == ()


async def kill(server: DevServer) -> None:
    assert server._process
    server._process.kill()
    await server.stop()
