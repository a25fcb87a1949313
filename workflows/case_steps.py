"""How a case looks and remedies: each look until it is clear, each finding to its remedy, each step done at last."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from temporalio import workflow

from activities.cases import Cases
from contracts.findings import Checked, Finding, FindingKind
from contracts.steps import Step
from contracts.tasks import TaskOption
from contracts.vocabulary import CaseKind, Outcome, Role, Stage
from workflows.calls import Outlasted, call
from workflows.case_time import CaseTime
from workflows.remedies import remedy_for
from workflows.stops import Moot, Returned

Result = TypeVar("Result")
Look = Callable[[], Awaitable[Checked]]


class CaseSteps(CaseTime):
    """Steps and findings."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._passed: dict[str, Look] = {}
        self._invalid: set[str] = set()

    def by(self, method: Callable[..., Checked], kind: str = "check") -> Look:
        """A look by an activity. One that fails for longer than the policy's patience finds `system_fault`."""

        async def look() -> Checked:
            await self.looking(method.__name__)
            step = self.step(method.__name__)
            try:
                return await call(method, step, summary=method.__name__, patience=self.patience(kind))
            except Outlasted as fault:
                return await self._fault(fault, step)

        look.__name__ = method.__name__
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
                await self.surely(Cases.found, self.step(step.name), Checked(), summary="the fault is over")
            return done

    async def _fault(self, fault: Outlasted, step: Step) -> Checked:
        checked = finding(FindingKind.SYSTEM_FAULT, f"the step failed: {fault.cause}", fault.step)
        await self.surely(Cases.found, self.step(step.name), checked, summary="record the fault")
        return checked

    def asking(self, ask: Callable[[], Coroutine[Any, Any, Checked]]) -> Look:
        """A look by asking people; what it found is written down under its name, as an activity's look does itself."""

        async def look() -> Checked:
            await self.looking(ask.__name__)
            checked = await ask()
            step = self.step(ask.__name__)
            if checked.findings or step.round > 1:
                await self.surely(Cases.found, step, checked, summary=f"record {ask.__name__}")
            return checked

        look.__name__ = ask.__name__
        return look

    async def until_clear(self, look: Look) -> None:
        """Look, send each finding to its remedy, and look again, until it is clear or all was accepted. When the
        policy's rounds are used up, a supervisor decides how to go on."""
        for round_ in range(1, 1_000):
            checked = await look()
            self.checkpoint()
            self.risk = max(self.risk, checked.risk, key=lambda risk: risk.rank)
            open_ = [finding for finding in checked.findings if finding.fingerprint not in self.accepted]
            if open_:
                await self._remedy(open_)
            if all(finding.fingerprint in self.accepted for finding in open_):
                self._passed[look.__name__] = look
                return
            if round_ % self.policy.rounds == 0:
                await self._supervise(open_)

    async def together(self, *looks: Look) -> None:
        """Several looks side by side, each until it is clear."""
        await self.side_by_side(*(self.until_clear(look) for look in looks))

    def invalidate(self, *looks: str) -> None:
        """What these looks (or the approval) have seen is no longer so: they are made again at the next boundary of a
        stage, if they were made at all. Once settlement has begun there is nothing left to look at again."""
        if self.settling:
            return
        self._invalid |= set(looks)
        if "approval" in looks:
            self.make_moot("what was to be approved has changed", lambda spec: spec.name == "approval")

    async def look_again(self) -> None:
        """When nothing is dealt with any more, make again the looks that were invalidated, and nothing else. Raises
        Returned for an approval that was given on what is no longer so."""
        while self.blocking or self._outdated():
            await self.not_paused()
            for name in self._outdated():
                await self.until_clear(self._passed[name])
        outdated = "approval" in self._invalid and self.approved
        self._invalid.discard("approval")
        if outdated:
            self.approved = False
            raise Returned(Stage.APPROVAL)

    def is_outdated(self, look: str) -> bool:
        """Whether what a look has seen, or sees at this moment, is no longer so."""
        return look in self._invalid

    def _outdated(self) -> list[str]:
        return [name for name in self._passed if name in self._invalid]

    async def looking(self, name: str) -> None:
        """A look is made now; whatever made an earlier one invalid, it sees."""
        await self.not_paused()
        self._invalid.discard(name)

    def alike(self, finding: Finding) -> list[Finding]:
        """The findings of that kind that are dealt with at this moment, the first one first, so that a customer is told
        once of what is found several times."""
        return [each for each in self.findings.values() if each.kind is finding.kind]

    def done_with(self, finding: Finding) -> bool:
        """The finding is over, though that is not on record yet: what happens from now on is news. Whether it was the
        last of its kind."""
        if workflow.patched("over-before-it-is-on-record"):
            self.findings.pop(finding.fingerprint, None)
        return all(each == finding for each in self.alike(finding))

    async def _remedy(self, findings: Sequence[Finding]) -> None:
        """All remedies at once: nobody waits for somebody else's finding."""
        self.findings |= {finding.fingerprint: finding for finding in findings}
        await self.side_by_side(*(remedy_for(finding.kind)(self, finding) for finding in findings))
        for finding in findings:
            self.findings.pop(finding.fingerprint, None)

    async def side_by_side(self, *coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run all to their end; what each answered. When one ends the case, the others stop at their next wait. Raises
        Moot when what one of them asked is not wanted any more."""
        running = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        await workflow.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        broken = [error for task in running if task.done() and (error := task.exception())]
        if broken and not self.stopped and not isinstance(broken[0], Moot):
            raise broken[0]
        answers = await asyncio.gather(*running, return_exceptions=True)
        self.checkpoint()
        if broken:
            raise broken[0]
        return answers

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
