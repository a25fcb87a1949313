"""每日待办: who gets the daily digest, once, and what keeps whom from it."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleOverlapPolicy

from contracts.digest import DigestReport
from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from gateways.duties import DIGEST_SCHEDULE, DIGEST_WORKFLOW, keep_duties, schedule_digest, send_digest
from gateways.failures import PermanentFailure, TemporaryFailure
from gateways.mail import Mail, Mailer, Sent
from policy import Policies, Policy
from records.people_tables import AbsenceRow, CalendarDayRow
from records.tables import ContactRow
from tests.faults.edges import at_work
from tests.support.course import confirmed
from tests.support.firm import FAST, ROOT, Firm, eventually, firm_without_worker, running_firm
from tests.support.house import House
from tests.support.policies import folder_with
from workflows.digest import DailyDigest

TUESDAY, SUNDAY = date(2026, 11, 24), date(2026, 11, 29)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SUPERVISORS, MANAGERS = {"song.jia", "luo.hao"}, {"david.chen", "tian.ye"}
SONG_JIA = "song.jia@staff.example.com"
PATIENT = timedelta(seconds=60)


async def digest(firm: Firm, day: date = TUESDAY) -> DigestReport:
    """The digest of a day, by hand."""
    return await send_digest(firm.client, firm.task_queue, day, PATIENT)


async def waiting_for_approval(firm: Firm) -> str:
    """The task of a closure that a supervisor or manager has to approve."""
    await confirmed(firm, "ACC-1001")
    return await firm.task("approval")


def digests(firm: Firm, staff: str, day: date = TUESDAY) -> list[EmailMessage]:
    """The digests that arrived at a person's address."""
    address = f"{staff}@staff.example.com"
    mails = [mail for mail in firm.mail.messages() if address in str(mail["To"])]
    return [mail for mail in mails if str(mail["Subject"]).startswith(f"{day} 待办")]


def contact(firm: Firm, staff: str, day: date = TUESDAY) -> ContactRow:
    """What is on record of a person's digest."""
    with firm.world.database.reading() as session:
        return session.get_one(ContactRow, f"digest/{day}/{staff}")


@dataclass
class Moody:
    """A mailer that fails the first `times` with what is for one person alone; `after`: when it is out already."""

    mailer: Mailer
    moods: dict[str, Exception] = field(default_factory=dict)
    times: int = 10**9
    after: bool = False
    tries: int = 0

    def send(self, mail: Mail) -> Sent:
        """As the mailer, but for the moods."""
        mood = self.moods.get(", ".join(mail.to))
        if mood is None:
            return self.mailer.send(mail)
        self.tries += 1
        if self.after or self.tries > self.times:
            sent = self.mailer.send(mail)
        if self.tries <= self.times:
            raise mood
        return sent


@pytest.fixture
async def moody(skipping_client: Client, tmp_path: Path) -> AsyncIterator[tuple[Firm, Moody]]:
    """A firm whose mailer has moods."""
    async with firm_without_worker(skipping_client, tmp_path) as firm:
        mailer = Moody(firm.world.mailer)
        firm.world.mailer = mailer
        async with at_work(firm):
            yield firm, mailer


# ---- who gets it, and what it says -----------------------------------------------------------------------------


async def test_each_person_with_open_work_gets_one_mail_that_lists_it(firm: Firm):
    task = await waiting_for_approval(firm)
    report = await digest(firm)
    assert set(report.sent) >= SUPERVISORS
    assert "wu.gang" not in report.sent
    assert digests(firm, "wu.gang") == []
    (mail,) = digests(firm, "song.jia")
    text = str(mail.get_content())
    assert all(word in text for word in (task, "closure-ACC-1001", "审批", "宋佳", "不视为同意"))
    assert contact(firm, "song.jia").state is DeliveryState.SENT
    assert contact(firm, "song.jia").message_id == mail["Message-ID"]


async def test_a_digest_names_no_customer(firm: Firm):
    await waiting_for_approval(firm)
    for staff in (await digest(firm)).sent:
        for mail in digests(firm, staff):
            assert "张伟" not in f"{mail['Subject']}{mail.get_content()}"


async def test_twice_on_a_day_is_one_digest_and_the_next_day_has_its_own(firm: Firm):
    await waiting_for_approval(firm)
    assert await digest(firm) == await digest(firm)
    await digest(firm, TUESDAY + timedelta(days=1))
    assert len(digests(firm, "song.jia")) == 1
    assert len(digests(firm, "song.jia", TUESDAY + timedelta(days=1))) == 1


async def test_nobody_gets_mail_when_nothing_is_open(firm: Firm):
    assert await digest(firm) == DigestReport(day=TUESDAY)


async def test_managers_are_told_of_a_plan_past_its_review_also_when_nothing_is_open(
    skipping_client: Client, tmp_path: Path
):
    folder = folder_with(tmp_path / "policy", ("reviewed_on = 2026-10-15", "reviewed_on = 2024-10-15"))
    async with running_firm(skipping_client, tmp_path, policy=folder) as firm:
        assert set((await digest(firm)).sent) == MANAGERS
        (mail,) = digests(firm, "tian.ye")
        assert "应急预案 system_fault 应于 2025-10-15 前复核" in str(mail.get_content())


async def test_an_absent_person_gets_none_and_the_deputy_is_told_in_whose_place(firm: Firm):
    task = await waiting_for_approval(firm)
    now, a_day = datetime.now(UTC), timedelta(days=1)
    since, until = now.date() - a_day, now.date() + a_day
    away = AbsenceRow(staff="david.chen", since=since, until=until, entered_by="tian.ye", at=now)
    firm.mend(lambda session: session.add(away))
    report = await digest(firm, now.date())
    assert "david.chen" not in report.sent
    assert "tian.ye" in report.sent
    (mail,) = digests(firm, "tian.ye", now.date())
    assert task in str(mail.get_content())


async def test_a_day_that_is_not_worked_has_no_digest_and_a_make_up_workday_has(working_firm: Firm):
    await waiting_for_approval(working_firm)
    assert await digest(working_firm, SUNDAY) == DigestReport(day=SUNDAY)
    made_up = CalendarDayRow(day=SUNDAY, worked=True, source="a notice", loaded_at=datetime.now(UTC))
    working_firm.mend(lambda session: session.add(made_up))
    assert set((await digest(working_firm, SUNDAY)).sent) >= SUPERVISORS


# ---- when mail does not go out ---------------------------------------------------------------------------------


async def test_a_refused_address_keeps_nobody_else_from_theirs(moody: tuple[Firm, Moody]):
    firm, mailer = moody
    mailer.moods = {SONG_JIA: PermanentFailure("no such mailbox")}
    await waiting_for_approval(firm)
    report = await digest(firm)
    assert report.missed == ("song.jia",)
    assert "luo.hao" in report.sent
    assert mailer.tries == 1
    assert (contact(firm, "song.jia").state, contact(firm, "song.jia").error) == (
        DeliveryState.REFUSED,
        "no such mailbox",
    )


async def test_a_mail_server_that_is_busy_is_tried_again_until_it_takes_the_mail(moody: tuple[Firm, Moody]):
    firm, mailer = moody
    mailer.moods, mailer.times = {SONG_JIA: TemporaryFailure("busy")}, 3
    await waiting_for_approval(firm)
    assert "song.jia" in (await digest(firm)).sent
    assert len(digests(firm, "song.jia")) == 1


async def test_what_could_not_be_sent_in_time_is_missed_and_a_later_run_of_the_day_sends_it(moody: tuple[Firm, Moody]):
    firm, mailer = moody
    mailer.moods = {SONG_JIA: TemporaryFailure("out of order")}
    await waiting_for_approval(firm)
    assert (await digest(firm)).missed == ("song.jia",)
    assert contact(firm, "song.jia").state is DeliveryState.FAILED
    mailer.moods = {}
    assert set((await digest(firm)).sent) >= SUPERVISORS
    assert [len(digests(firm, staff)) for staff in sorted(SUPERVISORS)] == [1, 1]


async def test_a_mail_that_broke_off_after_it_went_out_is_sent_again_under_the_same_id(moody: tuple[Firm, Moody]):
    firm, mailer = moody
    mailer.moods, mailer.times, mailer.after = {SONG_JIA: TemporaryFailure("no answer")}, 1, True
    await waiting_for_approval(firm)
    assert "song.jia" in (await digest(firm)).sent
    ids = [mail["Message-ID"] for mail in digests(firm, "song.jia")]
    assert (len(ids), len(set(ids))) == (2, 1)


async def test_a_digest_without_a_worker_is_said_to_be_on_its_way(skipping_client: Client, tmp_path: Path):
    async with firm_without_worker(skipping_client, tmp_path) as firm:
        with pytest.raises(Refused) as refused:
            await send_digest(firm.client, firm.task_queue, TUESDAY, timedelta(seconds=0.5))
    assert refused.value.code is Code.UNREACHABLE
    assert "python worker.py" in refused.value.sentence


# ---- the schedule ----------------------------------------------------------------------------------------------


def policy_with(digest_at: time | None) -> Policy:
    """The policy in force with another time for the digest."""
    policy = Policies(ROOT / "policy")["2026-11-22"]
    return policy.model_copy(update={"desk": policy.desk.model_copy(update={"digest_at": digest_at})})


async def test_the_schedule_runs_the_digest_at_the_firms_time_and_once_however_often_workers_start(real_firm: Firm):
    await waiting_for_approval(real_firm)
    policy = Policies(ROOT / "policy")["2026-11-22"]
    for _ in range(2):
        await schedule_digest(real_firm.client, real_firm.task_queue, policy)
    handle = real_firm.client.get_schedule_handle(DIGEST_SCHEDULE)
    described = await handle.describe()
    assert described.info.next_action_times[0].astimezone(SHANGHAI).time() == time(8, 30)
    assert described.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert described.schedule.policy.catchup_window == timedelta(hours=1)
    await handle.trigger()
    today = datetime.now(SHANGHAI).date()
    await eventually(lambda: digests(real_firm, "song.jia", today), "the digest")
    run = (await handle.describe()).info.recent_actions[0].action
    assert isinstance(run, ScheduleActionExecutionStartWorkflow)
    assert run.workflow_id.startswith(DIGEST_SCHEDULE)
    report = await real_firm.client.get_workflow_handle(run.workflow_id, result_type=DigestReport).result()
    assert report == await digest(real_firm, today)
    assert len(digests(real_firm, "song.jia", today)) == 1


async def test_a_new_time_is_taken_over_an_operators_pause_stays_and_no_time_means_no_schedule(real_firm: Firm):
    handle = real_firm.client.get_schedule_handle(DIGEST_SCHEDULE)
    await schedule_digest(real_firm.client, real_firm.task_queue, policy_with(time(8, 30)))
    await handle.pause(note="the mail server is moved")
    await schedule_digest(real_firm.client, real_firm.task_queue, policy_with(time(7, 45)))
    described = await handle.describe()
    assert described.info.next_action_times[0].astimezone(SHANGHAI).time() == time(7, 45)
    assert (described.schedule.state.paused, described.schedule.state.note) == (True, "the mail server is moved")
    for _ in range(2):
        await schedule_digest(real_firm.client, real_firm.task_queue, policy_with(None))
    assert [each.id async for each in await real_firm.client.list_schedules()] == []


async def test_a_server_that_knows_no_schedules_keeps_no_worker_from_its_work(
    working_firm: Firm, caplog: pytest.LogCaptureFixture
):
    await keep_duties(working_firm.client, working_firm.task_queue, working_firm.world.policies)
    assert [record.getMessage().partition(":")[0] for record in caplog.records if record.name == "gateways.duties"] == [
        "the daily digest is not scheduled"
    ]


def test_the_schedule_names_the_workflow_as_it_is_called():
    assert DailyDigest.__name__ == DIGEST_WORKFLOW


# ---- the command -----------------------------------------------------------------------------------------------


async def test_the_command_says_who_would_get_what_sends_it_and_sends_it_once(real_firm: Firm):
    task = await waiting_for_approval(real_firm)
    office = House(real_firm.home, os.environ | surroundings(real_firm))
    today, tomorrow = datetime.now(SHANGHAI).date(), datetime.now(SHANGHAI).date() + timedelta(days=1)
    dry = await asyncio.to_thread(office.call, "digest", "--day", str(tomorrow), "--dry-run", "--json")
    assert dry.code == 0, dry.err
    would = {line["staff"]: line["tasks"] for line in dry.data["people"]}
    assert would["song.jia"] == [task]
    early = await asyncio.to_thread(office.call, "digest", "--day", str(tomorrow), "--json")
    assert (early.code, early.error["code"], "used up" in early.err) == (2, Code.BAD_INPUT, True)
    assert digests(real_firm, "song.jia", tomorrow) == []
    for before in (set(), set(would)):
        done = await asyncio.to_thread(office.call, "digest", "--day", str(today), "--json")
        assert (done.code, set(done.data["sent"]), set(done.data["before"])) == (0, set(would), before), done.err
    again = await asyncio.to_thread(office.call, "digest")
    assert again.out.splitlines()[0] == f"{today}: 0 got mail now."
    assert again.out.splitlines()[1].startswith(f"{len(would)} had got it before: ")
    assert len(digests(real_firm, "song.jia", today)) == 1
    too_early = await asyncio.to_thread(office.call, "digest", "--day", "2020-01-01", "--json")
    assert (too_early.code, too_early.error["code"]) == (1, Code.NOT_ALLOWED)


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_the_command_says_that_a_day_is_not_worked(tmp_path: Path, more: tuple[str, ...]):
    nowhere = {"QUIETUS_HOME": str(tmp_path / "home"), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    told = House(tmp_path, os.environ | nowhere).call("digest", "--day", "2026-11-22", *more)
    assert (told.code, told.out) == (0, "2026-11-22 is not a working day; nobody gets mail.\n"), told.err


def surroundings(firm: Firm) -> dict[str, str]:
    """What tells a command where this firm is."""
    return {
        "QUIETUS_HOME": str(firm.home),
        "QUIETUS_DATABASE_URL": firm.world.database.url.render_as_string(hide_password=False),
        "QUIETUS_POLICY_DIR": str(FAST),
        "QUIETUS_TASK_QUEUE": firm.task_queue,
        "TEMPORAL_ADDRESS": firm.client.service_client.config.target_host,
    }
