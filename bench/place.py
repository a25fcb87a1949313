"""Where the measuring is done: the real server on its file, a worker in a process of its own, records on SQLite."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client

from contracts.converter import data_converter
from gateways.devserver import DevServer
from tests.support.firm import FAST, Firm, firm_without_worker
from tests.support.processes import worker_process


@asynccontextmanager
async def place(server_arguments: Sequence[str] = (), policy: Path = FAST) -> AsyncIterator[Firm]:
    """A firm at work, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="quietus-bench-") as scratch:
        home = Path(scratch)
        async with DevServer(home / "temporal", extra_arguments=server_arguments) as server:
            client = await Client.connect(server.address, data_converter=data_converter())
            async with (
                firm_without_worker(client, home, policy=policy) as firm,
                worker_process(firm, server, "worker.py"),
            ):
                yield firm


async def confirmed(firm: Firm, account: str) -> str:
    """A closure that waits for its approval; the case."""
    receipt = await firm.open(account)
    task = await firm.task("confirm_contact", receipt.case)
    await quiet(firm, receipt.case)
    await firm.answer(task, "confirm")
    await firm.task("approval", receipt.case)
    return receipt.case


async def quiet(firm: Firm, case: str) -> None:
    """Until nothing is done in the case but waiting: people take longer to decide than we to tell them."""
    while True:
        state = (await firm.handle(case).describe()).raw_description
        if not state.pending_activities and not state.HasField("pending_workflow_task"):
            return
        await asyncio.sleep(0.05)


def table(title: str, rows: Sequence[Sequence[str]]) -> str:
    """A title over aligned columns, the first to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    return "\n".join([title, *(f"  {line}" for line in lines)])
