"""Adjustments of the tests: wrong books of the examples' customers, and people who put them right."""

from datetime import date
from itertools import count
from typing import Any

from contracts.adjustment_views import AdjustmentView, PlanView
from contracts.adjustments import AdjustmentRequest
from contracts.book_checks import BookRule
from contracts.books import Line, OwnLedger
from contracts.money import Money
from contracts.requests import Receipt
from gateways import plan_audit
from gateways.adjustment_book import adjustment_view
from gateways.book_check import breaches, posted, request_for
from gateways.books_facts import ledger_of
from gateways.books_months import at_noon, today
from tests.support.firm import Firm

WHO = {
    "adjustment_cause": "wang.fang",
    "propose_plan": "wang.fang",
    "approve_plan": "song.jia",
    "objection": "lin.tao",
    "lesson": "wang.fang",
    "fault_behind": "david.chen",
    "customer_question": "li.wei",
    "books_disagree": "wang.fang",
}
"""Who decides a task where nobody else is named."""

CUSTOMERS = {"adjustment_questions", "adjustment_notice", "adjustment_done"}

TOLD = {"since": "九月起", "why": "手续费扣了两次", "effect": "少了二十元", "expectation": "请退还"}
"""What the customer says when asked."""

_ids = count(1)


def book_fee(
    firm: Firm, reference: str, amount: str = "20.00", *, account: str = "ACC-1001", on: date | None = None,
    text: str = "转账手续费",
) -> str:  # fmt: skip
    """A fee is taken from an account; the entry."""
    money = Money.parse(amount, firm.account(account).currency)
    ours = Line(ledger=OwnLedger.FEES.of(money.currency), amount=money)
    lines = [Line(ledger=ledger_of(account), amount=-money), ours]
    with firm.world.database.transaction() as session:
        return firm.books.post(session, reference, text, lines, at=at_noon(on or today()))


def fee_booked_twice(firm: Firm, **more: Any) -> tuple[str, str]:
    """The two entries."""
    n = next(_ids)
    return book_fee(firm, f"fee/{n}/a", **more), book_fee(firm, f"fee/{n}/b", **more)


def entry(amount: str, **more: Any) -> dict[str, Any]:
    """What a draft books on ACC-1001."""
    return {"account": "ACC-1001", "amount": amount, "ledger": "fees", "text": "the right fee"} | more


def a_request(**changes: Any) -> AdjustmentRequest:
    """A request of somebody of customer service for ACC-1001."""
    values: dict[str, Any] = {
        "request_id": f"ADJ-{next(_ids):04}",
        "account": "ACC-1001",
        "raised_by": "li.wei",
        "suspected_cause": "data_entry",
        "description": "fee of September booked twice",
    }
    return AdjustmentRequest.model_validate(values | changes, strict=False)


def checks_request(firm: Firm, account: str) -> AdjustmentRequest:
    """What the check of the books asks for, by an entry that is booked twice on this account."""
    rules = firm.world.policies.in_force_on(today()).for_adjustments.check
    with firm.world.database.reading() as session:
        found = breaches(rules, posted(session))
    return next(request_for(each) for each in found if (each.rule, each.account) == (BookRule.DOUBLED, account))


async def asked_for(firm: Firm, **changes: Any) -> Receipt:
    """Have an adjustment opened; the receipt."""
    return await firm.quietus.open_adjustment(a_request(**changes))


async def says(firm: Firm, case: str, task: str, option: str, *, by: str = "", **data: Any) -> None:
    """What somebody says to a task as soon as it is asked."""
    asked = await firm.task(task, case)
    more = {"reason": f"{option}, after a look", "data": data}
    if task in CUSTOMERS:
        await firm.answer(asked, option, **more)
    else:
        await firm.decide(asked, option, by or WHO[task], **more)


async def found_out(firm: Firm, case: str) -> None:
    """The cause is confirmed, and the customer says what happened."""
    await says(firm, case, "adjustment_cause", "confirm")
    await says(firm, case, "adjustment_questions", "told", **TOLD)


async def proposed(firm: Firm, case: str, *reverse: str, book: list[dict[str, Any]] | None = None) -> None:
    """A plan is proposed: what is drafted where nothing is named."""
    draft: dict[str, Any] = {"draft": {"reverse": list(reverse), "book": book or []}} if reverse or book else {}
    await says(firm, case, "propose_plan", "propose", **draft)


async def agreed(firm: Firm, case: str, *approvers: str) -> None:
    """The newest plan is approved, and the customer agrees to it."""
    for approver in approvers or ("song.jia",):
        await says(firm, case, "approve_plan", "approve", by=approver)
    await says(firm, case, "adjustment_notice", "agree")


async def finished(firm: Firm, case: str) -> str:
    """The customer is content, the lesson is told, and all that is on record holds; how it ended."""
    await says(firm, case, "adjustment_done", "satisfied")
    await says(firm, case, "lesson", "recorded")
    outcome = (await firm.outcome(case)).outcome
    with firm.world.database.reading() as session:
        assert list(plan_audit.breaks(session, firm.world.evidence)) == []
    return outcome


def view(firm: Firm, case: str) -> AdjustmentView:
    """The adjustment as it is shown."""
    return adjustment_view(firm.world.database, case)


def marks(plan: PlanView) -> list[str]:
    """What became of a plan, in order."""
    return [str(each.mark) for each in plan.marks]
