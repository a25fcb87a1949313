"""每日待办: what the daily digest is asked for, whom it goes to, and what became of it."""

from datetime import date, datetime, timedelta

from contracts.base import Contract
from contracts.text import StaffId


class DigestRequest(Contract):
    """The digest of `day`; null: of the firm's day on which it runs."""

    day: date | None = None


class DigestPlan(Contract):
    """Who is at work on a day, nobody where it is not worked; how long a mail to one of them is tried."""

    day: date
    staff: tuple[StaffId, ...]
    patience: timedelta


class DigestStep(Contract):
    """The mail to one person, as an activity gets it. `at` is the workflow's time."""

    day: date
    staff: StaffId
    at: datetime

    @property
    def key(self) -> str:
        """The primary key of its effect: such as `digest/2026-11-24/li.wei`."""
        return f"digest/{self.day}/{self.staff}"


class DigestReport(Contract):
    """What became of a digest: who has got it, of these who had it `before`, and whom it did not reach. Who has no open
    work, and nothing of the policy to see to, is not named."""

    day: date
    sent: tuple[StaffId, ...] = ()
    missed: tuple[StaffId, ...] = ()
    before: tuple[StaffId, ...] = ()
    worked: bool = True


class DigestLine(Contract):
    """What one person would be told: the tasks, the most urgent first, how many of them are overdue, and what of the
    policy has to be seen to."""

    staff: StaffId
    tasks: tuple[str, ...]
    overdue: int
    upkeep: tuple[str, ...] = ()


class DigestPreview(Contract):
    """What would be sent on a day, and to whom."""

    day: date
    people: tuple[DigestLine, ...]
    worked: bool = True
