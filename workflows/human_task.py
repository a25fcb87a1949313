"""HumanTask: every wait for a person, staff or customer, is in this file. Silence never approves."""

from activities.desk import Desk
from activities.post import Post
from contracts.notices import Delivered, NoticeSpec
from contracts.steps import Step
from contracts.tasks import DecisionReceipt, Rung, RungKind, TaskShown, TaskSpec
from contracts.vocabulary import Role
from workflows.calls import call
from workflows.case_contact import CaseContact, Sending
from workflows.case_state import Asked
from workflows.overview import publish
from workflows.stops import Moot

STAFF_NOTICES = {
    RungKind.REMIND: "task_reminder",
    RungKind.DUE: "task_due",
    RungKind.ESCALATE: "task_escalation",
    RungKind.ESCALATE_AGAIN: "task_second_escalation",
}


class HumanTask:
    """待办: shown in the inbox, told to its people, reminded, escalated, decided, cleared.

    It lives inside its case's workflow. The case hears the decisions, and marks what is asked as decided.
    """

    def __init__(self, case: CaseContact, spec: TaskSpec) -> None:
        self.case = case
        self.spec = spec
        self.asked = Asked(spec, roles=set(spec.roles), stale=case.stands)
        self._rungs: list[Rung] = []

    async def decided(self) -> DecisionReceipt | None:
        """The decision; None when the customer stayed silent to the end of the ladder. Raises CaseEnded, and Moot when
        no decision is wanted any more."""
        self.case.waiting[self.spec.task] = self.asked
        try:
            await self._show()
            await self._tell()
            while rung := await self._next_rung():
                await self._climb(rung)
                if rung.kind is RungKind.GIVE_UP:
                    break
            if self.asked.moot:
                await self._withdraw()
            return self.asked.receipt
        finally:
            del self.case.waiting[self.spec.task]
            self.case.decided_after_all(self.spec)

    async def _show(self) -> None:
        step = self.case.step("show")
        shown = await self.case.surely(Desk.show, step, self.spec, summary=f"show {self.spec.name}")
        self._take(shown)
        if shown.unmanned:
            self.case.nobody_for(self.spec)

    async def _next_rung(self) -> Rung | None:
        """The rung whose moment has come; None when the task is decided."""
        while self.asked.is_open():
            rung = self._rungs[0] if self._rungs else None
            summary = f"{rung.kind} {self.spec.name}" if rung else ""
            news = await self.case.until(self.asked.has_news, before=rung.at if rung else None, summary=summary)
            if not news:
                return self._rungs.pop(0)
            if self.asked.stale and self.asked.is_open():
                await self._reckon()
            if self.asked.again and self.asked.is_open():
                self.asked.again, self.asked.channel = False, 0
                await self._tell()
        return None

    async def _withdraw(self) -> None:
        """Nobody is to decide it any more, unless somebody has at this very moment."""
        step, why = self.case.step(f"withdraw-{self.spec.name}"), self.asked.moot
        if await self.case.surely(Desk.withdraw, step, self.spec.task, why, summary=f"withdraw {self.spec.name}"):
            raise Moot(why)
        await self.case.until(self.asked.is_decided)

    async def _reckon(self) -> None:
        """Its clock stood, it was extended, or the calendar changed."""
        self.asked.stale = False
        step = self.case.step(f"reckon-{self.spec.name}")
        shown = await self.case.surely(Desk.reckon, step, self.spec.task, summary=f"reckon {self.spec.name}")
        self.asked.overdue = self.asked.overdue and shown.due_at <= self.case.now()
        self._take(shown)

    def _take(self, shown: TaskShown) -> None:
        self.asked.due_at, self._rungs = shown.due_at, list(shown.rungs)
        self.asked.roles |= set(shown.roles)
        self.asked.overdue = self.asked.overdue or shown.overdue
        if shown.blockers is not None:
            self.case.blockers = shown.blockers
        publish(self.case)

    async def _climb(self, rung: Rung) -> None:
        self.asked.roles |= set(rung.roles)
        self.asked.overdue = self.asked.overdue or rung.kind.late
        step = self.case.step(f"climb-{self.spec.name}")
        await self.case.surely(Desk.climb, step, self.spec.task, rung, summary=f"{rung.kind} {self.spec.name}")
        publish(self.case)
        match rung.kind:
            case RungKind.NEXT_CHANNEL:
                self.asked.channel += 1
                await self._tell()
            case RungKind.PHONE:
                await self._telephone()
            case RungKind.GIVE_UP:
                pass
            case _ if self.spec.for_customer:
                await self._remind()
            case _:
                await self._tell_staff(STAFF_NOTICES[rung.kind])

    async def _tell(self) -> None:
        """Tell the people; a customer whom no written channel reaches is telephoned."""
        if self.spec.for_customer:
            await self._write(self.spec.notice, self.spec.facts)
        else:
            await self._tell_staff(self.spec.notice)

    async def _remind(self) -> None:
        last = not any(rung.kind is RungKind.REMIND for rung in self._rungs)
        await self._write("last_reminder" if last else "reminder", {"about": self.spec.notice})

    async def _write(self, template: str, facts: dict[str, str]) -> None:
        spec, channel = self.spec, self.asked.channel
        notice = NoticeSpec(
            template=template, facts=facts, channel=channel, task=spec.task, at_new=spec.at_new,
            in_writing=spec.in_writing,
        )  # fmt: skip

        async def by_letter() -> None:  # answered by telephone or at the branch; nobody waits for the post
            self.case.beside(self.case.letter(notice))

        await self.case.reach(Sending(notice, self.asked.is_open, by_letter, self._telephone))

    async def _telephone(self) -> None:
        """A person calls: the call centre gets the script, and may note the answer on the same task. What is asked in
        writing only is not asked any more."""
        if self.spec.in_writing:
            self.asked.moot = "no written channel reaches the customer"
            return
        if Role.CALL_CENTRE in self.asked.roles:
            return
        self.asked.roles.add(Role.CALL_CENTRE)
        rung = Rung(at=self.case.now(), kind=RungKind.PHONE, roles=(Role.CALL_CENTRE,))
        await self.case.surely(
            Desk.climb, self.case.step(f"phone-{self.spec.name}"), self.spec.task, rung, summary="telephone"
        )
        publish(self.case)
        await self._tell_staff("phone_script")

    async def _tell_staff(self, template: str) -> None:
        async def send(step: Step) -> Delivered:
            patience = self.case.patience("delivery")
            return await call(Post.tell_staff, step, self.spec.task, template, summary=template, patience=patience)

        await self.case.send(self.case.step(f"staff-{template}"), send, self.asked.is_open)
