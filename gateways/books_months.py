"""The month that an entry belongs to, which months are closed, and whose turn it is: who books or who closes."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, func, select

from contracts.refusals import Code, Fault, Refused, bad_input
from records.books_tables import AccountingPeriodRow

FIRM_ZONE = ZoneInfo("Asia/Shanghai")

_TURN = 7_105_224
_PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def today() -> date:
    """The firm's day."""
    return datetime.now(FIRM_ZONE).date()


def at_noon(day: date) -> datetime:
    """A moment on `day`, both in UTC and where the firm is."""
    return datetime.combine(day, time(hour=4), UTC)


def month_of(day: date) -> str:
    """Such as `2026-11`."""
    return day.isoformat()[:7]


def period_of(at: datetime) -> str:
    """会计期间: the month in which `at` falls where the firm is."""
    return month_of(day_of(at))


def day_of(at: datetime) -> date:
    """The firm's day of a moment."""
    return at.astimezone(FIRM_ZONE).date()


def next_month(period: str) -> date:
    """The first day after a period."""
    year, month = int(period[:4]), int(period[5:])
    return date(year + month // 12, month % 12 + 1, 1)


def named_period(text: str) -> str:
    """`text`, if it is the name of a month. Refused(BAD_INPUT)."""
    if not _PERIOD.fullmatch(text):
        raise bad_input("period", [Fault(path="period", message="should be a month such as 2026-11")])
    return text


def closed_until(session: Session) -> str:
    """The last month that was closed, and with it every month before; empty when none was."""
    return session.exec(select(func.max(AccountingPeriodRow.period))).one() or ""


def first_open(session: Session, on: date) -> date:
    """That day if its month is open, else the first day of the first open month."""
    closed = closed_until(session)
    return on if month_of(on) > closed else next_month(closed)


def refuse_closed(session: Session, period: str) -> None:
    """Refused(NOT_ALLOWED) where the month is closed."""
    if period <= closed_until(session):
        raise Refused(Code.NOT_ALLOWED, f"The accounting period {period} is closed and takes no entry.")


def turn_to_book(session: Session) -> None:
    """Nobody closes a month until the transaction ends; others book beside it. Ask before anything else is held: who
    closes waits for it. On SQLite every transaction has its turn already."""
    _take_turn(session, "pg_advisory_xact_lock_shared")


def turn_to_close(session: Session) -> None:
    """Nobody books until the transaction ends."""
    _take_turn(session, "pg_advisory_xact_lock")


def _take_turn(session: Session, lock: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text(f"SELECT {lock}(:number)"), {"number": _TURN})
