"""Work on a task short of deciding it: claim, release, reassign, comment."""

from typing import Annotated

import typer

from commands.face import AsJson, AsStaff, Token, answer, message
from commands.office import records, staff_tokens, token_of
from contracts.views import DeskNote, Remark
from gateways.desk_work import DeskWork
from settings import load_settings

Task = Annotated[str, typer.Argument(metavar="TASK")]


def claim(task: Task, staff: AsStaff = None, token: Token = None, as_json: AsJson = False) -> None:
    """The others see that it is taken."""
    answer(_desk().claim(task, token_of(staff, token)), as_json, _words)


def release(task: Task, staff: AsStaff = None, token: Token = None, as_json: AsJson = False) -> None:
    """It is everybody's again."""
    answer(_desk().release(task, token_of(staff, token)), as_json, _words)


def reassign(
    task: Task,
    to: Annotated[str, typer.Option("--to", metavar="STAFF", help="Who gets it.")],
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """The new person must be able to decide it."""
    answer(_desk().reassign(task, to, token_of(staff, token)), as_json, _words)


def comment(
    task: Task,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """It stands in the trail too."""
    remark = message(Remark, "comment", text=text)
    answer(_desk().comment(task, remark, token_of(staff, token)), as_json, _words)


def _desk() -> DeskWork:
    return DeskWork(records(), staff_tokens(load_settings()))


def _words(note: DeskNote) -> list[str]:
    claimed = f"claimed by {note.claimed_by}" if note.claimed_by else "not claimed"
    return [f"Task {note.task} is {note.state}, {claimed}."]
