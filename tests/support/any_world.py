"""A world for any course of a closure: server, worker and firm on a thread of their own, moved from outside."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from sqlmodel import col, select
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from contracts.notices import DeliveryState
from contracts.operators import Overview
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome, Receipt
from contracts.rollout import RolloutState
from contracts.tasks import TaskSpec
from contracts.vocabulary import Outcome, Role, Stage
from gateways.books_file import load_books
from gateways.hearing import roles_of
from gateways.payments import FolderRail, PaymentOrder, PaymentRefused
from records.tables import CaseRow, ContactRow, TaskRow
from tests.faults.edges import Watched
from tests.support.any_books import NO_SUCH_PAYEE
from tests.support.firm import Firm, firm_without_worker
from tests.support.moments import ZONE, now
from tests.support.policies import EVERYBODY_CONFIRMS, publish, report, rule, variant
from tests.support.skipping import time_skipping, without_skipping
from worker import build

LONGEST_SECONDS = 120.0
BREAKABLE = ("rail", "screening", "mailer")
"""The gateways that may be out of order."""

RULES = {"another approval": [("needed = 1\n", "needed = 2\n")], "everybody confirms": [EVERYBODY_CONFIRMS], "none": []}
"""What a new policy may change."""

_numbers = count(1)

Answer = TypeVar("Answer")
Do = Callable[[Coroutine[Any, Any, Any]], Any]


class Question(NamedTuple):
    """An open task, and the roles that may decide it now."""

    spec: TaskSpec
    roles: tuple[Role, ...]


class Seen(NamedTuple):
    """How a case stands; `ended`: its workflow is over."""

    stage: Stage = Stage.RECEIVED
    outcome: Outcome = Outcome.OPEN
    held: bool = False
    ended: bool = False
    asked: tuple[Question, ...] = ()


class Stalled(Exception):
    """The time of the world passes no more."""


class FussyRail(FolderRail):
    """Knows of one account that it does not exist."""

    def pay(self, order: PaymentOrder) -> None:
        """As any rail."""
        if order.payee_account == NO_SUCH_PAYEE:
            raise PaymentRefused("no such account")
        super().pay(order)


class AnyWorld:
    """What can be done from outside. `do` waits for a coroutine on the world's own thread."""

    def __init__(self, firm: Firm, do: Do) -> None:
        self.firm = firm
        self.do = do
        self.stalled = False

    def told(self, message: Coroutine[Any, Any, Answer]) -> Answer | Code:
        """What a message is answered, or how it is refused."""
        (said,) = self.told_at_once(message)
        return said

    def told_at_once(self, *messages: Coroutine[Any, Any, Answer]) -> list[Answer | Code]:
        """The same of messages that are sent at the same moment."""
        said: list[Answer | Code] = self.do(_told(messages))
        return said

    def tried(self, what: Callable[[], Answer]) -> Answer | Code:
        """What comes of it, or how it is refused."""
        try:
            return what()
        except Refused as refusal:
            return refusal.code

    def open(self, account: str, **request: Any) -> Receipt:
        """A closure is asked for."""
        receipt: Receipt = self.do(self.firm.open(account, **request))
        return receipt

    def passes(self, span: timedelta, case: str) -> None:
        """Time passes; what is due on the way is done. Raises Stalled when it does not: the server skips no time while
        anything is under way, and now and then it believes so for ever."""
        try:
            self.do(self.firm.pass_time(span))
        except RPCError as error:
            self.stalled = True
            raise Stalled(f"{error}; under way: {self.do(self._describe(case)).pending_activities}") from error

    def outcome(self, case: str) -> CaseOutcome:
        """What the workflow of an ended case returned; raises when it failed."""
        outcome: CaseOutcome = self.do(self.firm.handle(case).result())
        return outcome

    def seen(self, case: str) -> Seen:
        """How a case stands as soon as it waits: for people, for a moment, or for what is out of order."""
        if self.do(self._rests(case)):
            row = self.row(case)
            return Seen(Stage(row.stage), Outcome(row.outcome), ended=True)
        shown: Overview = self.do(self.firm.handle(case).query("overview", result_type=Overview))
        return Seen(shown.stage, Outcome(shown.outcome), shown.held, asked=tuple(self._asked(case)))

    def rolls_out(self, *rules: tuple[str, str], more: str = "") -> str:
        """A new policy is published, takes effect today, and every open case has answered; its version."""
        version: str = self.do(self._rolled_out(rules, more))
        return version

    def hires(self) -> None:
        """Somebody new for every role, who has had nothing to do with any case."""
        who = f"new.{next(_numbers)}"
        roles = [role.value for role in Role if role is not Role.CUSTOMER]
        person = {"id": who, "name": "新人", "email": f"{who}@staff.example.com", "roles": roles}
        load_books(self.firm.world.database, json.dumps({"staff": [person]}), False)

    def breaks(self, gateway: str, *, down: bool) -> None:
        """A gateway is out of order, or mended."""
        getattr(self.firm.world, gateway).down = down

    def all_works(self) -> None:
        """Nothing is out of order any more."""
        for gateway in BREAKABLE:
            self.breaks(gateway, down=False)

    def sent(self, case: str) -> list[str]:
        """The id of every message that went to the customer."""
        query = select(ContactRow).where(
            ContactRow.dossier == self.row(case).dossier, ContactRow.state == DeliveryState.SENT
        )
        with self.firm.world.database.reading() as session:
            return [row.message_id for row in session.exec(query.order_by(col(ContactRow.at)))]

    def tasks(self, case: str) -> list[TaskSpec]:
        """Every task that there was."""
        with self.firm.world.database.reading() as session:
            return [TaskSpec.model_validate_json(row.spec) for row in session.exec(_tasks(case))]

    def row(self, case: str) -> CaseRow:
        """The case on record."""
        with self.firm.world.database.reading() as session:
            return session.exec(select(CaseRow).where(CaseRow.case_id == case)).one()

    def _asked(self, case: str) -> Iterator[Question]:
        with self.firm.world.database.reading() as session:
            for row in session.exec(_tasks(case).where(col(TaskRow.ended_at).is_(None))):
                yield Question(TaskSpec.model_validate_json(row.spec), roles_of(row))

    async def _rolled_out(self, rules: Sequence[tuple[str, str]], more: str) -> str:
        today, version = (await now(self.firm)).astimezone(ZONE).date(), f"2027.{next(_numbers):04}-rehearsal"
        await publish(self.firm, version, variant(version, *rules, effective=today, more=more))
        await rule(self.firm, version)
        for _ in range(60):  # its mails to managers may be tried for a while
            if report(self.firm, version).state is RolloutState.DONE:
                return version
            await self.firm.pass_time(timedelta(seconds=2))
        raise AssertionError(f"{version} was not rolled out: {report(self.firm, version)}")

    async def _describe(self, case: str) -> DescribeWorkflowExecutionResponse:
        # Asked for raw: the SDK cannot read the moments among the search attributes of this server.
        client, execution = self.firm.client, WorkflowExecution(workflow_id=case)
        request = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
        return await client.workflow_service.describe_workflow_execution(request)

    async def _rests(self, case: str) -> bool:
        """Waits until there is nothing to do at this moment; whether the case has ended."""
        before = -1
        async with asyncio.timeout(LONGEST_SECONDS):
            while True:
                it = await self._describe(case)
                if it.workflow_execution_info.status != int(WorkflowExecutionStatus.RUNNING):
                    return True
                busy = it.HasField("pending_workflow_task") or any(each.attempt < 2 for each in it.pending_activities)
                events = it.workflow_execution_info.history_length
                if not busy and events == before:  # seen twice, since this server is for a moment between two things
                    return False
                before = -1 if busy else events
                await asyncio.sleep(0.015)


async def _told(messages: Sequence[Coroutine[Any, Any, Answer]]) -> list[Answer | Code]:
    return await asyncio.gather(*(_answer(message) for message in messages))


async def _answer(message: Coroutine[Any, Any, Answer]) -> Answer | Code:
    try:
        return await message
    except Refused as refusal:
        return refusal.code
    except TypeError:  # the SDK cannot read how this server describes a case that has ended
        return Code.ALREADY_ENDED


def _tasks(case: str) -> Any:
    return select(TaskRow).where(TaskRow.case_id == case).order_by(col(TaskRow.shown_at), col(TaskRow.task))


@contextmanager
def any_world(folder: Path) -> Iterator[AnyWorld]:
    """A new world, whose time passes only when it is told to."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="any world", daemon=True)
    thread.start()

    def do(coroutine: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, loop)
        return future.result(LONGEST_SECONDS)

    stack = AsyncExitStack()
    try:
        yield AnyWorld(do(_firm(stack, folder)), do)
    finally:
        do(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _firm(stack: AsyncExitStack, folder: Path) -> Firm:
    client = await without_skipping(await stack.enter_async_context(time_skipping()))
    firm = await stack.enter_async_context(firm_without_worker(client, folder))
    world = firm.world
    world.rail = FussyRail(folder / "payments")
    for name in BREAKABLE:
        setattr(world, name, Watched(getattr(world, name)))
    options: Any = {"workflow_failure_exception_types": [Exception], "graceful_shutdown_timeout": timedelta(seconds=2)}
    await stack.enter_async_context(build(client, world, task_queue=firm.task_queue, **options))
    return firm
