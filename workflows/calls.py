"""How a workflow calls an activity: one set of timeouts and retries, and two ways to fail, a refusal or a fault."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from contracts.refusals import refusal_of

Result = TypeVar("Result")

# An attempt that a killed worker took with it is missed after this; nothing we do takes a tenth of it.
_ATTEMPT = timedelta(seconds=15)
_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=20)
)


class Outlasted(Exception):
    """系统故障: a step failed for longer than the policy's patience. `cause` is what its last attempt said."""

    def __init__(self, step: str, cause: str) -> None:
        super().__init__(f"{step}: {cause}")
        self.step = step
        self.cause = cause


async def call(method: Callable[..., Result], *args: Any, summary: str, patience: timedelta | None = None) -> Result:
    """The result of an activity; tried again for `patience`, without end when None.

    Raises Refused when the activity refused, Outlasted when the patience ran out.
    """
    try:
        answer: Result = await workflow.execute_activity_method(
            method,
            args=args,
            start_to_close_timeout=_ATTEMPT,
            schedule_to_close_timeout=patience,
            retry_policy=_RETRY,
            summary=summary,
        )
    except ActivityError as error:
        refusal = refusal_of(error)
        if refusal:
            raise refusal from None
        raise Outlasted(method.__name__, str(error.cause or error)[:300]) from None
    return answer
