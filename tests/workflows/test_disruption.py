"""中断: an outage or an outside event suspends what it touches, tells each customer once, lets cases go in order."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.client import Client, WorkflowUpdateFailedError

from contracts.disruption import DisruptionAnswer, DisruptionNotice, DisruptionStand
from contracts.findings import FindingKind
from contracts.refusals import Code, Refused, refusal_of
from disruption_client import disruption_id
from records.people_tables import TrainingRow
from tests.support.course import approve, closes, confirmed, go_on, hold
from tests.support.disruptions import (
    FULL,
    OUTAGE,
    declaration,
    declare,
    desk,
    end,
    line,
    over,
    report,
    rule,
    sign,
    suspended,
)
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually, running_firm
from tests.support.happenings import happens
from tests.support.policies import folder_with, tomorrow, unhurried

FLOOD = {"reference": "FLOOD-1", "kind": "external_event", "detail": "a flood in the south of the city"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def slow(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm that lets one case go a minute, and whose people take their time, so that minutes may pass."""
    rules = (("resume_per_minute = 600", "resume_per_minute = 1"), ('rhythm = "2 seconds"', 'rhythm = "1 minute"'))
    folder = folder_with(tmp_path / "policy", *rules, *unhurried())
    async with running_firm(skipping_client, tmp_path, policy=folder) as ready:
        yield ready


async def asked(firm: Firm, account: str) -> str:
    """A case whose customer is asked to confirm."""
    case = (await firm.open(account)).case
    await firm.task("confirm_contact", case)
    return case


async def noticed(firm: Firm, account: str = "ACC-1003") -> str:
    """A case of the firm's own, beyond identity: its customer may object."""
    case = (await firm.open(account, initiator="firm")).case
    await firm.task("closure_notice", case)
    return case


def told(firm: Firm, template: str, *cases: str) -> int:
    """How often customers were told this, in these cases together."""
    return sum(firm.subjects(template, case) for case in cases)


async def by_hand(firm: Firm, case: str, update: str) -> DisruptionAnswer:
    """Tell a case past the disruption."""
    notice = DisruptionNotice(reference=OUTAGE)
    answer = await firm.handle(case).execute_update(update, notice, result_type=DisruptionAnswer)
    return DisruptionAnswer.model_validate(answer)


# ---- scope -------------------------------------------------------------------------------------


async def test_an_outage_suspends_the_cases_that_need_the_system_and_no_other(firm: Firm):
    case, other = await asked(firm, "ACC-1001"), await noticed(firm)
    await declare(firm, systems=["screening"])
    await suspended(firm, case)
    assert (firm.show(case).held, firm.show(other).held) == (True, False)
    assert firm.found(case) == {f"system_fault:{OUTAGE}": "open"}
    assert (await firm.answer(await firm.task("confirm_contact", case), "confirm")).done
    await eventually(lambda: told(firm, "outage", case), "the apology")
    with pytest.raises(AssertionError, match="waited"):
        await firm.task("approval", case, seconds=1)
    await end(firm)
    await firm.task("approval", case)
    found = await over(firm)
    assert (found.touched, found.suspended, found.resumed, found.told) == (1, 1, 1, 1)
    assert firm.found(case) == {f"system_fault:{OUTAGE}": "cleared"}
    assert (told(firm, "outage", case), told(firm, "disruption_over", case), told(firm, "outage", other)) == (1, 1, 0)
    expected = firm.world.policies[firm.show(case).policy].calendar.day(firm.show(case).expected_by)
    assert any(f"1001: {expected}" in text for text in firm.texts())


async def test_an_event_touches_branches_and_regions_and_who_lives_elsewhere_goes_on(firm: Firm):
    here, there, elsewhere = [await asked(firm, account) for account in ("ACC-1001", "ACC-1006", "ACC-1008")]
    await declare(firm, **FLOOD, branches=["上海徐汇支行"], regions=["浙江"])
    await suspended(firm, here, there, reference="FLOOD-1")
    await firm.answer(await firm.task("confirm_contact", elsewhere), "confirm")
    await firm.task("books_disagree", elsewhere)
    assert firm.found(here) == {"external_event:FLOOD-1": "open"}
    await eventually(lambda: told(firm, "disruption", here, there) == 2, "the customers to be told")
    await end(firm, "FLOOD-1")
    await over(firm, "FLOOD-1")


async def test_a_system_and_a_place_touch_only_what_is_in_both(firm: Firm):
    case = await asked(firm, "ACC-1001")
    await asked(firm, "ACC-1006")
    await noticed(firm)  # at the branch, but beyond its stage
    await declare(firm, systems=["screening"], branches=["上海徐汇支行"])
    await suspended(firm, case)


async def test_a_case_that_comes_into_a_touched_stage_later_is_suspended_when_it_is_there(
    skipping_client: Client, tmp_path: Path
):
    folder = folder_with(tmp_path / "policy", ('closing_day_wait = "2 seconds"', 'closing_day_wait = "1 hour"'))
    async with running_firm(skipping_client, tmp_path, policy=folder) as firm:
        case = (await confirmed(firm, "ACC-1001", wished_on=str(tomorrow()))).case
        await firm.task("approval", case)
        await declare(firm, systems=["mail"])
        await asked(firm, "ACC-1006")
        await eventually(lambda: report(firm).suspended == 1, "the other one")
        assert line(firm, case) is None
        await approve(firm, "song.jia")
        await suspended(firm, case, "closure-ACC-1006")


async def test_whoever_has_two_cases_is_told_once_that_they_stand_and_once_that_they_go_on(firm: Firm):
    cases = [await asked(firm, account) for account in ("ACC-1004", "ACC-1005")]
    await declare(firm)
    await suspended(firm, *cases)
    await end(firm)
    found = await over(firm)
    assert (found.resumed, found.told) == (2, 1)
    await eventually(lambda: told(firm, "disruption_over", *cases), "the word that they go on")
    assert (told(firm, "outage", *cases), told(firm, "disruption_over", *cases)) == (1, 1)
    (word,) = (text for text in firm.texts() if "新的预计办结日期（" in text)
    assert "1004: " in word
    assert "1005: " in word


# ---- while it lasts ----------------------------------------------------------------------------


async def test_the_clocks_of_a_suspended_case_stand(slow: Firm):
    case = (await confirmed(slow, "ACC-1001")).case
    task = await slow.task("approval", case)
    due, expected = slow.line(task).due, slow.show(case).expected_by
    await declare(slow)
    await suspended(slow, case)
    await slow.pass_time(30 * MINUTE)
    await end(slow)
    await over(slow)
    await eventually(lambda: slow.line(task).due >= due + 30 * MINUTE, "the task to be reckoned again")
    assert slow.show(case).expected_by >= expected + 30 * MINUTE


async def test_it_may_be_withdrawn_while_it_is_suspended_and_the_disruption_counts_it_as_ended(firm: Firm):
    case = await asked(firm, "ACC-1001")
    await declare(firm)
    await suspended(firm, case)
    await firm.withdraw(case, "customer")
    outcome = await firm.outcome(case)
    assert outcome.outcome == "withdrawn"
    assert not assert_ended_well(firm, outcome, status="active", balance="1234.56").held
    await end(firm)
    found = await over(firm)
    assert [each.stand for each in found.cases] == [DisruptionStand.ENDED]
    assert (found.suspended, found.resumed) == (1, 0)
    assert told(firm, "disruption_over", case) == 0


async def test_two_at_once_and_the_case_goes_on_when_the_last_is_over(firm: Firm):
    case = await asked(firm, "ACC-1001")
    await declare(firm)
    await declare(firm, **FLOOD)
    await suspended(firm, case)
    await suspended(firm, case, reference="FLOOD-1")
    await end(firm)
    await over(firm)
    await firm.answer(await firm.task("confirm_contact", case), "confirm")
    assert firm.show(case).held
    with pytest.raises(AssertionError, match="waited"):
        await firm.task("approval", case, seconds=1)
    assert told(firm, "disruption_over", case) == 0
    await end(firm, "FLOOD-1")
    await firm.task("approval", case)
    assert not firm.show(case).held
    await eventually(lambda: told(firm, "disruption_over", case), "the word that it goes on")
    assert [told(firm, name, case) for name in ("outage", "disruption", "disruption_over")] == [1, 1, 1]


async def test_staff_who_resume_a_case_do_not_end_its_suspension_nor_the_other_way_round(firm: Firm):
    case = await asked(firm, "ACC-1001")
    await hold(firm, case)
    await declare(firm)
    await suspended(firm, case)
    await go_on(firm, case)
    assert firm.show(case).held
    await hold(firm, case)
    await end(firm)
    await over(firm)
    assert firm.show(case).held
    await firm.answer(await firm.task("confirm_contact", case), "confirm")
    await go_on(firm, case)
    await firm.task("approval", case)
    await eventually(lambda: told(firm, "disruption_over", case), "the word that it goes on")


async def test_it_comes_while_a_complaint_is_dealt_with_which_goes_on_afterwards(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await firm.task("approval")
    await happens(firm, receipt.case, FindingKind.CUSTOMER_COMPLAINT, detail="waited at the counter")
    complaint = await firm.task("customer_complaint")
    await declare(firm)
    await suspended(firm, receipt.case)
    assert (await firm.decide(complaint, "agreed", "chen.jie", reason="said sorry")).done
    await end(firm)
    await over(firm)
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert set(firm.found(receipt.case).values()) == {"cleared"}


async def test_a_fault_in_a_case_that_an_outage_suspends_brings_no_second_apology_and_no_second_plan(firm: Firm):
    case = await asked(firm, "ACC-1001")
    await declare(firm)
    await suspended(firm, case)
    await happens(firm, case, FindingKind.SYSTEM_FAULT, by="wu.gang")
    fault = await firm.task("system_fault", case)
    assert (await firm.decide(fault, "fixed", "wu.gang", reason=FULL)).done
    await end(firm)
    await over(firm)
    assert (told(firm, "apology", case), told(firm, "outage", case)) == (0, 1)
    assert firm.open_task("plan_assess", case) is None


async def test_a_case_told_twice_is_suspended_once_and_is_not_let_go_as_long_as_it_lasts(firm: Firm):
    case, other = await asked(firm, "ACC-1001"), await noticed(firm)
    await declare(firm, systems=["screening"])
    await suspended(firm, case)
    assert {(await by_hand(firm, case, "suspend")).stand for _ in range(3)} == {DisruptionStand.SUSPENDED}
    assert (await by_hand(firm, other, "suspend")).stand is DisruptionStand.UNTOUCHED
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await by_hand(firm, case, "let_go")
    refusal = refusal_of(failure.value)
    assert refusal
    assert refusal.code is Code.NOT_ALLOWED
    await end(firm)
    await over(firm)
    assert (await by_hand(firm, case, "let_go")).stand is DisruptionStand.RESUMED
    assert (await by_hand(firm, case, "suspend")).stand is DisruptionStand.RESUMED
    links = [link.what for link in firm.show(case).trail]
    assert [links.count(f"{word}: system_fault:{OUTAGE}") for word in ("suspended", "let go")] == [1, 1]


# ---- the end -----------------------------------------------------------------------------------


async def test_cases_go_on_in_the_order_in_which_they_are_due_and_no_more_in_a_minute_than_the_policy_says(slow: Firm):
    cases = [await asked(slow, account) for account in ("ACC-1008", "ACC-1001", "ACC-1006")]
    await declare(slow)
    await suspended(slow, *cases)
    await end(slow)
    await slow.pass_time(5 * MINUTE)
    found = await over(slow)
    assert [each.case for each in found.cases] == cases
    moments = [each.resumed_at for each in found.cases if each.resumed_at]
    assert len(moments) == len(cases)
    assert all(later - earlier >= MINUTE for earlier, later in pairwise(moments))


async def test_more_time_that_is_rejected_moves_no_day_and_cases_go_on(firm: Firm):
    case = await asked(firm, "ACC-1001")
    expected = firm.show(case).expected_by
    await declare(firm)
    await suspended(firm, case)
    await end(firm, days=2)
    await rule(firm, approve=False)
    assert (await over(firm)).granted is False
    assert firm.show(case).expected_by < expected + timedelta(days=1)


async def test_the_cause_of_an_outage_goes_onto_the_training_list_once(firm: Firm):
    cases = [await asked(firm, account) for account in ("ACC-1001", "ACC-1006")]
    await declare(firm)
    await suspended(firm, *cases)
    await end(firm)
    await over(firm)
    with firm.world.database.reading() as session:
        (lesson,) = session.exec(select(TrainingRow))
    assert (lesson.dossier, lesson.kind, lesson.words) == (disruption_id(OUTAGE), "system_fault", FULL)


# ---- the plan and who may ----------------------------------------------------------------------


async def test_the_plan_is_started_once_and_signed_by_its_owner_or_a_deputy(firm: Firm):
    await asked(firm, "ACC-1001")
    declared = await declare(firm, **FLOOD)
    assert declared.steps == ("branch_safe", "other_branch")
    await eventually(lambda: sum("FLOOD-1" in str(mail["Subject"]) for mail in firm.mail.messages()) == 2, "the mails")
    to = {str(mail["To"]) for mail in firm.mail.messages() if "FLOOD-1" in str(mail["Subject"])}
    assert any("huang.lei" in each for each in to)
    with pytest.raises(Refused) as refusal:
        await sign(firm, "branch_safe", "wu.gang", "FLOOD-1")
    assert refusal.value.code is Code.FORBIDDEN
    await sign(firm, "branch_safe", "zhou.ying", "FLOOD-1")
    await sign(firm, "other_branch", "li.wei", "FLOOD-1")
    for step, code in (("branch_safe", Code.ALREADY_DECIDED), ("nothing", Code.NOT_FOUND)):
        with pytest.raises(Refused) as refusal:
            await sign(firm, step, "huang.lei", "FLOOD-1")
        assert refusal.value.code is code
    assert [(step.step, step.done_by) for step in report(firm, "FLOOD-1").steps] == [
        ("branch_safe", "zhou.ying"),
        ("other_branch", "li.wei"),
    ]


@pytest.mark.parametrize(
    ("by", "scope", "code"),
    [
        ("li.wei", {}, Code.FORBIDDEN),
        ("customer", {}, Code.FORBIDDEN),
        ("huang.lei", {"systems": ["boooks"], "branches": ["nowhere"], "regions": ["nowhere"]}, Code.BAD_INPUT),
    ],
)
async def test_only_who_may_declares_what_there_is(firm: Firm, by: str, scope: dict[str, list[str]], code: Code):
    with pytest.raises(Refused) as refusal:
        await declare(firm, by, **scope)
    assert (refusal.value.code, len(refusal.value.faults)) == (code, len(scope))
    with pytest.raises(Refused, match="was not declared"):
        report(firm)


async def test_the_same_declaration_is_the_same_disruption_and_one_that_is_over_is_not_begun_again(firm: Firm):
    first = await declare(firm)
    assert await desk(firm).declare(declaration(firm)) == first
    with pytest.raises(Refused) as other:
        await declare(firm, detail="something else")
    assert other.value.code is Code.MISMATCH
    await end(firm)
    await over(firm)
    await firm.client.get_workflow_handle(disruption_id(OUTAGE)).result()
    with pytest.raises(Refused) as again:
        await declare(firm)
    assert again.value.code is Code.ALREADY_ENDED
    with pytest.raises(Refused) as ended:
        await end(firm)
    assert ended.value.code is Code.NOT_FOUND


async def test_a_disruption_that_an_operator_stopped_goes_on_when_it_is_declared_again(firm: Firm):
    case = await asked(firm, "ACC-1001")
    await declare(firm)
    await suspended(firm, case)
    await firm.client.get_workflow_handle(disruption_id(OUTAGE)).terminate("by mistake")
    await declare(firm)
    await end(firm)
    assert (await over(firm)).resumed == 1
