"""Accounting periods: what a closed month refuses, in which order months are closed, and the trial balance."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.bookkeeping import TrialBalance
from contracts.money import Money
from contracts.refusals import Code, Refused
from gateways.books_file import load_books, load_postings
from gateways.books_months import at_noon, month_of, named_period, period_of, today
from gateways.books_periods import CLOSED
from records import trail
from records.database import Database
from tests.gateways.books_world import BOOKS, HERS, OURS, booking, books, books_json, cny, do, lines, refusal

OPENED, LAST, NEXT = "2019-04", "2026-09", date(2026, 10, 1)
IN_LAST = date(2026, 9, 15)


@pytest.fixture
def filled(database: Database) -> Database:
    """An account of 100.00 CNY opened in April 2019; 20.50 came in September 2026, 0.50 a day in October."""
    load_books(database, books_json(), False)
    do(database, "pay_in", "PAY-1", HERS, cny("20.50"), "top-up", on=IN_LAST)
    do(database, "pay_in", "PAY-2", HERS, cny("0.50"), "top-up", on=date(2026, 10, 2))
    return database


@pytest.fixture
def closed(filled: Database) -> Database:
    """The same, closed until September 2026."""
    for period in (OPENED, LAST):
        do(filled, "close_period", period, "wang.fang")
    return filled


def row_of(balance: TrialBalance, ledger: str) -> list[str]:
    line = next(line for line in balance.lines if line.ledger == ledger)
    return [line.opening.text, line.debits.text, line.credits.text, line.closing.text]


@pytest.mark.parametrize(
    ("at", "period"),
    [
        (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), "2026-10"),
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), "2026-11"),
        (at_noon(date(2026, 1, 1)), "2026-01"),
    ],
)
def test_the_period_is_the_month_of_the_firms_day(database, at, period):
    load_books(database, books_json(), False)
    entry = do(database, "post", "REF-1", "credit", lines(cny("1.00")), at=at)
    before = datetime.now(UTC)
    whole = do(database, "entry", entry)
    assert (period_of(at), whole.period, whole.at) == (period, period, at)
    assert before - timedelta(minutes=1) < whole.recorded_at <= before


@pytest.mark.parametrize("name", ["2026-13", "2026-00", "2026-1", "26-01", "2026-11-01", "", "２０２６-01"])
def test_what_is_no_month_is_named(database, name):
    with pytest.raises(Refused) as refused:
        named_period(name)
    assert refused.value.code is Code.BAD_INPUT
    for method, more in (("is_open", ()), ("close_period", ("wang.fang",))):
        assert refusal(database, method, name, *more).code is Code.BAD_INPUT


def test_a_closed_month_takes_no_entry_and_neither_does_any_before_it(closed):
    words = "The accounting period {} is closed and takes no entry."
    for on in (IN_LAST, date(2026, 5, 5), date(2018, 1, 1)):
        refused = refusal(closed, "pay_in", "PAY-9", HERS, cny("1.00"), "late", on=on)
        assert (refused.code, str(refused)) == (Code.NOT_ALLOWED, words.format(month_of(on)))
        together = [booking("B-1", lines(cny("1.00")), on)]
        assert str(refusal(closed, "post_all", together, OURS, at_noon(today()))) == words.format(month_of(on))
    assert do(closed, "is_open", "2026-10")
    assert not do(closed, "is_open", LAST)
    assert not do(closed, "is_open", "2026-08")


def test_a_postings_file_names_what_falls_into_a_closed_month(closed):
    posting = {"reference": "P-1", "account": HERS, "amount": "5.00", "text": "late", "on": IN_LAST.isoformat()}
    with pytest.raises(Refused) as refused:
        load_postings(closed, json.dumps({"postings": [{**posting, "reference": "P-0", "on": None}, posting]}))
    assert [(fault.path, fault.message) for fault in refused.value.faults] == [
        ("postings[1]", f"The accounting period {LAST} is closed and takes no entry.")
    ]


def test_the_database_itself_refuses_an_entry_in_a_closed_month_and_one_that_is_misdated(closed):
    insert = "INSERT INTO journal_entries (n, id, reference, at, text, period, recorded_at, lines) VALUES "
    values = "(99, 'E', 'R', '{} 04:00:00+00', '', '{}', '2026-11-20 04:00:00+00', 1)"
    if closed.kind == "sqlite":
        values = values.replace("+00'", "'")
    for day, period, words in (
        ("2026-09-30", LAST, "the accounting period is closed"),
        ("2026-08-01", "2026-08", "the accounting period is closed"),
        ("2026-09-30", "2026-10", "the month of its moment"),
    ):
        with pytest.raises(DBAPIError, match=words), closed.engine.begin() as connection:
            connection.execute(text(insert + values.format(day, period)))
    with closed.engine.begin() as connection:
        connection.execute(text(insert + values.format("2026-10-01", "2026-10")))


def test_nothing_is_added_to_an_entry_and_no_closing_is_changed(closed):
    with closed.reading() as session:
        entry = BOOKS.entries(session, HERS)[-1].id
    add = "INSERT INTO journal_lines (entry, n, ledger, minor, currency) VALUES ('{}', {}, 'fees:CNY', 1, 'CNY')"
    for statement, words in (
        (add.format(entry, 3), "takes no other line"),
        (add.format(entry, 0), "takes no other line"),
        (add.format("JE-none", 1), "takes no other line"),
        ("UPDATE accounting_periods SET sha256 = ''", "accounting_periods is append-only"),
        ("DELETE FROM accounting_periods", "accounting_periods is append-only"),
    ):
        with pytest.raises(DBAPIError, match=words), closed.engine.begin() as connection:
            connection.execute(text(statement))


def test_nothing_that_is_booked_is_replaced(closed):
    """SQLite knows a way to replace a row that asks no trigger on deletion; PostgreSQL counts its own as an update."""
    with closed.reading() as session:
        entry = BOOKS.entries(session, HERS)[-1].id
    line = f"INTO journal_lines (entry, n, ledger, minor, currency) VALUES ('{entry}', 1, 'fees:CNY', 1, 'CNY')"
    month = f"INTO accounting_periods (period, closed_at, closed_by, sha256) VALUES ('{LAST}', '2026-11-20', 'x', 'x')"
    for into, key, column in ((line, "entry, n", "minor"), (month, "period", "sha256")):
        statement, words = (
            f"INSERT {into} ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
            "append-only",
        )
        if closed.kind == "sqlite":
            statement, words = f"INSERT OR REPLACE {into}", "is not replaced"
        with pytest.raises(DBAPIError, match=words), closed.engine.begin() as connection:
            connection.exec_driver_sql(statement)


def test_months_are_closed_in_order_once_ended_and_once(filled):
    assert str(refusal(filled, "close_period", LAST, "wang.fang")) == (
        f"Close {OPENED} first: it holds entries and is open."
    )
    this = month_of(today())
    assert str(refusal(filled, "close_period", this, "wang.fang")) == f"The accounting period {this} has not ended."
    first = do(filled, "close_period", OPENED, "wang.fang")
    assert do(filled, "close_period", OPENED, "wang.fang") == first
    assert f"was closed by wang.fang on {today()}" in str(refusal(filled, "close_period", OPENED, "li.na"))
    do(filled, "close_period", "2020-01", "wang.fang")
    words = "The accounting period 2019-12 was closed with 2020-01."
    assert str(refusal(filled, "close_period", "2019-12", "wang.fang")) == words
    with filled.reading() as session:
        links = [link for link in trail.entries(session, trail.BOOKS) if link.what == CLOSED]
    assert [(link.who, link.evidence["period"]) for link in links] == [("wang.fang", OPENED), ("wang.fang", "2020-01")]
    assert links[0].evidence["sha256"] == first.sha256
    assert [each["ledger"] for each in json.loads(links[0].evidence["trial balance"])["lines"]] == [
        f"customer:{HERS}",
        "opening:CNY",
    ]


def test_the_trial_balance_of_a_month_and_of_all_time(filled):
    october, ever = do(filled, "trial_balance", "2026-10"), do(filled, "trial_balance", None)
    assert row_of(october, f"customer:{HERS}") == ["120.50", "0.00", "0.50", "121.00"]
    assert row_of(october, "payments_in:CNY") == ["-20.50", "0.50", "0.00", "-21.00"]
    assert row_of(october, "opening:CNY") == ["-100.00", "0.00", "0.00", "-100.00"]
    assert row_of(ever, f"customer:{HERS}") == ["0.00", "0.00", "121.00", "121.00"]
    for balance, moved in ((october, "0.50"), (ever, "121.00")):
        (total,) = balance.totals
        assert [total.opening.text, total.debits.text, total.credits.text] == ["0.00", moved, moved]
        assert balance.unbalanced == ()
    assert do(filled, "trial_balance", "2019-03").lines == ()


def test_currencies_of_none_and_of_three_decimals_stand_apart(database):
    file = books(with_things=False)
    file["accounts"] = [
        {**file["accounts"][0], "id": f"ACC-{code}", "currency": code, "balance": balance}
        for code, balance in (("JPY", "120000"), ("KWD", "0.125"), ("CNY", "1.00"))
    ]
    load_books(database, json.dumps(file), False)
    balance = do(database, "trial_balance", None)
    assert row_of(balance, "customer:ACC-JPY") == ["0", "0", "120000", "120000"]
    assert row_of(balance, "customer:ACC-KWD") == ["0.000", "0.000", "0.125", "0.125"]
    assert [total.credits for total in balance.totals] == [
        cny("1.00"),
        Money.parse("120000", "JPY"),
        Money.parse("0.125", "KWD"),
    ]


def test_what_is_opened_in_a_closed_month_is_booked_on_the_first_open_day(closed):
    assert [do(closed, "first_open_day", day) for day in (IN_LAST, date(2018, 1, 1), date(2026, 11, 3))] == [
        NEXT,
        NEXT,
        date(2026, 11, 3),
    ]
    load_books(closed, books_json(account="ACC-2", with_things=False), False)
    (opening,) = do(closed, "entries", "ACC-2")
    assert (opening.at, opening.period) == (at_noon(NEXT), "2026-10")


def test_a_closed_december_is_followed_by_january(database):
    do(database, "close_period", "2025-12", "wang.fang")
    assert do(database, "first_open_day", date(2025, 12, 5)) == date(2026, 1, 1)


def test_a_case_whose_month_was_closed_meanwhile_books_on_the_first_open_day(closed):
    entry = do(closed, "post", "STEP-1", "payout", lines(cny("-1.00")), OURS, at=at_noon(IN_LAST))
    assert do(closed, "entry", entry).at == at_noon(NEXT)
    assert do(closed, "post", "STEP-1", "payout", lines(cny("-1.00")), OURS, at=at_noon(IN_LAST)) == entry


def test_who_closes_waits_for_who_books_and_the_other_way_round(filled):
    """Whichever comes first, the closed month holds what its trial balance says."""
    do(filled, "close_period", OPENED, "wang.fang")
    booked, go_on = Event(), Event()

    def book() -> None:
        with filled.transaction() as session:
            BOOKS.pay_in(session, "PAY-3", HERS, cny("1.00"), "late", on=IN_LAST)
            booked.set()
            assert go_on.wait(30)

    with ThreadPoolExecutor(2) as pool:
        booking_ = pool.submit(book)
        assert booked.wait(30)
        closing = pool.submit(do, filled, "close_period", LAST, "wang.fang")
        assert not closing.done()
        go_on.set()
        booking_.result(30)
        balance = closing.result(30)
    assert row_of(balance, f"customer:{HERS}") == ["100.00", "0.00", "21.50", "121.50"]


def test_a_crowd_books_while_the_month_is_closed_and_what_is_booked_is_in_the_balance(filled):
    do(filled, "close_period", OPENED, "wang.fang")

    def book(n: int) -> str:
        try:
            do(filled, "pay_in", f"CROWD-{n}", HERS, cny("1.00"), "late", on=IN_LAST)
        except Refused as refused:
            return str(refused)
        return "booked"

    with ThreadPoolExecutor(6) as pool:
        tries = [pool.submit(book, n) for n in range(12)]
        closing = pool.submit(do, filled, "close_period", LAST, "wang.fang")
        tries += [pool.submit(book, n) for n in range(12, 24)]
        balance, told = closing.result(60), [each.result(60) for each in tries]
    assert set(told) <= {"booked", f"The accounting period {LAST} is closed and takes no entry."}
    assert row_of(balance, f"customer:{HERS}")[2] == f"{20 + told.count('booked')}.50"
    assert do(filled, "trial_balance", LAST).sha256 == balance.sha256
