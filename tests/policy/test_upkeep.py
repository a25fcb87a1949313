"""What of a policy has to be seen to: expiries, of it and of its notices, and plans that are past their review."""

from datetime import date, timedelta

import pytest

from contracts.notices import CaseNotice
from contracts.refusals import Code, Refused
from notices import templates
from policy import Policies, PolicyText, parse_policy
from policy.upkeep import upkeep
from tests.support.firm import FAST
from tests.support.policies import EFFECTIVE, expiring_notice, variant

LAST, A_DAY = date(2027, 3, 31), timedelta(days=1)
OF_NO_CASE = {"digest", "policy_proposed", "policy_ruled", "plan_step", "more_time", "blockers_letter"}
"""Notices that belong to no case: whatever becomes of them, cases are opened."""


def said(text: str, day: date) -> list[str]:
    """What has to be seen to on a day, in English."""
    return [each.en for each in upkeep(parse_policy(text, "2027.toml"), day)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (variant("2027", (EFFECTIVE, f"{EFFECTIVE}\nexpires = {LAST}")), "Policy 2027"),
        (variant("2027", more=expiring_notice("closure_notice", LAST)), "The notice closure_notice"),
    ],
)
def test_an_expiry_is_warned_of_for_thirty_days_and_then_said_to_block(text: str, name: str):
    assert said(text, LAST - 31 * A_DAY) == []
    assert [f"{name} expires on {LAST}" in words for words in said(text, LAST - 30 * A_DAY)] == [True]
    assert [f"{name} expires on {LAST}" in words for words in said(text, LAST)] == [True]
    assert [f"{name} expired on {LAST}: no case is opened" in words for words in said(text, LAST + A_DAY)] == [True]


def test_a_plan_is_past_its_review_the_day_after_it_was_to_be_reviewed():
    policy = parse_policy(variant("2027"), "2027.toml")
    due = policy.plans["system_fault"].review_by
    assert upkeep(policy, due) == []
    overdue = upkeep(policy, due + A_DAY)
    assert [each.en.partition(" of policy")[0] for each in overdue] == [
        f"The contingency plan {name}" for name in policy.plans
    ]
    assert all(each.zh.endswith("现已逾期。") for each in overdue)


def test_after_the_last_day_of_a_notice_no_case_is_opened_until_it_is_renewed():
    old = PolicyText("2027", variant("2027", effective=date(2027, 1, 2), more=expiring_notice("offer", LAST)))
    new = PolicyText("2028", variant("2028", effective=LAST + 2 * A_DAY))
    policies = Policies(FAST, published=lambda: [old, new])
    assert policies.for_new_case_on(LAST).version == "2027"
    with pytest.raises(Refused, match=f"The notice offer expired on {LAST}; publish a policy with the renewed") as no:
        policies.for_new_case_on(LAST + A_DAY)
    assert no.value.code is Code.NOT_ALLOWED
    assert policies.in_force_on(LAST + A_DAY).version == "2027"
    assert policies.for_new_case_on(LAST + 2 * A_DAY).version == "2028"


@pytest.mark.parametrize("name", ["no_such_notice", "digest"])
def test_a_notice_that_no_case_is_told_by_is_a_fault_with_its_path(name: str):
    with pytest.raises(Refused) as refusal:
        parse_policy(variant("2027", more=expiring_notice(name, LAST)), "2027.toml")
    (fault,) = refusal.value.faults
    assert fault.path.startswith(f"templates.{name}")


def test_a_policy_may_name_every_notice_of_a_case_and_no_other():
    assert set(CaseNotice) == set(templates()) - OF_NO_CASE
