"""What was wrong in the request is corrected with the decision that mends it; the old values stay in the trail."""

import pytest

from contracts.refusals import Code, Refused
from tests.support.firm import IDENTITY_CARD, Firm


async def test_a_document_that_was_missing_is_added_and_the_check_passes(firm: Firm):
    receipt = await firm.open("ACC-1001", documents=[])
    task = await firm.task("identity_unproven")
    sha256 = firm.world.evidence.put("late/identity_card.jpg", IDENTITY_CARD)
    late = {"kind": "identity_card", "reference": "late/identity_card.jpg", "sha256": sha256}
    await firm.decide(task, "fixed", "li.wei", data={"documents": [late]})
    assert (await firm.close_smoothly(receipt.case)).outcome == "closed"
    corrected = next(link for link in firm.show(receipt.case).trail if link.what == "request corrected: documents")
    assert (corrected.who, corrected.evidence["documents old"]) == ("li.wei", "[]")


async def test_a_payee_in_another_name_is_corrected_and_paid(firm: Firm):
    stranger = {"name": "王芳", "account": "6222020200112233445", "bank": "ICBC"}
    receipt = await firm.open("ACC-1001", payout=stranger)
    task = await firm.task("account_info_error")
    await firm.decide(task, "fixed", "li.wei", data={"payout": stranger | {"name": "张伟"}})
    assert (await firm.close_smoothly(receipt.case)).outcome == "closed"
    assert firm.payments() == ["1234.56"]


@pytest.mark.parametrize(
    "data",
    [{"customer": "CUS-1002"}, {"payout": {"name": "张伟"}}, {"documents": "none"}, {"wished_on": "2026-02-30"}],
    ids=["another customer", "half a payee", "no list", "no such day"],
)
async def test_a_correction_that_cannot_be_used_is_refused_and_changes_nothing(firm: Firm, data: dict[str, object]):
    receipt = await firm.open("ACC-1001", documents=[])
    task = await firm.task("identity_unproven")
    with pytest.raises(Refused) as refused:
        await firm.decide(task, "fixed", "li.wei", data=data)
    assert refused.value.code is Code.BAD_INPUT
    assert refused.value.faults
    assert firm.open_task("identity_unproven") == task
    await firm.decide(task, "end", "li.wei", reason="no papers")
    assert (await firm.outcome(receipt.case)).outcome == "rejected"
