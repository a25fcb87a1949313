"""Several entries booked together: all or none, judged by what they come to, each taken back once."""

import json
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.books import Booking, EntryFacts
from contracts.money import Money
from contracts.refusals import Code
from contracts.vocabulary import FreezeBy
from gateways.books import Ledger
from gateways.books_entries import Draft
from gateways.books_file import load_books
from gateways.books_months import at_noon
from records.books_tables import AccountRow
from records.database import Database
from tests.gateways.books_world import HERS, OURS, THEIRS, booking, books, cny, do, lines, refusal, turned

DOSSIER, TODAY = "adjustment-ADJ-1.1", date(2026, 11, 20)
NOW = at_noon(TODAY)
FEE = lines(cny("-30.00"))


@pytest.fixture
def charged(database: Database) -> Database:
    """An account of 100.00 CNY that a fee of 30.00 was taken from."""
    file = books(with_things=False)
    file["accounts"].append({**file["accounts"][0], "id": "ACC-2", "balance": "0.00"})
    load_books(database, json.dumps(file), False)
    do(database, "post", "FEE-1", "fee of September", FEE, at=NOW)
    return database


def fee(charged: Database) -> str:
    return str(do(charged, "entries", HERS)[-1].id)


def reversal(charged: Database, reference: str = "ADJ/1") -> Booking:
    entry = fee(charged)
    return booking(reference, turned(FEE), TODAY, reverses=entry, corrects=entry)


def balance(charged: Database, account: str = HERS) -> str:
    assert set(do(charged, "sums").values()) == {0}
    return str(do(charged, "account", account).balance.text)


def book(charged: Database, *bookings: Booking) -> tuple[str, ...]:
    ids: tuple[str, ...] = do(charged, "post_all", bookings, DOSSIER, NOW)
    return ids


def refused(charged: Database, *bookings: Booking) -> tuple[Code, str]:
    refusal_ = refusal(charged, "post_all", bookings, DOSSIER, NOW)
    return refusal_.code, str(refusal_)


def test_a_reversal_and_its_correction_are_booked_together_and_know_each_other(charged):
    wrong = fee(charged)
    plan = (reversal(charged), booking("ADJ/2", lines(cny("-3.00")), TODAY, corrects=wrong))
    ids = book(charged, *plan)
    assert book(charged, *plan) == ids
    assert balance(charged) == "97.00"
    taken_back, back = do(charged, "entry", wrong), do(charged, "entry", ids[0])
    assert (taken_back.reversed_by, back.reverses, back.corrects) == (ids[0], wrong, wrong)
    assert (back.at, back.period, back.dossier, back.lines) == (NOW, "2026-11", DOSSIER, turned(FEE))
    *_, second, third = do(charged, "entries", HERS)
    assert (second.reverses, second.other_side, third.corrects) == (wrong, ("fees:CNY",), wrong)


def test_when_one_is_refused_none_is_booked(charged):
    too_much = booking("ADJ/2", lines(cny("-500.00"), account="ACC-2"), TODAY)
    code, words = refused(charged, reversal(charged), too_much)
    assert (code, words) == (
        Code.NOT_ALLOWED,
        "Account ACC-2 holds 0.00 CNY, which does not cover 500.00 CNY.",
    )
    assert len(do(charged, "entries", HERS)) == 2
    assert refused(charged, reversal(charged), booking("ADJ/2", FEE, TODAY, reverses=fee(charged)))[0] is (
        Code.NOT_ALLOWED
    )
    assert balance(charged) == "70.00"


def test_an_account_is_judged_by_what_all_of_them_come_to(charged):
    """The correction alone would overdraw it; with the reversal it does not."""
    right = booking("ADJ/2", lines(cny("-95.00")), TODAY, corrects=fee(charged))
    assert refused(charged, right)[0] is Code.NOT_ALLOWED
    book(charged, right, reversal(charged))
    assert balance(charged) == "5.00"


def test_together_they_overdraw_an_account_as_far_as_its_limit(charged):
    with charged.transaction() as session:
        session.get_one(AccountRow, HERS).overdraft_minor = 1_000
    code, words = refused(charged, booking("ADJ/1", lines(cny("-80.01")), TODAY))
    assert (code, "may be overdrawn by 10.00 CNY" in words) == (Code.NOT_ALLOWED, True)
    book(charged, booking("ADJ/1", lines(cny("-80.00")), TODAY))
    assert refused(charged, booking("ADJ/2", lines(cny("-0.01")), TODAY))[0] is Code.NOT_ALLOWED
    assert balance(charged) == "-10.00"


def test_a_frozen_account_takes_what_does_not_lower_it(charged):
    do(charged, "freeze", HERS, FreezeBy.COURT, "C-1", TODAY)
    lower = booking("ADJ/2", lines(cny("-31.00")), TODAY, corrects=fee(charged))
    assert "is frozen by court" in refused(charged, reversal(charged), lower)[1]
    book(charged, reversal(charged), booking("ADJ/3", FEE, TODAY, corrects=fee(charged)))
    assert balance(charged) == "70.00"


def test_the_closing_lock_does_not_stop_an_approved_correction(charged):
    do(charged, "lock", HERS, THEIRS)
    book(charged, booking("ADJ/1", lines(cny("-1.00")), TODAY))
    assert "is being closed" in str(refusal(charged, "post", "P-1", "x", lines(cny("-1.00")), OURS))
    assert balance(charged) == "69.00"


def test_a_closed_account_and_another_currency_are_refused(charged):
    dollars = Money(minor=100, currency="USD")
    assert refused(charged, booking("ADJ/1", lines(dollars), TODAY))[1] == f"Account {HERS} is kept in CNY only."
    do(charged, "lock", "ACC-2", OURS)
    do(charged, "mark_closed", "ACC-2", OURS, TODAY)
    nothing = [booking(f"ADJ/{n}", lines(cny(amount), account="ACC-2"), TODAY) for n, amount in ((1, "1"), (2, "-1"))]
    assert refused(charged, *nothing)[1] == "Account ACC-2 is closed and takes no posting."


def test_a_reference_means_one_entry(charged):
    first = reversal(charged)
    book(charged, first)
    for other, words in (
        ({"lines": FEE}, "with other lines"),
        ({"reverses": ""}, "for another entry"),
        ({"corrects": ""}, "for another entry"),
        ({"on": date(2026, 10, 31)}, "in another period"),
    ):
        code, sentence = refused(charged, first.model_copy(update=other))
        assert (code, words in sentence) == (Code.MISMATCH, True)
    with pytest.raises(ValueError, match="stands twice"):
        book(charged, booking("ADJ/5", FEE, TODAY), booking("ADJ/5", FEE, TODAY))
    with pytest.raises(ValueError, match="does not balance"):
        book(charged, booking("ADJ/6", FEE[:1], TODAY))


def test_an_entry_is_taken_back_once_and_whole(charged):
    wrong = fee(charged)
    less = booking("ADJ/1", lines(cny("29.00")), TODAY, reverses=wrong)
    assert refused(charged, less) == (Code.NOT_ALLOWED, f"The lines of ADJ/1 are not those of {wrong} reversed.")
    (back,) = book(charged, reversal(charged))
    again = booking("ADJ/2", turned(FEE), TODAY, reverses=wrong)
    assert refused(charged, again) == (Code.NOT_ALLOWED, f"Entry {wrong} was taken back by {back} already.")
    for name in ("reverses", "corrects"):
        unknown = booking("ADJ/3", turned(FEE), TODAY, **{name: "JE-none"})
        assert refused(charged, unknown) == (Code.NOT_FOUND, "There is no entry JE-none in the books.")
    assert refusal(charged, "entry", "JE-none").code is Code.NOT_FOUND


def test_a_reversal_that_is_reversed_leaves_what_it_took_back(charged):
    wrong = fee(charged)
    (back,) = book(charged, reversal(charged))
    assert [each.reference for each in do_standing(charged)] == [f"opening/{HERS}"]
    (again,) = book(charged, booking("ADJ/2", FEE, TODAY, reverses=back))
    assert [each.id for each in do_standing(charged)][1:] == [wrong]
    book(charged, booking("ADJ/3", turned(FEE), TODAY, reverses=again))
    assert [each.reference for each in do_standing(charged)] == [f"opening/{HERS}"]
    assert balance(charged) == "100.00"


def do_standing(charged: Database) -> tuple[EntryFacts, ...]:
    return Ledger.standing(do(charged, "entries", HERS))


@pytest.mark.parametrize(("currency", "opening", "amount"), [("JPY", "1000", "250"), ("KWD", "1.500", "0.125")])
def test_any_currency_is_corrected_to_its_last_unit(database, currency, opening, amount):
    file = books(with_things=False)
    file["accounts"][0] |= {"currency": currency, "balance": opening}
    load_books(database, json.dumps(file), False)
    money = Money.parse(amount, currency)
    (wrong,) = book(database, booking("ADJ/1", lines(-money), TODAY))
    book(database, booking("ADJ/2", lines(money), TODAY, reverses=wrong))
    assert balance(database) == opening
    entries = do(database, "entries", HERS)
    assert [each.amount.text for each in entries] == [opening, f"-{amount}", amount]


PLAN = st.lists(st.tuples(st.sampled_from([HERS, "ACC-2"]), st.integers(-12_000, 12_000), st.booleans()), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=PLAN)
def test_whatever_is_planned_is_booked_whole_or_not_at_all(charged, plan):
    number = uuid4()
    before = {account: do(charged, "account", account).balance.minor for account in (HERS, "ACC-2")}
    bookings, net = [], dict(before)
    for n, (account, minor, with_reversal) in enumerate(plan):
        if not minor:
            continue
        booked = lines(Money(minor=minor, currency="CNY"), account=account)
        first = booking(f"{number}/{n}", booked, TODAY)
        bookings.append(first)
        if with_reversal:
            bookings.append(
                booking(f"{number}/{n}r", turned(booked), TODAY, reverses=Draft(first.reference, "", (), NOW, None).id)
            )
        else:
            net[account] += minor
    allowed = min(net.values()) >= 0
    if allowed:
        assert book(charged, *bookings) == book(charged, *bookings)
    else:
        assert refused(charged, *bookings)[0] is Code.NOT_ALLOWED
    after = {account: do(charged, "account", account).balance.minor for account in before}
    assert after == (net if allowed else before)
    assert set(do(charged, "sums").values()) == {0}


def alike(charged: Database, currency: str = "CNY", month: str = "2026-11") -> list[tuple[str, str, int]]:
    """What is booked on it with one of very many amounts, more than one statement of SQL takes."""
    found = do(charged, "booked_alike", currency, range(-70_000, 0), (month, month))
    return [(each.account, each.reference, each.amount.minor) for each in found]


def test_what_is_booked_with_one_of_many_amounts_is_found_by_currency_and_month(charged):
    assert alike(charged) == [(HERS, "FEE-1", -3_000)]
    assert alike(charged, "USD") == alike(charged, month="2026-10") == []


def test_what_was_taken_back_is_not_found_until_its_reversal_is_itself_taken_back(charged):
    [back] = book(charged, reversal(charged))
    assert alike(charged) == []
    book(charged, booking("ADJ/2", FEE, TODAY, reverses=back))
    assert alike(charged) == [(HERS, "FEE-1", -3_000)]
