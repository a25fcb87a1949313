"""发生的事: what is done when something happens to a running case. One coroutine a kind, as in remedies.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.mending import Mending
from contracts.books import CustomerField
from contracts.findings import Finding
from contracts.mending import Change
from contracts.occurrences import InfoChange
from contracts.requests import Amendment
from contracts.tasks import TaskOption
from workflows.remedy_shapes import CONFIRM, DENY, FIXED, by_the_role, corrected, decided, planned

if TYPE_CHECKING:
    from workflows.case import Case

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
    """客户投诉: heard, its cause recorded; the closure goes on when it is solved, or the customer agrees; prevention.

    Until incidents are built it is a task of the shape of one."""
    await case.tell("complaint_received", {"detail": finding.detail})
    decision = await decided(case, finding, (SOLVED, AGREED))
    await case.learn(finding, decision.reason)


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
    if case.alike(finding) == [finding]:
        await case.tell("resumed")
