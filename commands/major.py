"""重大事故: how a major incident stands."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import RenderableType

from commands.face import AsJson, answer, table
from commands.office import records
from contracts.major_views import BulletinLine, MajorView, MemberLine
from contracts.text import moment_text
from gateways.major_book import major_view


def show(case: Annotated[str, typer.Argument(metavar="CASE")], as_json: AsJson = False) -> None:
    """Its team, bulletins, the reports that hang on it, and what is to be done better."""
    answer(major_view(records(), case), as_json, _pages)


def _pages(view: MajorView) -> Iterable[RenderableType]:
    facts = [
        ("case", f"{view.case}, begun by {view.begun_by}: {view.because}"),
        ("matter", f"{view.matter or '-'} ({view.severity})"),
        ("opened", _when(view.opened_at)),
        ("interim", f"{view.interim} ({_when(view.interim_at)})" if view.interim else "-"),
        ("solution", f"{view.solution} ({view.cause}, {_when(view.solved_at)})" if view.solution else "-"),
        ("next bulletin due", _when(view.next_bulletin_at) or "-"),
    ]
    yield from table("", ("", ""), facts)
    yield from table("Team", ("role", "who", "accepted"), map(_member, view.team))
    heads = ("", "to", "stands", "due", "sent", "by", "approved by", "told", "words")
    yield from table("Bulletins", heads, map(_bulletin, view.bulletins))
    reports = ((r.case, r.customer, "hangs" if r.hangs else _when(r.solved_at), r.with_report) for r in view.reports)
    yield from table("Reports", ("case", "customer", "stands", "answered with"), reports)
    actions = ((a.n, a.what, a.owner, _when(a.due_at), a.done_by or "-") for a in view.actions)
    yield from table("Actions", ("", "what", "owner", "due", "done by"), actions)


def _member(line: MemberLine) -> Sequence[object]:
    stands_in = f" ({line.filled_as} stands in)" if line.filled_as is not line.role else ""
    return line.role, f"{line.person}{stands_in}", f"{_when(line.at)}{' late' if line.late else ''}"


def _bulletin(line: BulletinLine) -> Sequence[object]:
    to = "public" if line.public else "customers"
    sent = _when(line.sent_at)
    return line.n, to, line.state, _when(line.due_at), sent, line.drafted_by, line.approved_by, line.told, line.en


def _when(moment: datetime | None) -> str:
    return moment_text(moment) if moment else ""
