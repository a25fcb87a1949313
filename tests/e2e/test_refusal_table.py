"""The table of refusals, row by row: by command, by a raw update, by a raw signal. Afterwards nothing is stuck."""

import os
from collections.abc import Sequence
from typing import Any
from unittest import mock

import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from contracts.converter import data_converter
from contracts.operators import Overview
from contracts.refusals import Code, Refused, refusal_of
from settings import connect, load_settings
from tests.support.house import House, Ran
from tests.support.refusal_ground import (
    ENDED,
    FIRMS,
    OPEN,
    PAUSED,
    SETTLING,
    SPARE,
    WAITING,
    Ground,
    closed,
    open_request,
    prepare,
    request,
)
from tests.support.refusals import NO_LONGER, RUNNING, UNUSABLE, Row, Said
from tests.support.waiting import until

CASES = [f"closure-{account}" for account in (WAITING, FIRMS, SETTLING, PAUSED, OPEN)]
UPDATES = ("decide", "withdraw", "pause", "resume", "extend", "ask_again", "receive")


@pytest.fixture(scope="module")
def ground(dev: House) -> Ground:
    return prepare(dev)


@pytest.fixture(scope="module")
async def client(dev: House) -> Client:
    with mock.patch.dict(os.environ, dev.environment, clear=True):
        return await connect(load_settings(), data_converter=data_converter())


async def refusal_of_update(client: Client, case: str, name: str, *values: Any) -> Refused:
    """What a raw update is told."""
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await client.get_workflow_handle(case).execute_update(name, args=values)
    refusal = refusal_of(failure.value)
    assert refusal, repr(failure.value.cause)
    return refusal


def assert_refused(ran: Ran, code: Code, words: str) -> None:
    """With that code, in one sentence on standard error and in the error document."""
    assert (ran.error["code"], ran.code) == (code, code.exit_code), ran
    assert (ran.err.count("\n"), ran.err.strip()) == (1, " ".join(ran.error["message"].split()))
    assert words in ran.err


# ---- by command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [*RUNNING, *NO_LONGER], ids=str)
def test_a_command_is_refused_in_one_sentence_with_its_code(dev: House, ground: Ground, row: Row) -> None:
    assert_refused(dev.call(*row.said(ground).command()), row.code, row.words)


def test_a_message_over_64_kilobytes_does_not_leave_the_house(dev: House, ground: Ground) -> None:
    large = Said("decide", ground.approval, ground.mint("luo.hao"), "approve", data={"words": "x" * 65_500})
    assert_refused(dev.call(*large.command()), Code.TOO_LARGE, "65,536")


# ---- by a raw update -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", RUNNING, ids=str)
async def test_a_raw_update_is_refused_with_the_same_code(client: Client, ground: Ground, row: Row) -> None:
    said = row.said(ground)
    refusal = await refusal_of_update(client, said.case, said.message, said.body())
    assert refusal.code is row.code
    assert row.words.replace(" (--reason)", "") in str([refusal.sentence, *refusal.faults])


@pytest.mark.parametrize("row", NO_LONGER, ids=str)
async def test_a_raw_update_finds_no_case_that_is_over_or_never_was(client: Client, ground: Ground, row: Row) -> None:
    said = row.said(ground)
    with pytest.raises(RPCError) as failure:
        await client.get_workflow_handle(said.case).execute_update(said.message, said.body())
    assert failure.value.status is RPCStatusCode.NOT_FOUND


@pytest.mark.parametrize("update", UPDATES)
async def test_an_update_that_cannot_be_read_is_bad_input(client: Client, ground: Ground, update: str) -> None:
    codes = [(await refusal_of_update(client, ground.waiting, update, *values)).code for values in UNUSABLE]
    assert codes == [Code.BAD_INPUT] * len(UNUSABLE)


# ---- by a raw signal -------------------------------------------------------------------------------------------------


async def test_a_decision_by_signal_that_is_refused_stands_in_show_with_its_code(
    dev: House, client: Client, ground: Ground
) -> None:
    rows = [row for row in RUNNING if row.said(ground).message == "decide"]
    kept = {row.name: await kept_of(dev, client, row.said(ground)) for row in rows}
    assert kept == {row.name: row.code for row in rows}


async def kept_of(dev: House, client: Client, said: Said) -> str:
    """The code that `show` tells of a decision by signal."""
    before = len(refused_by_signal(dev, said.case))
    await client.get_workflow_handle(said.case).signal("decision", said.body())
    return until(lambda: refused_by_signal(dev, said.case)[before:], str(said))[0]


async def test_a_decision_by_signal_that_cannot_be_read_stands_in_show(
    dev: House, client: Client, ground: Ground
) -> None:
    before = len(refused_by_signal(dev, ground.waiting))
    for values in UNUSABLE:
        await client.get_workflow_handle(ground.waiting).signal("decision", args=values)
    kept = until(lambda: _as_many(refused_by_signal(dev, ground.waiting)[before:], len(UNUSABLE)), "the mistakes")
    assert set(kept) == {Code.BAD_INPUT}


def refused_by_signal(dev: House, case: str) -> list[str]:
    """The codes, in the order of the trail."""
    trail = dev.call("show", case, "--json").data["trail"]
    return [link["why"].partition(":")[0] for link in trail if link["what"] == "decision by signal refused"]


def _as_many(found: Sequence[str], wanted: int) -> Sequence[str] | None:
    return found if len(found) >= wanted else None


# ---- starts ----------------------------------------------------------------------------------------------------------

UNREADABLE: dict[str, dict[str, Any]] = {
    "a field of the wrong type": request(SPARE, wished_on=7),
    "a field that is not known": request(SPARE, colour="blue"),
    "a field that is missing": {"account": SPARE},
    "a hash that is none": request(SPARE),
}
FORBIDDEN: dict[str, tuple[Code, dict[str, Any]]] = {
    "an unknown account": (Code.NOT_FOUND, request("ACC-7199", documents=[])),
    "somebody else's account": (Code.BAD_INPUT, request(SPARE, customer="CUS-1001", documents=[])),
    "money and no payout": (Code.BAD_INPUT, request(SPARE, payout=None, documents=[])),
    "a day that is too far": (Code.BAD_INPUT, request(SPARE, wished_on="2039-01-01", documents=[])),
    "a closed account": (Code.NOT_ALLOWED, request("ACC-2005", customer="CUS-2001", payout=None, documents=[])),
    "a second closure": (Code.ALREADY_OPEN, request(WAITING, request_id="REQ-OTHER", documents=[])),
    "the same id with other content": (Code.MISMATCH, request(WAITING, notes="other words", documents=[])),
}
REQUESTS = {name: (Code.BAD_INPUT, values) for name, values in UNREADABLE.items()} | FORBIDDEN


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_refused_with_its_code_and_locks_nothing(dev: House, ground: Ground, name: str) -> None:
    code, values = REQUESTS[name]
    assert_refused(dev.call("closure", "request", dev.write("refused.json", values), "--json"), code, "")
    assert dev.call("books", "show", SPARE, "--json").data["lock"] is None


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_raw_start_that_cannot_be_read_fails_at_once(client: Client, ground: Ground, name: str) -> None:
    case = f"closure-{SPARE}"
    handle = await client.start_workflow("AccountClosure", UNREADABLE[name], id=case, task_queue="quietus")
    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    refusal = refusal_of(failure.value)
    assert refusal
    assert (refusal.code, bool(refusal.faults)) == (Code.BAD_INPUT, True)


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_a_raw_request_is_refused_with_the_same_code(client: Client, ground: Ground, name: str) -> None:
    code, values = FORBIDDEN[name]
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        "AccountClosure",
        values,
        id=f"closure-{values['account']}",
        task_queue="quietus",
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await client.execute_update_with_start_workflow("receive", values, start_workflow_operation=start)
    refusal = refusal_of(failure.value)
    assert refusal, repr(failure.value.cause)
    assert refusal.code is code


def test_the_request_of_a_case_that_has_ended_hears_how(dev: House, ground: Ground) -> None:
    ran = dev.call("closure", "request", str(dev.home / f"{ENDED}.json"), "--json")
    print(ran)
    assert_refused(ran, Code.ALREADY_ENDED, "withdrawn")


# ---- and afterwards --------------------------------------------------------------------------------------------------


def test_the_same_decision_id_again_is_told_the_first_answer(dev: House, ground: Ground) -> None:
    again = Said("decide", ground.approval, ground.mint("song.jia"), "approve", key=ground.key)
    first, second = (dev.call(*again.command()) for _ in range(2))
    assert (first.code, first.data) == (0, second.data)
    assert (first.data["by"], first.data["approvals"]) == ("song.jia", 1)


async def test_every_case_still_answers_a_query(client: Client, ground: Ground) -> None:
    for case in CASES:
        seen = await client.get_workflow_handle(case).query("overview", result_type=Overview)
        assert seen.tasks, case


def test_every_case_takes_a_good_decision_and_closes_and_so_does_one_more(dev: House, ground: Ground) -> None:
    assert dev.call("resume", ground.paused, "--as", "li.wei").code == 0
    open_request(dev, SPARE)
    ends = {account: closed(dev, account)["outcome"] for account in (WAITING, FIRMS, SETTLING, PAUSED, OPEN, SPARE)}
    assert set(ends.values()) == {"closed"}, ends
    assert dev.call("verify", "--json").data["breaks"] == []
