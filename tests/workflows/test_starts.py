"""How a closure begins: one case for one request, one open closure for an account, and what cannot begin at all."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError

from contracts.refusals import Code, Refused, refusal_of
from contracts.requests import ClosureRequest, Receipt
from records.tables import CaseRow
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually, fingerprint


def dossiers(firm: Firm) -> list[str]:
    """Every dossier that was ever opened."""
    with firm.world.database.transaction() as session:
        return list(session.exec(select(CaseRow.dossier)))


async def refused(firm: Firm, request: ClosureRequest) -> Refused:
    with pytest.raises(Refused) as refusal:
        await firm.quietus.request_closure(request)
    return refusal.value


async def attempt(firm: Firm, request: ClosureRequest) -> Receipt | Refused:
    try:
        return await firm.quietus.request_closure(request)
    except Refused as refusal:
        return refusal


def paths(refusal: Refused) -> list[str]:
    return [fault.path for fault in refusal.faults]


# ---- one case for one request ------------------------------------------------------------------------------------


async def test_the_same_request_sent_twice_is_one_case_with_one_receipt(firm: Firm):
    request = firm.request("ACC-1001")
    first = await firm.quietus.request_closure(request)
    assert await firm.quietus.request_closure(request) == first
    assert dossiers(firm) == [first.reference] == ["closure-ACC-1001.1"]
    await firm.close_smoothly(first.case)
    assert firm.payments() == ["1234.56"]
    assert firm.subjects("acknowledgement", first.case) == 1


async def test_the_same_request_sent_many_times_at_once_is_one_case(firm: Firm):
    request = firm.request("ACC-1001")
    receipts = await asyncio.gather(*(firm.quietus.request_closure(request) for _ in range(8)))
    assert len({receipt.model_dump_json() for receipt in receipts}) == 1
    assert dossiers(firm) == ["closure-ACC-1001.1"]
    assert (await firm.close_smoothly(receipts[0].case)).outcome == "closed"


async def test_the_same_request_after_the_end_hears_how_it_ended_and_opens_nothing(firm: Firm):
    request = firm.request("ACC-1001")
    receipt = await firm.quietus.request_closure(request)
    await firm.withdraw(receipt.case, "customer")
    await firm.outcome(receipt.case)
    refusal = await refused(firm, request)
    assert refusal.code is Code.ALREADY_ENDED
    assert "closure-ACC-1001" in refusal.sentence
    assert "withdrawn" in refusal.sentence
    assert dossiers(firm) == [receipt.reference]
    assert firm.account("ACC-1001").lock is None


@pytest.mark.parametrize("ended", [False, True], ids=["while it is open", "after its end"])
async def test_the_same_request_id_with_other_content_is_a_mismatch(firm: Firm, ended: bool):
    request = firm.request("ACC-1001")
    receipt = await firm.quietus.request_closure(request)
    if ended:
        await firm.withdraw(receipt.case, "customer")
        await firm.outcome(receipt.case)
    refusal = await refused(firm, request.model_copy(update={"notes": "something else"}))
    assert refusal.code is Code.MISMATCH
    assert request.request_id in refusal.sentence
    assert dossiers(firm) == [receipt.reference]


async def test_the_same_request_id_for_another_account_is_a_mismatch_and_locks_nothing(firm: Firm):
    request = firm.request("ACC-1001")
    await firm.quietus.request_closure(request)
    other = firm.request("ACC-1002", request_id=request.request_id)
    assert (await refused(firm, other)).code is Code.MISMATCH
    assert firm.account("ACC-1002").lock is None


# ---- one open closure for an account -----------------------------------------------------------------------------


async def test_a_second_closure_of_an_account_is_refused_and_names_the_open_one(firm: Firm):
    first = firm.request("ACC-1001")
    receipt = await firm.quietus.request_closure(first)
    refusal = await refused(firm, firm.request("ACC-1001"))
    assert refusal.code is Code.ALREADY_OPEN
    assert receipt.case in refusal.sentence
    assert first.request_id in refusal.sentence
    assert (await firm.close_smoothly(receipt.case)).outcome == "closed"


async def test_of_two_requests_at_the_same_moment_one_is_opened_and_one_is_told(firm: Firm):
    answers = await asyncio.gather(*(attempt(firm, firm.request("ACC-1001")) for _ in range(2)))
    opened = [each for each in answers if isinstance(each, Receipt)]
    turned_away = [each for each in answers if isinstance(each, Refused)]
    assert len(opened) == 1
    assert [each.code for each in turned_away] == [Code.ALREADY_OPEN]
    assert dossiers(firm) == [opened[0].reference]


async def test_a_closure_after_a_withdrawn_one_has_its_own_dossier_and_task_numbers(firm: Firm):
    first = await firm.open("ACC-1001")
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    await firm.task("approval")
    await firm.withdraw(first.case, "customer")
    withdrawn = await firm.outcome(first.case)
    second = await firm.open("ACC-1001")
    assert (first.case, first.reference) == ("closure-ACC-1001", "closure-ACC-1001.1")
    assert (second.case, second.reference) == ("closure-ACC-1001", "closure-ACC-1001.2")
    outcome = await firm.close_smoothly(second.case)
    assert outcome.dossier == second.reference
    assert_ended_well(firm, outcome, status="closed", balance="0.00")
    numbers = [task.task.split("task-")[1] for task in firm.show(second.reference).tasks]
    assert numbers == ["3-confirm_contact", "4-approval", "5-closing_statement"]
    assert firm.show(first.reference).outcome == "withdrawn"
    assert withdrawn.trail_head == firm.show(first.reference).trail[-1].hash


async def test_a_code_of_the_withdrawn_case_does_not_answer_in_the_next_one(firm: Firm):
    first = await firm.open("ACC-1001")
    task = await firm.task("confirm_contact")
    old = await eventually(lambda: firm.code(task), "the code")
    await firm.withdraw(first.case, "customer")
    await firm.outcome(first.case)
    await firm.open("ACC-1001")
    with pytest.raises(Refused) as refusal:
        await firm.quietus.decide(firm.decision(await firm.task("confirm_contact"), "confirm", old))
    assert refusal.value.code is Code.FORBIDDEN


# ---- what cannot begin -------------------------------------------------------------------------------------------


async def test_an_unknown_account_is_not_found(firm: Firm):
    request = firm.request("ACC-1001").model_copy(update={"account": "ACC-4711"})
    refusal = await refused(firm, request)
    assert refusal.code is Code.NOT_FOUND
    assert "ACC-4711" in refusal.sentence
    assert dossiers(firm) == []


async def test_a_closed_account_is_not_closed_again(firm: Firm):
    refusal = await refused(firm, firm.request("ACC-2005"))
    assert refusal.code is Code.NOT_ALLOWED
    assert dossiers(firm) == []


async def test_the_customer_of_the_request_must_hold_the_account(firm: Firm):
    refusal = await refused(firm, firm.request("ACC-1001", customer="CUS-1002"))
    assert (refusal.code, paths(refusal)) == (Code.BAD_INPUT, ["customer"])
    assert firm.account("ACC-1001").lock is None


async def test_an_account_that_holds_money_needs_a_payout(firm: Firm):
    refusal = await refused(firm, firm.request("ACC-1001", payout=None))
    assert (refusal.code, paths(refusal)) == (Code.BAD_INPUT, ["payout"])


async def test_an_empty_account_needs_no_payout(firm: Firm):
    receipt = await firm.open("ACC-1002", payout=None)
    outcome = await firm.close_smoothly(receipt.case)
    assert_ended_well(firm, outcome, status="closed", balance="0.00")
    assert firm.payments() == []


def with_document(request: ClosureRequest, **changes: Any) -> ClosureRequest:
    document = request.documents[0].model_copy(update=changes)
    return request.model_copy(update={"documents": (document,)})


async def test_a_document_whose_hash_is_not_that_of_the_stored_one_is_refused(firm: Firm):
    request = with_document(firm.request("ACC-1001"), sha256=fingerprint(b"another picture"))
    refusal = await refused(firm, request)
    assert (refusal.code, paths(refusal)) == (Code.BAD_INPUT, ["documents[0].sha256"])


async def test_a_member_of_staff_who_asks_must_be_known(firm: Firm):
    request = firm.request("ACC-1003", initiator="firm", requested_by="nobody.here")
    refusal = await refused(firm, request)
    assert (refusal.code, paths(refusal)) == (Code.BAD_INPUT, ["requested_by"])


async def test_every_fault_of_a_request_is_named_at_once(firm: Firm):
    wrong = firm.request("ACC-1001", customer="CUS-1002", payout=None, requested_by="nobody.here")
    refusal = await refused(firm, with_document(wrong, sha256=fingerprint(b"another picture")))
    assert paths(refusal) == ["documents[0].sha256", "requested_by", "customer", "payout"]


async def test_a_refused_request_leaves_nothing_behind_and_may_be_sent_again_corrected(firm: Firm):
    request = firm.request("ACC-1001")
    await refused(firm, request.model_copy(update={"payout": None}))
    assert (dossiers(firm), firm.status("ACC-1001")) == ([], "active")
    receipt = await firm.quietus.request_closure(request)
    assert (await firm.close_smoothly(receipt.case)).outcome == "closed"


# ---- straight to Temporal ----------------------------------------------------------------------------------------


async def test_a_start_without_the_update_runs_all_the_same_and_the_request_then_gets_its_receipt(firm: Firm):
    request = firm.request("ACC-1001")
    await firm.client.start_workflow(
        "AccountClosure", request, id="closure-ACC-1001", task_queue=firm.task_queue
    )  # as another service might
    await firm.task("confirm_contact")
    receipt = await firm.quietus.request_closure(request)
    assert receipt.reference == "closure-ACC-1001.1"
    assert (await firm.close_smoothly(receipt.case)).outcome == "closed"


async def test_a_start_under_an_id_of_another_account_is_refused(firm: Firm):
    await firm.client.start_workflow(
        "AccountClosure", firm.request("ACC-1001"), id="closure-ACC-1002", task_queue=firm.task_queue
    )
    with pytest.raises(WorkflowFailureError) as failure:
        await firm.outcome("closure-ACC-1002")
    refusal = refusal_of(failure.value)
    assert refusal is not None
    assert (refusal.code, paths(refusal)) == (Code.BAD_INPUT, ["account"])
    assert dossiers(firm) == []


async def test_a_request_sent_to_the_case_of_another_account_is_refused(firm: Firm):
    receipt = await firm.open("ACC-1001")
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await firm.handle(receipt.case).execute_update("receive", firm.request("ACC-1002"))
    refusal = refusal_of(failure.value)
    assert refusal is not None
    assert refusal.code is Code.BAD_INPUT
    assert "closure-ACC-1001" in refusal.sentence
