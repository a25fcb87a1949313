"""An adjustment as it is typed: asked for, found by the check, looked at, proposed, approved and posted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client

from contracts.books import Line
from contracts.converter import data_converter
from contracts.refusals import Code
from gateways.books_months import today
from records.database import Database
from tests.e2e.test_commands import until_ended
from tests.e2e.test_commands_refusals import expect
from tests.gateways.books_world import cny, do, lines
from tests.support.adjustments import TOLD
from tests.support.house import ROOT, House, Ran, house

REQUEST: dict[str, Any] = json.loads((ROOT / "examples/adjustment-1001.json").read_text(encoding="utf-8"))
CASE, [WRONG] = "adjustment-ADJ-0001", REQUEST["entries"]
FOUND = f"adjustment-CHECK-doubled-{WRONG}"
PAPER = {"kind": "bank_statement", "reference": "papers/lost.csv", "sha256": "0" * 64}
NO_TEMPORAL = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with the books of the examples, and a fee that was booked twice."""
    with house(tmp_path_factory.mktemp("adjustment")) as ready:
        assert ready.call("books", "post", "examples/postings-fee-twice.json").code == 0
        yield ready


def opened(firm: House, **changes: Any) -> Ran:
    return firm.call("adjustment", "open", firm.write("adjustment.json", REQUEST | changes), "--json")


def says(firm: House, case: str, name: str, option: str, by: str, *more: str) -> None:
    """What somebody says to a task as soon as it is asked."""
    verb = "answer" if by == "customer" else "decide"
    done = firm.call(verb, firm.task_of(name, case), option, "--as", by, "--reason", f"{option}, after a look", *more)
    assert done.code == 0, done.err


def found_out(firm: House, case: str) -> None:
    """As far as the proposal."""
    says(firm, case, "adjustment_cause", "confirm", "wang.fang")
    says(firm, case, "adjustment_questions", "told", "customer", "--data", json.dumps(TOLD))
    firm.task_of("propose_plan", case)


def checked(firm: House, *more: str) -> list[dict[str, Any]]:
    """What the check finds."""
    done = firm.call("books", "check", *more, "--json")
    assert done.code == 0, done.err
    assert [line["breach"]["rule"] for line in done.data["found"]] == ["doubled"]
    return list(done.data["found"])


def adjustments(firm: House) -> set[str]:
    return {line["case"] for line in firm.call("cases", "--kind", "adjustment", "--json").data}


# ---- found by the check ----------------------------------------------------------------------------------------------


def test_the_check_opens_an_adjustment_for_each_breach_and_the_same_again_opens_nothing(firm: House) -> None:
    before = adjustments(firm)
    [rehearsed] = checked(firm, "--dry-run")
    assert (rehearsed["case"], rehearsed["new"], rehearsed["breach"]["entry"]) == ("", False, WRONG)
    assert adjustments(firm) == before
    [first], [again] = checked(firm), checked(firm)
    assert (first["case"], first["new"], first["why"]) == (FOUND, True, "")
    assert (again["case"], again["new"], again["why"]) == (FOUND, False, "")
    assert adjustments(firm) == before | {FOUND}
    asked = firm.call("adjustment", "show", FOUND, "--json").data
    assert (asked["raised_by"], asked["suspected_cause"]) == ("system", "data_entry")
    pages = firm.run("books", "check").out
    assert all(words in pages for words in ("doubled", "ACC-1001", WRONG, "-100.00 CNY", FOUND))


def test_the_check_needs_temporal_only_where_something_is_to_be_opened(firm: House) -> None:
    refused = expect(firm.call("books", "check", "--json", **NO_TEMPORAL), Code.UNREACHABLE, "Temporal")
    assert refused.code == 3
    rehearsed = firm.call("books", "check", "--dry-run", **NO_TEMPORAL)
    assert (rehearsed.code, rehearsed.err) == (0, "")
    assert "breaches of the bookkeeping rules: 1." in rehearsed.out


def test_what_was_looked_into_is_named_and_not_opened_again(firm: House) -> None:
    """Finance found that there were two fees after all."""
    found_out(firm, FOUND)
    says(firm, FOUND, "propose_plan", "nothing_wrong", "wang.fang")
    assert until_ended(firm, FOUND)["outcome"] == "unfounded"
    before = adjustments(firm)
    [line] = checked(firm)
    assert (line["case"], line["new"]) == (FOUND, False)
    assert "ended" in line["why"]
    assert adjustments(firm) == before


# ---- asked for -----------------------------------------------------------------------------------------------------


def test_an_adjustment_is_asked_for_by_a_file_and_the_same_twice_is_one_case(firm: House) -> None:
    first = opened(firm)
    assert (first.code, first.data["case"], first.data["reference"]) == (0, CASE, f"{CASE}.1")
    assert opened(firm).data == first.data
    words = firm.run("adjustment", "open", "examples/adjustment-1001.json")
    assert (words.code, words.err) == (0, "")
    assert words.out.startswith(f"Case {CASE} (dossier {CASE}.1), expected by ")
    expect(opened(firm, description="another"), Code.MISMATCH, "ADJ-0001")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"suspected_cause": "bad luck"}, "suspected_cause"),
        ({"description": ""}, "description"),
        ({"description": "   "}, "description"),
        ({"account": "../x"}, "account"),
        ({"raised_by": "nobody"}, "raised_by"),
        ({"entries": ["JE-1"]}, "entries[0]"),
        ({"entries": ["JE-0000000000000000"]}, "entries[0]"),
        ({"entries": [WRONG, WRONG]}, ""),
        ({"account": "ACC-1004"}, "entries[0]"),
        ({"case": "closure-none"}, "case"),
        ({"evidence": [PAPER, PAPER]}, ""),
        ({"evidence": [PAPER | {"sha256": "0" * 63}]}, "evidence[0].sha256"),
        ({"amount": "20.00"}, "amount"),
    ],
    ids=range(13),
)
def test_a_request_that_cannot_be_used_names_its_faults(firm: House, changes: dict[str, Any], path: str) -> None:
    refused = expect(opened(firm, **{"request_id": "BAD", **changes}), Code.BAD_INPUT)
    assert path in [fault["path"] for fault in refused.error["faults"]]


def test_what_cannot_be_adjusted_is_refused_in_one_sentence(firm: House) -> None:
    expect(opened(firm, request_id="BAD", account="ACC-4040", entries=[]), Code.NOT_FOUND, "ACC-4040")
    expect(opened(firm, request_id="BAD", account="ACC-2005", entries=[]), Code.NOT_ALLOWED, "ACC-2005 was closed on")
    expect(firm.call("adjustment", "open", firm.write("no.json", "{"), "--json"), Code.BAD_INPUT, "not JSON")
    expect(firm.call("adjustment", "open", "/nowhere.json", "--json"), Code.BAD_INPUT, "/nowhere.json")
    expect(firm.call("adjustment", "open", firm.write("large.json", "x" * 70_000), "--json"), Code.TOO_LARGE, "64")
    expect(firm.call("adjustment", "open", "examples/adjustment-1001.json", "--json", **NO_TEMPORAL), Code.UNREACHABLE)


def test_only_an_adjustment_is_shown_as_one(firm: House) -> None:
    assert firm.call("incident", "report", "examples/incident-1001.json").code == 0
    expect(firm.call("adjustment", "show", "incident-INC-0001", "--json"), Code.NOT_FOUND, "is no adjustment")
    expect(firm.call("adjustment", "show", "adjustment-none", "--json"), Code.NOT_FOUND, "There is no case")


def test_the_check_opens_nothing_about_an_entry_that_an_adjustment_is_about(firm: House) -> None:
    [line] = checked(firm)
    assert (line["case"], line["new"], line["why"]) == (CASE, False, "it is about this entry already")


# ---- proposed, approved, posted ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draft",
    [
        "reverse it",
        {},
        {"reverse": []},
        {"reverse": ["entry 7"]},
        {"reverse": [WRONG, WRONG]},
        {"reverse": [WRONG], "why": "x"},
        {"book": [{"account": "ACC-1001", "amount": 5, "ledger": "fees", "text": "x"}]},
        {"book": [{"account": "ACC-1001", "amount": "5.00", "ledger": "slush", "text": "x"}]},
        {"book": [{"account": "ACC-1001", "amount": "5.00", "ledger": "fees", "text": ""}]},
    ],
    ids=range(9),
)
def test_what_is_no_draft_is_refused_with_what_one_looks_like(firm: House, draft: object) -> None:
    case = opened(firm, request_id="ADJ-DRAFT").data["case"]
    if firm.call("adjustment", "show", case, "--json").data["cause"] is None:
        found_out(firm, case)
    propose = ("decide", firm.task_of("propose_plan", case), "propose", "--as", "wang.fang", "--reason", "booked twice")
    refused = firm.call(*propose, "--data", json.dumps({"draft": draft}), "--json")
    expect(refused, Code.BAD_INPUT, '"reverse": ["JE-0123456789abcdef"]', '"amount": "-20.00"')


def test_what_a_proposer_and_an_approver_need_is_on_the_screen(firm: House) -> None:
    opened(firm)
    found_out(firm, CASE)
    shown = firm.run("show", CASE).out
    assert "no statement is on file" in shown
    draft = json.dumps({"draft": {"reverse": ["JE-0000000000000000"]}})
    says(firm, CASE, "propose_plan", "propose", "wang.fang", "--data", draft)
    firm.task_of("propose_plan", CASE)
    assert "There is no entry JE-0000000000000000" in firm.run("show", CASE).out
    says(firm, CASE, "propose_plan", "propose", "wang.fang", "--data", json.dumps({"draft": {"reverse": [WRONG]}}))
    task = firm.task_of("approve_plan", CASE)
    [plan] = firm.call("adjustment", "show", CASE, "--json").data["plans"]
    assert (plan["proposed_by"], plan["why"], plan["marks"]) == ("wang.fang", "propose, after a look", [])
    shown = firm.run("show", CASE).out
    for words in (plan["hash"], "1034.56 CNY -> 1134.56 CNY", "ACC-1001 +100.00 CNY", f"reversal of {WRONG}"):
        assert words in shown
    line = next(each for each in firm.call("inbox", "--staff", "song.jia", "--json").data if each["task"] == task)
    assert (line["subject"], line["options"]) == (f"plan 1 of {CASE}", ["approve", "reject"])
    assert task not in {each["task"] for each in firm.call("inbox", "--staff", "wang.fang", "--json").data}
    pages = firm.run("adjustment", "show", CASE).out
    for words in (plan["hash"], WRONG, "1034.56 CNY", "1134.56 CNY", "fees:CNY -100.00 CNY", *TOLD.values()):
        assert words in pages


async def test_operators_see_whom_an_adjustment_waits_for_and_where_the_plan_is(firm: House) -> None:
    """Amounts and words of customers stay out of what operators see."""
    address = json.loads((firm.home / "dev.json").read_text(encoding="utf-8"))["temporal"]
    client = await Client.connect(address, data_converter=data_converter())
    metadata = await client.get_workflow_handle(CASE).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    details = metadata.current_details
    assert "waiting for **manager, supervisor**: approve_plan" in details
    assert f"`starter.py adjustment show {CASE}`" in details
    assert "1134.56" not in details


def test_a_plan_that_is_approved_and_agreed_to_is_posted_and_shown_with_what_became_of_it(firm: House) -> None:
    says(firm, CASE, "approve_plan", "approve", "song.jia")
    says(firm, CASE, "adjustment_notice", "agree", "customer")
    says(firm, CASE, "adjustment_done", "satisfied", "customer")
    says(firm, CASE, "lesson", "recorded", "wang.fang")
    until_ended(firm, CASE)
    view = firm.call("adjustment", "show", CASE, "--json").data
    assert [mark["mark"] for mark in view["plans"][0]["marks"]] == ["approved", "told", "posted", "reconciled"]
    assert (view["content"], view["improvement"]) == (True, "recorded, after a look")
    assert firm.call("books", "show", "ACC-1001", "--json").data["balance"] == "1134.56"
    pages = firm.run("adjustment", "show", CASE).out
    assert all(words in pages for words in ("song.jia", "reconciled", "content", "recorded, after a look (wang.fang)"))
    assert firm.call("verify", CASE).code == 0
    expect(opened(firm), Code.ALREADY_ENDED, CASE)
    assert firm.call("books", "check", "--json").data["found"] == []


# ---- what no adjustment can put right --------------------------------------------------------------------------------


def doubled_and_closed(database: Database) -> str:
    """Half of ACC-1003 is paid out twice, then it is closed; the second entry."""
    half = lines(cny("-29.10"), "payouts", "ACC-1003")
    _, second = (do(database, "post", f"HALF-{n}", "half of it", half) for n in (1, 2))
    do(database, "lock", "ACC-1003", "elsewhere")
    do(database, "mark_closed", "ACC-1003", "elsewhere", today())
    return str(second)


def unbalanced(database: Database) -> str:
    """An entry between our own ledgers that was tampered with."""
    own = [Line(ledger="payouts:CNY", amount=cny("1.00")), Line(ledger="set_aside:CNY", amount=cny("-1.00"))]
    entry = do(database, "post", "OURS", "between us", own)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER journal_lines_no_update")
        connection.exec_driver_sql(f"UPDATE journal_lines SET minor = 7 WHERE entry = '{entry}' AND n = 1")
    return str(entry)


def test_a_breach_that_no_adjustment_can_deal_with_is_named_with_the_reason(firm: House) -> None:
    database = Database(f"sqlite:///{firm.home / 'quietus.db'}")
    closed, ours = doubled_and_closed(database), unbalanced(database)
    database.dispose()
    before = adjustments(firm)
    found = {line["breach"]["entry"]: line for line in firm.call("books", "check", "--json").data["found"]}
    assert {line["case"] for line in found.values()} == {""}
    assert found[closed]["why"].startswith("Account ACC-1003 was closed on")
    assert found[ours]["why"] == "it stands on no account of a customer"
    assert adjustments(firm) == before
