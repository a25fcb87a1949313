"""余额不足、账户冻结: what is short is made good in a way of the policy, a freeze is lifted by whose it is."""

import re
from datetime import timedelta

import pytest

from contracts.findings import FindingKind, FindingState
from contracts.refusals import Code, Refused
from contracts.requests import Receipt
from contracts.tasks import Reckoning
from contracts.vocabulary import Role
from tests.support.course import FIX_OR_END, accept, approve, closes, confirmed, finding, met_twice, rejected
from tests.support.coverage import How, shows
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually
from tests.support.happenings import attach, booked, happens, ledger, link, looks, owe, pay_in
from tests.support.moments import letter

SHORT = FindingKind.INSUFFICIENT_BALANCE
FROZEN = FindingKind.ACCOUNT_FROZEN
GIVEN_UP = timedelta(seconds=155)
TOP_UP = timedelta(seconds=62)
INSTALMENTS = timedelta(seconds=152)
COURT = {"by": "court", "reference": "(2026)沪01执999号"}
BANK = {"by": "bank", "reference": "REVIEW-2026-0099"}
OWN = {"by": "customer", "reference": "lost card"}


async def short_of_160(firm: Firm) -> tuple[Receipt, str]:
    """ACC-1005: 20.00 are there, 180.00 are owed; another account of the customer holds 1500.00. And the question."""
    receipt = await confirmed(firm, "ACC-1005")
    return receipt, await met_twice(firm, "shortfall")


async def clear(firm: Firm, receipt: Receipt, look: str) -> None:
    """As soon as a look that found something was made again and found nothing."""
    done = re.compile(rf"{look}, round [2-9]: clear")
    await eventually(lambda: any(done.match(each.what) for each in firm.show(receipt.case).trail), f"{look}: clear")


async def covered(firm: Firm, receipt: Receipt) -> None:
    """The debt is covered; the case goes on to its end."""
    await clear(firm, receipt, "finance")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await approve(firm, "song.jia")
    await closes(firm, receipt)


# ---- 余额不足 ------------------------------------------------------------------------------------


@shows(How.ALONE, SHORT)
async def test_what_is_short_is_paid_in_and_the_case_goes_on_as_soon_as_the_money_is_there(firm: Firm):
    receipt, task = await short_of_160(firm)
    assert set(firm.line(task).options) == {"top_up", "instalment", "fee_waiver", "set_off"}
    assert "160.00 CNY" in (await letter(firm, receipt.case, "shortfall")).get_content()
    await firm.answer(task, "top_up")
    pay_in(firm, "ACC-1005", "160.00")
    await firm.quietus.money_came(receipt.case, Reckoning(reason="money came"))
    await covered(firm, receipt)
    assert firm.payments() == []
    assert looks(firm, receipt.case)["finance"] == 2
    assert booked(firm, "ACC-1005") == [("transfer", "160.00"), ("账户管理费 2025", "-180.00")]


async def test_money_that_nobody_tells_of_is_seen_all_the_same(firm: Firm):
    receipt, task = await short_of_160(firm)
    await firm.answer(task, "top_up")
    pay_in(firm, "ACC-1005", "200.00")
    await firm.pass_time(TOP_UP)
    await covered(firm, receipt)
    assert firm.payments() == ["40.00"]


async def test_instalments_are_waited_for_until_the_last_one(firm: Firm):
    receipt, task = await short_of_160(firm)
    await firm.answer(task, "instalment")
    for n, amount in enumerate(("60.00", "60.00", "40.00")):
        pay_in(firm, "ACC-1005", amount, f"IN-{n}")
        await firm.quietus.money_came(receipt.case, Reckoning(reason="money came"))
        await firm.pass_time(timedelta(seconds=20))
        assert firm.open_task("insufficient_balance") is None
    await covered(firm, receipt)
    assert looks(firm, receipt.case)["finance"] == 2


@pytest.mark.parametrize(("way", "span"), [("top_up", TOP_UP), ("instalment", INSTALMENTS)])
async def test_money_that_does_not_come_in_time_is_finances_business(firm: Firm, way: str, span: timedelta):
    receipt, task = await short_of_160(firm)
    await firm.answer(task, way)
    await firm.pass_time(span - timedelta(seconds=10))
    assert firm.open_task("insufficient_balance") is None
    await firm.pass_time(timedelta(seconds=12))
    late = await finding(firm, "insufficient_balance", Role.FINANCE, FIX_OR_END)
    await firm.decide(late, "end", "zhao.min", reason="the customer does not pay")
    await rejected(firm, receipt)
    assert firm.balance("ACC-1005") == "20.00"


async def test_a_customer_who_chooses_nothing_leaves_it_to_finance_and_is_asked_again(firm: Firm):
    _, task = await short_of_160(firm)
    await firm.pass_time(GIVEN_UP)
    silent = await finding(firm, "insufficient_balance", Role.FINANCE, FIX_OR_END)
    await firm.decide(silent, "fixed", "wang.fang")
    assert await firm.task("shortfall") != task


async def test_a_small_amount_is_waived_by_the_policys_own_word_and_comes_out_of_the_fees(firm: Firm):
    receipt, task = await short_of_160(firm)
    await firm.answer(task, "fee_waiver")
    await covered(firm, receipt)
    assert booked(firm, "ACC-1005") == [("fee waiver", "160.00"), ("账户管理费 2025", "-180.00")]
    waived = link(firm, receipt.case, "waived")
    assert (waived.who, waived.why) == ("policy 2026-11-22.4-rehearsal", "160.00 CNY")
    assert ledger(firm, "fees:CNY") == -16_000


async def test_a_waiver_above_the_limit_needs_two_and_not_who_noted_the_wish(firm: Firm):
    owe(firm, "ACC-1005", "400.00")  # 560.00 are short
    receipt, task = await short_of_160(firm)
    await firm.answer(task, "fee_waiver")
    waiver = await firm.task("fee_waiver")
    assert (firm.line(waiver).needed, firm.line(waiver).roles) == (2, (Role.SUPERVISOR, Role.MANAGER))
    await firm.decide(waiver, "approve", "song.jia")
    with pytest.raises(Refused) as refused:
        await firm.decide(waiver, "approve", "song.jia")
    assert refused.value.code is Code.FOUR_EYES
    assert ledger(firm, "fees:CNY") == 0
    await firm.decide(waiver, "approve", "david.chen")
    await accept(firm, "receivable_open", "wang.fang")  # it is covered, but more than is set off without asking
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await approve(firm, "luo.hao")
    await closes(firm, receipt)
    assert booked(firm, "ACC-1005")[0] == ("fee waiver", "560.00")


async def test_a_waiver_that_is_not_approved_leaves_it_to_finance(firm: Firm):
    owe(firm, "ACC-1005", "400.00")
    receipt, task = await short_of_160(firm)
    await firm.answer(task, "fee_waiver")
    await firm.decide(await firm.task("fee_waiver"), "reject", "song.jia", reason="the customer can pay")
    await firm.decide(await firm.task("insufficient_balance"), "end", "zhao.min", reason="not waived")
    await rejected(firm, receipt)
    assert booked(firm, "ACC-1005") == []


async def test_what_was_waived_before_counts_against_the_limit_of_the_case(firm: Firm):
    receipt, task = await short_of_160(firm)
    await firm.answer(task, "fee_waiver")
    await clear(firm, receipt, "finance")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    approval = await firm.task("approval")
    owe(firm, "ACC-1005", "400.00")
    await firm.decide(approval, "approve", "song.jia")
    await firm.answer(await firm.task("shortfall"), "fee_waiver")
    assert "400.00 CNY" in firm.line(await firm.task("fee_waiver")).subject


async def test_a_set_off_moves_what_is_short_between_the_customers_accounts(firm: Firm):
    receipt, task = await short_of_160(firm)
    await firm.answer(task, "set_off")
    await covered(firm, receipt)
    assert booked(firm, "ACC-1004") == [("set off", "-160.00")]
    assert booked(firm, "ACC-1005") == [("set off", "160.00"), ("账户管理费 2025", "-180.00")]
    assert link(firm, receipt.case, "set off").why == "160.00 CNY from ACC-1004"


async def test_a_set_off_that_the_other_account_no_longer_covers_takes_nothing(firm: Firm):
    receipt, task = await short_of_160(firm)
    await firm.open("ACC-1004")  # it is being closed now, and gives nothing
    await firm.answer(task, "set_off")
    await finding(firm, "insufficient_balance", Role.FINANCE, FIX_OR_END)
    assert (booked(firm, "ACC-1004"), booked(firm, "ACC-1005")) == ([], [])
    assert link(firm, receipt.case, "not set off").why == ""


async def test_a_customer_without_another_account_is_not_offered_a_set_off(firm: Firm):
    owe(firm, "ACC-1001", "1300.00")
    await confirmed(firm, "ACC-1001")
    assert set(firm.line(await firm.task("shortfall")).options) == {"top_up", "instalment", "fee_waiver"}


# ---- 账户冻结 ------------------------------------------------------------------------------------


@shows(How.ALONE, FROZEN)
async def test_a_courts_freeze_ends_by_the_courts_word_with_its_paper_and_not_without(firm: Firm):
    receipt = await confirmed(firm, "ACC-1007")
    await accept(firm, "high_risk", "guo.qiang")
    task = await finding(firm, "account_frozen", Role.COMPLIANCE, ("released", "fixed", "return", "end"))
    with pytest.raises(Refused) as refused:
        await firm.decide(task, "released", "lin.tao")
    assert refused.value.code is Code.BAD_INPUT
    await firm.decide(task, "released", "lin.tao", data={"reference": "(2026)沪01执解1号"})
    again = await met_twice(firm, "account_frozen")
    assert (again != task, firm.status("ACC-1007")) == (True, "frozen")
    sha256 = attach(firm, again, "lin.tao")
    await firm.decide(again, "released", "lin.tao", data={"reference": "(2026)沪01执解1号"})
    await clear(firm, receipt, "finance")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await approve(firm, "song.jia", "xu.jing")
    await closes(firm, receipt)
    released = link(firm, receipt.case, "freeze released")
    assert (released.who, released.evidence["reference"]) == ("lin.tao", "(2026)沪01执解1号")
    assert sha256 in released.evidence.values()
    assert firm.payments() == ["50000.00"]


async def test_while_an_authority_is_waited_for_the_clock_stands_and_the_role_is_reminded(firm: Firm):
    receipt = await confirmed(firm, "ACC-1007")
    await accept(firm, "high_risk", "guo.qiang")
    task = await met_twice(firm, "account_frozen")
    before = firm.show(receipt.case).expected_by
    await firm.pass_time(timedelta(seconds=60))
    await eventually(lambda: firm.subjects("task_reminder", receipt.case), "the reminder")
    assert not firm.line(task).overdue
    attach(firm, task, "lin.tao")
    await firm.decide(task, "released", "lin.tao", data={"reference": "1"})
    await clear(firm, receipt, "finance")
    await firm.decide(await firm.task("checklist_failed"), "fixed", "lin.tao")
    await firm.task("approval")
    assert firm.show(receipt.case).expected_by - before >= timedelta(seconds=55)


async def test_the_firms_own_freeze_is_lifted_by_approval_of_somebody_else(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await happens(firm, receipt.case, FROZEN, by="guo.qiang", data=BANK)
    task = await finding(firm, "account_frozen", Role.COMPLIANCE, ("release", "fixed", "return", "end"))
    await firm.decide(task, "release", "lin.tao", reason="the review found nothing")
    release = await firm.task("release_freeze")
    assert (firm.line(release).needed, firm.status("ACC-1001")) == (1, "frozen")
    await firm.decide(release, "approve", "song.jia")
    await approve(firm, "luo.hao")
    await closes(firm, receipt)
    released = link(firm, receipt.case, "freeze released")
    assert (released.who, released.why) == ("song.jia", "the review found nothing")


async def test_the_firms_own_freeze_stays_when_nobody_approves(firm: Firm):
    receipt = await confirmed(firm, "ACC-2006")
    task = await firm.task("account_frozen")
    await firm.decide(task, "release", "lin.tao", reason="the review found nothing")
    await firm.decide(await firm.task("release_freeze"), "reject", "song.jia", reason="it did find something")
    again = await firm.task("account_frozen")
    assert (again != task, firm.status("ACC-2006")) == (True, "frozen")
    await firm.decide(again, "end", "lin.tao", reason="it stays frozen")
    await rejected(firm, receipt)


@pytest.mark.parametrize("answer", ["release", "keep"])
async def test_the_customers_own_freeze_is_the_customers_to_lift(firm: Firm, answer: str):
    receipt = await confirmed(firm, "ACC-1001")
    await happens(firm, receipt.case, FROZEN, data=OWN)
    await firm.answer(await firm.task("own_freeze"), answer, reason="it is found")
    if answer == "keep":
        await firm.decide(await firm.task("account_frozen"), "end", "lin.tao", reason="the customer keeps it")
        await rejected(firm, receipt)
    else:
        await approve(firm, "song.jia")
        await closes(firm, receipt)


async def test_a_freeze_after_the_reviews_holds_the_case_and_makes_them_again(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    task = await firm.task("approval")
    await happens(firm, receipt.case, FROZEN, by="lin.tao", data=COURT)
    assert firm.status("ACC-1001") == "frozen"
    await firm.decide(task, "approve", "song.jia")
    frozen = await firm.task("account_frozen")
    assert firm.open_task("closing_statement") is None
    attach(firm, frozen, "lin.tao")
    await firm.decide(frozen, "released", "lin.tao", data={"reference": "解1"})
    await closes(firm, receipt)
    made = looks(firm, receipt.case)
    assert (made["finance"], made["compliance"], made["contract"], made["identify"]) == (2, 2, 1, 1)
    assert firm.found(receipt.case) == {"account_frozen:1": FindingState.CLEARED}


async def test_a_freeze_after_the_money_has_gone_holds_the_closing_and_nothing_is_looked_at_again(firm: Firm):
    payout = {"name": "James O'Connor", "account": "6222020200112233445", "bank": "ICBC"}
    receipt = await confirmed(firm, "ACC-1010", payout=payout)
    await approve(firm, "song.jia", "guo.qiang")
    missing = await firm.task("instruments_missing")
    await happens(firm, receipt.case, FROZEN, by="lin.tao", data=COURT)
    await firm.decide(missing, "accept", "huang.lei", reason="lost")
    task = await finding(firm, "account_frozen", Role.COMPLIANCE, ("released", "fixed", "return"))
    attach(firm, task, "lin.tao")
    await firm.decide(task, "released", "lin.tao", data={"reference": "解1"})
    await closes(firm, receipt)
    assert firm.payments() == ["2500.75"]
    assert looks(firm, receipt.case)["finance"] == 1


async def test_a_court_that_freezes_again_meanwhile_is_not_released_by_the_first_ones_paper(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await happens(firm, receipt.case, FROZEN, by="lin.tao", data=COURT)
    task = await firm.task("account_frozen")
    attach(firm, task, "lin.tao")
    firm.mend(lambda session: firm.books.release(session, "ACC-1001"))
    await happens(firm, receipt.case, FROZEN, by="lin.tao", data=COURT | {"reference": "another"})
    await firm.decide(task, "released", "lin.tao", data={"reference": "解1"})
    second = await eventually(lambda: other_task(firm, receipt.case, task), "the second task")
    assert firm.status("ACC-1001") == "frozen"
    await firm.decide(second, "end", "lin.tao", reason="it lasts")
    outcome = await firm.outcome(receipt.case)
    assert_ended_well(firm, outcome, status="frozen", balance="1234.56")


def other_task(firm: Firm, case: str, task: str) -> str | None:
    open_ = [each.task for each in firm.show(case).tasks if each.name == "account_frozen" and each.task != task]
    return open_[0] if open_ else None


async def test_a_second_freeze_is_refused_and_names_the_first(firm: Firm):
    receipt = await confirmed(firm, "ACC-1007")
    with pytest.raises(Refused) as refused:
        await happens(firm, receipt.case, FROZEN, by="lin.tao", data=COURT)
    assert (refused.value.code, "(2026)沪01执123号" in refused.value.sentence) == (Code.NOT_ALLOWED, True)
