"""The casebook: what staff read of a case, of all cases and of their inbox."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from contracts.findings import FindingKind, FindingState
from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.tasks import DecisionReceipt, TaskOption, TaskSpec, TaskState
from contracts.vocabulary import CaseKind, Initiator, Language, Medium, Role
from gateways.books_file import load_books
from gateways.casebook import Casebook
from records import trail
from records.database import Database
from records.tables import CaseRow, CommentRow, ContactRow, DecisionRow, FindingRow, FollowUpRow, TaskRow

NOW = datetime.now(UTC).replace(microsecond=0)
BOOKS = {
    "customers": [
        {"id": "CUS-1", "kind": "person", "name": "张伟", "identity_number": "11010519491231002X",
         "identity_expires_on": "2031-05-01", "language": "zh", "since": "2019-04-01", "related_staff": ["cousin"]}
    ],
    "accounts": [{"id": "ACC-1", "customer": "CUS-1", "currency": "CNY", "balance": "10.00",
         "opened_on": "2019-04-01"}],
    "staff": [
        {"id": "boss", "name": "王芳", "email": "boss@example.com", "roles": ["supervisor"]},
        {"id": "boss.two", "name": "陈杰", "email": "two@example.com", "roles": ["supervisor"]},
        {"id": "cousin", "name": "张三", "email": "cousin@example.com", "roles": ["supervisor"]},
        {"id": "clerk", "name": "李伟", "email": "clerk@example.com", "roles": ["finance"]},
    ],
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'quietus.db'}")
    database.upgrade()
    load_books(database, json.dumps(BOOKS), update=False)
    yield database
    database.dispose()


def a_case(n: int = 1, **other: Any) -> CaseRow:
    values: dict[str, Any] = {
        "dossier": f"closure-ACC-1.{n}", "case_id": "closure-ACC-1", "n": n, "kind": CaseKind.CLOSURE,
        "request_id": f"REQ-{n}", "request": "{}", "request_hash": "", "account": "ACC-1", "customer": "CUS-1",
        "language": Language.ZH, "initiator": Initiator.CUSTOMER, "policy": "2026-11-01", "stage": "approval",
        "outcome": "open", "opened_at": NOW, "expected_by": NOW + timedelta(days=2),
    }  # fmt: skip
    return CaseRow(**values | other)


def a_task(name: str, *, due: timedelta = timedelta(hours=8), case: str = "closure-ACC-1.1", **other: Any) -> TaskRow:
    spec = TaskSpec(
        task=f"closure-ACC-1.task-1-{name}", name=name, subject="approve", roles=(Role.SUPERVISOR,), needed=2,
        options=(TaskOption(name="approve"), TaskOption(name="reject", final=True, reason_needed=True)),
        barred=tuple(str(each) for each in other.pop("barred", ())),
    )  # fmt: skip
    values: dict[str, Any] = {
        "task": spec.task, "dossier": case, "case_id": "closure-ACC-1", "name": name, "subject": spec.subject,
        "spec": spec.model_dump_json(), "roles": json.dumps(list(spec.roles)), "state": TaskState.OPEN,
        "shown_at": NOW, "due_at": NOW + due,
    }  # fmt: skip
    return TaskRow(**values | other)


def a_decision(by: str, option: str = "approve", task: str = "closure-ACC-1.task-1-approval") -> DecisionRow:
    receipt = DecisionReceipt(
        task=task, option=option, by=by, at=NOW, reason="in order", approvals=1, needed=2, done=False
    )  # fmt: skip
    return DecisionRow(
        decision_id=f"D-{by}", task=task, dossier="closure-ACC-1.1", option=option, decided_by=by, at=NOW,
        reason="in order", fingerprint="", receipt=receipt.model_dump_json(),
    )  # fmt: skip


def keep(database: Database, *rows: SQLModel) -> None:
    with database.transaction() as session:
        session.add_all(rows)


def test_a_case_is_shown_with_findings_tasks_contacts_follow_ups_and_trail(database: Database) -> None:
    finding = FindingRow(
        dossier="closure-ACC-1.1", fingerprint="high_risk", kind=FindingKind.HIGH_RISK, detail="large inflow",
        state=FindingState.ACCEPTED, step="grade", round=1, raised_at=NOW, ended_at=NOW,
    )  # fmt: skip
    contact = ContactRow(
        key="k", dossier="closure-ACC-1.1", template="acknowledgement", medium=Medium.EMAIL,
        address="z@example.com", state=DeliveryState.SENT, at=NOW,
    )  # fmt: skip
    remark = CommentRow(
        task="closure-ACC-1.task-1-approval", dossier="closure-ACC-1.1", staff="boss", at=NOW, text="hm"
    )
    follow_up = FollowUpRow(dossier="closure-ACC-1.1", kind="survey", due_at=NOW)
    keep(database, a_case(), a_task("approval"), a_decision("boss"), finding, contact, remark, follow_up)
    with database.transaction() as session:
        trail.append(session, "closure-ACC-1.1", who="system", what="case_opened", at=NOW)

    case = Casebook(database).show("closure-ACC-1")

    assert (case.case, case.reference, case.stage, case.outcome) == (
        "closure-ACC-1",
        "closure-ACC-1.1",
        "approval",
        "open",
    )
    assert (case.waiting_for, case.due, case.overdue) == ((Role.SUPERVISOR,), NOW + timedelta(hours=8), False)
    assert [(line.kind, line.state) for line in case.findings] == [(FindingKind.HIGH_RISK, FindingState.ACCEPTED)]
    assert [(line.medium, line.address) for line in case.contacts] == [(Medium.EMAIL, "z@example.com")]
    assert [line.kind for line in case.follow_ups] == ["survey"]
    assert [(link.seq, link.what) for link in case.trail] == [(1, "case_opened")]
    (task,) = case.tasks
    assert (task.approvals, task.needed, task.comments[0].text, task.decisions[0].by) == (1, 2, "hm", "boss")


def test_a_case_with_several_dossiers_is_its_newest_and_each_dossier_can_be_named(database: Database) -> None:
    keep(database, a_case(1, outcome="withdrawn", ended_at=NOW), a_case(2))
    casebook = Casebook(database)
    assert casebook.show("closure-ACC-1").reference == "closure-ACC-1.2"
    assert casebook.show("closure-ACC-1.1").outcome == "withdrawn"


@pytest.mark.parametrize("case", ["closure-ACC-9", "", "closure-ACC-1'; DROP TABLE cases"])
def test_an_unknown_case_is_refused_in_one_sentence(database: Database, case: str) -> None:
    with pytest.raises(Refused) as refused:
        Casebook(database).show(case)
    assert refused.value.code is Code.NOT_FOUND


def test_open_cases_come_before_ended_ones_and_the_most_urgent_first(database: Database) -> None:
    ended = a_case(1, ended_at=NOW, outcome="closed", stage="filed")
    calm = a_case(2, dossier="closure-ACC-2.1", case_id="closure-ACC-2", expected_by=NOW + timedelta(days=9))
    urgent = a_case(3, dossier="closure-ACC-3.1", case_id="closure-ACC-3")
    keep(database, ended, calm, urgent, a_task("approval", case="closure-ACC-3.1"))
    assert [line.reference for line in Casebook(database).cases()] == [
        "closure-ACC-3.1",
        "closure-ACC-2.1",
        "closure-ACC-1.1",
    ]


def test_the_list_is_narrowed_by_stage_by_kind_and_to_what_is_late(database: Database) -> None:
    keep(
        database,
        a_case(1),
        a_case(2, dossier="late", case_id="late", stage="reason", expected_by=NOW - timedelta(hours=1)),
    )
    casebook = Casebook(database)
    assert [line.reference for line in casebook.cases(stage="reason")] == ["late"]
    assert [line.reference for line in casebook.cases(overdue=True)] == ["late"]
    assert casebook.cases(kind=CaseKind.INCIDENT) == []


def test_an_inbox_holds_the_open_tasks_of_the_roles_held_the_most_urgent_first(database: Database) -> None:
    done = a_task("done", state=TaskState.DECIDED, ended_at=NOW, option="approve")
    keep(database, a_case(), a_task("calm"), a_task("urgent", due=timedelta(hours=-1)), done)
    casebook = Casebook(database)
    assert [(line.name, line.overdue) for line in casebook.inbox(staff="boss")] == [("urgent", True), ("calm", False)]
    assert casebook.inbox(staff="clerk") == []
    assert casebook.inbox(role=Role.FINANCE) == []
    assert {line.role for line in casebook.inbox(role=Role.SUPERVISOR)} == {Role.SUPERVISOR}


def test_nobody_sees_what_they_must_keep_out_of_or_have_decided(database: Database) -> None:
    keep(database, a_case(), a_task("approval", barred=["boss.two"]), a_decision("boss"))
    casebook = Casebook(database)
    assert [casebook.inbox(staff=person) for person in ("boss", "boss.two", "cousin")] == [[], [], []]
    assert [line.approvals for line in casebook.inbox()] == [1]


def test_a_task_that_somebody_claimed_stands_in_their_inbox_whatever_their_roles(database: Database) -> None:
    keep(database, a_case(), a_task("approval", state=TaskState.CLAIMED, claimed_by="clerk"))
    assert [line.claimed_by for line in Casebook(database).inbox(staff="clerk")] == ["clerk"]


def test_an_unknown_person_has_no_inbox(database: Database) -> None:
    with pytest.raises(Refused) as refused:
        Casebook(database).inbox(staff="nobody")
    assert refused.value.code is Code.NOT_FOUND


def test_an_option_that_wants_data_says_which(database: Database) -> None:
    option = TaskOption(name="return", wants="stage", among=("identity", "reason"))
    spec = TaskSpec(task="t", name="approval", subject="s", roles=(Role.SUPERVISOR,), options=(option,))
    keep(database, a_case(), a_task("approval", spec=spec.model_dump_json()))
    (line,) = Casebook(database).inbox()
    assert line.wants["return"].model_dump() == {"field": "stage", "among": ("identity", "reason")}


def test_the_view_is_plain_json_with_the_promised_fields(database: Database) -> None:
    keep(database, a_case(), a_task("approval"))
    shown = json.loads(Casebook(database).show("closure-ACC-1").model_dump_json())
    promised = {
        "case",
        "kind",
        "stage",
        "outcome",
        "risk",
        "policy",
        "waiting_for",
        "due",
        "findings",
        "tasks",
        "contacts",
    }
    assert promised | {"trail"} <= shown.keys()
    (line,) = json.loads(f"[{Casebook(database).inbox()[0].model_dump_json()}]")
    promised = {"task", "case", "name", "role", "subject", "options", "due", "state", "approvals", "needed"}
    assert promised <= line.keys()


def test_times_carry_their_zone(database: Database) -> None:
    keep(database, a_case())
    case = Casebook(database).show("closure-ACC-1")
    assert case.opened_at.tzinfo is not None
    assert case.opened_at == NOW
    assert case.opened_at.date() >= date(2026, 1, 1)
