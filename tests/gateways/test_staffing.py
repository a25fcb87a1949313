"""Who is there to work on what: recusal from a case, and absence."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from contracts.books import Absence
from contracts.refusals import Code
from contracts.tasks import TaskState
from gateways.books import Ledger
from gateways.books_journal import today
from gateways.casebook import Casebook
from gateways.desk_work import DeskWork
from gateways.staffing import Staffing
from gateways.tokens import LocalTokens
from records import trail
from records.database import Database
from records.tables import TaskRow
from tests.gateways.desk_world import (
    CASE,
    DOSSIER,
    NOW,
    a_case,
    a_task,
    claimed,
    fill,
    policies,
    refused,
    task_id,
)

DAY = timedelta(days=1)


@pytest.fixture
def tokens(tmp_path: Path) -> LocalTokens:
    return LocalTokens(tmp_path / "keys")


@pytest.fixture
def staffing(database: Database, tokens: LocalTokens) -> Staffing:
    other = a_case("closure-ACC-2")
    given = claimed("given", "dora", delegated_by="ann")
    far = claimed("far", "ann", case="closure-ACC-2", due=20 * DAY)
    fill(database, a_case(), other, a_task("review"), claimed("mine", "ann", due=DAY), given, far)
    return Staffing(database, tokens)


def period(first: int, last: int) -> Absence:
    """From so many days after today until so many days after."""
    return Absence(since=today() + first * DAY, until=today() + last * DAY)


def absences(staffing: Staffing, staff: str) -> list[tuple[date, date]]:
    with staffing.database.reading() as session:
        everybody = {person.id: person for person in Ledger().staff(session)}
        assert everybody[staff] == Ledger().person(session, staff)
        return [(absence.since, absence.until) for absence in everybody[staff].absent]


def test_who_is_recused_is_kept_out_of_the_case_and_what_they_had_goes_back(
    staffing: Staffing, tokens: LocalTokens
) -> None:
    told = staffing.recuse(CASE, "the customer is a friend", tokens.mint("ann"))
    assert (told.reference, told.staff, set(told.released)) == (DOSSIER, "ann", {task_id("mine"), task_id("given")})
    desk, book = DeskWork(staffing.database, tokens, policies()), Casebook(staffing.database, policies())
    assert "ann is recused" in refused(lambda: desk.claim(task_id("review"), tokens.mint("ann"))).sentence
    assert [line.name for line in book.inbox(staff="ann")] == ["far"]
    assert book.inbox(staff="dora")  # for another who is absent, not for ann
    assert {line.why for line in book.inbox(staff="dora")} == {"as deputy of away, who is absent until 2099-12-31"}
    with staffing.database.transaction() as session:
        assert session.get_one(TaskRow, task_id("mine")).state is TaskState.OPEN
        assert session.get_one(TaskRow, task_id("far", "closure-ACC-2")).claimed_by == "ann"
        (link,) = trail.entries(session, DOSSIER)
    assert (link.who, link.what, link.why) == ("ann", "recused", "the customer is a friend")


def test_the_same_recusal_again_is_told_the_same(staffing: Staffing, tokens: LocalTokens) -> None:
    first = staffing.recuse(CASE, "a friend", tokens.mint("ann"))
    again = staffing.recuse(DOSSIER, "as I said", tokens.mint("ann"))
    assert again.model_copy(update={"released": first.released}) == first
    with staffing.database.transaction() as session:
        assert len(trail.entries(session, DOSSIER)) == 1


def test_a_recusal_needs_a_reason_a_case_that_is_open_and_somebody_of_the_firm(
    staffing: Staffing, tokens: LocalTokens
) -> None:
    assert refused(lambda: staffing.recuse(CASE, " ", tokens.mint("ann"))).code is Code.REASON_MISSING
    assert refused(lambda: staffing.recuse("closure-X", "a friend", tokens.mint("ann"))).code is Code.NOT_FOUND
    assert refused(lambda: staffing.recuse(CASE, "a friend", tokens.mint("nobody"))).code is Code.NOT_FOUND
    bound = tokens.mint("ann", task=task_id("review"))
    assert refused(lambda: staffing.recuse(CASE, "a friend", bound)).code is Code.FORBIDDEN
    with staffing.database.transaction() as session:
        session.add(a_case("ended", ended_at=NOW, outcome="closed"))
    assert refused(lambda: staffing.recuse("ended", "a friend", tokens.mint("ann"))).code is Code.ALREADY_ENDED


def test_who_is_away_is_absent_and_their_deputy_sees_what_is_due_before_they_are_back(
    staffing: Staffing, tokens: LocalTokens
) -> None:
    told = staffing.absence("ann", period(0, 5), tokens.mint("ann"))
    assert (told.deputy, told.waiting) == ("dora", (task_id("mine"),))
    assert absences(staffing, "ann") == [(today(), today() + 5 * DAY)]
    why = {line.name: line.why for line in Casebook(staffing.database, policies()).inbox(staff="dora")}
    assert why["mine"] == why["far"] == f"as deputy of ann, who is absent until {today() + 5 * DAY}"
    with staffing.database.transaction() as session:
        assert session.get_one(TaskRow, task_id("mine")).claimed_by == "ann"  # nothing is moved silently
        (link,) = (each for each in trail.entries(session, trail.BOOKS) if "absence" in each.what)
    assert (link.who, link.what) == ("ann", "absence entered: ann")


def test_an_absence_to_come_moves_nothing_yet(staffing: Staffing, tokens: LocalTokens) -> None:
    staffing.absence("ann", period(3, 5), tokens.mint("ann"))
    why = {line.name: line.why for line in Casebook(staffing.database, policies()).inbox(staff="dora")}
    assert "deputy of away" in why["mine"]


def test_absences_add_to_those_of_the_core_system_and_may_overlap(staffing: Staffing, tokens: LocalTokens) -> None:
    staffing.absence("away", period(1, 5), tokens.mint("boss"))
    staffing.absence("away", period(2, 9), tokens.mint("boss"))
    staffing.absence("away", period(2, 7), tokens.mint("boss"))
    assert absences(staffing, "away")[1:] == [
        (today() + DAY, today() + 5 * DAY),
        (today() + 2 * DAY, today() + 7 * DAY),  # the same first day: changed
    ]


def test_the_same_absence_again_is_told_the_same(staffing: Staffing, tokens: LocalTokens) -> None:
    first = staffing.absence("ann", period(0, 2), tokens.mint("ann"))
    assert staffing.absence("ann", period(0, 2), tokens.mint("ann")) == first
    with staffing.database.transaction() as session:
        assert sum("absence" in link.what for link in trail.entries(session, trail.BOOKS)) == 1


@pytest.mark.parametrize(("first", "last", "words"), [(3, 1, "is before"), (-3, -1, "is past")])
def test_an_absence_the_wrong_way_round_or_past_is_refused(
    staffing: Staffing, tokens: LocalTokens, first: int, last: int, words: str
) -> None:
    refusal = refused(lambda: staffing.absence("ann", period(first, last), tokens.mint("ann")))
    assert (refusal.code, refusal.faults[0].path) == (Code.BAD_INPUT, "--until")
    assert words in refusal.sentence


def test_who_has_no_deputy_or_one_who_is_absent_too_is_told_when_nobody_stands_in(
    staffing: Staffing, tokens: LocalTokens
) -> None:
    assert staffing.absence("bob", period(0, 2), tokens.mint("bob")).deputy is None
    assert staffing.absence("gone", period(1, 3), tokens.mint("gone")).deputy_absent == (period(1, 3),)
    staffing.absence("dora", period(2, 9), tokens.mint("boss"))
    assert staffing.absence("ann", period(0, 4), tokens.mint("ann")).deputy_absent == (period(2, 4),)
    assert staffing.absence("ann", period(0, 1), tokens.mint("ann")).deputy_absent == ()


def test_an_absence_that_runs_ended_yesterday_and_its_person_is_back(staffing: Staffing, tokens: LocalTokens) -> None:
    running = period(-2, 5)
    staffing.absence("ann", running, tokens.mint("ann"))
    told = staffing.back("ann", running.since, tokens.mint("ann"))
    assert told.until == today() - DAY
    assert absences(staffing, "ann") == [(running.since, today() - DAY)]
    why = {line.name: line.why for line in Casebook(staffing.database, policies()).inbox(staff="dora")}
    assert "deputy of away" in why["review"]
    with staffing.database.transaction() as session:
        link = trail.entries(session, trail.BOOKS)[-1]
    assert (link.who, link.what, link.evidence["until"]) == ("ann", "absence ended: ann", str(running.until))
    over = refused(lambda: staffing.back("ann", running.since, tokens.mint("ann")))
    assert (over.code, "is over since" in over.sentence) == (Code.NOT_ALLOWED, True)


@pytest.mark.parametrize("first", [0, 3])
def test_an_absence_that_begins_today_or_later_is_taken_back(
    staffing: Staffing, tokens: LocalTokens, first: int
) -> None:
    planned = period(first, 5)
    staffing.absence("ann", planned, tokens.mint("ann"))
    assert staffing.back("ann", planned.since, tokens.mint("boss")).until is None
    assert absences(staffing, "ann") == []
    with staffing.database.transaction() as session:
        link = trail.entries(session, trail.BOOKS)[-1]
    assert (link.who, link.what) == ("boss", "absence taken back: ann")
    again = refused(lambda: staffing.back("ann", planned.since, tokens.mint("boss")))
    assert again.code is Code.NOT_FOUND


def test_an_absence_of_the_core_system_or_of_others_is_not_ended_here(staffing: Staffing, tokens: LocalTokens) -> None:
    of_the_core = date(2020, 1, 1)
    refusal = refused(lambda: staffing.back("away", of_the_core, tokens.mint("boss")))
    assert (refusal.code, "core system" in refusal.sentence) == (Code.NOT_ALLOWED, True)
    staffing.absence("ann", period(0, 1), tokens.mint("ann"))
    assert refused(lambda: staffing.back("ann", today(), tokens.mint("bob"))).code is Code.FORBIDDEN
    assert len(absences(staffing, "ann")) == 1


def test_only_a_supervisor_or_manager_enters_the_absence_of_others(staffing: Staffing, tokens: LocalTokens) -> None:
    assert refused(lambda: staffing.absence("ann", period(0, 1), tokens.mint("bob"))).code is Code.FORBIDDEN
    assert staffing.absence("ann", period(0, 1), tokens.mint("boss")).by == "boss"
    assert refused(lambda: staffing.absence("nobody", period(0, 1), tokens.mint("boss"))).code is Code.NOT_FOUND
