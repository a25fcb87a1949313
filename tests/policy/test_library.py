"""The policy files: which is in force on a day, and what is wrong with one that cannot be used."""

import re
from datetime import date
from pathlib import Path

import pytest

from contracts.refusals import Code, Refused
from policy import Policies, PolicyText, parse_policy
from policy.library import read_policy
from tests.support.firm import FAST, ROOT
from tests.support.policies import EFFECTIVE, VERSION, variant

ANY = ROOT / "policy" / "2026-11-22.toml"


def changed(folder: Path, old: str, new: str) -> Path:
    """A policy with one thing changed."""
    text = ANY.read_text(encoding="utf-8")
    assert old in text
    file = folder / ANY.name
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("day", "version"),
    [(date(2026, 11, 1), "2026-11-01"), (date(2026, 11, 21), "2026-11-01"), (date(2026, 11, 22), "2026-11-22.4")],
)
def test_the_version_in_force_is_the_latest_that_has_begun(day: date, version: str):
    assert Policies(ROOT / "policy").in_force_on(day).version == version


def test_before_the_first_version_nothing_is_in_force():
    with pytest.raises(Refused) as refusal:
        Policies(ROOT / "policy").in_force_on(date(2026, 10, 31))
    assert refusal.value.code is Code.NOT_ALLOWED


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("needed = 2", "needed = 0", "approvals.medium"),
        ("rounds = 5", "rounds = 0", "rounds"),
        ("needed = 2", "needed = 99", "approvals.medium.needed"),
        ('roles = ["supervisor", "manager"]\ntimes', "roles = []\ntimes", "extension.roles"),
        ('must_include = ["compliance"]', 'must_include = ["legal"]', "approvals.high"),
        ('must_include = ["compliance"]', 'must_include = ["compliance", "risk", "manager"]', "approvals.high"),
        (
            'needed = 2\nroles = ["supervisor", "manager", "compliance"]',
            'needed = 4\ndifferent_roles = true\nroles = ["supervisor", "manager", "compliance"]',
            "approvals.high",
        ),
        ('ladder = "authority"', 'ladder = "nobody"', "findings.account_frozen"),
        ("longest_working_days = 10", 'longest_working_days = 10\nladder = "nobody"', "extension"),
        ('version = "2026-11-22"', 'version = "2026-11-23"', "version"),
        ('attested_by = "compliance"', 'attested_by = "compliance"\ntest = "no_debt_beyond_balance"', "checklist.tax"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_with_the_place(tmp_path: Path, old: str, new: str, path: str):
    with pytest.raises(Refused) as refusal:
        read_policy(changed(tmp_path, old, new))
    assert [fault.path for fault in refusal.value.faults] == [path]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('triggers = ["internal_process"]', "triggers = []", "plans.internal_process"),
        ('id = "other_branch"', 'id = "branch_safe"', "plans.external_event.steps.branch_safe"),
        ('deputies = ["supervisor"]', 'deputies = ["customer"]', "plans.internal_process"),
        ('deputies = ["supervisor"]', 'deputies = ["caretaker"]', "plans.internal_process.deputies[0]"),
        ('review_every = "365 days"', 'review_every = "9 working days"', "plans.system_fault.review_every"),
        ('triggers = ["internal_process"]', 'triggers = ["external_event"]', "plans.external_event.triggers"),
    ],
)
def test_a_plan_that_nobody_could_carry_out_is_refused_with_the_place(old: str, new: str, path: str):
    text = variant("2027-01-02").replace(old, new, 1)
    with pytest.raises(Refused) as refusal:
        parse_policy(text, "2027-01-02.toml")
    assert path in [fault.path for fault in refusal.value.faults]


def test_a_plan_without_steps_is_refused():
    text = re.sub(r"\[\[plans\.external_event\.steps\]\][^\[]*", "", variant("2027-01-02"))
    text = text.replace("[plans.external_event]", "[plans.external_event]\nsteps = []")
    with pytest.raises(Refused, match="needs a trigger and a step"):
        parse_policy(text, "2027-01-02.toml")


def test_a_rehearsal_policy_is_not_for_production():
    with pytest.raises(Refused, match="not for production"):
        Policies(FAST, production=True).versions()


# ---- what was published since ------------------------------------------------------------------


def test_a_published_policy_counts_from_its_day_on_as_soon_as_it_is_approved():
    published: list[PolicyText] = []
    policies = Policies(FAST, published=lambda: published)
    assert policies.in_force_on(date(2027, 1, 2)).version == VERSION
    published.append(PolicyText("2027-01-02", variant("2027-01-02", effective=date(2027, 1, 2))))
    assert policies.in_force_on(date(2027, 1, 1)).version == VERSION
    assert policies.in_force_on(date(2027, 1, 2)).version == "2027-01-02"
    assert policies.versions() == (VERSION, "2027-01-02")
    assert policies.text("2027-01-02") == published[0].text


def test_a_version_that_was_published_with_other_content_than_its_file_is_a_mismatch():
    policies = Policies(FAST, published=lambda: [PolicyText(VERSION, variant(VERSION, more="# another"))])
    with pytest.raises(Refused) as refusal:
        policies.in_force_on(date(2027, 1, 1))
    assert refusal.value.code is Code.MISMATCH


def test_a_published_rehearsal_policy_is_not_for_production():
    text = variant("2027-01-02")
    with pytest.raises(Refused, match="not for production"):
        Policies(ROOT / "policy", production=True, published=lambda: [PolicyText("2027-01-02", text)]).versions()


def test_after_its_last_day_a_policy_opens_no_case_and_open_ones_go_on_under_it():
    expiring = variant("2027-01-02", (EFFECTIVE, f"{EFFECTIVE}\nexpires = 2027-01-31"))
    policies = Policies(FAST, published=lambda: [PolicyText("2027-01-02", expiring)])
    assert policies.for_new_case_on(date(2027, 1, 31)).version == "2027-01-02"
    with pytest.raises(Refused, match=r"Policy 2027-01-02 expired on 2027-01-31; publish a new one\.") as refusal:
        policies.for_new_case_on(date(2027, 2, 1))
    assert refusal.value.code is Code.NOT_ALLOWED
    assert policies.in_force_on(date(2027, 2, 1)).version == "2027-01-02"


def test_a_newer_policy_takes_the_place_of_one_that_expired():
    old = variant("2027-01-02", (EFFECTIVE, "effective = 2027-01-02\nexpires = 2027-01-31"))
    newer = variant("2027-02-01", effective=date(2027, 2, 1))
    policies = Policies(FAST, published=lambda: [PolicyText("2027-02-01", newer), PolicyText("2027-01-02", old)])
    assert policies.for_new_case_on(date(2027, 2, 1)).version == "2027-02-01"


def test_a_policy_cannot_expire_before_it_takes_effect():
    with pytest.raises(Refused) as refusal:
        parse_policy(variant("2027-01-02", (EFFECTIVE, f"{EFFECTIVE}\nexpires = 2026-11-01")), "2027-01-02.toml")
    assert [fault.path for fault in refusal.value.faults] == ["expires"]
