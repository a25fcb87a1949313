"""Who changes an adjustment past the triggers of its tables is found: each change by one sentence."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from contracts.adjustments import Draft
from gateways.adjustment_book import adjustment_view
from gateways.plan_audit import breaks
from gateways.plan_trail import hash_of
from records.database import Database
from tests.support.house import House
from tests.support.plan_room import PlanRoom, correction

DOSSIER = "adjustment-ACC-1.1"
GUARDED = ("adjustment_plans", "plan_marks", "remarks", "journal_entries", "journal_lines")
NO_TEMPORAL = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
FALSE_PLAN = "UPDATE adjustment_plans SET plan = replace(plan, '\"minor\":200', '\"minor\":99900') WHERE n = 1"

CHANGES = {
    "UPDATE adjustment_plans SET proposed_by = 'tian.ye' WHERE n = 1": [
        "the proposal of plan 1: the proposer on record is not the one in the trail."
    ],
    "UPDATE adjustment_plans SET why = 'for fun' WHERE n = 1": [
        "the proposal of plan 1: the reason on record is not the one in the trail."
    ],
    "UPDATE adjustment_plans SET at = '2020-01-01 00:00:00.000000' WHERE n = 1": [
        "the proposal of plan 1: the time on record is not the one in the trail."
    ],
    "UPDATE adjustment_plans SET hash = 'x' WHERE n = 1": [
        "plan 1 is not what its hash says.",
        "the proposal of plan 1: the hash on record is not the one in the trail.",
    ],
    FALSE_PLAN: ["plan 1 is not what its hash says."],
    "UPDATE adjustment_plans SET plan = '{' WHERE n = 1": ["plan 1 is not what its hash says."],
    "DELETE FROM adjustment_plans WHERE n = 1": ["the proposal of plan 1 stands in the trail only, not on record."],
    "UPDATE plan_marks SET words = 'nobody' WHERE n = 1 AND mark = 'approved'": [
        "the mark 'approved' of plan 1: the proof on record is not the one in the trail."
    ],
    "UPDATE plan_marks SET hash = 'x' WHERE n = 1 AND mark = 'told'": [
        "the mark 'told' of plan 1: the hash on record is not the one in the trail."
    ],
    "UPDATE plan_marks SET words = '[]' WHERE n = 1 AND mark = 'posted'": [
        "the mark 'posted' of plan 1: the proof on record is not the one in the trail."
    ],
    "UPDATE plan_marks SET words = 'so so' WHERE n = 1 AND mark = 'reconciled'": [
        "the mark 'reconciled' of plan 1: the proof on record is not the one in the trail."
    ],
    "DELETE FROM plan_marks WHERE n = 1 AND mark = 'told'": [
        "the mark 'told' of plan 1 stands in the trail only, not on record."
    ],
    "INSERT INTO plan_marks SELECT dossier, 3, mark, 'x', words, at FROM plan_marks WHERE n = 1 AND mark = 'told'": [
        "the mark 'told' of plan 3 stands on record only, not in the trail."
    ],
    "UPDATE remarks SET words = 'I agree to everything' WHERE about = 'objection'": [
        "what the customer said about objection: the wording on record is not the one in the trail."
    ],
    "UPDATE remarks SET heard_by = 'li.wei' WHERE about = 'objection'": [
        "what the customer said about objection: the name of who noted it on record is not the one in the trail."
    ],
    "UPDATE remarks SET speaker = 'firm' WHERE about = 'objection'": [
        "what the firm said about objection stands on record only, not in the trail.",
        "what the customer said about objection stands in the trail only, not on record.",
    ],
    "DELETE FROM remarks WHERE id = (SELECT min(id) FROM remarks WHERE about = 'question')": [
        "what the customer said about question stands in the trail only, not on record."
    ],
    "DELETE FROM decisions": [
        f"plan {n} was approved by the trail (song.jia), but nothing on record proves it." for n in (1, 2)
    ],
    "UPDATE decisions SET option = 'reject'": [
        f"plan {n} was approved by the trail (song.jia), but nothing on record proves it." for n in (1, 2)
    ],
}
"""What somebody does to the records, and what is said of it."""


@pytest.fixture
def room(tmp_path: Path) -> PlanRoom:
    """A plan is posted, reconciled, and taken back for an objection; no guard is on any more. SQLite only: what is
    asked is the same on both, and how their guards are taken off is not."""
    database = Database(f"sqlite:///{tmp_path / 'quietus.db'}")
    database.upgrade()
    room = PlanRoom(database, tmp_path)
    room.furnish()
    for words in ("什么时候退?", "真的吗?"):
        room.says("ACC-1", "question", words)
    hash = room.ready()
    room.post("ACC-1", hash)
    assert room.postings.reconcile_books(room.step("ACC-1", "reconcile"), hash) == ""
    room.says("ACC-1", "objection", "我不同意")
    back = room.plans.propose_undoing(room.step("ACC-1", "undo"), hash, "chen.jie", "justified")
    room.approved_and_told("ACC-1", back.hash)
    room.post("ACC-1", back.hash)
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('{}')"
    with database.engine.begin() as connection:
        for (name,) in connection.exec_driver_sql(triggers.format("', '".join(GUARDED))).all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    return room


def done(room: PlanRoom, *statements: str) -> None:
    with room.database.engine.begin() as connection:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount, "it changes nothing"


def found(room: PlanRoom, dossier: str | None = None) -> list[str]:
    with room.database.reading() as session:
        return list(breaks(session, room.evidence, dossier))


def sentences(words: Iterable[str]) -> list[str]:
    return [f"{DOSSIER}: {each}" for each in words]


def entries(room: PlanRoom, n: int) -> list[str]:
    plan = adjustment_view(room.database, DOSSIER).plans[n - 1]
    return [str(each) for each in json.loads(next(each.words for each in plan.marks if each.mark == "posted"))]


def test_a_plan_that_was_posted_and_taken_back_for_an_objection_holds(room):
    assert found(room) == found(room, DOSSIER) == found(room, "adjustment-ACC-2.1") == []
    assert adjustment_view(room.database, DOSSIER).breaks == ()


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_what_is_changed_in_the_records_is_said(room, change):
    done(room, change)
    assert found(room) == found(room, DOSSIER) == sentences(CHANGES[change])
    assert found(room, "adjustment-ACC-2.1") == []


def test_a_text_that_was_changed_together_with_its_hash_is_not_the_one_in_the_trail(room):
    done(room, FALSE_PLAN)
    with room.database.reading() as session:
        text = session.connection().exec_driver_sql("SELECT plan FROM adjustment_plans WHERE n = 1").scalar_one()
    done(room, f"UPDATE adjustment_plans SET hash = '{hash_of(text)}' WHERE n = 1")
    assert found(room) == sentences(["the proposal of plan 1: the hash on record is not the one in the trail."])


def test_entries_that_are_not_what_was_planned_are_named(room):
    wrong, right = entries(room, 1)
    done(room, f"UPDATE journal_lines SET minor = minor * 2 WHERE entry = '{right}'")
    assert found(room) == sentences([f"plan 1: {right} does not stand in the books as it was planned."])
    done(room, f"UPDATE journal_entries SET dossier = NULL WHERE id = '{wrong}'")
    assert found(room) == sentences(
        f"plan 1: {each} does not stand in the books as it was planned." for each in (wrong, right)
    )


def test_an_entry_that_stands_in_no_plan_is_named(room):
    outside = room.book("ACC-1", -700, room.at.date())
    done(room, f"UPDATE journal_entries SET dossier = '{DOSSIER}' WHERE id = '{outside}'")
    assert found(room) == sentences([f"{outside} was booked in its name, and no plan that was posted holds it."])
    done(room, f"UPDATE journal_entries SET dossier = 'adjustment-none.1' WHERE id = '{outside}'")
    assert found(room) == [
        f"adjustment-none.1: {outside} was booked in its name, and no plan that was posted holds it."
    ]


def test_a_snapshot_that_is_gone_or_another_one_is_named(room):
    first, second = sorted((room.evidence.root / "snapshots" / DOSSIER).iterdir())
    first.unlink()
    second.write_text("{}")
    names = [f"snapshots/{DOSSIER}/{each.name}" for each in (first, second)]
    assert found(room) == sentences(
        [f"the snapshot of plan 1, {names[0]}, is gone.", f"the snapshot of plan 2, {names[1]}, is another one."]
    )


def test_a_notice_that_came_back_later_had_been_sent_and_one_that_never_went_out_proves_nothing(room):
    done(room, "UPDATE contacts_made SET state = 'bounced'")
    assert found(room) == []
    done(room, "UPDATE contacts_made SET state = 'failed'")
    assert [each.split(" by the trail")[0] for each in found(room)] == sentences(["plan 1 was told", "plan 2 was told"])


def test_a_posting_that_skipped_approval_and_notice_is_named(room, monkeypatch):
    """By a program that forgot to ask."""
    today = room.at.date()
    plan = room.propose("ACC-2", Draft(book=(correction("ACC-2", -100, today),)))
    monkeypatch.setattr("activities.postings.PlanRecords._marks", lambda *_: {"approved": "", "told": ""})
    assert room.post("ACC-2", plan.hash).entries
    assert found(room) == [
        f"adjustment-ACC-2.1: plan 1 was posted and not {each} before, under its hash." for each in ("approved", "told")
    ]


def test_a_link_that_was_made_unreadable_and_a_word_that_is_none_do_not_stop_the_others_from_being_found(room):
    done(room, "DROP TRIGGER trail_no_update", "UPDATE trail SET evidence = '{' WHERE what = 'plan 1 told'")
    assert sentences(["the mark 'told' of plan 1: the hash on record is not the one in the trail."])[0] in found(room)
    done(room, "UPDATE plan_marks SET mark = 'gone' WHERE n = 2 AND mark = 'told'")
    assert found(room) == ["The records of adjustments cannot be read: 'gone' is not a valid PlanMark."]


def test_verify_and_show_say_it(room):
    house = House(room.evidence.root.parent, {"QUIETUS_HOME": str(room.evidence.root.parent), **NO_TEMPORAL})
    assert house.call("verify").code == 0
    assert "DOES NOT HOLD" not in house.run("adjustment", "show", DOSSIER).out
    sentence = f"{DOSSIER}: plan 1 is not what its hash says."
    done(room, FALSE_PLAN)
    shutil.rmtree(room.evidence.root / "snapshots")
    verified = house.call("verify", DOSSIER)
    assert (verified.code, verified.out.splitlines()[0]) == (1, sentence)
    assert [
        each for each in verified.out.splitlines() if each.endswith(".json, is gone.")
    ] == verified.out.splitlines()[1:3]
    assert house.call("adjustment", "show", DOSSIER, "--json").data["breaks"] == [sentence]
    assert sentence in house.run("adjustment", "show", DOSSIER).out.split("Plan 1 of")[0]
    done(room, "UPDATE adjustment_plans SET plan = '{' WHERE n = 1")
    shown = house.call("adjustment", "show", DOSSIER)
    assert (shown.code, shown.out) == (1, "")
    assert f"Plan 1 of {DOSSIER} is not what its hash says, and cannot be read" in shown.err
