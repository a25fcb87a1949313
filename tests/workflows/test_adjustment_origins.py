"""Who asks for an adjustment, what proves it, and what a case does whose number is taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlmodel import Session, select
from temporalio import workflow
from temporalio.client import WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from contracts.refusals import Code, Refused
from records.tables import CaseRow
from tests.support import incidents
from tests.support.adjustments import asked_for, checks_request, fee_booked_twice, view
from tests.support.firm import Firm


@workflow.defn
class Stranger:
    """Holds its id, and does nothing."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@asynccontextmanager
async def taken(firm: Firm, case: str) -> AsyncIterator[WorkflowHandle[Stranger, None]]:
    """A workflow of somebody else runs under the id of a case."""
    client = firm.quietus.client
    async with Worker(
        client, task_queue="strangers", workflows=[Stranger], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        yield await client.start_workflow(Stranger.run, id=case, task_queue="strangers")


@pytest.mark.parametrize(
    ("request_id", "more"),
    [
        ("closure-ACC-1001-1-a1", {}),
        ("closure-ACC-1001-1-a1", {"case": "closure-ACC-1001"}),
        ("closure-ACC-1001-1-a1", {"case": "closure-ACC-1001", "account": "ACC-1009"}),
        ("closure-ACC-1001-1-a1", {"case": ""}),
        ("incident-INC-1-1-a1", {}),
        ("CHECK-doubled-JE-0", {}),
        ("CHECK-doubled-JE-0", {"raised_by": "system"}),
    ],
)
async def test_a_number_that_a_case_or_the_check_would_give_is_nobody_elses(
    firm: Firm, request_id: str, more: dict[str, str]
):
    await firm.open("ACC-1001")
    with pytest.raises(Refused) as refused:
        await asked_for(firm, request_id=request_id, **more)
    assert [fault.path for fault in refused.value.faults] == ["request_id"]


@pytest.mark.parametrize("change", [{"account": "ACC-1002"}, {"description": "another"}, {"raised_by": "li.wei"}])
async def test_what_the_check_asks_for_is_taken_as_the_books_show_it_and_not_otherwise(
    firm: Firm, change: dict[str, str]
):
    fee_booked_twice(firm)
    request = checks_request(firm, "ACC-1001")
    with pytest.raises(Refused) as refused:
        await firm.quietus.open_adjustment(request.model_copy(update=change))
    assert "request_id" in [fault.path for fault in refused.value.faults]
    opened = await firm.quietus.open_adjustment(request)
    assert view(firm, opened.case).raised_by == "system"


async def wants_an_adjustment(firm: Firm, incident: str) -> None:
    await incidents.says(firm, incident, "triage", "confirm")
    await incidents.says(firm, incident, "analyse", "analysed", cause="data_entry")
    await incidents.says(firm, incident, "solve", "adjust")


async def test_a_case_whose_number_is_on_record_for_somebody_else_takes_another_one(firm: Firm):
    incident = (await incidents.reported(firm)).case
    stranger = (await asked_for(firm, account="ACC-1009")).case

    def take(session: Session) -> None:
        row = session.exec(select(CaseRow).where(CaseRow.case_id == stranger)).one()
        row.request_id = f"{incident}-1-a1"

    firm.mend(take)
    await wants_an_adjustment(firm, incident)
    await firm.task("adjustment_cause", f"adjustment-{incident}-1-a1-2")


async def test_a_case_whose_number_stays_taken_waits_for_no_stranger_and_asks_its_people(firm: Firm):
    incident = (await incidents.reported(firm)).case
    async with taken(firm, f"adjustment-{incident}-1-a1"):
        await wants_an_adjustment(firm, incident)
        await firm.pass_time(timedelta(minutes=10))
        why = firm.spec(await firm.task("solve", incident)).facts["why"]
    assert why.endswith(f"The number {incident}-1-a1 is taken by somebody else's adjustment.")


async def test_a_number_that_is_free_again_is_begun(firm: Firm):
    incident = (await incidents.reported(firm)).case
    child = f"adjustment-{incident}-1-a1"
    async with taken(firm, child) as stranger:
        await wants_an_adjustment(firm, incident)
        await firm.pass_time(timedelta(seconds=30))
        await stranger.terminate()
    await firm.pass_time(timedelta(minutes=2))
    await firm.task("adjustment_cause", child)


async def test_who_asks_in_the_name_of_the_system_from_outside_is_refused(firm: Firm):
    with pytest.raises(Refused) as refused:
        await asked_for(firm, raised_by="system")
    assert refused.value.code is Code.BAD_INPUT
    assert [fault.path for fault in refused.value.faults] == ["raised_by"]
