"""会计期间: the trial balance of a month, and closing it: from then on it takes no entry, nor does any before it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from contracts.bookkeeping import TrialBalance, TrialLine, Turnover
from contracts.money import Money
from contracts.refusals import Code, Refused
from gateways.books_months import (
    FIRM_ZONE,
    closed_until,
    first_open,
    month_of,
    named_period,
    today,
    turn_to_close,
)
from records import trail
from records.books_tables import AccountingPeriodRow, JournalEntryRow, JournalLineRow
from records.canonical import canonical, fingerprint

CLOSED = "period closed"
"""What the trail of the books calls it; the evidence holds the period, its hash and the trial balance."""


class Periods:
    """Months by name, such as `2026-11`. Refused(BAD_INPUT) for what is none."""

    def is_open(self, session: Session, period: str) -> bool:
        """Whether entries can be booked in this month."""
        return named_period(period) > closed_until(session)

    def first_open_day(self, session: Session, on: date) -> date:
        """That day if its month is open, else the first day of the first open month after it."""
        return first_open(session, on)

    def trial_balance(self, session: Session, period: str | None) -> TrialBalance:
        """试算平衡表 of a month, null: of all time; every ledger that holds or moved anything."""
        row = session.get(AccountingPeriodRow, named_period(period)) if period is not None else None
        lines = _lines(session, period)
        totals = [_total(of_one) for _, of_one in groupby(_by_currency(lines), _currency)]
        content = {"lines": [each.model_dump() for each in lines], "totals": [each.model_dump() for each in totals]}
        return TrialBalance(
            period=period,
            lines=tuple(lines),
            totals=tuple(totals),
            sha256=fingerprint({"period": period, **content}),
            closed_at=row.closed_at if row else None,
            closed_by=row.closed_by if row else "",
        )

    def close_period(self, session: Session, period: str, by: str) -> TrialBalance:
        """结账: a month that has ended and before which no month with entries is open. It is never opened again. The
        same by the same person changes nothing. Refused(NOT_ALLOWED)."""
        named_period(period)
        turn_to_close(session)
        row = session.get(AccountingPeriodRow, period)
        if row and row.closed_by == by:
            return self.trial_balance(session, period)
        _refuse_closing(session, period, row)
        balance = self.trial_balance(session, period)
        if balance.unbalanced:
            words = f"The books in {', '.join(balance.unbalanced)} do not balance in {period}; see `verify`."
            raise Refused(Code.NOT_ALLOWED, words)
        session.add(AccountingPeriodRow(period=period, closed_at=_now(), closed_by=by, sha256=balance.sha256))
        session.flush()
        content = canonical(balance.model_dump(mode="json", include={"lines", "totals"}))
        evidence = {"period": period, "sha256": balance.sha256, "trial balance": content}
        trail.append(session, trail.BOOKS, who=by, what=CLOSED, evidence=evidence)
        return self.trial_balance(session, period)


def _now() -> datetime:
    return datetime.now(UTC)


def _refuse_closing(session: Session, period: str, row: AccountingPeriodRow | None) -> None:
    """Why the month cannot be closed; nothing when it can."""
    closed = closed_until(session)
    held = select(func.min(JournalEntryRow.period)).where(
        col(JournalEntryRow.period) > closed, col(JournalEntryRow.period) < period
    )
    if row:
        day = row.closed_at.astimezone(FIRM_ZONE).date()
        raise Refused(Code.NOT_ALLOWED, f"The accounting period {period} was closed by {row.closed_by} on {day}.")
    if period <= closed:
        raise Refused(Code.NOT_ALLOWED, f"The accounting period {period} was closed with {closed}.")
    if period >= month_of(today()):
        raise Refused(Code.NOT_ALLOWED, f"The accounting period {period} has not ended.")
    if earlier := session.exec(held).one():
        raise Refused(Code.NOT_ALLOWED, f"Close {earlier} first: it holds entries and is open.")


def _lines(session: Session, period: str | None) -> list[TrialLine]:
    """Sorted here: databases sort words each in their own way, and the hash rests on it."""
    minor, month = col(JournalLineRow.minor), col(JournalEntryRow.period)
    inside: Any = month == period if period else month.is_not(None)
    sums = [
        func.sum(case((condition, minor), else_=0))
        for condition in (~inside, inside & (minor < 0), inside & (minor > 0))
    ]
    ledger, currency = col(JournalLineRow.ledger), col(JournalLineRow.currency)
    joined = col(JournalEntryRow.id) == col(JournalLineRow.entry)
    rows: Any = select(ledger, currency, *sums).join(JournalEntryRow, joined).group_by(ledger, currency)
    found = session.exec(rows.where(month <= period) if period else rows)
    lines = (_line(name, code, *(int(each) for each in amounts)) for name, code, *amounts in found)
    moved = (line for line in lines if line.opening.minor or line.debits.minor or line.credits.minor)
    return sorted(moved, key=lambda line: (line.ledger, _currency(line)))


def _line(ledger: str, currency: str, opening: int, off: int, on: int) -> TrialLine:
    before, debits, credits_ = (Money(minor=minor, currency=currency) for minor in (opening, -off, on))
    return TrialLine(ledger=ledger, opening=before, debits=debits, credits=credits_, closing=before - debits + credits_)


def _total(lines: Iterable[TrialLine]) -> Turnover:
    summed = list(lines)
    nothing = Money(minor=0, currency=_currency(summed[0]))
    return Turnover(**{name: sum((getattr(each, name) for each in summed), nothing) for name in Turnover.model_fields})


def _by_currency(lines: Sequence[TrialLine]) -> list[TrialLine]:
    return sorted(lines, key=_currency)


def _currency(line: TrialLine) -> str:
    return line.opening.currency
