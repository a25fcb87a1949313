"""The policy files: which is in force on a day, and what is wrong with one that cannot be used."""

from datetime import date
from pathlib import Path

import pytest

from contracts.refusals import Code, Refused
from policy import Policies
from policy.library import read_policy
from tests.support.firm import FAST, ROOT

NEWEST = ROOT / "policy" / "2026-11-22.toml"


def changed(folder: Path, old: str, new: str) -> Path:
    """The newest policy with one thing changed."""
    text = NEWEST.read_text(encoding="utf-8")
    assert old in text
    file = folder / NEWEST.name
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("day", "version"),
    [(date(2026, 11, 1), "2026-11-01"), (date(2026, 11, 21), "2026-11-01"), (date(2026, 11, 22), "2026-11-22")],
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


def test_a_rehearsal_policy_is_not_for_production():
    with pytest.raises(Refused, match="not for production"):
        Policies(FAST, production=True).versions()
