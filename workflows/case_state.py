"""What a case knows of itself, and how it waits: the ground that all other parts of a case stand on."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, NoReturn

from temporalio import workflow

from contracts.blockers import BlockerLine
from contracts.findings import Finding
from contracts.refusals import Refused
from contracts.steps import Ending, Opened, Step
from contracts.tasks import Decision, DecisionReceipt, TaskSpec
from contracts.vocabulary import CaseKind, Outcome, Risk, Role, Stage
from policy.model import Policy
from policy.spans import plain
from workflows.stops import CaseEnded


@dataclass
class Asked:
    """A task that people are asked: how it stands. `receipt` is set when the decision that ends it was judged good;
    `stale` when its deadlines have to be reckoned again, `again` when the customer has to be asked again, `moot`
    (why) when no answer is wanted any more; `channel` counts the customer's channels that are behind it."""

    spec: TaskSpec
    receipt: DecisionReceipt | None = None
    due_at: datetime | None = None
    overdue: bool = False
    stale: bool = False
    again: bool = False
    moot: str = ""
    channel: int = 0
    roles: set[Role] = field(default_factory=set)

    def is_decided(self) -> bool:
        """Whether the task is decided."""
        return self.receipt is not None

    def is_open(self) -> bool:
        """Whether an answer is still wanted."""
        return self.receipt is None and not self.moot

    def has_news(self) -> bool:
        """Whether there is something to do before its next rung."""
        return not self.is_open() or self.stale or self.again


class Shown(NamedTuple):
    """The values that operators see; published only when one of them changed."""

    stage: str
    outcome: str
    risk: str
    waiting_for: tuple[str, ...]
    due_at: datetime | None
    overdue: bool


class CaseState:
    """All state is set here, since a message may come before the workflow's first step."""

    def __init__(self, kind: CaseKind) -> None:
        self.kind = kind
        self.opened: Opened | None = None
        self.refusal: Refused | None = None
        self.stage = Stage.RECEIVED
        self.outcome = Outcome.OPEN
        self.risk = Risk.LOW
        self.findings: dict[str, Finding] = {}
        self.accepted: set[str] = set()
        self.blockers: tuple[BlockerLine, ...] = ()
        self.waiting: dict[str, Asked] = {}
        self.specs: dict[str, TaskSpec] = {}
        self.receipts: dict[str, DecisionReceipt] = {}
        self.answered: dict[str, tuple[Decision, DecisionReceipt]] = {}
        self.makers: set[str] = set()
        self.blocking: set[str] = set()
        self.failing: dict[int, str] = {}
        self.remarks: tuple[str, ...] = ()
        self.held = False
        self.suspended: dict[str, Finding] = {}
        self.approved = False
        self.settling = False
        self.money_moved = False
        self.concluding = False
        self.shown: Shown | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._stop: Ending | None = None
        self._policy: Policy | None = None
        self._rounds: Counter[str] = Counter()

    async def until(self, met: Callable[[], bool], before: datetime | None = None, summary: str = "") -> bool:
        """Wait until `met`; False when the moment `before` comes first. Raises CaseEnded when the case was stopped.

        A case that stands waits on, however much is met.
        """
        left = None if before is None else max(before - self.now(), timedelta(0))
        try:
            await workflow.wait_condition(lambda: self.stopped or met(), timeout=left, timeout_summary=summary or None)
        except TimeoutError:
            return False
        await workflow.wait_condition(lambda: self.stopped or not self.stands)
        self.checkpoint()
        return True

    @property
    def stands(self) -> bool:
        """Whether staff paused the case, or a disruption (by reference) suspends it."""
        return self.held or bool(self.suspended)

    @property
    def stopped(self) -> bool:
        """Whether the case is to end at its next wait."""
        return self._stop is not None

    def stop(self, ending: Ending) -> None:
        """End the case at its next wait; the first reason counts."""
        if not self.concluding:
            self._stop = self._stop or ending

    def checkpoint(self) -> None:
        """Raises CaseEnded when the case was stopped."""
        if self._stop:
            raise CaseEnded(self._stop)

    def end(self, outcome: Outcome, words: str = "") -> NoReturn:
        """End the case: whatever else runs in it stops at its next wait."""
        self.stop(Ending(outcome=outcome, words=words))
        self.checkpoint()
        raise AssertionError("a stopped case passed its checkpoint")

    def beside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run something beside the course of the case, once its policy is pinned; it stops at its next wait when the
        case ends."""
        self._beside.append(asyncio.ensure_future(coroutine if self._policy else self._by_the_rules(coroutine)))

    async def _by_the_rules(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """A message may come between the opening of the case and the moment when its policy is there."""
        await workflow.wait_condition(lambda: self._policy is not None)
        await coroutine

    async def all_done_beside(self) -> None:
        """Wait until nothing runs beside the course of the case any more. A fault in it is raised here."""
        while self._beside:
            with suppress(CaseEnded):
                await self._beside.pop(0)

    def make_moot(self, why: str, matching: Callable[[TaskSpec], bool]) -> None:
        """The open tasks that match are not wanted any more."""
        for asked in self.waiting.values():
            if matching(asked.spec):
                asked.moot = why

    def reckon_again(self) -> None:
        """The deadlines of all that is open have to be reckoned again."""
        for asked in self.waiting.values():
            asked.stale = True

    async def conclude(self, ending: Ending) -> None:
        """The outcome stands; from here on the case only tells it and files it, paused or not."""
        self.stop(ending)
        await self.all_done_beside()
        self.outcome, self.concluding, self._stop = ending.outcome, True, None
        self.held = False

    @property
    def required(self) -> Opened:
        """What opening the case answered."""
        if self.opened is None:
            raise AssertionError("the case is not open yet")
        return self.opened

    @property
    def case_id(self) -> str:
        """The workflow id."""
        return self.required.case

    @property
    def dossier(self) -> str:
        """The key of the case in the records."""
        return self.required.dossier

    @property
    def policy(self) -> Policy:
        """The policy that the case was opened under; pinned in its history."""
        if self._policy is None:
            raise AssertionError("the case is not open yet")
        return self._policy

    def made_by(self, receipt: DecisionReceipt) -> None:
        """四眼: whoever decided this, in whoever's place, and whoever noted it, does not approve the case."""
        self.makers |= {receipt.heard_by or receipt.by, receipt.in_place_of} - {""}

    def step(self, name: str) -> Step:
        """The next round of a step; rounds are counted by name."""
        self._rounds[name] += 1
        return Step(
            case=self.case_id,
            dossier=self.dossier,
            policy=self.required.policy,
            name=name,
            round=self._rounds[name],
            stage=self.stage,
            risk=self.risk,
            at=self.now(),
        )

    def patience(self, kind: str) -> timedelta:
        """How long a failing step of this kind (check, effect, delivery) is tried again."""
        return plain(getattr(self.policy.patience, kind))

    def now(self) -> datetime:
        """The workflow's time."""
        return workflow.now()

    def day(self, moment: datetime) -> str:
        """The firm's day of a moment, as people are told it."""
        return self.policy.calendar.day(moment).isoformat()
