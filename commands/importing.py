"""Importing complaints: a file becomes incidents, as many at once as one sender may keep waiting."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from sqlmodel import select

from client import Quietus
from commands.face import AsJson, File, answer, read_bytes, shown
from commands.office import ask_temporal, records
from contracts.importing import ImportReport
from contracts.incidents import IncidentReport
from contracts.refusals import Code, Fault, Refused
from contracts.requests import Receipt
from contracts.text import counted
from gateways.complaints_file import WHAT, read_complaints
from records.tables import CaseRow

AT_ONCE = 8
"""So many reports are on their way at once."""

PAUSES_SECONDS = (1.0, 5.0)
"""Before a report that nobody answered is sent again."""

Customer = Annotated[str | None, typer.Option("--customer", help="In whose name complaints are that name nobody.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only read the file, and say what is wrong with it.")]
Tick = Callable[[], None]


def import_complaints(file: File, customer: Customer = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """A bad row is named and skipped. Importing the file again is safe: what is there already stays one case."""
    read = list(read_complaints(read_bytes(file, WHAT), customer))
    bad = tuple(each for each in read if isinstance(each, Fault))
    reports = [each for each in read if isinstance(each, IncidentReport)]
    _name(bad)
    done = ImportReport(reported=len(reports), dry_run=True) if dry_run else send_all(reports)
    _name(done.refused)
    answer(done.model_copy(update={"bad_rows": bad}), as_json, _words)
    if done.not_sent:
        print("Not all were sent: import the file again, what is there already stays as it is.", file=sys.stderr)
    if code := 3 if done.not_sent else 2 if bad else 1 if done.refused else 0:
        raise typer.Exit(code)


def send_all(reports: Sequence[IncidentReport]) -> ImportReport:
    """Report each to Temporal. What was done before nobody answered any more stays done."""
    with records().reading() as session:
        known = frozenset(session.exec(select(CaseRow.case_id)))
    with _progress(len(reports)) as tick:
        sending = Sending(iter(reports), known, tick)
        try:
            ask_temporal(sending.run)
        except Refused as refused:  # nobody answered at all
            sending.unreachable = refused
    if sending.unreachable:
        print(sending.unreachable.sentence, file=sys.stderr)
    done = sending.reported + sending.there_before + len(sending.refused)
    return ImportReport(
        reported=sending.reported,
        there_before=sending.there_before,
        refused=tuple(sending.refused),
        not_sent=len(reports) - done,
    )


@dataclass
class Sending:
    """Reports on their way. `known`: the cases that were there before. Once nobody answers, no more are sent: each
    would wait in vain."""

    waiting: Iterator[IncidentReport]
    known: frozenset[str]
    tick: Tick
    reported: int = 0
    there_before: int = 0
    refused: list[Fault] = field(default_factory=list)
    unreachable: Refused | None = None

    async def run(self, quietus: Quietus) -> None:
        """Send all, AT_ONCE at a time."""
        await asyncio.gather(*(self._work(quietus) for _ in range(AT_ONCE)))

    async def _work(self, quietus: Quietus) -> None:
        for report in self.waiting:
            try:
                receipt = await self._sent(quietus, report)
                self._count(receipt.case in self.known)
            except Refused as refused:
                self._refusal(report, refused)
            if self.unreachable:
                return
            self.tick()

    async def _sent(self, quietus: Quietus, report: IncidentReport) -> Receipt:
        """A busy worker may answer late: sent again, which is safe, before it counts as away."""
        for pause in PAUSES_SECONDS:
            try:
                return await quietus.report_incident(report)
            except Refused as refused:
                if refused.code is not Code.UNREACHABLE or self.unreachable:
                    raise
            await asyncio.sleep(pause)
        return await quietus.report_incident(report)

    def _count(self, before: bool) -> None:
        self.there_before += before
        self.reported += not before

    def _refusal(self, report: IncidentReport, refused: Refused) -> None:
        """A report whose case has ended was there before."""
        if refused.code is Code.UNREACHABLE:
            self.unreachable = refused
        elif refused.code is Code.ALREADY_ENDED:
            self._count(before=True)
        else:
            self.refused.append(Fault(path=report.report_id, message=refused.sentence))


@contextmanager
def _progress(total: int) -> Iterator[Tick]:
    """A bar on the terminal; elsewhere nothing is shown."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("Reports", total=total)
        yield lambda: bar.advance(task)


def _name(faults: Iterable[Fault]) -> None:
    for fault in faults:
        print(" ".join(shown(fault).plain.split()), file=sys.stderr)


def _words(done: ImportReport) -> Iterator[str]:
    bad = counted(len(done.bad_rows), "bad row")
    if done.dry_run:
        yield f"Dry run, nothing is sent: {counted(done.reported, 'report')}, {bad}."
        return
    yield f"{done.reported} reported, {done.there_before} were there before, {len(done.refused)} refused, {bad}."
    if done.not_sent:
        yield f"{done.not_sent} not sent."
