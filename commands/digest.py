"""`digest`: the daily digest by hand, or what it would tell whom."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import RenderableType

from commands.face import AsJson, answer, table
from commands.office import ask_temporal, records
from contracts.digest import DigestPreview, DigestReport
from gateways.books import Ledger
from gateways.digest import DigestBook
from gateways.duties import send_digest
from policy import Policies
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
    policies = Policies(settings.policy_dir, production=settings.production)
    book = DigestBook(records(settings), Ledger(), policies)
    asked = day.date() if day else book.day_of(datetime.now(UTC))
    policies.in_force_on(asked)  # refused before anything is started
    if dry_run:
        answer(book.preview(asked), as_json, _preview)
        return
    report = ask_temporal(lambda quietus: send_digest(quietus.client, quietus.task_queue, asked, _WAIT))
    answer(report, as_json, _report)
    if report.missed:
        raise typer.Exit(1)


def _preview(preview: DigestPreview) -> Iterable[RenderableType]:
    rows = [(line.staff, len(line.tasks), line.overdue, ", ".join(line.tasks)) for line in preview.people]
    pages = table(f"{preview.day}", ("staff", "open", "overdue", "tasks"), rows)
    return pages or [f"{preview.day}: nobody would get mail."]


def _report(report: DigestReport) -> Iterable[RenderableType]:
    yield f"{report.day}: {len(report.sent)} got mail" + (f": {', '.join(report.sent)}." if report.sent else ".")
    if report.missed:
        yield f"Not reached: {', '.join(report.missed)}."
