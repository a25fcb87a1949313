"""Typed calls for Python services: request a closure, decide, answer, withdraw, pause, resume. All raise Refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from contracts.adjustments import AdjustmentRequest
from contracts.incidents import IncidentReport
from contracts.messages import (
    Message,
    Process,
    Telling,
    adjustment_id,
    case_of,
    closure_id,
    fits,
    incident_id,
    message_id,
)
from contracts.occurrences import Occurrence
from contracts.refusals import Code, Refused, no_answer, refusal_of
from contracts.requests import CaseOutcome, ClosureRequest, Receipt
from contracts.tasks import (
    Bounce,
    Decision,
    DecisionReceipt,
    Extension,
    Hold,
    Noted,
    Reckoning,
    Resend,
    Withdrawal,
)
from contracts.text import moment_text

ANSWER_SECONDS = 10.0

Answer = TypeVar("Answer", bound=BaseModel)
Handle = WorkflowHandle[object, object]
Start = WithStartWorkflowOperation[object, object]


class Quietus:
    """The face of Quietus for Python services. `client` speaks `contracts.converter.data_converter()`."""

    def __init__(self, client: Client, task_queue: str = "quietus") -> None:
        self.client = client
        self.task_queue = task_queue

    async def request_closure(self, request: ClosureRequest) -> Receipt:
        """Start closing an account. The same request sent twice is one case.

        Refused: BAD_INPUT, NOT_FOUND, ALREADY_OPEN, MISMATCH, NOT_ALLOWED, TOO_LARGE, UNREACHABLE.
        """
        # Without a key: the server would answer for a case that has ended since with its old receipt. The case itself
        # knows its request.
        account = request.account
        start = self._starting(Process.CLOSURE.value, closure_id(account), request, f"Closure of {account}")
        return await self._open(start, Message.RECEIVE, None, request, Receipt, f"Request {request.request_id}")

    async def report_incident(self, report: IncidentReport) -> Receipt:
        """Report an incident. The same report sent twice is one case. Refused as `request_closure`, and ALREADY_ENDED
        when its case has ended."""
        case = incident_id(report.report_id)
        start = self._starting(Process.INCIDENT.value, case, report, f"Incident {report.report_id}")
        return await self._open(start, Message.RECEIVE, None, report, Receipt, f"Report {report.report_id}")

    async def open_adjustment(self, request: AdjustmentRequest) -> Receipt:
        """Have the books of an account put right. The same request sent twice is one case. Refused as
        `report_incident`."""
        case = adjustment_id(request.request_id)
        start = self._starting(Process.ADJUSTMENT.value, case, request, f"Adjustment {request.request_id}")
        return await self._open(start, Message.RECEIVE, None, request, Receipt, f"Request {request.request_id}")

    async def decide(self, decision: Decision) -> DecisionReceipt:
        """Decide a task. The same decision sent twice is one.

        Refused: NOT_FOUND, ALREADY_DECIDED, ALREADY_ENDED, MISMATCH, UNAUTHENTICATED, FORBIDDEN, FOUR_EYES,
        OPTION_UNKNOWN, REASON_MISSING, TOO_LATE, BAD_INPUT, TOO_LARGE, UNREACHABLE.
        """
        case = case_of(decision.task)
        if not case:
            raise Refused(Code.NOT_FOUND, f"There is no task '{decision.task}'.")
        return await self._send(case, Message.DECIDE, decision.decision_id, decision, DecisionReceipt)

    async def answer(self, decision: Decision) -> DecisionReceipt:
        """The customer's answer: as `decide`, with the code from the customer's letter as the token."""
        return await self.decide(decision)

    async def withdraw(self, case: str, withdrawal: Withdrawal) -> Noted:
        """撤回: the customer withdraws. Refused as `decide`, and TOO_LATE after settlement began."""
        return await self._send(case, Message.WITHDRAW, withdrawal.decision_id, withdrawal, Noted)

    async def pause(self, case: str, hold: Hold) -> Noted:
        """Staff pause a case. Refused as `decide`, and NOT_ALLOWED when it is paused."""
        return await self._send(case, Message.PAUSE, hold.decision_id, hold, Noted)

    async def resume(self, case: str, hold: Hold) -> Noted:
        """Staff resume a case. Refused as `decide`, and NOT_ALLOWED when it is not paused."""
        return await self._send(case, Message.RESUME, hold.decision_id, hold, Noted)

    async def extend(self, case: str, extension: Extension) -> Noted:
        """延期: staff ask for more time, which somebody else approves. Refused as `decide`, NOT_ALLOWED beyond what the
        policy allows."""
        return await self._send(case, Message.EXTEND, extension.decision_id, extension, Noted)

    async def happened(self, case: str, occurrence: Occurrence) -> Noted:
        """Something happened to a case. Refused as `decide`, and NOT_ALLOWED for what only a check finds."""
        return await self._send(case, Message.RAISE, occurrence.decision_id, occurrence, Noted)

    async def money_came(self, case: str, reckoning: Reckoning) -> None:
        """Money arrived on the account of a case. Refused as `bounced`."""
        await self._signal(case, Telling.MONEY_CAME, reckoning)

    async def ask_again(self, case: str, resend: Resend) -> Noted:
        """重发: the customer is asked again, with a new code. Refused as `decide`."""
        return await self._send(case, Message.ASK_AGAIN, resend.decision_id, resend, Noted)

    async def bounced(self, case: str, bounce: Bounce) -> None:
        """退信: a message of this case came back. Refused: NOT_FOUND, ALREADY_ENDED, TOO_LARGE, UNREACHABLE."""
        await self._signal(case, Telling.BOUNCED, bounce)

    async def reckon(self, case: str, reckoning: Reckoning) -> None:
        """The due dates of the case's open tasks are reckoned again. Refused as `bounced`."""
        await self._signal(case, Telling.RECKON, reckoning)

    async def outcome(self, case: str) -> CaseOutcome:
        """Wait until the case ends. Refused: NOT_FOUND, UNREACHABLE, or why the start was unusable."""
        handle = self.client.get_workflow_handle(case, result_type=CaseOutcome)
        try:
            return CaseOutcome.model_validate(await handle.result())
        except WorkflowFailureError as error:
            raise refusal_of(error) or Refused(Code.ALREADY_ENDED, f"Case {case} was stopped by an operator.") from None
        except RPCError as error:
            raise _unknown(case) if _is(error, RPCStatusCode.NOT_FOUND) else no_answer(error.status.name) from None

    async def outcomes(self, case: str | None = None) -> AsyncIterator[CaseOutcome]:
        """What the cases returned that have ended, one of them or all that Temporal still keeps."""
        types = ", ".join(f"'{process}'" for process in Process)
        query = f"WorkflowType IN ({types}) AND ExecutionStatus = 'Completed'"
        if case:
            query += f" AND WorkflowId = '{case}'"
        async for run in self.client.list_workflows(query):
            handle = self.client.get_workflow_handle(run.id, run_id=run.run_id, result_type=CaseOutcome)
            yield await handle.result()

    def _starting(self, process: str, workflow_id: str, body: BaseModel, summary: str) -> Start:
        """Starts the process with `body`, unless one of that id is running. `summary` is for operators."""
        return WithStartWorkflowOperation(
            process,
            body,
            id=workflow_id,
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=summary,
        )

    async def _open(
        self, start: Start, message: StrEnum, key: str | None, body: BaseModel, answer: type[Answer], what: str
    ) -> Answer:
        """Start, and send the first message; `what` it is, for a sender whom no worker answers."""
        fits(body)
        async with self._refusing(f"{what} is recorded"):
            result = await self.client.execute_update_with_start_workflow(
                message.value,
                body,
                start_workflow_operation=start,
                id=message_id(message, key, body) if key else None,
                result_type=answer,
                rpc_timeout=timedelta(seconds=ANSWER_SECONDS),
            )
            return answer.model_validate(result)

    async def _signal(self, case: str, telling: Telling, body: BaseModel) -> None:
        fits(body)
        handle: Handle = self.client.get_workflow_handle(case)
        try:
            async with self._refusing(f"The message to {case} may still count"):
                await handle.signal(telling.value, body, rpc_timeout=timedelta(seconds=ANSWER_SECONDS))
        except RPCError:
            raise await self._why_missing(case) from None

    async def _send(self, case: str, message: StrEnum, key: str, body: BaseModel, answer: type[Answer]) -> Answer:
        fits(body)
        handle: Handle = self.client.get_workflow_handle(case)
        try:
            async with self._refusing(f"The message to {case} may still count (send it again with the same id)"):
                result = await handle.execute_update(
                    message.value,
                    body,
                    id=message_id(message, key, body),
                    result_type=answer,
                    rpc_timeout=timedelta(seconds=ANSWER_SECONDS),
                )
                return answer.model_validate(result)
        except RPCError:
            raise await self._why_missing(case) from None

    @asynccontextmanager
    async def _refusing(self, state: str) -> AsyncIterator[None]:
        """What Temporal raises, as a refusal; RPCError NOT_FOUND passes. `state` holds when no worker answers."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS + 1):
                yield
        except WorkflowUpdateFailedError as error:
            ended = Refused(Code.ALREADY_ENDED, f"The case ended before it answered ({error.cause}).")
            raise refusal_of(error) or ended from None
        except (RPCTimeoutOrCancelledError, TimeoutError):
            _stay_cancelled()
            raise await self._nobody_answers(state) from None
        except RPCError as error:
            if _is(error, RPCStatusCode.NOT_FOUND):
                raise
            late = _is(error, RPCStatusCode.DEADLINE_EXCEEDED)
            raise await self._nobody_answers(state) if late else no_answer(error.status.name) from None
        except RuntimeError:  # a lazy client that finds no server
            raise no_answer("no connection") from None

    async def _nobody_answers(self, state: str) -> Refused:
        """Whether it is the server or only a worker that is missing."""
        try:
            await self.client.service_client.check_health(timeout=timedelta(seconds=2))
        except RPCError as error:
            return no_answer(error.status.name)
        return Refused(Code.UNREACHABLE, f"{state}, but no worker answers; start one with `python worker.py`.")

    async def _why_missing(self, case: str) -> Refused:
        """Whether a case that takes no message never was, or has ended: when and how."""
        handle = self.client.get_workflow_handle(case, result_type=CaseOutcome)
        try:
            description = await handle.describe(rpc_timeout=timedelta(seconds=ANSWER_SECONDS))
            if description.status is WorkflowExecutionStatus.RUNNING:  # it began after the message had come
                return Refused(Code.NOT_FOUND, f"Case {case} was not open yet; try again.")
            if description.status is WorkflowExecutionStatus.FAILED:  # a request that was refused, never opened
                return await self._earlier(case)
            return Refused(Code.ALREADY_ENDED, f"Case {case} ended{await _how(handle, description)}.")
        except RPCError as error:
            return _missing(case, error) if _is(error, RPCStatusCode.NOT_FOUND) else no_answer(error.status.name)

    async def _earlier(self, case: str) -> Refused:
        """The end of the case that was there before a refused request for the same account; NOT_FOUND without one."""
        async for outcome in self.outcomes(case):
            return Refused(Code.ALREADY_ENDED, f"Case {case} has ended as {outcome.outcome}.")
        return _unknown(case)


def _stay_cancelled() -> None:
    """The SDK answers a cancelled call as it does one that took too long; a cancelled caller must still stop."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def _how(handle: WorkflowHandle[object, CaseOutcome], description: WorkflowExecutionDescription) -> str:
    """` on 2026-11-20T10:00:00+00:00 as closed`, as far as it is known."""
    when = f" on {moment_text(description.close_time)}" if description.close_time else ""
    try:
        outcome = await handle.result(rpc_timeout=timedelta(seconds=ANSWER_SECONDS))
    except (WorkflowFailureError, RPCError):
        return when
    return f"{when} as {outcome.outcome}"


def _unknown(case: str) -> Refused:
    return Refused(Code.NOT_FOUND, f"There is no case {case}.")


def _missing(case: str, error: RPCError) -> Refused:
    """Not found: the case, or the whole namespace."""
    if "amespace" in error.message:
        return Refused(Code.UNREACHABLE, f"{error.message} See TEMPORAL_NAMESPACE.")
    return _unknown(case)


def _is(error: RPCError, status: RPCStatusCode) -> bool:
    return error.status is status
