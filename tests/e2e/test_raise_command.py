"""What happens to a running case as it is typed: something is raised, and money comes for who waits for it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from contracts.occurrences import RAISABLE
from contracts.refusals import Code
from gateways.books_journal import today
from tests.e2e.test_commands import a_request
from tests.e2e.test_commands_refusals import expect
from tests.support.house import ROOT, House, house
from tests.support.waiting import until

ASKED = "closure-ACC-1001"  # waits for the customer, whom it has asked to confirm
SHORT = "closure-ACC-1005"  # 20.00 are there, 180.00 are owed
PAPERS = json.loads((ROOT / "examples/closure-acc-1001.json").read_text(encoding="utf-8"))["documents"]
UNTOLD = timedelta(seconds=60)
"""When it looks by itself: `shortfall.top_up_within` of the rehearsal policy."""
WISHED = {"wished_on": today().isoformat()}
NOWHERE = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own with two cases under way."""
    with house(tmp_path_factory.mktemp("raise")) as ready:
        assert ready.call("evidence", "put", "examples/evidence/req-0001/id.txt", PAPERS[0]["reference"]).code == 0
        for account, customer, name in (("ACC-1001", "CUS-1001", "张伟"), ("ACC-1005", "CUS-1003", "陈静")):
            request = a_request(account, customer, name, documents=PAPERS)
            assert ready.call("closure", "request", ready.write(f"{account}.json", request)).code == 0
        yield ready


def states(firm: House, case: str, kind: str) -> list[str]:
    """How the findings of a kind stand."""
    return [line["state"] for line in firm.call("show", case, "--json").data["findings"] if line["kind"] == kind]


def templates(firm: House, case: str) -> set[str]:
    """What the customer was sent."""
    return {line["template"] for line in firm.call("show", case, "--json").data["contacts"]}


def test_a_complaint_is_raised_once_however_often_it_is_sent_and_the_case_goes_on_when_it_is_solved(
    firm: House,
) -> None:
    said = ("raise", ASKED, "customer_complaint", "--detail", "the fee was booked twice", "--as", "li.wei")
    first = firm.run(*said, "--id", "C-1")
    assert (first.code, first.err) == (0, "")
    assert f"{ASKED} deals with customer_complaint, as customer, noted by li.wei said at " in first.out
    task = firm.task("customer_complaint", "ACC-1001")
    until(lambda: "complaint_received" in templates(firm, ASKED), "the notice")
    again = firm.call(*said, "--id", "C-1", "--json")
    assert (again.code, again.data["by"]) == (0, "customer, noted by li.wei")
    assert states(firm, ASKED, "customer_complaint") == ["open"]

    assert firm.call("decide", task, "agreed", "--as", "chen.jie", "--reason", "booked back").code == 0
    until(lambda: states(firm, ASKED, "customer_complaint") == ["cleared"], "the end of it")


def test_the_customer_says_what_changed_and_what_is_not_to_be_used_is_named(firm: House) -> None:
    changed = ("raise", ASKED, "customer_info_change", "--json")
    expect(firm.call(*changed), Code.BAD_INPUT, "a field with its value, or a payout")
    expect(firm.call(*changed, "--data", '{"field": "email", "value": "nobody"}'), Code.BAD_INPUT, "email")
    expect(firm.call(*changed, "--data", "[]"), Code.BAD_INPUT, "JSON object")
    noted = firm.call(*changed, "--data", '{"field": "email", "value": "wei@new.example.com"}')
    assert (noted.code, noted.data["by"]) == (0, "customer")
    assert firm.task("confirm_new_contact", "ACC-1001")
    until(lambda: {"contact_changing", "confirm_new_contact"} <= templates(firm, ASKED), "the notices")


def test_a_fault_that_staff_raise_starts_the_plan_and_the_repair_and_the_customer_is_told(firm: House) -> None:
    expect(firm.call("raise", ASKED, "system_fault", "--as", "customer", "--json"), Code.FORBIDDEN, "Only staff")
    said = firm.run("raise", ASKED, "system_fault", "--detail", "the core system is down", "--as", "wu.gang")
    assert (said.code, said.err) == (0, "")
    assert f"{ASKED} deals with system_fault, as wu.gang said at " in said.out
    repair, plan = firm.task("system_fault", "ACC-1001"), firm.task("plan_assess", "ACC-1001")
    until(lambda: "apology" in templates(firm, ASKED), "the apology")
    expect(firm.call("decide", repair, "fixed", "--as", "wu.gang", "--json"), Code.REASON_MISSING)
    assert firm.call("decide", repair, "fixed", "--as", "wu.gang", "--reason", "an expired certificate").code == 0
    assert states(firm, ASKED, "system_fault") == ["open"]
    assert firm.call("decide", plan, "done", "--as", "huang.lei").code == 0
    until(lambda: states(firm, ASKED, "system_fault") == ["cleared"], "the end of it")
    trail = firm.call("show", ASKED, "--json").data["trail"]
    assert ("put on the training list: system_fault", "an expired certificate") in {
        (t["what"], t["why"]) for t in trail
    }


@pytest.mark.parametrize("kind", ["earthquake", "insufficient_balance", ""])
def test_a_kind_that_cannot_be_raised_is_refused_with_those_that_can(firm: House, kind: str) -> None:
    refused = firm.call("raise", ASKED, kind, "--json")
    expect(refused, Code.BAD_INPUT)
    assert all(each in refused.error["message"] for each in RAISABLE)


def test_who_may_not_say_it_and_a_case_that_is_not_there_are_refused(firm: House) -> None:
    expect(firm.call("raise", ASKED, "external_event", "--as", "customer", "--json"), Code.FORBIDDEN, "Only staff")
    expect(firm.call("raise", ASKED, "customer_complaint", "--as", "wu.gang", "--json"), Code.FORBIDDEN)
    expect(firm.call("raise", ASKED, "customer_complaint", "--as", "li.wei", "--json"), Code.REASON_MISSING)
    expect(firm.call("raise", "closure-ACC-9", "external_event", "--json"), Code.NOT_FOUND)
    expect(firm.call("raise", ASKED, "external_event", "--json", **NOWHERE), Code.UNREACHABLE)


def test_money_that_is_posted_is_told_to_the_case_that_waits_for_it(firm: House) -> None:
    assert firm.call("answer", firm.task("confirm_contact", "ACC-1005"), "confirm", "--as", "li.wei").code == 0
    assert firm.call("answer", firm.task("shortfall", "ACC-1005"), "top_up", "--as", "li.wei").code == 0
    debt = firm.task("checklist_failed", "ACC-1005")  # it was on the checklist too, before the money came
    posting = {"reference": "IN-5", "account": "ACC-1005", "amount": "160.00", "text": "top-up"}
    file = firm.write("in.json", {"postings": [posting]})

    alone = firm.run("books", "post", file, "--json", **NOWHERE)
    assert (alone.code, alone.data) == (0, {"posted": 1, "unchanged": 0})
    assert alone.err.startswith(f"It is booked, but not every case was told ({SHORT}): Temporal is not reachable")
    assert alone.err.count("\n") == 1

    told = firm.run("books", "post", file, "--json")  # the same again tells it again
    assert (told.code, told.err, told.data) == (0, "", {"posted": 0, "unchanged": 1})
    until(lambda: states(firm, SHORT, "insufficient_balance") == ["cleared"], "the end of it")
    assert waited(firm) < UNTOLD
    assert states(firm, SHORT, "checklist_failed") == ["open"]
    fixed = ("decide", debt, "fixed", "--as", "lin.tao")
    assert firm.call(*fixed, "--data", json.dumps(WISHED)).code == 0
    assert firm.task("approval", "ACC-1005")


def test_what_an_answer_carried_is_shown(firm: House) -> None:
    tasks = firm.call("show", SHORT, "--json").data["tasks"]
    carried = {task["name"]: task["decisions"][0]["data"] for task in tasks if task["decisions"]}
    assert (carried["checklist_failed"], carried["shortfall"]) == (WISHED, {})
    assert f"fixed (wished_on: {WISHED['wished_on']}) by lin.tao" in firm.run("show", SHORT).out


def test_what_an_option_wants_is_shown_as_it_is_typed(firm: House) -> None:
    wanted = """return --data '{"stage": "identity"}' (identity, reason, """
    assert firm.task("approval", "ACC-1005")
    assert all(wanted in firm.call(*command).out for command in (("inbox",), ("show", SHORT)))


def waited(firm: House) -> timedelta:
    """How long the case waited for the money, since the customer chose to pay it in."""
    shown = firm.call("show", SHORT, "--json").data
    chosen = next(task["decisions"][0]["at"] for task in shown["tasks"] if task["name"] == "shortfall")
    ended = next(line["ended_at"] for line in shown["findings"] if line["kind"] == "insufficient_balance")
    return datetime.fromisoformat(ended) - datetime.fromisoformat(chosen)
