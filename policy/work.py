"""时限、审批、值班: how people work: ladders, who deals with what, who approves, when nobody is disturbed."""

from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from contracts.base import Contract
from contracts.tasks import RungKind
from contracts.vocabulary import Medium, Risk, Role, Stage, WaitedFor
from policy.spans import Span

Roles = Annotated[tuple[Role, ...], Field(min_length=1)]
"""Those who may do something that somebody must."""


class Calendar(Contract):
    """Working time. `country` CN uses the State Council's notices, another one the public holidays of that country."""

    country: str
    zone: str
    opens: time
    closes: time
    always_open: bool = False
    source: str = ""

    def day(self, moment: datetime) -> date:
        """The firm's day of a moment."""
        return self.local(moment).date()

    def local(self, moment: datetime) -> datetime:
        """The same moment by the firm's clock."""
        return moment.astimezone(ZoneInfo(self.zone))


class RungRule(Contract):
    """A rung of a ladder: so long after the task was shown, this is done; `roles` may then decide too."""

    after: Span
    kind: RungKind
    roles: tuple[Role, ...] = ()


class Ladder(Contract):
    """时限: when a task is due, and what happens on the way there and after. Silence never approves. `waits_for`: whom
    the case waits for while such a task is open; `pauses_for`: while it waits for whom the clock of the task stands."""

    due: Span
    rungs: tuple[RungRule, ...] = ()
    waits_for: WaitedFor = WaitedFor.STAFF
    pauses_for: tuple[WaitedFor, ...] = ()
    source: str = ""


class FindingRule(Contract):
    """Who deals with a kind of finding, and whether it may be accepted with a reason."""

    role: Role
    accept: bool
    ladder: str = "staff"


class Approvals(Contract):
    """How many different people approve, from which roles, which role must be among them, and whether each stands for
    another role."""

    needed: int = Field(le=9)
    roles: Roles
    must_include: tuple[Role, ...] = ()
    different_roles: bool = False
    source: str = ""


class QuietHours(Contract):
    """免打扰: from `begins` to `ends` by the calendar's clock (over midnight where it ends earlier) nothing is sent by
    these channels, nobody is reminded, and nobody is telephoned."""

    begins: time
    ends: time
    media: tuple[Medium, ...]
    source: str = ""


class DeskRules(Contract):
    """How work is spread. `load_cap`: how many tasks one person may have claimed (null: any number). `head_start`: how
    much earlier than due a task of that risk is ranked, plain time. `digest_at`: when the daily digest is sent."""

    load_cap: int | None = None
    head_start: dict[Risk, Span] = {}
    digest_at: time | None = None
    source: str = ""


class ExtensionRules(Contract):
    """延期: who approves it, how often a case may be extended, by how many working days at most each time."""

    roles: Roles
    times: int
    longest_working_days: int
    ladder: str = "staff"
    source: str = ""


class FirmSystem(Contract):
    """One of the firm's own systems, and the stages of a closure that need it."""

    stages: tuple[Stage, ...]
    source: str = ""


class DisruptionRules(Contract):
    """中断: which `roles` declare and end one, which approve more time and how much at most, how often cases are looked
    for that have come to it, within what time more time is ruled on (both plain time), and how many are let go in a
    minute when it is over."""

    roles: Roles
    approval: Roles
    longest_working_days: int = Field(ge=1)
    rhythm: Span
    ruled_within: Span
    resume_per_minute: int = Field(ge=1)
    source: str = ""


class Patience(Contract):
    """How long a failing step is tried again before people take over, by what it does. Plain time."""

    check: Span
    effect: Span
    delivery: Span
