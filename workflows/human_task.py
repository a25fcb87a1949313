"""HumanTask: every wait for a person, staff or customer, is in this file. Silence never approves."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from activities.desk import Desk
from activities.post import Post
from contracts.notices import DeliveryState
from contracts.tasks import DecisionReceipt, Rung, RungKind, TaskSpec
from contracts.vocabulary import Role
from workflows.calls import Outlasted, call

if TYPE_CHECKING:
    from workflows.case_people import CasePeople


class HumanTask:
    """待办: shown in the inbox, told to its people, reminded, escalated, decided, cleared.

    It lives inside its case's workflow. `receipt` is set by the case when the decision that ends it was judged good.
    """

    def __init__(self, case: CasePeople, spec: TaskSpec) -> None:
        self.case = case
        self.spec = spec
        self.receipt: DecisionReceipt | None = None
        self.due_at: datetime | None = None
        self.overdue = False
        self.roles = set(spec.roles)
        self._channel = 0

    async def decided(self) -> DecisionReceipt | None:
        """The decision; None when the customer stayed silent to the end of the ladder. Raises CaseEnded."""
        self.case.waiting[self.spec.task] = self
        try:
            shown = await call(Desk.show, self.case.step("show"), self.spec, summary=f"show {self.spec.name}")
            self.due_at = shown.due_at
            self.case.publish()
            await self._tell()
            for rung in shown.rungs:
                if await self._decided_before(rung):
                    return self.receipt
                await self._climb(rung)
                if rung.kind is RungKind.GIVE_UP:
                    return self.receipt
            await self.case.until(self._is_decided)
            return self.receipt
        finally:
            del self.case.waiting[self.spec.task]

    def _is_decided(self) -> bool:
        return self.receipt is not None

    async def _decided_before(self, rung: Rung) -> bool:
        return await self.case.until(self._is_decided, before=rung.at, summary=f"{rung.kind} {self.spec.name}")

    async def _climb(self, rung: Rung) -> None:
        self.roles |= set(rung.roles)
        self.overdue = self.overdue or rung.kind in (RungKind.ESCALATE, RungKind.GIVE_UP)
        step = self.case.step(f"climb-{self.spec.name}")
        await call(Desk.climb, step, self.spec.task, rung, summary=f"{rung.kind} {self.spec.name}")
        self.case.publish()
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
            return
        reached = await self.case.tell(self.spec.notice, self.spec.facts, self._channel, self.spec.task)
        if reached in (DeliveryState.TASK, DeliveryState.NO_CHANNEL):
            await self._telephone()

    async def _remind(self) -> None:
        if self.spec.for_customer:
            facts = {"about": self.spec.notice, "until": self.due_at.date().isoformat() if self.due_at else ""}
            await self.case.tell("reminder", facts, self._channel, self.spec.task)
        else:
            await self._tell_staff("task_reminder")

    async def _telephone(self) -> None:
        """A person calls: the call centre gets the script, and may note the answer on the same task."""
        if Role.CALL_CENTRE in self.roles:
            return
        self.roles.add(Role.CALL_CENTRE)
        rung = Rung(at=self.case.now(), kind=RungKind.PHONE, roles=(Role.CALL_CENTRE,))
        await call(Desk.climb, self.case.step(f"phone-{self.spec.name}"), self.spec.task, rung, summary="telephone")
        self.case.publish()
        await self._tell_staff("phone_script")

    async def _tell_staff(self, template: str) -> None:
        step = self.case.step(f"staff-{template}")
        patience = self.case.patience("delivery")
        try:
            await call(Post.tell_staff, step, self.spec.task, template, summary=template, patience=patience)
        except Outlasted:
            return  # the inbox shows the task all the same; the failed contact is on record
