"""An effect is done once, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from sqlmodel import select

from contracts.base import Contract
from contracts.refusals import Code, Refused
from records import trail
from records.database import Database
from records.tables import ClosingDayRow, EffectRow


class Booking(Contract):
    """What an effect is asked with, and what it answers."""

    day: date
    note: str = ""


MONDAY = Booking(day=date(2026, 11, 23))
TUESDAY = Booking(day=date(2026, 11, 24))


def book(database: Database, key: str = "case/book/1", booking: Booking = MONDAY) -> Booking:
    with database.once(key, booking, Booking) as effect:
        if not effect.done:
            effect.session.add(ClosingDayRow(dossier=key, day=booking.day))
            trail.append(effect.session, "case", who="system", what="booked")
            effect.record(booking)
        return effect.result


def test_an_effect_asked_twice_is_done_once_and_answers_the_same(database):
    assert book(database) == book(database) == MONDAY
    with database.transaction() as session:
        assert len(session.exec(select(ClosingDayRow)).all()) == 1
        assert trail.head(session, "case").length == 1


def test_the_same_key_with_other_parameters_is_refused(database):
    book(database)
    with pytest.raises(Refused) as refused:
        book(database, booking=TUESDAY)
    assert refused.value.code is Code.MISMATCH
    assert book(database) == MONDAY


def test_whether_it_was_done_can_be_asked_before_long_work_and_by_who_asked_for_it_only(database):
    assert database.done("case/book/1", MONDAY, Booking) is None
    book(database)
    assert database.done("case/book/1", MONDAY, Booking) == MONDAY
    with pytest.raises(Refused, match="done before with other content"):
        database.done("case/book/1", TUESDAY, Booking)


def test_an_effect_that_fails_leaves_nothing_and_can_be_done_again(database):
    def fail() -> None:
        with database.once("case/book/1", MONDAY, Booking) as effect:
            effect.session.add(ClosingDayRow(dossier="case", day=MONDAY.day))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction() as session:
        assert session.exec(select(ClosingDayRow)).all() == session.exec(select(EffectRow)).all() == []
    assert book(database) == MONDAY


def test_an_effect_left_without_a_result_leaves_nothing(database):
    with database.once("case/book/1", MONDAY, Booking) as effect:
        effect.session.add(ClosingDayRow(dossier="case", day=MONDAY.day))
        trail.append(effect.session, "case", who="system", what="booked")
    with database.transaction() as session:
        assert session.exec(select(ClosingDayRow)).all() == session.exec(select(EffectRow)).all() == []
        assert trail.head(session, "case").length == 0


def test_the_second_caller_waits_for_the_first_and_sees_its_result(database: Database):
    inside, go_on = Event(), Event()

    def first() -> Booking:
        with database.once("case/book/1", None, Booking) as effect:
            inside.set()
            assert go_on.wait(10)
            return effect.record(MONDAY)

    def second() -> Booking:
        assert inside.wait(10)
        with database.once("case/book/1", None, Booking) as effect:
            return effect.result if effect.done else effect.record(TUESDAY)

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(first), pool.submit(second)]
        assert inside.wait(10)
        with pytest.raises(TimeoutError):
            answers[1].result(0.3)
        go_on.set()
        assert [answer.result(10) for answer in answers] == [MONDAY, MONDAY]


def test_the_second_caller_does_it_when_the_first_fails(database):
    inside, go_on = Event(), Event()

    def first() -> None:
        with database.once("case/book/1", None, Booking):
            inside.set()
            assert go_on.wait(10)
            raise ZeroDivisionError

    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(first)
        assert inside.wait(10)
        second = pool.submit(book, database)
        go_on.set()
        with pytest.raises(ZeroDivisionError):
            failing.result(10)
        assert second.result(10) == MONDAY


def test_a_crowd_with_one_key_does_it_once(database):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: book(database), range(24)))
    assert answers == [MONDAY] * 24
    with database.transaction() as session:
        assert trail.head(session, "case").length == 1


@pytest.mark.parametrize(("kind", "result"), [(int, 7), (str, "é\n"), (list[str], ["a", "b"]), (Booking, MONDAY)])
def test_a_result_comes_back_as_what_it_was(database, kind, result):
    with database.once("key", None, kind) as effect:
        effect.record(result)
    with database.once("key", None, kind) as effect:
        assert effect.done
        assert effect.result == result
        with pytest.raises(RuntimeError, match="done before"):
            effect.record(result)


def test_an_effect_without_a_result_has_none_to_give(database):
    with database.once("key", None, int) as effect, pytest.raises(RuntimeError, match="no result yet"):
        _ = effect.result
