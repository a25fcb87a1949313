"""延期 and 重发: more time for a task or a case, approved by somebody else; a customer who is asked again."""

from typing import Annotated

import typer

from commands.face import AsJson, AsStaff, Id, Token, answer, message, new_id
from commands.office import ask_temporal, token_of
from contracts.messages import case_of
from contracts.tasks import Extension, Noted, Resend
from contracts.text import moment_text


def extend(
    what: Annotated[str, typer.Argument(metavar="TASK|CASE", help="What needs more time.")],
    *,
    working_days: Annotated[int, typer.Option("--by", metavar="DAYS", help="How many working days more.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the customer is told.  [required]")] = "",
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


def resend(
    task: Annotated[str, typer.Argument(metavar="TASK", help="What the customer was asked.")],
    *,
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """On the preferred contact, with a new code; for a code that was lost, or a contact that has changed."""
    values = {"decision_id": key or new_id(), "task": task, "token": token_of(staff, token)}
    body = message(Resend, "message", **values)
    noted = ask_temporal(lambda quietus: quietus.ask_again(case_of(task), body))
    answer(noted, as_json, lambda noted: [f"The customer is asked {task} again, said {noted.by}."])


def _asked(what: str, noted: Noted) -> str:
    return f"More time for {what} was asked for by {noted.by} at {moment_text(noted.at)}; somebody else approves it."
