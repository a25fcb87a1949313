"""`report adjustments`: what the adjustments of a time come to, and what was learned from them."""

from commands.face import AsJson, answer, table
from commands.office import records
from commands.pages import Pages
from commands.reporting import Since, Until, days
from contracts.adjustment_views import AdjustmentFigures
from gateways.adjustment_book import adjustment_figures


def adjustments(since: Since = None, until: Until = None, as_json: AsJson = False) -> None:
    """By the day on which each was opened."""
    first, last = days(since, until)
    with records().reading() as session:
        figures = adjustment_figures(session, first, last)
    answer(figures, as_json, _pages)


def _pages(figures: AdjustmentFigures) -> Pages:
    since = figures.since or "the first"
    yield f"{figures.opened} adjustments were opened from {since} to {figures.until}."
    tallies = {
        "Outcome": figures.outcomes,
        "Cause": figures.causes,
        "Raised by": figures.raised_by,
        "Customers": figures.content,
    }
    for title, rows in tallies.items():
        yield from table(title, ("", "number"), [(each.name, each.number) for each in rows])
    yield from table("Moved by what was posted", ("",), [(amount,) for amount in figures.posted])
    lessons = ((each.case, each.cause, each.improvement, each.learned_by) for each in figures.lessons)
    yield from table("Lessons", ("case", "cause", "to be done better", "by"), lessons)
