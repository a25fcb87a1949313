"""为何不能销户? Why an account cannot be closed, before and during a case. Answers without Temporal."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from activities.blockers import Blockers
from commands.face import AsJson, answer, in_staff_language, table
from commands.office import policies_of, records
from commands.pages import Pages
from contracts.blockers import Blocker, BlockersView
from contracts.refusals import Code, Refused
from contracts.vocabulary import Language
from gateways.books import Ledger
from gateways.books_journal import today
from gateways.evidence import open_store
from policy import Policies
from records.database import Database
from settings import Settings, load_settings

HEADS = ("what", "why", "evidence", "who", "way out", "customer can", "may be accepted by", "since", "until", "task")


def blockers(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    letter: Annotated[bool, typer.Option("--letter", help="A letter to the customer instead.")] = False,
    language: Annotated[Language | None, typer.Option("--language", help="Of the letter.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every reason at once, each with what says so, who sees to it, the way out, and who may accept it. With --letter
    only what the customer can do, in the customer's words, to be handed out."""
    if language and not letter:
        raise Refused(Code.BAD_INPUT, "--language is for --letter.")
    settings = load_settings()
    book = blockers_by(settings, records(settings), policies_of(settings))
    if letter:
        answer(book.letter(account, today(), settings.firm, language), as_json, lambda told: [told.text])
    else:
        answer(book.of(account, today()), as_json, _pages)


def blockers_by(settings: Settings, database: Database, policies: Policies) -> Blockers:
    """Who knows what stands in the way."""
    return Blockers(database, Ledger(), policies, open_store(settings.evidence_url))


def _pages(view: BlockersView) -> Pages:
    case = f"case {view.case}, stage {view.stage}" if view.case else "no case is open"
    yield f"{view.account} of {view.customer}, {view.status}; {case}; risk {view.risk}, by policy {view.policy}."
    yield _in_one_line(view)
    yield from table("In the way", HEADS, map(_row, view.blockers))
    ahead = ((each.kind, each.detail, each.owner, _way(each)) for each in view.ahead)
    yield from table("Ahead", ("what", "what for", "who", "how"), ahead)


def _in_one_line(view: BlockersView) -> str:
    if view.closed_on:
        return f"It was closed on {view.closed_on}."
    count = len(view.blockers)
    return {0: "Nothing stands in the way.", 1: "One thing stands in the way."}.get(
        count, f"{count} things stand in the way."
    )


def _row(blocker: Blocker) -> Sequence[object]:
    return (
        blocker.kind,
        blocker.detail,
        "; ".join(f"{name}: {value}" for name, value in blocker.evidence.items()),
        blocker.owner,
        _way(blocker),
        "yes" if blocker.customer_can else "no",
        ", ".join(blocker.override) or "nobody",
        _day(blocker.since),
        _day(blocker.until),
        blocker.task or "",
    )


def _way(blocker: Blocker) -> str:
    return in_staff_language(blocker.way_out, blocker.way_out_zh)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
