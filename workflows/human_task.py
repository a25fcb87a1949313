"""HumanTask: every wait for a person, staff or customer, is in this file. Silence never approves."""

from activities.desk import Desk
from activities.post import Post
from contracts.notices import NoticeSpec
from contracts.tasks import DecisionReceipt, Rung, RungKind, TaskSpec
from contracts.vocabulary import Role
from workflows.calls import Outlasted, call
from workflows.case_contact import UNWRITTEN, CaseContact
from workflows.case_state import Asked
from workflows.overview import publish


class HumanTask:
    """待办: shown in the inbox, told to its people, reminded, escalated, decided, cleared.

    It lives inside its case's workflow. The case hears the decisions, and marks what is asked as decided.
    """

    def __init__(self, case: CaseContact, spec: TaskSpec) -> None:
        self.case = case
        self.spec = spec
        self.asked = Asked(spec, roles=set(spec.roles))
        self._channel = 0

    async def decided(self) -> DecisionReceipt | None:
        """The decision; None when the customer stayed silent to the end of the ladder. Raises CaseEnded."""
        self.case.waiting[self.spec.task] = self.asked
        try:
            shown = await call(Desk.show, self.case.step("show"), self.spec, summary=f"show {self.spec.name}")
            self.asked.due_at = shown.due_at
            publish(self.case)
            await self._tell()
            for rung in shown.rungs:
                if await self._decided_before(rung):
                    break
                await self._climb(rung)
                if rung.kind is RungKind.GIVE_UP:
                    break
            else:
                await self.case.until(self.asked.is_decided)
            return self.asked.receipt
        finally:
            del self.case.waiting[self.spec.task]

    async def _decided_before(self, rung: Rung) -> bool:
        return await self.case.until(self.asked.is_decided, before=rung.at, summary=f"{rung.kind} {self.spec.name}")

    async def _climb(self, rung: Rung) -> None:
        self.asked.roles |= set(rung.roles)
        self.asked.overdue = self.asked.overdue or rung.kind in (RungKind.ESCALATE, RungKind.GIVE_UP)
        step = self.case.step(f"climb-{self.spec.name}")
        await call(Desk.climb, step, self.spec.task, rung, summary=f"{rung.kind} {self.spec.name}")
        publish(self.case)
        match rung.kind:
            case RungKind.REMIND:
                await self._remind()
            case RungKind.ESCALATE:
                await self._tell_staff("task_escalation")
            case RungKind.NEXT_CHANNEL:
                self._channel += 1
                await self._tell()
            case RungKind.PHONE:
                await self._telephone()

    async def _tell(self) -> None:
        """Tell the people; a customer whom no written channel reaches is telephoned."""
        if not self.spec.for_customer:
            await self._tell_staff(self.spec.notice)
        elif await self.case.reach(self._notice(self.spec.notice, self.spec.facts)) in UNWRITTEN:
            await self._telephone()

    async def _remind(self) -> None:
        if self.spec.for_customer:
            await self.case.reach(self._notice("reminder", {"about": self.spec.notice}))
        else:
            await self._tell_staff("task_reminder")

    def _notice(self, template: str, facts: dict[str, str]) -> NoticeSpec:
        return NoticeSpec(template=template, facts=facts, channel=self._channel, task=self.spec.task)

    async def _telephone(self) -> None:
        """A person calls: the call centre gets the script, and may note the answer on the same task."""
        if Role.CALL_CENTRE in self.asked.roles:
            return
        self.asked.roles.add(Role.CALL_CENTRE)
        rung = Rung(at=self.case.now(), kind=RungKind.PHONE, roles=(Role.CALL_CENTRE,))
        await call(Desk.climb, self.case.step(f"phone-{self.spec.name}"), self.spec.task, rung, summary="telephone")
        publish(self.case)
        await self._tell_staff("phone_script")

    async def _tell_staff(self, template: str) -> None:
        step, patience = self.case.step(f"staff-{template}"), self.case.patience("delivery")
        try:
            await call(Post.tell_staff, step, self.spec.task, template, summary=template, patience=patience)
        except Outlasted as fault:  # the inbox shows the task all the same
            await call(Post.gave_up, step, fault.cause, summary="record the failed contact")
