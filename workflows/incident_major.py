"""并入重大事故: an incident that hangs on a major one: its tasks rest, it hears bulletins, and is solved with it."""

from contextlib import suppress

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.hanging import Hanging
from contracts.incidents import HandlingStep
from contracts.majors import Heard, MajorAnswer, MajorNotice, MajorStand
from contracts.messages import Process
from contracts.vocabulary import Outcome, Stage
from workflows.incident_people import IncidentPeople
from workflows.stops import Returned

OF_DEPARTMENT = frozenset({*HandlingStep, "compensation", "information_asked", "information_wanted"})
"""The tasks that rest while it hangs."""


class HangingIncident(IncidentPeople):
    """`hangs`: on which major incident, empty when on none. `also`: the customer's other reports that its solution
    answers; `answered_by` the report of theirs that answers this one."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = ""
        self.solution = ""
        self.also = ""
        self.answered_by = ""
        self._hearing = 0
        self._over: Heard | None = None

    async def handling(self) -> None:
        """处理: by the department, or together with all that hang on the same."""
        if not self.hangs:
            await self.deal_with_it()
            await workflow.wait_condition(lambda: not self._hearing)
        if self.hangs:
            await self._solved_together()

    async def deal_with_it(self) -> None:
        """The department's work."""
        raise NotImplementedError

    async def join_major(self) -> bool:
        """Whether it hangs on a major incident from here on, which it may have begun."""
        joined = await self.carried_out(Hanging.join_major)
        if joined.start:
            with suppress(WorkflowAlreadyStartedError):
                await workflow.start_child_workflow(
                    Process.MAJOR.value,
                    joined.start,
                    id=joined.major,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                    static_summary=f"Major incident, begun by {self.case_id}",
                )
        if joined.major and joined.major != self.hangs:
            self.hangs, self._over = joined.major, None
            await self.tell("incident_joined")
        return bool(joined.major)

    @workflow.update
    async def major_says(self, notice: MajorNotice) -> MajorAnswer:
        """What the major incident says to its reports. Said twice, it is heard once; the records say which counts."""
        await self._open()
        heard = Heard(stand=MajorStand.ENDED)
        if not (self.stopped or self.concluding):
            self._hearing += 1
            try:
                words = f"{notice.word} of {notice.major}"
                heard = await self.surely(Hanging.hear_of_major, self.step("major"), notice, summary=words)
            finally:
                self._hearing -= 1
            self._take_in(notice, heard)
        return MajorAnswer(major=notice.major, case=self.case_id, dossier=self.dossier, stand=heard.stand)

    @major_says.validator
    def _judge_word(self, notice: MajorNotice) -> None:
        """Whether it hangs on that one is for the records to say."""

    def _take_in(self, notice: MajorNotice, heard: Heard) -> None:
        if heard.stand is MajorStand.HANGS and not self.hangs:
            self.hangs, self._over = notice.major, None
            why = f"it is solved with {notice.major}"
            self.make_moot(why, lambda spec: spec.name in OF_DEPARTMENT)
            self.beside(self.tell("incident_joined"))
        if heard.text:
            self.beside(self.tell("bulletin", {"words": heard.text}))
        if heard.over:
            self._over = heard

    async def _solved_together(self) -> None:
        """Until the major incident is over. Of a customer's reports the first one asks whether it is solved; without a
        solution the department goes on with it."""
        await self.until(lambda: self._over is not None)
        over, self.hangs, self._over = self._over, "", None
        if over is None or not over.solution:
            self.matter = ()
            raise Returned(Stage.HANDLING)
        if over.told_with:
            self.answered_by = over.told_with
            self.end(Outcome.LINKED, over.told_with)
        self.solution, self.also = over.solution, over.also
