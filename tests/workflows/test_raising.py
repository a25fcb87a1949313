"""发生的事: who may say what, when it is too late, and that a case which ends in the middle of it ends well."""

import asyncio
from collections.abc import Awaitable
from typing import Any, NamedTuple

import pytest

from contracts.findings import FindingKind
from contracts.occurrences import RAISABLE
from contracts.refusals import Code, Refused
from contracts.requests import Receipt
from contracts.vocabulary import Initiator
from gateways.staffing import Staffing
from tests.support.course import approve, closes, confirmed, go_on, hold
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm
from tests.support.happenings import happens, link, misspell, occurrence

COMPLAINT = FindingKind.CUSTOMER_COMPLAINT
EVENT = FindingKind.EXTERNAL_EVENT
INFO = FindingKind.CUSTOMER_INFO_CHANGE
NEED = FindingKind.CUSTOMER_NEED_CHANGE
NEW_NAME = {"field": "name", "value": "张伟国"}
NEW_MAIL = {"field": "email", "value": "new@example.com"}
COURT = {"by": "court", "reference": "(2026)沪01执999号"}
OWN = {"by": "customer", "reference": "lost card"}


async def refusal(saying: Awaitable[object]) -> Code:
    with pytest.raises(Refused) as refused:
        await saying
    return refused.value.code


# ---- who may say it, and of what -----------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(set(FindingKind) - RAISABLE))
async def test_what_only_a_check_finds_cannot_be_said_to_have_happened(firm: Firm, kind: FindingKind):
    case = (await firm.open()).case
    assert await refusal(happens(firm, case, kind, by="wu.gang")) is Code.NOT_ALLOWED


@pytest.mark.parametrize(
    ("kind", "by", "data", "code"),
    [
        (COMPLAINT, "huang.lei", {}, Code.FORBIDDEN),
        (EVENT, "customer", {}, Code.FORBIDDEN),
        (FindingKind.ACCOUNT_FROZEN, "customer", OWN, Code.FORBIDDEN),
        (EVENT, "huang.lei", {"branch": "X"}, Code.BAD_INPUT),
        (INFO, "li.wei", {}, Code.BAD_INPUT),
        (INFO, "li.wei", {"field": "risk", "value": "low"}, Code.BAD_INPUT),
        (INFO, "li.wei", {"field": "email", "value": "no address"}, Code.BAD_INPUT),
        (INFO, "li.wei", {"field": "identity_number", "value": "110105194912310021"}, Code.BAD_INPUT),
        (FindingKind.ACCOUNT_FROZEN, "lin.tao", {"by": "neighbour", "reference": "1"}, Code.BAD_INPUT),
    ],
)
async def test_what_the_wrong_person_says_or_cannot_be_is_refused_and_the_case_goes_on(
    firm: Firm, kind: FindingKind, by: str, data: dict[str, Any], code: Code
):
    receipt = await confirmed(firm, "ACC-1001")
    assert await refusal(happens(firm, receipt.case, kind, by=by, data=data)) is code
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {}


async def test_who_is_recused_does_not_say_what_happens_to_a_case(firm: Firm):
    case = (await firm.open()).case
    await firm.task("confirm_contact")
    Staffing(firm.world.database, firm.tokens).recuse(case, "a friend", firm.tokens.mint("li.wei"))
    assert await refusal(happens(firm, case, COMPLAINT, by="li.wei")) is Code.FORBIDDEN


async def test_the_same_said_twice_is_one_and_with_other_words_it_is_refused(firm: Firm):
    case = (await firm.open()).case
    said = occurrence(firm, COMPLAINT, detail="too slow")
    first = await firm.quietus.happened(case, said)
    assert await firm.quietus.happened(case, said) == first
    token = firm.tokens.mint("li.wei")
    assert await firm.quietus.happened(case, said.model_copy(update={"token": token})) == first
    other = said.model_copy(update={"token": token, "detail": "too fast"})
    assert await refusal(firm.quietus.happened(case, other)) is Code.MISMATCH
    assert [each for each in firm.found(case) if "complaint" in each] == ["customer_complaint:1"]


async def test_two_at_once_are_two_and_the_case_waits_for_both(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    said = [occurrence(firm, COMPLAINT, detail=words) for words in ("too slow", "too loud")]
    await asyncio.gather(*(firm.quietus.happened(receipt.case, each) for each in said))
    await firm.decide(approval, "approve", "song.jia")
    for _ in said:
        assert firm.subjects("date_agreed", receipt.case) == 0
        await firm.decide(await firm.task("customer_complaint"), "agreed", "chen.jie", reason="talked")
    await closes(firm, receipt)
    assert set(firm.found(receipt.case)) == {"customer_complaint:1", "customer_complaint:2"}


# ---- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "data"), [(INFO, NEW_NAME), (INFO, NEW_MAIL), (NEED, {"wished_on": "2027-01-04"})])
async def test_once_settlement_has_begun_nothing_can_be_changed_any_more(
    firm: Firm, kind: FindingKind, data: dict[str, str]
):
    receipt = await confirmed(firm, "ACC-1010", payout=JAMES)
    await approve(firm, "song.jia", "guo.qiang")
    missing = await firm.task("instruments_missing")
    assert await refusal(happens(firm, receipt.case, kind, data=data)) is Code.TOO_LATE
    await firm.decide(missing, "accept", "huang.lei", reason="lost")
    await closes(firm, receipt)
    assert set(firm.found(receipt.case)) == {"instruments_missing:AGR-1010/INS-1"}


JAMES = {"name": "James O'Connor", "account": "6222020200112233445", "bank": "ICBC"}


async def test_until_the_money_moves_a_case_that_waits_for_a_remedy_may_still_be_withdrawn(firm: Firm):
    """Approved, and only a complaint stands before settlement."""
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    await happens(firm, receipt.case, COMPLAINT)
    await firm.decide(approval, "approve", "song.jia")
    await firm.withdraw(receipt.case, "customer")
    outcome = await firm.outcome(receipt.case)
    assert_ended_well(firm, outcome, status="active", balance="1234.56")
    assert outcome.outcome == "withdrawn"


async def test_a_case_that_has_ended_takes_nothing_any_more(real_firm: Firm):
    case = (await real_firm.open()).case
    await real_firm.task("confirm_contact")
    await real_firm.withdraw(case, "customer")
    await real_firm.outcome(case)
    assert await refusal(happens(real_firm, case, COMPLAINT)) is Code.ALREADY_ENDED


async def test_a_paused_case_deals_with_what_happens_and_goes_on_when_it_is_resumed(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    approval = await firm.task("approval")
    await hold(firm, receipt.case)
    await happens(firm, receipt.case, COMPLAINT)
    task = await firm.task("customer_complaint")
    assert (await firm.decide(task, "agreed", "chen.jie", reason="talked")).done
    await firm.decide(approval, "approve", "luo.hao")
    with pytest.raises(AssertionError, match="waited"):
        await firm.task("closing_statement", seconds=1)
    await go_on(firm, receipt.case)
    await closes(firm, receipt)


async def test_a_complaint_at_every_stage_is_dealt_with_before_the_case_goes_on(firm: Firm):
    receipt = await firm.open("ACC-2001")
    for name, option, who in STAGES:
        task = await firm.task(name)
        await happens(firm, receipt.case, COMPLAINT, detail=f"at {name}")
        complaint = await firm.task("customer_complaint")
        await (firm.answer(task, option) if who == "customer" else decided(firm, task, option, who))
        await firm.decide(complaint, "agreed", "chen.jie", reason="talked")
    await closes(firm, receipt)
    assert [name for name in firm.found(receipt.case) if "complaint" in name] == [
        f"customer_complaint:{n + 1}" for n in range(len(STAGES))
    ]


STAGES = (
    ("confirm_contact", "confirm", "customer"),
    ("attest_tax", "attested", "lin.tao"),
    ("approval", "approve", "song.jia"),
    ("instruments_missing", "accept", "huang.lei"),
    ("handover", "signed", "customer"),
    ("handover_witness", "signed", "huang.lei deng.xia"),
)


async def decided(firm: Firm, task: str, option: str, who: str) -> None:
    """By one or two. Of an instrument the other one is accepted too."""
    for person in who.split():
        await firm.decide(task, option, person, reason="lost")
    if "instruments" in task:
        await firm.decide(await firm.task("instruments_missing"), option, who, reason="lost")


# ---- withdrawn in the middle ---------------------------------------------------------------------


class Middle(NamedTuple):
    """A remedy that waits for people: what leads there, and the task that it waits for."""

    kind: FindingKind
    task: str
    data: dict[str, str] = {}
    by: str = "li.wei"


MIDDLES = (
    Middle(COMPLAINT, "customer_complaint"),
    Middle(EVENT, "external_event", by="huang.lei"),
    Middle(FindingKind.INTERNAL_PROCESS, "internal_process"),
    Middle(FindingKind.SYSTEM_FAULT, "plan_assess", by="wu.gang"),
    Middle(FindingKind.REGULATION_CHANGE, "regulation_change", by="lin.tao"),
    Middle(FindingKind.ACCOUNT_FROZEN, "account_frozen", COURT, by="lin.tao"),
    Middle(FindingKind.ACCOUNT_FROZEN, "own_freeze", OWN),
    Middle(INFO, "correct_record", NEW_NAME),
    Middle(INFO, "confirm_new_contact", NEW_MAIL),
)


@pytest.mark.parametrize("middle", MIDDLES, ids=lambda middle: middle.task)
async def test_a_withdrawal_in_the_middle_of_a_remedy_ends_the_case_with_the_lock_off(firm: Firm, middle: Middle):
    receipt = await confirmed(firm, "ACC-1001")
    await firm.task("approval")
    await happens(firm, receipt.case, middle.kind, by=middle.by, data=middle.data)
    await firm.task(middle.task)
    await withdrawn(firm, receipt, "frozen" if middle.kind is FindingKind.ACCOUNT_FROZEN else "active", "1234.56")


@pytest.mark.parametrize("task", ["account_info_error", "correct_details", "correct_record"])
async def test_a_withdrawal_while_an_error_is_corrected_ends_the_case(firm: Firm, task: str):
    misspell(firm, "CUS-1001", "identity_number", "110105194912310021")
    receipt = await firm.open()
    if task != "account_info_error":
        await firm.decide(await firm.task("account_info_error"), "confirmed", "li.wei")
    if task == "correct_record":
        await firm.answer(await firm.task("correct_details"), "corrected", data={"value": "11010519491231002X"})
    await firm.task(task)
    await withdrawn(firm, receipt, "active", "1234.56")


@pytest.mark.parametrize("way", ["", "top_up", "instalment"])
async def test_a_withdrawal_while_money_is_waited_for_ends_the_case(firm: Firm, way: str):
    receipt = await confirmed(firm, "ACC-1005")
    task = await firm.task("shortfall")
    if way:
        await firm.answer(task, way)
    await withdrawn(firm, receipt, "active", "20.00")


async def withdrawn(firm: Firm, receipt: Receipt, status: str, balance: str) -> None:
    await firm.withdraw(receipt.case, "customer")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "withdrawn"
    assert_ended_well(firm, outcome, status=status, balance=balance)


async def test_a_case_of_the_firm_ends_in_the_middle_of_a_remedy_by_a_decision_and_the_rest_stops(firm: Firm):
    receipt = await firm.open("ACC-1012", initiator=Initiator.FIRM, requested_by="li.wei")
    await happens(firm, receipt.case, COMPLAINT)
    await happens(firm, receipt.case, EVENT, by="huang.lei")
    await firm.decide(await firm.task("external_event"), "end", "zhou.ying", reason="the branch is gone")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "rejected"
    assert_ended_well(firm, outcome, status="active", balance="75.00")
    assert link(firm, receipt.case, "raised: external_event:1").who == "huang.lei"
