"""A major incident, from the team to the review, with the reports that hang on it."""

import asyncio
from datetime import timedelta

import pytest

from contracts.majors import BulletinState, MajorAnswer, MajorNotice, MajorStand, MajorWord
from contracts.refusals import Code, Refused
from contracts.vocabulary import Outcome, Role, Stage
from records.incident_tables import ActionRow, BulletinRow, BulletinToldRow, MajorRow, TeamRow
from tests.support.firm import Firm, eventually
from tests.support.incidents import incident, says
from tests.support.majors import (
    LEAD,
    TEAM,
    WORDS,
    bulletin_sent,
    classified,
    does,
    hangs,
    major_begun,
    rows,
    solved,
    team_filled,
)
from tests.support.waiting import PATIENCE_SECONDS


async def test_a_major_incident_goes_from_the_team_with_a_deputy_to_the_review_and_each_customer_is_answered_once(
    firm: Firm,
):
    first, major = await major_begun(firm)
    same_customer = await classified(firm)
    others = [await classified(firm, customer=customer) for customer in ("CUS-1002", "CUS-1005")]
    await team_filled_but_one(firm, major)
    await does(firm, major, "interim_solution", "interim", LEAD, **WORDS)
    await does(firm, major, "bulletin_approval", "approve", "song.jia")  # the interim solution is a bulletin
    for case in (same_customer, *others):
        await hangs(firm, case, major)
    await solved(firm, major)
    asked = await eventually(lambda: asked_whether_solved(firm, first, same_customer), "one of the two to be asked")
    silent = first if asked == same_customer else same_customer
    for case in (asked, *others):
        await says(firm, case, "incident_solved", "solved")
    assert (await firm.outcome(silent)).outcome == Outcome.LINKED
    await reviewed_with_two_actions(firm, major)
    assert (await firm.outcome(major)).outcome == Outcome.SOLVED
    shown = firm.show(major)
    assert (shown.stage, shown.outcome) == (Stage.FILED, Outcome.SOLVED)
    assert not {"incident_solved", "incident_ended"} & {contact.template for contact in firm.show(silent).contacts}
    assert incident(firm, silent).linked_to == asked
    assert any(f"{silent}.1" in text and "已全部到账" in text for text in firm.texts())
    filled = {row.role: (row.person, row.filled_as, row.late) for row in rows(firm, TeamRow)}
    assert filled[Role.TECHNOLOGY] == ("zhou.ying", Role.OPERATIONS, True)
    assert filled[Role.OPERATIONS] == ("huang.lei", Role.OPERATIONS, False)
    assert len(filled) == 5
    assert [(row.owner, row.done_by) for row in rows(firm, ActionRow)] == [
        (Role.TECHNOLOGY, "wu.gang"), (Role.RISK, "guo.qiang"),
    ]  # fmt: skip
    [row] = rows(firm, MajorRow)
    assert (row.cause, bool(row.interim_at), bool(row.solved_at), row.next_bulletin_at) == (
        "system_fault", True, True, None,
    )  # fmt: skip


async def test_bulletins_go_out_at_the_rhythm_to_each_customer_and_department_once_and_a_late_one_is_superseded(
    firm: Firm,
):
    first, major = await major_begun(firm)
    again = await classified(firm)
    other = await classified(firm, customer="CUS-1005")
    for case in (again, other):
        await hangs(firm, case, major)
    await team_filled(firm, major)
    await bulletin_sent(firm, major)
    await eventually(lambda: rows(firm, BulletinRow)[0].state is BulletinState.SENT, "the first bulletin")
    await firm.pass_time(timedelta(seconds=20))
    late = await firm.task("bulletin_draft", major)
    await firm.pass_time(timedelta(seconds=20))
    await eventually(lambda: firm.open_task("bulletin_draft", major) not in (None, late), "the next draft")
    await bulletin_sent(firm, major)
    await eventually(lambda: rows(firm, BulletinRow)[2].state is BulletinState.SENT, "the third bulletin")
    states = [row.state for row in rows(firm, BulletinRow)]
    assert states[:3] == [BulletinState.SENT, BulletinState.SUPERSEDED, BulletinState.SENT]
    told = [(row.n, row.recipient) for row in rows(firm, BulletinToldRow)]
    customers = {"CUS-1001", "CUS-1005"}
    assert sorted(told) == sorted((n, who) for n in (1, 3) for who in {*customers, *TEAM})
    assert firm.subjects("bulletin", first) + firm.subjects("bulletin", again) == 2
    assert firm.subjects("bulletin", other) == 2
    assert firm.subjects("bulletin_staff", major) == 10
    words = [text for text in firm.texts() if WORDS["en"] in text and "Dear Emma Thompson" in text]
    assert len(words) == 2
    assert rows(firm, MajorRow)[0].next_bulletin_at


async def test_what_is_not_on_record_of_a_major_incident_moves_no_report(firm: Firm):
    case, major = await major_begun(firm)
    draft = await firm.task("bulletin_draft", major)
    await firm.decide(draft, "drafted", "li.wei", data=WORDS)
    said = [(major, MajorWord.BULLETIN, 1), (major, MajorWord.SOLVED, 0), (major, MajorWord.GO_ON, 0)]
    for of, word, n in [*said, (major, MajorWord.BULLETIN, 7), ("major-NOBODY", MajorWord.HANG_ON, 0)]:
        notice = MajorNotice(major=of, word=word, n=n)
        answer = await firm.handle(case).execute_update("major_says", notice, result_type=MajorAnswer)
        assert answer.stand is MajorStand.FREE
    assert incident(firm, case).hangs
    assert firm.subjects("bulletin", case) == 0


def asked_whether_solved(firm: Firm, *cases: str) -> str | None:
    """Which of the cases asks its customer."""
    return next((case for case in cases if firm.open_task("incident_solved", case)), None)


def improvements(firm: Firm, major: str) -> dict[Role, str]:
    """The tasks of both owners, by role, as soon as they are there."""
    tasks = {task.roles[0]: task.task for task in firm.show(major).tasks if task.name == "improvement"}
    return tasks if len(tasks) == 2 else {}


@pytest.mark.parametrize("author", ["song.jia", "luo.hao"])
async def test_nobody_approves_their_own_bulletin(firm: Firm, author: str):
    _, major = await major_begun(firm)
    await does(firm, major, "bulletin_draft", "drafted", author, **WORDS)
    approval = await firm.task("bulletin_approval", major)
    with pytest.raises(Refused) as refused:
        await firm.decide(approval, "approve", author)
    assert refused.value.code is Code.FOUR_EYES
    await firm.decide(approval, "reject", "david.chen", reason="too vague")
    await bulletin_sent(firm, major)
    await eventually(lambda: rows(firm, BulletinRow)[0].state is BulletinState.SENT, "the bulletin")


async def test_words_to_the_public_are_the_spokesmans_and_count_once_somebody_else_approves(firm: Firm):
    _, major = await major_begun(firm)
    task = await firm.task("statement", major)
    for nobody in ("li.wei", "song.jia", "david.chen", "huang.lei"):
        with pytest.raises(Refused) as refused:
            await firm.decide(task, "spoken", nobody, data=WORDS)
        assert refused.value.code is Code.FORBIDDEN
    await firm.decide(task, "spoken", "ye.qing", data=WORDS)
    await does(firm, major, "statement_approval", "reject", "song.jia")
    await does(firm, major, "statement", "spoken", "ye.qing", **WORDS)
    await does(firm, major, "statement_approval", "approve", "song.jia")
    await firm.task("statement", major)
    said = [row for row in rows(firm, BulletinRow) if row.public]
    assert [(row.state, row.spoken_by, row.approved_by) for row in said] == [
        (BulletinState.REJECTED, "ye.qing", ""),
        (BulletinState.APPROVED, "ye.qing", "song.jia"),
    ]


async def test_the_next_bulletin_is_shown_to_operators(firm: Firm):
    _, major = await major_begun(firm)
    await eventually(lambda: rows(firm, MajorRow)[0].next_bulletin_at, "a first bulletin")
    async with asyncio.timeout(PATIENCE_SECONDS):  # it is published after it is on record
        while True:
            if "next bulletin due" in await details(firm, major):
                return
            await asyncio.sleep(0.05)


async def details(firm: Firm, case: str) -> str:
    """What operators read of a case."""
    metadata = await firm.handle(case).query("__temporal_workflow_metadata")
    return str(metadata.current_details)


async def team_filled_but_one(firm: Firm, major: str) -> None:
    """All accept but technology, for which somebody of operations stands in when it is late."""
    for role, person in TEAM.items():
        if role is not Role.TECHNOLOGY:
            await does(firm, major, f"team_{role}", "take_on", person)
    with pytest.raises(Refused) as refused:
        await does(firm, major, "team_technology", "take_on", "zhou.ying")
    assert refused.value.code is Code.FORBIDDEN
    await firm.pass_time(timedelta(seconds=11))
    await does(firm, major, "team_technology", "take_on", "zhou.ying")


async def reviewed_with_two_actions(firm: Firm, major: str) -> None:
    """Each is done by its owner."""
    await does(firm, major, "review", "action", "song.jia", owner="technology", within="week")
    await does(firm, major, "review", "action", "song.jia", owner="risk", within="month")
    await does(firm, major, "review", "reviewed", LEAD)
    tasks = await eventually(lambda: improvements(firm, major), "a task for each action")
    for role, person in ((Role.TECHNOLOGY, "wu.gang"), (Role.RISK, "guo.qiang")):
        await firm.decide(tasks[role], "done", person, reason="here is the proof")
