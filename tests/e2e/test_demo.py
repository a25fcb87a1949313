"""The demo: it ends closed, it says so, and it leaves no process behind, however it is stopped."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import ROOT, House


def a_house(tmp_path: Path) -> House:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETUS_", "TEMPORAL_"))}
    return House(tmp_path, kept | {"QUIETUS_HOME": str(tmp_path)})


def processes_of(home: Path) -> list[str]:
    """The command lines of running processes that name `home`."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [line for line in lines if str(home) in line]


@pytest.mark.parametrize(("language", "closed"), [("zh", "账户已注销"), ("en", "Your account is closed")])
def test_the_demo_takes_a_closure_from_request_to_filed_dossier(tmp_path: Path, language: str, closed: str) -> None:
    told = a_house(tmp_path).run("demo", "--language", language)
    assert told.code == 0, told.err
    assert told.err == ""
    for words in ("identity 身份验证", "settlement 结算", "filed 归档", closed, "trail.json"):
        assert words in told.out
    assert "closed 已销户" in told.out
    assert "verified, its head is the one that the workflow returned" in told.out
    assert "sum over all accounts: 0.00 CNY" in told.out
    assert processes_of(tmp_path) == []


def test_the_demo_keeps_away_from_the_books_that_the_environment_names(tmp_path: Path) -> None:
    real = tmp_path / "real.db"
    done = a_house(tmp_path).run(
        "demo", "--json", QUIETUS_DATABASE_URL=f"sqlite:///{real}", TEMPORAL_ADDRESS="127.0.0.1:1"
    )
    assert done.code == 0, done.err
    assert json.loads(done.out)["outcome"] == "closed"
    assert not real.exists()


@pytest.mark.parametrize("at", ["home", "server", "decision", "How to look"])
def test_ctrl_c_at_any_moment_leaves_no_process(tmp_path: Path, at: str) -> None:
    house = a_house(tmp_path)
    command = [sys.executable, "starter.py", "demo", "--keep"]
    playing = subprocess.Popen(
        command, cwd=ROOT, env=house.environment | {"PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert playing.stdout
    assert any(at in line for line in playing.stdout)
    playing.send_signal(signal.SIGINT)
    _, err = playing.communicate(timeout=30)
    assert (playing.returncode, err) == (130, "Stopped.\n")
    assert processes_of(tmp_path) == []
