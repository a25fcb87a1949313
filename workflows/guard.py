"""One sloppy message must not brick a case: what a message breaks is told to its sender, never to the case."""

import logging
from typing import Any, NoReturn

from pydantic import ValidationError
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from contracts.refusals import Code, Fault, Refused, bad_input, faults_of

JUDGES = frozenset(
    {
        "open",
        "open_incident",
        "open_adjustment",
        "open_survey",
        "decide",
        "withdrawal",
        "hold",
        "extension",
        "ask_again",
        "occurrence",
        "propose_policy",
        "rule_on_policy",
        "weigh_policy",
        "declare_disruption",
        "end_disruption",
        "rule_on_disruption",
        "sign_plan_step",
        "suspend_case",
        "let_go_case",
    }
)
"""The activities that answer a sender, and so may refuse. What any other one cannot do is a fault: tried again."""

_SLOPPY = (TypeError, ValueError)  # ValidationError is a ValueError


class MessageGuard(Interceptor):
    """Worker interceptor: a start, update or signal with unusable arguments is refused or dropped, with a sentence."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: ARG002
        """Our inbound interceptor."""
        return _Guarded

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """A refusal that no sender waits for must not end a case."""
        return _Faults(next)


def without_trace_of_refusals(record: logging.LogRecord) -> bool:
    """A filter for the worker's log: a refusal is an answer and one line; only faults show where they come from."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, Refused):
        record.msg, record.args, record.exc_info = f"refused: {error.code}", None, None
    return True


class _Guarded(WorkflowInboundInterceptor):
    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        if len(input.args) != 1 or input.args[0] is None:
            raise bad_input("start", [Fault(path="", message=f"takes one message, not {len(input.args)}")])
        return await super().execute_workflow(input)

    def handle_update_validator(self, input: HandleUpdateInput) -> None:
        try:
            super().handle_update_validator(input)
        except _SLOPPY as error:
            _refuse(input.update, error)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        try:
            return await super().handle_update_handler(input)
        except _SLOPPY as error:
            _refuse(input.update, error)

    async def handle_signal(self, input: HandleSignalInput) -> None:
        try:
            await super().handle_signal(input)
        except (*_SLOPPY, ApplicationError) as error:
            workflow.logger.log(logging.WARNING, "signal %s dropped: %s", input.signal, type(error).__name__)
            keep_mistake = getattr(workflow.instance(), "keep_mistake", None)  # every case has it
            if keep_mistake:
                await keep_mistake(input.signal, f"{Code.BAD_INPUT}: the message cannot be used")


class _Faults(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except Refused as refusal:
            if activity.info().activity_type in JUDGES:
                raise
            raise ApplicationError(refusal.sentence, type="Fault") from None


def _refuse(name: str, error: Exception) -> NoReturn:
    if isinstance(error, ValidationError):
        raise bad_input(name, faults_of(error)) from None
    raise Refused(Code.BAD_INPUT, f"The message '{name}' cannot be used: {error}") from None
