"""The course of a closure, each stage and each outcome."""

from tests.support.firm import Firm


async def test_a_closure_is_paid_out_once_closed_and_filed(firm: Firm):
    receipt = await firm.open("ACC-1001")
    outcome = await firm.close_smoothly(receipt.case)
    assert outcome.outcome == "closed"
    assert firm.status("ACC-1001") == "closed"
    assert firm.balance("ACC-1001") == "0.00"
    assert firm.payments() == ["1234.56"]
    assert firm.sums() == {"CNY": 0, "USD": 0, "JPY": 0}
