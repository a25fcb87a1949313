"""How a case gets more time: an extension that somebody else approves, or a calendar that was announced late."""

from temporalio import workflow

from activities.case_requests import CaseRequests
from contracts.tasks import Extension, Noted, Reckoning, TaskOption
from policy.work import ExtensionRules
from workflows.case_people import CasePeople


class CaseTime(CasePeople):
    """The clock of a case."""

    @workflow.update
    async def extend(self, extension: Extension) -> Noted:
        """延期: staff ask for more time. It is given when somebody else approves, and the customer is told why. Sent
        twice, it is decided once."""
        if before := self.told_before("extend", extension):
            return before
        noted = await self.surely(
            CaseRequests.extension, self.step("extension"), extension, summary="more time asked for"
        )
        self.running()  # it may have ended meanwhile
        if not self.told_before("extend", extension):  # the same may have come at the same moment
            self.beside(self._decide_extension(extension, noted.by))
        return self.remember("extend", extension, noted)

    @extend.validator
    def _judge_extension(self, extension: Extension) -> None:  # noqa: ARG002
        self.running()

    @workflow.signal
    async def reckon(self, reckoning: Reckoning) -> None:  # noqa: ARG002
        """The due dates of all open tasks are reckoned again; the records say by which calendar."""
        self.reckon_again()

    def extension_rules(self) -> ExtensionRules | None:
        """Who approves more time for this case."""
        return self.policy.extension

    async def _decide_extension(self, extension: Extension, asked_by: str) -> None:
        rules = self.extension_rules()
        if rules is None:
            raise AssertionError("an extension was taken that the policy does not know")
        decision = await self.ask_staff(
            "extension",
            f"{extension.working_days} working days more for {extension.task or self.case_id}",
            rules.roles,
            (TaskOption(name="approve"), TaskOption(name="reject", reason_needed=True)),
            barred=(asked_by,),
            ladder=rules.ladder,
            notice="extension",
            facts={
                "asked_by": asked_by,
                "working_days": str(extension.working_days),
                "reason": extension.reason,
                "task": extension.task or self.case_id,
            },
        )
        granted, step = decision.option == "approve", self.step("extend")
        extended = await self.surely(
            CaseRequests.extend, step, extension.decision_id, granted, decision.by, summary="extension"
        )
        if extended.granted:
            self.reckon_again()
            await self.tell("extended", {"reason": extension.reason, "expected_by": self.day(extended.expected_by)})
