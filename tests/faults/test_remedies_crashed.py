"""kill -9 of the worker in the middle of each remedy: what was done stays done once, and the next worker goes on."""

import asyncio
from collections import Counter

import pytest
from temporalio.client import Client

from commands.verifying import check
from contracts.findings import FindingState
from gateways.devserver import DevServer
from tests.support.accounts import BALANCE, open_accounts
from tests.support.coverage import How, shows
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, firm_without_worker
from tests.support.processes import worker_process
from tests.support.stories import (
    CLASH,
    COMPLAINT,
    ERROR,
    EVENT,
    FAULT,
    FREEZE,
    NEED,
    NEW_NUMBER,
    NEW_RULES,
    NOBODY,
    OBJECTION,
    SHORTFALL,
    runs_out,
)

STORIES = (
    ERROR, OBJECTION, FAULT, NEW_RULES, NEW_NUMBER, SHORTFALL, CLASH, FREEZE, COMPLAINT, NOBODY, NEED, EVENT,
)  # fmt: skip
DONE_ONCE = {
    "correct": "record corrected: identity_number",
    "waive": "waived",
    "release_freeze": "freeze released",
    "verify_contact": "contact verified: sms",
    "amend": "request changed: payout",
    "adopt": "policy adopted",
}
"""What the trail says of a step, of which a second time would show."""


@pytest.fixture
async def firm(real_client: Client, tmp_path):
    async with firm_without_worker(real_client, tmp_path) as firm:
        yield firm


@shows(How.CRASHED, *(story.kind for story in STORIES))
async def test_a_worker_killed_in_the_middle_of_every_remedy_has_done_each_once_when_the_next_one_is_done(
    firm: Firm, server: DevServer
):
    """One process dies with a case of each kind in it, each torn away when its effect is on record and Temporal does
    not know it."""
    accounts = open_accounts(firm.world.database, len(STORIES))
    stories = dict(zip(accounts, STORIES, strict=True))
    named = [f"{account}={story.step}" for account, story in stories.items()]
    async with worker_process(firm, server, "-m", "tests.faults.dying_remedy", *named) as dying:
        cases = await asyncio.gather(*(story.opened(firm, account) for account, story in stories.items()))
        await asyncio.gather(*(story.ended(firm, case) for case, story in zip(cases, STORIES, strict=True)))
        assert await asyncio.wait_for(dying.wait(), 20) == -9
    async with worker_process(firm, server, "worker.py"):
        outcomes = [await runs_out(firm, case) for case in cases]
    for outcome, story in zip(outcomes, STORIES, strict=True):
        assert outcome.outcome == "closed", story.kind
        shown = assert_ended_well(firm, outcome, status="closed", balance="0.00")
        assert {each.state for each in shown.findings} <= {FindingState.CLEARED}
        said = Counter(each.what for each in shown.trail)
        assert said[DONE_ONCE.get(story.step, "account closed")] == 1, story.kind
    paid = Counter(firm.payments())
    assert paid == Counter({BALANCE: len(STORIES) - 2, "95.00": 1})
    assert set(firm.sums().values()) == {0}
    with firm.world.database.transaction() as session:
        assert check(session, None, outcomes).breaks == ()
