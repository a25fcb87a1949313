"""`books check`: entries that break the bookkeeping rules, each with an adjustment that deals with it."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlmodel import select

from client import Quietus
from commands.face import AsJson, answer, table
from commands.office import ask_temporal, policies_of, records
from commands.pages import Pages
from contracts.book_checks import BooksChecked, Breach, CheckedLine
from contracts.messages import adjustment_id
from contracts.refusals import Code, Refused
from contracts.vocabulary import CaseKind
from gateways.adjustment_book import adjusted_entries
from gateways.book_check import breaches, posted, request_for
from gateways.books_months import today
from records.tables import CaseRow
from settings import load_settings

_OVER = {Code.ALREADY_ENDED, Code.MISMATCH}


def check(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is found; open nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """The same check again opens nothing twice."""
    settings = load_settings()
    policy = policies_of(settings).in_force_on(today())
    if policy.adjustments is None:
        raise Refused(Code.NOT_ALLOWED, f"Policy {policy.version} has no bookkeeping rules.")
    with records(settings).reading() as session:
        entries = posted(session)
        before = set(session.exec(select(CaseRow.case_id).where(CaseRow.kind == CaseKind.ADJUSTMENT)))
        about = adjusted_entries(session)
    found = list(breaches(policy.adjustments.check, entries))
    fresh = [each for each in found if each.entry not in about]
    lines = [CheckedLine(breach=each) for each in fresh] if dry_run or not fresh else _opened(fresh)
    lines += [_dealt_with(each, about[each.entry]) for each in found if each.entry in about]
    lines = [line.model_copy(update={"new": bool(line.case) and line.case not in before}) for line in lines]
    answer(BooksChecked(entries=len(entries), found=tuple(lines)), as_json, _pages)


def _dealt_with(breach: Breach, case: str) -> CheckedLine:
    return CheckedLine(breach=breach, case=case, why="it is about this entry already")


def _opened(found: Sequence[Breach]) -> list[CheckedLine]:
    async def opening(quietus: Quietus) -> list[CheckedLine]:
        return [await _open(quietus, each) for each in found]

    return ask_temporal(opening)


async def _open(quietus: Quietus, breach: Breach) -> CheckedLine:
    if not breach.account:
        return CheckedLine(breach=breach, why="it stands on no account of a customer")
    request = request_for(breach)
    case = adjustment_id(request.request_id)
    try:
        await quietus.open_adjustment(request)
    except Refused as refused:
        if refused.code is Code.UNREACHABLE:
            raise
        return CheckedLine(breach=breach, case=case if refused.code in _OVER else "", why=refused.sentence)
    return CheckedLine(breach=breach, case=case)


def _pages(checked: BooksChecked) -> Pages:
    yield from table("", ("rule", "account", "entry", "amount", "adjustment", ""), map(_row, checked.found))
    yield f"Entries checked: {checked.entries}; breaches of the bookkeeping rules: {len(checked.found)}."


def _row(line: CheckedLine) -> Sequence[object]:
    breach = line.breach
    return breach.rule, breach.account or "-", breach.entry, breach.amount, line.case or "-", line.why or breach.words
