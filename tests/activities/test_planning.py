"""From a draft to a plan: what is booked where and when, what cannot be, and what a plan rests on."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from activities.planning import Planner
from contracts.adjustments import Draft, Plan
from contracts.books import Line, OwnLedger
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.statements import Difference, DifferenceKind
from contracts.vocabulary import FreezeBy
from gateways.books_facts import ledger_of
from gateways.books_file import load_books
from gateways.books_months import at_noon
from records.books_tables import AccountRow, JournalEntryRow
from records.database import Database
from tests.gateways.books_world import ACCOUNT, BOOKS, CUSTOMER, HERS, cny, do, lines

HER_SAVINGS, HER_DOLLARS, HER_CLOSED, THEIRS = "ACC-2", "ACC-3", "ACC-4", "ACC-9"
TODAY, OCTOBER = date(2026, 11, 20), date(2026, 10, 12)
DOSSIER, NOW = "adjustment-ADJ-1.1", at_noon(date(2026, 11, 20))
LOST = "JE-0000000000000000"
SPAN = (date(2026, 11, 1), date(2026, 11, 15))


@pytest.fixture
def books(database: Database) -> Database:
    """Two customers; one has an account of 100.00 CNY, savings of 10.00 CNY, 7.00 USD, and a closed account."""
    accounts = [
        ACCOUNT,
        ACCOUNT | {"id": HER_SAVINGS, "balance": "10.00"},
        ACCOUNT | {"id": HER_DOLLARS, "currency": "USD", "balance": "7.00"},
        ACCOUNT | {"id": HER_CLOSED, "balance": "0.00", "status": "closed", "last_used_on": "2025-01-01"},
        ACCOUNT | {"id": THEIRS, "customer": "CUS-9"},
    ]
    other = CUSTOMER | {"id": "CUS-9", "identity_number": "110105194912310038", "contacts": []}
    load_books(database, json.dumps({"customers": [CUSTOMER, other], "accounts": accounts}), False)
    return database


def charge(books: Database, amount: str = "-30.00", ledger: str = "fees", on: date = TODAY, account: str = HERS) -> str:
    """An entry against one of our own ledgers; its id."""
    with books.transaction() as session:
        n = len(BOOKS.entries(session, account))
        booked = lines(Money.parse(amount, BOOKS.account(session, account).currency), ledger, account)
        return BOOKS.post(session, f"{account}/{n}", "fee of September", booked, at=at_noon(on))


def close(books: Database, last: str) -> None:
    """Every month with entries up to `last` takes none any more."""
    with books.transaction() as session:
        for period in sorted({each for each in session.exec(select(JournalEntryRow.period)) if each <= last}):
            BOOKS.close_period(session, period, "wang.fang")


def planning(books: Database, plan: Callable[[Planner], Any], account: str = HERS) -> Any:
    with books.reading() as session:
        return plan(Planner(session, BOOKS, BOOKS.account(session, account), TODAY))


def a_plan(books: Database, *reverse: str, book: list[dict[str, Any]] | None = None, **more: Any) -> Plan:
    draft = Draft.model_validate({"reverse": reverse, "book": book or []}, strict=False)
    span = more.pop("span", None)
    plan: Plan = planning(books, lambda planner: planner.plan(DOSSIER, 1, draft, span, ()), **more)
    return plan


def refused(books: Database, *reverse: str, **more: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        a_plan(books, *reverse, **more)
    return refusal.value


def right(amount: str = "-3.00", **more: Any) -> dict[str, Any]:
    return {"account": HERS, "amount": amount, "ledger": "fees", "text": "the right fee"} | more


def post(books: Database, plan: Plan) -> tuple[str, ...]:
    entries: tuple[str, ...] = do(books, "post_all", plan.bookings, DOSSIER, NOW)
    return entries


# ---- what a plan books ---------------------------------------------------------------------------------------------


def test_a_reversal_turns_every_line_and_a_correction_goes_against_the_ledger_that_is_named(books: Database):
    wrong = charge(books)
    plan = a_plan(books, wrong, book=[right(corrects=wrong)])
    back, anew = plan.bookings
    assert (back.reverses, back.corrects, anew.corrects) == (wrong, wrong, wrong)
    assert [(line.ledger, line.amount.text) for line in back.lines] == [
        (ledger_of(HERS), "30.00"),
        ("fees:CNY", "-30.00"),
    ]
    assert [(line.ledger, line.amount.text) for line in anew.lines] == [
        (ledger_of(HERS), "-3.00"),
        ("fees:CNY", "3.00"),
    ]
    assert [each.reference for each in plan.bookings] == [f"{DOSSIER}/plan-1/1", f"{DOSSIER}/plan-1/2"]
    [effect] = plan.effects
    assert (effect.before, effect.after, plan.gross) == (cny("70.00"), cny("97.00"), cny("33.00"))


def test_in_an_open_period_everything_stays_on_its_day(books: Database):
    wrong = charge(books, on=OCTOBER)
    plan = a_plan(books, wrong, book=[right(on=str(OCTOBER))])
    assert {(each.on, each.belongs_on) for each in plan.bookings} == {(OCTOBER, None)}
    assert (plan.periods, plan.days) == (("2026-10",), (OCTOBER, OCTOBER))
    assert "(of" not in "".join(each.text for each in plan.bookings)


def test_a_closed_period_is_put_right_today_with_the_day_that_it_belongs_to(books: Database):
    wrong = charge(books, on=OCTOBER)
    close(books, "2026-10")
    plan = a_plan(books, wrong, book=[right(on=str(OCTOBER), corrects=wrong)])
    assert {(each.on, each.belongs_on) for each in plan.bookings} == {(TODAY, OCTOBER)}
    assert [each.text for each in plan.bookings] == [
        f"reversal of {wrong} (of {OCTOBER}): fee of September",
        f"correction (of {OCTOBER}): the right fee",
    ]
    assert (plan.periods, days_of(plan)[0], days_of(plan)[1]) == (("2026-10", "2026-11"), OCTOBER, OCTOBER)
    post(books, plan)


def test_what_names_no_day_belongs_to_today(books: Database):
    assert [each.on for each in a_plan(books, book=[right()]).bookings] == [TODAY]


@pytest.mark.parametrize(
    ("kind", "booked", "ledger"),
    [
        (DifferenceKind.WRONG_AMOUNT, "receivables_income", "receivables_income"),
        (DifferenceKind.MISSING, "", "payments_in"),
        (DifferenceKind.WRONG_DATE, "payouts", "payouts"),
    ],
)
def test_a_draft_books_against_the_ledger_of_the_entry_that_it_puts_right(
    books: Database, kind: DifferenceKind, booked: str, ledger: str
):
    wrong = charge(books, ledger=booked) if booked else ""
    found = Difference(kind=kind, line=1, entry=wrong, stated=cny("2.00"), stated_on=TODAY, text="a\n line")
    draft, abroad = planning(books, lambda planner: planner.draft([found]))
    [anew] = draft.book
    assert (anew.ledger, anew.amount, anew.on, anew.corrects, anew.text) == (
        ledger,
        "2.00",
        TODAY,
        wrong or None,
        "a line",
    )
    assert (draft.reverse, abroad) == ((wrong,) if wrong else (), ())


def test_money_that_went_out_and_is_missing_goes_to_the_payouts(books: Database):
    found = Difference(kind=DifferenceKind.MISSING, line=1, stated=cny("-2.00"), stated_on=TODAY)
    draft, _ = planning(books, lambda planner: planner.draft([found]))
    assert [(each.ledger, each.text) for each in draft.book] == [(OwnLedger.PAYOUTS, "missing")]


def test_an_entry_against_several_of_our_ledgers_is_corrected_against_payments(books: Database):
    split = [
        Line(ledger=ledger_of(HERS), amount=cny("-30.00")),
        Line(ledger="fees:CNY", amount=cny("20.00")),
        Line(ledger="receivables_income:CNY", amount=cny("10.00")),
    ]
    wrong = do(books, "post", "SPLIT", "fee and debt", split)
    found = Difference(kind=DifferenceKind.WRONG_AMOUNT, line=1, entry=wrong, stated=cny("-3.00"), stated_on=TODAY)
    draft, _ = planning(books, lambda planner: planner.draft([found]))
    assert [each.ledger for each in draft.book] == [OwnLedger.PAYOUTS]


def test_what_stands_on_another_account_of_hers_is_moved_and_on_another_customers_it_is_abroad(books: Database):
    hers, theirs = charge(books, "5.00", account=HER_SAVINGS), charge(books, "5.00", account=THEIRS)
    found = [
        Difference(
            kind=DifferenceKind.WRONG_ACCOUNT, line=n, entry=name, account=on, stated=cny("5.00"), stated_on=TODAY
        )
        for n, (name, on) in enumerate([(hers, HER_SAVINGS), (theirs, THEIRS)], 1)
    ]
    draft, abroad = planning(books, lambda planner: planner.draft(found))
    assert (draft.reverse, len(draft.book), abroad[0].entry, abroad[0].account) == ((hers,), 2, theirs, THEIRS)
    plan = planning(books, lambda planner: planner.plan(DOSSIER, 1, draft, SPAN, abroad))
    assert [(each.account, each.before.text, each.after.text) for each in plan.effects] == [
        (HERS, "100.00", "110.00"),
        (HER_SAVINGS, "15.00", "10.00"),
    ]
    assert (plan.gross, plan.abroad, (days_of(plan)[0], days_of(plan)[1])) == (cny("15.00"), abroad, SPAN)
    post(books, plan)
    assert do(books, "account", HER_SAVINGS).balance == cny("10.00")


# ---- what cannot be ------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_with_a_draft_is_named_with_its_place(books: Database):
    mine, theirs, dollars = charge(books), charge(books, account=THEIRS), charge(books, "-1.00", account=HER_DOLLARS)
    own = [Line(ledger="payouts:CNY", amount=cny("1.00")), Line(ledger="set_aside:CNY", amount=cny("-1.00"))]
    ours = do(books, "post", "OURS", "between us", own)
    back = post(books, a_plan(books, mine))[0]
    tomorrow = TODAY + timedelta(days=1)
    refusal = refused(
        books, mine, theirs, dollars, ours,
        book=[
            right(account=THEIRS),
            right(account=HER_CLOSED),
            right("1.00", account=HER_DOLLARS),
            right("0.00"),
            right("1.005"),
            right(on=str(tomorrow)),
        ],
    )  # fmt: skip
    assert refusal.code is Code.BAD_INPUT
    assert [(fault.path, fault.message) for fault in refusal.faults] == [
        ("reverse[0]", f"{mine} was taken back by {back} already"),
        ("reverse[1]", f"{theirs} is on an account of another customer too, who must be asked"),
        ("reverse[2]", f"{dollars} is not in CNY"),
        ("reverse[3]", f"{ours} is on no account of a customer"),
        ("book[0].account", f"{THEIRS} is no account of CUS-1"),
        ("book[1].account", f"{HER_CLOSED} is closed"),
        ("book[2].account", f"{HER_DOLLARS} is not kept in CNY"),
        ("book[3].amount", "should not be zero"),
        ("book[4].amount", "CNY has 2 decimals, not 3"),
        ("book[5].on", f"{tomorrow} is in the future, or before the account was opened"),
    ]


@pytest.mark.parametrize("named", [((LOST,), []), ((), [right(corrects=LOST)])], ids=["reverse", "corrects"])
def test_an_entry_that_is_not_there_is_said_not_to_be(books: Database, named: tuple[tuple[str, ...], list[Any]]):
    reverse, book = named
    assert str(refused(books, *reverse, book=book)) == f"There is no entry {LOST} in the books."


def test_an_entry_on_an_account_that_was_closed_since_is_not_taken_back(books: Database):
    wrong = charge(books, "-10.00", account=HER_SAVINGS)
    do(books, "lock", HER_SAVINGS, DOSSIER)
    do(books, "mark_closed", HER_SAVINGS, DOSSIER, TODAY)
    [fault] = refused(books, wrong).faults
    assert (fault.path, fault.message) == ("reverse[0]", f"{wrong} is on {HER_SAVINGS}, which is closed")


def test_a_plan_overdraws_an_account_as_far_as_it_may_be_and_no_further(books: Database):
    with books.transaction() as session:
        session.get_one(AccountRow, HERS).overdraft_minor = 5_000
    assert a_plan(books, book=[right("-150.00")]).effects[0].after == cny("-50.00")
    refusal = refused(books, book=[right("-150.01")])
    assert refusal.code is Code.NOT_ALLOWED
    assert str(refusal) == f"The plan cannot be: account {HERS} would stand at -50.01 CNY, which nothing covers."


def test_an_overdrawn_account_is_made_better_by_a_plan_though_not_good(books: Database):
    """Its limit was taken away after it was used."""
    with books.transaction() as session:
        session.get_one(AccountRow, HERS).overdraft_minor = 5_000
    wrong = charge(books, "-150.00")
    with books.transaction() as session:
        session.get_one(AccountRow, HERS).overdraft_minor = 0
    assert a_plan(books, wrong, book=[right("-120.00")]).effects[0].after == cny("-20.00")
    assert "would stand at -50.01" in str(refused(books, book=[right("-0.01")]))


# ---- what a plan rests on ------------------------------------------------------------------------------------------


def basis(books: Database, plan: Plan) -> str:
    found: str = planning(books, lambda planner: planner.basis(plan.bookings, plan.days))
    return found


def days_of(plan: Plan) -> tuple[date, date]:
    assert plan.days
    return plan.days


def freeze(books: Database, _: Plan) -> None:
    do(books, "freeze", HERS, FreezeBy.COURT, "C-1", TODAY)


def outside(books: Database, plan: Plan) -> None:
    charge(books, on=days_of(plan)[0] - timedelta(days=1))
    charge(books, on=days_of(plan)[1] + timedelta(days=1))


def on_another_account(books: Database, plan: Plan) -> None:
    charge(books, "-1.00", on=days_of(plan)[0], account=HER_SAVINGS)


def on_its_first_day(books: Database, plan: Plan) -> None:
    charge(books, "-1.00", on=days_of(plan)[0])


def on_its_last_day(books: Database, plan: Plan) -> None:
    charge(books, "-1.00", on=days_of(plan)[1])


def what_it_takes_back(books: Database, plan: Plan) -> None:
    other = plan.model_copy(update={"bookings": (plan.bookings[0].model_copy(update={"reference": "OTHER"}),)})
    post(books, other)


def its_period(books: Database, plan: Plan) -> None:
    close(books, plan.periods[0])


@pytest.mark.parametrize("happens", [freeze, outside, on_another_account])
def test_what_has_nothing_to_do_with_a_plan_leaves_what_it_rests_on(books: Database, happens: Callable[..., None]):
    plan = a_plan(books, charge(books, on=OCTOBER), span=(OCTOBER, OCTOBER + timedelta(days=5)))
    assert basis(books, plan) == plan.basis
    happens(books, plan)
    assert basis(books, plan) == plan.basis


@pytest.mark.parametrize("happens", [on_its_first_day, on_its_last_day, what_it_takes_back, its_period])
def test_what_a_plan_is_about_changes_what_it_rests_on(books: Database, happens: Callable[..., None]):
    plan = a_plan(books, charge(books, on=OCTOBER), span=(OCTOBER, OCTOBER + timedelta(days=5)))
    happens(books, plan)
    assert basis(books, plan) != plan.basis


def test_an_account_that_is_closed_changes_what_a_plan_rests_on(books: Database):
    plan = a_plan(books, book=[right("1.00")])
    charge(books, "-100.00", on=OCTOBER)
    assert basis(books, plan) == plan.basis
    do(books, "lock", HERS, DOSSIER)
    do(books, "mark_closed", HERS, DOSSIER, TODAY)
    assert basis(books, plan) != plan.basis


# ---- 冲回 ----------------------------------------------------------------------------------------------------------


def undone(books: Database, plan: Plan, entries: tuple[str, ...]) -> Plan:
    back: Plan = planning(books, lambda planner: planner.undo(DOSSIER, 2, plan, entries))
    return back


def test_what_is_undone_is_everything_that_was_posted_and_the_books_are_as_before(books: Database):
    wrong = charge(books)
    plan = a_plan(books, wrong, book=[right(corrects=wrong)], span=SPAN)
    entries = post(books, plan)
    back = undone(books, plan, entries)
    assert ([each.reverses for each in back.bookings], back.undoes) == ([*entries], 1)
    assert back.effects[0].after == cny("70.00")
    post(books, back)
    with books.reading() as session:
        assert [each.id for each in BOOKS.standing(BOOKS.entries(session, HERS))][1:] == [wrong]


def test_what_was_taken_back_since_is_not_taken_back_again(books: Database):
    wrong = charge(books)
    plan = a_plan(books, wrong, book=[right(corrects=wrong)])
    first, second = post(books, plan)
    other = undone(books, plan, (second,))
    post(books, other.model_copy(update={"bookings": tuple(renamed(other))}))
    back = undone(books, plan, (first, second))
    assert [each.reverses for each in back.bookings] == [first]
    post(books, back)
    assert planning(books, lambda planner: planner.undo(DOSSIER, 2, plan, (first, second))) is None


def renamed(plan: Plan) -> list[Any]:
    return [each.model_copy(update={"reference": f"OTHER/{n}"}) for n, each in enumerate(plan.bookings)]


def test_undoing_what_the_customer_has_spent_is_refused(books: Database):
    plan = a_plan(books, charge(books))
    entries = post(books, plan)
    charge(books, "-90.00", "payouts")
    with pytest.raises(Refused, match=r"would stand at -20\.00 CNY"):
        undone(books, plan, entries)


def test_what_is_undone_after_its_period_was_closed_is_booked_today(books: Database):
    plan = a_plan(books, charge(books, on=OCTOBER))
    entries = post(books, plan)
    close(books, "2026-10")
    back = undone(books, plan, entries)
    assert ([each.on for each in back.bookings], back.periods) == ([TODAY], ("2026-10", "2026-11"))


def test_two_plans_of_one_draft_are_alike_to_the_letter(books: Database):
    wrong = charge(books)
    assert a_plan(books, wrong) == a_plan(books, wrong)


def test_planning_books_nothing(books: Database):
    wrong = charge(books)
    with books.reading() as session:
        before = BOOKS.entries(session, HERS)
    a_plan(books, wrong, book=[right()])
    with books.reading() as session:
        assert BOOKS.entries(session, HERS) == before
