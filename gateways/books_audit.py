"""核对: what in the journal does not hold: each entry, each reversal, each closed period against what was kept."""

from collections import defaultdict
from collections.abc import Iterator

from sqlmodel import Session, col, func, select

from gateways.books import Ledger
from gateways.books_entries import lines_of
from gateways.books_months import period_of
from gateways.books_periods import CLOSED
from gateways.books_together import opposite
from records import trail
from records.books_tables import AccountingPeriodRow, JournalEntryRow, JournalLineRow


def breaks(session: Session) -> Iterator[str]:
    """One sentence for each thing that does not hold; none when all does. Who changes the records past the triggers
    leaves at least one."""
    yield from _unbalanced(session)
    yield from _incomplete(session)
    yield from _misdated(session)
    yield from _reversals(session)
    yield from _late(session)
    yield from _periods(session)


def _unbalanced(session: Session) -> Iterator[str]:
    entry, currency, minor = JournalLineRow.entry, JournalLineRow.currency, func.sum(JournalLineRow.minor)
    for name, code in session.exec(select(entry, currency).group_by(entry, currency).having(minor != 0)):
        yield f"Entry {name} does not balance in {code}."


def _incomplete(session: Session) -> Iterator[str]:
    counted = select(JournalLineRow.entry, func.count().label("there")).group_by(JournalLineRow.entry).subquery()
    there = func.coalesce(counted.c.there, 0)
    rows = (
        select(JournalEntryRow.id, JournalEntryRow.lines, there)
        .outerjoin(counted, counted.c.entry == JournalEntryRow.id)
        .where(there != JournalEntryRow.lines)
    )
    for name, lines, found in session.exec(rows):
        yield f"Entry {name} was booked with {lines} lines and has {found}."


def _misdated(session: Session) -> Iterator[str]:
    for name, at, period in session.exec(select(JournalEntryRow.id, JournalEntryRow.at, JournalEntryRow.period)):
        if period_of(at) != period:
            yield f"Entry {name} of {period_of(at)} stands in {period}."


def _reversals(session: Session) -> Iterator[str]:
    """Taken back once, and whole."""
    taken_back: dict[str, list[str]] = defaultdict(list)
    rows = select(JournalEntryRow.id, JournalEntryRow.reverses).where(col(JournalEntryRow.reverses).is_not(None))
    for name, other in session.exec(rows.order_by(col(JournalEntryRow.n))):
        taken_back[other or ""].append(name)
        if not opposite(lines_of(session, name), lines_of(session, other or "")):
            yield f"Entry {name} is not {other} reversed."
    for name, others in taken_back.items():
        if len(others) > 1:
            yield f"Entry {name} was taken back more than once: {', '.join(others)}."


def _late(session: Session) -> Iterator[str]:
    closing = select(AccountingPeriodRow.period).where(
        col(AccountingPeriodRow.period) >= col(JournalEntryRow.period),
        col(AccountingPeriodRow.closed_at) < col(JournalEntryRow.recorded_at),
    )
    for name, period in session.exec(select(JournalEntryRow.id, JournalEntryRow.period).where(closing.exists())):
        yield f"Entry {name} was booked in {period} after that was closed."


def _periods(session: Session) -> Iterator[str]:
    """The hash is kept in two places, of which the trail is a chain."""
    links = trail.entries(session, trail.BOOKS)
    kept = {link.evidence["period"]: link.evidence["sha256"] for link in links if link.what == CLOSED}
    for row in session.exec(select(AccountingPeriodRow).order_by(col(AccountingPeriodRow.period))):
        if kept.pop(row.period, None) != row.sha256:
            yield f"The closing of {row.period} is not the one that stands in the trail of the books."
        if Ledger().trial_balance(session, row.period).sha256 != row.sha256:
            yield f"The trial balance of {row.period} is not the one that it was closed with."
    yield from (f"The closing of {period} stands in the trail of the books only." for period in kept)
