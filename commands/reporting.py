"""`report incidents`: what the reports of a time come to, on the terminal, as JSON, or as a page to keep."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import typer

from commands.face import AsJson, answer, table, write_text
from commands.office import policies_of, records
from commands.pages import Pages
from contracts.analysis import IncidentAnalysis, Rising, Tally
from contracts.refusals import Code, Refused
from contracts.vocabulary import Language
from gateways.books_journal import FIRM_ZONE, today
from gateways.incident_analysis import IncidentBook
from reports.incidents import MOST_SHOWN, incidents_page
from settings import Settings, load_settings

_DAY = ["%Y-%m-%d"]

Since = Annotated[datetime | None, typer.Option("--since", formats=_DAY, help="Left out: from the first one on.")]
Until = Annotated[datetime | None, typer.Option("--until", formats=_DAY, help="Left out: today, by the firm's clock.")]


def incidents(
    since: Since = None,
    until: Until = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="Write one HTML page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Frequent causes, trend, times, what was late, satisfaction and latent risks, of the reports of these days."""
    first, last = days(since, until)
    settings = load_settings()
    book = IncidentBook(records(settings), policies_of(settings))
    analysis = book.analyse(first, last, datetime.now(FIRM_ZONE))
    if out and analysis.reports:
        _write(out, analysis, settings)
    answer(analysis, as_json, lambda told: [f"The page is in {out}."] if out and told.reports else _pages(told))


def days(since: datetime | None, until: datetime | None) -> tuple[date | None, date]:
    """The days that were asked for, the first one null where there is no limit. Refused: BAD_INPUT."""
    first, last = since.date() if since else None, until.date() if until else today()
    if first and first > last:
        raise Refused(Code.BAD_INPUT, f"--since {first} is after --until {last}.")
    return first, last


def _write(file: str, analysis: IncidentAnalysis, settings: Settings) -> None:
    page = incidents_page(analysis, settings.staff_language or Language.ZH, settings.firm)
    write_text(file, page, "report")


def _pages(analysis: IncidentAnalysis) -> Pages:
    if not analysis.reports:
        yield f"No incident was reported from {analysis.since} to {analysis.until}."
        return
    yield f"{analysis.reports} incidents were reported from {analysis.since} to {analysis.until}."
    for title, tallies in _tallies(analysis).items():
        yield from _short(title, ("", "number"), [(each.name or "-", each.number) for each in tallies])
    points = ((point.begins, point.reported, point.solved) for point in analysis.trend)
    yield from table(f"By {analysis.rhythm}", ("begins", "reported", "solved"), points)
    clocks = {True: "working time", False: "plain time"}
    steps = ((e.step, clocks[e.in_working_time], e.median_hours, e.p90_hours, e.incidents) for e in analysis.steps)
    yield from table("Hours", ("step", "clock", "median", "nine of ten", "incidents"), steps)
    rates = ((each.measure, each.number, each.of, f"{each.share:.1%}") for each in analysis.rates)
    yield from table("Rates", ("", "number", "of", "share"), rates)
    yield from table("Compensation", ("amount", "incidents"), ((each.amount, each.incidents) for each in analysis.paid))
    surveys = [list(analysis.satisfaction.model_dump().values())] if analysis.satisfaction.sent else []
    yield from table("Surveys", ("sent", "answered", "expired", "mean"), surveys)
    yield from _risks(analysis)


def _tallies(analysis: IncidentAnalysis) -> dict[str, Sequence[Tally]]:
    return {
        "Outcome": analysis.outcomes,
        "Category": analysis.categories,
        "Severity": analysis.severities,
        "Channel": analysis.channels,
        "Department": analysis.departments,
        "Causes": analysis.causes,
        "Matters": analysis.matters,
    }


def _risks(analysis: IncidentAnalysis) -> Pages:
    risks = analysis.risks
    rising = ((_group(e), e.recent, e.earlier, e.expected, f"{e.chance:.2g}") for e in risks.rising)
    heads = ("matter or group", "lately", "before", "expected", "by chance")
    yield from table(f"Rising since {risks.since}", heads, rising)
    spread = ((e.matter, e.day, e.reports, ", ".join(e.channels), ", ".join(e.branches)) for e in risks.widespread)
    yield from table("From several sides", ("matter", "day", "number", "channels", "branches"), spread)
    repeated = [(each.reports, ", ".join(each.matters), ", ".join(each.cases)) for each in risks.repeated]
    yield from _short("Repeated reports of one customer", ("number", "matters", "cases"), repeated)


def _short(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Pages:
    """A table with no more rows than one reads at a glance."""
    yield from table(title, heads, rows[:MOST_SHOWN])
    if len(rows) > MOST_SHOWN:
        yield f"{len(rows) - MOST_SHOWN} more are in --json."


def _group(each: Rising) -> str:
    return each.matter or f"{each.category}, {each.department or 'no department yet'}"
