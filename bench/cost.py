"""What one smooth closure costs on Temporal: events, actions as its cloud bills them, and bytes of history."""

from collections import Counter

from temporalio.api.enums.v1 import EventType

from bench.place import confirmed, place, quiet, table
from tests.support.firm import Firm

ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "start",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "updates",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: "surveys started",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attribute upserts",
}
BESIDE = ("workflow tasks", "events", "bytes")
"""What is not billed as an action, but kept."""


async def measure_cost() -> str:
    """A table of one closure from request to filed dossier, everybody saying yes."""
    async with place() as firm:
        found = await cost_of(firm, await closed(firm))
    rows = [("actions", f"{billed(found):,}"), *((f"  {name}", f"{found[name]:,}") for name in ACTIONS.values())]
    return table("A smooth closure", [*rows, *((name, f"{found[name]:,}") for name in BESIDE)])


async def closed(firm: Firm, account: str = "ACC-1001") -> str:
    """A closure from request to filed dossier; each person decides when nothing else is done. The case."""
    case = await confirmed(firm, account)
    await approved(firm, case)
    return case


async def approved(firm: Firm, case: str) -> None:
    """The approver and the customer say yes."""
    task = await firm.task("approval", case)
    await quiet(firm, case)
    await firm.decide(task, "approve", "song.jia")
    task = await firm.task("closing_statement", case)
    await quiet(firm, case)
    await firm.answer(task, "received")
    await firm.outcome(case)


async def cost_of(firm: Firm, case: str) -> Counter[str]:
    """How many of each of ACTIONS and BESIDE a case took."""
    history = await firm.handle(case).fetch_history()
    found = Counter(ACTIONS[event.event_type] for event in history.events if event.event_type in ACTIONS)
    completed = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    found["workflow tasks"] = sum(1 for event in history.events if event.event_type == completed)
    found["events"] = len(history.events)
    described = await firm.handle(case).describe()
    found["bytes"] = described.raw_description.workflow_execution_info.history_size_bytes
    return found


def billed(found: Counter[str]) -> int:
    """The actions."""
    return sum(found[name] for name in ACTIONS.values())
