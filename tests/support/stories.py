"""A story for each kind of exception: how a case comes to stand in the middle of its remedy, and how that ends."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from stdnum.cn import ric

from contracts.findings import FindingKind
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome
from contracts.tasks import TaskState
from contracts.vocabulary import Initiator
from tests.support.course import plan_done
from tests.support.firm import Firm, eventually
from tests.support.happenings import attach, happens, misspell, owe, pending

Telling = Callable[[Firm, str], Awaitable[None]]

YES = {
    "confirm_contact": ("confirm", "customer"),
    "checklist_failed": ("fixed", "lin.tao"),
    "approval": ("approve", "song.jia"),
    "schedule_conflict": ("fixed", "huang.lei"),
    "closing_statement": ("received", "customer"),
}
"""What everybody says where nothing else is told: the option and who."""

COURT = {"by": "court", "reference": "(2026)沪01执999号"}
BANK = {"by": "bank", "reference": "REVIEW-2026-0099"}
SMS = {"field": "sms", "value": "+8613800138099"}
PAYOUT = {"payout": {"name": "周晓明", "account": "6217000000000000001", "bank": "CCB"}}


class Story(NamedTuple):
    """`opened`: a case of an account comes to stand in the middle of the remedy; `ended`: the remedy ends well; `step`:
    the effect it ends with. `arrives`: it comes upon a case from outside, at any time."""

    kind: FindingKind
    step: str
    opened: Callable[[Firm, str], Awaitable[str]]
    ended: Telling
    arrives: Telling | None = None


async def says(firm: Firm, case: str, task: str, option: str, who: str, **more: Any) -> None:
    """An answer or a decision, as soon as it is asked for."""
    asked = await firm.task(task, case)
    more.setdefault("reason", "said so")
    await (firm.answer(asked, option, **more) if who == "customer" else firm.decide(asked, option, who, **more))


async def runs_out(firm: Firm, case: str) -> CaseOutcome:
    """Everybody says yes to all that is still asked, to the end of the case. What is not wanted any more at that very
    moment is asked anew, if at all."""
    while not firm.show(case).ended_at:
        task = await eventually(lambda: _asked(firm, case), f"the end of {case}")
        if task != "ended":
            try:
                await says(firm, case, task, *YES[task])
            except Refused as refusal:
                if refusal.code is not Code.TOO_LATE:
                    raise
    return await firm.outcome(case)


def _asked(firm: Firm, case: str) -> str | None:
    shown = firm.show(case)
    open_ = [each.name for each in shown.tasks if each.state in (TaskState.OPEN, TaskState.CLAIMED)]
    return "ended" if shown.ended_at else next(iter(open_), None)


async def to_approval(firm: Firm, account: str) -> str:
    """A case that waits to be approved."""
    case = (await firm.open(account)).case
    await says(firm, case, "confirm_contact", "confirm", "customer")
    await firm.task("approval", case)
    return case


# ---- found by a check ----------------------------------------------------------------------------


async def _misspelt(firm: Firm, account: str) -> str:
    right = _right_number(firm, account)
    wrong = right[:-1] + ("0" if right[-1] == "1" else "1")
    misspell(firm, firm.account(account).customer, "identity_number", wrong)
    case = (await firm.open(account)).case
    await says(firm, case, "account_info_error", "confirmed", "li.wei")
    await firm.task("correct_details", case)
    return case


def _right_number(firm: Firm, account: str) -> str:
    """The holder's identity number, whatever check digit stands in the books."""
    with firm.world.database.reading() as session:
        number = firm.books.customer(session, firm.account(account).customer).identity_number or ""
    return number[:-1] + str(ric.calc_check_digit(number))


async def _spelt(firm: Firm, case: str) -> None:
    number = _right_number(firm, case.removeprefix("closure-"))
    await says(firm, case, "correct_details", "corrected", "customer", data={"value": number})
    await says(firm, case, "correct_record", "approve", "chen.jie")


async def _objects(firm: Firm, account: str) -> str:
    case = (await firm.open(account, initiator=Initiator.FIRM, requested_by="li.wei")).case
    await says(firm, case, "closure_notice", "object", "customer")
    await firm.task("refusal_offer", case)
    return case


async def _short(firm: Firm, account: str) -> str:
    owe(firm, account, "260.00", f"RCV-{account}")
    case = (await firm.open(account)).case
    await says(firm, case, "confirm_contact", "confirm", "customer")
    await firm.task("shortfall", case)
    return case


async def _clashes(firm: Firm, account: str) -> str:
    wished = datetime.now(UTC).date() + timedelta(days=5)
    pending(firm, account, wished + timedelta(days=5), f"PEN-{account}")
    case = (await firm.open(account, wished_on=wished)).case
    await says(firm, case, "confirm_contact", "confirm", "customer")
    await says(firm, case, "approval", "approve", "song.jia")
    await firm.task("date_proposals", case)
    return case


async def _picks(firm: Firm, case: str) -> None:
    account = case.removeprefix("closure-")
    firm.mend(lambda session: firm.books.settle_pending(session, f"PEN-{account}"))
    task = await firm.task("date_proposals", case)
    await firm.answer(task, firm.line(task).options[1])


# ---- said to have happened -----------------------------------------------------------------------


async def _frozen_by_the_bank(firm: Firm, case: str) -> None:
    await happens(firm, case, FindingKind.ACCOUNT_FROZEN, by="guo.qiang", data=BANK)
    await says(firm, case, "account_frozen", "release", "lin.tao")
    await firm.task("release_freeze", case)


async def _frozen_by_the_court(firm: Firm, case: str) -> None:
    await happens(firm, case, FindingKind.ACCOUNT_FROZEN, by="lin.tao", data=COURT)


async def _court_releases(firm: Firm, case: str) -> None:
    attach(firm, await firm.task("account_frozen", case), "lin.tao")
    await says(firm, case, "account_frozen", "released", "lin.tao", data={"reference": "解1"})


async def _says(firm: Firm, case: str, *, task: str, option: str, who: str) -> None:
    await says(firm, case, task, option, who)


async def _planned(firm: Firm, case: str, *, kind: FindingKind, option: str, who: str) -> None:
    await plan_done(firm, case, kind)
    await says(firm, case, kind, option, who)


async def _nothing_more(firm: Firm, case: str) -> None:
    """Nobody is asked."""


def _raised(kind: FindingKind, by: str, **data: Any) -> Telling:
    async def arrives(firm: Firm, case: str) -> None:
        await happens(firm, case, kind, by=by, data=data)

    return arrives


def _told(kind: FindingKind, step: str, arrives: Telling, ended: Telling) -> Story:
    async def opened(firm: Firm, account: str) -> str:
        case = await to_approval(firm, account)
        await arrives(firm, case)
        return case

    return Story(kind, step, opened, ended, arrives)


def _with_plan(kind: FindingKind, step: str, by: str, option: str, who: str) -> Story:
    """It arrives; the plan is carried out, and one decision ends it."""
    return _told(kind, step, _raised(kind, by), partial(_planned, kind=kind, option=option, who=who))


def _simple(kind: FindingKind, step: str, by: str, task: str, option: str, who: str, **data: Any) -> Story:
    """It arrives, and one decision ends it."""
    return _told(kind, step, _raised(kind, by, **data), partial(_says, task=task, option=option, who=who))


KIND = FindingKind
OBJECTION = Story(
    KIND.CUSTOMER_REFUSAL, "over", _objects, partial(_says, task="refusal_offer", option="agree", who="customer")
)
SHORTFALL = Story(
    KIND.INSUFFICIENT_BALANCE, "waive", _short, partial(_says, task="shortfall", option="fee_waiver", who="customer")
)
ERROR = Story(KIND.ACCOUNT_INFO_ERROR, "correct", _misspelt, _spelt)
CLASH = Story(KIND.SCHEDULE_CONFLICT, "book", _clashes, _picks)
FREEZE = _told(
    KIND.ACCOUNT_FROZEN, "release_freeze", _frozen_by_the_bank,
    partial(_says, task="release_freeze", option="approve", who="luo.hao"),
)  # fmt: skip
COURT_FREEZE = _told(KIND.ACCOUNT_FROZEN, "release_freeze", _frozen_by_the_court, _court_releases)
COMPLAINT = _simple(KIND.CUSTOMER_COMPLAINT, "learn", "li.wei", "customer_complaint", "agreed", "chen.jie")
NEW_NUMBER = _simple(
    KIND.CUSTOMER_INFO_CHANGE, "verify_contact", "customer", "confirm_new_contact", "confirm", "customer", **SMS
)
NEW_RULES = _simple(KIND.REGULATION_CHANGE, "adopt", "lin.tao", "regulation_change", "review_again", "lin.tao")
FAULT = _with_plan(KIND.SYSTEM_FAULT, "learn", "wu.gang", "fixed", "wu.gang")
EVENT = _with_plan(KIND.EXTERNAL_EVENT, "over", "huang.lei", "over", "zhou.ying")
NOBODY = _with_plan(KIND.INTERNAL_PROCESS, "over", "li.wei", "fixed", "luo.hao")
NEED = _told(
    KIND.CUSTOMER_NEED_CHANGE, "amend", _raised(KIND.CUSTOMER_NEED_CHANGE, "customer", **PAYOUT), _nothing_more
)
