"""A bank statement against the books: what agrees is silent, and each fault is told as what it is."""

import random
import time
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.money import Money
from contracts.statements import Difference, DifferenceKind, Statement, StatementLine
from gateways import comparison
from gateways.comparison import NEAR_DAYS, TWIN_DAYS, Booked

SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 30)
OURS, OTHER = "ACC-1", "ACC-2"


def cny(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def stated(*lines: StatementLine) -> Statement:
    return Statement(id="S", account="6222", currency="CNY", since=SINCE, until=UNTIL, lines=lines)


def line(n: int = 1, day: int = 10, minor: int = -2000, reference: str = "", text: str = "") -> StatementLine:
    booked_on = date(2026, 11, day)
    return StatementLine(n=n, reference=reference, booked_on=booked_on, amount=cny(minor), text=text)


def entry(
    name: str = "E1", day: int = 10, minor: int = -2000, reference: str = "", text: str = "", account: str = OURS
) -> Booked:
    return Booked(name, account, reference, date(2026, 11, day), cny(minor), text)


def compare(statement: Statement, booked: Sequence[Booked], elsewhere: Sequence[Booked] = ()) -> tuple[Difference, ...]:
    return comparison.compare([statement], booked, lambda minors: [e for e in elsewhere if e.amount.minor in minors])


def told(found: Sequence[Difference]) -> list[tuple[DifferenceKind, int | None, str]]:
    return [(each.kind, each.line, each.entry) for each in found]


def test_nothing_stated_and_nothing_booked_agree():
    assert compare(stated(), []) == ()


def test_what_is_booked_as_it_is_stated_is_silent():
    assert compare(stated(line(reference="R1", text="card")), [entry(reference="OTHER", text="something else")]) == ()


def test_a_line_that_nobody_booked_is_missing():
    [found] = compare(stated(line(text="card payment")), [])
    assert found == Difference(
        kind=DifferenceKind.MISSING, line=1, stated=cny(-2000), stated_on=date(2026, 11, 10), text="card payment"
    )
    assert found.sentence == "Line 1, -20.00 CNY on 2026-11-10 (card payment), is missing in the books."


def test_an_entry_that_the_bank_does_not_know_is_not_on_the_statement():
    [found] = compare(stated(), [entry(text="cheque")])
    assert told([found]) == [(DifferenceKind.NOT_ON_STATEMENT, None, "E1")]
    assert (found.account, found.booked, found.stated) == (OURS, cny(-2000), None)
    assert found.sentence == "In the books only: entry E1, -20.00 CNY on 2026-11-10 (cheque)."


@pytest.mark.parametrize("day", [date(2026, 10, 31), date(2026, 12, 1)])
def test_an_entry_of_a_day_beside_the_statement_is_no_difference(day: date):
    assert compare(stated(), [entry()._replace(on=day)]) == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"reference": "FEE-9"}, {"reference": "FEE-9/again"}),
        ({"text": "monthly fee 2026-10"}, {"text": "Monthly fee 2026-10"}),
    ],
    ids=["by reference", "by text"],
)
def test_an_entry_booked_once_more_is_doubled(first: dict[str, Any], second: dict[str, Any]):
    books = [entry("E1", **first), entry("E2", day=10 + TWIN_DAYS, **second)]
    [found] = compare(stated(line(**first)), books)
    assert told([found]) == [(DifferenceKind.DOUBLED, 1, "E2")]
    assert found.sentence.endswith("is booked once more by entry E2, -20.00 CNY on 2026-11-13.")


@pytest.mark.parametrize(
    "second",
    [
        {"reference": "FEE-91", "text": "rent"},  # another number, not something added
        {"reference": "FEE-9", "day": 11 + TWIN_DAYS},
        {"reference": "FEE-9", "minor": -2001},
        {"reference": "", "text": ""},
    ],
)
def test_an_entry_that_only_resembles_another_is_not_doubled(second: dict[str, Any]):
    books = [entry(reference="FEE-9", text="fee"), entry("E2", **second)]
    assert told(compare(stated(line(reference="FEE-9", text="fee")), books)) == [
        (DifferenceKind.NOT_ON_STATEMENT, None, "E2")
    ]


def test_an_entry_of_the_same_reference_has_a_wrong_amount():
    [found] = compare(stated(line(reference="R1")), [entry(minor=2000, reference="R1", day=11)])
    assert told([found]) == [(DifferenceKind.WRONG_AMOUNT, 1, "E1")]
    assert (found.stated, found.booked) == (cny(-2000), cny(2000))


def test_an_entry_of_the_same_day_and_words_has_a_wrong_amount():
    books = [entry(minor=-200, text="Hotel Adler, room 12")]
    assert told(compare(stated(line(text="Hotel Adler, Room 12")), books)) == [(DifferenceKind.WRONG_AMOUNT, 1, "E1")]


@pytest.mark.parametrize("same", [{"reference": "R1"}, {"text": "rent of November"}, {}], ids=str)
def test_an_entry_of_another_day_near_by_has_a_wrong_date(same: dict[str, Any]):
    books = [entry(day=10 + NEAR_DAYS, **same)]
    [found] = compare(stated(line(**same)), books)
    assert told([found]) == [(DifferenceKind.WRONG_DATE, 1, "E1")]
    assert (found.stated_on, found.booked_on) == (date(2026, 11, 10), date(2026, 11, 20))


def test_an_amount_that_several_have_says_nothing_of_the_day():
    books = [entry("E1", day=12), entry("E2", day=13)]
    kinds = [kind for kind, _, _ in told(compare(stated(line()), books))]
    assert kinds == [DifferenceKind.MISSING, DifferenceKind.NOT_ON_STATEMENT, DifferenceKind.NOT_ON_STATEMENT]


def test_an_entry_too_far_away_is_another_matter():
    kinds = {kind for kind, _, _ in told(compare(stated(line(reference="R1")), [entry(day=21, reference="R1")]))}
    assert kinds == {DifferenceKind.MISSING, DifferenceKind.NOT_ON_STATEMENT}


@pytest.mark.parametrize("same", [{"reference": "R1"}, {"text": "rent of November"}], ids=str)
def test_an_entry_on_another_account_is_on_the_wrong_one(same: dict[str, Any]):
    [found] = compare(stated(line(**same)), [], [entry(account=OTHER, **same)])
    assert told([found]) == [(DifferenceKind.WRONG_ACCOUNT, 1, "E1")]
    assert found.account == OTHER
    assert "is booked on account ACC-2 by entry E1" in found.sentence


def test_entries_of_other_accounts_that_nothing_speaks_for_stay_where_they_are():
    assert told(compare(stated(line()), [], [entry(account=OTHER)])) == [(DifferenceKind.MISSING, 1, "")]


def test_a_reference_speaks_louder_than_a_text():
    """Two payments of one amount and day, the words crossed."""
    lines = stated(line(1, reference="R1", text="one"), line(2, reference="R2", text="two"))
    assert compare(lines, [entry("E1", reference="R1", text="two"), entry("E2", reference="R2", text="one")]) == ()


def test_two_payments_of_one_amount_are_not_taken_for_each_other():
    """The second copy of R1 does not stand for R2, although amount and day would fit."""
    lines = stated(line(1, reference="R1"), line(2, reference="R2"))
    books = [entry("E1", reference="R1"), entry("E2", reference="R1")]
    assert told(compare(lines, books)) == [(DifferenceKind.DOUBLED, 1, "E2"), (DifferenceKind.MISSING, 2, "")]


def test_the_nearest_words_decide_between_equal_amounts():
    lines = stated(line(1, text="card A, Paris"), line(2, text="card B, Rome"))
    books = [entry("E1", text="card B Rome"), entry("E2", text="fuel")]
    assert compare(lines, books) == ()
    [found] = compare(lines, books[:1])
    assert (found.kind, found.line) == (DifferenceKind.MISSING, 1)


def test_an_entry_in_another_currency_is_the_callers_mistake():
    with pytest.raises(ValueError, match="only entries in CNY"):
        compare(stated(), [entry()._replace(amount=Money(minor=1, currency="USD"))])


def october(*lines: StatementLine) -> Statement:
    return stated(*lines).model_copy(update={"since": date(2026, 10, 1), "until": date(2026, 10, 31)})


def test_an_entry_between_two_statements_stands_for_a_line_of_one_of_them_only():
    before = line().model_copy(update={"booked_on": date(2026, 10, 31)})
    booked = entry()._replace(on=date(2026, 10, 31))
    found = comparison.compare([october(before), stated(line(day=2))], [booked], lambda _: ())
    assert [(each.kind, each.stated_on) for each in found] == [(DifferenceKind.MISSING, date(2026, 11, 2))]


def test_what_is_on_no_statement_is_told_for_the_days_of_each_and_not_between_them():
    later = stated().model_copy(update={"since": date(2026, 11, 10)})
    books = [entry("E1", day=1)._replace(on=date(2026, 10, 5)), entry("E2", day=5), entry("E3", day=20)]
    found = comparison.compare([october(), later], books, lambda _: ())
    assert [each.entry for each in found] == ["E1", "E3"]


def test_other_accounts_are_asked_once_and_only_for_what_is_not_found_here():
    asked: list[set[int]] = []

    def elsewhere(minors: Collection[int]) -> list[Booked]:
        asked.append({*minors})
        return []

    comparison.compare([stated(line(1), line(2, minor=500))], [entry()], elsewhere)
    comparison.compare([stated(line())], [entry()], elsewhere)
    assert asked == [{500}]


def test_far_too_many_alike_lines_are_paired_in_their_order_and_none_twice():
    """Each with each these would be 36 million pairs; and as many again would be twins."""
    lines = [line(n, day=n % 3 + 1, text=f"card {n}") for n in range(1, 6_001)]
    books = [entry(f"E{n}", day=n % 3 + 1, text=f"till {n}") for n in range(12_000)]
    began = time.process_time()
    assert compare(stated(*lines), books[:6_000]) == ()
    found = compare(stated(*lines), books)
    assert len({each.entry for each in found}) == len(found) == 6_000
    assert {each.kind for each in found} == {DifferenceKind.DOUBLED, DifferenceKind.NOT_ON_STATEMENT}
    assert time.process_time() - began < 5


# ---- any books -----------------------------------------------------------------------------------

MOVEMENTS = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.sampled_from([-2000, -1999, 100, 5_000, 5_001, 123_456]),
        st.booleans(),
        st.sampled_from(["rent 2026-11", "account fee", "salary of Zhang Wei", "货款 合同1017", "工资"]),
    ),
    max_size=25,
)
"""Day, amount, whether it has a reference, words. Amounts and words repeat, so that much can be taken for another."""


def world(movements: Sequence[tuple[int, int, bool, str]]) -> tuple[Statement, list[Booked]]:
    lines = [
        line(n, day, minor, f"R-{n:03}" if named else "", text)
        for n, (day, minor, named, text) in enumerate(movements, start=1)
    ]
    return stated(*lines), [
        Booked(f"E{each.n:03}", OURS, each.reference, each.booked_on, each.amount, each.text) for each in lines
    ]


@given(MOVEMENTS, st.randoms())
def test_books_that_say_what_is_stated_show_no_difference(
    movements: list[tuple[int, int, bool, str]], chance: random.Random
):
    statement, books = world(movements)
    chance.shuffle(books)
    assert compare(statement, books) == ()


@given(MOVEMENTS, MOVEMENTS, MOVEMENTS, st.randoms())
def test_the_order_in_which_they_come_changes_nothing(
    movements: list[tuple[int, int, bool, str]],
    booked: list[tuple[int, int, bool, str]],
    others: list[tuple[int, int, bool, str]],
    chance: random.Random,
):
    statement, books, elsewhere = world(movements)[0], world(booked)[1], world(others)[1]
    first = compare(statement, books, elsewhere)
    lines = list(statement.lines)
    for each in (lines, books, elsewhere):
        chance.shuffle(each)
    assert compare(statement.model_copy(update={"lines": tuple(lines)}), books, elsewhere) == first


@given(MOVEMENTS, MOVEMENTS)
def test_every_line_and_entry_is_told_of_once_at_most(
    movements: list[tuple[int, int, bool, str]], booked: list[tuple[int, int, bool, str]]
):
    """And none gets lost: what is neither missing nor extra is paired one to one."""
    statement, books = world(movements)[0], world(booked)[1]
    found = compare(statement, books)
    extra = {DifferenceKind.DOUBLED, DifferenceKind.NOT_ON_STATEMENT}
    entries = [each.entry for each in found if each.entry]
    lines = [each.line for each in found if each.kind not in extra]
    assert len(entries) == len(set(entries))
    assert len(lines) == len(set(lines))
    missing = sum(each.kind is DifferenceKind.MISSING for each in found)
    assert len(statement.lines) - missing == len(books) - sum(each.kind in extra for each in found)


def spoilt(kind: DifferenceKind, books: list[Booked], place: int, by: int) -> tuple[list[Booked], list[Booked]]:
    """The books with one fault, and what stands elsewhere."""
    one, rest = books[place], books[:place] + books[place + 1 :]
    match kind:
        case DifferenceKind.MISSING:
            return rest, []
        case DifferenceKind.DOUBLED:
            return [*books, one._replace(entry="E999", reference=one.reference and f"{one.reference}/2")], []
        case DifferenceKind.NOT_ON_STATEMENT:
            return [*books, Booked("E999", OURS, "", one.on, cny(777), "nobody knows")], []
        case DifferenceKind.WRONG_AMOUNT:
            return [*rest, one._replace(amount=cny(one.amount.minor * 10))], []
        case DifferenceKind.WRONG_DATE:
            return [*rest, one._replace(on=one.on + timedelta(days=by))], []
        case DifferenceKind.WRONG_ACCOUNT:
            return rest, [one._replace(account=OTHER)]


@pytest.mark.parametrize("kind", DifferenceKind)
@settings(max_examples=200)
@given(MOVEMENTS, st.integers(0, 24), st.integers(1, NEAR_DAYS), st.sampled_from([-1, 1]), st.randoms())
def test_one_fault_in_any_books_is_found_as_what_it_is(
    kind: DifferenceKind,
    movements: list[tuple[int, int, bool, str]],
    place: int,
    days: int,
    sign: int,
    chance: random.Random,
):
    assume(place < len(movements))
    statement, books = world(movements)
    books, elsewhere = spoilt(kind, books, place, days * sign)
    chance.shuffle(books)
    [found] = compare(statement, books, elsewhere)
    assert found.kind is kind
    same = [each for each in statement.lines if each.amount == found.stated and each.text == found.text]
    assert kind is DifferenceKind.NOT_ON_STATEMENT or place + 1 in [each.n for each in same]
