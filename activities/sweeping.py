"""Asking many cases the same: a page at a time, some in flight; one that does not answer keeps nobody else from it."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import RPCTimeoutOrCancelledError, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

IN_FLIGHT, PAGE = 10, 20
ANSWER = timedelta(seconds=5)
"""Of a page every case is asked and given up within one attempt: PAGE / IN_FLIGHT times as long."""

logger = logging.getLogger(__name__)


class OneCase(Protocol):
    """Whatever names a case."""

    @property
    def case(self) -> str:
        """The workflow id."""
        ...


Case = TypeVar("Case", bound=OneCase)
Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """What each case is asked: an update and its message. `about` names the matter, for the ids of the updates."""

    update: str
    message: BaseModel
    about: str
    answer: type[Answer]


async def ask_each(cases: Sequence[Case], question: Question[Answer]) -> list[tuple[Case, Answer | None]]:
    """The cases that answered, each with its answer; None for one that has ended. Whoever is missing may be asked
    again. Only within an async activity, since only so one is given Temporal's client."""
    gate = asyncio.Semaphore(IN_FLIGHT)
    answers = await asyncio.gather(*(_ask(gate, case, question) for case in cases))
    return [answer for answer in answers if answer]


async def _ask(gate: asyncio.Semaphore, case: Case, question: Question[Answer]) -> tuple[Case, Answer | None] | None:
    handle = activity.client().get_workflow_handle(case.case)
    # A later sweep is another update: the server would tell it again how this one failed.
    update = f"{question.about}.{activity.info().activity_id}.{activity.info().workflow_run_id}"
    async with gate:
        try:
            answer = await handle.execute_update(
                question.update, question.message, id=update, result_type=question.answer, rpc_timeout=ANSWER
            )
            return case, question.answer.model_validate(answer)
        except (RPCError, RPCTimeoutOrCancelledError, WorkflowUpdateFailedError) as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                return case, None
            logger.warning("%s does not answer to %s: %s", case.case, question.about, error.cause or error)
            return None
