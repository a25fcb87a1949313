"""每日待办: each working day, each person with open work gets one mail."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.digest import Digests
from contracts.digest import DigestPlan, DigestReport, DigestRequest, DigestStep
from contracts.notices import DeliveryState
from workflows.calls import Outlasted, call

# Later than this the day's digest is of no use, and the next one must not find this one still running.
_START_PATIENCE = timedelta(hours=1)


@workflow.defn
class DailyDigest:
    """The digest of one day. Started by Temporal's schedule, or by hand for a day; sent once to a person either way."""

    @workflow.run
    async def run(self, request: DigestRequest) -> DigestReport:
        """One person's failing address keeps nobody else from theirs."""
        plan = await self._plan(request)
        states = await asyncio.gather(*(self._tell(plan, staff) for staff in plan.staff))
        told = list(zip(plan.staff, states, strict=True))
        return DigestReport(
            day=plan.day,
            sent=tuple(staff for staff, state in told if state is DeliveryState.SENT),
            missed=tuple(staff for staff, state in told if state in (DeliveryState.REFUSED, DeliveryState.FAILED)),
        )

    async def _plan(self, request: DigestRequest) -> DigestPlan:
        try:
            return await call(
                Digests.plan_digest, request, workflow.now(), summary="who is at work", patience=_START_PATIENCE
            )
        except Outlasted as fault:
            raise ApplicationError(str(fault), type="Fault") from None

    async def _tell(self, plan: DigestPlan, staff: str) -> DeliveryState | None:
        step = DigestStep(day=plan.day, staff=staff, at=workflow.now())
        try:
            return await call(Digests.send_digest, step, summary="the digest of one person", patience=plan.patience)
        except Outlasted as fault:
            with suppress(Outlasted):
                patience = plan.patience
                await call(Digests.give_up_digest, step, fault.cause, summary="record the failure", patience=patience)
            return DeliveryState.FAILED
