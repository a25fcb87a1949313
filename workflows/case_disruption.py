"""中断: a disruption of the firm suspends a case: it waits where it stands, until the last one lets it go."""

import asyncio

from temporalio import workflow

from activities.disruption_cases import DisruptedCases
from contracts.disruption import DisruptionAnswer, DisruptionNotice, DisruptionStand
from contracts.findings import FindingKind
from contracts.steps import Ending
from contracts.vocabulary import CaseKind
from workflows.case_events import CaseEvents
from workflows.overview import publish

BEGUN = {FindingKind.SYSTEM_FAULT: "outage", FindingKind.EXTERNAL_EVENT: "disruption"}
"""The notice by which a customer hears of it."""


class CaseDisruption(CaseEvents):
    """Stands while the firm's systems, or the world outside, stand. Decisions are taken, and it may be withdrawn."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._stands: dict[str, DisruptionStand] = {}
        self._in_turn = asyncio.Lock()

    @workflow.update
    async def suspend(self, notice: DisruptionNotice) -> DisruptionAnswer:
        """A disruption has begun. Asked twice, the case is suspended once; the records say whether it is touched."""
        await self._open()
        async with self._in_turn:
            stand = self._stands.get(notice.reference) or await self._suspend(notice.reference)
        return self._answer_of(notice, stand)

    @suspend.validator
    def _judge_suspension(self, notice: DisruptionNotice) -> None:
        """Whether there is such a disruption is for the records to say."""

    @workflow.update
    async def let_go(self, notice: DisruptionNotice) -> DisruptionAnswer:
        """A disruption is over. Asked twice, the case is let go once; it goes on when the last one is over."""
        await self._open()
        async with self._in_turn:
            stand = await self._let_go(notice.reference)
        return self._answer_of(notice, stand)

    @let_go.validator
    def _judge_letting_go(self, notice: DisruptionNotice) -> None:
        """Whether it is over is for the records to say."""

    async def conclude(self, ending: Ending) -> None:
        """As ever; nothing suspends a case that has ended."""
        await super().conclude(ending)
        for reference in list(self.suspended):
            self._goes_on(reference)

    async def _suspend(self, reference: str) -> DisruptionStand:
        if self._is_ending():
            return DisruptionStand.ENDED
        step = self.step("suspend")
        self.blocking.add(step.key)  # settlement does not begin while it is judged
        try:
            done = await self.surely(DisruptedCases.suspend_case, step, reference, summary=f"suspend for {reference}")
        finally:
            self.blocking.discard(step.key)
        if done.finding:
            self._stands[reference], self.suspended[reference] = done.stand, done.finding
            self.findings[done.finding.fingerprint] = done.finding
            self.blocking.add(done.finding.fingerprint)
            self.reckon_again()
            publish(self)
            if done.tells:
                self.beside(self.tell(BEGUN[done.finding.kind], {"detail": done.finding.detail}))
            if self._is_ending():  # meanwhile
                self._goes_on(reference)
        return done.stand

    async def _let_go(self, reference: str) -> DisruptionStand:
        if self._stands.get(reference) is DisruptionStand.RESUMED:
            return DisruptionStand.RESUMED
        if self._is_ending():
            return DisruptionStand.ENDED
        last = self.suspended.keys() <= {reference}
        step, summary = self.step("let-go"), f"{reference} is over"
        done = await self.surely(DisruptedCases.let_go_case, step, reference, last, summary=summary)
        if done.stand is DisruptionStand.RESUMED and reference in self.suspended:
            self._stands[reference] = done.stand
            self._goes_on(reference)
            publish(self)
            if done.tells:
                self.beside(self._word_that_it_goes_on(done.days))
        return done.stand

    def _is_ending(self) -> bool:
        return self.stopped or self.concluding

    async def _word_that_it_goes_on(self, days: str) -> None:
        """As soon as nothing else holds it up."""
        await self.until(lambda: not self.suspended)
        await self.tell("disruption_over", {"days": days})

    def _goes_on(self, reference: str) -> None:
        finding = self.suspended.pop(reference)
        self.findings.pop(finding.fingerprint, None)
        self.blocking.discard(finding.fingerprint)

    def _answer_of(self, notice: DisruptionNotice, stand: DisruptionStand) -> DisruptionAnswer:
        return DisruptionAnswer(reference=notice.reference, case=self.case_id, dossier=self.dossier, stand=stand)
