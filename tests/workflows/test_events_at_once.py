"""外部事件: several at once, of which one is over while that is not on record yet."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.findings import FindingKind
from contracts.requests import Receipt
from tests.support.course import closes, confirmed, plan_done
from tests.support.firm import Firm, eventually, running_firm
from tests.support.happenings import happens
from tests.support.outlasting import FirstCalls
from workflows.guard import MessageGuard

EVENT = FindingKind.EXTERNAL_EVENT
OVER = "over"
"""The activity that writes down that an event is over."""


@pytest.fixture
def calls() -> FirstCalls:
    """What is over cannot be written down for a while."""
    return FirstCalls([OVER])


@pytest.fixture
async def firm(skipping_client: Client, tmp_path: Path, calls: FirstCalls) -> AsyncIterator[Firm]:
    """A firm whose records are slow to hear that an event is over."""
    async with running_firm(skipping_client, tmp_path, interceptors=[MessageGuard(), calls]) as firm:
        yield firm


async def approved(firm: Firm) -> tuple[Receipt, str]:
    """A case that stands for a flood, about which somebody is asked, and goes on as soon as it is over."""
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    await happens(firm, receipt.case, EVENT, by="huang.lei", detail="flood in Xuhui")
    flood = await firm.task("external_event")
    await firm.decide(approval, "approve", "song.jia")
    return receipt, flood


def told(firm: Firm, receipt: Receipt) -> tuple[int, int]:
    """How often the customer was told that the case stands, and that it goes on."""
    return firm.subjects("suspended", receipt.case), firm.subjects("resumed", receipt.case)


async def test_the_last_of_two_events_tells_that_it_goes_on_while_the_end_of_the_other_is_written_down(
    firm: Firm, calls: FirstCalls
):
    receipt, flood = await approved(firm)
    await happens(firm, receipt.case, EVENT, by="huang.lei", detail="no electricity")
    await firm.decide(flood, "over", "zhou.ying", reason="the water is gone")
    await firm.decide(await firm.task("external_event"), "over", "zhou.ying", reason="the light is back")
    await eventually(lambda: calls.failing, "the end of the second one to be written down")
    assert told(firm, receipt) == (1, 0)
    await plan_done(firm, receipt.case, EVENT)
    await eventually(lambda: told(firm, receipt) == (1, 1), "the customer to be told that it goes on")
    calls.mend(OVER, "written down")
    await closes(firm, receipt)
    assert told(firm, receipt) == (1, 1)


async def test_an_event_that_comes_while_the_end_of_the_last_one_is_written_down_is_told_and_has_its_plan(
    firm: Firm, calls: FirstCalls
):
    receipt, flood = await approved(firm)
    await firm.decide(flood, "over", "zhou.ying", reason="the water is gone")
    await plan_done(firm, receipt.case, EVENT)
    await eventually(lambda: calls.failing, "the end of the flood to be written down")
    assert told(firm, receipt) == (1, 1)
    await happens(firm, receipt.case, EVENT, by="huang.lei", detail="no electricity")
    await firm.decide(await firm.task("external_event"), "over", "zhou.ying", reason="the light is back")
    await plan_done(firm, receipt.case, EVENT)
    calls.mend(OVER, "written down")
    await closes(firm, receipt)
    assert told(firm, receipt) == (2, 2)
