"""案件: what closures, incidents and adjustments share. A process file reads like the table in docs/process.md."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from temporalio import workflow

from activities.cases import Cases
from contracts.findings import Checked, Finding, FindingKind
from contracts.refusals import Refused
from contracts.requests import CaseOutcome
from contracts.steps import Ending, Opened, Step
from contracts.tasks import TaskOption
from contracts.vocabulary import Outcome, Role, Stage
from workflows.calls import Outlasted, call
from workflows.case_time import CaseTime
from workflows.overview import publish
from workflows.remedies import remedy_for
from workflows.stops import CaseEnded, Returned

Result = TypeVar("Result")
Look = Callable[[], Awaitable[Checked]]
Passage = Callable[[], Coroutine[Any, Any, None]]


class Case(CaseTime):
    """One case: pinned policy, stages, findings and rounds, asking people, and what operators see."""

    # ---- the course of a case ------------------------------------------------------------------------------------

    async def open_with(self, opening: Awaitable[Opened]) -> None:
        """Open the case, or refuse it: then every sender is told, and the workflow fails with the refusal."""
        try:
            self.opened = await opening
            self._policy = await call(Cases.policy, self.opened.policy, summary="pin the policy")
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
        """Seal the trail: its head goes into the result, so that records and history vouch for each other."""
        sealed = await call(Cases.seal, self.step("seal"), ending, summary="seal the trail")
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
        """Pass the stages in order; an approver may return the case to an earlier one."""
        order = list(stages)
        place = 0
        while place < len(order):
            self.enter(order[place])
            try:
                await stages[order[place]]()
                place += 1
            except Returned as returned:
                place = order.index(returned.stage)

    def enter(self, stage: Stage) -> None:
        """The case is in this stage now; its first step writes that down."""
        self.stage = stage
        publish(self)

    # ---- steps and findings --------------------------------------------------------------------------------------

    def by(self, method: Callable[..., Checked], kind: str = "check") -> Look:
        """A look by an activity. One that fails for longer than the policy's patience finds `system_fault`."""

        async def look() -> Checked:
            await self.not_paused()
            step = self.step(method.__name__)
            try:
                return await call(method, step, summary=method.__name__, patience=self.patience(kind))
            except Outlasted as fault:
                return await self._fault(fault, step)

        return look

    async def carried_out(self, method: Callable[..., Result], *args: Any) -> Result:
        """The result of a step that must be done. When it fails for longer than the policy's patience, technology
        mends the cause and it is done then."""
        failed = False
        while True:
            step = self.step(method.__name__)
            try:
                done = await call(method, step, *args, summary=method.__name__, patience=self.patience("effect"))
            except Outlasted as fault:
                failed = True
                await self._remedy((await self._fault(fault, step)).findings)
                self.checkpoint()
                continue
            if failed:
                await call(Cases.found, self.step(step.name), Checked(), summary="the fault is over")
            return done

    async def _fault(self, fault: Outlasted, step: Step) -> Checked:
        checked = finding(FindingKind.SYSTEM_FAULT, f"the step failed: {fault.cause}", fault.step)
        await call(Cases.found, self.step(step.name), checked, summary="record the fault")
        return checked

    def asking(self, ask: Callable[[], Coroutine[Any, Any, Checked]]) -> Look:
        """A look by asking people; what it found is written down under its name, as an activity's look does itself."""

        async def look() -> Checked:
            await self.not_paused()
            checked = await ask()
            step = self.step(ask.__name__)
            if checked.findings or step.round > 1:
                await call(Cases.found, step, checked, summary=f"record {ask.__name__}")
            return checked

        return look

    async def until_clear(self, look: Look) -> None:
        """Look, send each finding to its remedy, and look again, until it is clear or all was accepted. When the
        policy's rounds are used up, a supervisor decides how to go on."""
        for round_ in range(1, 1_000):
            checked = await look()
            self.checkpoint()
            self.risk = max(self.risk, checked.risk, key=lambda risk: risk.rank)
            open_ = [finding for finding in checked.findings if finding.fingerprint not in self.accepted]
            if not open_:
                return
            await self._remedy(open_)
            if all(finding.fingerprint in self.accepted for finding in open_):
                return
            if round_ % self.policy.rounds == 0:
                await self._supervise(open_)

    async def together(self, *looks: Look) -> None:
        """Several looks side by side, each until it is clear."""
        await self._side_by_side([self.until_clear(look) for look in looks])

    async def _remedy(self, findings: Sequence[Finding]) -> None:
        """All remedies at once: nobody waits for somebody else's finding."""
        self.findings |= {finding.fingerprint: finding for finding in findings}
        await self._side_by_side([remedy_for(finding.kind)(self, finding) for finding in findings])
        for finding in findings:
            self.findings.pop(finding.fingerprint, None)

    async def _side_by_side(self, coroutines: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Run all to their end. When one ends the case, the others stop at their next wait."""
        running = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        await workflow.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        broken = [task.exception() for task in running if task.done() and task.exception()]
        if broken and not self.stopped:
            raise next(error for error in broken if error)
        await asyncio.gather(*running, return_exceptions=True)
        self.checkpoint()

    async def _supervise(self, findings: Sequence[Finding]) -> None:
        kinds = ", ".join(finding.kind for finding in findings)
        options = [TaskOption(name="continue", reason_needed=True)]
        if not self.money_moved:
            options.append(TaskOption(name="end", reason_needed=True))
        decision = await self.ask_staff(
            "rounds_used_up", f"{self.policy.rounds} rounds did not clear: {kinds}", (Role.SUPERVISOR,), options
        )
        self.made_by(decision)
        if decision.option == "end":
            self.end(Outcome.REJECTED, decision.reason)


def finding(kind: FindingKind, detail: str, subject: str = "") -> Checked:
    """What a look answers that found one thing."""
    return Checked(findings=(Finding(kind=kind, subject=subject, detail=detail),))
