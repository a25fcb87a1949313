"""What could brick an incident or go round its rules: each is refused, and the case goes on."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from contracts.findings import FindingKind
from contracts.refusals import Code, Refused, refusal_of
from contracts.vocabulary import Outcome
from tests.support.course import confirmed
from tests.support.firm import Firm, eventually
from tests.support.happenings import happens
from tests.support.incidents import handled, incident, reported, says
from tests.support.majors import does, major_begun


@pytest.mark.parametrize(
    "data",
    [
        {"matter": "x" * 300},
        {"matter": "a\nb"},
        {"matter": "a\u202eb"},
        {"matter": None},
        {"severity": None},
        {"category": None},
        {"department": None},
        {"complex": True},
    ],
    ids=lambda data: next(iter(data)),
)
async def test_data_that_no_contract_takes_are_refused_and_the_incident_goes_on(firm: Firm, data: dict[str, Any]):
    case = (await reported(firm)).case
    task = await firm.task("triage", case)
    with pytest.raises(Refused) as refused:
        await firm.decide(task, "change", "li.wei", reason="worse", data=data)
    assert refused.value.code is Code.BAD_INPUT
    await says(firm, case, "triage", "confirm")
    await firm.task("analyse", case)


@pytest.mark.parametrize("amount", [None, "-5", "1e3", "１２", "1,000.00", "1.234", 5])
async def test_an_amount_that_is_none_is_refused(firm: Firm, amount: Any):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    task = await firm.task("solve", case)
    with pytest.raises(Refused, match="an amount in CNY"):
        await firm.decide(task, "proposed", "wang.fang", reason="pay", data={"compensation": amount})
    await says(firm, case, "solve", "proposed")
    await firm.task("carry_out", case)


async def test_words_of_a_bulletin_that_hide_what_is_read_are_refused(firm: Firm):
    _, major = await major_begun(firm)
    for words in ("a\u202eb", "x" * 8_001, None):
        with pytest.raises(Refused) as refused:
            await firm.decide(
                await firm.task("bulletin_draft", major), "drafted", "li.wei", data={"zh": words, "en": "x"}
            )
        assert refused.value.code is Code.BAD_INPUT
    await does(firm, major, "bulletin_draft", "drafted", "li.wei", zh="两行\n文字", en="two\nlines")
    await firm.task("bulletin_approval", major)


@pytest.mark.parametrize(
    "said",
    [
        {"major": "major-INC-1", "word": "bulletin", "n": 2**70},
        {"major": "major-INC-1", "word": "bulletin", "n": -1},
        {"major": "x" * 100_000, "word": "solved", "n": 0},
        {"major": "major-\u0000", "word": "hang_on", "n": 0},
    ],
    ids=["huge", "negative", "long", "nul"],
)
async def test_a_forged_word_of_a_major_incident_is_refused_and_changes_nothing(firm: Firm, said: dict[str, Any]):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await firm.handle(case).execute_update("major_says", said)
    refusal = refusal_of(failed.value)
    assert refusal is not None
    assert refusal.code is Code.BAD_INPUT
    await handled(firm, case)
    await firm.task("incident_solved", case)


async def test_what_was_paid_before_counts_for_the_limit_above_which_two_approve(firm: Firm):
    case, before = (await reported(firm)).case, firm.account("ACC-1001").balance.minor
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "proposed", compensation="1500.00")
    await says(firm, case, "compensation", "approve", by="song.jia")
    await says(firm, case, "carry_out", "done")
    await says(firm, case, "incident_solved", "not_solved")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "proposed", compensation="600.00")
    await says(firm, case, "compensation", "approve", by="song.jia")
    assert firm.open_task("compensation", case)
    await says(firm, case, "compensation", "approve", by="luo.hao")
    await says(firm, case, "carry_out", "done")
    await firm.task("incident_solved", case)
    assert firm.account("ACC-1001").balance.minor - before == 210_000


async def test_an_account_that_is_closed_meanwhile_takes_no_compensation_and_the_department_is_asked_again(firm: Firm):
    case = (await reported(firm, customer="CUS-2001", account="ACC-2005")).case
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    with pytest.raises(Refused, match="takes no data"):
        await says(firm, case, "solve", "proposed", compensation="10.00")
    await says(firm, case, "solve", "proposed")
    await says(firm, case, "carry_out", "done")
    await firm.task("incident_solved", case)


async def test_a_closure_whose_complaint_is_linked_waits_for_the_other_report(firm: Firm):
    first = (await reported(firm, category="complaint")).case
    receipt = await confirmed(firm, "ACC-1001")
    await firm.task("approval", receipt.case)
    await happens(firm, receipt.case, FindingKind.CUSTOMER_COMPLAINT, detail="nobody answered the telephone")
    complaint = f"incident-{receipt.reference.replace('.', '-')}-c1"
    await says(firm, complaint, "triage", "duplicate", of=first)
    assert (await firm.outcome(complaint)).outcome == Outcome.LINKED
    assert firm.found(receipt.case)["customer_complaint:1"] == "open"
    await firm.withdraw(first, "li.wei", "talked about it")
    await eventually(lambda: firm.show(first).ended_at, "the end of the first report")
    await firm.pass_time(timedelta(hours=2))
    await eventually(lambda: firm.found(receipt.case)["customer_complaint:1"] == "cleared", "the complaint to be over")


async def test_a_late_task_stands_on_the_rung_of_its_moment_and_tells_nobody_of_those_before(firm: Firm):
    case = (await reported(firm)).case
    await firm.task("triage", case)
    await firm.pass_time(timedelta(hours=1))
    await says(firm, case, "triage", "confirm", by="song.jia")
    task = await firm.task("analyse", case)
    assert {"finance", "supervisor", "manager"} <= set(firm.line(task).roles)
    assert firm.line(task).overdue
    rungs = [link.what for link in firm.show(case).trail if link.what.endswith(f": {task}")]
    assert rungs == [f"task shown: {task}"]
    assert incident(firm, case).triaged_at
