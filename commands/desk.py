"""Work on a task short of deciding it, and who is there to do it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from commands.bulk import All, DryRun, answer_all, wrongly_asked
from commands.face import AsJson, AsStaff, Token, answer, message, read_bytes
from commands.office import Scope, policies_of, records, staff_tokens, token_of
from contracts.books import Absence
from contracts.desk import Away, Back, DeskNote, Recused, Remark
from contracts.refusals import Code, Refused
from contracts.views import AttachmentLine
from gateways.desk_work import Attachment, DeskWork
from gateways.evidence import open_store
from gateways.staffing import Staffing
from settings import load_settings

Task = Annotated[str, typer.Argument(metavar="TASK")]
FORMATS = ["%Y-%m-%d"]


def claim(task: Task, staff: AsStaff = None, token: Token = None, as_json: AsJson = False) -> None:
    """The others see that it is taken."""
    answer(_desk().claim(task, token_of(staff, token, Scope(task))), as_json, _words)


def release(task: Task, staff: AsStaff = None, token: Token = None, as_json: AsJson = False) -> None:
    """It is everybody's again."""
    answer(_desk().release(task, token_of(staff, token, Scope(task))), as_json, _words)


def reassign(
    task: Annotated[str | None, typer.Argument(metavar="TASK", help="Left out with --all.")] = None,
    *,
    to: Annotated[str, typer.Option("--to", metavar="STAFF", help="Who gets it.")],
    everything: All = False,
    giver: Annotated[str | None, typer.Option("--from", metavar="STAFF", help="With --all: whose tasks.")] = None,
    dry_run: DryRun = False,
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """The new person must be able to decide it."""
    if everything:
        wrongly_asked(task is None and giver is not None, "With --all say whose tasks (--from), without a task.")
        report = _desk().reassign_all(str(giver), to, token_of(staff, token), dry_run=dry_run)
        answer_all(report, as_json)
        return
    wrongly_asked(not giver and not dry_run, "--from and --dry-run go with --all.")
    if task is None:
        raise Refused(Code.BAD_INPUT, "Missing argument 'TASK'. Try `starter.py reassign --help`.")
    answer(_desk().reassign(task, to, token_of(staff, token, Scope(task))), as_json, _words)


def delegate(task: Task, staff: AsStaff = None, token: Token = None, as_json: AsJson = False) -> None:
    """The deputy decides in your place."""
    answer(_desk().delegate(task, token_of(staff, token, Scope(task))), as_json, _words)


def comment(
    task: Task,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """It stands in the trail too."""
    remark = message(Remark, "comment", text=text)
    answer(_desk().comment(task, remark, token_of(staff, token, Scope(task))), as_json, _words)


def attach(
    task: Task,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Up to 10 MB.")],
    *,
    words: Annotated[str, typer.Option("--words", metavar="TEXT", help="What it is.")] = "",
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """It is kept as evidence, with its SHA-256, and goes into the dossier."""
    said = message(Remark, "words", text=words).text if words else ""
    attachment = Attachment(file.name, read_bytes(str(file), "document"), said)
    store = open_store(load_settings().evidence_url)
    answer(_desk().attach(task, attachment, store, token_of(staff, token, Scope(task))), as_json, _attached)


def recuse(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case, or a dossier of it.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why.  [required]")] = "",
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """What you have claimed in it goes back to its desk."""
    said = message(Remark, "reason", text=reason).text if reason else ""
    answer(_staffing().recuse(case, said, token_of(staff, token)), as_json, _recused)


def absence(
    person: Annotated[str, typer.Argument(metavar="STAFF", help="Who is away.")],
    *,
    since: Annotated[datetime, typer.Option("--from", formats=FORMATS, help="The first day.")],
    until: Annotated[datetime | None, typer.Option("--until", formats=FORMATS, help="The last day.")] = None,
    end: Annotated[bool, typer.Option("--end", help="They are back, or do not go: end it, or take it back.")] = False,
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """The deputy's inbox has their tasks while they are away. Others than you: as supervisor or manager."""
    if until is None:
        wrongly_asked(end, "Say until when (--until), or that it has ended (--end).")
        answer(_staffing().back(person, since.date(), token_of(staff, token)), as_json, _back)
        return
    wrongly_asked(not end, "Give either --until or --end, not both.")
    period = Absence(since=since.date(), until=until.date())
    answer(_staffing().absence(person, period, token_of(staff, token)), as_json, _away)


def _desk() -> DeskWork:
    settings = load_settings()
    return DeskWork(records(settings), staff_tokens(settings), policies_of(settings))


def _staffing() -> Staffing:
    return Staffing(records(), staff_tokens(load_settings()))


def _words(note: DeskNote) -> list[str]:
    claimed = f"claimed by {note.claimed_by}" if note.claimed_by else "not claimed"
    place = f" in place of {note.delegated_by}" if note.delegated_by else ""
    return [f"Task {note.task} is {claimed}{place}."]


def _attached(line: AttachmentLine) -> list[str]:
    return [f"{line.reference} is kept; its SHA-256 is {line.sha256}."]


def _recused(told: Recused) -> list[str]:
    released = f"; given back: {', '.join(told.released)}" if told.released else ""
    return [f"{told.staff} keeps out of {told.case}{released}."]


def _away(told: Away) -> Iterator[str]:
    deputy = f"the deputy is {told.deputy}" if told.deputy else "nobody stands in: they have no deputy"
    yield f"{told.staff} is away from {told.since} until {told.until}; {deputy}."
    for absence in told.deputy_absent:
        yield f"Nobody stands in from {absence.since} until {absence.until}: {told.deputy} is absent too."
    yield from (f"Due before they are back: {task}" for task in told.waiting)


def _back(told: Back) -> list[str]:
    if told.until is None:
        return [f"The absence of {told.staff} from {told.since} is taken back."]
    return [f"The absence of {told.staff} from {told.since} has ended on {told.until}."]
