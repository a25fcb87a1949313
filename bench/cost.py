"""What one smooth closure costs on Temporal: events, actions as its cloud bills them, and bytes of history."""

from collections import Counter

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from bench.place import confirmed, place, quiet, table
from tests.support.firm import Firm

ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "start",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "updates",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attribute upserts",
}


async def measure_cost() -> str:
    """A table of one closure from request to filed dossier, everybody saying yes."""
    async with place() as firm:
        case = await _closed(firm)
        history = await firm.handle(case).fetch_history()
        bytes_ = (await firm.handle(case).describe()).raw_description.workflow_execution_info.history_size_bytes
    found = _actions(history)
    rows = [("actions", f"{found.total():,}"), *((f"  {name}", f"{found[name]:,}") for name in ACTIONS.values())]
    tasks = sum(1 for event in history.events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    rows += [("workflow tasks", f"{tasks:,}"), ("events", f"{len(history.events):,}"), ("bytes", f"{bytes_:,}")]
    return table("A smooth closure", rows)


async def _closed(firm: Firm) -> str:
    case = await confirmed(firm, "ACC-1001")
    await quiet(firm, case)
    await firm.decide(await firm.task("approval", case), "approve", "song.jia")
    task = await firm.task("closing_statement", case)
    await quiet(firm, case)
    await firm.answer(task, "received")
    await firm.outcome(case)
    return case


def _actions(history: WorkflowHistory) -> Counter[str]:
    return Counter(ACTIONS[event.event_type] for event in history.events if event.event_type in ACTIONS)
