"""原因与询问: why the books are wrong, what the customer knows of it, and the fault behind it."""

import asyncio
from contextlib import suppress

from temporalio import workflow

from activities.adjustments import Adjustments
from contracts.adjustments import Cause, Confirmed
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import Outcome
from workflows.adjusting import over
from workflows.adjustment_people import CHANGE, FAULT_BEHIND, WAIVE, AdjustmentPeople
from workflows.stops import CaseEnded, Moot

SOLVED = frozenset({Outcome.SOLVED, Outcome.UNCONFIRMED})
"""How an incident ends whose fault was mended."""


class AdjustmentCause(AdjustmentPeople):
    """The first stages. `incident`: the one behind a system's fault, which has to be solved or waived."""

    def __init__(self) -> None:
        super().__init__()
        self.incident = ""
        self.fault_is_over = False

    async def cause(self) -> None:
        """原因确认."""
        why = ""
        while True:
            decision = await self.ask_cause(self.required.reason, why)
            named = decision.data["cause"] if decision.option == CHANGE.name else self.required.reason
            self.cause_is = Cause(str(named))
            linked = await self.carried_out(Adjustments.confirm_cause, self._confirmed(decision))
            why, self.incident = linked.why, linked.incident
            if not why:
                return

    async def conversation(self) -> None:
        """询问客户: recorded word for word."""
        await self.carried_out(Adjustments.converse, await self.ask_what_happened(self.cause_is))

    async def fault_over(self) -> None:
        """系统故障: the incident behind it is solved first, or waived."""
        why = ""
        while self.cause_is is Cause.SYSTEM_FAULT and not self.fault_is_over:
            watching = asyncio.ensure_future(self._until_solved(self.incident)) if self.incident else None
            try:
                decision = await self.ask_to_waive(why or self.incident)
            except Moot:
                self.fault_is_over = True
                return
            finally:
                if watching:
                    watching.cancel()
            if decision.option == WAIVE.name:
                await self.carried_out(Adjustments.waive_fault, decision.by, decision.reason)
                self.fault_is_over = True
            else:
                linked = await self.carried_out(Adjustments.confirm_cause, self._confirmed(decision))
                why, self.incident = linked.why, linked.incident
                if why:  # nothing was done, so that the same manager may waive it
                    continue
            self.workers |= {decision.by, decision.in_place_of} - {""}

    async def _until_solved(self, incident: str) -> None:
        """Nobody needs to waive an incident that is solved; one that ended otherwise is for people."""
        with suppress(CaseEnded):
            if await over(self, incident) in SOLVED:
                self.make_moot("the incident behind it is solved", lambda spec: spec.name == FAULT_BEHIND)

    @property
    def begun_by(self) -> str:
        """The case that began this one as its child, as the server says; empty where none did."""
        parent = workflow.info().parent
        return parent.workflow_id if parent else ""

    def _confirmed(self, decision: DecisionReceipt) -> Confirmed:
        return Confirmed(
            cause=self.cause_is,
            incident=str(decision.data.get("incident", "")),
            waiting=self.begun_by,
            by=decision.by,
            reason=decision.reason,
        )
