"""How tests take a closure along: what everybody says when nothing is wrong, and what a finding's task looks like."""

import re
from datetime import timedelta
from typing import Any

from contracts.findings import FindingKind, FindingState
from contracts.requests import CaseOutcome, Receipt
from contracts.tasks import Hold
from contracts.vocabulary import Role
from tests.support.firm import Firm
from tests.support.moments import clock_shows
from tests.support.waiting import PATIENCE_SECONDS

FIX_OR_END = ("fixed", "return", "end")
FIX_ADJUST_OR_END = ("fixed", "adjust", "return", "end")
RELEASED_OR_FIX = ("released", *FIX_OR_END)
FIX_ACCEPT_OR_END = ("fixed", "accept", "return", "end")
NOTED = "noted on the telephone"
GIVEN_UP = timedelta(seconds=155)  # the customer was asked in every way that the rehearsal policy has


async def confirmed(firm: Firm, account: str, **changes: Any) -> Receipt:
    """A closure that the customer asked for and confirmed."""
    receipt = await firm.open(account, **changes)
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    return receipt


async def finding(firm: Firm, kind: str, role: Role, options: tuple[str, ...]) -> str:
    """The task about a finding of that kind, which stands with this role and offers these options."""
    task = await firm.task(kind)
    line = firm.line(task)
    assert (line.roles, line.options) == ((role,), options)
    return task


async def met_twice(firm: Firm, task: str, *, seconds: float = PATIENCE_SECONDS) -> str:
    """The task about a debt or a freeze, once the checklist has failed over the same: finance and compliance look side
    by side, and what is put right before compliance looks fails nothing there."""
    asked = await firm.task(task, seconds=seconds)
    await firm.task("checklist_failed", seconds=seconds)
    return asked


async def disagreement(firm: Firm) -> tuple[str, str]:
    """A case whose books disagree, which waits for finance since the morning of a working day; and the task."""
    await clock_shows(firm, "09:30", workday=True)
    case = (await confirmed(firm, "ACC-1008")).case
    return case, await firm.task("books_disagree")


async def hold(firm: Firm, case: str, by: str = "song.jia") -> None:
    """Staff pause the case."""
    await firm.quietus.pause(case, _hold(firm, by))


async def go_on(firm: Firm, case: str, by: str = "song.jia") -> None:
    """Staff resume the case."""
    await firm.quietus.resume(case, _hold(firm, by))


def _hold(firm: Firm, by: str) -> Hold:
    return Hold(decision_id=f"H-{next(firm.ids)}", reason="the customer asked us to wait", token=firm.tokens.mint(by))


async def customer_chooses_nothing(firm: Firm) -> None:
    """The customer is asked how to make good what is short, and stays silent."""
    await firm.task("shortfall")
    await firm.pass_time(GIVEN_UP)


async def repaired(firm: Firm, task: str) -> None:
    """Technology has mended a fault, and the contingency plan was carried out."""
    await firm.decide(task, "fixed", "wu.gang", reason="mended")
    await firm.decide(await firm.task("plan_assess"), "done", "huang.lei")


async def plan_done(firm: Firm, case: str, kind: FindingKind) -> None:
    """The steps of the contingency plan are carried out, by a manager, whose they are or who stands in."""
    plan = firm.world.policies[firm.show(case).policy].plan_for(kind)
    for step in plan.steps if plan else ():
        await firm.decide(await firm.task(f"plan_{step.id}", case), "done", "tian.ye")


async def accept(firm: Firm, kind: str, by: str) -> None:
    """Somebody takes responsibility for a finding."""
    await firm.decide(await firm.task(kind), "accept", by, reason="known and weighed")


async def approve(firm: Firm, *approvers: str) -> None:
    """Everybody named approves."""
    task = await firm.task("approval")
    for approver in approvers:
        await firm.decide(task, "approve", approver)


async def closes(firm: Firm, receipt: Receipt) -> CaseOutcome:
    """The customer confirms receipt; the account is closed at zero, and no finding is left open."""
    await firm.answer(await firm.task("closing_statement"), "received")
    return await closed(firm, receipt)


async def closed(firm: Firm, receipt: Receipt) -> CaseOutcome:
    """How the case ended: closed at zero, and no finding is left open."""
    outcome = await firm.outcome(receipt.case)
    account = receipt.case.removeprefix("closure-")
    assert (outcome.outcome, firm.status(account)) == ("closed", "closed")
    assert firm.balance(account).strip("0.") == ""
    assert set(firm.sums().values()) == {0}
    assert FindingState.OPEN not in firm.found(receipt.case).values()
    return outcome


async def rejected(firm: Firm, receipt: Receipt) -> CaseOutcome:
    """How the case ended: rejected, and the account as it was."""
    outcome = await firm.outcome(receipt.case)
    assert outcome.outcome == "rejected"
    assert firm.status(receipt.case.removeprefix("closure-")) in {"active", "dormant", "frozen"}
    return outcome


def booked_day(firm: Firm, receipt: Receipt) -> str:
    """The closing day that was booked last."""
    links = [link.what for link in firm.show(receipt.case).trail]
    return next(what.split()[-1] for what in reversed(links) if re.fullmatch(r"closing day [\d-]+", what))
