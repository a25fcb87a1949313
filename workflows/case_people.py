"""How a case speaks with people: staff are asked, the customer is asked and told, at last by letter."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contracts.notices import NoticeSpec
from contracts.tasks import DecisionReceipt, TaskOption, TaskSpec
from contracts.vocabulary import CaseKind, Role
from workflows.case_contact import CaseContact, Sending
from workflows.human_task import HumanTask


class Answered(NamedTuple):
    """What came of a question: the task it was, who answered, and in which words."""

    task: str
    by: str
    words: str


class CasePeople(CaseContact):
    """The mouth of a case."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._tasks = 0
        self._pause_told = False

    async def ask_staff(
        self, name: str, subject: str, roles: Sequence[Role], options: Sequence[TaskOption], **more: Any
    ) -> DecisionReceipt:
        """A staff decision, waited for however long it takes. `more` are further fields of TaskSpec."""
        spec = self._spec(name, subject, roles, options, **more)
        receipt = await HumanTask(self, spec).decided()
        if receipt is None:
            raise AssertionError(f"the ladder of {spec.name} gave up on staff")
        return receipt

    async def ask_customer(
        self, name: str, subject: str, options: Sequence[TaskOption], **more: Any
    ) -> DecisionReceipt | None:
        """The customer's answer; None after silence."""
        more.setdefault("ladder", "customer")
        more.setdefault("notice", name)
        return await HumanTask(self, self._spec(name, subject, (Role.CUSTOMER,), options, **more)).decided()

    async def tell(self, template: str, facts: Mapping[str, str] | None = None) -> None:
        """Send the customer a notice: by letter, which is a task for staff, where no channel is left."""
        notice = NoticeSpec(template=template, facts=dict(facts or {}))

        async def by_letter() -> None:
            await self.letter(notice)

        await self.reach(Sending(notice, lambda: True, by_letter, by_letter))

    async def inquire(self, question: DecisionReceipt) -> Answered:
        """补充材料: somebody sent a task back, since they lack what the customer or a colleague knows."""
        of_customer = question.data.get("to") == Role.CUSTOMER
        spec = self._spec(
            "information_asked" if of_customer else "information_wanted",
            question.reason,
            (Role.CUSTOMER,) if of_customer else (Role.CUSTOMER_SERVICE,),
            (TaskOption(name="answered", reason_needed=True),),
            ladder="customer" if of_customer else "staff",
            notice="information_asked" if of_customer else "information_wanted",
            facts={"question": question.reason, "asked_by": question.by},
        )
        answer = await HumanTask(self, spec).decided()
        if answer is None:
            return Answered(spec.task, "", "no answer came")
        return Answered(spec.task, answer.by, answer.reason)

    async def not_paused(self) -> None:
        """Wait while something that happened is dealt with, and while the case is paused; of a pause the customer is
        told once that it begins, and once that it goes on."""
        if self.blocking:
            await self.until(lambda: not self.blocking)
        if not self.held:
            return
        first, self._pause_told = not self._pause_told, True
        if first:
            await self.tell("paused")
        await self.until(lambda: not self.blocking)
        if first:
            self._pause_told = False
            await self.tell("resumed")

    async def letter(self, notice: NoticeSpec) -> None:
        """The notice is sent by letter, which is a task for staff."""
        await self.ask_staff(
            "letter",
            f"send the notice '{notice.template}' by letter: no channel reaches the customer",
            (Role.CUSTOMER_SERVICE,),
            (TaskOption(name="sent"),),
            notice="letter",
            facts=notice.facts | {"notice": notice.template},
        )

    def _spec(
        self, name: str, subject: str, roles: Sequence[Role], options: Sequence[TaskOption], **more: Any
    ) -> TaskSpec:
        self._tasks += 1
        number = self.required.tasks_before + self._tasks
        spec = TaskSpec(
            task=f"{self.case_id}.task-{number}-{name}",
            name=name,
            subject=subject,
            roles=tuple(roles),
            options=tuple(options),
            **more,
        )
        self.specs[spec.task] = spec
        return spec
