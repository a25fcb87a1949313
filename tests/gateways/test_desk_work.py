"""Work on a task short of deciding it: claim, release, reassign, comment."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from contracts.refusals import Code, Refused
from contracts.tasks import TaskOption, TaskSpec, TaskState
from contracts.views import Remark
from contracts.vocabulary import CaseKind, Initiator, Language, Role
from gateways.books_file import load_books
from gateways.casebook import Casebook
from gateways.desk_work import DeskWork
from gateways.tokens import LocalTokens
from records import trail
from records.database import Database
from records.tables import CaseRow, DecisionRow, TaskRow

NOW = datetime.now(UTC).replace(microsecond=0)
TASK = "closure-ACC-1.task-1-approval"
BOOKS = {
    "customers": [
        {"id": "CUS-1", "kind": "person", "name": "张伟", "identity_number": "11010519491231002X",
         "identity_expires_on": "2031-05-01", "language": "zh", "since": "2019-04-01", "related_staff": ["cousin"]}
    ],
    "staff": [
        {"id": "ann", "name": "Ann", "email": "ann@example.com", "roles": ["finance"]},
        {"id": "bob", "name": "Bob", "email": "bob@example.com", "roles": ["finance"]},
        {"id": "maker", "name": "M", "email": "maker@example.com", "roles": ["finance"]},
        {"id": "cousin", "name": "C", "email": "cousin@example.com", "roles": ["finance"]},
        {"id": "away", "name": "A", "email": "away@example.com", "roles": ["finance"],
         "absent": [{"from": "2020-01-01", "until": "2099-12-31"}]},
        {"id": "boss", "name": "B", "email": "boss@example.com", "roles": ["supervisor"]},
        {"id": "clerk", "name": "K", "email": "clerk@example.com", "roles": ["records"]},
    ],
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'quietus.db'}")
    database.upgrade()
    load_books(database, json.dumps(BOOKS), update=False)
    with database.transaction() as session:
        session.add_all([_case(), _task()])
    yield database
    database.dispose()


@pytest.fixture
def tokens(tmp_path: Path) -> LocalTokens:
    return LocalTokens(tmp_path / "keys")


@pytest.fixture
def desk(database: Database, tokens: LocalTokens) -> DeskWork:
    return DeskWork(database, tokens)


def _case() -> CaseRow:
    return CaseRow(
        dossier="closure-ACC-1.1", case_id="closure-ACC-1", n=1, kind=CaseKind.CLOSURE, request_id="R", request="{}",
        request_hash="", account="ACC-1", customer="CUS-1", language=Language.ZH, initiator=Initiator.CUSTOMER,
        policy="p", stage="finance", outcome="open", opened_at=NOW, expected_by=NOW,
    )  # fmt: skip


def _task() -> TaskRow:
    options = (TaskOption(name="fixed"),)
    spec = TaskSpec(task=TASK, name="x", subject="x", roles=(Role.FINANCE,), options=options, barred=("maker",))
    return TaskRow(
        task=TASK, dossier="closure-ACC-1.1", case_id="closure-ACC-1", name="x", subject="x",
        spec=spec.model_dump_json(), roles='["finance"]', state=TaskState.OPEN, shown_at=NOW,
        due_at=NOW + timedelta(days=1),
    )  # fmt: skip


def _decision(by: str) -> DecisionRow:
    return DecisionRow(
        decision_id="D", task=TASK, dossier="closure-ACC-1.1", option="fixed", decided_by=by, at=NOW, fingerprint="",
        receipt="{}",
    )  # fmt: skip


def refused(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


def test_a_claimed_task_names_its_holder_until_it_is_released(
    desk: DeskWork, tokens: LocalTokens, database: Database
) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    assert Casebook(database).inbox()[0].claimed_by == "ann"
    assert desk.claim(TASK, tokens.mint("ann")).claimed_by == "ann"
    assert desk.release(TASK, tokens.mint("ann")).state is TaskState.OPEN
    assert Casebook(database).inbox()[0].claimed_by is None


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


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ("clerk", Code.FORBIDDEN),
        ("away", Code.FORBIDDEN),
        ("maker", Code.FOUR_EYES),
        ("cousin", Code.FOUR_EYES),
        ("nobody", Code.NOT_FOUND),
    ],
)
def test_a_task_goes_only_to_somebody_who_may_decide_it(
    desk: DeskWork, tokens: LocalTokens, person: str, code: Code
) -> None:
    assert refused(lambda: desk.claim(TASK, tokens.mint(person))).code is code
    assert refused(lambda: desk.reassign(TASK, person, tokens.mint("boss"))).code is code


def test_what_is_done_stands_in_the_trail_with_who_did_it(
    desk: DeskWork, tokens: LocalTokens, database: Database
) -> None:
    desk.claim(TASK, tokens.mint("ann"))
    desk.comment(TASK, Remark(text="waiting for the bank"), tokens.mint("ann"))
    desk.reassign(TASK, "bob", tokens.mint("ann"))
    with database.transaction() as session:
        links = trail.entries(session, "closure-ACC-1.1")
        assert trail.verify(session) == []
    assert [(link.who, link.what) for link in links] == [
        ("ann", f"task claimed: {TASK}"),
        ("ann", f"task commented: {TASK}"),
        ("ann", f"task reassigned: {TASK}"),
    ]
    assert links[1].why == "waiting for the bank"
    assert links[2].evidence == {"to": "bob"}


def test_a_decided_task_is_left_alone_and_says_who_decided(
    desk: DeskWork, tokens: LocalTokens, database: Database
) -> None:
    with database.transaction() as session:
        row = session.get_one(TaskRow, TASK)
        row.state, row.option, row.ended_at = TaskState.DECIDED, "fixed", NOW
        session.add(_decision("bob"))
    for act in (desk.claim, desk.release):
        refusal = refused(partial(act, TASK, tokens.mint("ann")))
        assert refusal.code is Code.ALREADY_DECIDED
        assert "fixed by bob" in refusal.sentence


def test_a_token_for_another_task_is_no_good(desk: DeskWork, tokens: LocalTokens) -> None:
    assert refused(lambda: desk.claim(TASK, tokens.mint("ann", task="other"))).code is Code.FORBIDDEN
    assert refused(lambda: desk.claim(TASK, "forged")).code is Code.UNAUTHENTICATED
    assert refused(lambda: desk.claim("nothing", tokens.mint("ann"))).code is Code.NOT_FOUND


def test_only_a_claimed_task_can_be_released(desk: DeskWork, tokens: LocalTokens) -> None:
    assert refused(lambda: desk.release(TASK, tokens.mint("ann"))).code is Code.NOT_ALLOWED
