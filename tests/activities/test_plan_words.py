"""A plan in words: what an approver has to see is there however many entries it has."""

from datetime import date

from activities.plan_words import as_told, compared_lines, for_staff
from contracts.adjustments import Abroad, Compared, Effect, Plan
from contracts.books import Booking
from contracts.statements import Difference, DifferenceKind
from contracts.vocabulary import Language
from tests.gateways.books_world import HERS, booking, cny, lines

DAY, HASH = date(2026, 11, 10), "a" * 64
EFFECT = Effect(account=HERS, before=cny("100.00"), after=cny("70.00"))
ENTRY = "JE-0123456789abcdef"


def a_plan(*bookings: Booking) -> Plan:
    return Plan(
        dossier="D", n=1, account=HERS, bookings=bookings, effects=(EFFECT,), periods=("2026-10", "2026-11"),
        gross=cny("30.00"), days=(DAY, DAY), basis=HASH, abroad=(Abroad(entry=ENTRY, account="ACC-9"),),
    )  # fmt: skip


def wrong(text: str, n: int = 1) -> Difference:
    return Difference(
        kind=DifferenceKind.WRONG_AMOUNT, line=n, entry=ENTRY, stated=cny("1.00"), booked=cny("2.00"),
        stated_on=DAY, booked_on=DAY, text=text,
    )  # fmt: skip


def test_an_approver_sees_what_a_plan_comes_to_then_each_entry():
    plan = a_plan(booking("wire fee", lines(cny("-30.00")), DAY))
    shown = for_staff(plan, HASH, lambda period: period > "2026-10", ["it was put right before"])
    assert shown.splitlines() == [
        f"plan 1, hash {HASH}",
        f"{HERS}: 100.00 CNY -> 70.00 CNY",
        "tax periods: 2026-10 (closed), 2026-11 (open); moved in all: 30.00 CNY",
        "it was put right before",
        f"{ENTRY} on ACC-9 belongs to another customer: an adjustment of its own",
        f"1. 2026-11-10 {HERS} -30.00 CNY: wire fee",
    ]


def test_of_a_long_plan_nothing_is_left_out_in_silence():
    many = [booking("x" * 500, lines(cny(f"-{n}00000.00")), DAY) for n in range(1, 101)]
    shown = for_staff(a_plan(*many), HASH, lambda _: True, ())
    head, *_, last = shown.splitlines()
    assert (len(shown) <= 8_000, HASH in head, "70.00 CNY" in shown) == (True, True, True)
    entries = sum(line.partition(". ")[0].isdigit() for line in shown.splitlines())
    assert last == f"{100 - entries} more lines: `starter.py adjustment show` has all entries"


def test_the_customer_is_told_each_entry_of_a_plan_as_far_as_a_notice_goes():
    one = booking("x", lines(cny("30.00")), DAY)
    told = as_told(a_plan(one, one.model_copy(update={"reverses": ENTRY})), Language.EN).splitlines()
    assert [ENTRY in line or "100.00" in line for line in told] == [False, False]
    assert len({*told}) == 2
    long = as_told(a_plan(*[one] * 300), Language.ZH)
    assert len(long) <= 8_000
    assert long.splitlines()[-1] == f"… +{300 - long.count('30.00')}"


def test_differences_are_told_in_short_sentences_and_how_many_there_are_besides():
    found = Compared(statements=("s",), differences=(wrong("y" * 200), wrong("wire")), more=7, unread=("p: is no CSV",))
    said = f"is booked with another amount by entry {ENTRY}, 2.00 CNY on {DAY}."
    assert compared_lines(found).splitlines() == [
        "7 more differences are for another plan",
        f"1. Line 1, 1.00 CNY on {DAY} ({'y' * 40}…), {said}",
        f"2. Line 1, 1.00 CNY on {DAY} (wire), {said}",
        "p: is no CSV",
    ]
    many = compared_lines(found.model_copy(update={"differences": tuple(wrong("z" * 200, n) for n in range(50))}))
    assert len(many) <= 8_000
    assert many.endswith(" more lines: the trail has all differences")


def test_without_a_statement_that_is_said():
    assert compared_lines(Compared()) == "no statement is on file"
    assert compared_lines(Compared(statements=("s",))) == "the books agree with the statements"
