"""Days that are loaded into the calendar: they count for every policy, twice is once, and the trail tells of them."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from contracts.calendar_file import CalendarFile, CalendarLoaded
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.refusals import Code, Refused
from gateways.calendar_days import calendar_of, load_days
from policy import Policies
from records import trail
from records.database import Database

ROOT = Path(__file__).parents[2]
POLICY = Policies(ROOT / "policy")["2026-11-22"]
DIGEST = "0" * 64
SPRING = {
    "source": "国务院办公厅关于2090年部分节假日安排的通知",
    "years": [2090],
    "days": [
        {"day": "2090-01-30", "worked": False, "words": "春节"},
        {"day": "2090-02-04", "worked": True, "words": "春节"},
    ],
}
MONDAY, SATURDAY, SUNDAY = date(2090, 1, 30), date(2090, 2, 4), date(2090, 2, 5)


def read(content: object) -> CalendarFile:
    return parse_file(json.dumps(content), CalendarFile, "calendar file", MESSAGE_LIMIT)


@pytest.fixture
def load(database: Database) -> Callable[..., CalendarLoaded]:
    def loading(**changes: object) -> CalendarLoaded:
        with database.transaction() as session:
            return load_days(session, read(SPRING | changes), DIGEST)

    return loading


def told(database: Database) -> list[dict[str, str]]:
    """What the trail tells of loaded calendars."""
    with database.reading() as session:
        links = trail.entries(session, trail.BOOKS)
        assert not trail.verify(session)
    return [link.evidence for link in links if link.what == "calendar_loaded"]


def test_a_year_that_was_announced_counts_in_the_calendar_of_a_policy(
    database: Database, load: Callable[..., CalendarLoaded]
) -> None:
    with database.reading() as session:
        before = calendar_of(session, POLICY)
    loaded = load()
    assert (loaded.loaded, loaded.unchanged, loaded.changed_days, loaded.announced) == (2, 0, (), (2090,))
    with database.reading() as session:
        after = calendar_of(session, POLICY)
    assert [before.is_workday(day) for day in (MONDAY, SATURDAY, SUNDAY)] == [True, False, False]
    assert [after.is_workday(day) for day in (MONDAY, SATURDAY, SUNDAY)] == [False, True, False]
    assert before.provisional(SUNDAY)
    assert not after.provisional(SUNDAY)


def test_the_same_file_again_changes_nothing(database: Database, load: Callable[..., CalendarLoaded]) -> None:
    load()
    again = load()
    assert (again.loaded, again.unchanged, again.changed_days, again.announced) == (0, 2, (), ())
    assert told(database) == [{"sha256": DIGEST, "loaded": "2", "changed": "", "years": "2090"}]


def test_a_day_that_is_told_otherwise_is_changed_and_named(
    database: Database, load: Callable[..., CalendarLoaded]
) -> None:
    load()
    worked_after_all = load(years=[], days=[{"day": str(MONDAY), "worked": True}, SPRING["days"][1]])
    assert (worked_after_all.unchanged, worked_after_all.changed_days) == (1, (MONDAY,))
    with database.reading() as session:
        assert calendar_of(session, POLICY).is_workday(MONDAY)
    assert told(database)[-1]["changed"] == str(MONDAY)


def test_the_firms_own_day_announces_no_year(database: Database, load: Callable[..., CalendarLoaded]) -> None:
    load(years=[])
    with database.reading() as session:
        calendar = calendar_of(session, POLICY)
    assert not calendar.provisional(MONDAY)
    assert calendar.provisional(SUNDAY)


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"source": ""}, {"source"}),
        ({"source": "two\nlines"}, {"source"}),
        ({"years": ["2090"]}, {"years[0]"}),
        ({"years": [90]}, {"years[0]"}),
        ({"days": [SPRING["days"][0]] * 2}, {"days"}),
        ({"days": [{"day": "2090-02-30", "worked": False}, {"day": "2090-02-01"}]}, {"days[0].day", "days[1].worked"}),
        ({"days": [{"day": "2090-02-01", "worked": "no"}]}, {"days[0].worked"}),
        ({"days": [{"day": "2090-02-01", "worked": True, "words": "\u202e"}]}, {"days[0].words"}),
        ({"holidays": []}, {"holidays"}),
    ],
)
def test_a_faulty_file_is_refused_with_each_fault_by_its_path(changes: dict[str, object], paths: set[str]) -> None:
    with pytest.raises(Refused) as refused:
        read(SPRING | changes)
    assert refused.value.code is Code.BAD_INPUT
    assert {fault.path for fault in refused.value.faults} == paths
