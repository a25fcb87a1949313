"""Workers in processes of their own, beside the real server: what tests kill and what the bench measures."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateways.devserver import DevServer, die_with_parent
from gateways.tokens import CustomerLinks, link_key
from tests.support.firm import ROOT, Firm

PROMPT_TIMERS = ("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"')
"""For the development server, whose timers are otherwise late by up to a second."""


async def run_program(*arguments: str) -> tuple[int | None, str]:
    """`python <arguments>`, run to its end: its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=PIPE, preexec_fn=die_with_parent(signal.SIGKILL)
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@asynccontextmanager
async def worker_process(firm: Firm, server: DevServer, *command: str) -> AsyncIterator[Process]:
    """A worker in a process of its own, in the same world: `python <command>`. It has ended afterwards."""
    firm.world.links = CustomerLinks(link_key(firm.home / "keys"))  # the worker's, so that its codes are known here
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETUS_", "TEMPORAL_"))}
    world = {
        "TEMPORAL_ADDRESS": server.address,
        "QUIETUS_HOME": str(firm.home),
        "QUIETUS_POLICY_DIR": str(firm.world.policies.folder),
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
