"""`calendar load` and `calendar show` in a running firm: due dates move, and nothing is lost while Temporal is away."""

import asyncio
from datetime import date, datetime

import pytest

from contracts.calendar_file import Origin
from gateways.calendar import WorkingCalendar
from policy import Policies
from records.tables import TaskRow
from tests.support.course import confirmed
from tests.support.firm import ROOT, Firm, eventually
from tests.support.house import House, Ran

CALENDAR = WorkingCalendar(Policies(ROOT / "policy")["2026-11-22"].calendar)
NOBODY = "127.0.0.1:1"


def closed_from(due: datetime, days: int) -> list[date]:
    """The day on which something is due, and the working days after it."""
    first = CALENDAR.rules.day(due)
    return [first, *(CALENDAR.next_workday(first, n) for n in range(1, days))]


def moving_house(off: list[date]) -> dict[str, object]:
    """The firm does not work on these days."""
    return {"source": "the firm moves house", "days": [{"day": str(day), "worked": False} for day in off]}


async def waiting_task(firm: Firm) -> tuple[str, datetime, datetime]:
    """A task of staff, since when and until when."""
    await confirmed(firm, "ACC-1008")
    task = await firm.task("books_disagree")
    with firm.world.database.reading() as session:
        row = session.get_one(TaskRow, task)
        return task, row.since, row.due_at


@pytest.fixture
def house(working_firm: Firm) -> House:
    """The commands of that firm."""
    environment = {
        "QUIETUS_HOME": str(working_firm.home),
        "QUIETUS_TASK_QUEUE": working_firm.task_queue,
        "TEMPORAL_ADDRESS": working_firm.client.service_client.config.target_host,
    }
    return House(working_firm.home, environment)


async def load(house: House, *options: str, **environment: str) -> Ran:
    file = str(house.home / "calendar.json")
    return await asyncio.to_thread(house.call, "calendar", "load", file, "--json", *options, **environment)


async def test_due_dates_move_with_the_days_that_are_loaded(working_firm: Firm, house: House) -> None:
    task, since, due = await waiting_task(working_firm)
    off = closed_from(due, days=3)
    house.write("calendar.json", moving_house(off))
    later = WorkingCalendar(CALENDAR.rules, dict.fromkeys(off, False))
    after = later.later(since, CALENDAR.working_time_between(since, due))

    [moved] = (await load(house, "--dry-run")).data["tasks"]
    assert (moved["task"], moved["case"]) == (task, "closure-ACC-1008")
    assert [datetime.fromisoformat(moved[when]) for when in ("due_before", "due_after")] == [due, after]
    assert working_firm.line(task).due == due

    loaded = await load(house)
    assert (loaded.code, loaded.data["loaded"], loaded.data["asked"]) == (0, 3, ["closure-ACC-1008"])
    await eventually(lambda: working_firm.line(task).due == after, "the new due date")
    again = await load(house)
    assert (again.data["unchanged"], again.data["tasks"], again.data["asked"]) == (3, [], [])


async def test_cases_that_could_not_be_asked_are_asked_the_next_time(working_firm: Firm, house: House) -> None:
    task, _, due = await waiting_task(working_firm)
    house.write("calendar.json", moving_house(closed_from(due, days=1)))
    alone = await load(house, TEMPORAL_ADDRESS=NOBODY)
    assert (alone.code, alone.data["loaded"], alone.data["asked"]) == (3, 1, [])
    assert "The days are loaded" in alone.err
    assert working_firm.line(task).due == due
    assert (await load(house)).data["asked"] == ["closure-ACC-1008"]
    await eventually(lambda: working_firm.line(task).due > due, "the new due date")


def test_a_year_is_shown_with_what_was_loaded_and_whether_it_is_provisional(tmp_path) -> None:
    house = House(tmp_path, {"QUIETUS_HOME": str(tmp_path)})
    national_day = house.call("calendar", "show", "2026", "--json").data
    assert not national_day["provisional"]
    made_up = next(day for day in national_day["days"] if day["day"] == "2026-10-10")
    assert (made_up["worked"], made_up["origin"], made_up["words"]) == (True, Origin.NOTICE, "National Day")
    assert all(date.fromisoformat(day["day"]).weekday() < 5 for day in national_day["days"] if not day["worked"])

    assert "provisional" in house.call("calendar", "show", "2090").out
    house.write("calendar.json", {"source": "x", "years": [2090], "days": [{"day": "2090-01-30", "worked": False}]})
    assert house.call("calendar", "load", str(tmp_path / "calendar.json")).out == (
        "1 loaded, 0 changed, 0 unchanged; announced: 2090.\n"
    )
    shown = house.call("calendar", "show", "2090", "--json").data
    assert not shown["provisional"]
    assert shown["days"] == [{"day": "2090-01-30", "worked": False, "origin": Origin.LOADED, "words": ""}]


def test_where_it_is_always_open_there_is_nothing_to_show(tmp_path) -> None:
    house = House(tmp_path, {"QUIETUS_HOME": str(tmp_path), "QUIETUS_POLICY_DIR": str(ROOT / "examples/policy-fast")})
    shown = house.call("calendar", "show", "2026", "--json").data
    assert (shown["always_open"], shown["days"]) == (True, [])
    assert "always open" in house.call("calendar", "show", "2026").out
