"""Adjustments of accounts: have one opened, and see how it stands."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.console import RenderableType

from commands.closure import receipt_words
from commands.face import AsJson, File, answer, read_text, table
from commands.office import ask_temporal, records
from contracts.adjustment_views import AdjustmentView, PlanView
from contracts.adjustments import AdjustmentRequest
from contracts.books import Booking
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.text import moment_text
from gateways.adjustment_book import adjustment_view


def open_adjustment(file: File, as_json: AsJson = False) -> None:
    """The same request sent twice is one case."""
    request = parse_file(read_text(file, "adjustment"), AdjustmentRequest, "adjustment", MESSAGE_LIMIT)
    answer(ask_temporal(lambda quietus: quietus.open_adjustment(request)), as_json, receipt_words)


def show(case: Annotated[str, typer.Argument(metavar="CASE")], as_json: AsJson = False) -> None:
    """Its cause, what was said, word for word, and every plan with what became of it; first whatever is not as the
    trail has it."""
    answer(adjustment_view(records(), case), as_json, _pages)


def _pages(view: AdjustmentView) -> Iterable[RenderableType]:
    if view.breaks:
        yield from table("THIS DOES NOT HOLD: it is not what was approved, told or said", ("",), zip(view.breaks))
    facts = [
        ("case", f"{view.case}, account {view.account}, raised by {view.raised_by}"),
        ("cause", f"{view.cause or '-'} (suspected: {view.suspected_cause})"),
        ("incident behind it", f"{view.incident or '-'}{f', waived by {view.waived_by}' if view.waived_by else ''}"),
        ("customer", {None: "-", True: "content", False: "not content"}[view.content]),
        ("improvement", f"{view.improvement} ({view.learned_by})" if view.improvement else "-"),
    ]
    yield from table("", ("", ""), facts)
    said = ((moment_text(r.at), r.speaker, r.about, r.words, r.heard_by) for r in view.said)
    yield from table("Said", ("at", "by", "about", "words", "noted by"), said)
    for plan in view.plans:
        yield from _plan(plan)


def _plan(plan: PlanView) -> Iterable[RenderableType]:
    undoes = f", takes back plan {plan.undoes}" if plan.undoes else ""
    yield f"Plan {plan.n} of {moment_text(plan.at)}, proposed by {plan.proposed_by}{undoes}: {plan.hash}"
    yield from table("Entries", ("on", "takes back", "corrects", "lines", "text"), map(_entry, plan.bookings))
    yield from table("Balances", ("account", "before", "after"), ((e.account, e.before, e.after) for e in plan.effects))
    yield f"Tax periods: {', '.join(plan.periods)}; moved in all: {plan.gross}."
    yield from table("", ("", "at", "by"), ((m.mark, moment_text(m.at), m.words) for m in plan.marks))


def _entry(booking: Booking) -> Sequence[object]:
    lines = ", ".join(f"{line.ledger} {line.amount}" for line in booking.lines)
    return booking.on, booking.reverses or "-", booking.corrects or "-", lines, booking.text
