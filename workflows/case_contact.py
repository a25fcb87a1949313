"""How a case reaches the customer in writing: channel after channel, not in quiet hours, again when it came back."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from temporalio import workflow

from activities.case_requests import CaseRequests
from activities.post import Post
from contracts.notices import Delivered, DeliveryState, NoticeSpec
from contracts.steps import Step
from contracts.tasks import Bounce, Noted, Resend, TaskSpec
from contracts.vocabulary import CaseKind, Medium
from workflows.calls import Outlasted, call
from workflows.case_messages import CaseMessages
from workflows.stops import CaseEnded

UNWRITTEN = frozenset({DeliveryState.TASK, DeliveryState.NO_CHANNEL})
"""No written channel is left: a person telephones or writes a letter."""

_NEXT = frozenset({DeliveryState.REFUSED, DeliveryState.FAILED, DeliveryState.BOUNCED})


Send = Callable[[Step], Awaitable[Delivered]]
Then = Callable[[Delivered | None], Awaitable[None]]


class Sending(NamedTuple):
    """A notice on its way. `wanted`: whether it still makes sense; `by_letter`: what is done where the channel is the
    post; `otherwise`: what is done when no channel reaches the customer in writing."""

    notice: NoticeSpec
    wanted: Callable[[], bool]
    by_letter: Callable[[], Awaitable[None]]
    otherwise: Callable[[], Awaitable[None]]

    def on_the_next_channel(self) -> "Sending":
        """The same on the channel after this one."""
        return self._replace(notice=self.notice.model_copy(update={"channel": self.notice.channel + 1}))


async def _nothing_more(_: Delivered | None) -> None:
    """Whatever became of it."""


class CaseContact(CaseMessages):
    """Sends notices; what became of each is on record, and the case goes on whatever it was."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._sent: dict[str, Sending] = {}

    async def reach(self, sending: Sending) -> None:
        """Send a notice on its channel, and on the next verified one where that fails. In quiet hours it is sent
        afterwards, and the case goes on meanwhile."""
        notice = sending.notice

        async def send(step: Step) -> Delivered:
            words, patience = f"notice {notice.template}", self.patience("delivery")
            return await call(Post.tell_customer, step, notice, summary=words, patience=patience)

        async def then(delivered: Delivered | None) -> None:
            if delivered is None or delivered.state in _NEXT:
                await self.reach(sending.on_the_next_channel())
            elif delivered.medium is Medium.LETTER:
                await sending.by_letter()
            elif delivered.state in UNWRITTEN:
                await sending.otherwise()
            else:
                self._sent[delivered.message_id] = sending

        await self.send(self.step(f"notice-{notice.template}"), send, sending.wanted, then)

    async def send(self, step: Step, send: Send, wanted: Callable[[], bool], then: Then = _nothing_more) -> None:
        """Send a message, in quiet hours afterwards; `then` hears what became of it, None when the channel was down to
        the end of our patience."""
        delivered = await self._tried(step, send)
        if delivered and delivered.not_before:
            self.beside(self._after_quiet_hours(step, send, wanted, then, delivered.not_before))
        else:
            await then(delivered)

    @workflow.signal
    async def bounced(self, bounce: Bounce) -> None:
        """退信: the mail system says that a message came back; what it said is sent on the next channel."""
        await self._open()
        news = await self.surely(Post.bounced, self.step("bounced"), bounce, summary="a message came back")
        sending = self._sent.pop(bounce.message_id, None)
        if not (news and sending and sending.wanted()):
            return
        again = sending.on_the_next_channel()
        asked = self.waiting.get(sending.notice.task)
        if asked:  # reminders take that channel too
            asked.channel = max(asked.channel, again.notice.channel)
        self.beside(self.reach(again))

    @workflow.update
    async def ask_again(self, resend: Resend) -> Noted:
        """重发: the code was lost, or the contact has changed: the customer is asked again on the preferred one."""
        if before := self.told_before("resend", resend):
            return before
        noted = await self.surely(CaseRequests.ask_again, self.step("resend"), resend, summary="ask again")
        if asked := self.waiting.get(resend.task):
            asked.again = True
        return self.remember("resend", resend, noted)

    @ask_again.validator
    def _judge_resend(self, resend: Resend) -> None:  # noqa: ARG002
        self.running()

    async def letter(self, notice: NoticeSpec) -> None:
        """The notice is sent by letter, which is a task for staff."""
        raise NotImplementedError

    def nobody_for(self, spec: TaskSpec) -> None:
        """There are not enough people who may decide a task."""
        raise NotImplementedError

    def decided_after_all(self, spec: TaskSpec) -> None:
        """A task has come to its end, whoever was missing for it."""
        raise NotImplementedError

    async def _tried(self, step: Step, send: Send) -> Delivered | None:
        """What became of it; None when the channel was down to the end of our patience. Where no channel was tried yet,
        the fault is in our own house, and the customer's next channel is no way round it."""
        with self.trying() as failed:
            while True:
                try:
                    return await send(step)
                except Outlasted as fault:
                    if await self.surely(Post.gave_up, step, fault.cause, summary="record the failed contact"):
                        return None
                    failed(fault)

    async def _after_quiet_hours(
        self, step: Step, send: Send, wanted: Callable[[], bool], then: Then, moment: datetime
    ) -> None:
        try:
            await self.until(lambda: not wanted(), before=moment, summary="quiet hours")
            needed = wanted()
        except CaseEnded:
            needed = False
        if needed:
            await then(await self._tried(step.model_copy(update={"at": self.now()}), send))
        else:
            await self.surely(Post.gave_up, step, "no longer needed", summary="the notice is no longer needed")
