"""What the table of refusals (tests/e2e/test_refusal_table.py) leaves out: after a reset, and twice by two ways."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError

from commands.verifying import check
from contracts.refusals import Code, Refused, refusal_of
from contracts.tasks import Decision, Extension
from tests.support.firm import Firm
from tests.support.waiting import PATIENCE_SECONDS

CASE = "closure-ACC-1001"
FORGOTTEN = (
    ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
    ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
)
ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
TASK_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
AT_ONCE_SECONDS = 5.0


async def paid_out(firm: Firm) -> Decision:
    """A case that waits for its last answer; the decision that approved it."""
    await firm.open("ACC-1001")
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    decision = firm.decision(await firm.task("approval"), "approve", firm.tokens.mint("song.jia"))
    await firm.quietus.decide(decision)
    await firm.task("closing_statement")
    return decision


async def reset_to_before_the_last_update(firm: Firm, *forgotten: Any) -> None:
    """As an operator does it; messages of the `forgotten` kinds are not said again."""
    history = await firm.handle(CASE).fetch_history()
    accepted = max(event.event_id for event in history.events if event.event_type == ACCEPTED)
    tasks = [event.event_id for event in history.events if event.event_type == TASK_COMPLETED]
    description = await firm.handle(CASE).describe()
    request = ResetWorkflowExecutionRequest(
        namespace=firm.client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=CASE, run_id=description.run_id),
        reason="a test",
        request_id=str(uuid4()),
        workflow_task_finish_event_id=max(task for task in tasks if task < accepted),
        reset_reapply_exclude_types=forgotten,
    )
    await firm.client.workflow_service.reset_workflow_execution(request)


async def holds(firm: Firm) -> None:
    """Closed, paid once, and the trail is unbroken."""
    task = await firm.task("closing_statement")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(Refused):  # the records are ahead of a case that was reset
                await firm.answer(task, "received")
                break
    outcome = await firm.outcome(CASE)
    assert (outcome.outcome, firm.payments()) == ("closed", ["1234.56"])
    with firm.world.database.reading() as session:
        assert check(session, None, [outcome]).breaks == ()


async def test_the_same_decision_id_after_a_reset_is_told_the_first_answer_and_money_moves_once(real_firm: Firm):
    decision = await paid_out(real_firm)
    receipt = await real_firm.quietus.decide(decision)
    await reset_to_before_the_last_update(real_firm, *FORGOTTEN)
    with pytest.raises(Refused, match=r"already decided: approve by song\.jia") as refusal:
        await real_firm.decide(decision.task, "approve", "luo.hao")
    assert refusal.value.code is Code.ALREADY_DECIDED
    other = decision.model_copy(update={"reason": "other words", "token": real_firm.tokens.mint("song.jia")})
    with pytest.raises(Refused) as mismatch:
        await real_firm.quietus.decide(other)
    assert mismatch.value.code is Code.MISMATCH
    again = decision.model_copy(update={"token": real_firm.tokens.mint("song.jia")})
    assert await real_firm.quietus.decide(again) == receipt
    await holds(real_firm)


async def test_a_case_that_is_reset_with_its_messages_goes_on_by_itself_and_pays_once(real_firm: Firm):
    await paid_out(real_firm)
    await reset_to_before_the_last_update(real_firm)
    await holds(real_firm)


async def test_more_time_asked_for_at_the_same_moment_and_again_is_decided_once(real_firm: Firm):
    await real_firm.open("ACC-1001")
    await real_firm.task("confirm_contact")
    token = real_firm.tokens.mint("li.wei")
    extension = Extension(decision_id="E-1", working_days=2, reason="abroad", token=token)
    handle = real_firm.handle(CASE)
    async with asyncio.timeout(AT_ONCE_SECONDS):
        noted = await asyncio.gather(*(handle.execute_update("extend", extension) for _ in range(3)))
        again = await real_firm.quietus.extend(CASE, extension)
        assert [again.model_dump(mode="json")] * 3 == noted
        with pytest.raises(WorkflowUpdateFailedError) as failure:
            await handle.execute_update("extend", extension.model_copy(update={"working_days": 3}))
    refusal = refusal_of(failure.value)
    assert refusal
    assert refusal.code is Code.MISMATCH
    await real_firm.decide(await real_firm.task("extension"), "approve", "song.jia")
    assert [task.name for task in real_firm.show(CASE).tasks].count("extension") == 1


async def test_a_message_that_came_a_moment_before_its_case_is_to_be_sent_again(real_firm: Firm):
    await real_firm.open("ACC-1001")
    async with asyncio.timeout(AT_ONCE_SECONDS):
        refusal = await real_firm.quietus._why_missing(CASE)
    assert refusal.code is Code.NOT_FOUND
    assert "try again" in refusal.sentence
