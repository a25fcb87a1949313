"""为何不能销户? What the start of a case, its acknowledgement and its current details make of the blockers."""

from datetime import date
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from contracts.blockers import Obstacle, WayOut
from contracts.findings import FindingKind
from contracts.refusals import Code, Refused
from contracts.requests import Receipt
from contracts.tasks import Reckoning
from contracts.vocabulary import FreezeBy, Language, Role
from notices import to_customer, words
from tests.support.course import approve, closes, met_twice
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually
from tests.support.happenings import pay_in
from tests.support.moments import letter

GONE = [{"from": "2026-01-01", "until": "9999-12-31"}]
LEADERS = ("song.jia", "luo.hao", "david.chen", "tian.ye")


async def details(firm: Firm, receipt: Receipt) -> list[str]:
    """The current details as the Temporal UI asks for them."""
    handle = firm.handle(receipt.case)
    answer: Any = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(answer.current_details).splitlines()


async def asked(firm: Firm, receipt: Receipt, task: str) -> None:
    """Its people are told of the task, so that the case has taken note of it."""
    await eventually(lambda: any(each.task == task for each in firm.show(receipt.case).contacts), f"a mail on {task}")


# ---- the start -----------------------------------------------------------------------------------------------------


async def test_a_closing_that_nobody_could_approve_is_refused_and_leaves_no_lock(firm: Firm):
    for name in LEADERS:
        firm.update("staff", name, absent=GONE)
    request = firm.request("ACC-1001")
    with pytest.raises(Refused) as refused:
        await firm.quietus.request_closure(request)
    assert refused.value.code is Code.NOT_ALLOWED
    assert "approval_low takes one person of supervisor, manager" in refused.value.sentence
    assert firm.account("ACC-1001").lock is None
    assert firm.casebook.cases() == []
    firm.update("staff", "luo.hao", absent=[])
    receipt = await firm.quietus.request_closure(request)
    outcome = await firm.close_smoothly(receipt.case, approvers=("luo.hao",))
    assert_ended_well(firm, outcome, status="closed", balance="0.00")


async def test_who_asks_for_the_firm_is_not_counted_as_an_approver(firm: Firm):
    for name in LEADERS[1:]:
        firm.update("staff", name, absent=GONE)
    firm.update("staff", "song.jia", deputy=None)
    asked = {"initiator": "firm", "reason": {"code": "dormant"}, "payout": None}
    with pytest.raises(Refused, match="approval_low"):
        await firm.open("ACC-1003", **asked, requested_by="song.jia")
    assert (await firm.open("ACC-1003", **asked, requested_by="li.wei")).case == "closure-ACC-1003"


async def test_the_receipt_says_what_stands_in_the_way_and_so_does_the_trail(firm: Firm):
    receipt = await firm.open("ACC-1005")
    assert [(each.kind, each.way, each.owner) for each in receipt.blockers] == [
        (FindingKind.CHECKLIST_FAILED, WayOut.PAY_IN, Role.COMPLIANCE),
        (FindingKind.INSUFFICIENT_BALANCE, WayOut.PAY_IN, Role.FINANCE),
    ]
    opening = firm.show(receipt.case).trail[0]
    assert opening.evidence["blockers"] == "checklist_failed, insufficient_balance"
    smooth = await firm.open("ACC-1001")
    assert smooth.blockers == ()
    assert "blockers" not in firm.show(smooth.case).trail[0].evidence


# ---- the customer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", list(Language))
async def test_the_acknowledgement_names_what_the_customer_can_do_and_nothing_else(firm: Firm, language: Language):
    since = date(2026, 11, 20)
    firm.mend(lambda session: firm.books.freeze(session, "ACC-1005", FreezeBy.COURT, "(2026)沪01执9号", since))
    firm.update("customers", "CUS-1003", risk="high")
    receipt = await firm.open("ACC-1005", language=language)
    kinds = {each.kind for each in receipt.blockers}
    assert {FindingKind.HIGH_RISK, FindingKind.ACCOUNT_FROZEN, FindingKind.INSUFFICIENT_BALANCE} <= kinds
    text = (await letter(firm, receipt.case, "acknowledgement")).get_content()
    asked = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(asked) == 1
    assert to_customer(WayOut.PAY_IN, language) in asked[0]
    assert "160.00 CNY" in asked[0]
    ours = [words(role, language) for role in Role if role is not Role.CUSTOMER]
    ours += [words(kind, language) for kind in FindingKind] + [words(way, language) for way in WayOut]
    ours += [*FindingKind, *Obstacle, "risk", "风险", "沪01执9号", "song.jia", "宋佳"]
    assert [word for word in ours if word in text] == []


async def test_an_acknowledgement_asks_for_nothing_where_nothing_is_asked(firm: Firm):
    receipt = await firm.open("ACC-1001", language="en")
    assert "please see to the following" not in (await letter(firm, receipt.case, "acknowledgement")).get_content()


# ---- operators -----------------------------------------------------------------------------------------------------


async def test_the_current_details_show_a_blocker_until_people_are_asked_after_it_is_gone(firm: Firm):
    receipt = await firm.open("ACC-1005")
    shown = "- in the way `insufficient_balance` (finance): " + words(WayOut.PAY_IN, Language.EN)
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    task = await met_twice(firm, "shortfall")
    told = await details(firm, receipt)
    assert shown in told
    assert not any("160.00" in line or "陈静" in line for line in told)  # neither evidence nor detail
    await firm.answer(task, "top_up")
    pay_in(firm, "ACC-1005", "160.00")
    await firm.quietus.money_came(receipt.case, Reckoning(reason="money came"))
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await asked(firm, receipt, await firm.task("approval"))
    now = await details(firm, receipt)
    assert not any(line.startswith("- in the way") for line in now)
    assert any("approval" in line for line in now)
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert (await details(firm, receipt))[0].endswith("outcome closed · risk low")


async def test_people_are_asked_even_where_the_books_do_not_answer(firm: Firm, monkeypatch: pytest.MonkeyPatch):
    receipt = await firm.open("ACC-1005")
    await firm.task("confirm_contact")
    monkeypatch.setattr(firm.books, "agreements", lambda *_: 1 / 0)
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    task = await eventually(lambda: firm.open_task("system_fault") or firm.open_task("shortfall"), "somebody is asked")
    monkeypatch.undo()
    assert task
    assert any(line.startswith("- in the way `insufficient_balance`") for line in await details(firm, receipt))
