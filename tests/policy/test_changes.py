"""What one policy changes against another: the rules, and the looks of which closures."""

import pytest

from contracts.rollout import Look
from contracts.vocabulary import CustomerKind, Initiator, Risk
from policy import Policy, parse_policy
from policy.changes import Concerned, changes, touched, touches, warnings
from tests.support.policies import ANOTHER_LINE, VERSION, variant

ORDINARY = Concerned(CustomerKind.PERSON, Initiator.CUSTOMER, Risk.LOW, "CNY")


OTHER_LICENCE = ('company = ["business_licence"]', 'company = ["authorisation"]')


def policy(*rules: tuple[str, str], more: str = "") -> Policy:
    return parse_policy(variant(VERSION, *rules, more=more), f"{VERSION}.toml")


NOW = policy()


def test_two_files_with_the_same_rules_differ_in_nothing():
    later = parse_policy(variant("2027-01-01", more="# a remark"), "2027-01-01.toml")
    assert (changes(NOW, later), touches(NOW, later)) == ((), ())


def test_a_changed_rule_is_named_by_its_path_with_what_it_was_and_is():
    new = policy(("rounds = 5", "rounds = 4"), ("needed = 1\n", "needed = 2\n"), more=ANOTHER_LINE)
    found = {change.path: (change.old, change.new) for change in changes(NOW, new)}
    assert found["rounds"] == ("5", "4")
    assert found["approvals.low.needed"] == ("1", "2")
    assert found["checklist.closing_talk.attested_by"] == ("", "customer_service")


def test_a_line_of_a_list_that_moves_up_is_no_change():
    lines = variant(VERSION).split("[[checklist]]\n")
    swapped = "[[checklist]]\n".join([lines[0], lines[2], lines[1], *lines[3:]])
    assert changes(NOW, parse_policy(swapped, f"{VERSION}.toml")) == ()


@pytest.mark.parametrize(
    ("rule", "looks"),
    [
        (('person = ["identity_card"]', 'person = ["closure_application"]'), "identify compliance"),
        (("hit = 90", "hit = 95"), "screen"),
        (("medium = 30\n", "medium = 25\n"), "grade approval"),
        (("inflow_days = 7", "inflow_days = 9"), "grade reason approval"),
        (('only_companies = ["merger"', 'only_companies = ["cost", "merger"'), "reason"),
        (('set_off_limit = { CNY = "500.00"', 'set_off_limit = { CNY = "400.00"'), "finance"),
        (("needed = 1\n", "needed = 2\n"), "approval"),
        (("capacity_per_day = 200", "capacity_per_day = 100"), "agree_day"),
        (('test = "no_authority_freeze"', 'test = "no_debt_beyond_balance"'), "compliance"),
        (("rounds = 5", "rounds = 4"), ""),
        (('due = "24 seconds"', 'due = "25 seconds"'), ""),
        (('check = "20 seconds"', 'check = "21 seconds"'), ""),
        (('answer_valid = "60 days"', 'answer_valid = "61 days"'), ""),
        (('source = "ours"', 'source = "theirs"'), ""),
        (('confirm_contact = ["customer"]', "confirm_contact = []"), ""),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else None,
)  # fmt: skip
def test_an_ordinary_closure_looks_again_at_what_rests_on_the_rule(rule: tuple[str, str], looks: str):
    found = touched(NOW, policy(rule), ORDINARY)
    assert (" ".join(found.again), found.added) == (looks, ())


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        (("licence", "licence"), ORDINARY),
        (OTHER_LICENCE, ORDINARY._replace(kind=CustomerKind.COMPANY)),
        (('["supervisor", "manager", "risk"]', '["manager", "risk"]'), ORDINARY._replace(risk=Risk.MEDIUM)),
        (('EUR = "65.00"', 'EUR = "60.00"'), ORDINARY._replace(currency="EUR")),
    ],
    ids=["nobody", "company", "medium risk", "EUR"],
)  # fmt: skip
def test_a_rule_for_others_does_not_touch_an_ordinary_closure(rule: tuple[str, str], other: Concerned):
    new = policy(rule)
    assert touched(NOW, new, ORDINARY) == ((), ())
    assert any(touched(NOW, new, other)) is (other != ORDINARY)


def test_a_question_that_no_rule_asked_before_is_added():
    new = policy(('confirm_contact = ["customer"]', 'confirm_contact = ["customer", "firm"]'), more=ANOTHER_LINE)
    assert touched(NOW, new, ORDINARY).added == (Look.ATTEST_CHECKLIST,)
    assert touched(NOW, new, ORDINARY._replace(initiator=Initiator.FIRM)).added == (Look.CONFIRM_CONTACT,)


def test_the_looks_of_any_closure_are_those_of_all_closures_together():
    new = policy(OTHER_LICENCE, ("hit = 90", "hit = 95"))
    assert touches(NOW, new) == (Look.IDENTIFY, Look.SCREEN, Look.COMPLIANCE)


def test_a_plan_past_its_review_and_an_expiry_are_warned_of():
    day = NOW.plans["system_fault"].reviewed_on.replace(year=2027, month=12)
    expiring = NOW.model_copy(update={"expires": day.replace(day=day.day + 10)})
    assert [words.partition(" of policy")[0] for words in warnings(NOW, day)] == [
        f"The contingency plan {name}" for name in NOW.plans
    ]
    assert f"expires on {expiring.expires}" in warnings(expiring, day)[0]
    assert f"expired on {expiring.expires}" in warnings(expiring, day.replace(day=day.day + 11))[0]
    assert warnings(NOW, NOW.effective) == []
