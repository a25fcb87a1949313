"""A notice that expired: no case is opened, nothing is locked, and open cases go on."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client

from contracts.refusals import Code, Refused
from tests.support.course import approve, closes, confirmed
from tests.support.firm import running_firm
from tests.support.policies import expiring_notice, folder_with, publish, rule, variant

NEW, RENEWED = "2027-rehearsal", "2028-rehearsal"


async def test_an_expired_notice_opens_no_case_and_locks_nothing_until_a_policy_renews_it(
    skipping_client: Client, tmp_path: Path
):
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    async with running_firm(skipping_client, tmp_path, policy=folder_with(tmp_path / "policy")) as firm:
        receipt = await confirmed(firm, "ACC-1001")
        await publish(firm, NEW, variant(NEW, more=expiring_notice("handover", yesterday)))
        await rule(firm, NEW)
        with pytest.raises(Refused, match=f"notice handover expired on {yesterday}; publish a policy") as refusal:
            await firm.open("ACC-1003")
        assert (refusal.value.code, firm.account("ACC-1003").lock) == (Code.NOT_ALLOWED, None)
        await approve(firm, "song.jia")
        await closes(firm, receipt)
        await publish(firm, RENEWED, variant(RENEWED))
        await rule(firm, RENEWED)
        assert firm.show((await firm.open("ACC-1003")).case).policy == RENEWED
