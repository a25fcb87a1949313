"""制度变更: a policy is published, approved, and answered by every open case that it touches, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowUpdateFailedError

from contracts.refusals import Code, Refused, refusal_of
from contracts.rollout import CaseImpact, Look, PolicyAnswer, PolicyNotice, PolicyStand, RolloutReport, RolloutState
from contracts.tasks import TaskState
from policy_client import rollout_id
from records.tables import CaseRow
from tests.faults.edges import RefusingRail
from tests.support.course import approve, confirmed, go_on, hold
from tests.support.firm import Firm, eventually, firm_without_worker, running_firm
from tests.support.policies import (
    ANOTHER_LINE,
    EVERYBODY_CONFIRMS,
    PATIENT,
    VERSION,
    desk,
    folder_with,
    publish,
    report,
    rule,
    ruling,
    tomorrow,
    variant,
)
from worker import build

NEW = "2027-rehearsal"
SLOW = (PATIENT, ('"30 seconds"', '"30 days"'))
TWICE_APPROVED = ("needed = 1\n", "needed = 2\n")
TWO_DAYS = timedelta(days=2)


@pytest.fixture
async def firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm whose customers take their time, so that days may pass."""
    async with running_firm(skipping_client, tmp_path, policy=folder_with(tmp_path / "policy", *SLOW)) as ready:
        yield ready


def new_policy(*rules: tuple[str, str], more: str = "", version: str = NEW) -> str:
    """A policy that takes effect tomorrow."""
    return variant(version, *SLOW, *rules, effective=tomorrow(), more=more)


async def rolled_out(firm: Firm, text: str, version: str = NEW) -> RolloutReport:
    """The report after the rollout of a policy, two days later."""
    await publish(firm, version, text)
    await rule(firm, version)
    await firm.pass_time(TWO_DAYS)
    return await done(firm, version)


async def done(firm: Firm, version: str = NEW) -> RolloutReport:
    """The report, as soon as every case has answered."""
    await eventually(lambda: report(firm, version).state is RolloutState.DONE, "the end of the rollout")
    return report(firm, version)


async def at_approval(firm: Firm, account: str = "ACC-1001") -> str:
    case = (await confirmed(firm, account)).case
    await firm.task("approval", case)
    return case


async def by_the_firm(firm: Firm, account: str = "ACC-1003") -> str:
    """A closure that no customer asked for; the customer may still object."""
    case = (await firm.open(account, initiator="firm")).case
    await firm.task("closure_notice", case)
    return case


def line(found: RolloutReport, case: str) -> CaseImpact:
    return next(each for each in found.cases if each.case == case)


def steps(firm: Firm, case: str) -> list[str]:
    return [link.what for link in firm.show(case).trail]


async def notify(firm: Firm, case: str, version: str = NEW) -> PolicyAnswer:
    """Ask a case by hand, past the rollout."""
    notice = PolicyNotice(version=version)
    return PolicyAnswer.model_validate(
        await firm.handle(case).execute_update("new_policy", notice, result_type=PolicyAnswer)
    )


# ---- the version -------------------------------------------------------------------------------


async def test_a_policy_is_in_force_only_when_a_manager_has_approved_it_and_its_day_has_come(firm: Firm):
    policies = firm.world.policies
    proposed = await publish(firm, NEW, new_policy())
    assert (proposed.state, proposed.by) == (RolloutState.PROPOSED, "lin.tao")
    assert policies.in_force_on(tomorrow()).version == VERSION
    noted = await rule(firm, NEW)
    assert noted.by == "david.chen"
    assert policies.in_force_on(tomorrow() - timedelta(days=1)).version == VERSION
    assert policies.in_force_on(tomorrow()).version == NEW
    await firm.pass_time(TWO_DAYS)
    await done(firm)
    assert firm.show((await firm.open()).case).policy == NEW


async def test_a_rejected_policy_never_counts_and_may_be_proposed_again(firm: Firm):
    await publish(firm, NEW, new_policy())
    await rule(firm, NEW, approve=False, reason="not before the audit")
    await firm.client.get_workflow_handle(rollout_id(NEW)).result()
    assert (report(firm, NEW).state, report(firm, NEW).reason) == (RolloutState.REJECTED, "not before the audit")
    assert firm.world.policies.versions() == (VERSION,)
    assert (await publish(firm, NEW, new_policy(), by="sun.li")).state is RolloutState.PROPOSED
    assert (report(firm, NEW).proposed_by, report(firm, NEW).decided_by) == ("sun.li", "")


@pytest.mark.parametrize(
    ("by", "code"), [("li.wei", Code.FORBIDDEN), ("song.jia", Code.FORBIDDEN), ("customer", Code.FORBIDDEN)]
)
async def test_only_compliance_legal_or_a_manager_proposes(firm: Firm, by: str, code: Code):
    with pytest.raises(Refused) as refusal:
        await publish(firm, NEW, new_policy(), by=by)
    assert refusal.value.code is code
    with pytest.raises(Refused, match="was not published"):
        report(firm, NEW)


@pytest.mark.parametrize(
    ("by", "approves", "reason", "code"),
    [
        ("lin.tao", True, "", Code.FORBIDDEN),
        ("song.jia", True, "", Code.FORBIDDEN),
        ("david.chen", True, "", Code.FOUR_EYES),
        ("tian.ye", False, "  ", Code.REASON_MISSING),
    ],
)
async def test_only_a_manager_who_did_not_propose_it_rules_on_a_policy(
    firm: Firm, by: str, approves: bool, reason: str, code: Code
):
    await publish(firm, NEW, new_policy(), by="david.chen")
    with pytest.raises(Refused) as refusal:
        await rule(firm, NEW, approve=approves, by=by, reason=reason)
    assert refusal.value.code is code
    assert report(firm, NEW).state is RolloutState.PROPOSED
    assert (await rule(firm, NEW, by="tian.ye")).by == "tian.ye"


async def test_a_ruling_sent_twice_is_one_and_a_second_one_or_a_used_token_is_refused(firm: Firm):
    await publish(firm, NEW, new_policy())
    first = ruling(firm, NEW, approve=True, by="david.chen")
    noted = await desk(firm).rule(first)
    assert await desk(firm).rule(first.model_copy(update={"token": firm.tokens.mint("david.chen")})) == noted
    with pytest.raises(Refused, match=r"already approved, by david\.chen"):
        await rule(firm, NEW, approve=False, by="tian.ye", reason="too late")
    await publish(firm, "2028-rehearsal", new_policy(version="2028-rehearsal"))
    with pytest.raises(Refused) as refusal:
        await desk(firm).rule(first.model_copy(update={"decision_id": "P-x", "version": "2028-rehearsal"}))
    assert refusal.value.code is Code.UNAUTHENTICATED


async def test_the_same_policy_again_is_the_same_rollout_and_other_content_is_a_mismatch(firm: Firm):
    first = await publish(firm, NEW, new_policy())
    assert await publish(firm, NEW, new_policy(), by="sun.li") == first
    for version, text in ((NEW, new_policy(("rounds = 5", "rounds = 4"))), (VERSION, variant(VERSION, more="# other"))):
        with pytest.raises(Refused) as refusal:
            await publish(firm, version, text)
        assert refusal.value.code is Code.MISMATCH


async def test_a_policy_that_cannot_be_used_is_refused_with_every_fault(firm: Firm):
    with pytest.raises(Refused) as refusal:
        await publish(
            firm, NEW, new_policy(('ladder = "complaint"', 'ladder = "no"'), ('ladder = "authority"', 'ladder = "no"'))
        )
    assert len(refusal.value.faults) == 3
    assert {fault.path for fault in refusal.value.faults} >= {"findings.customer_complaint", "findings.account_frozen"}


# ---- the cases ---------------------------------------------------------------------------------


async def test_each_open_case_that_the_policy_touches_answers_and_looks_again_at_what_is_touched_only(firm: Firm):
    asked, other = await at_approval(firm), await by_the_firm(firm)
    await publish(firm, NEW, new_policy(more=ANOTHER_LINE))
    planned = report(firm, NEW)
    assert (planned.touched, planned.answered, len(planned.cases)) == (1, 0, 2)
    assert (line(planned, asked).stand, line(planned, asked).added) == ("review_again", (Look.ATTEST_CHECKLIST,))
    assert (line(planned, other).stand, line(planned, other).touched) == ("keep", False)
    await rule(firm, NEW)
    await firm.pass_time(TWO_DAYS)
    found = await done(firm)
    assert (found.touched, found.answered, len(found.cases)) == (1, 1, 2)
    assert (firm.show(asked).policy, firm.show(other).policy) == (NEW, VERSION)
    await approve(firm, "song.jia")
    await firm.decide(await firm.task("attest_closing_talk", asked), "attested", "li.wei")
    await firm.answer(await firm.task("closing_statement", asked), "received")
    assert (await firm.outcome(asked)).policy == NEW
    assert sum(what.startswith("compliance, round") for what in steps(firm, asked)) == 1
    assert steps(firm, asked).count(f"policy {NEW}: review_again") == 1


async def test_a_case_that_keeps_its_policy_finds_no_regulation_change_when_compliance_looks(firm: Firm):
    case = await by_the_firm(firm)
    await rolled_out(firm, new_policy(more=ANOTHER_LINE))
    await firm.answer(await firm.task("closure_notice", case), "agree")
    await firm.task("approval", case)
    assert firm.found(case) == {}
    assert firm.show(case).policy == VERSION


async def test_a_case_that_was_not_there_yet_meets_the_new_rules_when_it_comes_there_and_once(firm: Firm):
    case = (await firm.open()).case
    await firm.task("confirm_contact", case)
    found = await rolled_out(firm, new_policy(TWICE_APPROVED, more=ANOTHER_LINE))
    assert (line(found, case).stand, line(found, case).looks, line(found, case).added) == ("review_again", (), ())
    await firm.answer(await firm.task("confirm_contact", case), "confirm")
    await firm.decide(await firm.task("attest_closing_talk", case), "attested", "li.wei")
    await approve(firm, "song.jia", "luo.hao")
    await firm.answer(await firm.task("closing_statement", case), "received")
    assert (await firm.outcome(case)).outcome == "closed"
    assert [task.name for task in firm.show(case).tasks].count("approval") == 1


async def test_an_approval_that_is_asked_for_under_the_old_rule_is_asked_for_anew_under_the_new_one(firm: Firm):
    case = await at_approval(firm)
    first = await firm.task("approval", case)
    found = await rolled_out(firm, new_policy(TWICE_APPROVED))
    assert line(found, case).looks == (Look.APPROVAL,)
    second = await eventually(lambda: other_than(firm, first, case), "the second approval")
    assert firm.line(first).state is TaskState.WITHDRAWN
    with pytest.raises(Refused, match="no longer open"):
        await firm.decide(first, "approve", "song.jia")
    assert (await firm.decide(second, "approve", "song.jia")).done is False
    assert (await firm.decide(second, "approve", "luo.hao")).done is True
    await firm.answer(await firm.task("closing_statement", case), "received")
    assert (await firm.outcome(case)).outcome == "closed"


def other_than(firm: Firm, task: str, case: str) -> str | None:
    now = firm.open_task("approval", case)
    return now if now != task else None


async def test_a_step_that_no_rule_asked_for_before_is_added_to_a_case_that_is_beyond_its_place(firm: Firm):
    case = await by_the_firm(firm)
    found = await rolled_out(firm, new_policy(EVERYBODY_CONFIRMS))
    assert line(found, case).added == (Look.CONFIRM_CONTACT,)
    await firm.answer(await firm.task("closure_notice", case), "agree")
    await firm.answer(await firm.task("confirm_contact", case), "confirm")
    await firm.task("approval", case)


async def test_a_case_whose_money_moves_keeps_its_policy(skipping_client: Client, tmp_path: Path):
    folder = folder_with(tmp_path / "policy", *SLOW)
    async with firm_without_worker(skipping_client, tmp_path, policy=folder) as firm:
        firm.world.rail = RefusingRail(firm.world.rail)
        async with build(skipping_client, firm.world, task_queue=firm.task_queue):
            case = await at_approval(firm)
            await approve(firm, "song.jia")
            fault = await firm.task("payout_failed", case)
            await publish(firm, NEW, new_policy(more=ANOTHER_LINE))
            assert line(report(firm, NEW), case).touched is False
            await rule(firm, NEW)
            await firm.pass_time(TWO_DAYS)
            await done(firm)
            assert (await notify(firm, case)).stand is PolicyStand.KEEP
            await firm.decide(fault, "fixed", "wang.fang")
            await firm.answer(await firm.task("closing_statement", case), "received")
            assert (await firm.outcome(case)).policy == VERSION


async def test_a_case_asked_twice_answers_once_and_the_same(firm: Firm):
    case = await at_approval(firm)
    await rolled_out(firm, new_policy(more=ANOTHER_LINE))
    answers = [await notify(firm, case) for _ in range(3)]
    assert {answer.stand for answer in answers} == {PolicyStand.REVIEW_AGAIN}
    assert steps(firm, case).count(f"policy {NEW}: review_again") == 1
    await approve(firm, "song.jia")
    await firm.decide(await firm.task("attest_closing_talk", case), "attested", "li.wei")
    await firm.answer(await firm.task("closing_statement", case), "received")
    assert (await firm.outcome(case)).outcome == "closed"
    assert [task.name for task in firm.show(case).tasks].count("attest_closing_talk") == 1


async def test_a_paused_case_answers_too_and_looks_again_when_it_goes_on(firm: Firm):
    case = await at_approval(firm)
    await hold(firm, case)
    found = await rolled_out(firm, new_policy(more=ANOTHER_LINE))
    assert (found.touched, found.answered) == (1, 1)
    await go_on(firm, case)
    await approve(firm, "song.jia")
    await firm.task("attest_closing_talk", case)


async def test_a_case_that_an_operator_stopped_counts_as_ended(firm: Firm):
    case = await at_approval(firm)
    await publish(firm, NEW, variant(NEW, *SLOW, effective=date(2026, 11, 2), more=ANOTHER_LINE))
    await firm.handle(case).terminate("by mistake")
    await rule(firm, NEW)
    assert line(await done(firm), case).stand is PolicyStand.ENDED


async def test_a_case_that_does_not_answer_keeps_no_other_from_it_and_is_asked_again(real_firm: Firm):
    firm = real_firm
    case, dumb = await at_approval(firm), "closure-ACC-1003"
    await firm.client.start_workflow("AccountClosure", "nobody runs it", id=dumb, task_queue="nobody")
    firm.mend(lambda session: session.add(copied(session.get_one(CaseRow, f"{case}.1"), dumb)))
    await publish(firm, NEW, variant(NEW, *SLOW, effective=date(2026, 11, 2), more=ANOTHER_LINE))
    await rule(firm, NEW)
    await eventually(lambda: report(firm, NEW).answered == 1, "the answer of the one that can")
    assert (line(report(firm, NEW), case).answered, line(report(firm, NEW), dumb).answered) == (True, False)
    await the_next_round_waits(firm)
    await firm.handle(dumb).terminate("nobody runs it")
    found = await done(firm)
    assert (found.touched, found.answered, line(found, dumb).stand) == (2, 2, PolicyStand.ENDED)


async def the_next_round_waits(firm: Firm) -> None:
    """All were asked once, and not all have answered."""
    async with asyncio.timeout(30):
        while EventType.EVENT_TYPE_TIMER_STARTED not in await events(firm):  # noqa: ASYNC110  Temporal tells nobody
            await asyncio.sleep(0.2)


async def nothing_runs(firm: Firm) -> None:
    """The mails of the rollout are out, and it waits for its day."""
    rests = {EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, EventType.EVENT_TYPE_TIMER_STARTED}
    handle, waits = firm.handle(rollout_id(NEW)), False
    while not waits:
        running = (await handle.describe()).raw_description.pending_activities
        seen = [event.event_type for event in (await handle.fetch_history()).events]
        waits = EventType.EVENT_TYPE_TIMER_STARTED in seen and seen[-1] in rests and not running


async def events(firm: Firm) -> set[int]:
    history = await firm.handle(rollout_id(NEW)).fetch_history()
    return {event.event_type for event in history.events}


def copied(row: CaseRow, case: str) -> CaseRow:
    """A case of that name which stands as another one does."""
    other = {"dossier": f"{case}.1", "case_id": case, "request_id": f"REQ-{case}", "account": "ACC-1003"}
    return CaseRow(**row.model_dump() | other)


async def test_a_rollout_that_an_operator_stopped_goes_on_when_the_policy_is_published_again(firm: Firm):
    case = await at_approval(firm)
    await publish(firm, NEW, new_policy(more=ANOTHER_LINE))
    await rule(firm, NEW)
    rollout = firm.handle(rollout_id(NEW))
    await nothing_runs(firm)  # the server skips no time any more when an activity loses its workflow
    await rollout.terminate("by mistake")
    await firm.pass_time(TWO_DAYS)
    assert report(firm, NEW).answered == 0
    assert (await publish(firm, NEW, new_policy(more=ANOTHER_LINE))).state is RolloutState.APPROVED
    assert line(await done(firm), case).answered


@pytest.mark.parametrize("approved", [False, True], ids=["not approved", "not its day yet"])
async def test_a_case_does_not_take_a_policy_that_is_not_in_force(firm: Firm, approved: bool):
    case = await at_approval(firm)
    await publish(firm, NEW, new_policy(TWICE_APPROVED))
    if approved:
        await rule(firm, NEW)
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await notify(firm, case)
    refusal = refusal_of(failure.value)
    assert refusal
    assert refusal.code is (Code.NOT_ALLOWED if approved else Code.NOT_FOUND)
    assert firm.show(case).policy == VERSION


async def test_nothing_is_ruled_on_that_nobody_published(firm: Firm):
    with pytest.raises(Refused) as refusal:
        await rule(firm, "2099")
    assert refusal.value.code is Code.NOT_FOUND


async def test_an_expired_policy_opens_no_case_and_a_new_one_opens_it_again(skipping_client: Client, tmp_path: Path):
    yesterday = tomorrow() - timedelta(days=2)
    folder = folder_with(
        tmp_path / "policy", ("effective = 2026-11-01", f"effective = 2026-11-01\nexpires = {yesterday}")
    )
    async with running_firm(skipping_client, tmp_path, policy=folder) as firm:
        with pytest.raises(Refused, match=f"expired on {yesterday}; publish a new one") as refusal:
            await firm.open()
        assert refusal.value.code is Code.NOT_ALLOWED
        await publish(firm, NEW, variant(NEW))
        await rule(firm, NEW)
        assert firm.show((await firm.open()).case).policy == NEW
