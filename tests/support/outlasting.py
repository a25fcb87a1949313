"""A world in which each activity of a course fails at its first call, and until somebody has seen that it does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from contracts.findings import FindingKind, FindingState
from contracts.operators import Overview
from contracts.refusals import Code, Refused
from tests.support.firm import Firm, firm_without_worker
from tests.support.policies import folder_with, unhurried
from worker import build
from workflows.guard import MessageGuard

Answers = dict[str, tuple[str, str, dict[str, Any]]]
"""What people say to a task of that name: the option, who, and the data."""

REPAIRS: Answers = {"system_fault": ("fixed", "wu.gang", {}), "plan_assess": ("done", "huang.lei", {})}
"""What the people do who see to a fault."""

A_WHILE = timedelta(seconds=20)


class FirstCalls(Interceptor):
    """Fails each of `names` from its first call on, until it is mended. `seen`: how the failing one was noticed."""

    def __init__(self, names: Iterable[str]) -> None:
        self.broken = set(names)
        self.failing: set[str] = set()
        self.seen: dict[str, str] = {}

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Our inbound interceptor."""
        return _Failing(next, self)

    def mend(self, name: str, seen: str) -> None:
        """Somebody has seen it, and mends it."""
        self.seen[name] = seen
        self.failing.discard(name)
        self.broken.discard(name)


class _Failing(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, calls: FirstCalls) -> None:
        super().__init__(next)
        self._calls = calls

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        name = activity.info().activity_type
        if name in self._calls.broken:
            self._calls.failing.add(name)
            raise OSError(f"{name} is out of order")
        return await super().execute_activity(input)


async def heard(send: Callable[[], Awaitable[object]]) -> None:
    """Sent again, with the same id, until there is an answer."""
    while True:
        try:
            await send()
            return
        except Refused as refusal:
            if refusal.code is not Code.UNREACHABLE:
                raise


@asynccontextmanager
async def outlasted(client: Client, home: Path, calls: FirstCalls, case: str, answers: Answers) -> AsyncIterator[Firm]:
    """A firm in which these first calls fail, with people who look after one case: they see what fails and mend it, and
    say to each task what they are told to say."""
    policy = folder_with(home / "policy", *unhurried())
    async with firm_without_worker(client, home, policy=policy) as firm:
        options: Any = {"interceptors": [MessageGuard(), calls], "workflow_failure_exception_types": [Exception]}
        async with build(client, firm.world, task_queue=firm.task_queue, **options):
            people = People(firm, calls, case, REPAIRS | answers)
            at_work = asyncio.create_task(people.work())
            yield firm
            at_work.cancel()
            with suppress(asyncio.CancelledError):
                await at_work


class People:
    """Those who look after a case."""

    def __init__(self, firm: Firm, calls: FirstCalls, case: str, answers: Answers) -> None:
        self.firm = firm
        self.calls = calls
        self.case = case
        self.answers = answers
        self._saying: dict[str, asyncio.Task[None]] = {}

    async def work(self) -> None:
        """Without end. Time passes only while something fails, and until it is tried again after the repair."""
        while True:
            failing = sorted(self.calls.failing)
            for name in failing:
                if seen := await self._noticed(name):
                    self.calls.mend(name, seen)
            for name, answer in self.answers.items():
                task = self.firm.open_task(name, self.case)
                if task and (task not in self._saying or self._saying[task].done()):
                    self._saying[task] = asyncio.create_task(self._say(task, *answer))
            if failing and not self.firm.time_passes:
                await self.firm.pass_time(A_WHILE)
            await asyncio.sleep(0.05)

    async def _say(self, task: str, option: str, who: str, data: dict[str, Any]) -> None:
        """Said again when what hears it fails."""
        token = self.firm.code(task) if who == "customer" else self.firm.tokens.mint(who)
        if token:
            with suppress(Refused):
                body = self.firm.decision(task, option, token, reason="said so", data=data)
                await self.firm.quietus.decide(body)

    async def _noticed(self, name: str) -> str:
        """Where people see that this activity fails: on the operators' page, as technology's task, in the trail."""
        handle, two_seconds = self.firm.handle(self.case), timedelta(seconds=2)
        try:
            overview = await handle.query("overview", result_type=Overview, rpc_timeout=two_seconds)
        except RPCError:
            return ""
        if any(each.startswith(f"{name}: ") for each in overview.failing):
            return "operators"
        fault = f"{FindingKind.SYSTEM_FAULT}:{name}"
        with suppress(Refused):
            if self.firm.found(self.case).get(fault) is FindingState.OPEN:
                return "task" if self.firm.open_task("system_fault", self.case) else ""
            if any(link.why.startswith(f"{name}: ") for link in self.firm.show(self.case).trail):
                return "trail"
        return ""
