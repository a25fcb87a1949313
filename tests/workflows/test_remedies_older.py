"""A case under a policy from before the particular remedies: all is put to the responsible role, as it was then."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.findings import FindingKind
from contracts.vocabulary import Initiator, Role
from tests.support.course import FIX_ACCEPT_OR_END, FIX_OR_END, approve, closes, confirmed, finding
from tests.support.firm import FAST, Firm, running_firm
from tests.support.happenings import happens, looks, misspell

OLDER = "2026-11-02-rehearsal"


@pytest.fixture
async def older_firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """The policy without what remedies may do."""
    text = next(FAST.glob("*.toml")).read_text(encoding="utf-8")
    before, rest = text.split("[shortfall]")
    older = before + "[approvals.low]" + rest.split("[approvals.low]")[1]
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / f"{OLDER}.toml").write_text(older.replace("2026-11-22.4-rehearsal", OLDER), encoding="utf-8")
    async with running_firm(skipping_client, tmp_path, policy=folder) as firm:
        yield firm


async def test_what_a_check_finds_is_put_to_the_role(older_firm: Firm):
    firm = older_firm
    misspell(firm, "CUS-1001", "identity_number", "110105194912310021")
    await firm.open("ACC-1001")
    await finding(firm, "account_info_error", Role.CUSTOMER_SERVICE, FIX_OR_END)
    await confirmed(firm, "ACC-1005")
    await finding(firm, "insufficient_balance", Role.FINANCE, FIX_OR_END)
    await confirmed(firm, "ACC-2006")
    await finding(firm, "account_frozen", Role.COMPLIANCE, FIX_OR_END)
    await firm.open("ACC-1012", initiator=Initiator.FIRM, requested_by="li.wei")
    await firm.answer(await firm.task("closure_notice"), "object", reason="I need it")
    await finding(firm, "customer_refusal", Role.SUPERVISOR, FIX_ACCEPT_OR_END)


async def test_a_fault_needs_no_cause_and_starts_no_plan(older_firm: Firm):
    receipt = await confirmed(older_firm, "ACC-1001")
    await older_firm.task("approval")
    await happens(older_firm, receipt.case, FindingKind.SYSTEM_FAULT, by="wu.gang")
    task = await finding(older_firm, "system_fault", Role.TECHNOLOGY, FIX_OR_END)
    await older_firm.decide(task, "fixed", "wu.gang")
    await approve(older_firm, "song.jia")
    await closes(older_firm, receipt)
    assert older_firm.subjects("apology", receipt.case) == 0


async def test_details_that_change_are_the_roles_to_write_in_and_are_identified_again(older_firm: Firm):
    receipt = await confirmed(older_firm, "ACC-1001")
    await older_firm.task("approval")
    await happens(older_firm, receipt.case, FindingKind.CUSTOMER_INFO_CHANGE, field="name", value="张伟国")
    task = await finding(older_firm, "customer_info_change", Role.CUSTOMER_SERVICE, FIX_OR_END)
    await older_firm.decide(task, "fixed", "chen.jie")
    await approve(older_firm, "song.jia")
    await approve(older_firm, "song.jia")
    await closes(older_firm, receipt)
    assert looks(older_firm, receipt.case)["identify"] == 2
