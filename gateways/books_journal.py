"""复式记账: balanced entries, posted once under their reference and never changed, and what an account may take."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlmodel import Session, col, select

from contracts.books import Line, OwnLedger
from contracts.money import Money
from contracts.refusals import Code, Refused
from gateways.books_facts import balance_of, found, ledger_of
from records import trail
from records.books_tables import AccountRow, JournalEntryRow, JournalLineRow, PendingRow, ReceivableRow
from records.canonical import fingerprint

SYSTEM = "system"
FIRM_ZONE = ZoneInfo("Asia/Shanghai")

_CUSTOMER = ledger_of("")


class Posting:
    """What moves money. Refused(NOT_ALLOWED) when the account may not take it, Refused(MISMATCH) when the reference
    was used for something else; the same again changes nothing.
    """

    def post(
        self,
        session: Session,
        reference: str,
        text: str,
        lines: Sequence[Line],
        dossier: str | None = None,
        *,
        at: datetime | None = None,
    ) -> str:
        """Book one entry and answer its id. ValueError unless `lines` sum to zero in each currency. Outside a case
        (`dossier` null) it is noted in the trail of the books.
        """
        entry, fresh = book(session, reference, text, lines, dossier, at=at)
        if fresh and dossier is None:
            booked = {f"line {n}": f"{line.ledger} {line.amount}" for n, line in enumerate(lines, 1)}
            evidence = {"entry": entry, "reference": reference, **booked}
            trail.append(session, trail.BOOKS, who=SYSTEM, what="posted", why=text, evidence=evidence)
        return entry

    def pay_in(
        self, session: Session, reference: str, account_id: str, amount: Money, text: str, *, on: date | None = None
    ) -> str:
        """Money arrives for the customer; also on a locked or frozen account, never on a closed one."""
        lines = _move(OwnLedger.PAYMENTS_IN, account_id, _positive(amount))
        return self.post(session, reference, text, lines, at=at_noon(on) if on else None)

    def pay_out(self, session: Session, account_id: str, amount: Money, reference: str, dossier: str) -> str:
        """Money leaves for the customer's account elsewhere."""
        lines = _move(OwnLedger.PAYOUTS, account_id, -_positive(amount))
        return self.post(session, reference, "payout", lines, dossier)

    def set_aside(self, session: Session, account_id: str, amount: Money, reference: str, dossier: str) -> str:
        """专户: money leaves the account and is kept for the customer."""
        lines = _move(OwnLedger.SET_ASIDE, account_id, -_positive(amount))
        return self.post(session, reference, "set aside for the customer", lines, dossier)

    def collect_receivable(self, session: Session, receivable_id: str, reference: str, dossier: str) -> Money:
        """The customer's debt is taken from the balance."""
        row, amount = _receivable(session, receivable_id, reference)
        if row.settled_on is None:
            lines = _move(OwnLedger.RECEIVABLES_INCOME, row.account, -amount)
            self.post(session, reference, row.text, lines, dossier)
            row.settled_on, row.settled_by = today(), reference
        return amount

    def waive_receivable(self, session: Session, receivable_id: str, reference: str, dossier: str) -> Money:  # noqa: ARG002
        """The firm gives up what the customer owes; no money moves, so that only the case's own trail tells of it."""
        row, amount = _receivable(session, receivable_id, reference)
        if row.settled_on is None:
            row.settled_on, row.settled_by = today(), reference
        return amount

    def settle_pending(self, session: Session, pending_id: str) -> None:
        """What was on its way is booked; the closing lock does not stop what began before it."""
        row = found(session, PendingRow, pending_id, "pending transaction")
        account = held(session, row.account)
        if row.settled_on is None:
            amount = Money(minor=row.minor, currency=account.currency)
            other_side = OwnLedger.PAYMENTS_IN if row.minor > 0 else OwnLedger.PAYOUTS
            lines = _move(other_side, row.account, amount)
            self.post(session, f"pending/{row.id}", row.text, lines, account.lock)
            row.settled_on = today()


def book(
    session: Session, reference: str, text: str, lines: Sequence[Line], dossier: str | None, *, at: datetime | None
) -> tuple[str, bool]:
    """Book an entry unless it is there: its id, and whether it is new. Accounts are held until the transaction ends,
    so that two debits cannot both see the same balance.
    """
    _refuse_unbalanced(lines)
    ids = sorted({line.ledger.removeprefix(_CUSTOMER) for line in lines if line.ledger.startswith(_CUSTOMER)})
    accounts = [held(session, account_id) for account_id in ids]
    entry = f"JE-{fingerprint(reference)[:16]}"
    if _booked_before(session, reference, entry, lines):
        return entry, False
    for account in accounts:
        _refuse_posting(session, account, [line for line in lines if line.ledger == ledger_of(account.id)], dossier)
    row = JournalEntryRow(id=entry, reference=reference, at=at or datetime.now(UTC), text=text, dossier=dossier)
    session.add(row)
    session.flush()
    booked = [
        {"entry": entry, "n": n, "ledger": line.ledger, "minor": line.amount.minor, "currency": line.amount.currency}
        for n, line in enumerate(lines, 1)
    ]
    session.exec(insert(JournalLineRow).values(booked))
    return entry, True


def held(session: Session, account_id: str) -> AccountRow:
    """The account as it is now, held until the transaction ends."""
    found(session, AccountRow, account_id, "account")
    row = select(AccountRow).where(AccountRow.id == account_id).with_for_update()
    return session.exec(row.execution_options(populate_existing=True)).one()


def today() -> date:
    """The firm's day."""
    return datetime.now(FIRM_ZONE).date()


def at_noon(day: date) -> datetime:
    """A moment on `day`, both in UTC and where the firm is."""
    return datetime.combine(day, time(hour=4), UTC)


def _move(other_side: OwnLedger, account_id: str, amount: Money) -> list[Line]:
    """`amount` onto the account, negative off it, against one of our own ledgers."""
    ours = Line(ledger=other_side.of(amount.currency), amount=-amount)
    return [Line(ledger=ledger_of(account_id), amount=amount), ours]


def _positive(amount: Money) -> Money:
    if amount.minor <= 0:
        raise Refused(Code.NOT_ALLOWED, f"{amount} is not an amount that can be moved.")
    return amount


def _receivable(session: Session, receivable_id: str, reference: str) -> tuple[ReceivableRow, Money]:
    row = found(session, ReceivableRow, receivable_id, "receivable")
    account = held(session, row.account)
    session.refresh(row)
    if row.settled_on is not None and row.settled_by != reference:
        raise Refused(Code.NOT_ALLOWED, f"The receivable {receivable_id} was settled on {row.settled_on} already.")
    return row, Money(minor=row.minor, currency=account.currency)


def _refuse_unbalanced(lines: Sequence[Line]) -> None:
    sums: Counter[str] = Counter()
    for line in lines:
        kind, _, name = line.ledger.partition(":")
        if kind != "customer" and (kind not in set(OwnLedger) or name != line.amount.currency):
            raise ValueError(f"there is no ledger {line.ledger} for {line.amount.currency}")
        sums[line.amount.currency] += line.amount.minor
    if not lines or any(sums.values()):
        raise ValueError(f"the entry does not balance: {dict(sums)}")


def _booked_before(session: Session, reference: str, entry: str, lines: Sequence[Line]) -> bool:
    booked = select(JournalLineRow).where(JournalLineRow.entry == entry).order_by(col(JournalLineRow.n))
    there = [(row.ledger, row.minor, row.currency) for row in session.exec(booked)]
    if there and there != [(line.ledger, line.amount.minor, line.amount.currency) for line in lines]:
        raise Refused(Code.MISMATCH, f"The reference {reference} was booked with other lines.")
    return bool(there)


def _refuse_posting(session: Session, account: AccountRow, lines: Sequence[Line], dossier: str | None) -> None:
    if account.closed_on:
        raise Refused(Code.NOT_ALLOWED, f"Account {account.id} is closed and takes no posting.")
    if any(line.amount.currency != account.currency for line in lines):
        raise Refused(Code.NOT_ALLOWED, f"Account {account.id} is kept in {account.currency} only.")
    amount = sum(line.amount.minor for line in lines)
    if amount < 0:
        _refuse_debit(session, account, -amount, dossier)


def _refuse_debit(session: Session, account: AccountRow, minor: int, dossier: str | None) -> None:
    if account.freeze_by:
        by = f"by {account.freeze_by} ({account.freeze_reference})"
        raise Refused(Code.NOT_ALLOWED, f"Account {account.id} is frozen {by} and takes no debit.")
    if account.lock not in {None, dossier}:
        raise Refused(Code.NOT_ALLOWED, f"Account {account.id} is being closed by {account.lock} and takes no debit.")
    balance = Money(minor=balance_of(session, account.id), currency=account.currency)
    if balance.minor < minor:
        wanted = Money(minor=minor, currency=account.currency)
        raise Refused(Code.NOT_ALLOWED, f"Account {account.id} holds {balance}, which does not cover {wanted}.")
