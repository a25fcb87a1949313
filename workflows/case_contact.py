"""How a case reaches the customer in writing: channel after channel."""

from activities.post import Post
from contracts.notices import DeliveryState, NoticeSpec
from workflows.calls import Outlasted, call
from workflows.case_messages import CaseMessages

UNWRITTEN = frozenset({DeliveryState.TASK, DeliveryState.NO_CHANNEL})
"""No written channel is left: a person telephones or writes a letter."""

_NEXT = frozenset({DeliveryState.REFUSED, DeliveryState.FAILED})


class CaseContact(CaseMessages):
    """Sends notices; what became of each is on record, and the case goes on whatever it was."""

    async def reach(self, notice: NoticeSpec) -> DeliveryState:
        """Send a notice on its channel, and on the next verified one where that fails."""
        while True:
            state = await self._deliver(notice)
            if state not in _NEXT:
                return state
            notice = notice.model_copy(update={"channel": notice.channel + 1})

    async def _deliver(self, notice: NoticeSpec) -> DeliveryState:
        step, words = self.step(f"notice-{notice.template}"), f"notice {notice.template}"
        try:
            delivered = await call(Post.tell_customer, step, notice, summary=words, patience=self.patience("delivery"))
        except Outlasted as fault:
            await call(Post.gave_up, step, fault.cause, summary="record the failed contact")
            return DeliveryState.FAILED
        return delivered.state
