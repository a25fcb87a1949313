"""The page of the analysis: opens offline, holds a table beside each chart, and takes no text for markup."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from contracts.analysis import IncidentAnalysis, Rising, Tally, Widespread
from contracts.vocabulary import Language
from reports.charts import bar_chart, column_chart, shortened
from reports.incidents import MOST_SHOWN, incidents_page
from tests.support.firm import ROOT

SAMPLE = ROOT / "tests" / "contracts" / "samples" / "IncidentAnalysis.json"
DAY = date(2026, 11, 20)
HOSTILE = "</td></svg><script>alert(1)</script><img src=x onerror=alert(2)>&amp;'\""
EXTERNAL = re.compile(r"(?i)https?:|//[a-z]|\b(src|href|srcset|action|on\w+)\s*=|@import|url\(")


def analysis(**changes: Any) -> IncidentAnalysis:
    known = IncidentAnalysis.model_validate_json(SAMPLE.read_text("utf-8"))
    return known.model_copy(update=changes)


def page(told: IncidentAnalysis, language: Language = Language.EN, firm: str = "Quietus") -> str:
    return incidents_page(told, language, firm)


def tree(html: str) -> ET.Element:
    """The page as XML, which it is, but for the two head elements that have no end."""
    return ET.fromstring(re.sub(r"<!DOCTYPE html>|<meta [^>]*>", "", html))


def rows(html: str, figure: str) -> list[list[str]]:
    """What stands in the table of a figure."""
    (found,) = [each for each in tree(html).iter("figure") if each.get("id") == figure]
    return [
        ["".join(cell.itertext()) for cell in row.iter("td")] for row in found.iter("tr") if row.find("td") is not None
    ]


class Tags(HTMLParser):
    """Every tag of a page, as a browser reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


@pytest.mark.parametrize("language", Language)
def test_the_page_needs_nothing_but_itself(language: Language) -> None:
    html = page(analysis(), language)
    assert not EXTERNAL.search(html)
    assert not Tags(html).seen & {"script", "link", "iframe", "img", "object", "form"}


@pytest.mark.parametrize("language", Language)
def test_each_chart_has_a_title_that_names_it_and_a_table_beside_it(language: Language) -> None:
    charts = 0
    for figure in tree(page(analysis(), language)).iter("figure"):
        for chart in figure.iter("svg"):
            charts += 1
            title = chart.find("title")
            assert title is not None
            assert title.text
            assert chart.get("aria-labelledby") == title.get("id")
            assert figure.find(".//table/tbody/tr/td") is not None
    assert charts == 11


def test_ids_on_the_page_are_there_once() -> None:
    ids = [each.get("id") for each in tree(page(analysis())).iter() if each.get("id")]
    assert len(ids) == len(set(ids))


def test_the_numbers_are_those_of_the_json_document() -> None:
    told = json.loads(SAMPLE.read_text("utf-8"))
    html = page(analysis())
    assert rows(html, "trend") == [[p["begins"], str(p["reported"]), str(p["solved"])] for p in told["trend"]]
    for figure, kind in {"category": "categories", "severity": "severities", "matter": "matters"}.items():
        assert [row[1] for row in rows(html, figure)] == [str(each["number"]) for each in told[kind]]
    assert rows(html, "rate") == [["first answer late", "1", "4", "25.0%"]]
    assert rows(html, "working_time") == [["triage", "0.5", "1.25", "4"]]
    assert rows(html, "paid") == [["120.50 CNY", "2"]]
    assert rows(html, "satisfaction") == [["3", "2", "1", "4.2"]]
    assert rows(html, "rising") == [["technical · technology", "9", "2", "1", "1.1e-06"]]
    assert rows(html, "widespread") == [["system_down", "2026-11-20", "5", "app, hotline, web site", "BR-1"]]
    assert rows(html, "repeated")[0][2] == ", ".join(told["risks"]["repeated"][0]["cases"])


def test_it_is_chinese_for_those_who_read_chinese() -> None:
    html = page(analysis(), Language.ZH)
    assert 'lang="zh-CN"' in html
    assert rows(html, "rate")[0][0] == "首次答复超时"
    assert rows(html, "department") == [["财务", "3", "75.0%"], ["未分派", "1", "25.0%"]]


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    risks = analysis().risks.model_copy(
        update={
            "rising": (Rising(matter=HOSTILE, recent=3, earlier=0, expected=0.3, chance=0.001),),
            "widespread": (Widespread(matter=HOSTILE, day=DAY, reports=3, channels=(), branches=(HOSTILE,)),),
        }
    )
    tallies = (Tally(name=HOSTILE, number=2),)
    html = page(analysis(matters=tallies, causes=tallies, risks=risks), firm=HOSTILE)
    assert not Tags(html).seen & {"script", "img"}
    for figure in ("matter", "cause", "rising", "widespread"):
        assert rows(html, figure)[0][0] == HOSTILE


def test_a_long_list_says_how_much_is_left_out() -> None:
    html = page(analysis(matters=tuple(Tally(name=f"m{n}", number=1) for n in range(MOST_SHOWN + 3))))
    assert len(rows(html, "matter")) == MOST_SHOWN
    assert "3 more are in --json." in html


def test_a_bar_is_as_long_as_its_number_and_the_longest_fills_the_room() -> None:
    chart = bar_chart([("a", 4, "4"), ("b", 1, "1"), ("c", 0, "0")], behind=[8, 1, 0])
    assert [bar.length for bar in chart.bars] == [120.0, 30.0, 0.0]
    assert [bar.behind for bar in chart.bars] == [240.0, 30.0, 0.0]
    assert bar_chart([("none", 0, "0")]).bars[0].length == 0


@pytest.mark.parametrize(
    ("largest", "scale"), [(0, [0, 1]), (3, [0, 1, 2, 3]), (7, [0, 2, 4, 6, 8]), (871, [0, 500, 1000])]
)
def test_the_scale_of_the_columns_is_in_even_steps(largest: int, scale: list[int]) -> None:
    chart = column_chart([("w", largest, 0)])
    assert [number for number, _ in chart.lines] == scale
    assert chart.columns[0].heights[0] == pytest.approx(180 * largest / scale[-1], abs=0.1)


def test_a_label_without_room_is_shortened_by_the_room_of_its_characters() -> None:
    assert shortened("a" * 24) == "a" * 24
    assert shortened("a" * 25) == "a" * 24 + "…"
    assert shortened("事" * 13) == "事" * 12 + "…"
