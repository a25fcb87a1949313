"""The books as a whole: trial balance, export of the journal, closing a period."""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from io import StringIO
from typing import Annotated

import typer

from commands.face import AsJson, AsStaff, Token, answer, table, write_text
from commands.office import records, staff_tokens, token_of
from commands.pages import Pages, line_of
from contracts.bookkeeping import BalanceLine, BalanceView, Exported, JournalLine
from gateways.bookkeeping import Bookkeeping, journal
from gateways.books import Ledger
from gateways.books_months import named_period
from settings import load_settings

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t")

Period = Annotated[
    str | None, typer.Option("--period", metavar="YYYY-MM", help="One accounting period; left out: all time.")
]


class Format(StrEnum):
    """What the journal is exported as."""

    CSV = "csv"
    JSON = "json"


def balance(period: Period = None, as_json: AsJson = False) -> None:
    """Debits went off a ledger, credits came onto it; the totals of a currency must balance."""
    with records().reading() as session:
        view = BalanceView.of(Ledger().trial_balance(session, _asked(period)))
    answer(view, as_json, _pages)


def export(
    form: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.CSV,
    period: Period = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="Left out: standard output.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every line of every entry, in the order of booking. --json without --out is --format json."""
    with records().reading() as session:
        lines = list(journal(session, _asked(period)))
    if out is None:
        print(_text(lines, Format.JSON if as_json else form), end="")
        return
    write_text(out, _text(lines, form), "export")
    answer(Exported(file=out, lines=len(lines)), as_json, line_of(f"{len(lines)} lines are in {out}."))


def close_period(
    period: Annotated[str, typer.Argument(metavar="YYYY-MM", help="A month that has ended.")],
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """By finance, month after month; it is never opened again."""
    settings = load_settings()
    books = Bookkeeping(records(settings), staff_tokens(settings))
    closed = books.close_period(named_period(period), token_of(staff, token))
    answer(BalanceView.of(closed), as_json, _pages)


def _asked(period: str | None) -> str | None:
    return None if period is None else named_period(period)


def _text(lines: Sequence[JournalLine], form: Format) -> str:
    rows = [line.model_dump(mode="json") for line in lines]
    if form is Format.JSON:
        return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
    paper = StringIO()
    writer = csv.writer(paper)
    writer.writerow(JournalLine.model_fields)
    writer.writerows([_cell(str(value)) for value in row.values()] for row in rows)
    return paper.getvalue()


def _cell(text: str) -> str:
    """What a spreadsheet would take for a formula is text; an amount below zero is none."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _pages(view: BalanceView) -> Pages:
    heads = ("ledger", "currency", "opening", "debits", "credits", "closing")
    yield from table(f"Trial balance of {view.period or 'all time'}", heads, _rows(view.lines))
    yield from table("Totals", heads, _rows(view.totals))
    if view.closed_at:
        yield f"{view.period} was closed by {view.closed_by}; the SHA-256 of its trial balance is {view.sha256}."
    elif not view.lines:
        yield "No ledger holds or moved anything."


def _rows(lines: Iterable[BalanceLine]) -> Iterable[Sequence[str]]:
    return (list(line.model_dump().values()) for line in lines)
