"""The inbox: what stands in whose, why, in which order, and what happens if nothing is done."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.refusals import Code
from contracts.tasks import Rung, RungKind, TaskState
from contracts.views import InboxLine
from contracts.vocabulary import Risk, Role
from gateways.books_journal import FIRM_ZONE, today
from gateways.casebook import Casebook
from records.database import Database
from records.people_tables import RecusalRow
from tests.gateways.desk_world import (
    DOSSIER,
    HOUR,
    NOW,
    a_case,
    a_decision,
    a_task,
    an_absence,
    claimed,
    fill,
    policies,
    refused,
)


def inbox(database: Database, staff: str | None = None, role: Role | None = None) -> list[InboxLine]:
    return Casebook(database, policies()).inbox(role, staff)


def names(lines: list[InboxLine]) -> list[str]:
    return [line.name for line in lines]


def why(database: Database, staff: str) -> dict[str, str]:
    return {line.name: line.why for line in inbox(database, staff)}


def test_an_inbox_holds_what_one_may_work_on_and_says_why(database: Database) -> None:
    escalated = a_task("late", roles=(Role.RECORDS, Role.SUPERVISOR), asked=(Role.RECORDS,))
    fill(database, a_case(), a_task("free"), claimed("mine", "ann"), escalated)
    assert why(database, "ann") == {"free": "your role finance", "mine": "claimed by you"}
    assert why(database, "boss") == {"late": "escalated to your role supervisor"}
    assert why(database, "clerk") == {"late": "your role records"}


def test_what_an_absent_person_holds_or_could_decide_stands_in_the_inbox_of_their_deputy(database: Database) -> None:
    fill(database, a_case(), a_task("free"), claimed("held", "ann"))
    assert why(database, "dora") == {"free": "as deputy of away, who is absent until 2099-12-31",
                                     "held": "as deputy of away, who is absent until 2099-12-31"}  # fmt: skip
    with database.transaction() as session:
        session.add(an_absence("ann"))
    back = today() + timedelta(days=3)
    assert why(database, "dora")["held"] == f"as deputy of ann, who is absent until {back}"
    assert why(database, "ann") == {"free": "your role finance", "held": "claimed by you"}


def test_a_deputy_has_no_more_than_the_absent_person_could_decide(database: Database) -> None:
    fill(database, a_case(), a_task("review", needed=2), a_decision("away"), a_task("other", roles=(Role.LEGAL,)))
    assert inbox(database, "dora") == []


def test_a_delegated_task_says_by_whom(database: Database) -> None:
    fill(database, a_case(), claimed("given", "dora", delegated_by="ann"))
    assert why(database, "dora") == {"given": "delegated to you by ann"}
    assert inbox(database, "dora")[0].why_zh == "ann 委托您办理"
    assert inbox(database, "ann")[0].delegated_by == "ann"


@pytest.mark.parametrize("person", ["maker", "cousin", "bob", "clerk"])
def test_nobody_has_what_they_must_keep_out_of_or_have_decided(database: Database, person: str) -> None:
    recused = RecusalRow(dossier=DOSSIER, staff="clerk", reason="a friend", at=NOW)
    fill(database, a_case(), a_task("review", needed=2, roles=(Role.FINANCE, Role.RECORDS)), a_decision("bob"), recused)
    assert inbox(database, person) == []
    assert names(inbox(database, "ann")) == ["review"]


def test_a_question_to_the_customer_is_nobodys_work_until_it_is_to_be_asked_by_telephone(database: Database) -> None:
    fill(database, a_case(), a_task("confirm", roles=(Role.CUSTOMER,)))
    assert inbox(database, "calls") == []
    with database.transaction() as session:
        session.add(a_task("call", roles=(Role.CUSTOMER, Role.CALL_CENTRE), asked=(Role.CUSTOMER,)))
    assert why(database, "calls") == {"call": "the customer is to be telephoned by your role call_centre"}


def test_the_inbox_of_a_role_has_what_it_may_decide(database: Database) -> None:
    fill(database, a_case(), a_task("one"), a_task("two", roles=(Role.RECORDS,)))
    (line,) = inbox(database, role=Role.FINANCE)
    assert (line.name, line.why, line.why_zh) == ("one", "role finance", "岗位：财务")
    assert names(inbox(database)) == ["one", "two"]
    assert inbox(database, "clerk", Role.FINANCE) == []


def test_a_riskier_case_comes_earlier_by_the_head_start_of_the_policy(database: Database) -> None:
    risky, calm = a_case("closure-R", risk=Risk.HIGH), a_case("closure-C", request_id="C")
    later = a_task("risky", case="closure-R", due=30 * HOUR)
    fill(database, risky, calm, a_task("calm", case="closure-C", due=7 * HOUR), later)
    assert [(line.rank, line.name, line.risk) for line in inbox(database)] == [
        (1, "risky", Risk.HIGH),
        (2, "calm", Risk.LOW),
    ]


def test_a_case_of_a_policy_that_is_not_there_any_more_has_no_head_start(database: Database) -> None:
    fill(database, a_case(risk=Risk.HIGH, policy="1999-01-01"), a_task("one"))
    assert [line.rank for line in inbox(database)] == [1]


def test_what_happens_otherwise_is_the_next_rung_that_changes_something(database: Database) -> None:
    rungs = (
        Rung(at=NOW + HOUR, kind=RungKind.REMIND),
        Rung(at=NOW + 2 * HOUR, kind=RungKind.DUE),
        Rung(at=NOW + 3 * HOUR, kind=RungKind.ESCALATE, roles=(Role.SUPERVISOR,)),
        Rung(at=NOW + 9 * HOUR, kind=RungKind.ESCALATE_AGAIN, roles=(Role.MANAGER,)),
    )
    at = (NOW + 3 * HOUR).astimezone(FIRM_ZONE)
    fill(database, a_case(), a_task("one", rungs=rungs))
    (line,) = inbox(database)
    assert line.otherwise == f"{at:%Y-%m-%d %H:%M}: escalated to supervisor; nothing is approved by silence"
    assert line.otherwise_zh == f"{at:%Y-%m-%d %H:%M}：升级至主管；逾期不办不视为同意"


def test_without_such_a_rung_it_stays_open_and_a_paused_one_stays_as_it_is(database: Database) -> None:
    reminder = (Rung(at=NOW + HOUR, kind=RungKind.REMIND),)
    paused = a_case("closure-P", held=True, request_id="P")
    fill(database, a_case(), a_task("one", rungs=reminder), paused, a_task("two", case="closure-P", rungs=reminder))
    assert {line.name: line.otherwise for line in inbox(database)} == {
        "one": "stays open; nothing is approved by silence",
        "two": "stays as it is while the case is paused; nothing is approved by silence",
    }


def test_a_customer_who_stays_silent_is_given_up_as_the_policy_says(database: Database) -> None:
    rungs = (Rung(at=NOW + HOUR, kind=RungKind.GIVE_UP),)
    fill(database, a_case(), a_task("ask", roles=(Role.CUSTOMER,), rungs=rungs))
    assert "given up, and the case goes on as the policy says" in inbox(database)[0].otherwise


@pytest.mark.parametrize("held", [False, True])
def test_a_notice_that_runs_out_is_deemed_agreed_to_and_the_inbox_says_on_which_day(
    database: Database, held: bool
) -> None:
    ends = datetime(2026, 12, 22, 16, 30, tzinfo=UTC)  # past midnight by the firm's clock
    rungs = (Rung(at=NOW + HOUR, kind=RungKind.NEXT_CHANNEL), Rung(at=ends, kind=RungKind.GIVE_UP))
    fill(database, a_case(held=held), a_task("closure_notice", roles=(Role.CUSTOMER,), rungs=rungs))
    (line,) = inbox(database)
    assert line.otherwise.startswith("on 2026-12-23 the notice has run out; silence is then deemed agreement")
    assert line.otherwise_zh == "通知期于 2026-12-23 届满；届时未提出异议的，依制度所载规定视为同意"


def test_a_task_of_a_paused_case_is_not_overdue(database: Database) -> None:
    fill(database, a_case(held=True), a_task("one", due=-HOUR), a_task("two", due=-HOUR, overdue=True))
    assert [(line.overdue, line.held) for line in inbox(database)] == [(False, True)] * 2
    assert not Casebook(database, policies()).cases()[0].overdue


def test_a_due_date_that_may_still_move_is_provisional(database: Database) -> None:
    fill(database, a_case(), a_task("one", provisional=True), a_task("done", state=TaskState.DECIDED, ended_at=NOW))
    assert [(line.name, line.provisional) for line in inbox(database)] == [("one", True)]


def test_an_unknown_person_has_no_inbox(database: Database) -> None:
    assert refused(lambda: inbox(database, "nobody")).code is Code.NOT_FOUND
