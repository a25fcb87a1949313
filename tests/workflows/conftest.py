"""The firm on the real server, for what the time-skipping one does not do: descriptions of ended cases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.converter import data_converter
from gateways.devserver import DevServer
from tests.support.firm import Firm, running_firm


@pytest.fixture
async def real_firm(tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm that is always open, in a world whose time passes as ours does."""
    async with DevServer(tmp_path / "temporal") as server:
        client = await Client.connect(server.address, data_converter=data_converter())
        async with running_firm(client, tmp_path) as ready:
            yield ready
