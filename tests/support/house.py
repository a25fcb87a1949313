"""A house under test: `worker.py --dev` in a home of its own, and the commands as a user runs them."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import starter
from gateways.tokens import LocalTokens
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
READY = "The worker takes cases"


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error document of --json."""
        error: dict[str, Any] = self.data["error"]
        return error


@dataclass
class House:
    """`run` is a process of its own; `call` is the same command in this process, for tables of many."""

    home: Path
    environment: dict[str, str]

    @property
    def tokens(self) -> LocalTokens:
        """The development key of this house."""
        return LocalTokens(self.home / "keys")

    def run(self, *arguments: str, **environment: str) -> Ran:
        """As a user types it."""
        done = subprocess.run(
            [sys.executable, "starter.py", *arguments],
            cwd=ROOT, env=self.environment | environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def call(self, *arguments: str, **environment: str) -> Ran:
        """The same, quicker."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment | environment, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = starter.main(arguments)
        return Ran(code, out.getvalue(), err.getvalue())

    def write(self, name: str, content: object) -> str:
        """A file with `content`: text as it is, anything else as JSON; its path."""
        file = self.home / name
        file.write_text(
            content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8"
        )
        return str(file)

    def task(self, name: str, account: str) -> str:
        """The id of the open task of that name in the closure of an account."""
        return self.task_of(name, f"closure-{account}")

    def task_of(self, name: str, case: str) -> str:
        """The id of the open task of that name in a case, awaited by asking for it again."""

        def look() -> str | None:
            lines = self.call("inbox", "--json").data
            return next((str(each["task"]) for each in lines if (each["name"], each["case"]) == (name, case)), None)

        return until(look, f"the task {name} of {case}")


@contextmanager
def house(home: Path) -> Iterator[House]:
    """With the books, the sanction list and the evidence of the examples."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETUS_", "TEMPORAL_"))}
    environment |= {"QUIETUS_HOME": str(home), "QUIETUS_POLICY_DIR": str(ROOT / "examples/policy-fast")}
    with (home / "worker.log").open("w") as log:
        command = [sys.executable, "worker.py", "--dev"]
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert worker.stdout
        assert any(line.startswith(READY) for line in worker.stdout), (home / "worker.log").read_text()
        ready = House(home, environment)
        for arguments in (("books", "load", "examples/books.json"), ("screening", "load", "examples/sanctions.csv")):
            done = ready.run(*arguments)
            assert done.code == 0, done.err
        yield ready
    finally:
        worker.terminate()
        worker.communicate(timeout=30)
