"""Reading: the list of cases, the inbox. From the records, so they answer without Temporal, and at once."""

from typing import Annotated

import typer

from commands.face import AsJson, answer
from commands.office import policies_of, records
from commands.pages import cases_pages, inbox_pages
from contracts.vocabulary import CaseKind, Role, Stage
from gateways.casebook import Casebook
from settings import load_settings


def cases(
    stage: Annotated[Stage | None, typer.Option("--stage", help="Only cases in this stage.")] = None,
    kind: Annotated[CaseKind | None, typer.Option("--kind", help="Only cases of this kind.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only cases that are late.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open cases first, the most urgent on top."""
    answer(_casebook().cases(stage, kind, overdue), as_json, cases_pages)


def inbox(
    role: Annotated[Role | None, typer.Option("--role", help="Tasks of this role.")] = None,
    staff: Annotated[str | None, typer.Option("--staff", help="Tasks this person may decide.")] = None,
    as_json: AsJson = False,
) -> None:
    """What is to be done first on top, with why it is there and what happens if nothing is done."""
    answer(_casebook().inbox(role, staff), as_json, inbox_pages)


def _casebook() -> Casebook:
    settings = load_settings()
    return Casebook(records(settings), policies_of(settings))
