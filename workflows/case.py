"""案件: what closures, incidents and adjustments share. A process file reads like the table in docs/process.md."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, NoReturn

from temporalio import workflow

from activities.cases import Cases
from contracts.findings import Checked, Finding, FindingKind
from contracts.refusals import Refused
from contracts.requests import CaseOutcome
from contracts.steps import Ending, Opened
from contracts.tasks import TaskOption
from contracts.vocabulary import Outcome, Role, Stage
from workflows.calls import Outlasted, call
from workflows.case_people import CasePeople
from workflows.remedies import remedy_for
from workflows.stops import CaseEnded, Returned

Look = Callable[[], Awaitable[Checked]]
Passage = Callable[[], Coroutine[Any, Any, None]]


class Case(CasePeople):
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
        self.publish()

    async def ended(self, process: Coroutine[Any, Any, Ending]) -> Ending:
        """How the process ended, by itself or stopped on its way; from here on the case only tells it and files it."""
        try:
            ending = await process
        except CaseEnded as stopped:
            ending = stopped.ending
        self.conclude(ending)
        return ending

    async def uncancelled(self, course: Coroutine[Any, Any, CaseOutcome]) -> CaseOutcome:
        """A cancellation by an operator is heard as a withdrawal, and only before settlement: a case torn out of its
        course would leave the lock on, or money half-way."""
        running = asyncio.ensure_future(course)
        while True:
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                if not self.settling:
                    self.stop(Ending(outcome=Outcome.WITHDRAWN, words="cancelled by an operator"))

    async def finish(self, ending: Ending) -> CaseOutcome:
        """Seal the trail: its head goes into the result, so that records and history vouch for each other."""
        sealed = await call(Cases.seal, self.step("seal"), ending, summary="seal the trail")
        self.publish()
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
        self.publish()

    def end(self, outcome: Outcome, words: str = "") -> NoReturn:
        """End the case: whatever else runs in it stops at its next wait."""
        self.stop(Ending(outcome=outcome, words=words))
        self.checkpoint()
        raise AssertionError("a stopped case passed its checkpoint")

    # ---- steps and findings --------------------------------------------------------------------------------------

    def by(self, method: Callable[..., Checked], kind: str = "check") -> Look:
        """A look by an activity. One that fails for longer than the policy's patience finds `system_fault`."""

        async def look() -> Checked:
            await self.not_paused()
            step = self.step(method.__name__)
            try:
                return await call(method, step, summary=method.__name__, patience=self.patience(kind))
            except Outlasted as fault:
                return await self.found(
                    Finding(kind=FindingKind.SYSTEM_FAULT, subject=fault.step, detail=f"the step failed: {fault.cause}")
                )

        return look

    async def found(self, *findings: Finding) -> Checked:
        """Write down what the case itself found (no activity's check)."""
        checked = Checked(findings=findings)
        await call(Cases.found, self.step("found"), checked, summary="record the findings")
        return checked

    async def until_clear(self, look: Look) -> None:
        """Look, send each finding to its remedy, and look again, until it is clear or accepted. When the policy's
        rounds are used up, a supervisor decides how to go on."""
        for round_ in range(1, 1_000):
            checked = await look()
            self.checkpoint()
            self.risk = max(self.risk, checked.risk, key=lambda risk: risk.rank)
            open_ = [finding for finding in checked.findings if finding.fingerprint not in self.accepted]
            if not open_:
                return
            await self._remedy(open_)
            if round_ % self.policy.rounds == 0:
                await self._supervise(open_)

    async def together(self, *looks: Look) -> None:
        """Several looks side by side, each until it is clear."""
        running = [asyncio.ensure_future(self.until_clear(look)) for look in looks]
        await workflow.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        broken = [task.exception() for task in running if task.done() and task.exception()]
        if broken and not self.stopped:
            raise next(error for error in broken if error)
        await asyncio.gather(*running, return_exceptions=True)
        self.checkpoint()

    async def _remedy(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self.findings[finding.fingerprint] = finding
            self.publish()
            await remedy_for(finding.kind)(self, finding)
            del self.findings[finding.fingerprint]

    async def _supervise(self, findings: Sequence[Finding]) -> None:
        kinds = ", ".join(finding.kind for finding in findings)
        options = [TaskOption(name="continue", reason_needed=True)]
        if not self.money_moved:
            options.append(TaskOption(name="end", reason_needed=True))
        decision = await self.ask_staff(
            "rounds_used_up", f"{self.policy.rounds} rounds did not clear: {kinds}", (Role.SUPERVISOR,), options
        )
        if decision.option == "end":
            self.end(Outcome.REJECTED, decision.reason)
