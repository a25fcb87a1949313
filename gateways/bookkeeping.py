"""What staff do with the books as a whole: close a period, read the journal."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from contracts.bookkeeping import JournalLine, TrialBalance
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.vocabulary import Role
from gateways.books import Ledger
from gateways.books_months import today
from gateways.hearing import decider_of
from gateways.tokens import StaffTokens
from records.books_tables import JournalEntryRow, JournalLineRow
from records.database import Database


class Bookkeeping:
    """Refused: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, and as the books refuse."""

    def __init__(self, database: Database, tokens: StaffTokens) -> None:
        self.database = database
        self.tokens = tokens

    def close_period(self, period: str, token: str) -> TrialBalance:
        """结账 by somebody of finance, or who stands in for an absent one."""
        who = self.tokens.verify(token).for_task(None).sub
        with self.database.transaction() as session:
            _of_finance(session, who)
            return Ledger().close_period(session, period, who)


def journal(session: Session, period: str | None) -> Iterator[JournalLine]:
    """Every line of the journal in the order of booking, of one month or of all."""
    joined = col(JournalLineRow.entry) == col(JournalEntryRow.id)
    rows = select(JournalEntryRow, JournalLineRow).join(JournalLineRow, joined)
    rows = rows.where(JournalEntryRow.period == period) if period else rows
    for entry, line in session.exec(rows.order_by(col(JournalEntryRow.n), col(JournalLineRow.n))):
        yield JournalLine(
            **entry.model_dump(include={"reference", "at", "recorded_at", "period", "text"}),
            **line.model_dump(include={"entry", "n", "ledger", "currency"}),
            dossier=entry.dossier or "",
            reverses=entry.reverses or "",
            corrects=entry.corrects or "",
            amount=Money(minor=line.minor, currency=line.currency).text,
        )


def _of_finance(session: Session, who: str) -> None:
    decider = decider_of(session, Ledger(), Ledger().person(session, who), today())
    if decider.absent:
        raise Refused(Code.FORBIDDEN, f"{who} is absent today and closes no period.")
    if Role.FINANCE not in decider.roles.union(*decider.stands_for.values()):
        raise Refused(Code.FORBIDDEN, f"{who} may not close a period: finance does.")
