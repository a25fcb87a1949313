"""为何不能销户? Why an account cannot be closed, before and during a case. Answers without Temporal."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from activities.blockers import Blockers
from commands.face import AsJson, answer, table
from commands.office import policies_of, records
from commands.pages import Pages
from contracts.blockers import Blocker, BlockersView
from contracts.views import CaseView
from contracts.vocabulary import CaseKind, Language
from gateways.books import Ledger
from gateways.books_journal import today
from gateways.evidence import open_store
from settings import load_settings

HEADS = ("what", "why", "evidence", "who", "way out", "customer can", "may be accepted by", "since", "until", "task")


def blockers(account: Annotated[str, typer.Argument(metavar="ACCOUNT")], as_json: AsJson = False) -> None:
    """Every reason at once, each with what says so, who sees to it, the way out, and who may accept it."""
    answer(_book().of(account, today()), as_json, _pages)


def with_blockers(case: CaseView) -> CaseView:
    """A closure that has not ended, with what stands in its way."""
    if case.ended_at or case.kind is not CaseKind.CLOSURE:
        return case
    return case.model_copy(update={"blockers": _book().of(case.account, today()).blockers})


def _book() -> Blockers:
    settings = load_settings()
    return Blockers(records(settings), Ledger(), policies_of(settings), open_store(settings.evidence_url))


def _pages(view: BlockersView) -> Pages:
    language = load_settings().staff_language or Language.EN
    case = f"case {view.case}, stage {view.stage}" if view.case else "no case is open"
    yield f"{view.account} of {view.customer}, {view.status}; {case}; risk {view.risk}, by policy {view.policy}."
    yield _in_one_line(view)
    yield from table("In the way", HEADS, (_row(each, language) for each in view.blockers))
    ahead = ((each.kind, each.detail, each.owner, _way(each, language)) for each in view.ahead)
    yield from table("Ahead", ("what", "what for", "who", "how"), ahead)


def _in_one_line(view: BlockersView) -> str:
    if view.closed_on:
        return f"It was closed on {view.closed_on}."
    count = len(view.blockers)
    return {0: "Nothing stands in the way.", 1: "One thing stands in the way."}.get(
        count, f"{count} things stand in the way."
    )


def _row(blocker: Blocker, language: Language) -> Sequence[object]:
    return (
        blocker.kind,
        blocker.detail,
        "; ".join(f"{name}: {value}" for name, value in blocker.evidence.items()),
        blocker.owner,
        _way(blocker, language),
        "yes" if blocker.customer_can else "no",
        ", ".join(blocker.override) or "nobody",
        _day(blocker.since),
        _day(blocker.until),
        blocker.task or "",
    )


def _way(blocker: Blocker, language: Language) -> str:
    return blocker.way_out_zh if language is Language.ZH else blocker.way_out


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
