"""The recorded histories and their replay; `python -m tests.replay.corpus` replays them in a fresh process."""

import asyncio
import json
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from contracts.converter import data_converter
from tests.support.prepared import prepared
from worker import WORKFLOWS
from workflows.guard import MessageGuard

HISTORIES = Path(__file__).with_name("histories")
RECORDED = sorted(HISTORIES.glob("*/*.json"))


def replayer(*workflows: type) -> Replayer:
    """Runs histories as the worker of worker.py would, with the sandbox on."""
    return Replayer(
        workflows=workflows,
        interceptors=[MessageGuard()],
        data_converter=data_converter(),
        workflow_runner=prepared(),
    )


def recorded(file: Path) -> WorkflowHistory:
    """The history in a file of the corpus."""
    content = json.loads(file.read_text(encoding="utf-8"))
    started = content["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], content)


async def main() -> None:
    """Replay all; the first that fails ends it."""
    for file in RECORDED:
        await replayer(*WORKFLOWS).replay_workflow(recorded(file))


if __name__ == "__main__":
    asyncio.run(main())
