"""谁来负责? For which steps of a closing a firm has nobody, and for which somebody who comes back, or a deputy."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.blocker_rules import blockers
from activities.closure_facts import ClosureFacts
from contracts.blockers import Obstacle, WayOut
from contracts.books import Absence, CustomerFacts, StaffFacts
from contracts.judgement import Decider, Earlier, Hearing, judge
from contracts.tasks import Decision, TaskOption, TaskSpec
from contracts.vocabulary import CustomerKind, Initiator, Risk, Role, Stage
from policy import Policy
from policy.work import Approvals
from tests.activities.closure_world import (
    CUSTOMER,
    NOTHING,
    POLICY,
    STAFF,
    TODAY,
    case,
    company,
    customer,
    owing,
    request,
)

AWAY = Absence(since=date(2026, 11, 1), until=date(2026, 12, 31))
GONE = Absence(since=date(2026, 11, 1), until=date.max)
LEADERS = (Role.SUPERVISOR, Role.MANAGER)


def without(facts: ClosureFacts, *roles: Role) -> ClosureFacts:
    """Nobody has these roles."""
    return replace(facts, staff=tuple(each for each in STAFF if each.roles[0] not in roles))


def person(name: str, *roles: Role, deputy: str | None = None, absent: tuple[Absence, ...] = ()) -> StaffFacts:
    return StaffFacts(id=name, name=name, email=f"{name}@firm.example.com", roles=roles, deputy=deputy, absent=absent)


def with_only(facts: ClosureFacts, roles: Sequence[Role], *people: StaffFacts) -> ClosureFacts:
    """These, in place of everybody who has one of the roles."""
    return replace(facts, staff=(*without(facts, *roles).staff, *people))


def missing(facts: ClosureFacts, policy: Policy = POLICY) -> list[str]:
    return [each.subject for each in blockers(facts, policy) if each.kind is Obstacle.NOBODY_RESPONSIBLE]


def test_a_firm_with_two_people_for_each_role_lacks_nobody() -> None:
    for facts in (NOTHING, company(), owing("1200.00"), request(initiator=Initiator.FIRM, requested_by="supervisor.1")):
        assert missing(facts) == []


@pytest.mark.parametrize(("facts", "steps"), [
    (without(NOTHING, *LEADERS), ["approval_low"]),
    (without(NOTHING, Role.COMPLIANCE), ["approval_high"]),
    (without(NOTHING, Role.TECHNOLOGY), ["system_fault"]),
    (without(NOTHING, Role.FINANCE), []),
    (without(owing("1200.00"), Role.FINANCE), ["insufficient_balance"]),
    (without(company(), Role.COMPLIANCE), ["attest_tax", "approval_high"]),
    (without(company(), Role.RECORDS), ["handover_witness"]),
    (without(NOTHING, Role.RECORDS), []),  # a person's papers are not handed over by a list
])  # fmt: skip
def test_a_step_that_the_closing_is_sure_to_come_to_needs_somebody(facts: ClosureFacts, steps: list[str]) -> None:
    assert missing(facts) == steps


def test_it_is_said_which_step_takes_whom_and_what_is_done_about_it() -> None:
    (told,) = [each for each in blockers(without(NOTHING, *LEADERS), POLICY) if not each.ahead]
    assert told.detail == "approval_low takes one person of supervisor, manager; there are too few, deputies included"
    assert (told.owner, told.way, told.customer_can) == (Role.SUPERVISOR, WayOut.APPOINT, False)


def test_an_absence_that_ends_is_waited_for_and_one_that_does_not_is_not() -> None:
    for absent, steps in ((AWAY, []), (GONE, ["approval_low"])):
        assert missing(with_only(NOTHING, LEADERS, person("an", Role.SUPERVISOR, absent=(absent,)))) == steps


def test_a_deputy_takes_the_place_of_who_is_gone_unless_gone_as_well() -> None:
    gone = person("an", Role.SUPERVISOR, deputy="bo", absent=(GONE,))
    assert missing(with_only(NOTHING, LEADERS, gone, person("bo"))) == []
    assert missing(with_only(NOTHING, LEADERS, gone, person("bo", absent=(GONE,)))) == ["approval_low"]


def test_nobody_approves_what_they_asked_for() -> None:
    only = [person("an", Role.SUPERVISOR)]
    asked = request(initiator=Initiator.FIRM, requested_by="an")
    assert missing(with_only(asked, LEADERS, *only)) == ["approval_low"]
    assert missing(with_only(asked, LEADERS, *only, person("bo", Role.MANAGER))) == []


@pytest.mark.parametrize("who", [
    CUSTOMER.model_copy(update={"related_staff": ("an",)}),
    CUSTOMER.model_copy(update={"contacts": (CUSTOMER.contacts[0].model_copy(
        update={"address": "AN@firm.example.com"}),)}),
])  # fmt: skip
def test_relations_of_the_customer_and_the_customer_do_not_count(who: CustomerFacts) -> None:
    facts = with_only(NOTHING, LEADERS, person("an", Role.SUPERVISOR))
    assert missing(facts) == []
    assert missing(replace(facts, customer=who)) == ["approval_low"]


def test_one_person_does_not_sign_and_witness_whatever_their_roles() -> None:
    both = person("an", Role.OPERATIONS, Role.RECORDS)
    facts = with_only(company(), (Role.OPERATIONS, Role.RECORDS), both)
    assert missing(facts) == ["handover_witness"]
    assert missing(replace(facts, staff=(*facts.staff, person("bo", Role.RECORDS)))) == []


def test_a_risk_may_rise_and_does_not_fall() -> None:
    graded = customer(risk=Risk.MEDIUM)
    assert missing(without(graded, *LEADERS)) == []
    assert missing(without(graded, *LEADERS, Role.RISK)) == ["approval_medium"]


def test_what_a_case_has_passed_needs_nobody_any_more() -> None:
    passed = replace(case(stage=Stage.SCHEDULE), customer=company().customer)
    assert passed.customer.kind is CustomerKind.COMPANY
    assert missing(without(passed, *LEADERS, Role.COMPLIANCE)) == []
    assert missing(without(passed, Role.OPERATIONS)) == ["handover_witness"]


# ---- as the judge would have it -------------------------------------------------------------------------------------

ROLES = (Role.SUPERVISOR, Role.MANAGER, Role.COMPLIANCE)
rules = st.builds(
    Approvals,
    needed=st.integers(1, 3),
    roles=st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True).map(tuple),
    different_roles=st.booleans(),
)
staffs = st.lists(st.sets(st.sampled_from(ROLES), min_size=1, max_size=2), max_size=4)


def carried(rule: Approvals, people: Sequence[StaffFacts]) -> bool:
    """Whether some of them, in some order, carry the task with the judge."""
    options = (TaskOption(name="approve"),)
    about = rule.model_dump(include={"needed", "must_include", "different_roles"})
    spec = TaskSpec(
        task="closure-A.task-1-approval", name="approval", subject="s", roles=rule.roles, options=options, **about
    )
    return any(_done(spec, order) for order in permutations(people, rule.needed))


def _done(spec: TaskSpec, people: Sequence[StaffFacts]) -> bool:
    earlier: tuple[Earlier, ...] = ()
    for n, each in enumerate(people):
        decision = Decision(decision_id=f"D-{n}", task=spec.task, option="approve", token="t")
        hearing = Hearing(spec, frozenset(spec.roles), earlier=earlier)
        verdict = judge(hearing, decision, Decider(each.id, frozenset(each.roles)))
        if verdict.refusal or verdict.done:
            return verdict.refusal is None
        earlier = (*earlier, Earlier(each.id, "approve", verdict.roles))
    return False


@settings(max_examples=400, deadline=None)
@given(rule=rules, kept=st.integers(0, 2), held=staffs)
def test_there_are_enough_people_exactly_where_the_judge_could_be_satisfied(
    rule: Approvals, kept: int, held: list[set[Role]]
) -> None:
    rule = rule.model_copy(update={"must_include": rule.roles[: min(kept, rule.needed)]})
    people = [person(f"p{n}", *sorted(roles)) for n, roles in enumerate(held)]
    policy = POLICY.model_copy(update={"approvals": {Risk.LOW: rule}})
    facts = with_only(replace(NOTHING, today=TODAY), ROLES, *people)
    assert ("approval_low" not in missing(facts, policy)) is carried(rule, people)
