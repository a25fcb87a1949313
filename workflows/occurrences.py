"""发生的事: what is done when something happens to a running case. One coroutine a kind, as in remedies.py."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from activities.incidents import Incidents
from activities.mending import Mending
from contracts.books import CustomerField
from contracts.findings import Finding
from contracts.mending import Change
from contracts.messages import Process, incident_id
from contracts.occurrences import InfoChange
from contracts.requests import Amendment, CaseOutcome
from contracts.tasks import TaskOption
from contracts.vocabulary import Outcome
from workflows.adjusting import over
from workflows.remedy_shapes import CONFIRM, DENY, FIXED, by_the_role, corrected, decided, planned
from workflows.stops import CaseEnded, Moot

if TYPE_CHECKING:
    from typing import Any

    from workflows.case import Case

    Started = workflow.ChildWorkflowHandle[Any, CaseOutcome]

PROVEN = TaskOption(name="confirmed", reason_needed=True)  # in another way than by an answer
KEEP_OLD = TaskOption(name="keep_old", reason_needed=True)
SOLVED = TaskOption(name="solved", reason_needed=True)
AGREED = TaskOption(name="agreed", reason_needed=True)  # the customer agrees that the closure goes on meanwhile
OVER = TaskOption(name="over", reason_needed=True)


async def customer_info_change(case: Case, finding: Finding) -> None:
    """客户信息变更: the new details are taken and verified; the process is fitted to them; nothing goes to the old
    contact afterwards, but for the word that it is the old one."""
    said = InfoChange.model_validate_json(finding.facts["data"])
    if case.policy.info_change is None:
        await by_the_role(case, finding)
        return case.invalidate("identify", "screen", "grade", "approval")
    if said.payout:
        await case.amend(Amendment(payout=said.payout), finding.detail)
        case.invalidate("identify", "approval")
    if said.field and said.value:
        change = Change(field=said.field, value=said.value, by=finding.facts["by"], reason=finding.detail)
        if said.field.channel:
            await _new_contact(case, finding, change)
            case.invalidate("confirm_contact")
        elif await corrected(case, change, finding.facts["noted_by"]) and said.field is not CustomerField.LANGUAGE:
            case.invalidate("identify", "screen", "grade", "approval")
    return None


async def _new_contact(case: Case, finding: Finding, change: Change) -> None:
    """The old contact is told, the new one asked; then nothing is done until the cooling-off is over. Without the new
    one's word somebody says how it was proven, or the old one stays."""
    await case.tell("contact_changing", {"field": change.field})
    old = await case.carried_out(Mending.readdress, change)
    answer = await case.ask_customer(
        "confirm_new_contact", f"confirm the new {change.field}", (CONFIRM, DENY), at_new=change.field.channel
    )
    if answer is None or answer.option == DENY.name:
        decision = await decided(case, finding, (PROVEN, KEEP_OLD))
        update = {"by": decision.by, "reason": decision.reason}
        change = change.model_copy(update=update | ({"value": old} if decision.option == KEEP_OLD.name else {}))
    if change.value:
        await case.carried_out(Mending.verify_contact, change)
    await case.cools_off()


async def customer_complaint(case: Case, finding: Finding) -> None:
    """客户投诉: heard as an incident of its own, linked to this case; the closure goes on when that is over, or the
    customer agrees; prevention. Where no incident can be opened it is a task alone."""
    await case.tell("complaint_received", {"detail": finding.detail})
    complaint = await _complaint(case, finding)
    if complaint is None:
        decision = await decided(case, finding, (SOLVED, AGREED))
        return await case.learn(finding, decision.reason)
    watching = asyncio.ensure_future(_until_over(case, finding, complaint))
    try:
        decision = await decided(case, finding, (AGREED,), facts={"incident": complaint.id})
        await case.learn(finding, decision.reason)
    except Moot as over:
        await case.learn(finding, str(over))
    finally:
        watching.cancel()
    return None


async def _complaint(case: Case, finding: Finding) -> Started | None:
    """The incident of the complaint, which outlives this case. None under a policy without rules for incidents, and
    where it is known already: after a reset nobody can wait for it."""
    if case.policy.incidents is None:
        return None
    report = await case.carried_out(Incidents.complaint, finding)
    with suppress(WorkflowAlreadyStartedError):
        return await workflow.start_child_workflow(
            Process.INCIDENT.value, report, id=incident_id(report.report_id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON, result_type=CaseOutcome,
            static_summary=f"Complaint about {case.case_id}",
        )  # fmt: skip
    return None


async def _until_over(case: Case, finding: Finding, complaint: Started) -> None:
    """The task is not wanted any more when the incident has ended, however it did; the staff who wait for it go on."""
    try:
        outcome = (await asyncio.shield(complaint)).outcome
        if outcome == Outcome.LINKED:  # it is dealt with under another report, which is waited for
            outcome = await over(case, complaint.id)
    except (ChildWorkflowError, CaseEnded):  # an operator stopped it: the people of the task decide
        return
    case.make_moot(f"{complaint.id} ended: {outcome}", lambda spec: spec.finding == finding.fingerprint)


async def customer_need_change(case: Case, finding: Finding) -> None:
    """客户需求变更: the request changes, and what rested on what it was is looked at again."""
    amendment = Amendment.model_validate_json(finding.facts["data"])
    await case.amend(amendment, finding.detail)
    if amendment.payout or amendment.documents:
        case.invalidate("identify", "compliance")
    if amendment.payout:
        case.invalidate("approval")
    if amendment.wished_on:
        case.invalidate("contract", "agree_day")


async def external_event(case: Case, finding: Finding) -> None:
    """外部事件: the contingency plan; the case stands until the responsible role says that it is over; the customer is
    told once that it stands and once that it goes on, of however many events."""
    if case.alike(finding)[0] == finding:
        await case.tell("suspended", {"detail": finding.detail})
    await planned(case, finding, (OVER, FIXED))
    if case.done_with(finding):
        await case.tell("resumed")
