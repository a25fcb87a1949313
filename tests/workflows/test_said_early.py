"""What is said to a case that is open already, while its policy is still being pinned: nothing of it is lost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.findings import FindingKind, FindingState
from contracts.requests import Receipt
from contracts.rollout import PolicyAnswer, PolicyNotice, PolicyStand
from tests.faults.test_outlasted import NEW, publish_more
from tests.support.course import approve, closes, go_on, hold, plan_done
from tests.support.firm import Firm, eventually, running_firm
from tests.support.happenings import happens
from tests.support.outlasting import FirstCalls
from workflows.guard import MessageGuard

EVENT = FindingKind.EXTERNAL_EVENT


@pytest.fixture
def calls() -> FirstCalls:
    """The policy cannot be read for a while."""
    return FirstCalls(["policy"])


@pytest.fixture
async def firm(skipping_client: Client, tmp_path: Path, calls: FirstCalls) -> AsyncIterator[Firm]:
    """A firm whose cases are open before their policy is pinned."""
    async with running_firm(skipping_client, tmp_path, interceptors=[MessageGuard(), calls]) as firm:
        yield firm


async def opened(firm: Firm, calls: FirstCalls) -> Receipt:
    """A case that is open, and has no policy yet."""
    receipt = await firm.open("ACC-1001")
    await eventually(lambda: calls.failing, "the policy to be read")
    return receipt


async def test_an_event_is_dealt_with_as_soon_as_there_is_a_policy(firm: Firm, calls: FirstCalls):
    receipt = await opened(firm, calls)
    await happens(firm, receipt.case, EVENT, by="huang.lei", detail="flood in Xuhui")
    await hold(firm, receipt.case)
    await go_on(firm, receipt.case)
    calls.mend("policy", "read")
    await firm.decide(await firm.task("external_event"), "over", "zhou.ying", reason="the water is gone")
    await plan_done(firm, receipt.case, EVENT)
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {"external_event:1": FindingState.CLEARED}
    assert firm.subjects("suspended", receipt.case) == 1


async def test_a_later_policy_is_not_overtaken_by_the_one_at_the_opening(firm: Firm, calls: FirstCalls):
    receipt = await opened(firm, calls)
    publish_more(firm)
    notice = PolicyNotice(version=NEW)
    answer = await firm.handle(receipt.case).execute_update("new_policy", notice, result_type=PolicyAnswer)
    assert answer.stand is PolicyStand.REVIEW_AGAIN
    calls.mend("policy", "read")
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    await firm.withdraw(receipt.case, "customer")
    assert ((await firm.outcome(receipt.case)).policy, firm.show(receipt.case).policy) == (NEW, NEW)
