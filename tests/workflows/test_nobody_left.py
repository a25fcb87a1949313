"""A task for which nobody is left is somebody's task: whoever worked on a case does not approve it."""

import json

from contracts.findings import FindingState
from contracts.refusals import Code, Refused
from contracts.vocabulary import Role
from gateways.books_file import load_books
from tests.support.course import FIX_OR_END, accept, approve, closes, confirmed, finding, met_twice
from tests.support.firm import Firm

NEW = {"id": "gao.yan", "name": "高燕", "email": "gao.yan@staff.example.com", "roles": ["compliance"]}


async def test_an_approval_that_all_of_compliance_worked_for_waits_for_somebody_new_and_is_then_given(firm: Firm):
    receipt = await confirmed(firm, "ACC-1007")
    await accept(firm, "high_risk", "guo.qiang")
    frozen = await met_twice(firm, "account_frozen")
    firm.mend(lambda session: firm.books.release(session, "ACC-1007"))
    await firm.decide(frozen, "fixed", "lin.tao")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "xu.jing")
    nobody = await finding(firm, "internal_process", Role.SUPERVISOR, FIX_OR_END)
    approval = firm.open_task("approval")
    assert approval
    assert await refused(firm, approval, "lin.tao") is Code.FOUR_EYES
    load_books(firm.world.database, json.dumps({"staff": [NEW]}), False)
    await firm.decide(nobody, "fixed", "luo.hao")
    await approve(firm, "song.jia", "gao.yan")
    await closes(firm, receipt)
    found = firm.found(receipt.case)
    assert {state for name, state in found.items() if name.startswith("internal_process")} == {FindingState.CLEARED}


async def refused(firm: Firm, task: str, who: str) -> Code | None:
    """How somebody's approval is refused; None when it is taken."""
    try:
        await firm.decide(task, "approve", who)
    except Refused as refusal:
        return refusal.code
    return None
