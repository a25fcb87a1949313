"""What the faults happen to: the real server on its file, and a firm whose worker starts later."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.converter import data_converter
from gateways.devserver import DevServer
from tests.support.firm import Firm, firm_without_worker
from tests.support.processes import PROMPT_TIMERS


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
