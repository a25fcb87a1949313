"""An incident from the report to the call-back: each way that it can go."""

from datetime import timedelta

import pytest

from contracts.messages import survey_id
from contracts.refusals import Code, Refused
from contracts.vocabulary import Outcome, Stage
from tests.support.firm import Firm, eventually
from tests.support.incidents import a_report, handled, incident, reported, says


async def test_an_incident_is_classified_handled_confirmed_called_back_and_filed(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    await handled(firm, case)
    await says(firm, case, "incident_solved", "solved")
    await firm.pass_time(timedelta(days=1))
    await says(firm, case, "call_back", "solved")
    outcome = await firm.outcome(case)
    assert outcome.outcome == Outcome.SOLVED
    shown = firm.show(case)
    assert (shown.stage, shown.trail[-1].what) == (Stage.FILED, "case ended: solved")
    told = [contact.template for contact in shown.contacts if contact.template.startswith("incident")]
    assert told == ["incident_received", "incident_taken", "incident_solved", "incident_ended"]
    row = incident(firm, case)
    assert (row.cause, row.solution, row.reopened) == ("data_entry", "proposed, after a look", 0)
    assert row.solved_at
    assert {each.kind for each in shown.follow_ups} == {"survey", "retention"}
    assert firm.show(survey_id(shown.reference)).kind == "survey"


async def test_what_the_rules_propose_can_be_changed_and_goes_to_another_department(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "change", category="technical", severity="P2", matter="login_fails")
    task = await firm.task("analyse", case)
    assert firm.line(task).roles == ("technology",)
    row = incident(firm, case)
    assert (row.proposed_category, row.category, row.severity, row.matter) == (
        "transaction", "technical", "P2", "login_fails",
    )  # fmt: skip


async def test_a_department_that_it_does_not_belong_to_sends_it_back_with_the_reason(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "not_ours")
    again = await firm.task("triage", case)
    with firm.world.database.reading() as session:
        from records.tables import TaskRow

        assert "not_ours, after a look" in session.get_one(TaskRow, again).spec
    await says(firm, case, "triage", "change", department="operations")
    assert firm.line(await firm.task("analyse", case)).roles == ("operations",)


async def test_an_interim_solution_is_told_at_once_and_kept_apart_from_the_lasting_one(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "interim")
    await eventually(lambda: firm.subjects("incident_interim", case), "the interim solution to be told")
    await says(firm, case, "solve", "proposed")
    await says(firm, case, "carry_out", "done")
    await firm.task("incident_solved", case)
    row = incident(firm, case)
    assert (row.interim, row.solution) == ("interim, after a look", "proposed, after a look")


@pytest.mark.parametrize(("amount", "approvers"), [("200.00", ["song.jia"]), ("2000.01", ["song.jia", "luo.hao"])])
async def test_compensation_is_approved_by_others_than_who_proposed_it_and_credited_once(
    firm: Firm, amount: str, approvers: list[str]
):
    case, before = (await reported(firm)).case, firm.account("ACC-1001").balance.minor
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "proposed", compensation=amount)
    for approver in approvers:
        assert firm.account("ACC-1001").balance.minor == before
        await says(firm, case, "compensation", "approve", by=approver)
    await says(firm, case, "carry_out", "done")
    await firm.task("incident_solved", case)
    assert firm.account("ACC-1001").balance.minor - before == round(float(amount) * 100)
    assert set(firm.sums().values()) == {0}


async def test_compensation_that_is_rejected_is_proposed_anew(firm: Firm):
    case, before = (await reported(firm)).case, firm.account("ACC-1001").balance.minor
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "proposed", compensation="100.00")
    await says(firm, case, "compensation", "reject", by="song.jia")
    await says(firm, case, "solve", "proposed")
    await says(firm, case, "carry_out", "failed")
    await says(firm, case, "solve", "analyse_again")
    await handled(firm, case)
    await firm.task("incident_solved", case)
    assert firm.account("ACC-1001").balance.minor == before


async def test_what_is_not_solved_is_reopened_and_then_escalated_to_a_supervisor(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    for _ in range(3):
        await handled(firm, case)
        await says(firm, case, "incident_solved", "not_solved")
    await says(firm, case, "escalated", "again", by="song.jia")
    await handled(firm, case)
    await says(firm, case, "incident_solved", "not_solved")
    await says(firm, case, "escalated", "end", by="song.jia")
    outcome = await firm.outcome(case)
    assert outcome.outcome == Outcome.REFUSED
    row = incident(firm, case)
    assert (row.reopened, row.escalated) == (4, True)


async def test_without_an_answer_it_ends_as_unconfirmed_and_the_call_back_can_still_confirm_it(firm: Firm):
    cases = [(await reported(firm)).case, (await reported(firm, customer="CUS-1002", account="ACC-1002")).case]
    for case in cases:
        await says(firm, case, "triage", "confirm")
        await handled(firm, case)
        await firm.task("incident_solved", case)
    await firm.pass_time(timedelta(days=1))
    for case, reached in zip(cases, ("not_reached", "solved"), strict=True):
        await says(firm, case, "call_back", reached)
    assert [(await firm.outcome(case)).outcome for case in cases] == [Outcome.UNCONFIRMED, Outcome.SOLVED]


async def test_not_solved_after_all_at_the_call_back_is_reopened(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    await handled(firm, case)
    await says(firm, case, "incident_solved", "solved")
    await firm.pass_time(timedelta(days=1))
    await says(firm, case, "call_back", "not_solved")
    await firm.task("analyse", case)
    assert incident(firm, case).solved_at is None


async def test_a_duplicate_of_the_same_customer_is_linked_by_a_person_and_its_evidence_kept(firm: Firm):
    first = (await reported(firm)).case
    sha256 = firm.world.evidence.put("incidents/screen.png", b"a picture")
    paper = {"kind": "other", "reference": "incidents/screen.png", "sha256": sha256}
    second = (await reported(firm, evidence=[paper])).case
    await says(firm, second, "triage", "duplicate", of=first)
    outcome = await firm.outcome(second)
    assert outcome.outcome == Outcome.LINKED
    linked = next(link for link in firm.show(first).trail if link.what == f"{second} is about the same")
    assert linked.evidence["incidents/screen.png"] == sha256
    assert firm.show(first).ended_at is None


async def test_the_customer_may_withdraw_a_report(firm: Firm):
    case = (await reported(firm)).case
    await firm.task("triage", case)
    await firm.withdraw(case, "li.wei")
    assert (await firm.outcome(case)).outcome == Outcome.WITHDRAWN


async def test_the_same_report_is_one_case_and_another_of_its_id_is_refused(firm: Firm):
    report = a_report()
    first, again = [await firm.quietus.report_incident(report) for _ in range(2)]
    assert first == again
    with pytest.raises(Refused) as refused:
        await firm.quietus.report_incident(report.model_copy(update={"description": "something else"}))
    assert refused.value.code is Code.MISMATCH


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"customer": "CUS-9999"}, Code.NOT_FOUND, "CUS-9999"),
        ({"account": "ACC-9999"}, Code.NOT_FOUND, "ACC-9999"),
        ({"customer": "CUS-1002"}, Code.BAD_INPUT, "does not hold account"),
        ({"reported_at": "2099-01-01T00:00:00+08:00"}, Code.BAD_INPUT, "future"),
    ],
)
async def test_a_report_that_cannot_be_is_refused(firm: Firm, changes: dict[str, str], code: Code, words: str):
    with pytest.raises(Refused) as refused:
        await reported(firm, **changes)
    assert refused.value.code is code
    assert words in refused.value.sentence
