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
    """系统故障: a step failed for longer than the policy's patience. `cause` is what its last attempt said, which may
    name people; `kind` is the type of that error, which does not."""

    def __init__(self, step: str, error: BaseException) -> None:
        super().__init__(f"{step}: {error}")
        self.step = step
        self.cause = str(error)[:300]
        self.kind = getattr(error, "type", None) or type(error).__name__


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
        raise Outlasted(method.__name__, error.cause or error) from None
    return answer
