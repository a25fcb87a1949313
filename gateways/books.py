"""账簿: what Quietus asks of a core system, and the embedded double-entry ledger that answers."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

from sqlmodel import Session

from contracts.bookkeeping import JournalEntry, TrialBalance
from contracts.books import (
    AccountFacts,
    AgreementFacts,
    Booking,
    CustomerFacts,
    EntryFacts,
    Line,
    PendingFacts,
    ReceivableFacts,
    StaffFacts,
)
from contracts.money import Money
from contracts.vocabulary import FreezeBy, Role
from gateways.books_entries import Entries
from gateways.books_facts import Reading
from gateways.books_journal import Posting
from gateways.books_periods import Periods
from gateways.books_standing import Standing
from gateways.books_together import Together
from gateways.comparison import Booked


class Books(Protocol):
    """The books. Everything happens in the caller's transaction, so that an effect, its key and its trail row stand or
    fall together. An unknown id is Refused(NOT_FOUND), what the state of things forbids Refused(NOT_ALLOWED).
    """

    def account(self, session: Session, account_id: str) -> AccountFacts:
        """The account with its balance."""
        ...

    def customer(self, session: Session, customer_id: str) -> CustomerFacts:
        """The customer with all contacts."""
        ...

    def accounts_of(self, session: Session, customer_id: str) -> tuple[AccountFacts, ...]:
        """All accounts of a customer, by id."""
        ...

    def accounts_at(self, session: Session, branches: Iterable[str], regions: Iterable[str]) -> frozenset[str]:
        """The accounts at one of these branches, and those of customers of one of these regions."""
        ...

    def agreements(self, session: Session, account_id: str) -> tuple[AgreementFacts, ...]:
        """The agreements on an account, ended ones too."""
        ...

    def receivables(self, session: Session, account_id: str) -> tuple[ReceivableFacts, ...]:
        """What is still owed on an account, the earliest due first."""
        ...

    def pending(self, session: Session, account_id: str) -> tuple[PendingFacts, ...]:
        """What is still on its way on an account, the earliest first."""
        ...

    def entries(self, session: Session, account_id: str) -> tuple[EntryFacts, ...]:
        """The entries of an account in the order of booking."""
        ...

    def entry(self, session: Session, entry_id: str) -> JournalEntry:
        """All of one entry."""
        ...

    def corrections_of(self, session: Session, entry_id: str) -> tuple[JournalEntry, ...]:
        """What was booked to put an entry right, but for its reversal."""
        ...

    def booked_alike(
        self, session: Session, currency: str, minors: Collection[int], months: tuple[str, str]
    ) -> tuple[Booked, ...]:
        """What is booked with one of these amounts, from the first to the last of `months`, and stands."""
        ...

    def standing(self, entries: Sequence[EntryFacts]) -> tuple[EntryFacts, ...]:
        """Without the pairs of which one takes the other back."""
        ...

    def lock(self, session: Session, account_id: str, dossier: str) -> None:
        """Put the closing lock on: no debit but by `dossier`; credits still land."""
        ...

    def unlock(self, session: Session, account_id: str, dossier: str) -> None:
        """Take the lock of `dossier` off."""
        ...

    def mark_closed(self, session: Session, account_id: str, dossier: str, on: date) -> None:
        """Close the account for good: balance zero, no freeze, the lock ours."""
        ...

    def freeze(self, session: Session, account_id: str, by: FreezeBy, reference: str, since: date) -> None:
        """No debit at all until the freeze is released."""
        ...

    def release(self, session: Session, account_id: str) -> None:
        """The authority has lifted its freeze."""
        ...

    def end_agreement(self, session: Session, agreement_id: str, on: date) -> None:
        """The agreement ends on that day."""
        ...

    def complete_agreement(self, session: Session, agreement_id: str) -> None:
        """The agreement now bears signature and seal."""
        ...

    def fulfil(self, session: Session, agreement_id: str, obligation_id: str) -> None:
        """An obligation under the agreement is done."""
        ...

    def take_back(self, session: Session, agreement_id: str, instrument_id: str) -> None:
        """An instrument given out under the agreement came back."""
        ...

    def update_customer(self, session: Session, customer_id: str, field: str, value: str) -> str:
        """Correct one field (a CustomerField); answers the old value."""
        ...

    def propose_contact(self, session: Session, customer_id: str, field: str, value: str) -> str:
        """Take a new address, not verified yet; answers the old one."""
        ...

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
        """Book a balanced entry once under its reference; answers its id."""
        ...

    def hold(self, session: Session, account_ids: Iterable[str]) -> None:
        """What is read of these accounts from now on stays so until the transaction ends."""
        ...

    def post_all(self, session: Session, bookings: Sequence[Booking], dossier: str, at: datetime) -> tuple[str, ...]:
        """Book several balanced entries, all or none, each once under its reference; answers their ids."""
        ...

    def is_open(self, session: Session, period: str) -> bool:
        """Whether entries can be booked in this month (`2026-11`)."""
        ...

    def first_open_day(self, session: Session, on: date) -> date:
        """That day if its month is open, else the first day of the first open month after it."""
        ...

    def trial_balance(self, session: Session, period: str | None) -> TrialBalance:
        """For each ledger what it held, what moved, what it holds; null: of all time."""
        ...

    def close_period(self, session: Session, period: str, by: str) -> TrialBalance:
        """The month takes no entry any more, for good."""
        ...

    def pay_in(
        self, session: Session, reference: str, account_id: str, amount: Money, text: str, *, on: date | None = None
    ) -> str:
        """Money arrives for the customer."""
        ...

    def pay_out(self, session: Session, account_id: str, amount: Money, reference: str, dossier: str) -> str:
        """Money leaves for the customer's account elsewhere."""
        ...

    def set_aside(self, session: Session, account_id: str, amount: Money, reference: str, dossier: str) -> str:
        """Money leaves the account and is kept for the customer."""
        ...

    def collect_receivable(self, session: Session, receivable_id: str, reference: str, dossier: str) -> Money:
        """Take what is owed from the balance; answers how much."""
        ...

    def waive_receivable(self, session: Session, receivable_id: str, reference: str, dossier: str) -> Money:
        """Give up what is owed; answers how much."""
        ...

    def settle_pending(self, session: Session, pending_id: str) -> None:
        """What was on its way is booked."""
        ...

    def staff(self, session: Session) -> tuple[StaffFacts, ...]:
        """Everybody of the firm."""
        ...

    def person(self, session: Session, staff_id: str) -> StaffFacts:
        """One person of the firm."""
        ...

    def holders(self, session: Session, roles: Iterable[Role]) -> tuple[StaffFacts, ...]:
        """Everybody who holds at least one of the roles."""
        ...

    def sums(self, session: Session) -> dict[str, int]:
        """For each currency the sum of all lines in minor units: 0, or the books are wrong."""
        ...


class Ledger(Reading, Entries, Posting, Together, Periods, Standing):
    """The books in our own records."""
