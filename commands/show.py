"""All of one case, with what stands in its way. From the records, so it answers without Temporal."""

from typing import Annotated

import typer

from commands.blockers import blockers_by
from commands.face import AsJson, answer
from commands.office import policies_of, records
from commands.pages import case_pages
from contracts.vocabulary import CaseKind
from gateways.books_journal import today
from gateways.casebook import Casebook
from settings import load_settings


def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case, or a dossier of it.")], as_json: AsJson = False
) -> None:
    """Where it stands, its findings, what is in its way, its tasks, contacts and trail."""
    settings = load_settings()
    database, policies = records(settings), policies_of(settings)
    view = Casebook(database, policies).show(case)
    if view.kind is CaseKind.CLOSURE and not view.ended_at:
        told = blockers_by(settings, database, policies).of(view.account, today())
        view = view.model_copy(update={"blockers": told.blockers})
    answer(view, as_json, case_pages)
