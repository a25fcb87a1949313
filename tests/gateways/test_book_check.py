"""The regular check of the books: what breaks which rule, on which side of its limits, and what is no fault at all."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from contracts.book_checks import BookRule, Breach
from gateways.book_check import Posted, breaches, posted
from gateways.books_file import load_books
from gateways.books_months import FIRM_ZONE, period_of
from policy.adjustments import BookRules, Price
from records.books_tables import JournalEntryRow
from records.database import Database
from tests.gateways.books_world import HERS, booking, books_json, cny, do, lines, turned

FEE = Price(id="transfer", words=("转账手续费", "transfer fee"), amounts={"CNY": "5.00", "JPY": "100"})
RULES = BookRules(doubled_within="3 days", late_after="10 days", prices=(FEE,))
DAY = datetime(2026, 11, 10, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)

Lines = tuple[tuple[str, int, str], ...]

_numbers = count(1)


def moved(minor: int, ours: str = "payments_in", account: str = HERS, currency: str = "CNY") -> Lines:
    """`minor` onto the account, off one of our own ledgers."""
    return ((f"customer:{account}", minor, currency), (f"{ours}:{currency}", -minor, currency))


def fee(minor: int = 500, **more: Any) -> Lines:
    return moved(-minor, "fees", **more)


IN = moved(100)


def entry(booked: Lines = IN, at: datetime = DAY, text: str = "salary", **more: Any) -> Posted:
    """An entry of the journal, recorded when it was booked for."""
    n = next(_numbers)
    values: dict[str, Any] = {
        "n": n,
        "id": f"JE-{n}",
        "reference": f"R-{n}",
        "at": at,
        "text": text,
        "period": period_of(at),
        "recorded_at": at,
        "lines": len(booked),
    }
    return Posted(JournalEntryRow(**values | more), booked)


def broken(*entries: Posted) -> list[tuple[BookRule, str]]:
    return [(each.rule, each.entry) for each in breaches(RULES, entries)]


# ---- doubled -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("apart", "doubled"), [(timedelta(), True), (timedelta(days=3), True), (timedelta(days=3) + SECOND, False)]
)
def test_the_same_again_is_doubled_up_to_the_last_moment_of_the_days(apart: timedelta, doubled: bool):
    first, second = entry(), entry(at=DAY + apart)
    assert broken(first, second) == ([(BookRule.DOUBLED, second.row.id)] if doubled else [])


def test_of_two_alike_the_later_one_is_at_fault_whichever_was_booked_first():
    later, earlier = entry(at=DAY + SECOND), entry()
    [found] = breaches(RULES, [later, earlier])
    assert (found.entry, found.account, found.amount) == (later.row.id, HERS, cny("1.00"))
    assert found.words == f"{later.row.id} says the same as {earlier.row.id} of 2026-11-10"


@pytest.mark.parametrize(
    "other",
    [
        {"booked": moved(101)},
        {"booked": moved(100, account="ACC-2")},
        {"booked": moved(100, "payouts")},
        {"booked": moved(100, currency="USD")},
        {"text": "salary of November"},
    ],
    ids=["amount", "account", "ledger", "currency", "words"],
)
def test_what_differs_in_anything_is_not_doubled(other: dict[str, Any]):
    assert broken(entry(), entry(**other)) == []


def test_a_third_one_is_at_fault_too_and_a_standing_order_is_not():
    three = [entry(), entry(), entry()]
    assert broken(*three) == [(BookRule.DOUBLED, each.row.id) for each in three[1:]]
    assert broken(*(entry(at=DAY + timedelta(days=4 * n)) for n in range(3))) == []


def test_what_moves_between_our_own_ledgers_is_not_doubled():
    own: Lines = (("payouts:CNY", 5, "CNY"), ("set_aside:CNY", -5, "CNY"))
    assert broken(entry(own), entry(own)) == []


def test_what_was_taken_back_and_what_puts_right_is_quiet():
    first, second = entry(), entry()
    taken_back = entry(moved(-100), reverses=second.row.id, corrects=second.row.id)
    assert broken(first, second, taken_back) == []
    assert broken(first, entry(corrects=first.row.id)) == []


def test_what_was_taken_back_by_mistake_stands_again():
    first, second = entry(), entry()
    taken_back = entry(moved(-100), text="reversal", reverses=second.row.id)
    restored = entry(moved(100), text="reversal of the reversal", reverses=taken_back.row.id)
    assert broken(first, second, taken_back, restored) == [(BookRule.DOUBLED, second.row.id)]


# ---- late ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "late"), [(timedelta(), False), (SECOND, True)])
def test_an_entry_is_late_from_the_first_moment_after_the_days_by_the_clock_of_the_firm(after: timedelta, late: bool):
    last = datetime(2026, 12, 11, tzinfo=FIRM_ZONE)
    one = entry(recorded_at=last + after)
    assert broken(one) == ([(BookRule.LATE, one.row.id)] if late else [])


def test_a_late_entry_says_when_it_was_recorded_and_for_which_period():
    one = entry(recorded_at=datetime(2027, 1, 31, 16, tzinfo=UTC))
    [found] = breaches(RULES, [one])
    assert found.words == f"{one.row.id} was recorded on 2027-02-01 for 2026-11, which was over"


def test_an_opening_balance_is_never_late_nor_is_a_correction():
    long_after = DAY + timedelta(days=900)
    wrong = entry()
    assert broken(entry(moved(100, "opening"), recorded_at=long_after)) == []
    assert broken(wrong, entry(moved(100), text="correction", recorded_at=long_after, corrects=wrong.row.id)) == []


# ---- fees ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("booked", "text", "priced"),
    [
        (fee(500), "转账手续费 2026年11月", True),
        (fee(500), "International Transfer Fee", True),
        (fee(501), "转账手续费", False),
        (fee(499), "转账手续费", False),
        (fee(500), "手续费", False),
        (fee(100, currency="JPY"), "transfer fee", True),
        (fee(500, currency="JPY"), "transfer fee", False),
        (fee(100, currency="USD"), "transfer fee", False),
    ],
)
def test_a_fee_stands_in_the_price_list_by_its_words_with_its_amount_in_its_currency(
    booked: Lines, text: str, priced: bool
):
    one = entry(booked, text=text)
    assert broken(one) == ([] if priced else [(BookRule.UNPRICED, one.row.id)])


def test_an_unpriced_fee_says_what_was_taken_from_whom():
    [found] = breaches(RULES, [one := entry(fee(2000), text="手续费")])
    assert (found.account, found.amount) == (HERS, cny("-20.00"))
    assert found.words == f"20.00 CNY ('手续费') is in no price list: {one.row.id}"


def test_a_fee_that_is_given_back_is_no_fee():
    assert broken(entry(fee(-777), text="goodwill")) == []


def test_an_entry_may_break_several_rules():
    last = datetime(2026, 12, 12, tzinfo=FIRM_ZONE)
    first, second = (entry(fee(7), text="?", recorded_at=last) for _ in range(2))
    assert {rule for rule, name in broken(first, second) if name == second.row.id} == {
        BookRule.DOUBLED,
        BookRule.LATE,
        BookRule.UNPRICED,
    }


# ---- unbalanced, in the books themselves ---------------------------------------------------------------------------


def check(database: Database) -> list[Breach]:
    with database.reading() as session:
        return list(breaches(RULES, posted(session)))


def tamper(database: Database, change: str) -> None:
    """Change lines behind the back of the books."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE journal_lines DISABLE TRIGGER USER")
        else:
            connection.exec_driver_sql("DROP TRIGGER journal_lines_no_update")
        connection.exec_driver_sql(change)


def test_books_as_they_were_loaded_and_posted_break_no_rule(database: Database):
    load_books(database, books_json(), False)
    booked = lines(cny("-5.00"))
    do(database, "post", "FEE-1", "转账手续费", booked)
    do(database, "post", "FEE-1/back", "fee waived", turned(booked))
    assert check(database) == []


def test_an_entry_that_was_tampered_with_does_not_balance_although_it_was_taken_back(database: Database):
    load_books(database, books_json(with_things=False), False)
    booked = lines(cny("-5.00"))
    name = do(database, "post", "FEE-1", "转账手续费", booked)
    back = booking("ADJ-1/1", turned(booked), date(2026, 11, 10), reverses=name, corrects=name)
    do(database, "post_all", [back], "adjustment-ADJ-1.1", DAY)
    tamper(database, f"UPDATE journal_lines SET minor = -900 WHERE entry = '{name}' AND n = 1")
    [found] = check(database)
    assert (found.rule, found.entry, found.account, found.amount) == (BookRule.UNBALANCED, name, HERS, cny("-9.00"))
    assert found.words == f"the lines of {name} do not balance: -4.00 CNY are left"


def test_an_entry_that_balances_over_all_currencies_but_in_none_is_unbalanced_in_each():
    one = entry((("customer:ACC-1", 100, "CNY"), ("payments_in:USD", -100, "USD")))
    assert broken(one) == [(BookRule.UNBALANCED, one.row.id)] * 2


def test_an_entry_on_no_account_of_a_customer_names_none():
    [found] = breaches(RULES, [entry((("payouts:CNY", 5, "CNY"), ("set_aside:CNY", -4, "CNY")))])
    assert (found.account, found.amount) == ("", cny("0.05"))
