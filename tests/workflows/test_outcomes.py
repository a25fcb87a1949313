"""The outcomes of a closure. Whatever it is, the account stands as it should, the customer knows, the trail holds."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from contracts.refusals import Code, Refused
from contracts.tasks import Withdrawal
from contracts.vocabulary import FreezeBy
from gateways.books_file import load_books
from tests.support.endings import assert_ended_well
from tests.support.firm import FAST, Firm, eventually, running_firm

ALTERNATIVES = [("cost", "fee_waiver"), ("dissatisfied", "personal_adviser"), ("relocation", "move_branch")]


@dataclass(frozen=True)
class Wait:
    """A place where a closure waits: the answers on the way there, each (task, option, who), and the task waited on."""

    task: str
    account: str = "ACC-1001"
    changes: dict[str, Any] = field(default_factory=dict)
    way: tuple[tuple[str, str, str], ...] = ()


DORMANT = {"initiator": "firm", "reason": {"code": "dormant"}, "payout": None, "requested_by": "li.wei"}
CONFIRMED = ("confirm_contact", "confirm", "customer")
APPROVED = ("approval", "approve", "song.jia")
SOON = datetime.now(UTC).date() + timedelta(days=5)
WAITS = [
    Wait("confirm_contact"),
    Wait("offer", changes={"reason": {"code": "cost", "text": "太贵"}}, way=(CONFIRMED,)),
    Wait("shortfall", account="ACC-1005", way=(CONFIRMED,)),
    Wait("attest_tax", account="ACC-2001", way=(CONFIRMED,)),
    Wait("approval", way=(CONFIRMED,)),
    Wait("date_proposals", changes={"wished_on": SOON}, way=(CONFIRMED, APPROVED)),
]


@pytest.fixture
async def patient_firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm that awaits the closing day, as the real one does."""
    hurried = next(FAST.glob("*.toml"))
    rules = "\n".join(line for line in hurried.read_text().splitlines() if "closing_day_wait" not in line)
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / hurried.name).write_text(rules)
    async with running_firm(skipping_client, tmp_path, policy=tmp_path / "policy") as ready:
        yield ready


async def waiting(firm: Firm, wait: Wait) -> str:
    """A closure that waits there."""
    receipt = await firm.open(wait.account, **wait.changes)
    for name, option, who in wait.way:
        await say(firm, name, option, who)
    await firm.task(wait.task)
    return receipt.case


async def say(firm: Firm, name: str, option: str, who: str, reason: str = "said so") -> None:
    task = await firm.task(name)
    if who == "customer":
        await firm.answer(task, option, reason=reason)
    else:
        await firm.decide(task, option, who, reason=reason)


def money_on_its_way(firm: Firm, account: str, settles_on: date) -> None:
    """A pending transaction: until then the account is not closed."""
    pending = {"id": "PEN-9", "account": account, "amount": "-5.00", "settles_on": str(settles_on), "text": "card"}
    load_books(firm.world.database, json.dumps({"pending": [pending]}), False)


async def test_a_smooth_closure_ends_closed_with_the_balance_paid_out_once(firm: Firm):
    receipt = await firm.open("ACC-1001")
    outcome = await firm.close_smoothly(receipt.case)
    assert outcome.outcome == "closed"
    shown = assert_ended_well(firm, outcome, status="closed", balance="0.00")
    assert firm.payments() == ["1234.56"]
    assert [each.template for each in shown.contacts if each.address == "zhang.wei@example.com"] == [
        "acknowledgement", "confirm_contact", "date_agreed", "closing_statement",
    ]  # fmt: skip
    assert shown.opened_at < shown.expected_by


@pytest.mark.parametrize(("reason", "alternative"), ALTERNATIVES)
async def test_a_customer_who_takes_the_alternative_is_retained(firm: Firm, reason: str, alternative: str):
    receipt = await firm.open("ACC-1001", reason={"code": reason, "text": "直说"})
    await say(firm, "confirm_contact", "confirm", "customer")
    await firm.answer(await firm.task("offer"), alternative)
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "retained"
    shown = assert_ended_well(firm, outcome, status="active", balance="1234.56")
    assert shown.words == alternative
    assert firm.payments() == []


async def test_a_customer_who_declines_the_alternative_goes_on_to_the_end(firm: Firm):
    receipt = await firm.open("ACC-1001", reason={"code": "cost"})
    await say(firm, "confirm_contact", "confirm", "customer")
    await say(firm, "offer", "decline", "customer")
    await say(firm, "approval", "approve", "song.jia")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "closed"
    assert_ended_well(firm, outcome, status="closed", balance="0.00")


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.task)
async def test_a_customer_may_withdraw_wherever_the_case_waits(firm: Firm, wait: Wait):
    before = firm.account(wait.account)
    if wait.task == "date_proposals":
        money_on_its_way(firm, wait.account, SOON + timedelta(days=5))
    case = await waiting(firm, wait)
    assert firm.status(wait.account) == "closing"
    noted = await firm.withdraw(case, "customer", "留下来")
    assert noted.by == "customer"
    outcome = await firm.outcome(case)
    assert outcome.outcome == "withdrawn"
    shown = assert_ended_well(firm, outcome, status=before.status, balance=before.balance.text)
    assert shown.words == "留下来"
    assert [task.state for task in shown.tasks if task.name == wait.task] == ["withdrawn"]
    assert firm.payments() == []


async def day_agreed(firm: Firm) -> str:
    """A closure that awaits its day."""
    receipt = await firm.open("ACC-1001", wished_on=SOON)
    await say(firm, *CONFIRMED)
    await say(firm, *APPROVED)
    await eventually(lambda: firm.subjects("date_agreed", receipt.case), "the day to be agreed")
    return receipt.case


async def test_a_customer_may_withdraw_while_the_closing_day_is_awaited(patient_firm: Firm):
    case = await day_agreed(patient_firm)
    assert patient_firm.booked_days() == [SOON]
    await patient_firm.withdraw(case, "customer")
    outcome = await patient_firm.outcome(case)
    assert outcome.outcome == "withdrawn"
    assert_ended_well(patient_firm, outcome, status="active", balance="1234.56")
    assert patient_firm.payments() == []
    assert patient_firm.booked_days() == [], "the day is free for somebody else"


async def test_a_closing_day_that_was_used_counts_against_the_days_capacity(patient_firm: Firm):
    case = await day_agreed(patient_firm)
    outcome = await patient_firm.outcome(case)
    assert outcome.outcome == "closed"
    shown = assert_ended_well(patient_firm, outcome, status="closed", balance="0.00")
    assert patient_firm.booked_days() == [SOON]
    paid = next(link for link in shown.trail if link.what == "paid out")
    assert paid.at.date() == SOON


async def test_a_customer_withdraws_by_the_code_out_of_a_mail_of_that_case_and_of_no_other(firm: Firm):
    case = await waiting(firm, WAITS[0])
    code = await eventually(lambda: firm.code(f"{case}.task-1-confirm_contact"), "the code")
    other = (await firm.open("ACC-1004")).case
    withdrawal = Withdrawal(decision_id="W-1", reason="留下来", token=code)
    with pytest.raises(Refused) as refused:
        await firm.quietus.withdraw(other, withdrawal)
    assert refused.value.code is Code.FORBIDDEN
    assert (await firm.quietus.withdraw(case, withdrawal)).by == "customer"
    assert (await firm.outcome(case)).outcome == "withdrawn"


NOTED = "customer, noted by li.wei"


async def test_staff_note_a_withdrawal_that_they_were_told(firm: Firm):
    case = await waiting(firm, WAITS[0])
    assert (await firm.withdraw(case, "li.wei", "said so at the counter")).by == NOTED
    shown = assert_ended_well(firm, await firm.outcome(case), status="active", balance="1234.56")
    noted = next(link for link in shown.trail if link.what == "withdrawal asked for")
    assert (noted.who, noted.why) == (NOTED, "said so at the counter")


async def test_a_withdrawal_is_noted_only_by_those_who_listen_to_customers_and_with_a_reason(firm: Firm):
    case = await waiting(firm, WAITS[0])
    with pytest.raises(Refused) as forbidden:
        await firm.withdraw(case, "wang.fang")
    with pytest.raises(Refused) as silent:
        await firm.withdraw(case, "li.wei", "  ")
    assert (forbidden.value.code, silent.value.code) == (Code.FORBIDDEN, Code.REASON_MISSING)
    assert (await firm.close_smoothly(case)).outcome == "closed"


async def test_a_withdrawal_after_settlement_began_is_too_late(firm: Firm):
    receipt = await firm.open("ACC-1001")
    await say(firm, *CONFIRMED)
    approval = await firm.task("approval")
    firm.mend(lambda s: firm.books.freeze(s, "ACC-1001", FreezeBy.BANK, "REVIEW-9", date(2026, 11, 1)))
    await firm.decide(approval, "approve", "song.jia")
    task = await firm.task("account_frozen")
    with pytest.raises(Refused) as refused:
        await firm.withdraw(receipt.case, "customer")
    assert refused.value.code is Code.TOO_LATE
    firm.mend(lambda s: firm.books.release(s, "ACC-1001"))
    await firm.decide(task, "fixed", "lin.tao")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "closed"
    assert_ended_well(firm, outcome, status="closed", balance="0.00")
    assert firm.payments() == ["1234.56"]


async def test_a_second_withdrawal_hears_how_the_case_ended(real_firm: Firm):
    case = await waiting(real_firm, WAITS[0])
    await real_firm.withdraw(case, "customer")
    await real_firm.outcome(case)
    with pytest.raises(Refused) as refused:
        await real_firm.withdraw(case, "customer")
    assert refused.value.code is Code.ALREADY_ENDED
    assert "withdrawn" in refused.value.sentence


async def test_a_cancellation_by_an_operator_is_a_withdrawal_that_takes_the_lock_off(firm: Firm):
    case = await waiting(firm, WAITS[4])
    await firm.handle(case).cancel()
    outcome = await firm.outcome(case)
    assert outcome.outcome == "withdrawn"
    shown = assert_ended_well(firm, outcome, status="active", balance="1234.56")
    assert "operator" in shown.words


async def test_a_cancellation_after_settlement_began_changes_nothing(firm: Firm):
    receipt = await firm.open("ACC-1001")
    await say(firm, *CONFIRMED)
    await say(firm, *APPROVED)
    await firm.task("closing_statement")
    await firm.handle(receipt.case).cancel()
    await say(firm, "closing_statement", "received", "customer")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "closed"
    assert_ended_well(firm, outcome, status="closed", balance="0.00")


async def test_an_approver_who_rejects_ends_the_case_with_the_reason(firm: Firm):
    case = await waiting(firm, WAITS[4])
    await firm.decide(await firm.task("approval"), "reject", "song.jia", reason="资料不全")
    outcome = await firm.outcome(case)
    assert outcome.outcome == "rejected"
    shown = assert_ended_well(firm, outcome, status="active", balance="1234.56")
    assert shown.words == "资料不全"
    assert any("资料不全" in text for text in firm.texts())


async def test_a_finding_that_staff_end_rejects_the_case(firm: Firm):
    case = await waiting(firm, WAITS[2])
    await firm.decide(await firm.task("checklist_failed"), "end", "lin.tao", reason="the debt stays")
    outcome = await firm.outcome(case)
    assert outcome.outcome == "rejected"
    shown = assert_ended_well(firm, outcome, status="active", balance="20.00")
    assert shown.words == "the debt stays"


async def test_a_customer_who_objects_to_the_firms_closing_is_refused_it_when_the_supervisor_ends_it(firm: Firm):
    receipt = await firm.open("ACC-1003", **DORMANT)
    await say(firm, "closure_notice", "object", "customer", "我还要用")
    await say(firm, "refusal_offer", "object", "customer", "我还要用")
    task = await firm.task("customer_refusal")
    assert "supervisor" in firm.line(task).roles
    await firm.decide(task, "end", "song.jia", reason="the customer keeps it")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "refused"
    shown = assert_ended_well(firm, outcome, status="dormant", balance="58.20")
    assert shown.words == "the customer keeps it"


async def test_an_objection_that_the_supervisor_overrules_goes_on_and_the_money_is_set_aside(firm: Firm):
    receipt = await firm.open("ACC-1003", **DORMANT)
    await say(firm, "closure_notice", "object", "customer", "我还要用")
    await say(firm, "refusal_offer", "object", "customer", "我还要用")
    await firm.decide(await firm.task("customer_refusal"), "accept", "song.jia", reason="the contract ended")
    await say(firm, "approval", "approve", "david.chen")
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "closed"
    assert_ended_well(firm, outcome, status="closed", balance="0.00")
    assert firm.payments() == []


async def test_a_closure_that_the_customer_did_not_ask_for_is_not_the_customers_to_withdraw(firm: Firm):
    receipt = await firm.open("ACC-1003", **DORMANT)
    await firm.task("closure_notice")
    with pytest.raises(Refused) as refused:
        await firm.withdraw(receipt.case, "li.wei", reason="the customer keeps it")
    assert refused.value.code is Code.NOT_ALLOWED
    assert firm.status("ACC-1003") == "closing"
