"""同过账: several entries booked together, all or none, such as a reversal and the correction that takes its place."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from sqlmodel import Session

from contracts.books import Booking, Line
from contracts.refusals import Code, Refused
from gateways.books_entries import (
    Draft,
    accounts_in,
    booked_before,
    entry_row,
    lines_of,
    refuse_unbalanced,
    reversal_of,
    write,
)
from gateways.books_facts import ledger_of
from gateways.books_journal import held, refuse_posting
from gateways.books_months import at_noon, refuse_closed, turn_to_book
from records.books_tables import JournalEntryRow


class Together:
    """What books several entries at once."""

    def hold(self, session: Session, account_ids: Iterable[str]) -> None:
        """Nobody else books on these accounts, and no month is closed, until the transaction ends."""
        turn_to_book(session)
        for account_id in sorted(account_ids):
            held(session, account_id)

    def post_all(
        self,
        session: Session,
        bookings: Sequence[Booking],
        dossier: str,
        at: datetime,  # noqa: ARG002  for a core system that dates what it books; ours has `on` and its own clock
    ) -> tuple[str, ...]:
        """Book each of them at noon of its day and answer their ids, in their order. The same again changes nothing.

        What an account may take is judged by all of them together; the closing lock does not stop them. Refused:
        NOT_ALLOWED, MISMATCH, NOT_FOUND; then the caller's transaction is to be undone. ValueError as for `post`.
        """
        drafts = _drafts(bookings, dossier)
        turn_to_book(session)
        accounts = [held(session, account_id) for account_id in accounts_in(_lines(drafts))]
        fresh = [draft for draft in drafts if not _booked_before(session, draft)]
        for account in accounts:
            mine = [line for line in _lines(fresh) if line.ledger == ledger_of(account.id)]
            if mine:
                refuse_posting(session, account, mine, account.lock)
        for draft in fresh:
            refuse_closed(session, draft.period)
            _refuse_reversal(session, draft)
            write(session, draft)
        return tuple(draft.id for draft in drafts)


def _drafts(bookings: Iterable[Booking], dossier: str) -> list[Draft]:
    drafts = [
        Draft(
            **{name: getattr(each, name) for name in ("reference", "text", "lines", "reverses", "corrects")},
            at=at_noon(each.on),
            dossier=dossier,
        )
        for each in bookings
    ]
    for draft in drafts:
        refuse_unbalanced(draft.lines)
    if len({draft.reference for draft in drafts}) < len(drafts):
        raise ValueError("a reference stands twice")
    return drafts


def _lines(drafts: Iterable[Draft]) -> Iterable[Line]:
    return chain.from_iterable(draft.lines for draft in drafts)


def _booked_before(session: Session, draft: Draft) -> bool:
    """Here also the period counts: it follows from what was approved, not from when it was done."""
    there = booked_before(session, draft)
    if there and entry_row(session, draft.id).period != draft.period:
        raise Refused(Code.MISMATCH, f"The reference {draft.reference} was booked in another period.")
    return there


def _refuse_reversal(session: Session, draft: Draft) -> None:
    """红字冲销: it takes back one entry whole, once. What it corrects is there too."""
    taken_back, _ = (_named(session, each) for each in (draft.reverses, draft.corrects))
    if taken_back is None:
        return
    if other := reversal_of(session, taken_back.id):
        raise Refused(Code.NOT_ALLOWED, f"Entry {taken_back.id} was taken back by {other} already.")
    if not opposite(draft.lines, lines_of(session, taken_back.id)):
        raise Refused(Code.NOT_ALLOWED, f"The lines of {draft.reference} are not those of {taken_back.id} reversed.")


def _named(session: Session, entry_id: str) -> JournalEntryRow | None:
    return entry_row(session, entry_id) if entry_id else None


def opposite(lines: Iterable[Line], others: Iterable[Line]) -> bool:
    """Whether each line of one stands in the other the other way round, in any order."""
    turned = Counter(Line(ledger=line.ledger, amount=-line.amount) for line in others)
    return Counter(lines) == turned
