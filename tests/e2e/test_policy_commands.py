"""`policy check`, `publish`, `approve`, `reject` and `rollout`, as they are typed."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.house import ROOT, House
from tests.support.policies import ANOTHER_LINE, EFFECTIVE, VERSION, expiring_notice, variant

FAR_OFF = (datetime.now(UTC) + timedelta(days=200)).date()


def test_a_policy_file_is_checked_against_the_one_in_force(dev: House) -> None:
    text = variant("2099-check", ("rounds = 5", "rounds = 4"), effective=FAR_OFF, more=ANOTHER_LINE)
    checked = dev.run("policy", "check", dev.write("2099-check.toml", text), "--json")
    assert (checked.code, checked.err) == (0, "")
    assert checked.data["compared_with"] == VERSION
    assert {"path": "rounds", "old": "5", "new": "4"} in checked.data["changes"]
    assert (checked.data["looks"], checked.data["warnings"]) == (["attest_checklist"], [])


def test_every_fault_of_a_policy_file_is_named(dev: House) -> None:
    text = variant("2099-faults", ('ladder = "complaint"', 'ladder = "no"'), ("needed = 1\n", "needed = 7\n"))
    text = text.replace('version = "2099-faults"', 'version = "2099-other"')
    checked = dev.call("policy", "check", dev.write("2099-faults.toml", text), "--json")
    assert checked.code == 2
    assert [each["path"] for each in checked.error["faults"]] == ["version", "findings.customer_complaint"]


def test_what_is_odd_about_a_policy_is_warned_of(dev: House) -> None:
    expires = datetime.now(UTC).date() + timedelta(days=3)
    rules = (
        (EFFECTIVE, f"effective = 2026-10-01\nexpires = {expires}"),
        ("reviewed_on = 2026-10-15", "reviewed_on = 2024-10-15"),
    )
    checked = dev.call("policy", "check", dev.write("2099-odd.toml", variant("2099-odd", *rules)))
    assert checked.code == 0
    for words in ("takes effect in the past", "would never be in force", f"expires on {expires}", "was to be reviewed"):
        assert words in checked.out
    for last, words in ((expires, "expires on"), (expires - timedelta(days=9), "expired on")):
        text = variant("2099-odd", more=expiring_notice("apology", last))
        assert f"The notice apology {words} {last}" in dev.call("policy", "check", dev.write("2099-odd.toml", text)).out
    unknown = dev.write("2099-odd.toml", variant("2099-odd", more=expiring_notice("appology", expires)))
    refused = dev.call("policy", "check", unknown, "--json")
    assert (refused.code, [each["path"] for each in refused.error["faults"]]) == (2, ["templates.appology.[key]"])


def test_a_worker_does_not_start_with_a_policy_that_names_an_unknown_notice(tmp_path: Path) -> None:
    text = variant(VERSION, more=expiring_notice("appology", FAR_OFF))
    (tmp_path / f"{VERSION}.toml").write_text(text, encoding="utf-8")
    nowhere = {"QUIETUS_HOME": str(tmp_path / "home"), "QUIETUS_POLICY_DIR": str(tmp_path)}
    started = subprocess.run(
        [sys.executable, "worker.py"], cwd=ROOT, env=os.environ | nowhere, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (started.returncode, started.stderr.count("\n")) == (2, 1)
    assert f"policy file {VERSION}.toml cannot be used: templates.appology" in started.stderr


def test_the_plans_are_shown_with_owners_deputies_contacts_and_reviews(dev: House) -> None:
    shown = {plan["name"]: plan for plan in dev.run("policy", "plans", "--json").data}
    assert [step["owner"] for step in shown["external_event"]["steps"]] == ["operations", "customer_service"]
    assert (shown["system_fault"]["triggers"], shown["system_fault"]["deputies"]) == (["system_fault"], ["manager"])
    assert (shown["system_fault"]["reviewed_on"], shown["system_fault"]["review_by"]) == ("2026-10-15", "2027-10-15")
    pages = dev.call("policy", "plans").out
    assert all(each in pages for each in ("technology on call", "Name a stand-in", "2027-10-15"))


def test_a_plan_past_its_review_is_marked(dev: House, tmp_path: Path) -> None:
    text = variant(VERSION, ("reviewed_on = 2026-10-15", "reviewed_on = 2024-10-15"))
    (tmp_path / f"{VERSION}.toml").write_text(text, encoding="utf-8")
    assert "2025-10-15 overdue" in dev.call("policy", "plans", VERSION, QUIETUS_POLICY_DIR=str(tmp_path)).out


def test_a_version_that_is_there_with_other_content_is_a_mismatch(dev: House) -> None:
    file = dev.write(f"{VERSION}.toml", variant(VERSION, more="# another"))
    for command in (["check", file], ["publish", file, "--as", "lin.tao"]):
        refused = dev.call("policy", *command, "--json")
        assert (refused.code, refused.error["code"]) == (1, "Mismatch")


def test_a_policy_is_published_approved_and_shown(dev: House) -> None:
    file = dev.write("2099-good.toml", variant("2099-good", effective=FAR_OFF, more=ANOTHER_LINE))
    assert "stands as proposed, proposed by lin.tao" in dev.run("policy", "publish", file, "--as", "lin.tao").out
    assert dev.call("policy", "show", "2099-good", "--json").error["code"] == "NotFound"
    own = dev.call("policy", "approve", "2099-good", "--as", "lin.tao", "--json")
    assert (own.code, own.error["code"]) == (1, "Forbidden")
    assert "is approved, by david.chen" in dev.call("policy", "approve", "2099-good", "--as", "david.chen").out
    shown = dev.call("policy", "rollout", "2099-good", "--json").data
    assert (shown["state"], shown["decided_by"], shown["answered"]) == ("approved", "david.chen", 0)
    assert f"0 of {shown['touched']} answered" in dev.call("policy", "rollout", "2099-good").out
    assert "closing_talk" in dev.call("policy", "show", "2099-good").out


def test_a_rejection_needs_its_reason_and_an_unknown_version_is_not_found(dev: House) -> None:
    file = dev.write("2099-bad.toml", variant("2099-bad", effective=FAR_OFF))
    assert dev.call("policy", "publish", file, "--as", "david.chen").code == 0
    empty = dev.call("policy", "reject", "2099-bad", "--reason", " ", "--as", "tian.ye", "--json")
    assert (empty.code, empty.error["code"]) == (2, "ReasonMissing")
    own = dev.call("policy", "reject", "2099-bad", "--reason", "no", "--as", "david.chen", "--json")
    assert (own.code, own.error["code"]) == (1, "FourEyes")
    assert dev.call("policy", "reject", "2099-bad", "--reason", "not now", "--as", "tian.ye").code == 0
    assert "rejected by tian.ye" in dev.call("policy", "rollout", "2099-bad").out
    for command in (["rollout", "2098"], ["approve", "2098", "--as", "tian.ye"]):
        assert dev.call("policy", *command, "--json").error["code"] == "NotFound"
