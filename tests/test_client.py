"""client.py against a real server: what a caller is told when something is missing, late or too large."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
from temporalio.client import Client

import client as client_module
from client import Quietus
from contracts.converter import data_converter
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.messages import LARGEST_MESSAGE_BYTES, case_of, closure_id
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome, ClosureRequest
from contracts.tasks import Decision, Hold, Withdrawal
from contracts.vocabulary import Outcome
from gateways.devserver import DevServer
from tests.support.firm import ROOT, Firm, running_firm

REQUEST = parse_file((ROOT / "examples/closure-acc-1001.json").read_text(), ClosureRequest, "request", MESSAGE_LIMIT)
HOLD = Hold(decision_id="H-1", reason="", token="t")


@pytest.fixture
async def firm(temporal: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    async with running_firm(temporal, tmp_path) as ready:
        yield ready


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_SECONDS", 1.0)


def a_decision(task: str, **changes: object) -> Decision:
    values = {"decision_id": "D-1", "task": task, "option": "confirm", "token": "t"}
    return Decision.model_validate(values | changes)


async def refused(call: Awaitable[object]) -> Refused:
    with pytest.raises(Refused) as caught:
        await call
    return caught.value


@pytest.mark.usefixtures("impatient")
async def test_a_request_that_no_worker_answers_is_recorded_and_says_what_to_start(temporal: Client) -> None:
    refusal = await refused(Quietus(temporal, "nobody").request_closure(REQUEST))
    assert refusal.code is Code.UNREACHABLE
    assert "REQ-0001 is recorded" in refusal.sentence
    assert "python worker.py" in refusal.sentence
    handle = temporal.get_workflow_handle(closure_id("ACC-1001"))
    assert (await handle.describe()).close_time is None
    await handle.terminate()


@pytest.mark.usefixtures("impatient")
async def test_a_message_that_no_worker_answers_says_so(temporal: Client) -> None:
    await temporal.start_workflow("AccountClosure", REQUEST, id="closure-IDLE", task_queue="nobody")
    refusal = await refused(Quietus(temporal, "nobody").pause("closure-IDLE", HOLD))
    assert refusal.code is Code.UNREACHABLE
    assert "python worker.py" in refusal.sentence
    await temporal.get_workflow_handle("closure-IDLE").terminate()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("lazy", [True, False])
async def test_a_server_that_is_gone_is_named_with_what_to_start(tmp_path: Path, lazy: bool) -> None:
    async with DevServer(tmp_path) as server:
        gone = await Client.connect(server.address, lazy=lazy, data_converter=data_converter())
    quietus = Quietus(gone)
    for call in (quietus.request_closure(REQUEST), quietus.pause("closure-A", HOLD)):
        refusal = await refused(call)
        assert refusal.code is Code.UNREACHABLE
        assert "Temporal did not answer" in refusal.sentence


async def test_a_message_of_more_than_64_kb_is_never_sent() -> None:
    quietus = Quietus(await Client.connect("127.0.0.1:1", lazy=True))
    large = a_decision("closure-A.task-1-x", data={"text": "x" * LARGEST_MESSAGE_BYTES})
    assert (await refused(quietus.decide(large))).code is Code.TOO_LARGE


async def test_a_case_that_never_was_is_not_found(temporal: Client) -> None:
    quietus = Quietus(temporal)
    withdrawal = Withdrawal(decision_id="W-1", reason="no", token="t")
    for call in (
        quietus.decide(a_decision("closure-NONE.task-1-x")),
        quietus.withdraw("closure-NONE", withdrawal),
        quietus.resume("closure-NONE", HOLD),
        quietus.outcome("closure-NONE"),
    ):
        refusal = await refused(call)
        assert (refusal.code, refusal.sentence) == (Code.NOT_FOUND, "There is no case closure-NONE.")


async def test_a_request_that_was_refused_opened_no_case(firm: Firm) -> None:
    wrong = firm.request().model_copy(update={"customer": "CUS-1002"})
    refusal = await refused(firm.quietus.request_closure(wrong))
    assert refusal.code is Code.BAD_INPUT
    assert [fault.path for fault in refusal.faults] == ["customer"]
    assert (await refused(firm.quietus.pause("closure-ACC-1001", HOLD))).code is Code.NOT_FOUND


async def test_a_case_that_ended_says_when_and_how(firm: Firm) -> None:
    receipt = await firm.open()
    task = await firm.task("confirm_contact")
    token = firm.tokens.mint("li.wei")
    await firm.quietus.withdraw(receipt.case, Withdrawal(decision_id="W-1", reason="stays", token=token))
    outcome = await firm.quietus.outcome(receipt.case)
    assert outcome.outcome == Outcome.WITHDRAWN
    refusal = await refused(firm.decide(task, "confirm", "li.wei"))
    assert refusal.code is Code.ALREADY_ENDED
    assert "as withdrawn" in refusal.sentence
    assert [each async for each in firm.quietus.outcomes(receipt.case)] == [outcome]


async def test_the_same_request_sent_at_the_same_moment_is_one_case(firm: Firm) -> None:
    request = firm.request("ACC-1004")
    receipts = await asyncio.gather(*(firm.quietus.request_closure(request) for _ in range(5)))
    assert len({receipt.reference for receipt in receipts}) == 1
    assert len(firm.casebook.cases()) == 1


async def test_the_same_id_with_other_content_is_a_mismatch_and_not_the_first_answer(firm: Firm) -> None:
    request = firm.request("ACC-1006")
    await firm.quietus.request_closure(request)
    other = request.model_copy(update={"notes": "changed"})
    assert (await refused(firm.quietus.request_closure(other))).code is Code.MISMATCH


def test_a_task_names_its_case() -> None:
    assert case_of("closure-ACC-1001.task-2-approval") == "closure-ACC-1001"
    assert CaseOutcome.model_fields.keys() >= {"trail_head", "trail_length"}


async def test_a_case_that_ended_is_known_to_have_ended_also_after_a_refused_request(firm: Firm) -> None:
    ended = await firm.open("ACC-1001")
    await firm.withdraw(ended.case, "li.wei", reason="the customer keeps it")
    assert (await firm.quietus.outcome(ended.case)).outcome == Outcome.WITHDRAWN
    assert (await refused(firm.open("ACC-1001", customer="CUS-1002"))).code is Code.BAD_INPUT
    late = await refused(firm.quietus.decide(a_decision(f"{ended.case}.task-1-confirm_contact")))
    assert (late.code, "withdrawn" in late.sentence) == (Code.ALREADY_ENDED, True)
