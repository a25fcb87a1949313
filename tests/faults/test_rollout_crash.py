"""kill -9 of the worker half way through a rollout: every case that the policy touches has answered, once."""

import json
from pathlib import Path

import pytest
from sqlmodel import func, select
from temporalio.client import Client

from commands.verifying import check
from contracts.requests import ClosureRequest
from contracts.rollout import PolicyStand, RolloutOutcome, RolloutState
from gateways.devserver import DevServer
from policy_client import rollout_id
from records.policy_tables import PolicyAnswerRow
from records.tables import CaseRow, TrailRow
from tests.support.accounts import open_accounts
from tests.support.crowds import LONG, count, open_cases, open_tasks
from tests.support.firm import Firm, eventually, firm_without_worker
from tests.support.policies import (
    ANOTHER_LINE,
    EVERYBODY_CONFIRMS,
    VERSION,
    folder_with,
    publish,
    report,
    rule,
    unhurried,
    variant,
)
from tests.support.processes import worker_process

TOUCHED, OTHERS, FAR = 200, 100, 40
"""`FAR`: so many of the touched have passed their reviews."""

NEW = "2026-11-23-rehearsal"
RULES = (EVERYBODY_CONFIRMS, *unhurried())


@pytest.fixture
async def firm(real_client: Client, tmp_path: Path):
    folder = folder_with(tmp_path / "policy", *RULES)
    async with firm_without_worker(real_client, tmp_path, policy=folder) as firm:
        yield firm


def answers(firm: Firm) -> int:
    return count(firm, select(func.count()).where(PolicyAnswerRow.version == NEW, PolicyAnswerRow.asked))


def requests(firm: Firm) -> list[ClosureRequest]:
    """First those of customers, which the new policy touches, then the firm's own."""
    accounts = open_accounts(firm.world.database, TOUCHED + OTHERS)
    asked = [firm.request(account) for account in accounts[:TOUCHED]]
    return [*asked, *(firm.request(account, initiator="firm") for account in accounts[TOUCHED:])]


async def open_all(firm: Firm, asked: list[ClosureRequest]) -> None:
    """All wait for the customer's word, but some that wait for approval."""
    await open_cases(firm, asked)
    for request in asked[:FAR]:
        task = await firm.task("confirm_contact", f"closure-{request.account}")
        await firm.decide(task, "confirm", "li.wei")
    await eventually(lambda: open_tasks(firm, "approval") == FAR, "the approvals", LONG)


async def test_a_worker_killed_half_way_through_a_rollout_leaves_every_touched_case_answered_once(
    firm: Firm, server: DevServer
):
    asked = requests(firm)
    touched = [f"closure-{request.account}" for request in asked[:TOUCHED]]
    async with worker_process(firm, server, "worker.py") as dying:
        await open_all(firm, asked)
        await publish(firm, NEW, variant(NEW, *RULES, more=ANOTHER_LINE))
        planned = report(firm, NEW)
        assert (len(planned.cases), planned.touched, planned.answered) == (TOUCHED + OTHERS, TOUCHED, 0)
        await rule(firm, NEW)
        await eventually(lambda: answers(firm) >= TOUCHED // 2, "the first half", LONG)
        dying.kill()
        assert await dying.wait() == -9
    half = answers(firm)
    assert TOUCHED // 2 <= half < TOUCHED
    async with worker_process(firm, server, "worker.py"):
        rollout = firm.client.get_workflow_handle(rollout_id(NEW), result_type=RolloutOutcome)
        outcome = RolloutOutcome.model_validate(await rollout.result())
        assert (outcome.state, outcome.answered, outcome.touched) == (RolloutState.DONE, TOUCHED, TOUCHED)
        found = report(firm, NEW)
        assert {each.case for each in found.cases if each.touched} == set(touched)
        assert {each.stand for each in found.cases if each.touched} == {PolicyStand.REVIEW_AGAIN}
        assert len(found.cases) == TOUCHED + OTHERS
        assert_each_adopted_it_once(firm, touched)
        await one_of_them_closes(firm, touched[0])


def assert_each_adopted_it_once(firm: Firm, touched: list[str]) -> None:
    """By the trails, and by the policy that each case goes by."""
    with firm.world.database.reading() as session:
        links = session.exec(select(TrailRow).where(TrailRow.what == f"policy {NEW}: review_again")).all()
        assert sorted(link.dossier for link in links) == sorted(f"{case}.1" for case in touched)
        assert {json.loads(link.evidence)["old"] for link in links} == {VERSION}
        policies = {row.case_id: row.policy for row in session.exec(select(CaseRow))}
        assert {case for case, policy in policies.items() if policy == NEW} == set(touched)
        assert check(session, None, []).breaks == ()


async def one_of_them_closes(firm: Firm, case: str) -> None:
    """Under the new rules, with the line that they added attested."""
    await firm.decide(await firm.task("approval", case), "approve", "song.jia")
    await firm.decide(await firm.task("attest_closing_talk", case), "attested", "li.wei")
    await firm.answer(await firm.task("closing_statement", case), "received")
    assert (await firm.outcome(case)).policy == NEW
