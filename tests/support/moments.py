"""Moments in a firm whose time is moved: let one come, and say when something was done and who was told of it.

What was done on the way is held against the working calendar, so that a test means the same on every day of the week.
"""

from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from google.protobuf.empty_pb2 import Empty
from sqlmodel import select

from contracts.notices import DeliveryState
from contracts.tasks import Rung
from gateways import deadlines
from gateways.calendar import WorkingCalendar
from policy import Policies
from records.tables import ContactRow, TaskRow
from tests.support.firm import ROOT, Firm, eventually

CALENDAR = WorkingCalendar(Policies(ROOT / "policy")["2026-11-22"].calendar)
ZONE = ZoneInfo("Asia/Shanghai")
DRIFT = timedelta(minutes=2)  # of the server that skips time
ARRIVED = (DeliveryState.SENT, DeliveryState.ANSWERED, DeliveryState.BOUNCED)


# ---- letting time pass ---------------------------------------------------------------------------------------------


async def now(firm: Firm) -> datetime:
    """The server's time."""
    return (await firm.client.test_service.get_current_time(Empty())).time.ToDatetime(UTC)


async def comes(firm: Firm, moment: datetime) -> None:
    """Let the time pass until a moment."""
    await firm.pass_time(max(moment - await now(firm), timedelta(0)))


async def passed(firm: Firm, start: datetime, span: str, calendar: WorkingCalendar = CALENDAR) -> None:
    """Let the time pass until so much (working) time after `start` is over, and a little longer."""
    await comes(firm, calendar.add(start, span) + DRIFT)


async def clock_shows(firm: Firm, clock: str, *, workday: bool = False) -> datetime:
    """Let the time pass until the firm's clock next shows such as `23:00`, on a working day if so wanted."""
    local = (await now(firm)).astimezone(ZONE)
    moment = datetime.combine(local.date(), time.fromisoformat(clock), ZONE)
    while moment <= local or (workday and not CALENDAR.is_workday(moment.date())):
        moment += timedelta(days=1)
    await comes(firm, moment)
    return moment.astimezone(UTC)


# ---- what was done when --------------------------------------------------------------------------------------------


def shown_at(firm: Firm, task: str) -> datetime:
    """When the task came into the inbox."""
    links = firm.show(task.rpartition(".task-")[0]).trail
    return next(link.at for link in links if link.what == f"task shown: {task}")


def sent(firm: Firm, case: str, template: str, task: str | None = None) -> list[datetime]:
    """When a notice was sent, the earliest first; those about one task only, if so wanted."""
    lines = [line for line in firm.show(case).contacts if line.template == template and line.state in ARRIVED]
    return sorted(line.at for line in lines if task in {None, line.task})


def letters(firm: Firm, case: str, template: str, task: str | None = None) -> list[EmailMessage]:
    """The mails of a case by that template that really arrived, the oldest first."""
    query = select(ContactRow).where(ContactRow.dossier == firm.show(case).reference, ContactRow.template == template)
    with firm.world.database.reading() as session:
        ids = {row.message_id for row in session.exec(query) if task in {None, row.task}}
    return [mail for mail in firm.mail.messages() if mail["Message-ID"] in ids]


async def letter(firm: Firm, case: str, template: str, task: str | None = None) -> EmailMessage:
    """The one mail of a case by that template, as soon as it has arrived."""
    (arrived,) = await eventually(lambda: letters(firm, case, template, task), f"the mail {template}")
    return arrived


def told(letter: EmailMessage) -> set[str]:
    """The members of staff whom a mail really went to."""
    return {str(address).partition("@")[0] for address in letter.get_all("Delivered-To", [])}


def rungs_of(firm: Firm, task: str) -> list[Rung]:
    """The rungs that a task has still to climb."""
    with firm.world.database.reading() as session:
        return list(deadlines.rungs_of(session.get_one(TaskRow, task)))


def assert_near(real: datetime, wanted: datetime) -> None:
    """It was so then, but for the drift of the server."""
    assert abs(real - wanted) < DRIFT, f"{real} instead of {wanted}"


def assert_at(moments: list[datetime], start: datetime, *spans: str, calendar: WorkingCalendar = CALENDAR) -> None:
    """Each happened when its span was over, and nothing else happened."""
    wanted = [calendar.add(start, span) for span in spans]
    assert len(moments) == len(wanted), f"{moments} instead of {wanted}"
    assert all(timedelta(0) <= real - due < DRIFT for real, due in zip(moments, wanted, strict=True)), (moments, wanted)
