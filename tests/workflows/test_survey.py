"""满意度调查: asked once after a case, in writing or not at all; somebody else follows up a low score."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from temporalio.client import Client, WorkflowFailureError

from contracts.findings import FindingKind
from contracts.messages import Process, survey_id
from contracts.refusals import Code, Refused, refusal_of
from contracts.requests import CaseOutcome
from contracts.rollout import PolicyAnswer, PolicyNotice, PolicyStand
from contracts.surveys import SurveyRequest
from contracts.tasks import Bounce
from contracts.views import FollowUpLine
from contracts.vocabulary import CaseKind
from records.incident_tables import SurveyRow
from tests.faults.test_outlasted import NEW, publish_more
from tests.support.course import approve, closes, confirmed, go_on, hold
from tests.support.endings import assert_filed, assert_vouched_for
from tests.support.firm import Firm, eventually, running_firm
from tests.support.happenings import occurrence
from tests.support.moments import letters
from tests.support.policies import folder_with, unhurried
from tests.support.surveys import ADVISER, BAD, CASE, GOOD, SURVEY, exists, retained
from tests.workflows.test_refusal_table import reset_to_before_the_last_update

A_WHILE = timedelta(seconds=10)


@pytest.fixture
async def patient_firm(skipping_client: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm whose customers have days to answer."""
    policy = folder_with(tmp_path / "policy", *unhurried())
    async with running_firm(skipping_client, tmp_path, policy=policy) as ready:
        yield ready


async def closed(firm: Firm, **changes: Any) -> CaseOutcome:
    """ACC-1001, closed without a hitch."""
    receipt = await confirmed(firm, "ACC-1001", **changes)
    await approve(firm, "song.jia")
    return await closes(firm, receipt)


async def retained_with(firm: Firm, contacts: list[dict[str, Any]]) -> None:
    """The same; the customer took it at the counter, and has only these contacts left."""
    await confirmed(firm, "ACC-1001", **ADVISER)
    task = await firm.task("offer")
    await eventually(lambda: letters(firm, CASE, "offer"), "the offer")
    firm.update("customers", "CUS-1001", contacts=contacts)
    await firm.decide(task, "personal_adviser", "li.wei")
    await firm.decide(await firm.task("letter", CASE), "sent", "li.wei")
    await eventually(lambda: exists(firm, SURVEY), "the survey")


async def asked(firm: Firm, survey: str = SURVEY) -> str:
    """The questionnaire, once it is time for it."""
    await eventually(lambda: exists(firm, survey), "the survey")
    await firm.pass_time(A_WHILE)
    return await firm.task("survey", survey)


def kept(firm: Firm, survey: str = SURVEY) -> SurveyRow:
    """What was kept of its answers."""
    with firm.world.database.reading() as session:
        return session.exec(select(SurveyRow).where(SurveyRow.dossier == f"{survey}.1")).one()


def follow_up(firm: Firm) -> FollowUpLine:
    """How the survey stands on the case that it is about."""
    return next(line for line in firm.show(CASE).follow_ups if line.kind == "survey")


async def ended(firm: Firm, survey: str = SURVEY) -> CaseOutcome:
    """How the survey ended: filed, sealed, nothing left open, and staff were bothered with no call and no letter."""
    outcome = await firm.outcome(survey)
    shown = firm.show(survey)
    assert (shown.stage, shown.outcome) == ("filed", outcome.outcome)
    assert {line.kind for line in shown.follow_ups} == {"retention"}
    assert {task.name for task in shown.tasks} <= {"survey", "survey_follow_up"}
    with firm.world.database.transaction() as session:
        assert_vouched_for(session, outcome)
        assert_filed(firm.world.evidence, session, outcome)
    return outcome


async def test_a_customer_whose_account_was_closed_is_asked_later_and_the_answers_are_scored(patient_firm: Firm):
    closure = await closed(patient_firm)
    assert closure.outcome == "closed"
    assert follow_up(patient_firm).done_at is None
    task = await asked(patient_firm)
    (mail,) = letters(patient_firm, SURVEY, "survey")
    assert "result: 您对处理结果是否满意？" in str(mail.get_content())
    await patient_firm.answer(task, "rated", data=GOOD, reason="都很好")
    outcome = await ended(patient_firm)
    assert (outcome.outcome, patient_firm.show(SURVEY).words) == ("answered", "4.33 of 5")
    row = kept(patient_firm)
    assert (row.about, row.version, row.score, row.words) == (f"{CASE}.1", "2026-1", 433, "都很好")
    assert row.answers == '{"manner":"4","result":"4","speed":"5"}'
    assert row.begins_at == follow_up(patient_firm).due
    assert row.sent_at
    assert row.answered_at
    assert row.begins_at <= row.sent_at <= row.answered_at
    scored = next(link for link in patient_firm.show(SURVEY).trail if link.what == "survey scored")
    assert (scored.who, scored.evidence) == ("customer", GOOD | {"version": "2026-1", "mean": "4.33"})
    done = follow_up(patient_firm)
    assert done.words == f"{SURVEY}: answered 4.33 of 5"
    assert done.done_at
    assert not [task for task in patient_firm.show(SURVEY).tasks if task.name == "survey_follow_up"]


async def test_a_low_score_is_followed_up_by_somebody_whose_work_it_is_not_about(patient_firm: Firm):
    receipt = await patient_firm.open("ACC-1001")
    await patient_firm.decide(await patient_firm.task("confirm_contact"), "confirm", "li.wei")  # noted at the counter
    await approve(patient_firm, "song.jia")
    await closes(patient_firm, receipt)
    await patient_firm.answer(await asked(patient_firm), "rated", data=BAD, reason="等得太久")
    task = await patient_firm.task("survey_follow_up", SURVEY)
    assert patient_firm.show(SURVEY).stage == "follow_up"
    with pytest.raises(Refused) as own_work:
        await patient_firm.decide(task, "followed_up", "li.wei", reason="called")
    assert own_work.value.code is Code.FOUR_EYES
    with pytest.raises(Refused) as silent:
        await patient_firm.decide(task, "followed_up", "chen.jie")
    assert silent.value.code is Code.REASON_MISSING
    await patient_firm.decide(task, "followed_up", "chen.jie", reason="called, explained, apologised")
    assert (await ended(patient_firm)).outcome == "answered"
    assert (kept(patient_firm).score, kept(patient_firm).followed_up_by) == (200, "chen.jie")


async def test_a_customer_who_stays_silent_is_reminded_twice_and_then_left_alone(firm: Firm):
    await retained(firm)
    await asked(firm)
    assert (await ended(firm)).outcome == "expired"
    sent = [contact.template for contact in firm.show(SURVEY).contacts]
    assert sent == ["survey", "reminder", "last_reminder"]
    assert (kept(firm).score, kept(firm).answered_at) == (None, None)
    assert follow_up(firm).words == f"{SURVEY}: expired"


async def test_a_customer_who_declines_is_not_asked_again(patient_firm: Firm):
    await retained(patient_firm)
    await patient_firm.answer(await asked(patient_firm), "decline")
    assert (await ended(patient_firm)).outcome == "withdrawn"
    assert [contact.template for contact in patient_firm.show(SURVEY).contacts] == ["survey"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD | {"speed": "6"}, "The decision 'rated' needs data.speed: 1, 2, 3, 4, 5."),
        (GOOD | {"speed": 4}, "The decision 'rated' needs data.speed: 1, 2, 3, 4, 5."),
        ({"result": "4", "speed": "4"}, "The decision 'rated' needs data.manner: 1, 2, 3, 4, 5."),
        (GOOD | {"price": "1"}, "The decision 'rated' takes no data of the name price."),
    ],
)
async def test_an_answer_that_does_not_fit_the_questionnaire_is_refused_in_one_sentence(
    patient_firm: Firm, data: dict[str, Any], words: str
):
    await retained(patient_firm)
    task = await asked(patient_firm)
    with pytest.raises(Refused) as refused:
        await patient_firm.answer(task, "rated", data=data)
    assert (refused.value.code, refused.value.sentence) == (Code.BAD_INPUT, words)
    await patient_firm.answer(task, "rated", data=GOOD)  # the code is still good
    assert (await ended(patient_firm)).outcome == "answered"


@pytest.mark.parametrize("contacts", [[], [{"channel": "phone", "address": "+862112345678", "verified": True}]])
async def test_a_customer_whom_nothing_written_reaches_is_neither_telephoned_nor_sent_a_letter(
    patient_firm: Firm, contacts: list[dict[str, Any]]
):
    await retained_with(patient_firm, contacts)
    assert (await ended(patient_firm)).outcome == "expired"
    assert [task.state for task in patient_firm.show(SURVEY).tasks] == ["withdrawn"]
    assert kept(patient_firm).sent_at is None
    assert patient_firm.show(SURVEY).words == "no written channel reaches the customer"


async def test_a_questionnaire_that_comes_back_goes_out_on_the_next_written_channel(patient_firm: Firm):
    mobile = {"channel": "sms", "address": "+8613800138000", "verified": True}
    desk = {"channel": "phone", "address": "+862112345678", "verified": True, "preferred": True}
    mail = {"channel": "email", "address": "nobody@refused.example.com", "verified": True}
    await retained_with(patient_firm, [desk, mail, mobile])
    task = await asked(patient_firm)
    bounce = str(letters(patient_firm, SURVEY, "survey")[0]["Message-ID"])
    await patient_firm.quietus.bounced(SURVEY, Bounce(message_id=bounce, reason="5.1.1"))
    await patient_firm.pass_time(timedelta(hours=12))  # no text messages at night
    await eventually(lambda: len(patient_firm.show(SURVEY).contacts) == 2, "the next channel")
    assert [contact.medium for contact in patient_firm.show(SURVEY).contacts] == ["email", "sms"]
    await patient_firm.decide(task, "rated", "li.wei", data=GOOD)  # what the customer said
    assert (await ended(patient_firm)).outcome == "answered"


async def test_two_closures_of_an_account_in_a_row_are_asked_about_one_by_one(patient_firm: Firm):
    await retained(patient_firm)
    first = await asked(patient_firm)
    assert (await closed(patient_firm)).dossier == f"{CASE}.2"
    second = await asked(patient_firm, survey_id(f"{CASE}.2"))
    await patient_firm.answer(second, "rated", data=GOOD)
    await ended(patient_firm, survey_id(f"{CASE}.2"))
    await patient_firm.answer(first, "rated", data=BAD)
    await patient_firm.decide(
        await patient_firm.task("survey_follow_up", SURVEY), "followed_up", "li.wei", reason="called"
    )
    await ended(patient_firm)
    assert [kept(patient_firm, survey_id(f"{CASE}.{n}")).score for n in (1, 2)] == [200, 433]


@pytest.mark.parametrize(
    "changes", [{"reason": {"code": "deceased"}}, {"initiator": "firm", "reason": {"code": "agreement_ended"}}]
)
async def test_nobody_is_asked_about_the_account_of_somebody_who_died_or_whom_the_firm_left(
    firm: Firm, changes: dict[str, Any]
):
    receipt = await firm.open("ACC-1001", **changes)
    if "initiator" not in changes:
        await firm.answer(await firm.task("confirm_contact"), "confirm")
    else:
        await firm.answer(await firm.task("closure_notice"), "agree")
    await approve(firm, "song.jia")
    assert (await closes(firm, receipt)).outcome == "closed"
    assert {line.kind for line in firm.show(CASE).follow_ups} == {"call_back", "retention"}
    assert firm.casebook.cases(kind=CaseKind.SURVEY) == []


async def test_a_customer_who_left_the_closure_is_not_asked_about_it(firm: Firm):
    await confirmed(firm, "ACC-1001")
    await firm.withdraw(CASE, "li.wei")
    assert (await firm.outcome(CASE)).outcome == "withdrawn"
    assert "survey" not in {line.kind for line in firm.show(CASE).follow_ups}
    assert firm.casebook.cases(kind=CaseKind.SURVEY) == []


async def test_a_dossier_is_asked_about_once_whoever_starts_it_again(patient_firm: Firm):
    await retained(patient_firm)
    await patient_firm.answer(await asked(patient_firm), "decline")
    await ended(patient_firm)
    for about, words in ((f"{CASE}.1", "it ended as withdrawn"), (f"{CASE}.7", "There is no case")):
        start = SurveyRequest(about=about)
        handle = await patient_firm.client.start_workflow(
            Process.SURVEY, start, id=survey_id(about), task_queue=patient_firm.task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        refusal = refusal_of(failed.value)
        assert refusal
        assert words in refusal.sentence
    assert len(patient_firm.casebook.cases(kind=CaseKind.SURVEY)) == 1


async def test_a_survey_keeps_the_questionnaire_that_it_was_sent_with_whatever_policy_comes(patient_firm: Firm):
    await retained(patient_firm)
    task = await asked(patient_firm)
    publish_more(patient_firm)
    answer: PolicyAnswer = await patient_firm.handle(SURVEY).execute_update(
        "new_policy", PolicyNotice(version=NEW), result_type=PolicyAnswer
    )
    assert answer.stand is PolicyStand.KEEP
    await patient_firm.answer(task, "rated", data=GOOD)
    assert (await ended(patient_firm)).policy == patient_firm.show(CASE).policy


async def test_a_survey_takes_answers_only(patient_firm: Firm):
    await retained(patient_firm)
    task = await asked(patient_firm)
    said = occurrence(patient_firm, FindingKind.CUSTOMER_COMPLAINT, "customer", detail="too slow")
    with pytest.raises(Refused) as refused:
        await patient_firm.quietus.happened(SURVEY, said)
    assert refused.value.code is Code.NOT_ALLOWED
    await hold(patient_firm, SURVEY)
    await go_on(patient_firm, SURVEY)
    await patient_firm.answer(task, "rated", data=GOOD)
    assert (await ended(patient_firm)).outcome == "answered"


async def test_a_closure_that_is_reset_after_its_end_starts_no_second_survey(real_firm: Firm):
    await closed(real_firm)
    await eventually(lambda: exists(real_firm) and letters(real_firm, SURVEY, "survey"), "the questionnaire")
    await reset_to_before_the_last_update(real_firm)
    assert (await real_firm.outcome(CASE)).outcome == "closed"
    await real_firm.answer(await real_firm.task("survey", SURVEY), "rated", data=GOOD)
    assert (await real_firm.outcome(SURVEY)).outcome == "answered"
    assert len(real_firm.casebook.cases(kind=CaseKind.SURVEY)) == 1
    assert len(letters(real_firm, SURVEY, "survey")) == 1
    listed = {each.case: each.outcome async for each in real_firm.quietus.outcomes()}
    assert listed == {CASE: "closed", SURVEY: "answered"}
