"""`python -m bench.incidents`: all real complaints imported and triaged in one run, the import killed half way."""

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
from pathlib import Path

from sqlmodel import select
from temporalio.client import Client

from bench.place import table
from commands.verifying import check
from contracts.converter import data_converter
from contracts.vocabulary import CaseKind
from gateways.devserver import DevServer
from records.tables import CaseRow, ContactRow
from tests.support.firm import ROOT, Firm, eventually, firm_without_worker
from tests.support.imports import importing, opened, triage_all, with_customers
from tests.support.processes import worker_process

ALL = 1_017
LONG = 3_600.0
WAL = ("--sqlite-pragma", "journal_mode=wal")


async def main(reports: int) -> None:
    """Run it, and print what it took."""
    with tempfile.TemporaryDirectory(prefix="quietus-bench-") as scratch:
        home = Path(scratch)
        async with DevServer(home / "temporal", extra_arguments=WAL) as server:
            client = await Client.connect(server.address, data_converter=data_converter())
            async with (
                firm_without_worker(client, home, policy=ROOT / "policy") as firm,
                worker_process(firm, server, "worker.py") as worker,
            ):
                print(await _run(firm, server, worker.pid, with_customers(firm, reports), reports))


async def _run(firm: Firm, server: DevServer, worker: int, path: Path, reports: int) -> str:
    begun, before = time.monotonic(), _cpu_seconds(worker)
    people = asyncio.ensure_future(triage_all(firm, reports))
    first = await importing(firm, server, path)
    await eventually(lambda: opened(firm) >= reports // 2, "half of the reports", LONG)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    killed_at = opened(firm)
    again = await importing(firm, server, path)
    said, _ = await again.communicate()
    if again.returncode:
        people.cancel()
        raise SystemExit(f"the import ended with {again.returncode}: {said.decode()}")
    imported = time.monotonic() - begun
    await asyncio.wait_for(people, LONG)
    seconds, cpu = time.monotonic() - begun, _cpu_seconds(worker) - before
    rows = [
        ("reports", f"{reports}"),
        ("on record when the import was killed", f"{killed_at}"),
        ("there before, when started again", f"{json.loads(said)['there_before']}"),
        *await _found(firm, reports),
        ("import, seconds", f"{imported:.0f}"),
        ("import and triage, seconds", f"{seconds:.0f}"),
        ("reports a second, triaged", f"{reports / seconds:.2f}"),
        ("CPU of the worker, ms a report", f"{1000 * cpu / reports:.0f}"),
        ("memory of the worker at most, MB", f"{_peak_mb(worker):.0f}"),
    ]
    return table("Real complaints, imported and triaged", rows)


async def _found(firm: Firm, reports: int) -> list[tuple[str, str]]:
    """None lost, none twice; the chains of the trail."""
    with firm.world.database.reading() as session:
        ids = list(session.exec(select(CaseRow.request_id).where(CaseRow.kind == CaseKind.INCIDENT)))
        told = list(session.exec(select(ContactRow.dossier).where(ContactRow.template == "incident_received")))
        breaks = check(session, None, []).breaks
    return [
        ("lost", f"{reports - len(set(ids))}"),
        ("twice", f"{len(ids) - len(set(ids))}"),
        ("acknowledged", f"{len(set(told))}"),
        ("acknowledged twice", f"{len(told) - len(set(told))}"),
        ("breaks of the trail", f"{len(breaks)}"),
    ]


def _cpu_seconds(process: int) -> float:
    """User and system time so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.incidents", description=__doc__)
    parser.add_argument("--reports", type=int, default=ALL, help="only the first so many")
    asyncio.run(main(parser.parse_args().reports))
