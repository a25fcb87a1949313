"""A change of rules that somebody raised, and a rollout that comes before it is decided."""

from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from contracts.findings import FindingKind, FindingState
from contracts.rollout import RolloutState
from tests.support.course import confirmed
from tests.support.firm import eventually, running_firm
from tests.support.happenings import happens
from tests.support.policies import folder_with, publish, report, rule, tomorrow, unhurried, variant

NEW = "2026-11-23.1-rehearsal"


async def test_a_change_of_rules_that_was_raised_before_a_rollout_leads_back_to_no_earlier_policy(
    skipping_client: Client, tmp_path: Path
):
    slow = unhurried()
    async with running_firm(skipping_client, tmp_path, policy=folder_with(tmp_path / "policy", *slow)) as firm:
        case = (await confirmed(firm, "ACC-1001")).case
        await firm.task("approval", case)
        await happens(firm, case, FindingKind.REGULATION_CHANGE, by="lin.tao")
        task = await firm.task("regulation_change", case)
        await publish(firm, NEW, variant(NEW, *slow, ("needed = 1\n", "needed = 2\n"), effective=tomorrow()))
        await rule(firm, NEW)
        await firm.pass_time(timedelta(days=2))
        await eventually(lambda: report(firm, NEW).state is RolloutState.DONE, "the rollout")
        assert firm.show(case).policy == NEW
        await firm.decide(task, "review_again", "lin.tao", reason="as the rules are now")
        await eventually(lambda: firm.found(case)["regulation_change:1"] is FindingState.CLEARED, "the end of it")
        assert firm.show(case).policy == NEW
