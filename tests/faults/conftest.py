"""What the faults happen to: a real server on its file, worker processes, and a firm whose worker starts later."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.converter import data_converter
from gateways.devserver import DevServer, die_with_parent
from tests.support.firm import FAST, ROOT, Firm, eventually, firm_without_worker

PROMPT_TIMERS = ("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"')


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DevServer]:
    """The real server, on a file."""
    async with DevServer(tmp_path / "temporal", extra_arguments=PROMPT_TIMERS) as server:
        yield server


@pytest.fixture
async def real_client(server: DevServer) -> Client:
    """A client of the real server."""
    return await Client.connect(server.address, data_converter=data_converter())


@pytest.fixture
async def firm_to_be(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm in a world whose time passes by itself; the test breaks a gateway, then starts the worker."""
    async with firm_without_worker(skipping_client, tmp_path) as firm:
        yield firm


@asynccontextmanager
async def worker_process(firm: Firm, server: DevServer, *command: str) -> AsyncIterator[Process]:
    """A worker in a process of its own, in the same world: `python <command>`. It has ended afterwards."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETUS_", "TEMPORAL_"))}
    world = {
        "TEMPORAL_ADDRESS": server.address,
        "QUIETUS_HOME": str(firm.home),
        "QUIETUS_POLICY_DIR": str(FAST),
        "QUIETUS_SMTP_URL": firm.mail.url,
        "QUIETUS_TASK_QUEUE": firm.task_queue,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env=ours | world, stdout=PIPE, preexec_fn=die_with_parent(signal.SIGKILL)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def task_of(firm: Firm, case: str, name: str) -> str:
    """The open task of that name in that case, as soon as it is in the inbox."""

    def look() -> str | None:
        return next((line.task for line in firm.casebook.inbox() if (line.case, line.name) == (case, name)), None)

    return await eventually(look, f"the task {name} of {case}")
