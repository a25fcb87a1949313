"""Who changes the journal past its triggers is found."""

import json

import pytest

from gateways.books_audit import breaks
from gateways.books_file import load_books
from gateways.books_months import at_noon, month_of, today
from records.database import Database
from tests.gateways.books_world import HERS, OURS, booking, books, cny, do, lines, turned

CLOSED = "2019-04"
GUARDS = {
    "sqlite": [
        "DROP TRIGGER journal_entries_no_update",
        "DROP TRIGGER journal_lines_no_update",
        "DROP TRIGGER journal_lines_no_delete",
        "DROP TRIGGER journal_entries_closed",
        "DROP TRIGGER journal_entries_misdated",
        "DROP TRIGGER journal_lines_complete",
        "DROP TRIGGER accounting_periods_no_update",
        "DROP TRIGGER accounting_periods_no_delete",
    ],
    "postgresql": [
        f"ALTER TABLE {table} DISABLE TRIGGER USER"
        for table in ("journal_entries", "journal_lines", "accounting_periods")
    ],
}
ADD_LINE = "INSERT INTO journal_lines (entry, n, ledger, minor, currency) VALUES ('{}', {}, 'fees:CNY', {}, 'CNY')"


@pytest.fixture
def kept(database: Database) -> Database:
    """A closed month with the opening balance, a fee and its reversal in an open one; no guard is on any more."""
    load_books(database, json.dumps(books(with_things=False)), False)
    do(database, "close_period", CLOSED, "wang.fang")
    do(database, "post", "FEE-1", "fee", lines(cny("-30.00")), OURS)
    back = booking("ADJ-1", turned(lines(cny("-30.00"))), today(), reverses=entry(database, "FEE-1"))
    do(database, "post_all", [back], "adjustment-ADJ-1.1", at_noon(today()))
    with database.engine.begin() as connection:
        for statement in GUARDS[database.kind]:
            connection.exec_driver_sql(statement)
    return database


def entry(database: Database, reference: str) -> str:
    return str(next(each.id for each in do(database, "entries", HERS) if each.reference == reference))


def found(database: Database, *statements: str) -> list[str]:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    with database.reading() as session:
        return list(breaks(session))


def test_books_that_nobody_touched_hold(kept):
    assert found(kept) == []


def test_an_entry_that_does_not_balance_or_has_other_lines_is_found(kept):
    fee = entry(kept, "FEE-1")
    assert found(kept, ADD_LINE.format(fee, 3, 1)) == [
        f"Entry {fee} does not balance in CNY.",
        f"Entry {fee} was booked with 2 lines and has 3.",
        f"Entry {entry(kept, 'ADJ-1')} is not {fee} reversed.",
    ]


def test_an_entry_whose_lines_are_gone_is_found(kept):
    fee = entry(kept, "FEE-1")
    assert f"Entry {fee} was booked with 2 lines and has 0." in found(
        kept, f"DELETE FROM journal_lines WHERE entry = '{fee}'"
    )


def test_amounts_that_were_changed_so_that_they_still_balance_are_found_by_the_reversal(kept):
    fee = entry(kept, "FEE-1")
    assert found(kept, f"UPDATE journal_lines SET minor = minor * 2 WHERE entry = '{fee}'") == [
        f"Entry {entry(kept, 'ADJ-1')} is not {fee} reversed."
    ]


@pytest.mark.parametrize("other", ["JE-none", "itself"])
def test_a_reversal_of_what_is_not_there_is_found(kept, other):
    back = entry(kept, "ADJ-1")
    name = back if other == "itself" else other
    assert found(kept, f"UPDATE journal_entries SET reverses = '{name}' WHERE id = '{back}'") == [
        f"Entry {back} is not {name} reversed."
    ]


def test_an_entry_that_is_taken_back_twice_is_found(kept):
    fee, back = entry(kept, "FEE-1"), entry(kept, "ADJ-1")
    do(kept, "post", "FEE-2", "again", turned(lines(cny("-30.00"))), OURS)
    second = entry(kept, "FEE-2")
    assert found(
        kept,
        "DROP INDEX ix_journal_entries_reverses",
        f"UPDATE journal_entries SET reverses = '{fee}' WHERE id = '{second}'",
    ) == [f"Entry {fee} was taken back more than once: {back}, {second}."]


def test_what_was_booked_in_a_closed_month_afterwards_is_found(kept):
    """However it is dated: the trial balance is another then."""
    fee, word = entry(kept, "FEE-1"), f"The trial balance of {CLOSED} is not the one that it was closed with."
    moved = f"UPDATE journal_entries SET period = '{CLOSED}' WHERE id = '{fee}'"
    assert found(kept, moved) == [
        f"Entry {fee} of {month_of(today())} stands in {CLOSED}.",
        f"Entry {fee} was booked in {CLOSED} after that was closed.",
        word,
    ]
    back_dated = f"UPDATE journal_entries SET at = '2019-04-30 04:00:00', recorded_at = at WHERE id = '{fee}'"
    again = f"UPDATE journal_entries SET recorded_at = at WHERE id = '{fee}'"
    assert found(kept, back_dated, again) == [word]


def test_a_closing_that_was_changed_or_taken_away_is_found(kept):
    assert found(kept, "UPDATE accounting_periods SET sha256 = 'x'") == [
        f"The closing of {CLOSED} is not the one that stands in the trail of the books.",
        f"The trial balance of {CLOSED} is not the one that it was closed with.",
    ]
    assert found(kept, "DELETE FROM accounting_periods") == [
        f"The closing of {CLOSED} stands in the trail of the books only."
    ]
