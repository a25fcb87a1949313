"""The trial balance, the export of the journal, closing a period, as they are typed; without any service running."""

import csv
import json
import os
from io import StringIO
from pathlib import Path

import pytest

from contracts.refusals import Code
from gateways.books_months import month_of, today
from records.database import Database
from tests.e2e.test_commands_refusals import expect
from tests.gateways.books_world import HERS, STAFF, books
from tests.support.house import House, Ran

OPENED, SEPTEMBER = "2019-04", "2026-09"
FINANCE = {"id": "wang.fang", "name": "王芳", "email": "wang.fang@example.com", "roles": ["finance"]}
FORMULA = '=HYPERLINK("http://example.com")'


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Books with a fee of September, a payment that names a formula, and nobody but the records there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETUS_", "TEMPORAL_"))}
    ready = House(tmp_path, environment | {"QUIETUS_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1"})
    file = books()
    file["accounts"][0] |= {"overdraft_limit": "50.00", "number": "62220202"}
    file["staff"] = [*STAFF, FINANCE]
    moved: list[dict[str, str]] = [
        {
            "reference": "FEE-1",
            "account": HERS,
            "amount": "-20.00",
            "text": "fee",
            "on": "2026-09-30",
            "ledger": "fees",
        },
        {"reference": "PAY-1", "account": HERS, "amount": "1.00", "text": FORMULA, "on": "2026-10-09"},
    ]
    postings = [{**each, "account": HERS} for each in moved]
    assert ready.call("books", "load", ready.write("books.json", file)).code == 0
    assert (
        ready.call(
            "books",
            "post",
            ready.write("postings.json", {"postings": [{**each, "account": HERS} for each in postings]}),
        ).code
        == 0
    )
    return ready


def close(house: House, period: str, *more: str, by: str = "wang.fang") -> Ran:
    return house.call("books", "close-period", period, "--as", by, *more)


def test_the_balance_of_a_month_and_of_all_time(house: House) -> None:
    month = house.call("books", "balance", "--period", SEPTEMBER, "--json").data
    assert [list(line.values()) for line in month["lines"]] == [
        [f"customer:{HERS}", "CNY", "100.00", "20.00", "0.00", "80.00"],
        ["fees:CNY", "CNY", "0.00", "0.00", "20.00", "20.00"],
        ["opening:CNY", "CNY", "-100.00", "0.00", "0.00", "-100.00"],
    ]
    assert [list(line.values()) for line in month["totals"]] == [["", "CNY", "0.00", "20.00", "20.00", "0.00"]]
    shown = house.run("books", "balance")
    assert (shown.code, shown.err) == (0, "")
    assert "Trial balance of all time" in shown.out
    assert house.call("books", "balance", "--period", "2001-01").out == "No ledger holds or moved anything.\n"


def test_the_journal_is_exported_and_no_cell_is_a_formula(house: House) -> None:
    table = list(csv.DictReader(StringIO(house.call("books", "export", "--format", "csv").out, newline="")))
    assert [(row["reference"], row["n"], row["amount"]) for row in table] == [
        (f"opening/{HERS}", "1", "100.00"),
        (f"opening/{HERS}", "2", "-100.00"),
        ("FEE-1", "1", "-20.00"),
        ("FEE-1", "2", "20.00"),
        ("PAY-1", "1", "1.00"),
        ("PAY-1", "2", "-1.00"),
    ]
    assert {row["text"] for row in table} == {"opening balance", "fee", f"'{FORMULA}"}
    data = house.call("books", "export", "--json").data
    assert data == json.loads(house.call("books", "export", "--format", "json").out)
    assert [line["text"] for line in data[-2:]] == [FORMULA] * 2
    assert [line["reference"] for line in house.call("books", "export", "--json", "--period", SEPTEMBER).data] == [
        "FEE-1"
    ] * 2


def test_the_journal_is_exported_into_a_file(house: House) -> None:
    file = house.home / "journal.csv"
    told = house.call("books", "export", "--out", str(file))
    assert told.out == f"6 lines are in {file}.\n"
    assert file.read_bytes().decode() == house.call("books", "export").out
    expect(house.call("books", "export", "--out", "/nowhere/at/all", "--json"), Code.BAD_INPUT, "/nowhere/at/all")


def test_a_month_is_closed_by_finance_and_takes_nothing_any_more(house: House) -> None:
    expect(close(house, SEPTEMBER, "--json"), Code.NOT_ALLOWED, f"Close {OPENED} first")
    expect(close(house, OPENED, "--json", by="li.wei"), Code.FORBIDDEN, "finance does")
    expect(house.call("books", "close-period", OPENED, "--json"), Code.UNAUTHENTICATED, "Say who you are")
    expect(close(house, month_of(today()), "--json"), Code.NOT_ALLOWED, "has not ended")
    first = close(house, OPENED, "--json").data
    assert (first["period"], first["closed_by"]) == (OPENED, "wang.fang")
    assert close(house, OPENED, "--json").data == first
    told = close(house, SEPTEMBER).out
    assert f"{SEPTEMBER} was closed by wang.fang; the SHA-256 of its trial balance is " in told
    late = [{"reference": "P-1", "account": HERS, "amount": "1.00", "text": "late", "on": "2026-09-30"}]
    posted = house.call("books", "post", house.write("late.json", {"postings": late}), "--json")
    expect(posted, Code.NOT_ALLOWED, f"The accounting period {SEPTEMBER} is closed and takes no entry.")
    verified = house.call("verify", "--json")
    assert (verified.code, verified.data["breaks"]) == (0, [])


def test_verify_finds_what_was_changed_behind_its_back(house: House) -> None:
    assert close(house, OPENED).code == 0
    database = Database(f"sqlite:///{house.home / 'quietus.db'}")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER journal_lines_no_update")
        connection.exec_driver_sql(
            "UPDATE journal_lines SET minor = minor * 2 WHERE entry IN "
            "(SELECT id FROM journal_entries WHERE period = '2019-04')"
        )
    database.dispose()
    verified = house.call("verify")
    assert verified.code == 1
    assert f"The trial balance of {OPENED} is not the one that it was closed with." in verified.out


@pytest.mark.parametrize("period", ["2026-13", "2026-9", "september", ""])
def test_what_is_no_month_is_bad_input(house: House, period: str) -> None:
    for arguments in (("balance", "--period", period), ("export", "--period", period), ("close-period", period)):
        who = ("--as", "wang.fang") if "close-period" in arguments else ()
        expect(house.call("books", *arguments, *who, "--json"), Code.BAD_INPUT, "should be a month such as 2026-11")
    expect(house.call("books", "export", "--format", "xlsx", "--json"), Code.BAD_INPUT)


def test_an_account_shows_number_overdraft_and_the_period_of_its_entries(house: House) -> None:
    shown = house.call("books", "show", HERS).out
    assert all(words in shown for words in ("62220202", "up to 50.00 CNY", SEPTEMBER, "JE-"))
    data = house.call("books", "show", HERS, "--json").data
    assert (data["number"], data["overdraft"], data["entries"][1]["period"]) == ("62220202", "50.00", SEPTEMBER)
