"""`report incidents`, as it is typed; from the records alone, without Temporal."""

import os
from pathlib import Path

import pytest

from records.database import Database
from tests.gateways.incident_world import MONDAY, a_report
from tests.support.firm import ROOT
from tests.support.house import House

DAYS = ("--since", "2026-11-01", "--until", "2026-11-22")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A firm with two reports on record, and no service running."""
    database = Database(f"sqlite:///{tmp_path / 'quietus.db'}")
    database.upgrade()
    with database.transaction() as session:
        session.add_all([*a_report("A", matter="fees"), *a_report("B", matter="[red]fees[/red]")])
    database.dispose()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETUS_", "TEMPORAL_"))}
    nowhere = {"QUIETUS_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    return House(tmp_path, environment | nowhere)


def test_the_analysis_is_told_in_tables(house: House) -> None:
    ran = house.run("report", "incidents", *DAYS)
    assert (ran.code, ran.err) == (0, "")
    assert "2 incidents were reported from 2026-11-02 to 2026-11-22." in ran.out
    assert "[red]fees[/red]" in ran.out


def test_json_is_one_document_also_when_a_page_is_written(house: House) -> None:
    page = house.home / "page.html"
    ran = house.call("report", "incidents", *DAYS, "--json", "--out", str(page))
    assert (ran.code, ran.data["reports"], ran.data["since"]) == (0, 2, MONDAY.date().isoformat())
    assert ran.data == house.call("report", "incidents", *DAYS, "--json").data | {"at": ran.data["at"]}
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_page_is_in_the_language_of_the_staff(house: House) -> None:
    page = house.home / "page.html"
    assert house.call("report", "incidents", *DAYS, "--out", str(page)).out == f"The page is in {page}.\n"
    assert "客户事故分析" in page.read_text("utf-8")
    assert house.call("report", "incidents", "--out", str(page), QUIETUS_STAFF_LANGUAGE="en").code == 0
    assert "Analysis of incidents" in page.read_text("utf-8")


def test_days_without_reports_are_said_in_one_sentence(house: House) -> None:
    page = house.home / "page.html"
    ran = house.call("report", "incidents", "--since", "2025-01-01", "--until", "2025-02-01", "--out", str(page))
    assert (ran.code, ran.out) == (0, "No incident was reported from 2025-01-01 to 2025-02-01.\n")
    assert not page.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("--since", "2026-02-30"), "2026-02-30"),
        (("--until", "tomorrow"), "tomorrow"),
        (("--since", "2026-11-03", "--until", "2026-11-02"), "--since 2026-11-03 is after --until 2026-11-02."),
        ((*DAYS, "--out", "/nowhere/at/all.html"), "/nowhere/at/all.html: no such file or directory"),
        ((*DAYS, "--out", str(ROOT)), f"{ROOT}: is a directory"),
        ((*DAYS, "--out", "a\0b"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(house: House, typed: tuple[str, ...], words: str) -> None:
    ran = house.call("report", "incidents", *typed)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert house.call("report", "incidents", *typed, "--json").error["code"] == "BadInput"
