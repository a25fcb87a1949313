"""What an account takes and what it does not: lock, freeze, closing, overdraft, references."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.books import Line, OwnLedger
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.vocabulary import AccountStatus, FreezeBy
from gateways.books_file import load_books
from records import trail
from records.books_tables import AccountRow
from records.database import Database
from tests.gateways.books_world import BOOKS, HERS, OURS, THEIRS, books_json, cny, do, refusal

TODAY = date(2026, 11, 20)


@pytest.fixture
def books(database: Database) -> Database:
    """One customer with an account of 100.00 CNY and everything that can hang on it."""
    load_books(database, books_json(), False)
    return database


def balance(books: Database) -> str:
    with books.transaction() as session:
        assert set(BOOKS.sums(session).values()) == {0}
        return BOOKS.account(session, HERS).balance.text


def test_a_payment_raises_the_balance_and_a_payout_lowers_it(books):
    do(books, "pay_in", "PAY-1", HERS, cny("20.50"), "top-up", on=TODAY)
    do(books, "pay_out", HERS, cny("120.50"), "PAYOUT-1", OURS)
    with books.transaction() as session:
        entries = BOOKS.entries(session, HERS)
        assert [(entry.amount.text, entry.balance_after.text) for entry in entries] == [
            ("100.00", "100.00"),
            ("20.50", "120.50"),
            ("-120.50", "0.00"),
        ]
        assert entries[1].at.date() == TODAY
    assert balance(books) == "0.00"


def test_the_same_reference_is_booked_once(books):
    first = do(books, "pay_out", HERS, cny("40.00"), "PAYOUT-1", OURS)
    assert do(books, "pay_out", HERS, cny("40.00"), "PAYOUT-1", OURS) == first
    assert balance(books) == "60.00"


def test_a_reference_with_other_lines_is_refused(books):
    do(books, "pay_out", HERS, cny("40.00"), "PAYOUT-1", OURS)
    refused = refusal(books, "pay_out", HERS, cny("41.00"), "PAYOUT-1", OURS)
    assert (refused.code, str(refused)) == (Code.MISMATCH, "The reference PAYOUT-1 was booked with other lines.")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line(ledger=f"customer:{HERS}", amount=cny("1.00"))],
        [Line(ledger=f"customer:{HERS}", amount=cny("1.00")), Line(ledger="fees:CNY", amount=cny("-1.01"))],
        [Line(ledger="fees:USD", amount=Money(minor=1, currency="USD")), Line(ledger="fees:CNY", amount=cny("-0.01"))],
        [Line(ledger="fees:USD", amount=cny("1.00")), Line(ledger="fees:CNY", amount=cny("-1.00"))],
        [Line(ledger="slush:CNY", amount=cny("1.00")), Line(ledger="fees:CNY", amount=cny("-1.00"))],
    ],
)
def test_an_entry_that_does_not_balance_or_names_no_ledger_is_a_fault_of_ours(books, lines):
    with pytest.raises(ValueError, match=r"balance|no ledger"):
        do(books, "post", "REF-1", "wrong", lines)
    assert balance(books) == "100.00"


def test_a_debit_that_is_not_covered_is_refused(books):
    refused = refusal(books, "pay_out", HERS, cny("100.01"), "PAYOUT-1", OURS)
    assert refused.code is Code.NOT_ALLOWED
    assert str(refused) == f"Account {HERS} holds 100.00 CNY, which does not cover 100.01 CNY."
    assert balance(books) == "100.00"


def test_an_account_is_overdrawn_as_far_as_its_limit_and_no_further(books):
    with books.transaction() as session:
        session.get_one(AccountRow, HERS).overdraft_minor = 5_000
    assert str(refusal(books, "pay_out", HERS, cny("150.01"), "PAYOUT-1", OURS)) == (
        f"Account {HERS} holds 100.00 CNY and may be overdrawn by 50.00 CNY, which does not cover 150.01 CNY."
    )
    do(books, "pay_out", HERS, cny("150.00"), "PAYOUT-1", OURS)
    assert balance(books) == "-50.00"
    do(books, "lock", HERS, OURS)
    assert "still holds -50.00 CNY" in str(refusal(books, "mark_closed", HERS, OURS, TODAY))
    do(books, "pay_in", "PAY-1", HERS, cny("50.00"), "top-up")
    do(books, "mark_closed", HERS, OURS, TODAY)


def test_two_debits_at_once_cannot_both_spend_the_same_money(books):
    def spend(n: int) -> bool:
        try:
            do(books, "pay_out", HERS, cny("60.00"), f"PAYOUT-{n}", OURS)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(spend, range(6))) == 1
    assert balance(books) == "40.00"


def test_a_locked_account_pays_only_for_its_own_case_and_still_takes_credits(books):
    do(books, "lock", HERS, OURS)
    do(books, "lock", HERS, OURS)
    assert str(refusal(books, "lock", HERS, THEIRS)) == f"Account {HERS} is locked by {OURS} already."
    assert "is being closed" in str(refusal(books, "pay_out", HERS, cny("1.00"), "PAYOUT-1", THEIRS))
    assert "not by" in str(refusal(books, "unlock", HERS, THEIRS))
    do(books, "pay_in", "PAY-1", HERS, cny("1.00"), "late credit")
    do(books, "pay_out", HERS, cny("1.00"), "PAYOUT-2", OURS)
    with books.transaction() as session:
        assert BOOKS.account(session, HERS).status is AccountStatus.CLOSING
    do(books, "unlock", HERS, OURS)
    do(books, "pay_out", HERS, cny("1.00"), "PAYOUT-3", THEIRS)
    assert balance(books) == "99.00"


def test_a_frozen_account_takes_no_debit_until_it_is_released(books):
    freeze = (HERS, FreezeBy.COURT, "(2026)沪01执123号", TODAY)
    do(books, "freeze", *freeze)
    do(books, "freeze", *freeze)
    do(books, "lock", HERS, OURS)
    words = f"Account {HERS} is frozen by court ((2026)沪01执123号) and takes no debit."
    assert str(refusal(books, "pay_out", HERS, cny("1.00"), "PAYOUT-1", OURS)) == words
    assert "already" in str(refusal(books, "freeze", HERS, FreezeBy.TAX, "T-1", TODAY))
    do(books, "pay_in", "PAY-1", HERS, cny("1.00"), "late credit")
    with books.transaction() as session:
        assert BOOKS.account(session, HERS).status is AccountStatus.FROZEN
    do(books, "release", HERS)
    assert str(refusal(books, "release", HERS)) == f"Account {HERS} is not frozen."
    do(books, "pay_out", HERS, cny("101.00"), "PAYOUT-1", OURS)
    with books.transaction() as session:
        assert [link.what for link in trail.entries(session, trail.BOOKS)] == [
            "books_loaded",
            "frozen",
            "posted",
            "released",
        ]


def test_an_account_is_closed_only_empty_and_by_who_locked_it(books):
    assert "not locked by" in str(refusal(books, "mark_closed", HERS, OURS, TODAY))
    do(books, "lock", HERS, OURS)
    assert "not locked by" in str(refusal(books, "mark_closed", HERS, THEIRS, TODAY))
    assert str(refusal(books, "mark_closed", HERS, OURS, TODAY)) == (
        f"Account {HERS} still holds 100.00 CNY and cannot be closed."
    )
    do(books, "set_aside", HERS, cny("100.00"), "ASIDE-1", OURS)
    do(books, "freeze", HERS, FreezeBy.COURT, "C-1", TODAY)
    assert "is frozen by court" in str(refusal(books, "mark_closed", HERS, OURS, TODAY))
    do(books, "release", HERS)
    do(books, "mark_closed", HERS, OURS, TODAY)
    with books.transaction() as session:
        facts = BOOKS.account(session, HERS)
    assert (facts.status, facts.closed_on, facts.lock) == (AccountStatus.CLOSED, TODAY, None)


def test_a_closed_account_takes_nothing_at_all(books):
    do(books, "lock", HERS, OURS)
    do(books, "pay_out", HERS, cny("100.00"), "PAYOUT-1", OURS)
    do(books, "mark_closed", HERS, OURS, TODAY)
    words = f"Account {HERS} is closed and takes no posting."
    assert str(refusal(books, "pay_in", "PAY-1", HERS, cny("1.00"), "late")) == words
    assert "was closed on" in str(refusal(books, "lock", HERS, OURS))
    assert "was closed on" in str(refusal(books, "freeze", HERS, FreezeBy.COURT, "C-1", TODAY))


def test_an_account_is_kept_in_one_currency(books):
    dollars = Money(minor=100, currency="USD")
    assert str(refusal(books, "pay_in", "PAY-1", HERS, dollars, "dollars")) == f"Account {HERS} is kept in CNY only."


@pytest.mark.parametrize("text", ["0.00", "-1.00"])
def test_nothing_and_less_cannot_be_moved(books, text):
    assert refusal(books, "pay_in", "PAY-1", HERS, cny(text), "").code is Code.NOT_ALLOWED
    assert refusal(books, "pay_out", HERS, cny(text), "PAYOUT-1", OURS).code is Code.NOT_ALLOWED


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pay_in", "pay_out", "set_aside", "lock", "unlock", "freeze", "release", "mark_closed"]),
        st.sampled_from([OURS, THEIRS]),
        st.integers(1, 15_000),
        st.integers(1, 6),
    ),
    max_size=14,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, number=st.uuids())
def test_whatever_happens_the_books_sum_to_zero_and_no_account_is_overdrawn(database, steps, number):
    account = f"ACC-{number}"
    load_books(database, books_json(account=account, with_things=False), False)
    for step, dossier, minor, n in steps:
        money, reference = Money(minor=minor, currency="CNY"), f"{account}/{n}"
        arguments = {
            "pay_in": (reference, account, money, "in"),
            "pay_out": (account, money, reference, dossier),
            "set_aside": (account, money, reference, dossier),
            "freeze": (account, FreezeBy.BANK, "F-1", TODAY),
            "release": (account,),
            "mark_closed": (account, dossier, TODAY),
        }.get(step, (account, dossier))
        with database.transaction() as session:
            before = BOOKS.account(session, account)
        with suppress(Refused):
            do(database, step, *arguments)
        with database.transaction() as session:
            after = BOOKS.account(session, account)
            assert set(BOOKS.sums(session).values()) == {0}
        assert after.balance.minor >= 0
        if after.balance.minor < before.balance.minor:
            assert before.freeze is None
            assert before.lock in {None, dossier}
        if before.closed_on:
            assert after == before


def test_a_receivable_is_collected_once_from_the_balance(books):
    assert do(books, "collect_receivable", "RCV-1", "COLLECT-1", OURS) == cny("30.00")
    assert do(books, "collect_receivable", "RCV-1", "COLLECT-1", OURS) == cny("30.00")
    assert balance(books) == "70.00"
    assert "was settled on" in str(refusal(books, "collect_receivable", "RCV-1", "COLLECT-2", OURS))
    with books.transaction() as session:
        assert BOOKS.receivables(session, HERS) == ()


def test_a_receivable_that_the_balance_does_not_cover_stays_open(books):
    do(books, "pay_out", HERS, cny("80.00"), "PAYOUT-1", OURS)
    assert refusal(books, "collect_receivable", "RCV-1", "COLLECT-1", OURS).code is Code.NOT_ALLOWED
    with books.transaction() as session:
        assert [each.amount.text for each in BOOKS.receivables(session, HERS)] == ["30.00"]


def test_a_waived_receivable_is_gone_and_no_money_moved(books):
    assert do(books, "waive_receivable", "RCV-1", "WAIVE-1", OURS) == cny("30.00")
    assert balance(books) == "100.00"
    assert "was settled on" in str(refusal(books, "collect_receivable", "RCV-1", "COLLECT-1", OURS))


def test_what_was_on_its_way_settles_once_under_the_lock_too(books):
    do(books, "lock", HERS, OURS)
    do(books, "settle_pending", "PEN-1")
    do(books, "settle_pending", "PEN-1")
    assert balance(books) == "95.00"
    with books.transaction() as session:
        assert BOOKS.pending(session, HERS) == ()


def test_instruments_obligations_signature_and_end_of_an_agreement(books):
    do(books, "take_back", "AGR-1", "INS-1")
    do(books, "fulfil", "AGR-1", "OBL-1")
    do(books, "complete_agreement", "AGR-1")
    do(books, "end_agreement", "AGR-1", TODAY)
    do(books, "end_agreement", "AGR-1", date(2026, 12, 31))
    with books.transaction() as session:
        (agreement,) = BOOKS.agreements(session, HERS)
    assert [each.returned for each in agreement.instruments] == [each.done for each in agreement.obligations] == [True]
    assert (agreement.signed, agreement.sealed, agreement.ended_on) == (True, True, TODAY)
    assert refusal(books, "fulfil", "AGR-1", "OBL-9").code is Code.NOT_FOUND


def test_what_is_not_there_is_named(books):
    of_account = ["account", "agreements", "receivables", "pending", "entries", "release"]
    for method, what in [
        *((method, "account") for method in of_account),
        ("customer", "customer"),
        ("accounts_of", "customer"),
        ("settle_pending", "pending transaction"),
        ("person", "member of staff"),
    ]:
        refused = refusal(books, method, "NO-9")
        assert (refused.code, str(refused)) == (Code.NOT_FOUND, f"There is no {what} NO-9 in the books.")


def test_own_ledgers_have_one_name_for_each_currency():
    assert OwnLedger.PAYOUTS.of("CNY") == "payouts:CNY"
