"""账目有误: how another case has wrong books put right, by an adjustment that it waits for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from activities.adjustments import Adjustments
from activities.incidents import Incidents
from contracts.adjustments import AdjustmentRequest, Cause
from contracts.messages import Process, adjustment_id
from contracts.refusals import Code, Refused, refusal_of
from contracts.requests import CaseOutcome
from contracts.taken import Taken
from contracts.tasks import DecisionReceipt, TaskOption

if TYPE_CHECKING:
    from workflows.case import Case

    Adjustment = workflow.ChildWorkflowHandle[object, CaseOutcome]

TRIES = 5
"""How often an adjustment is begun whose number is taken, before it is for people."""

NEXT_TRY = timedelta(minutes=1)

LOOK_AGAIN = timedelta(hours=1)
"""How often another case is asked whether it is over."""

ADJUST = TaskOption(
    name="adjust", reason_needed=True, takes=(Taken(name="cause", among=tuple(Cause)),)
)  # the books are wrong


async def adjusted(case: Case, decision: DecisionReceipt) -> str:
    """The books are put right as somebody decided; how that ended, in words. It goes on where this case is stopped."""
    cause = Cause(str(decision.data.get("cause", Cause.DATA_ENTRY)))
    request = await case.carried_out(Adjustments.adjustment_wanted, decision.by, cause, decision.reason)
    ended = await begun(case, request)
    return f"{adjustment_id(request.request_id)}: {ended}"


async def begun(case: Case, request: AdjustmentRequest) -> str:
    """How an adjustment has ended that this case begins and waits for; or why it could not be opened."""
    try:
        child = await started(case, request)
        return await (ended(case, child) if child else over(case, adjustment_id(request.request_id)))
    except Refused as refusal:
        return refusal.sentence


async def started(case: Case, request: AdjustmentRequest) -> Adjustment | None:
    """An adjustment that this case begins; None where it has begun it already, as after a reset. Nobody waits for
    somebody else's of that number, which is gone again as soon as its opening is refused. Refused: MISMATCH where it
    stays."""
    for _ in range(TRIES):
        try:
            return await _child(case, request)
        except WorkflowAlreadyStartedError:
            if await case.carried_out(Adjustments.is_begun, request):
                return None
        await case.until(lambda: False, before=case.now() + NEXT_TRY, summary="until the number is free")
    raise Refused(Code.MISMATCH, f"The number {request.request_id} is taken by somebody else's adjustment.")


async def ended(case: Case, child: Adjustment) -> str:
    """How an adjustment has ended that this case has begun. Refused where it could not be opened."""
    done = asyncio.ensure_future(child)
    await case.until(done.done)
    try:
        return (await done).outcome
    except ChildWorkflowError as error:
        if refusal := refusal_of(error):
            raise refusal from None
        return "it was stopped by an operator"


async def _child(case: Case, request: AdjustmentRequest) -> Adjustment:
    """An adjustment that outlives this case. WorkflowAlreadyStartedError where it is known."""
    return await workflow.start_child_workflow(
        Process.ADJUSTMENT.value, request, id=adjustment_id(request.request_id),
        parent_close_policy=workflow.ParentClosePolicy.ABANDON, result_type=CaseOutcome,
        static_summary=f"Adjustment of {request.account} for {case.case_id}",
    )  # fmt: skip


async def over(case: Case, other: str) -> str:
    """How another case has ended, which is waited for."""
    while not (outcome := await case.carried_out(Incidents.ended_as, other)):
        await case.until(lambda: False, before=case.now() + LOOK_AGAIN, summary=f"until {other} is over")
    return outcome
