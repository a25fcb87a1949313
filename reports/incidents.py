"""事故分析 as one HTML page: opens offline, prints, and holds beside each chart the table of its numbers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts.analysis import IncidentAnalysis, Rising, StepTime, Tally
from contracts.vocabulary import Language
from reports.charts import BarChart, ColumnChart, bar_chart, column_chart
from reports.words import phrase, said

MOST_SHOWN = 15
"""Rows of a table; the document of --json has all."""

Said = Callable[[str], str]


@dataclass(frozen=True)
class Figure:
    """A table, the chart beside it, and what a reader has to know of them. `id` names its chart for screen readers."""

    id: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    chart: BarChart | ColumnChart | None = None
    note: str = ""

    @property
    def wide(self) -> bool:
        """Whether the chart takes the width of the page."""
        return isinstance(self.chart, ColumnChart)


@dataclass(frozen=True)
class Section:
    """Figures under one title."""

    title: str
    figures: Sequence[Figure]


def incidents_page(analysis: IncidentAnalysis, language: Language, firm: str) -> str:
    """The page, in one of the two languages."""
    word = partial(phrase, language=language)
    at = analysis.at.strftime("%Y-%m-%d %H:%M (UTC%z)")
    return (
        _environment()
        .get_template("incidents.html.j2")
        .render(
            language={Language.ZH: "zh-CN", Language.EN: "en"}[language],
            word=word,
            span=word("span").format(since=analysis.since, until=analysis.until),
            made=word("made").format(firm=firm, at=at, policy=analysis.policy),
            figures_of_all=_key_figures(analysis, language),
            sections=_sections(analysis, language),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _key_figures(analysis: IncidentAnalysis, language: Language) -> list[tuple[str, int]]:
    outcomes = [(said("outcome", each.name, language), each.number) for each in analysis.outcomes]
    return [(phrase("reports", language), analysis.reports), *outcomes]


def _sections(analysis: IncidentAnalysis, language: Language) -> Iterable[Section]:
    word = partial(phrase, language=language)
    yield Section(word(f"trend_{analysis.rhythm}"), [_trend(analysis, word)])
    tallies = {
        "category": analysis.categories,
        "severity": analysis.severities,
        "channel": analysis.channels,
        "department": analysis.departments,
        "outcome": analysis.outcomes,
    }
    figures = [_tallied(name, each, analysis.reports, language) for name, each in tallies.items()]
    yield Section(word("what"), figures)
    causes = _tallied("cause", analysis.causes, sum(each.number for each in analysis.causes), language)
    yield Section(word("why"), [causes, _tallied("matter", analysis.matters, analysis.reports, language)])
    yield Section(word("time"), _times(analysis, language))
    yield Section(word("quality"), [_rates(analysis, language)])
    yield Section(word("money"), [_paid(analysis, word), _satisfaction(analysis, word)])
    yield Section(
        word("risks"), [_rising(analysis, language), _widespread(analysis, language), _repeated(analysis, word)]
    )


def _trend(analysis: IncidentAnalysis, word: Said) -> Figure:
    points = [(str(point.begins), point.reported, point.solved) for point in analysis.trend]
    return Figure(
        id="trend",
        title=f"{word('reported')} / {word('solved')}",
        heads=(word("begins"), word("reported"), word("solved")),
        rows=[tuple(map(str, point)) for point in points],
        chart=column_chart(points) if points else None,
        note=word("trend_note"),
    )


def _tallied(kind: str, tallies: Sequence[Tally], of: int, language: Language) -> Figure:
    word, shown = partial(phrase, language=language), tallies[:MOST_SHOWN]
    names = {"department": "role"}
    named = [said(names.get(kind, kind), each.name, language) if each.name else word("none") for each in shown]
    bars = [(name, each.number, str(each.number)) for name, each in zip(named, shown, strict=True)]
    left_out = len(tallies) - len(shown)
    return Figure(
        id=kind,
        title=word(kind),
        heads=("", word("number"), word("share")),
        rows=[(name, text, f"{number / of:.1%}") for name, number, text in bars],
        chart=bar_chart(bars) if bars else None,
        note=word("more").format(n=left_out) if left_out else "",
    )


def _times(analysis: IncidentAnalysis, language: Language) -> list[Figure]:
    working = [each for each in analysis.steps if each.in_working_time]
    plain = [each for each in analysis.steps if not each.in_working_time]
    note = phrase("time_note", language)
    return [_timed("working_time", working, language), _timed("plain_time", plain, language, note)]


def _timed(name: str, steps: Sequence[StepTime], language: Language, note: str = "") -> Figure:
    word = partial(phrase, language=language)
    named = [(said("step", each.step, language), each) for each in steps]
    bars = [(label, each.median_hours, f"{each.median_hours:.1f} / {each.p90_hours:.1f}") for label, each in named]
    return Figure(
        id=name,
        title=word(name),
        heads=(word("step"), word("median"), word("p90"), word("incidents")),
        rows=[(label, f"{e.median_hours:g}", f"{e.p90_hours:g}", str(e.incidents)) for label, e in named],
        chart=bar_chart(bars, [each.p90_hours for each in steps]) if bars else None,
        note=note,
    )


def _rates(analysis: IncidentAnalysis, language: Language) -> Figure:
    word = partial(phrase, language=language)
    rows = [(said("measure", each.measure, language), each) for each in analysis.rates]
    return Figure(
        id="rate",
        title=word("rate"),
        heads=("", word("number"), word("of"), word("share")),
        rows=[(label, str(each.number), str(each.of), f"{each.share:.1%}") for label, each in rows],
        chart=bar_chart((label, each.share, f"{each.share:.1%}") for label, each in rows),
        note=word("rate_note"),
    )


def _paid(analysis: IncidentAnalysis, word: Said) -> Figure:
    rows = [(str(each.amount), str(each.incidents)) for each in analysis.paid]
    return Figure("paid", word("paid"), (word("amount"), word("incidents")), rows)


def _satisfaction(analysis: IncidentAnalysis, word: Said) -> Figure:
    surveys = analysis.satisfaction
    values = (surveys.sent, surveys.answered, surveys.expired, "-" if surveys.mean is None else surveys.mean)
    heads = tuple(map(word, ("sent", "answered", "expired", "mean")))
    return Figure("satisfaction", word("satisfaction"), heads, [tuple(map(str, values))])


def _rising(analysis: IncidentAnalysis, language: Language) -> Figure:
    word, risks = partial(phrase, language=language), analysis.risks
    note = word("rising_note").format(since=risks.since, chance=f"{risks.chance:.2g}", compared=risks.compared)
    rows = [
        (_group(each, language), str(each.recent), str(each.earlier), f"{each.expected:g}", f"{each.chance:.2g}")
        for each in risks.rising
    ]
    bars = [(group, float(recent), f"{recent} ({expected})") for group, recent, _, expected, _ in rows]
    return Figure(
        id="rising",
        title=word("rising"),
        heads=tuple(map(word, ("group", "recent", "earlier", "expected", "chance"))),
        rows=rows,
        chart=bar_chart(bars, [each.expected for each in risks.rising]) if bars else None,
        note=note if risks.since else word("too_short"),
    )


def _group(each: Rising, language: Language) -> str:
    """Its matter, else its category and department."""
    if each.matter:
        return each.matter
    department = said("role", each.department, language) if each.department else phrase("none", language)
    return f"{said('category', each.category or '', language)} · {department}"


def _widespread(analysis: IncidentAnalysis, language: Language) -> Figure:
    word = partial(phrase, language=language)
    rows = [
        (
            each.matter,
            str(each.day),
            str(each.reports),
            ", ".join(said("channel", channel, language) for channel in each.channels),
            ", ".join(each.branches),
        )
        for each in analysis.risks.widespread
    ]
    heads = tuple(map(word, ("about", "day", "number", "channels", "branches")))
    return Figure("widespread", word("widespread"), heads, rows, note=word("widespread_note"))


def _repeated(analysis: IncidentAnalysis, word: Said) -> Figure:
    shown = analysis.risks.repeated[:MOST_SHOWN]
    rows = [(str(each.reports), ", ".join(each.matters), ", ".join(each.cases)) for each in shown]
    left_out = len(analysis.risks.repeated) - len(shown)
    more = f" {word('more').format(n=left_out)}" if left_out else ""
    heads = tuple(map(word, ("number", "matters", "cases")))
    return Figure("repeated", word("repeated"), heads, rows, note=word("repeated_note") + more)
