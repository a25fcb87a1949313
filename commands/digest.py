"""`digest`: the daily digest by hand, or what it would tell whom."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.console import RenderableType

from commands.face import AsJson, answer, table
from commands.office import ask_temporal, policies_of, records
from contracts.digest import DigestPreview, DigestReport
from contracts.refusals import Code, Refused
from gateways.books import Ledger
from gateways.digest import DigestBook
from gateways.duties import send_digest
from settings import load_settings

_WAIT = timedelta(seconds=20)


def digest(
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Left out: today, by the firm's clock.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would be told what.")] = False,
    as_json: AsJson = False,
) -> None:
    """Each person with open work gets one mail a day, however often it is asked for. Nobody on a day that is not
    worked."""
    settings = load_settings()
    policies = policies_of(settings)
    book = DigestBook(records(settings), Ledger(), policies)
    today = book.day_of(datetime.now(UTC))
    asked = day.date() if day else today
    if dry_run:
        answer(book.preview(asked), as_json, _preview)
        return
    if asked > today:
        words = f"{asked} is yet to come; its digest would be used up, since each person gets one a day."
        raise Refused(Code.BAD_INPUT, words)
    report = _sent(book, asked) if book.is_worked(asked) else DigestReport(day=asked, worked=False)
    answer(report, as_json, _report)
    if report.missed:
        raise typer.Exit(1)


def _sent(book: DigestBook, day: date) -> DigestReport:
    before = book.told(day)
    report = ask_temporal(lambda quietus: send_digest(quietus.client, quietus.task_queue, day, _WAIT))
    return report.model_copy(update={"before": tuple(staff for staff in report.sent if staff in before)})


def _preview(preview: DigestPreview) -> Iterable[RenderableType]:
    if not preview.worked:
        return [_not_worked(preview.day)]
    rows = [
        (line.staff, len(line.tasks), line.overdue, ", ".join(line.tasks), " ".join(line.upkeep))
        for line in preview.people
    ]
    pages = table(f"{preview.day}", ("staff", "open", "overdue", "tasks", "policy"), rows)
    return pages or [f"{preview.day}: nobody would get mail."]


def _report(report: DigestReport) -> Iterable[RenderableType]:
    if not report.worked:
        yield _not_worked(report.day)
        return
    now = [staff for staff in report.sent if staff not in report.before]
    yield f"{report.day}: {len(now)} got mail now" + (f": {', '.join(now)}." if now else ".")
    if report.before:
        yield f"{len(report.before)} had got it before: {', '.join(report.before)}."
    if report.missed:
        yield f"Not reached: {', '.join(report.missed)}."


def _not_worked(day: date) -> str:
    return f"{day} is not a working day; nobody gets mail."
