"""Entries: how one is written, once under its reference, and how they are read."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from contracts.bookkeeping import JournalEntry
from contracts.books import EntryFacts, Line, OwnLedger
from contracts.money import Money
from contracts.refusals import Code, Refused
from gateways.books_facts import account_of, found, ledger_of
from gateways.books_months import day_of, period_of
from gateways.comparison import Booked
from records.books_tables import AccountRow, JournalEntryRow, JournalLineRow
from records.canonical import fingerprint

_CUSTOMER = ledger_of("")

_AT_ONCE = 10_000
"""A statement of SQL takes only so many values; SQLite 32,766."""

_MOST_ALIKE = 20_000
"""So many entries of the same amounts are looked at, which takes half a second."""


@dataclass(frozen=True)
class Draft:
    """An entry that is to be booked for the moment `at`."""

    reference: str
    text: str
    lines: tuple[Line, ...]
    at: datetime
    dossier: str | None
    reverses: str = ""
    corrects: str = ""

    @property
    def id(self) -> str:
        """Follows from the reference."""
        return f"JE-{fingerprint(self.reference)[:16]}"

    @property
    def period(self) -> str:
        """The month of `at`."""
        return period_of(self.at)


class Entries:
    """What the journal answers. An unknown id is Refused(NOT_FOUND)."""

    def entries(self, session: Session, account_id: str) -> tuple[EntryFacts, ...]:
        """The entries of an account in the order of booking, each with the balance after it."""
        currency = found(session, AccountRow, account_id, "account").currency
        amount = func.sum(JournalLineRow.minor)
        booked = (
            select(JournalEntryRow, amount)
            .join(JournalLineRow, col(JournalLineRow.entry) == col(JournalEntryRow.id))
            .where(JournalLineRow.ledger == ledger_of(account_id))
            .group_by(col(JournalEntryRow.n))
            .order_by(col(JournalEntryRow.n))
        )
        rows = [(entry, int(minor)) for entry, minor in session.exec(booked)]
        others = _other_sides(session, ledger_of(account_id))
        return tuple(
            EntryFacts(
                **entry.model_dump(include={"id", "reference", "at", "text", "period"}),
                amount=Money(minor=minor, currency=currency),
                balance_after=Money(minor=balance, currency=currency),
                reverses=entry.reverses or "",
                corrects=entry.corrects or "",
                other_side=tuple(others[entry.id]),
            )
            for (entry, minor), balance in zip(rows, accumulate(minor for _, minor in rows), strict=True)
        )

    def entry(self, session: Session, entry_id: str) -> JournalEntry:
        """All of one entry."""
        row = entry_row(session, entry_id)
        return JournalEntry(
            **row.model_dump(include={"id", "reference", "at", "text", "period", "recorded_at", "dossier"}),
            reverses=row.reverses or "",
            corrects=row.corrects or "",
            reversed_by=reversal_of(session, entry_id),
            lines=tuple(lines_of(session, entry_id)),
        )

    def corrections_of(self, session: Session, entry_id: str) -> tuple[JournalEntry, ...]:
        """What was booked to put an entry right, in the order of booking; its reversal is none of them."""
        mine = select(JournalEntryRow.id).where(JournalEntryRow.corrects == entry_id)
        plain = mine.where(col(JournalEntryRow.reverses).is_(None)).order_by(col(JournalEntryRow.n))
        return tuple(self.entry(session, each) for each in session.exec(plain).all())

    def booked_alike(
        self, session: Session, currency: str, minors: Collection[int], months: tuple[str, str]
    ) -> tuple[Booked, ...]:
        """The entries on accounts of customers that move one of these amounts, in minor units of `currency`, in the
        periods from the first to the last of `months` (such as `2026-09`), and stand."""
        amounts = sorted(minors)
        found = [
            each
            for first in range(0, len(amounts), _AT_ONCE)
            for each in _alike(session, currency, amounts[first : first + _AT_ONCE], months)
        ]
        gone = _reversed(session, [each.entry for each in found])
        return tuple(each for each in found if each.entry not in gone)

    @staticmethod
    def standing(entries: Sequence[EntryFacts]) -> tuple[EntryFacts, ...]:
        """`entries` (in the order of booking) without the pairs of which one takes the other back. The newest is heard
        first: where a reversal was itself reversed, what it had taken back stands again."""
        there, gone = {entry.id for entry in entries}, taken_back((entry.id, entry.reverses) for entry in entries)
        return tuple(entry for entry in entries if entry.id not in gone and entry.reverses not in there)


def taken_back(entries: Iterable[tuple[str, str]]) -> set[str]:
    """Which of these entries (each with the one that it takes back, in the order of booking) do not stand. The newest
    is heard first: what a reversal took back stands again where that was itself taken back."""
    gone: set[str] = set()
    for entry, reverses in reversed([*entries]):
        if reverses and entry not in gone:
            gone.add(reverses)
    return gone


def entry_row(session: Session, entry_id: str) -> JournalEntryRow:
    """The row, or Refused(NOT_FOUND)."""
    row = session.exec(select(JournalEntryRow).where(JournalEntryRow.id == entry_id)).first()
    if row is None:
        raise Refused(Code.NOT_FOUND, f"There is no entry {entry_id} in the books.")
    return row


def lines_of(session: Session, entry_id: str) -> list[Line]:
    """The lines of an entry, in their order."""
    rows = select(JournalLineRow).where(JournalLineRow.entry == entry_id).order_by(col(JournalLineRow.n))
    return [_line(row) for row in session.exec(rows)]


def reversal_of(session: Session, entry_id: str) -> str:
    """The entry that takes this one back; empty when none does."""
    return session.exec(select(JournalEntryRow.id).where(JournalEntryRow.reverses == entry_id)).first() or ""


def accounts_in(lines: Iterable[Line]) -> list[str]:
    """The accounts that `lines` touch, in the order in which they are to be held."""
    return sorted({line.ledger.removeprefix(_CUSTOMER) for line in lines if line.ledger.startswith(_CUSTOMER)})


def refuse_unbalanced(lines: Sequence[Line]) -> None:
    """ValueError unless there are lines, on ledgers that there are, and they sum to zero in each currency."""
    sums: Counter[str] = Counter()
    for line in lines:
        kind, _, name = line.ledger.partition(":")
        if kind != "customer" and (kind not in set(OwnLedger) or name != line.amount.currency):
            raise ValueError(f"there is no ledger {line.ledger} for {line.amount.currency}")
        sums[line.amount.currency] += line.amount.minor
    if not lines or any(sums.values()):
        raise ValueError(f"the entry does not balance: {dict(sums)}")


def booked_before(session: Session, draft: Draft) -> bool:
    """Whether the entry is there. Refused(MISMATCH) when its reference was booked with other lines, or as the reversal
    or correction of another entry."""
    row = session.exec(select(JournalEntryRow).where(JournalEntryRow.id == draft.id)).first()
    if row is None:
        return False
    if tuple(lines_of(session, row.id)) != draft.lines:
        raise Refused(Code.MISMATCH, f"The reference {draft.reference} was booked with other lines.")
    if (row.reverses or "", row.corrects or "") != (draft.reverses, draft.corrects):
        raise Refused(Code.MISMATCH, f"The reference {draft.reference} was booked for another entry.")
    return True


def write(session: Session, draft: Draft) -> None:
    """Put the entry into the journal."""
    row = JournalEntryRow(
        id=draft.id,
        reference=draft.reference,
        at=draft.at,
        text=draft.text,
        dossier=draft.dossier,
        period=draft.period,
        recorded_at=datetime.now(UTC),
        reverses=draft.reverses or None,
        corrects=draft.corrects or None,
        lines=len(draft.lines),
    )
    session.add(row)
    session.flush()
    booked = [
        {"entry": row.id, "n": n, "ledger": line.ledger, "minor": line.amount.minor, "currency": line.amount.currency}
        for n, line in enumerate(draft.lines, 1)
    ]
    session.exec(insert(JournalLineRow).values(booked))


def _alike(session: Session, currency: str, minors: Sequence[int], months: tuple[str, str]) -> list[Booked]:
    """Reversals are none of them; the first so many, since more than that cannot be told apart anyway."""
    entry, moved = JournalEntryRow, func.sum(JournalLineRow.minor)
    rows = (
        select(entry, JournalLineRow.ledger, moved)
        .join(JournalLineRow, col(JournalLineRow.entry) == col(entry.id))
        .where(col(entry.period).between(*months), col(entry.reverses).is_(None))
        .where(JournalLineRow.currency == currency, col(JournalLineRow.ledger).startswith(_CUSTOMER))
        .group_by(col(entry.n), col(JournalLineRow.ledger))
        .having(moved.in_(minors))
        .order_by(col(entry.n), col(JournalLineRow.ledger))
        .limit(_MOST_ALIKE)
    )
    return [
        Booked(
            each.id, account_of(ledger), each.reference, day_of(each.at), Money(minor=int(minor), currency=currency),
            each.text,
        )
        for each, ledger, minor in session.exec(rows)
    ]  # fmt: skip


def _reversed(session: Session, entries: Sequence[str]) -> set[str]:
    """Which of these entries do not stand; what a reversal took back stands again where that was itself reversed."""
    taken_by: dict[str, str] = {}
    for first in range(0, len(entries), _AT_ONCE):
        some = col(JournalEntryRow.reverses).in_(entries[first : first + _AT_ONCE])
        taken_by |= {
            str(entry): by
            for entry, by in session.exec(select(JournalEntryRow.reverses, JournalEntryRow.id).where(some))
        }
    again = _reversed(session, [*taken_by.values()]) if taken_by else set()
    return {entry for entry, by in taken_by.items() if by not in again}


def _other_sides(session: Session, ledger: str) -> dict[str, list[str]]:
    """By entry that touches `ledger`, the other ledgers of it, in the order of its lines."""
    mine = select(JournalLineRow.entry).where(JournalLineRow.ledger == ledger)
    rows = select(JournalLineRow.entry, JournalLineRow.ledger).where(
        col(JournalLineRow.entry).in_(mine), JournalLineRow.ledger != ledger
    )
    others: dict[str, list[str]] = defaultdict(list)
    for entry, other in session.exec(rows.order_by(col(JournalLineRow.entry), col(JournalLineRow.n))):
        others[entry] += [other] if other not in others[entry] else []
    return others


def _line(row: JournalLineRow) -> Line:
    return Line(ledger=row.ledger, amount=Money(minor=row.minor, currency=row.currency))
