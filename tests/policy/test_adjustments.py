"""The policy's rules for adjustments and for the check of the books: what is wrong with ones that cannot be used."""

from datetime import timedelta

import pytest

from contracts.refusals import Fault, Refused
from policy import parse_policy
from policy.spans import plain
from tests.support.policies import VERSION, variant


def faults(old: str, new: str) -> list[Fault]:
    """What is found in the rehearsal policy with one thing of [adjustments] changed."""
    before, heading, rules = variant(VERSION).partition("[adjustments]")
    assert old in rules
    with pytest.raises(Refused) as refusal:
        parse_policy(before + heading + rules.replace(old, new, 1), f"{VERSION}.toml")
    return list(refusal.value.faults)


@pytest.mark.parametrize(
    ("ladder", "old"),
    [
        ("ladder", '\nladder = "staff"'),
        ("conversation_ladder", 'conversation_ladder = "customer"'),
        ("objection_ladder", 'objection_ladder = "objection"'),
        ("satisfaction_ladder", 'satisfaction_ladder = "receipt"'),
    ],
)
def test_a_ladder_that_does_not_exist_is_named_with_its_place(ladder: str, old: str):
    [fault] = faults(old, f'{old.partition("=")[0]}= "nobody"')
    assert (fault.path, fault.message) == (f"adjustments.{ladder}", "there is no ladder 'nobody'")


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('objection = "50 seconds"', 'objection = "a while"', "adjustments.objection"),
        ('roles = ["finance"]', "roles = []", "adjustments.roles"),
        ('waiver = ["manager"]', 'waiver = ["caretaker"]', "adjustments.waiver[0]"),
        ('lessons = ["finance", "supervisor"]\n', "", "adjustments.lessons"),
        ('expected = "20 working days"', 'expected = "20 working days"\nhurry = 1', "adjustments.hurry"),
        ('CNY = "5000.00"', "CNY = 5000.00", "adjustments.limit.CNY"),
        ('JPY = "100000"', 'JPY = "100000.50"', "adjustments.limit"),
        ('USD = "700.00"', 'XXX = "700.00"', "adjustments.limit.XXX.[key]"),
        ("needed = 1", "needed = 0", "adjustments.within"),
        ("needed = 2", "needed = 10", "adjustments.above.needed"),
        ("needed = 2,", "needed = 3, different_roles = true,", "adjustments.above"),
        ("needed = 2,", 'needed = 2, must_include = ["legal"],', "adjustments.above"),
        ('doubled_within = "3 days"', 'doubled_within = "3 working days"', "adjustments.check.doubled_within"),
        ('late_after = "10 days"', 'late_after = "2 working hours"', "adjustments.check.late_after"),
        ("words = [", "words = [] # [", "adjustments.check.prices[0].words"),
        ('JPY = "2000"', 'JPY = "2000.5"', "adjustments.check.prices[0].amounts"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused_with_the_place(old: str, new: str, path: str):
    assert path in [fault.path for fault in faults(old, new)]


def test_whoever_is_told_of_a_plan_may_object_as_long_as_the_policy_says():
    policy = parse_policy(variant(VERSION), f"{VERSION}.toml")
    rules = policy.for_adjustments
    given_up = next(rung.after for rung in policy.ladders[rules.objection_ladder].rungs if rung.kind == "give_up")
    assert plain(given_up) >= plain(rules.objection) > timedelta()
