"""Random sequences of messages to many closures at once: `python -m tests.support.message_storm 500 [--first 0]`."""

import argparse
import asyncio
import logging
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

from sqlmodel import col, select
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from commands.verifying import check
from contracts.converter import data_converter
from contracts.refusals import Code, Refused, refusal_of
from contracts.requests import CaseOutcome
from contracts.tasks import Decision, DecisionReceipt
from contracts.vocabulary import Outcome
from gateways.devserver import DevServer
from gateways.payments import FolderRail
from records.tables import CaseRow, DecisionRow, TaskRow
from tests.faults.edges import at_work
from tests.support.accounts import BALANCE, open_accounts
from tests.support.firm import Firm, eventually, firm_without_worker
from tests.support.message_pool import Message, Script, Way
from tests.support.processes import PROMPT_TIMERS

AT_ONCE = 12
LONGEST_SECONDS = 120.0
CODE = re.compile(r"\.?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}")
USE_EXISTING = WorkflowIDConflictPolicy.USE_EXISTING
ENDED_BEFORE_THE_ANSWER = "AcceptedUpdateCompletedWorkflow"


@dataclass(frozen=True)
class Reply:
    """What the sender was told: an answer, a refusal, or (of a signal) that it was delivered."""

    message: Message
    answer: Any = None
    refused: str | None = None


class Board:
    """What stands in the records of all open cases, read once for everybody who waits."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._news = asyncio.Event()
        self.held: dict[str, bool] = {}
        self.tasks: dict[str, dict[str, str]] = {}

    async def keep(self) -> None:
        """Read again and again."""
        while True:
            self._read()
            self._news.set()
            self._news = asyncio.Event()
            await asyncio.sleep(0.1)

    async def until(self, met: Callable[[], object]) -> None:
        """As soon as it is so, by a reading that was made after now."""
        await self._news.wait()
        while not met():
            await self._news.wait()

    def _read(self) -> None:
        cases = select(CaseRow.case_id, CaseRow.held).where(col(CaseRow.ended_at).is_(None))
        tasks = select(TaskRow.case_id, TaskRow.name, TaskRow.task).where(col(TaskRow.ended_at).is_(None))
        with self._firm.world.database.reading() as session:
            self.held = dict(session.exec(cases).all())
            self.tasks = {case: {} for case in self.held}
            for case, name, task in session.exec(tasks):
                self.tasks.setdefault(case, {})[name] = task


class Letterbox:
    """The codes in the mail that arrived, each mail read once."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._read: set[Path] = set()
        self._codes: dict[str, str] = {}

    def code(self, task: str) -> str | None:
        """The newest code for a task."""
        for file in sorted(set(self._firm.mail.folder.glob("*.eml")) - self._read):
            self._read.add(file)
            for code in CODE.findall(str(message_from_bytes(file.read_bytes(), policy=modern).get_content())):
                with suppress(Refused):
                    self._codes[self._firm.world.links.verify(code, timedelta(days=1)).task] = code
        return self._codes.get(task)


@dataclass
class Storm:
    """Where the sequences happen."""

    firm: Firm
    board: Board
    letterbox: Letterbox
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


class SequenceOfMessages:
    """One closure, and all that is said to it."""

    def __init__(self, storm: Storm, script: Script) -> None:
        self.storm, self.script, self.firm = storm, script, storm.firm
        self.case = script.case
        self.replies: list[Reply] = []
        self.runs: set[str] = set()

    async def run(self) -> CaseOutcome:
        """Send everything, bring the case to its end, and see that it is the right one."""
        bursts, late = self.script.plan()
        async with self.storm.turns, asyncio.timeout(LONGEST_SECONDS):
            for burst in bursts:
                await asyncio.gather(*(self.send(message) for message in burst.messages))
                if burst.settles and self.runs:
                    await self.storm.board.until(self._at_rest)
            await self._say_the_rest()
            for message in late:
                await self.send(message)
            outcome = await self._outcome()
        self._judge(outcome)
        return outcome

    # ---- sending -------------------------------------------------------------------------------------------------

    async def send(self, message: Message) -> Reply:
        """Send it; there is always an answer or a refusal with a code."""
        try:
            reply = Reply(message, answer=await self._deliver(message))
        except WorkflowUpdateFailedError as error:
            reply = Reply(message, refused=_code_of(error))
        except Refused as refusal:
            reply = Reply(message, refused=refusal.code)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            reply = Reply(message, refused=Code.NOT_FOUND)
        if reply.refused == Code.UNREACHABLE:  # "send it again with the same id"
            return await self.send(message)
        self.replies.append(reply)
        return reply

    async def _deliver(self, message: Message) -> Any:
        handle = self.firm.client.get_workflow_handle(self.case)
        if message.starts:
            return await self._start(message)
        match message.way:
            case Way.CLIENT if message.name == "decide":
                return await self.firm.quietus.decide(message.body)
            case Way.CLIENT:
                return await getattr(self.firm.quietus, message.name)(self.case, message.body)
            case Way.UPDATE:
                return await handle.execute_update(message.name, message.body)
            case Way.SIGNAL:
                return await handle.signal(_signal(message), message.body)

    async def _start(self, message: Message) -> Any:
        """Signal-with-start or update-with-start: nobody knows whether the case is there already."""
        start: Any = {"id": self.case, "task_queue": self.firm.task_queue, "id_conflict_policy": USE_EXISTING}
        request = message.body if message.name == "receive" else self.script.request
        if message.way is Way.SIGNAL:
            handle = await self.firm.client.start_workflow(
                "AccountClosure", request, start_signal=_signal(message), start_signal_args=[message.body], **start
            )
            self.runs.add(str(handle.result_run_id))
            return None
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation("AccountClosure", request, **start)
        try:
            return await self.firm.client.execute_update_with_start_workflow(
                message.name, message.body, start_workflow_operation=operation
            )
        finally:
            self.runs.add(str((await operation.workflow_handle()).first_execution_run_id))

    # ---- to the end ----------------------------------------------------------------------------------------------

    async def _say_the_rest(self) -> None:
        """In order, as people do who look at what is asked."""
        await self._until_open()
        while True:
            await self.storm.board.until(self._at_rest)
            if self._ended():
                return
            if self.storm.board.held.get(self.case) and not self._ending():
                await self.send(Message("resume", self.script.hold("resume"), Way.CLIENT))
            elif self.script.end is Outcome.WITHDRAWN and not self._taken("withdraw"):
                await self.send(Message("withdraw", self.script.withdrawal(), Way.CLIENT))
            for name, task in self.storm.board.tasks.get(self.case, {}).items():
                await self.send(Message("decide", await self._answer(task, name), Way.CLIENT))

    async def _until_open(self) -> None:
        """A request that came while the one before it was being refused is sent again."""
        while not self._opened():
            await self.send(self.script.start())

    async def _answer(self, task: str, name: str) -> Decision:
        if name == "confirm_contact" and self.script.code_wanted:
            code = await eventually(lambda: self.storm.letterbox.code(task), f"the code for {task}")
            return self.script.answer(task, name, code)
        return self.script.answer(task, name)

    def _ending(self) -> bool:
        return any(reply.refused == Code.ALREADY_ENDED for reply in self.replies)

    def _opened(self) -> bool:
        with self.firm.world.database.reading() as session:
            return session.exec(select(CaseRow.dossier).where(CaseRow.case_id == self.case)).first() is not None

    def _at_rest(self) -> bool:
        board = self.storm.board
        return self._ended() or bool(board.held.get(self.case) or board.tasks.get(self.case))

    def _ended(self) -> bool:
        return self.case not in self.storm.board.held

    def _taken(self, name: str) -> list[Reply]:
        return [reply for reply in self.replies if reply.message.name == name and reply.answer is not None]

    async def _outcome(self) -> CaseOutcome:
        """What the one run that opened the case returned; every other one was refused."""
        outcomes: list[CaseOutcome] = []
        for run in self.runs:
            handle = self.firm.client.get_workflow_handle(self.case, run_id=run, result_type=CaseOutcome)
            try:
                outcomes.append(await handle.result())
            except WorkflowFailureError as error:
                if not refusal_of(error):
                    raise
        (outcome,) = outcomes
        return outcome

    # ---- what must hold ------------------------------------------------------------------------------------------

    def _judge(self, outcome: CaseOutcome) -> None:
        shown = self.firm.show(outcome.dossier)
        with self.firm.world.database.reading() as session:
            decisions = session.exec(select(DecisionRow).where(DecisionRow.dossier == outcome.dossier)).all()
        taken = {row.decision_id for row in decisions}
        options = {(row.task.rpartition("-")[2], row.option) for row in decisions}
        assert outcome.outcome == self._right_end(options), f"ended as {outcome.outcome}, decided were {options}"
        closed = outcome.outcome == Outcome.CLOSED
        assert self.firm.balance(shown.account) == ("0.00" if closed else BALANCE)
        assert self.firm.account(shown.account).lock is None
        self._judge_receipts(taken)
        whats = [link.what for link in shown.trail]
        unknown = [reply for reply in self._delivered() if reply.message.name == "hurry_up"]
        assert whats.count("unknown signal") == len(unknown)
        refused = sum(what.endswith("by signal refused") for what in whats)
        assert refused >= len(self._not_taken(taken)), f"{refused} of {len(self._not_taken(taken))} signals refused"

    def _right_end(self, options: set[tuple[str, str]]) -> Outcome:
        """Decided by what was taken, whatever was meant."""
        if self._taken("withdraw"):
            return Outcome.WITHDRAWN
        rejected = options & {("approval", "reject"), ("identity_unproven", "end")}
        return Outcome.REJECTED if rejected else Outcome.CLOSED

    def _judge_receipts(self, taken: set[str]) -> None:
        """One decision id has one receipt, and a receipt is for what is on record."""
        receipts: dict[str, DecisionReceipt] = {}
        for reply in self._taken("decide"):
            receipt = DecisionReceipt.model_validate(reply.answer, strict=False)
            assert receipts.setdefault(reply.message.body.decision_id, receipt) == receipt
        signalled = {_id(reply) for reply in self._delivered() if reply.message.name == "decide"}
        assert receipts.keys() <= taken <= receipts.keys() | signalled

    def _delivered(self) -> list[Reply]:
        return [reply for reply in self.replies if reply.message.way is Way.SIGNAL and not reply.refused]

    def _not_taken(self, taken: set[str]) -> list[Reply]:
        """Decisions by signal that the case did not take, which its trail must tell."""
        return [reply for reply in self._delivered() if reply.message.name == "decide" and _id(reply) not in taken]


def _id(reply: Reply) -> str:
    return str(getattr(reply.message.body, "decision_id", ""))


def _signal(message: Message) -> str:
    return "decision" if message.name == "decide" else message.name


def _code_of(error: WorkflowUpdateFailedError) -> str:
    refusal = refusal_of(error)
    if refusal:
        return refusal.code
    cause = error.cause
    assert isinstance(cause, ApplicationError), repr(cause)
    assert cause.type == ENDED_BEFORE_THE_ANSWER, repr(cause)
    return Code.ALREADY_ENDED


# ---- many of them ------------------------------------------------------------------------------------------------


class Faults(logging.Handler):
    """What the worker logs that is not a refusal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, Refused):
            self.seen.append(f"{record.getMessage()}: {error!r}")


async def rage(numbers: Sequence[int]) -> list[str]:
    """Go through all these sequences; what went wrong, and in which. The first ones begin while no worker runs."""
    faults = Faults()
    logging.getLogger("temporalio").addHandler(faults)
    with tempfile.TemporaryDirectory(prefix="quietus-storm-") as folder:
        async with calm_before(Path(folder)) as storm:
            accounts = open_accounts(storm.firm.world.database, len(numbers))
            pairs = zip(numbers, accounts, strict=True)
            sequences = [SequenceOfMessages(storm, Script(number, storm.firm, account)) for number, account in pairs]
            going = [asyncio.create_task(each.run()) for each in sequences]
            await asyncio.gather(*(_begun(*each) for each in zip(sequences[:AT_ONCE], going, strict=False)))
            async with at_work(storm.firm):
                ends = await asyncio.gather(*going, return_exceptions=True)
            wrong = [f"sequence {n}: {end!r}" for n, end in zip(numbers, ends, strict=True) if _failed(end)]
            return wrong + faults.seen + _broken(storm.firm, ends)


async def _begun(sequence: SequenceOfMessages, going: "asyncio.Task[CaseOutcome]") -> None:
    """Until its case is there."""
    while not going.done():
        with suppress(RPCError):
            await sequence.firm.client.get_workflow_handle(sequence.case).describe()
            return
        await asyncio.sleep(0.05)


def _failed(end: CaseOutcome | BaseException) -> bool:
    return isinstance(end, BaseException)


def _broken(firm: Firm, ends: Sequence[CaseOutcome | BaseException]) -> list[str]:
    """Trails, their heads, the sums of the books, and who was paid."""
    outcomes = [end for end in ends if isinstance(end, CaseOutcome)]
    with firm.world.database.reading() as session:
        breaks = list(check(session, None, outcomes).breaks)
    closed = sorted(f"{each.dossier}/pay_out/1" for each in outcomes if each.outcome == Outcome.CLOSED)
    paid = sorted(order.reference for order in FolderRail(firm.home / "payments").orders())
    return breaks if paid == closed or len(outcomes) < len(ends) else [*breaks, f"closed {closed}, paid {paid}"]


@asynccontextmanager
async def calm_before(folder: Path) -> AsyncIterator[Storm]:
    """A firm without a worker, on the real server."""
    async with DevServer(folder / "temporal", extra_arguments=PROMPT_TIMERS) as server:
        client = await Client.connect(server.address, data_converter=data_converter())
        async with firm_without_worker(client, folder) as firm:
            storm = Storm(firm, Board(firm), Letterbox(firm))
            reading = asyncio.create_task(storm.board.keep())
            yield storm
            reading.cancel()


def main() -> int:
    """Exit code 1 when anything went wrong; each line says what."""
    parser = argparse.ArgumentParser(description="Random sequences of messages to many closures at once.")
    parser.add_argument("count", type=int, help="how many sequences")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    chosen = parser.parse_args()
    wrong = asyncio.run(rage(range(chosen.first, chosen.first + chosen.count)))
    print("\n".join(wrong) or f"{chosen.count} sequences: every message answered, no case stuck.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
