"""The commands as a user types them: one closure by hand, and how they behave at the edges."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import starter
from tests.support.house import ROOT, House
from tests.support.waiting import until


def test_one_closure_by_hand_from_request_to_a_verified_trail(dev: House) -> None:
    put = dev.run("evidence", "put", "examples/evidence/req-0001/id.txt", "evidence/req-0001/id.txt")
    assert put.code == 0
    receipt = dev.run("closure", "request", "examples/closure-acc-1001.json", "--json").data
    assert (receipt["case"], receipt["reference"]) == ("closure-ACC-1001", "closure-ACC-1001.1")
    assert dev.run("books", "show", "ACC-1001", "--json").data["lock"] == "closure-ACC-1001.1"

    confirm = dev.task("confirm_contact", "ACC-1001")
    noted = dev.run("answer", confirm, "confirm", "--as", "li.wei")
    assert (noted.code, noted.err) == (0, "")
    assert "noted by li.wei" in noted.out

    approval = dev.task("approval", "ACC-1001")
    assert dev.call("claim", approval, "--as", "song.jia").code == 0
    assert "claimed by luo.hao" in dev.call("reassign", approval, "--to", "luo.hao", "--as", "song.jia").out
    assert dev.call("comment", approval, "[bold]checked[/bold]", "--as", "luo.hao").code == 0
    decided = dev.run("decide", approval, "approve", "--as", "luo.hao", "--reason", "papers agree with the books")
    assert "1 of 1, decided" in decided.out

    statement = dev.task("closing_statement", "ACC-1001")
    assert dev.call("answer", statement, "received", "--as", "customer").code == 0
    shown = until_ended(dev, "closure-ACC-1001")
    assert (shown["outcome"], shown["stage"], shown["waiting_for"], shown["due"]) == ("closed", "filed", [], None)
    account = dev.call("books", "show", "ACC-1001", "--json").data
    assert (account["balance"], account["status"], account["lock"]) == ("0.00", "closed", None)
    verified = dev.call("verify", "closure-ACC-1001", "--json")
    assert (verified.code, verified.data["heads_compared"], verified.data["breaks"]) == (0, 1, [])
    assert set(verified.data["sums"].values()) == {"0.00", "0"}


def until_ended(dev: House, case: str) -> dict[str, object]:
    """What `show` says once the case has ended."""

    def look() -> dict[str, object] | None:
        shown: dict[str, object] = dev.call("show", case, "--json").data
        return shown if shown["ended_at"] else None

    return until(look, f"the end of {case}")


def test_markup_and_control_characters_of_others_are_shown_as_text(dev: House) -> None:
    dev.call("closure", "request", dev.write("markup.json", a_request("ACC-1002", "CUS-1002", "刘洋")))
    task = dev.task("identity_unproven", "ACC-1002")
    assert dev.call("comment", task, "[red]{{ 7*7 }}[/red] =1+1 '; DROP TABLE cases", "--as", "li.wei").code == 0
    shown = dev.run("show", "closure-ACC-1002")
    assert "[red]{{ 7*7 }}[/red] =1+1 '; DROP TABLE cases" in shown.out
    assert "\x1b" not in shown.out


def test_who_asks_reads_with_the_receipt_what_stands_in_the_way(dev: House) -> None:
    asked = dev.call("closure", "request", dev.write("way.json", a_request("ACC-1006", "CUS-1004", "赵磊")))
    told = "In the way: identity_unproven identity_card (customer_service). The customer hands in the paper"
    assert told in asked.out
    again = dev.call("closure", "request", str(dev.home / "way.json"), "--json").data
    assert again["blockers"][0]["way"] == "bring_papers"
    assert again["blockers"][0]["customer_can"] is True


def test_pause_and_resume_are_noted_and_seen(dev: House) -> None:
    dev.call("closure", "request", dev.write("pause.json", a_request("ACC-1008", "CUS-1005", "Emma Thompson")))
    case = "closure-ACC-1008"
    assert dev.call("pause", case, "--as", "li.wei", "--reason", "the branch is closed").code == 0
    assert dev.call("resume", case).code == 0  # the operator's
    assert dev.call("pause", case).code == 0
    assert dev.call("show", case, "--json").data["held"] is True
    assert dev.call("resume", case, "--as", "li.wei").code == 0
    assert dev.call("show", case, "--json").data["held"] is False
    assert dev.call("withdraw", case, "--reason", "stays with us").code == 0  # the customer's word
    assert until_ended(dev, case)["outcome"] == "withdrawn"
    assert dev.call("books", "show", "ACC-1008", "--json").data["lock"] is None


def test_money_comes_in_and_an_account_is_frozen_and_released(dev: House) -> None:
    file = dev.write(
        "post.json", {"postings": [{"reference": "IN-1", "account": "ACC-1012", "amount": "25.00", "text": "x"}]}
    )
    assert dev.call("books", "post", file, "--json").data == {"posted": 1, "unchanged": 0}
    assert dev.call("books", "post", file, "--json").data == {"posted": 0, "unchanged": 1}
    frozen = dev.call("books", "freeze", "ACC-1012", "--by", "court", "--reference", "(2026)沪01执9号", "--json").data
    assert (frozen["balance"], frozen["status"], frozen["freeze"]["by"]) == ("100.00", "frozen", "court")
    assert dev.call("books", "release", "ACC-1012", "--json").data["status"] == "active"


def test_the_list_and_the_inbox_can_be_narrowed(dev: House) -> None:
    dev.call("closure", "request", dev.write("list.json", a_request("ACC-1004", "CUS-1003", "陈静")))
    dev.task("identity_unproven", "ACC-1004")
    assert "closure-ACC-1004" in {line["case"] for line in dev.call("cases", "--stage", "identity", "--json").data}
    assert dev.call("cases", "--kind", "incident", "--json").data == []
    cases = {line["case"] for line in dev.call("inbox", "--staff", "li.wei", "--json").data}
    assert "closure-ACC-1004" in cases
    assert {line["role"] for line in dev.call("inbox", "--role", "customer_service", "--json").data} <= {
        "customer_service"
    }


def test_the_policy_in_force_is_shown_with_its_sources(dev: House) -> None:
    assert dev.call("policy", "show", "--json").data["version"] == "2026-11-22.4-rehearsal"
    assert "source = " in dev.call("policy", "show").out


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    told_what_it_loads = "import sys, starter; starter.main(['--help']); print(*sys.modules, file=sys.stderr)"
    shown = subprocess.run(
        [sys.executable, "-c", told_what_it_loads], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {name.split()[0] for name in starter.COMMANDS} <= set(re.findall(r"^  (\w+)", shown.stdout, re.MULTILINE))
    assert {"pydantic", "sqlalchemy", "temporalio"} & set(shown.stderr.split()) == set()


@pytest.mark.parametrize("name", sorted(starter.COMMANDS))
def test_every_command_takes_json(name: str) -> None:
    assert "--json" in House(Path(), {}).call(*name.split(), "--help").out


def test_a_bug_is_one_sentence_and_its_trace_is_in_a_file(dev: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateways.casebook.Casebook.cases", lambda *_: 1 / 0)
    failed = dev.call("cases", "--json")
    assert failed.code == 70
    assert failed.err == f"internal error (ZeroDivisionError); see {dev.home / 'error.log'}\n"
    assert failed.error["code"] == "InternalError"
    assert "Traceback" in (dev.home / "error.log").read_text()


def test_reading_needs_no_temporal_and_verify_says_what_it_could_not_compare(dev: House) -> None:
    gone = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    assert dev.call("cases", **gone).code == 0
    verified = dev.call("verify", **gone)
    assert verified.code == 0
    assert "Temporal is not reachable" in verified.out


def test_the_embedded_records_are_made_by_the_first_command(tmp_path: Path) -> None:
    house = House(tmp_path, {"QUIETUS_HOME": str(tmp_path / "new")})
    assert house.call("inbox").out == "No open task.\n"
    assert (tmp_path / "new" / "quietus.db").exists()


def a_request(account: str, customer: str, name: str, **changes: object) -> dict[str, object]:
    """A request without papers, so that it waits for customer service."""
    request: dict[str, object] = json.loads((ROOT / "examples/closure-acc-1001.json").read_text(encoding="utf-8"))
    payout = {"name": name, "account": "6222020200112233445", "bank": "ICBC"}
    mine = {"request_id": f"REQ-{account}", "account": account, "customer": customer, "documents": [], "payout": payout}
    return request | mine | changes
