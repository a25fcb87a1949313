"""通报: beside the course of a major incident, bulletins at their rhythm until it is solved; words to the public."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, cast

from temporalio import workflow

from activities.bulletins import Bulletins
from activities.hanging import Hanging
from contracts.majors import BulletinState, MajorNotice, MajorWord, Planned
from contracts.rollout import Swept
from contracts.tasks import DecisionReceipt
from contracts.text import moment_text
from workflows.major_people import BULLETIN, BULLETIN_APPROVAL, MajorPeople, announced
from workflows.overview import publish
from workflows.stops import Moot
from workflows.sweeping import FIRST_PAUSE, LONGEST_PAUSE, sweep

_TELL = cast("Callable[..., Swept]", Hanging.tell_reports)  # the worker awaits it


class Draft(NamedTuple):
    """A bulletin that is due, and whether its words are there already."""

    planned: Planned
    written: DecisionReceipt | None


class MajorBulletins(MajorPeople):
    """`over`: no report hangs on it any more. `news`: words that do not wait for the next bulletin to be due."""

    def __init__(self) -> None:
        super().__init__()
        self.over = False
        self.news: DecisionReceipt | None = None
        self._settled: set[int] = set()

    async def bulletins(self) -> None:
        """通报 at the rhythm of the severity, and at once where there is news, until it is over."""
        while not self.over:
            planned = await self.carried_out(Bulletins.plan_bulletin, False)
            draft, self.news = Draft(planned, self.news), None
            self._remark(planned.next_at)
            self.beside(self._overtaken(planned))
            await self._bulletin(draft)
            await self.until(self._has_news, before=planned.next_at, summary="the next bulletin")
        self._remark(None)

    async def statements(self) -> None:
        """对外声明: what the spokesman says counts once somebody else has approved it."""
        while True:
            written = await self.ask_spokesman()
            planned = await self.carried_out(Bulletins.plan_bulletin, True)
            said = announced(written)
            await self.carried_out(Bulletins.write_bulletin, planned.n, said)
            by = await self.ask_approval("statement_approval", written, said)
            state = BulletinState.APPROVED if by else BulletinState.REJECTED
            await self.carried_out(Bulletins.rule_on_bulletin, planned.n, state, by)

    async def say_to_reports(self, word: MajorWord, n: int = 0) -> None:
        """Until each report that hangs on it has heard."""
        notice, pause = MajorNotice(major=self.case_id, word=word, n=n), FIRST_PAUSE

        async def page(after: str) -> Swept:
            return await self.surely(_TELL, notice, after, summary=f"{word} {n or ''}".strip())

        while await sweep(page):
            await workflow.sleep(pause, summary="reports that do not answer")
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _bulletin(self, draft: Draft) -> None:
        """Written, approved by somebody else, and sent; or overtaken by the next one."""
        n = draft.planned.n
        try:
            await self._agreed(draft)
        except Moot:
            await self.carried_out(Bulletins.rule_on_bulletin, n, BulletinState.SUPERSEDED, "system")
            return
        finally:
            self._settled.add(n)
        await self.say_to_reports(MajorWord.BULLETIN, n)
        await self.carried_out(Bulletins.tell_departments, n)
        await self.carried_out(Bulletins.rule_on_bulletin, n, BulletinState.SENT, "system")

    async def _agreed(self, draft: Draft) -> None:
        """Words that somebody else approves; what is rejected is written anew."""
        n, written = draft.planned.n, draft.written
        while True:
            self._still_wanted(draft.planned)
            written = written or await self.ask_draft()
            said = announced(written)
            await self.carried_out(Bulletins.write_bulletin, n, said)
            self._still_wanted(draft.planned)
            by = await self.ask_approval(BULLETIN_APPROVAL, written, said)
            state = BulletinState.APPROVED if by else BulletinState.REJECTED
            await self.carried_out(Bulletins.rule_on_bulletin, n, state, by)
            if by:
                return
            written = None

    async def _overtaken(self, planned: Planned) -> None:
        """When the next one is due before this one is approved, or there is news, its tasks are withdrawn."""
        await self.until(
            lambda: planned.n in self._settled or self._has_news(), before=planned.next_at, summary="superseded"
        )
        if planned.n not in self._settled:
            self.make_moot(self._why(planned), lambda spec: spec.name in (BULLETIN, BULLETIN_APPROVAL))

    def _still_wanted(self, planned: Planned) -> None:
        """Raises Moot."""
        if self._has_news() or self.now() >= planned.next_at:
            raise Moot(self._why(planned))

    def _why(self, planned: Planned) -> str:
        if self.over:
            return f"bulletin {planned.n}: it is over"
        return f"bulletin {planned.n}: the next one is due"

    def _has_news(self) -> bool:
        return self.over or self.news is not None

    def _remark(self, next_at: datetime | None) -> None:
        self.remarks = (f"next bulletin due {moment_text(next_at)}",) if next_at else ()
        publish(self)
