"""Fixtures that several folders share: a firm on the time-skipping server, the development server, PostgreSQL."""

import gc
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.converter import data_converter
from gateways.devserver import DevServer
from tests.support.databases import database, empty_database, postgres
from tests.support.firm import ROOT, Firm, running_firm
from tests.support.skipping import time_skipping

__all__ = ["database", "empty_database", "postgres"]


def pytest_configure() -> None:
    """A shell that starts the tests in the background has them ignore Ctrl-C; what they start would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def nothing_old_is_looked_at() -> None:
    """What outlives a file of tests is not gone through again by the collector of garbage. SQLAlchemy keeps what it
    compiled for a thousand databases that are gone, a collection took more than a second at the end, and a step of a
    workflow has two before the SDK takes it for stuck."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of the development server, which all tests of a file share."""
    async with DevServer(tmp_path_factory.mktemp("temporal")) as server:
        yield await Client.connect(server.address, data_converter=data_converter())


@pytest.fixture
async def skipping_client() -> AsyncIterator[Client]:
    """A client of a time-skipping server: days pass while a test awaits a result."""
    async with time_skipping() as client:
        yield client


@pytest.fixture
async def firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm that is always open and waits seconds, in a world whose time passes while a result is awaited."""
    async with running_firm(skipping_client, tmp_path) as ready:
        yield ready


@pytest.fixture
async def working_firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm with the policy that is in force: working days, hours, weeks of waiting."""
    async with running_firm(skipping_client, tmp_path, policy=ROOT / "policy") as ready:
        yield ready
