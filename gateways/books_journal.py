"""复式记账: balanced entries, posted once under their reference and never changed, and what an account may take."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlmodel import Session, select

from contracts.books import Line, OwnLedger
from contracts.money import Money
from contracts.refusals import Code, Refused
from gateways.books_entries import Draft, accounts_in, booked_before, refuse_unbalanced, write
from gateways.books_facts import balance_of, found, ledger_of
from gateways.books_months import FIRM_ZONE as FIRM_ZONE
from gateways.books_months import at_noon as at_noon
from gateways.books_months import first_open, refuse_closed, turn_to_book
from gateways.books_months import today as today
from records import trail
from records.books_tables import AccountRow, PendingRow, ReceivableRow

SYSTEM = "system"


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
        (`dossier` null) it is noted in the trail of the books. A case whose month was closed before its step came to
        book is booked on the first open day; outside a case that is Refused(NOT_ALLOWED).
        """
        moment = at if at is None or dossier is None else _open_moment(session, at)
        entry, fresh = book(session, reference, text, lines, dossier, at=moment)
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
    draft = Draft(reference, text, tuple(lines), at or datetime.now(UTC), dossier)
    refuse_unbalanced(lines)
    turn_to_book(session)
    accounts = [held(session, account_id) for account_id in accounts_in(lines)]
    if booked_before(session, draft):
        return draft.id, False
    refuse_closed(session, draft.period)
    for account in accounts:
        refuse_posting(session, account, [line for line in lines if line.ledger == ledger_of(account.id)], dossier)
    write(session, draft)
    return draft.id, True


def held(session: Session, account_id: str) -> AccountRow:
    """The account as it is now, held until the transaction ends."""
    found(session, AccountRow, account_id, "account")
    row = select(AccountRow).where(AccountRow.id == account_id).with_for_update()
    return session.exec(row.execution_options(populate_existing=True)).one()


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


def _open_moment(session: Session, at: datetime) -> datetime:
    """That moment, or noon of the first open day where its month was closed meanwhile."""
    turn_to_book(session)
    day = at.astimezone(FIRM_ZONE).date()
    first = first_open(session, day)
    return at if first == day else at_noon(first)


def refuse_posting(session: Session, account: AccountRow, lines: Sequence[Line], dossier: str | None) -> None:
    """What the account may not take of `lines`, which are its own, all together: Refused(NOT_ALLOWED)."""
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
    if balance.minor + account.overdraft_minor < minor:
        wanted, limit = (Money(minor=each, currency=account.currency) for each in (minor, account.overdraft_minor))
        holds = f"holds {balance}" + (f" and may be overdrawn by {limit}" if limit.minor else "")
        raise Refused(Code.NOT_ALLOWED, f"Account {account.id} {holds}, which does not cover {wanted}.")
