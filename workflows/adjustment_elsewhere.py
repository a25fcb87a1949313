"""他户更正: what stands on the account of another customer is put right by an adjustment of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from activities.adjustments import Adjustments
from activities.postings import Postings
from contracts.adjustments import AdjustmentRequest
from contracts.messages import adjustment_id
from contracts.refusals import Refused
from contracts.tasks import TaskOption
from workflows.adjusting import ended, started
from workflows.adjustment_people import AdjustmentPeople

if TYPE_CHECKING:
    from workflows.adjusting import Adjustment

OPEN_AGAIN = TaskOption(name="retry", reason_needed=True)
SEEN_TO = TaskOption(name="seen_to", reason_needed=True)  # in another way

OPENING = timedelta(seconds=1)
"""How often it is looked whether an adjustment is on record that was begun."""


def put_right_elsewhere(case: AdjustmentPeople, request: AdjustmentRequest) -> None:
    """Begin it. The case does not wait for how it ends, but its next stage for its being on record."""
    case.beside(_until_seen_to(case, request))


async def _until_seen_to(case: AdjustmentPeople, request: AdjustmentRequest) -> None:
    """Until it is over, or people have seen to it in another way."""
    about, again = adjustment_id(request.request_id), True
    while again:
        case.blocking.add(about)
        try:
            if (child := await started(case, request)) is None:
                return
            await _on_record(case, request, child)
            if not child.done():
                case.blocking.discard(about)
            case.remarks += (f"{about}: {await ended(case, child)}",)
            return
        except Refused as refusal:
            case.blocking.add(about)
            again = await _is_to_be_opened_again(case, request, refusal.sentence)
        finally:
            case.blocking.discard(about)


async def _on_record(case: AdjustmentPeople, request: AdjustmentRequest, child: Adjustment) -> None:
    """Wait until it is open, or could not be opened."""
    while not child.done() and not await case.carried_out(Adjustments.is_begun, request):
        await case.until(child.done, before=case.now() + OPENING, summary="until it is open")


async def _is_to_be_opened_again(case: AdjustmentPeople, request: AdjustmentRequest, why: str) -> bool:
    """It cannot be opened: whoever works on this case sees to it."""
    await case.carried_out(Postings.not_elsewhere, request, why)
    decision = await case.ask_staff(
        "adjust_elsewhere",
        f"{adjustment_id(request.request_id)} of {request.account} cannot be opened",
        case.rules.roles,
        (OPEN_AGAIN, SEEN_TO),
        ladder=case.rules.ladder,
        facts={"why": why, "account": request.account, "entries": ", ".join(request.entries)},
    )
    return decision.option == OPEN_AGAIN.name
