"""One sloppy message must not brick a case: it is told to its sender, and the case goes on. With the settings of
production, where a bug in workflow code hangs a case and does not fail it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from contracts.operators import Overview
from contracts.refusals import Code, Refused, refusal_of
from gateways.tokens import LocalTokens
from tests.support.firm import Firm, eventually, running_firm

CASE = "closure-ACC-1001"
MEGABYTE = 1024 * 1024


@pytest.fixture
async def plain_firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm whose worker treats errors in workflow code as production does."""
    async with running_firm(skipping_client, tmp_path, workflow_failure_exception_types=[]) as ready:
        yield ready


async def started(firm: Firm, *values: Any) -> None:
    """A start straight to Temporal, with whatever somebody sends."""
    await firm.client.start_workflow("AccountClosure", args=values, id=CASE, task_queue=firm.task_queue)


async def refusal_of_start(firm: Firm, *values: Any) -> Refused:
    """How the start failed, at once."""
    await started(firm, *values)
    with pytest.raises(WorkflowFailureError) as failure:
        await firm.outcome(CASE)
    refusal = refusal_of(failure.value)
    assert refusal is not None
    return refusal


async def refusal_of_update(firm: Firm, name: str, *values: Any) -> ApplicationError:
    """How the update was refused."""
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await firm.client.get_workflow_handle(CASE).execute_update(name, args=values)
    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    return cause


async def assert_goes_on(firm: Firm) -> None:
    """The case still answers a query, and closes."""
    seen = await firm.client.get_workflow_handle(CASE).query("overview", result_type=Overview)
    assert seen.waiting_for == ["customer"]
    assert (await firm.close_smoothly(CASE)).outcome == "closed"
    assert firm.payments() == ["1234.56"]


def values_of(firm: Firm, **changes: Any) -> dict[str, Any]:
    """The JSON of a request."""
    return firm.request("ACC-1001").model_dump(mode="json") | changes


# ---- starts ------------------------------------------------------------------------------------------------------


async def test_a_start_with_a_wrong_type_fails_at_once_with_the_field_named(plain_firm: Firm):
    refusal = await refusal_of_start(plain_firm, values_of(plain_firm, wished_on="soon", documents=7))
    assert refusal.code is Code.BAD_INPUT
    assert {fault.path for fault in refusal.faults} == {"wished_on", "documents"}
    await plain_firm.open("ACC-1001")
    await plain_firm.task("confirm_contact")
    await assert_goes_on(plain_firm)


async def test_a_start_with_missing_and_unknown_fields_fails_at_once_with_every_field_named(plain_firm: Firm):
    values = values_of(plain_firm, colour="blue")
    del values["customer"], values["reason"]
    refusal = await refusal_of_start(plain_firm, values)
    assert {fault.path for fault in refusal.faults} == {"customer", "reason", "colour"}
    assert plain_firm.account("ACC-1001").lock is None


@pytest.mark.parametrize(
    "values", [(), ("close it",), (None,), ([],), (b"raw",)], ids=["none", "text", "null", "list", "bytes"]
)
async def test_a_start_without_a_request_fails_at_once(plain_firm: Firm, values: tuple[Any, ...]):
    assert (await refusal_of_start(plain_firm, *values)).code is Code.BAD_INPUT


async def test_a_start_with_two_arguments_fails_at_once(plain_firm: Firm):
    refusal = await refusal_of_start(plain_firm, values_of(plain_firm), values_of(plain_firm))
    assert refusal.code is Code.BAD_INPUT
    assert plain_firm.account("ACC-1001").lock is None


# ---- updates -----------------------------------------------------------------------------------------------------


async def test_updates_with_missing_extra_and_wrong_arguments_are_refused(plain_firm: Firm):
    await plain_firm.open("ACC-1001")
    task = await plain_firm.task("confirm_contact")
    decision = plain_firm.decision(task, "confirm", "token").model_dump()
    for name in ("decide", "withdraw", "pause", "resume", "receive"):
        for values in ((), ({"decision_id": 7},), ("yes",), (None,), (b"raw",), (decision, decision)):
            assert (await refusal_of_update(plain_firm, name, *values)).type == Code.BAD_INPUT, (name, values)
    await assert_goes_on(plain_firm)


async def test_a_wrong_field_of_an_update_is_named(plain_firm: Firm):
    await plain_firm.open("ACC-1001")
    task = await plain_firm.task("confirm_contact")
    broken = plain_firm.decision(task, "confirm", "token").model_dump() | {"decision_id": "no spaces", "who": "me"}
    refusal = refusal_of(await refusal_of_update(plain_firm, "decide", broken))
    assert refusal is not None
    assert {fault.path for fault in refusal.faults} == {"decision_id", "who"}
    await assert_goes_on(plain_firm)


async def test_an_unknown_update_is_refused(plain_firm: Firm):
    await plain_firm.open("ACC-1001")
    await plain_firm.task("confirm_contact")
    await refusal_of_update(plain_firm, "close_now", "please")
    await assert_goes_on(plain_firm)


async def test_an_update_over_64_kilobytes_never_leaves_the_client(plain_firm: Firm):
    await plain_firm.open("ACC-1001")
    task = await plain_firm.task("confirm_contact")
    large = plain_firm.decision(task, "confirm", "token", data={"words": "x" * 65_536})
    with pytest.raises(Refused) as refusal:
        await plain_firm.quietus.decide(large)
    assert refusal.value.code is Code.TOO_LARGE
    request = plain_firm.request("ACC-1002", documents=[], notes="x" * 7_000)
    assert len(request.model_dump_json()) < 65_536, "a request of the largest fields is taken"
    await assert_goes_on(plain_firm)


async def test_a_forged_token_is_refused_and_neither_the_worker_nor_the_case_is_hurt(plain_firm: Firm, tmp_path: Path):
    await plain_firm.open("ACC-1001")
    task = await plain_firm.task("confirm_contact")
    forged = plain_firm.decision(task, "confirm", LocalTokens(tmp_path / "forger").mint("song.jia"))
    for _ in range(2):
        refusal = await refusal_of_update(plain_firm, "decide", forged)
        assert refusal.type == Code.UNAUTHENTICATED
    await assert_goes_on(plain_firm)


# ---- signals -----------------------------------------------------------------------------------------------------


async def test_signals_with_missing_extra_and_wrong_arguments_are_dropped(plain_firm: Firm):
    await plain_firm.open("ACC-1001")
    task = await plain_firm.task("confirm_contact")
    handle = plain_firm.client.get_workflow_handle(CASE)
    decision = plain_firm.decision(task, "confirm", "token").model_dump()
    for values in ((), ({"decision_id": 7},), ("yes",), (None,), (b"raw",), (decision, decision), ([1, 2],)):
        await handle.signal("decision", args=list(values))
    await assert_goes_on(plain_firm)


async def test_a_forged_decision_by_signal_is_refused_and_the_case_goes_on(plain_firm: Firm, tmp_path: Path):
    await plain_firm.open("ACC-1001")
    task = await plain_firm.task("confirm_contact")
    forged = plain_firm.decision(task, "confirm", LocalTokens(tmp_path / "forger").mint("song.jia"))
    await plain_firm.client.get_workflow_handle(CASE).signal("decision", forged)
    await eventually(lambda: "Unauthenticated" in trail_of(plain_firm), "the refusal in the trail")
    await assert_goes_on(plain_firm)


async def test_an_unknown_signal_is_kept_in_the_trail(plain_firm: Firm):
    await plain_firm.open("ACC-1001")
    await plain_firm.task("confirm_contact")
    await plain_firm.client.get_workflow_handle(CASE).signal("hurry_up", args=["please", {"now": True}])
    await eventually(lambda: "signal 'hurry_up' with 2 values is not known" in trail_of(plain_firm), "the signal kept")
    await assert_goes_on(plain_firm)


async def test_an_unknown_signal_before_the_case_was_opened_or_after_it_was_refused_does_no_harm(plain_firm: Firm):
    await plain_firm.client.start_workflow(
        "AccountClosure", values_of(plain_firm), id=CASE, task_queue=plain_firm.task_queue, start_signal="hurry_up"
    )
    await plain_firm.task("confirm_contact")
    assert "hurry_up" in trail_of(plain_firm)
    await plain_firm.client.start_workflow(
        "AccountClosure",
        values_of(plain_firm, account="ACC-1002"),
        id="closure-ACC-1002",
        task_queue=plain_firm.task_queue,
        start_signal="hurry_up",
    )
    with pytest.raises(WorkflowFailureError):
        await plain_firm.outcome("closure-ACC-1002")
    await assert_goes_on(plain_firm)


async def test_a_signal_of_three_megabytes_is_refused_by_the_server_or_dropped_by_the_case(real_firm: Firm):
    await real_firm.open("ACC-1001")
    task = await real_firm.task("confirm_contact")
    large = real_firm.decision(task, "confirm", "token", data={"words": "x" * 3 * MEGABYTE})
    with pytest.raises(RPCError):
        await real_firm.client.get_workflow_handle(CASE).signal("decision", large)
    await assert_goes_on(real_firm)


async def test_an_unknown_query_fails_alone(plain_firm: Firm):
    await plain_firm.open("ACC-1001")
    await plain_firm.task("confirm_contact")
    with pytest.raises((WorkflowQueryFailedError, RPCError)):
        await plain_firm.client.get_workflow_handle(CASE).query("underview", "please")
    await assert_goes_on(plain_firm)


def trail_of(firm: Firm) -> str:
    return "\n".join(f"{link.what}: {link.why}" for link in firm.show(CASE).trail)
