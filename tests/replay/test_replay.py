"""Cases that began under earlier code go on under this one: every recorded history replays, with the sandbox on."""

import asyncio
import sys
from pathlib import Path

import pytest
from temporalio.workflow import NondeterminismError

from tests.replay.changed import CarelesslyChanged
from tests.replay.corpus import HISTORIES, RECORDED, recorded, replayer
from tests.replay.record import PATHS
from tests.support.firm import ROOT, running_firm
from worker import WORKFLOWS

CLOSURES = [file for file in RECORDED if file.stem.startswith("closure-")]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: f"{file.parent.name}-{file.stem}")
async def test_a_recorded_case_goes_the_same_way_under_this_code(file: Path):
    await replayer(*WORKFLOWS).replay_workflow(recorded(file))


@pytest.mark.parametrize("file", CLOSURES, ids=lambda file: f"{file.parent.name}-{file.stem}")
async def test_a_careless_change_to_a_running_workflow_is_noticed(file: Path):
    with pytest.raises(NondeterminismError):
        await replayer(CarelesslyChanged).replay_workflow(recorded(file))


async def test_a_worker_that_has_just_started_goes_on_with_cases_before_it_has_done_anything_else():
    """What is loaded at first use must not first be used inside a workflow: its sandbox opens no file."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.replay.corpus", cwd=ROOT)
    assert await process.wait() == 0


def test_every_release_recorded_every_path():
    for release in HISTORIES.iterdir():
        assert {file.stem for file in release.iterdir()} >= set(PATHS)


async def test_a_closure_that_is_replayed_at_each_of_its_tasks_closes_all_the_same(skipping_client, tmp_path):
    """No workflow is kept in memory: each task begins with a replay from the first event."""
    async with running_firm(skipping_client, tmp_path, max_cached_workflows=0) as firm:
        outcome = await firm.close_smoothly((await firm.open()).case)
    assert outcome.outcome == "closed"
    assert firm.payments() == ["1234.56"]
