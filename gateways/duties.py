"""定期工作: what recurs stands in Temporal's schedules, kept here as the policy says, and can be started by hand."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowFailureError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from contracts.digest import DigestReport, DigestRequest
from contracts.refusals import Code, Refused, no_answer, refusal_of
from policy import Policies, Policy

DIGEST_SCHEDULE = "quietus-daily-digest"
DIGEST_WORKFLOW = "DailyDigest"
ANSWER = timedelta(seconds=5)
CATCH_UP = timedelta(hours=1)
"""A digest that is later than this, since the server was down, is left out."""

logger = logging.getLogger(__name__)


async def keep_duties(client: Client, task_queue: str, policies: Policies) -> None:
    """Bring the schedules to what the policy in force says. It never stops a worker: what fails is one line of log."""
    try:
        await schedule_digest(client, task_queue, policies.in_force_on(datetime.now(UTC).date()))
    except (RPCError, Refused, RuntimeError) as error:
        logger.warning("the daily digest is not scheduled: %s", error)


async def schedule_digest(client: Client, task_queue: str, policy: Policy) -> None:
    """The daily digest at the policy's time; no schedule where it names none. An operator's pause is left as it is."""
    handle = client.get_schedule_handle(DIGEST_SCHEDULE)
    wanted = _digest(policy, task_queue)
    if wanted is None:
        try:
            await handle.delete(rpc_timeout=ANSWER)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return

    def updated(known: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(replace(wanted, state=known.description.schedule.state))

    try:
        await client.create_schedule(DIGEST_SCHEDULE, wanted, rpc_timeout=ANSWER)
    except ScheduleAlreadyRunningError:
        await handle.update(updated, rpc_timeout=ANSWER)


async def send_digest(client: Client, task_queue: str, day: date, wait: timedelta) -> DigestReport:
    """The digest of a day by hand; whoever got it before gets no second one. It is waited for so long.

    Refused: UNREACHABLE, also when it is not over by then; the same call again waits for the same digest.
    """
    name = f"digest-{day}"
    try:
        async with asyncio.timeout(wait.total_seconds()):
            return DigestReport.model_validate(
                await client.execute_workflow(
                    DIGEST_WORKFLOW,
                    DigestRequest(day=day),
                    id=name,
                    task_queue=task_queue,
                    result_type=DigestReport,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                )
            )
    except WorkflowFailureError as error:
        raise refusal_of(error) or Refused(Code.UNREACHABLE, f"The digest failed: {error.cause}") from None
    except (RPCTimeoutOrCancelledError, TimeoutError):  # as the SDK calls it, or as it is
        raise _not_over(name) from None
    except RPCError as error:
        raise no_answer(error.status.name) from None


def _digest(policy: Policy, task_queue: str) -> Schedule | None:
    moment = policy.desk.digest_at
    if moment is None:
        return None
    clock = ScheduleCalendarSpec(
        hour=[ScheduleRange(moment.hour)], minute=[ScheduleRange(moment.minute)], second=[ScheduleRange(moment.second)]
    )
    return Schedule(
        action=ScheduleActionStartWorkflow(DIGEST_WORKFLOW, DigestRequest(), id=DIGEST_SCHEDULE, task_queue=task_queue),
        spec=ScheduleSpec(calendars=[clock], time_zone_name=policy.calendar.zone),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )


def _not_over(name: str) -> Refused:
    words = "is still on its way: no worker runs, or the mail server does not answer. The same command waits again"
    return Refused(Code.UNREACHABLE, f"{name} {words}; a worker is started with `python worker.py`.")
