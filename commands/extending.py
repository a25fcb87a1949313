"""延期: more time for a task or for a whole case, asked for by staff and approved by somebody else."""

from typing import Annotated

import typer

from client import case_of
from commands.face import AsJson, AsStaff, Id, Token, answer, message, new_id
from commands.office import ask_temporal, token_of
from contracts.tasks import Extension, Noted
from contracts.text import moment_text


def extend(
    what: Annotated[str, typer.Argument(metavar="TASK|CASE", help="What needs more time.")],
    *,
    working_days: Annotated[int, typer.Option("--by", metavar="DAYS", help="How many working days more.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the customer is told.")] = "",
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """It counts when somebody else has approved it; then the customer is told."""
    case = case_of(what)
    extension = message(
        Extension,
        "extension",
        decision_id=key or new_id(),
        task=what if what != case else None,
        working_days=working_days,
        reason=reason,
        token=token_of(staff, token),
    )
    noted = ask_temporal(lambda quietus: quietus.extend(case, extension))
    answer(noted, as_json, lambda noted: [_asked(what, noted)])


def _asked(what: str, noted: Noted) -> str:
    return f"More time for {what} was asked for by {noted.by} at {moment_text(noted.at)}; somebody else approves it."
