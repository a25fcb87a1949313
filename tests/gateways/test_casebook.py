"""The casebook: what staff read of a case and of all cases."""

import json

import pytest

from contracts.findings import FindingKind, FindingState
from contracts.notices import DeliveryState
from contracts.refusals import Code
from contracts.taken import Taken
from contracts.tasks import TaskOption, TaskSpec
from contracts.vocabulary import CaseKind, Medium, Role
from gateways.casebook import Casebook
from records import trail
from records.database import Database
from records.people_tables import AttachmentRow, CommentRow
from records.tables import ContactRow, FindingRow, FollowUpRow
from tests.gateways.desk_world import (
    CASE,
    DOSSIER,
    HOUR,
    NOW,
    a_case,
    a_decision,
    a_task,
    claimed,
    fill,
    policies,
    refused,
    task_id,
)


def casebook(database: Database) -> Casebook:
    return Casebook(database, policies())


def test_a_case_is_shown_with_findings_tasks_contacts_follow_ups_and_trail(database: Database) -> None:
    finding = FindingRow(
        dossier=DOSSIER, fingerprint="high_risk", kind=FindingKind.HIGH_RISK, detail="large inflow",
        state=FindingState.ACCEPTED, step="grade", round=1, raised_at=NOW, ended_at=NOW,
    )  # fmt: skip
    contact = ContactRow(
        key="k", dossier=DOSSIER, template="acknowledgement", medium=Medium.EMAIL,
        address="z@example.com", state=DeliveryState.SENT, at=NOW,
    )  # fmt: skip
    remark = CommentRow(task=task_id("review"), dossier=DOSSIER, staff="ann", at=NOW, text="hm")
    follow_up = FollowUpRow(dossier=DOSSIER, kind="survey", due_at=NOW)
    fill(database, a_case(), a_task("review", needed=2), a_decision("ann"), finding, contact, remark, follow_up)
    with database.transaction() as session:
        trail.append(session, DOSSIER, who="system", what="case_opened", at=NOW)

    case = casebook(database).show(CASE)

    assert (case.case, case.reference, case.stage, case.outcome) == (CASE, DOSSIER, "approval", "open")
    assert (case.waiting_for, case.due, case.overdue) == ((Role.FINANCE,), NOW + 8 * HOUR, False)
    assert [(line.kind, line.state) for line in case.findings] == [(FindingKind.HIGH_RISK, FindingState.ACCEPTED)]
    assert [(line.medium, line.address) for line in case.contacts] == [(Medium.EMAIL, "z@example.com")]
    assert [line.kind for line in case.follow_ups] == ["survey"]
    assert [(link.seq, link.what) for link in case.trail] == [(1, "case_opened")]
    (task,) = case.tasks
    assert (task.approvals, task.needed, task.comments[0].text, task.decisions[0].by) == (1, 2, "hm", "ann")


def test_a_task_is_shown_with_its_papers_and_with_whose_place_was_taken(database: Database) -> None:
    paper = AttachmentRow(
        task=task_id("review"), dossier=DOSSIER, staff="ann", at=NOW, reference="tasks/x/1-id.jpg", sha256="a" * 64,
        words="a copy",
    )  # fmt: skip
    decision = a_decision("calls", heard_by="calls", in_place_of="ann")
    fill(database, a_case(), claimed("review", "dora", delegated_by="ann", provisional=True), decision, paper)
    (task,) = casebook(database).show(CASE).tasks
    assert (task.claimed_by, task.delegated_by, task.provisional) == ("dora", "ann", True)
    assert [(line.by, line.reference, line.words) for line in task.attachments] == [
        ("ann", "tasks/x/1-id.jpg", "a copy")
    ]
    assert [(line.heard_by, line.in_place_of) for line in task.decisions] == [("calls", "ann")]


def test_a_case_with_several_dossiers_is_its_newest_and_each_dossier_can_be_named(database: Database) -> None:
    earlier = a_case(outcome="withdrawn", ended_at=NOW)
    fill(database, earlier, a_case(dossier=f"{CASE}.2", n=2, request_id="again"))
    assert casebook(database).show(CASE).reference == f"{CASE}.2"
    assert casebook(database).show(DOSSIER).outcome == "withdrawn"


@pytest.mark.parametrize("case", ["closure-ACC-9", "", "closure-ACC-1'; DROP TABLE cases"])
def test_an_unknown_case_is_refused_in_one_sentence(database: Database, case: str) -> None:
    assert refused(lambda: casebook(database).show(case)).code is Code.NOT_FOUND


def test_open_cases_come_before_ended_ones_and_the_most_urgent_first(database: Database) -> None:
    ended = a_case("ended", ended_at=NOW, outcome="closed", stage="filed")
    calm = a_case("calm", expected_by=NOW + 200 * HOUR)
    fill(database, ended, calm, a_case("urgent"), a_task("approval", case="urgent"))
    assert [line.case for line in casebook(database).cases()] == ["urgent", "calm", "ended"]


def test_the_list_is_narrowed_by_stage_by_kind_and_to_what_is_late(database: Database) -> None:
    fill(database, a_case(), a_case("late", stage="reason", expected_by=NOW - HOUR))
    book = casebook(database)
    assert [line.case for line in book.cases(stage="reason")] == ["late"]
    assert [line.case for line in book.cases(overdue=True)] == ["late"]
    assert book.cases(kind=CaseKind.INCIDENT) == []


def test_a_case_is_late_when_a_task_of_it_is(database: Database) -> None:
    fill(database, a_case("late"), a_task("one", case="late", due=-HOUR), a_case("calm"), a_task("two", case="calm"))
    assert [line.case for line in casebook(database).cases(overdue=True)] == ["late"]


def test_an_option_that_wants_data_says_which(database: Database) -> None:
    amount = Taken(name="compensation", currency="CNY")
    option = TaskOption(name="return", wants="stage", among=("identity", "reason"), takes=(amount,))
    spec = TaskSpec(task="t", name="approval", subject="s", roles=(Role.SUPERVISOR,), options=(option,))
    fill(database, a_case(), a_task("approval", spec=spec.model_dump_json()))
    (line,) = casebook(database).inbox()
    wants = line.wants["return"]
    assert (wants.field, wants.among, wants.takes) == ("stage", ("identity", "reason"), (amount,))
    assert (
        wants.text
        == """--data '{"stage": "identity"}' (identity, reason) [compensation: an amount in CNY such as 120.00]"""
    )


def test_the_view_is_plain_json_with_the_promised_fields(database: Database) -> None:
    fill(database, a_case(), a_task("review"))
    shown = json.loads(casebook(database).show(CASE).model_dump_json())
    promised = "case kind stage outcome risk policy waiting_for due findings tasks contacts trail"
    assert set(promised.split()) <= shown.keys()
    line = json.loads(casebook(database).inbox()[0].model_dump_json())
    promised = "task case name role subject options due state approvals needed why otherwise rank risk provisional"
    assert set(promised.split()) <= line.keys()


def test_times_carry_their_zone(database: Database) -> None:
    fill(database, a_case())
    case = casebook(database).show(CASE)
    assert case.opened_at.tzinfo is not None
    assert case.opened_at == NOW
