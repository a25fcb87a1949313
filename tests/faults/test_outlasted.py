"""Every activity of a case fails at its first call, for longer than the patience with it, until somebody has seen it:
no workflow fails, each case is in the hands of people meanwhile, and finished after the repair."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import update
from sqlmodel import select
from temporalio.client import Client

from contracts.books import Absence
from contracts.disruption import DisruptionKind, DisruptionNotice, DisruptionState
from contracts.findings import FindingKind, FindingState
from contracts.rollout import PolicyNotice, RolloutState
from contracts.tasks import Bounce, Extension, Hold, Resend, Withdrawal
from contracts.vocabulary import Outcome
from gateways.books_journal import today
from gateways.staffing import Staffing
from records.disruption_tables import DisruptionRow
from records.people_tables import AbsenceRow
from records.policy_tables import PublishedPolicyRow
from tests.faults.test_adjustment_outlasted import OF_AN_ADJUSTMENT, OF_ANOTHER_CUSTOMERS, OF_WHO_WANTS_ONE
from tests.faults.test_incident_outlasted import (
    OF_A_COMPLAINT,
    OF_A_DUPLICATE,
    OF_A_MAJOR_NOT_TRIED,
    OF_AN_INCIDENT,
)
from tests.support.course import confirmed, met_twice
from tests.support.disruptions import DOWN, OUTAGE
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually, fingerprint, firm_without_worker
from tests.support.happenings import misspell, occurrence
from tests.support.outlasting import Answers, FirstCalls, heard, outlasted
from tests.support.policies import ANOTHER_LINE, variant
from tests.support.stories import BANK, SMS
from tests.support.surveys import ADVISER, BAD, CASE, SURVEY, exists

Story = Callable[[Firm, str], Awaitable[None]]

OF_NO_CASE = frozenset(
    {
        *("plan_digest", "send_digest", "give_up_digest"),
        *("propose_policy", "rule_on_policy", "ask_cases", "finish_rollout"),
        *("tell_of_policy", "give_up_policy_mail"),
        *("declare_disruption", "end_disruption", "rule_on_disruption", "finish_disruption"),
        *("nobody_ruled", "tell_of_more_time"),
        *("suspend_cases", "let_cases_go", "tell_plan_step", "give_up_plan_step", "sign_plan_step"),
    }
)
"""The activities of the daily digest, of the rollout of a policy, and of a disruption."""

OF_A_SURVEY = frozenset({"open_survey", "keep_answers", "end_survey", "file"})
"""All else that a survey calls, a closure calls as well; of a survey operators see that it is not filed."""

RECEIVED: Answers = {"closing_statement": ("received", "customer", {})}
SMOOTH: Answers = {"confirm_contact": ("confirm", "customer", {}), **RECEIVED}
APPROVED: Answers = {"approval": ("approve", "song.jia", {})}
ELSEWHERE = {"payout": {"name": "张伟", "account": "6217000000000000001", "bank": "CCB"}}
NEW = "2026-11-22.5-rehearsal"
SOON, LONG = 60.0, 300.0
"""Seconds; a course takes 15 to 40 on a machine that has nothing else to do."""


def nothing(_firm: Firm) -> None:
    """All is well."""


async def nothing_more(_firm: Firm, _case: str) -> None:
    """It only goes its course."""


class Course(NamedTuple):
    """A closure in which `failing` fail: what people say, and what `happens` once it is open. `wrong`: what is wrong
    with the books before."""

    failing: str
    answers: Answers = {}
    account: str = "ACC-1001"
    wrong: Callable[[Firm], None] = nothing
    happens: Story = nothing_more
    end: Outcome = Outcome.CLOSED


# ---- what happens to a case ------------------------------------------------------------------------------------------


async def messages(firm: Firm, case: str) -> None:
    """All that can be said to a case, to its withdrawal."""
    task = await firm.task("confirm_contact", case)
    said = {"reason": "abroad"}
    pause, resume = (Hold(decision_id=name, token=firm.tokens.mint("li.wei"), **said) for name in ("H-1", "H-2"))
    await heard(lambda: firm.quietus.pause(case, pause))
    await heard(lambda: firm.quietus.resume(case, resume))
    mail = await eventually(lambda: firm.mail.messages() or None, "a mail to the customer")
    await firm.quietus.bounced(case, Bounce(message_id=str(mail[0]["Message-ID"]), reason="5.1.1"))
    await firm.handle(case).signal("hurry_up", "please")
    again = Resend(decision_id="R-1", task=task, token=firm.tokens.mint("li.wei"))
    await heard(lambda: firm.quietus.ask_again(case, again))
    more = Extension(decision_id="E-1", working_days=3, token=firm.tokens.mint("li.wei"), **said)
    await heard(lambda: firm.quietus.extend(case, more))
    await eventually(lambda: firm.subjects("extended", case), "the new date to be told", SOON)
    await firm.pass_time(timedelta(days=21))
    await eventually(lambda: firm.subjects("reminder", case), "the reminder", SOON)
    withdrawal = Withdrawal(decision_id="W-1", token=firm.tokens.mint("li.wei"), **said)
    await heard(lambda: firm.quietus.withdraw(case, withdrawal))


async def changes(firm: Firm, case: str) -> None:
    """The details change, then what is asked for, then the account is frozen, then the rules change."""
    await firm.task("approval", case, seconds=SOON)
    publish_more(firm)
    for kind, by, data in (
        (FindingKind.CUSTOMER_INFO_CHANGE, "customer", SMS),
        (FindingKind.CUSTOMER_NEED_CHANGE, "customer", ELSEWHERE),
        (FindingKind.ACCOUNT_FROZEN, "guo.qiang", BANK),
        (FindingKind.REGULATION_CHANGE, "lin.tao", {}),
    ):
        said = occurrence(firm, kind, by, data=data)
        await heard(partial(firm.quietus.happened, case, said))
        await eventually(partial(_is_over, firm, case, f"{kind}:1"), f"{kind} to be dealt with", SOON)
    await firm.decide(await firm.task("approval", case, seconds=SOON), "approve", "song.jia")


def _is_over(firm: Firm, case: str, fingerprint: str) -> bool:
    return firm.found(case)[fingerprint] is FindingState.CLEARED


def publish_more(firm: Firm) -> None:
    """A later policy is in force, with one line more in the checklist."""
    text = variant(NEW, more=ANOTHER_LINE)
    row = PublishedPolicyRow(
        version=NEW, text=text, sha256=fingerprint(text.encode()), effective=today(), state=RolloutState.DONE,
        proposed_by="lin.tao", at=datetime.now(UTC),
    )  # fmt: skip
    firm.mend(lambda session: session.add(row))


async def new_rules(firm: Firm, case: str) -> None:
    """The case is asked about another policy. No rollout asks: while an activity waits, this server's time does not
    pass."""
    task = await firm.task("confirm_contact", case)
    publish_more(firm)
    await firm.handle(case).execute_update("new_policy", PolicyNotice(version=NEW))
    await firm.answer(task, "confirm")


async def outage(firm: Firm, case: str) -> None:
    """The firm's systems stand, and go on; the case is told so as by the disruption itself."""
    task = await firm.task("confirm_contact", case)
    row = DisruptionRow(
        reference=OUTAGE, kind=DisruptionKind.SYSTEM_FAULT, detail=DOWN, policy=firm.show(case).policy,
        declared_by="huang.lei", at=datetime.now(UTC),
    )  # fmt: skip
    firm.mend(lambda session: session.add(row))
    await firm.handle(case).execute_update("suspend", DisruptionNotice(reference=OUTAGE))
    ending = update(DisruptionRow).values(state=DisruptionState.RESUMING)
    firm.mend(lambda session: session.exec(ending))
    await firm.handle(case).execute_update("let_go", DisruptionNotice(reference=OUTAGE))
    await firm.answer(task, "confirm")


async def covered(way: str, firm: Firm, case: str) -> None:
    """What was short is there the way that the customer chose, and so the line of the checklist about debts is met."""
    await firm.answer(await met_twice(firm, "shortfall", seconds=SOON), way)
    await eventually(lambda: {"waived", "set off"} & {link.what for link in firm.show(case).trail}, "the money", SOON)
    await firm.decide(await firm.task("checklist_failed", case), "fixed", "lin.tao")


async def nobody_is_there(firm: Firm, case: str) -> None:
    """Whoever may attest is away; the supervisor has one of them come back."""
    task = await firm.task("internal_process", case, seconds=SOON)
    firm.mend(lambda session: session.delete(session.exec(select(AbsenceRow)).one()))
    await firm.decide(task, "fixed", "luo.hao")
    witness = await firm.task("handover_witness", case, seconds=SOON)
    for person in ("deng.xia", "huang.lei"):
        await firm.decide(witness, "signed", person)


# ---- what is wrong before it is asked for ----------------------------------------------------------------------------


def away(firm: Firm) -> None:
    """All of compliance, for a week."""
    week = Absence(since=today(), until=today() + timedelta(days=7))
    firm.update("staff", "xu.jing", roles=["legal"], deputy=None)
    firm.update("staff", "lin.tao", deputy=None)
    Staffing(firm.world.database, firm.tokens).absence("lin.tao", week, firm.tokens.mint("lin.tao"))


def wrong_number(firm: Firm) -> None:
    """The check digit of the identity number in the books."""
    misspell(firm, "CUS-1001", "identity_number", "110105194912310021")


COURSES = {
    "a closure to its end": Course(
        "open policy tell_customer tell_staff gave_up found show decide learn new_day identify screen grade reason"
        " finance contract compliance propose book check_again collect pay_out instruments end_contract close statement"
        " file seal",
        SMOOTH | APPROVED,
    ),
    "messages": Course(
        "hold reckon bounced note ask_again extension extend climb withdrawal release",
        {"extension": ("approve", "song.jia", {})},
        happens=messages,
        end=Outcome.WITHDRAWN,
    ),
    "changes": Course(
        "occurrence readdress verify_contact after over amend withdraw release_freeze adopt",
        {
            **SMOOTH,
            "confirm_new_contact": ("confirm", "customer", {}),
            "account_frozen": ("release", "lin.tao", {}),
            "release_freeze": ("approve", "luo.hao", {}),
            "regulation_change": ("review_again", "lin.tao", {}),
            "attest_closing_talk": ("attested", "li.wei", {}),
        },
        happens=changes,
    ),
    "a policy": Course(
        "weigh_policy keep_policy_answer",
        RECEIVED | APPROVED | {"attest_closing_talk": ("attested", "li.wei", {})},
        happens=new_rules,
    ),
    "an outage": Course("suspend_case let_go_case", RECEIVED | APPROVED, happens=outage),
    "a wrong number": Course(
        "unusable correct",
        SMOOTH
        | APPROVED
        | {
            "account_info_error": ("confirmed", "li.wei", {}),
            "correct_details": ("corrected", "customer", {"value": "11010519491231002X"}),
            "correct_record": ("approve", "chen.jie", {}),
        },
        wrong=wrong_number,
    ),
    "a waiver": Course("short waive", SMOOTH | APPROVED, account="ACC-1005", happens=partial(covered, "fee_waiver")),
    "a set-off": Course("set_off", SMOOTH | APPROVED, account="ACC-1005", happens=partial(covered, "set_off")),
    "a company": Course(
        "hand_over_list manned",
        SMOOTH
        | APPROVED
        | {
            "attest_tax": ("attested", "lin.tao", {}),
            "instruments_missing": ("accept", "huang.lei", {}),
            "handover": ("signed", "customer", {}),
            "plan_stand_in": ("done", "david.chen", {}),
        },
        account="ACC-2001",
        wrong=away,
        happens=nobody_is_there,
    ),
}


@pytest.mark.parametrize("name", COURSES)
async def test_what_fails_longer_than_the_patience_with_it_is_seen_mended_and_done(
    name: str, skipping_client: Client, tmp_path: Path
):
    course = COURSES[name]
    calls, case = FirstCalls(course.failing.split()), f"closure-{course.account}"
    async with outlasted(skipping_client, tmp_path, calls, case, course.answers) as firm:
        course.wrong(firm)
        request = firm.request(course.account)
        await heard(lambda: firm.quietus.request_closure(request))
        await course.happens(firm, case)
        await eventually(lambda: firm.show(case).ended_at, f"the end of {case}", LONG)
        outcome = await firm.outcome(case)
        assert outcome.outcome == course.end
        assert calls.seen.keys() == set(course.failing.split())
        stands = {"status": "closed", "balance": "0.00"}
        if course.end is not Outcome.CLOSED:
            stands = {"status": "active", "balance": "1234.56"}
        assert_ended_well(firm, outcome, **stands)


async def test_what_fails_in_a_survey_is_seen_by_operators_and_done_and_keeps_nobody_busy(
    skipping_client: Client, tmp_path: Path
):
    calls = FirstCalls(OF_A_SURVEY - {"file"})
    answers: Answers = {"survey": ("rated", "customer", BAD), "survey_follow_up": ("followed_up", "chen.jie", {})}
    async with outlasted(skipping_client, tmp_path, calls, SURVEY, answers) as firm:
        await confirmed(firm, "ACC-1001", **ADVISER)
        await firm.answer(await firm.task("offer"), "personal_adviser")
        await eventually(lambda: firm.show(CASE).ended_at, "the end of the closure", SOON)
        calls.broken.add("file")  # which the closure has behind it
        await eventually(lambda: exists(firm) and firm.show(SURVEY).ended_at, "the end of the survey", 120)
        assert (await firm.outcome(SURVEY)).outcome == "answered"
        assert calls.seen == dict.fromkeys(OF_A_SURVEY, "operators")
        assert {task.name for task in firm.show(SURVEY).tasks} == {"survey", "survey_follow_up"}


async def test_every_activity_of_a_case_is_among_them(skipping_client: Client, tmp_path: Path):
    async with firm_without_worker(skipping_client, tmp_path) as firm:
        known = {defined(method).name for method in firm.world.activities()}
    failing = {activity for course in COURSES.values() for activity in course.failing.split()}
    failing |= OF_AN_ADJUSTMENT | OF_WHO_WANTS_ONE | OF_ANOTHER_CUSTOMERS
    failing |= OF_A_SURVEY | OF_AN_INCIDENT | OF_A_DUPLICATE | OF_A_COMPLAINT | OF_A_MAJOR_NOT_TRIED
    assert failing == known - OF_NO_CASE


def defined(method: object) -> Any:
    """What the worker knows an activity by."""
    return getattr(method, "__temporal_activity_definition")
