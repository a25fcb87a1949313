"""Work on a task short of deciding it: claim, release, reassign, delegate, comment."""

from functools import partial
from pathlib import Path

import pytest

from contracts.desk import BulkResult, Remark
from contracts.refusals import Code
from contracts.tasks import TaskState
from contracts.views import InboxLine
from contracts.vocabulary import Role
from gateways.casebook import Casebook
from gateways.desk_work import DeskWork
from gateways.tokens import LocalTokens
from policy import Policies
from records import trail
from records.database import Database
from records.people_tables import RecusalRow
from records.tables import TaskRow
from tests.gateways.desk_world import (
    CASE,
    DOSSIER,
    HOUR,
    IN_FORCE,
    NOW,
    a_case,
    a_decision,
    a_task,
    an_absence,
    claimed,
    fill,
    keep,
    policies,
    refused,
    task_id,
)
from tests.support.firm import ROOT

TASK = task_id("review")


@pytest.fixture
def tokens(tmp_path: Path) -> LocalTokens:
    return LocalTokens(tmp_path / "keys")


@pytest.fixture
def desk(database: Database, tokens: LocalTokens) -> DeskWork:
    fill(database, a_case(), a_task("review"))
    return DeskWork(database, tokens, policies())


def inbox(desk: DeskWork, staff: str | None = None) -> list[InboxLine]:
    return Casebook(desk.database, policies()).inbox(staff=staff)


def told(desk: DeskWork, dossier: str = DOSSIER) -> list[tuple[str, str]]:
    """Who did what, by the trail, which holds."""
    with desk.database.transaction() as session:
        assert trail.verify(session) == []
        return [(link.who, link.what) for link in trail.entries(session, dossier)]


def test_a_claimed_task_names_its_holder_until_it_is_released(desk: DeskWork, tokens: LocalTokens) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    assert inbox(desk)[0].claimed_by == "ann"
    assert desk.claim(TASK, tokens.mint("ann")).claimed_by == "ann"
    assert desk.release(TASK, tokens.mint("ann")).state is TaskState.OPEN
    assert inbox(desk)[0].claimed_by is None


def test_two_people_do_not_hold_one_task(desk: DeskWork, tokens: LocalTokens) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    refusal = refused(lambda: desk.claim(TASK, tokens.mint("bob")))
    assert refusal.code is Code.NOT_ALLOWED
    assert "ann" in refusal.sentence


def test_a_supervisor_takes_a_task_from_one_and_gives_it_to_another(desk: DeskWork, tokens: LocalTokens) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    assert refused(lambda: desk.release(TASK, tokens.mint("bob"))).code is Code.FORBIDDEN
    assert refused(lambda: desk.reassign(TASK, "bob", tokens.mint("bob"))).code is Code.FORBIDDEN
    assert desk.reassign(TASK, "bob", tokens.mint("boss")).claimed_by == "bob"


def test_a_supervisor_who_keeps_out_of_a_case_leads_nobody_in_it(desk: DeskWork, tokens: LocalTokens) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    keep(desk.database, RecusalRow(dossier=DOSSIER, staff="boss", reason="a friend", at=NOW))
    assert refused(lambda: desk.reassign(TASK, "bob", tokens.mint("boss"))).code is Code.FORBIDDEN
    assert refused(lambda: desk.comment(TASK, Remark(text="x"), tokens.mint("boss"))).code is Code.FORBIDDEN


@pytest.mark.parametrize(
    ("person", "code", "words"),
    [
        ("clerk", Code.FORBIDDEN, "holds none of the roles"),
        ("away", Code.FORBIDDEN, "is absent today"),
        ("recused", Code.FORBIDDEN, "is recused"),
        ("maker", Code.FOUR_EYES, "made or asked for"),
        ("cousin", Code.FOUR_EYES, "related to the customer"),
        ("decided", Code.FOUR_EYES, "has decided task"),
        ("nobody", Code.NOT_FOUND, "nobody"),
    ],
)
def test_a_task_goes_only_to_somebody_whom_the_judge_would_hear(
    desk: DeskWork, tokens: LocalTokens, person: str, code: Code, words: str
) -> None:
    if person == "recused":
        person = "bob"
        keep(desk.database, RecusalRow(dossier=DOSSIER, staff="bob", reason="a friend", at=NOW))
    if person == "decided":
        person = "bob"
        keep(desk.database, a_decision("bob"))
    for refusal in (
        refused(lambda: desk.claim(TASK, tokens.mint(person))),
        refused(lambda: desk.reassign(TASK, person, tokens.mint("boss"))),
    ):
        assert refusal.code is code
        assert words in refusal.sentence


def test_a_task_delegated_is_worked_on_by_the_deputy_in_ones_place(desk: DeskWork, tokens: LocalTokens) -> None:
    note = desk.delegate(TASK, tokens.mint("ann"))
    assert (note.claimed_by, note.delegated_by, note.state) == ("dora", "ann", TaskState.CLAIMED)
    assert [line.why for line in inbox(desk, "dora")] == ["delegated to you by ann"]
    assert told(desk) == [("ann", f"task delegated: {TASK}")]
    desk.comment(TASK, Remark(text="seen"), tokens.mint("dora"))
    assert refused(lambda: desk.claim(TASK, tokens.mint("bob"))).code is Code.NOT_ALLOWED


@pytest.mark.parametrize("taken_back", ["by the deputy", "by the one who gave it", "by a supervisor"])
def test_what_is_taken_back_is_no_longer_delegated(desk: DeskWork, tokens: LocalTokens, taken_back: str) -> None:
    desk.delegate(TASK, tokens.mint("ann"))
    who = {"by the deputy": "dora", "by the one who gave it": "ann", "by a supervisor": "boss"}[taken_back]
    desk.release(TASK, tokens.mint(who))
    assert desk.claim(TASK, tokens.mint("bob")).delegated_by is None
    assert refused(lambda: desk.comment(TASK, Remark(text="x"), tokens.mint("clerk"))).code is Code.FORBIDDEN


def test_reassigning_ends_a_delegation(desk: DeskWork, tokens: LocalTokens) -> None:
    desk.delegate(TASK, tokens.mint("ann"))
    assert desk.reassign(TASK, "bob", tokens.mint("boss")).delegated_by is None


@pytest.mark.parametrize(
    ("person", "code"),
    [("bob", Code.NOT_ALLOWED), ("gone", Code.FORBIDDEN), ("clerk", Code.FORBIDDEN), ("maker", Code.FOUR_EYES)],
)
def test_there_is_no_delegating_without_a_deputy_who_is_there_or_what_one_may_not_do(
    desk: DeskWork, tokens: LocalTokens, person: str, code: Code
) -> None:
    assert refused(lambda: desk.delegate(TASK, tokens.mint(person))).code is code
    assert inbox(desk)[0].claimed_by is None


def test_nobody_is_delegated_to_who_must_keep_out(desk: DeskWork, tokens: LocalTokens) -> None:
    keep(desk.database, RecusalRow(dossier=DOSSIER, staff="dora", reason="a friend", at=NOW))
    assert "dora is recused" in refused(lambda: desk.delegate(TASK, tokens.mint("ann"))).sentence


def test_a_deputy_takes_over_what_an_absent_colleague_has_claimed(desk: DeskWork, tokens: LocalTokens) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    assert refused(lambda: desk.claim(TASK, tokens.mint("dora"))).code is Code.NOT_ALLOWED  # ann is there
    keep(desk.database, an_absence("ann"))
    assert desk.claim(TASK, tokens.mint("dora")).claimed_by == "dora"


def test_nobody_gets_more_tasks_than_the_policy_allows(desk: DeskWork, tokens: LocalTokens, tmp_path: Path) -> None:
    desk.policies = capped(tmp_path, 1)
    keep(desk.database, a_task("second"), claimed("held", "dora"))
    desk.claim(TASK, tokens.mint("ann"))
    assert desk.claim(TASK, tokens.mint("ann")).claimed_by == "ann"  # it is hers already
    second = task_id("second")
    for act in (
        lambda: desk.claim(second, tokens.mint("ann")),
        lambda: desk.reassign(second, "ann", tokens.mint("boss")),
        lambda: desk.delegate(TASK, tokens.mint("ann")),
    ):
        refusal = refused(act)
        assert refusal.code is Code.NOT_ALLOWED
        assert "1 open task; the policy allows 1" in refusal.sentence
    assert {line.name: line.claimed_by for line in inbox(desk)} == {"review": "ann", "second": None, "held": "dora"}


def capped(folder: Path, load_cap: int) -> Policies:
    """The policy in force, with another number."""
    text = (ROOT / "policy" / f"{IN_FORCE}.toml").read_text(encoding="utf-8")
    (folder / f"{IN_FORCE}.toml").write_text(text.replace("load_cap = 30", f"load_cap = {load_cap}"), encoding="utf-8")
    return Policies(folder)


def test_all_that_somebody_has_goes_to_another_and_each_task_is_told(desk: DeskWork, tokens: LocalTokens) -> None:
    keep(desk.database, claimed("one", "ann", due=2 * HOUR), claimed("two", "ann"), claimed("other", "dora"))
    keep(desk.database, claimed("odd", "ann", due=HOUR, roles=(Role.LEGAL,)))
    rehearsed = desk.reassign_all("ann", "bob", tokens.mint("boss"), dry_run=True)
    assert [(line.task, line.result) for line in rehearsed.results] == [
        (task_id("odd"), BulkResult.REFUSED),
        (task_id("one"), BulkResult.WOULD_BE_DONE),
        (task_id("two"), BulkResult.WOULD_BE_DONE),
    ]
    assert ({line.claimed_by for line in inbox(desk)}, told(desk)) == ({None, "ann", "dora"}, [])

    report = desk.reassign_all("ann", "bob", tokens.mint("boss"))
    assert (report.done, report.refused) == (2, 1)
    assert (report.results[0].code, report.results[0].task) == (Code.FORBIDDEN, task_id("odd"))
    held = {line.name: line.claimed_by for line in inbox(desk)}
    assert held == {"review": None, "one": "bob", "two": "bob", "other": "dora", "odd": "ann"}
    assert told(desk) == [("boss", f"task reassigned: {task_id(name)}") for name in ("one", "two")]


def test_all_of_a_colleague_is_given_away_by_a_supervisor_or_by_themselves(desk: DeskWork, tokens: LocalTokens) -> None:
    keep(desk.database, claimed("one", "ann"))
    assert desk.reassign_all("ann", "bob", tokens.mint("clerk")).results[0].code == Code.FORBIDDEN
    assert desk.reassign_all("ann", "bob", tokens.mint("ann")).done == 1
    assert refused(lambda: desk.reassign_all("ann", "nobody", tokens.mint("boss"))).code is Code.NOT_FOUND
    bound = tokens.mint("boss", task=TASK)
    assert refused(lambda: desk.reassign_all("ann", "bob", bound)).code is Code.FORBIDDEN


def test_what_is_done_stands_in_the_trail_with_who_did_it(desk: DeskWork, tokens: LocalTokens) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    desk.comment(TASK, Remark(text="waiting for the bank"), tokens.mint("ann"))
    desk.reassign(TASK, "bob", tokens.mint("ann"))
    assert told(desk) == [
        ("ann", f"task claimed: {TASK}"),
        ("ann", f"task commented: {TASK}"),
        ("ann", f"task reassigned: {TASK}"),
    ]
    with desk.database.transaction() as session:
        links = trail.entries(session, DOSSIER)
    assert links[1].why == "waiting for the bank"
    assert links[2].evidence == {"to": "bob"}
    assert Casebook(desk.database, policies()).show(CASE).tasks[0].comments[0].text == "waiting for the bank"


def test_who_made_what_is_decided_may_say_something_about_it(desk: DeskWork, tokens: LocalTokens) -> None:
    for person in ("maker", "boss"):
        desk.comment(TASK, Remark(text="as agreed by telephone"), tokens.mint(person))
    for person, code in (("clerk", Code.FORBIDDEN), ("cousin", Code.FOUR_EYES)):
        assert refused(partial(desk.comment, TASK, Remark(text="x"), tokens.mint(person))).code is code


def test_a_decided_task_is_left_alone_and_says_who_decided(desk: DeskWork, tokens: LocalTokens) -> None:
    with desk.database.transaction() as session:
        row = session.get_one(TaskRow, TASK)
        row.state, row.option, row.ended_at = TaskState.DECIDED, "approve", NOW
        session.add(a_decision("bob"))
    for act in (desk.claim, desk.release, desk.delegate):
        refusal = refused(partial(act, TASK, tokens.mint("ann")))
        assert refusal.code is Code.ALREADY_DECIDED
        assert "approve by bob" in refusal.sentence


def test_a_token_for_another_task_is_no_good(desk: DeskWork, tokens: LocalTokens) -> None:
    assert refused(lambda: desk.claim(TASK, tokens.mint("ann", task="other"))).code is Code.FORBIDDEN
    assert refused(lambda: desk.claim(TASK, "forged")).code is Code.UNAUTHENTICATED
    assert refused(lambda: desk.claim("nothing", tokens.mint("ann"))).code is Code.NOT_FOUND
    assert desk.claim(TASK, tokens.mint("ann", task=TASK)).claimed_by == "ann"


def test_only_a_claimed_task_can_be_released(desk: DeskWork, tokens: LocalTokens) -> None:
    assert refused(lambda: desk.release(TASK, tokens.mint("ann"))).code is Code.NOT_ALLOWED
