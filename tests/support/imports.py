"""Importing complaints in the large: made-up customers, the real command, killed half way, and people who triage."""

import asyncio
import csv
import io
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from sqlmodel import col, func, select
from stdnum.cn import ric

from contracts.refusals import Code, Refused
from contracts.vocabulary import CaseKind
from gateways.books_file import load_books
from gateways.devserver import DevServer, die_with_parent
from records.incident_tables import IncidentRow
from records.tables import CaseRow, TaskRow
from tests.support.firm import ROOT, Firm

COMPLAINTS = ROOT / "examples" / "incidents-real.csv"
PROFESSIONALS = ("li.wei", "chen.jie", "peng.fei", "song.jia")
AT_ONCE = 8


def with_customers(firm: Firm, rows: int) -> Path:
    """The first `rows` complaints, each in the name of a made-up customer of its own."""
    with COMPLAINTS.open(encoding="utf-8", newline="") as file:
        complaints = [row for _, row in zip(range(rows), csv.DictReader(file), strict=False)]
    customers = [
        {
            "id": f"CUS-{9000 + n}", "kind": "person", "name": f"Customer {n}", "language": "en", "since": "2020-01-01",
            "identity_number": _identity_number(n), "identity_expires_on": "2039-01-01",
            "contacts": [{"channel": "email", "address": f"c{n}@example.com", "verified": True, "preferred": True}],
        }
        for n in range(len(complaints))
    ]  # fmt: skip
    load_books(firm.world.database, json.dumps({"customers": customers}), False)
    page = io.StringIO()
    writer = csv.DictWriter(page, [*complaints[0], "customer"])
    writer.writeheader()
    writer.writerows(row | {"customer": customer["id"]} for row, customer in zip(complaints, customers, strict=True))
    path = firm.home / "complaints.csv"
    path.write_text(page.getvalue(), encoding="utf-8")
    return path


def _identity_number(n: int) -> str:
    """A made-up one whose check digit is right."""
    body = f"110105199001{1 + n // 900:02}{n % 900 + 100}"
    return body + ric.calc_check_digit(f"{body}0")


async def importing(firm: Firm, server: DevServer, path: Path) -> Process:
    """`starter.py incident import`, on its way."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETUS_", "TEMPORAL_"))}
    world = {
        "TEMPORAL_ADDRESS": server.address,
        "QUIETUS_HOME": str(firm.home),
        "QUIETUS_POLICY_DIR": str(firm.world.policies.folder),
        "QUIETUS_TASK_QUEUE": firm.task_queue,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "starter.py", "incident", "import", str(path), "--json",
        cwd=ROOT, env=ours | world, stdout=PIPE, stderr=DEVNULL, preexec_fn=die_with_parent(signal.SIGKILL),
    )  # fmt: skip


def opened(firm: Firm) -> int:
    """How many incidents are on record."""
    with firm.world.database.reading() as session:
        return session.exec(select(func.count()).where(CaseRow.kind == CaseKind.INCIDENT)).one()


def triaged(firm: Firm) -> int:
    """How many a professional has classified."""
    with firm.world.database.reading() as session:
        return session.exec(select(func.count()).where(col(IncidentRow.triaged_at).is_not(None))).one()


async def triage_all(firm: Firm, reports: int) -> None:
    """Scripted professionals confirm whatever is proposed, until so many are classified."""
    while triaged(firm) < reports:
        with firm.world.database.reading() as session:
            open_ = select(TaskRow.task).where(TaskRow.name == "triage", col(TaskRow.ended_at).is_(None))
            tasks = list(session.exec(open_.limit(AT_ONCE)))
        if not tasks:
            await asyncio.sleep(0.1)
        people = (PROFESSIONALS[n % len(PROFESSIONALS)] for n in range(len(tasks)))
        await asyncio.gather(*(_confirm(firm, task, person) for task, person in zip(tasks, people, strict=True)))


async def _confirm(firm: Firm, task: str, person: str) -> None:
    try:
        await firm.decide(task, "confirm", person)
    except Refused as refused:  # the machine was busy and its answer came late
        if refused.code not in (Code.ALREADY_DECIDED, Code.UNREACHABLE, Code.TOO_LATE, Code.NOT_FOUND):
            raise
