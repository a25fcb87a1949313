"""`major show`, as it is typed: how a major incident stands, for people and for programs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from contracts.refusals import Code
from tests.e2e.test_commands_refusals import expect
from tests.support.house import House, house
from tests.support.waiting import until

CASE, MAJOR = "incident-INC-P1", "major-INC-P1"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own, with a report of an outage that a person has classified."""
    with house(tmp_path_factory.mktemp("major")) as ready:
        at = datetime.now(UTC) - timedelta(minutes=1)
        said: dict[str, object] = {
            "report_id": "INC-P1",
            "customer": "CUS-1001",
            "channel": "hotline",
            "occurred_at": at.isoformat(),
            "reported_at": at.isoformat(),
            "description": "系统瘫痪，转账没到账。",
        }
        assert ready.call("incident", "report", ready.write("report.json", said)).code == 0
        task = until(lambda: open_task(ready, CASE, "triage"), "the triage")
        assert ready.call("decide", task, "confirm", "--as", "li.wei").code == 0
        until(lambda: open_task(ready, MAJOR, "team_operations"), "the task of operations")
        yield ready


def open_task(firm: House, case: str, name: str) -> str | None:
    """The open task of that name."""
    shown = firm.call("show", case, "--json")
    tasks = shown.data["tasks"] if shown.code == 0 else []
    return next((str(task["task"]) for task in tasks if task["name"] == name and task["state"] == "open"), None)


def test_it_tells_why_it_is_one_who_is_in_the_team_and_when_the_next_bulletin_is_due(firm: House) -> None:
    task = open_task(firm, MAJOR, "team_operations")
    assert firm.call("decide", str(task), "take_on", "--as", "huang.lei").code == 0
    until(lambda: firm.call("major", "show", MAJOR, "--json").data["team"], "the team")
    view = firm.call("major", "show", MAJOR, "--json").data
    assert (view["because"], view["team"][0]["person"], view["reports"][0]["case"]) == (
        "severity P1", "huang.lei", CASE,
    )  # fmt: skip
    assert view["next_bulletin_at"]
    words = firm.call("major", "show", MAJOR).out
    for said in ("severity P1", "huang.lei", CASE, "next bulletin due"):
        assert said in words
    assert firm.call("show", MAJOR, "--json").data["next_bulletin"]
    assert [line["case"] for line in firm.call("cases", "--kind", "major", "--json").data] == [MAJOR]


def test_one_that_is_not_there_is_said_to_be_unknown(firm: House) -> None:
    expect(firm.call("major", "show", "major-NOBODY", "--json"), Code.NOT_FOUND)
