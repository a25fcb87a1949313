"""案件: what closures, incidents and adjustments share. A process file reads like the table in docs/process.md."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from temporalio import workflow

from activities.archive import Archive
from activities.cases import Cases
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome
from contracts.steps import Ending, Opened
from contracts.vocabulary import Outcome, Stage
from workflows.case_policy import CasePolicy
from workflows.case_steps import finding
from workflows.overview import publish
from workflows.stops import CaseEnded, Moot, Returned
from workflows.surveying import start_survey

__all__ = ["Case", "finding", "only_for"]

Passage = Callable[[], Coroutine[Any, Any, None]]


class Case(CasePolicy):
    """One case: pinned policy, stages, findings and rounds, asking people, and what operators see."""

    # ---- the course of a case ------------------------------------------------------------------------------------

    async def course(self, opening: Awaitable[Opened]) -> CaseOutcome:
        """受理, the process to its end, what is said and undone after it, 归档."""
        await self.open_with(opening)
        ending = await self.ended(self.process())
        await self.leave(ending)
        await self.all_done_beside()
        self.enter(Stage.FILED)
        await self.file()
        return await self.finish(ending)

    async def file(self) -> None:
        """归档; the survey about the case begins, where the policy has one."""
        await self.carried_out(Archive.file)
        await start_survey(self)

    async def process(self) -> Ending:
        """From the receipt to the end of the last stage."""
        raise NotImplementedError

    async def leave(self, ending: Ending) -> None:
        """What is said to the customer at the end, and undone where the process did not come to its own end."""
        raise NotImplementedError

    async def open_with(self, opening: Awaitable[Opened]) -> None:
        """Open the case, or refuse it: then every sender is told, and the workflow fails with the refusal."""
        try:
            self.opened = await opening
            self.blockers = self.opened.blockers
            policy = await self.surely(Cases.policy, self.opened.policy, summary="pin the policy")
            self._policy = self._policy or policy  # a later one may have come meanwhile
        except Refused as refusal:
            self.refusal = refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise
        publish(self)

    async def ended(self, process: Coroutine[Any, Any, Ending]) -> Ending:
        """How the process ended, by itself or stopped on its way; from here on the case only tells it and files it."""
        try:
            ending = await process
        except CaseEnded as stopped:
            ending = stopped.ending
        await self.conclude(ending)
        return ending

    async def uncancelled(self, course: Coroutine[Any, Any, CaseOutcome]) -> CaseOutcome:
        """A cancellation by an operator is heard as a withdrawal, and only before settlement: a case torn out of its
        course would leave the lock on, or money half-way."""
        running = asyncio.ensure_future(course)
        while True:
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                if running.cancelled():  # not by an operator: the worker lets go of the case, which goes on elsewhere
                    raise
                if not self.settling:
                    self.stop(Ending(outcome=Outcome.WITHDRAWN, words="cancelled by an operator"))

    async def finish(self, ending: Ending) -> CaseOutcome:
        """Seal the trail: its head goes into the result, so that records and history vouch for each other. A notice
        that came back meanwhile is sent on its next channel before."""
        await self.all_done_beside()
        sealed = await self.surely(Cases.seal, self.step("seal"), ending, summary="seal the trail")
        publish(self)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return CaseOutcome(
            case=self.case_id,
            dossier=self.dossier,
            outcome=ending.outcome,
            policy=self.policy.version,
            trail_length=sealed.length,
            trail_head=sealed.head,
        )

    async def pass_through(self, stages: Mapping[Stage, Passage]) -> None:
        """Pass the stages in order; an approver may return the case to an earlier one, and what became moot is asked
        again after another look."""
        order = list(stages)
        place = 0
        while place < len(order):
            self.enter(order[place])
            try:
                await stages[order[place]]()
                await self.look_again()
                place += 1
            except Moot:
                await self.look_again()
            except Returned as returned:
                place = order.index(returned.stage)

    def enter(self, stage: Stage) -> None:
        """The case is in this stage now; its first step writes that down."""
        self.stage = stage
        publish(self)


def only_for(case: str, what: str) -> None:
    """Refused: BAD_INPUT, when a message that opens another case came here."""
    here = workflow.info().workflow_id
    if here != case:
        raise Refused(Code.BAD_INPUT, f"{what}, but this is {here}.")
