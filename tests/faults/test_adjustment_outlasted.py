"""Every activity of an adjustment fails at its first call, for longer than the patience with it: seen, mended, done."""

from pathlib import Path

from temporalio.client import Client

from contracts.vocabulary import Outcome
from gateways.books_months import today
from tests.support.adjustments import TOLD, a_request, book_fee, entry, marks, view
from tests.support.firm import eventually
from tests.support.incidents import a_report
from tests.support.outlasting import Answers, FirstCalls, heard, outlasted
from tests.workflows.test_adjustment_books import DAY, paper, said
from tests.workflows.test_adjustment_elsewhere import close

OF_AN_ADJUSTMENT = {
    *("open_adjustment", "confirm_cause", "converse", "waive_fault", "compare_books", "propose_plan", "approve_plan"),
    *("tell_plan", "plan_changed", "plan_frozen", "post_plan", "reconcile_books", "plan_elsewhere", "contented"),
    *("propose_undoing", "learn_from", "end_adjustment"),
}
OF_WHO_WANTS_ONE = {"adjustment_wanted"}
OF_ANOTHER_CUSTOMERS = {"is_begun", "not_elsewhere"}

ANSWERS: Answers = {
    "adjustment_cause": ("confirm", "wang.fang", {}),
    "adjustment_questions": ("told", "customer", dict(TOLD)),
    "fault_behind": ("waive", "david.chen", {}),
    "propose_plan": ("propose", "wang.fang", {"draft": {"book": [entry("-7.00")]}}),
    "approve_plan": ("approve", "song.jia", {}),
    "adjustment_notice": ("agree", "customer", {}),
    "adjustment_done": ("object", "customer", {}),
    "objection": ("justified", "lin.tao", {}),
    "lesson": ("recorded", "wang.fang", {}),
}
LONG = 300.0
"""Seconds."""


async def test_what_fails_in_an_adjustment_is_seen_and_done_once(skipping_client: Client, tmp_path: Path):
    request, calls = a_request(suspected_cause="system_fault"), FirstCalls(OF_AN_ADJUSTMENT)
    case = f"adjustment-{request.request_id}"
    async with outlasted(skipping_client, tmp_path, calls, case, ANSWERS) as firm:
        before = firm.account("ACC-1001").balance.minor
        await heard(lambda: firm.quietus.open_adjustment(request))
        await eventually(lambda: firm.show(case).ended_at, "the end of the adjustment", LONG)
        assert firm.show(case).outcome == Outcome.REVERSED
        assert calls.seen.keys() == OF_AN_ADJUSTMENT
        assert firm.account("ACC-1001").balance.minor == before
        posted = [firm.entries("ACC-1001")[-2], firm.entries("ACC-1001")[-1]]
        assert [each.amount.text for each in posted] == ["-7.00", "7.00"]
        assert [marks(plan) for plan in view(firm, case).plans] == [["approved", "told", "posted", "reconciled"]] * 2


async def test_what_cannot_be_begun_with_another_customer_is_seen_to_after_the_repair(
    skipping_client: Client, tmp_path: Path
):
    calls, request = FirstCalls(OF_ANOTHER_CUSTOMERS), a_request()
    case = f"adjustment-{request.request_id}"
    answers = ANSWERS | {
        "propose_plan": ("propose", "wang.fang", {}),
        "adjust_elsewhere": ("seen_to", "wang.fang", {}),
        "adjustment_done": ("satisfied", "customer", {}),
    }
    answers.pop("adjustment_notice")
    async with outlasted(skipping_client, tmp_path, calls, case, answers) as firm:
        book_fee(firm, "INV-77", "-500.00", account="ACC-1002", on=DAY, text="货款 77")
        statement = paper(firm, said(("500.00", "货款 77", "INV-77")))
        asked = a_request(request_id=request.request_id, evidence=[statement])
        await heard(lambda: firm.quietus.open_adjustment(asked))
        notice = await firm.task("adjustment_notice", case, seconds=LONG)
        close(firm, today())
        await firm.answer(notice, "agree")
        await eventually(lambda: firm.show(case).ended_at, "the end of the adjustment", LONG)
        assert firm.show(case).outcome == Outcome.ADJUSTED
        assert calls.seen.keys() == OF_ANOTHER_CUSTOMERS


async def test_an_adjustment_that_an_incident_cannot_begin_is_begun_after_the_repair(
    skipping_client: Client, tmp_path: Path
):
    report, calls = a_report(), FirstCalls(OF_WHO_WANTS_ONE)
    case = f"incident-{report.report_id}"
    answers: Answers = {
        "triage": ("confirm", "li.wei", {}),
        "analyse": ("analysed", "wang.fang", {"cause": "data_entry"}),
        "solve": ("adjust", "wang.fang", {}),
    }
    async with outlasted(skipping_client, tmp_path, calls, case, answers) as firm:
        await firm.quietus.report_incident(report)
        wanted = f"{case}-1-a"
        begun = lambda: [e.case for e in firm.casebook.cases() if e.case.startswith(f"adjustment-{wanted}")]  # noqa: E731
        assert len(await eventually(begun, "the adjustment", LONG)) == 1
        assert calls.seen.keys() == OF_WHO_WANTS_ONE
