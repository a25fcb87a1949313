"""The books as they are read: rows become facts, balances are the sums of their entries."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from contracts.books import (
    Absence,
    AccountFacts,
    AgreementFacts,
    ContactFacts,
    CustomerFacts,
    FreezeFacts,
    Instrument,
    Obligation,
    PendingFacts,
    ReceivableFacts,
    StaffFacts,
)
from contracts.identifiers import birth_date
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.vocabulary import AccountStatus, Role
from records.books_tables import (
    AccountRow,
    AgreementRow,
    CustomerContactRow,
    CustomerRow,
    JournalLineRow,
    PendingRow,
    ReceivableRow,
    StaffRow,
)
from records.people_tables import AbsenceRow

Row = TypeVar("Row", bound=SQLModel)


class Reading:
    """What the books answer. An unknown id is Refused(NOT_FOUND)."""

    def account(self, session: Session, account_id: str) -> AccountFacts:
        """The account with its balance."""
        return _account(session, found(session, AccountRow, account_id, "account"))

    def customer(self, session: Session, customer_id: str) -> CustomerFacts:
        """The customer with all contacts."""
        row = found(session, CustomerRow, customer_id, "customer")
        contacts = select(CustomerContactRow).where(CustomerContactRow.customer == customer_id)
        return CustomerFacts(
            **row.model_dump(exclude={"related_staff"}),
            related_staff=tuple(json.loads(row.related_staff)),
            birth_date=birth_date(row.identity_number) if row.identity_number else None,
            contacts=tuple(
                ContactFacts(**contact.model_dump(exclude={"customer", "n"}))
                for contact in session.exec(contacts.order_by(col(CustomerContactRow.n)))
            ),
        )

    def accounts_of(self, session: Session, customer_id: str) -> tuple[AccountFacts, ...]:
        """All accounts of a customer, by id."""
        found(session, CustomerRow, customer_id, "customer")
        rows = select(AccountRow).where(AccountRow.customer == customer_id).order_by(col(AccountRow.id))
        return tuple(_account(session, row) for row in session.exec(rows).all())

    def accounts_at(self, session: Session, branches: Iterable[str], regions: Iterable[str]) -> frozenset[str]:
        """The accounts at one of these branches, and those of customers of one of these regions."""
        theirs = select(CustomerRow.id).where(col(CustomerRow.region).in_(list(regions)))
        here = col(AccountRow.branch).in_(list(branches)) | col(AccountRow.customer).in_(theirs)
        return frozenset(session.exec(select(AccountRow.id).where(here)))

    def agreements(self, session: Session, account_id: str) -> tuple[AgreementFacts, ...]:
        """The agreements on an account, ended ones too, by id."""
        found(session, AccountRow, account_id, "account")
        rows = select(AgreementRow).where(AgreementRow.account == account_id).order_by(col(AgreementRow.id))
        return tuple(_agreement(row) for row in session.exec(rows))

    def receivables(self, session: Session, account_id: str) -> tuple[ReceivableFacts, ...]:
        """What is still owed on an account, the earliest due first."""
        currency = found(session, AccountRow, account_id, "account").currency
        rows = select(ReceivableRow).where(ReceivableRow.account == account_id, col(ReceivableRow.settled_on).is_(None))
        return tuple(
            ReceivableFacts(
                id=row.id, amount=Money(minor=row.minor, currency=currency), due_on=row.due_on, text=row.text
            )
            for row in session.exec(rows.order_by(col(ReceivableRow.due_on), col(ReceivableRow.id)))
        )

    def pending(self, session: Session, account_id: str) -> tuple[PendingFacts, ...]:
        """What is still on its way on an account, the earliest first."""
        currency = found(session, AccountRow, account_id, "account").currency
        rows = select(PendingRow).where(PendingRow.account == account_id, col(PendingRow.settled_on).is_(None))
        return tuple(
            PendingFacts(
                id=row.id, amount=Money(minor=row.minor, currency=currency), settles_on=row.settles_on, text=row.text
            )
            for row in session.exec(rows.order_by(col(PendingRow.settles_on), col(PendingRow.id)))
        )

    def staff(self, session: Session) -> tuple[StaffFacts, ...]:
        """Everybody, by id."""
        entered = _absences(session)
        rows = session.exec(select(StaffRow).order_by(col(StaffRow.id)))
        return tuple(_person(row, entered[row.id]) for row in rows)

    def person(self, session: Session, staff_id: str) -> StaffFacts:
        """One person of the firm."""
        return _person(found(session, StaffRow, staff_id, "member of staff"), _absences(session, staff_id)[staff_id])

    def holders(self, session: Session, roles: Iterable[Role]) -> tuple[StaffFacts, ...]:
        """Everybody who holds at least one of `roles`, absent or not, by id."""
        wanted = set(roles)
        return tuple(person for person in self.staff(session) if wanted & set(person.roles))

    def sums(self, session: Session) -> dict[str, int]:
        """For each currency the sum of all lines in minor units: 0, or the books are wrong."""
        lines = select(JournalLineRow.currency, func.sum(JournalLineRow.minor)).group_by(JournalLineRow.currency)
        return {currency: int(minor) for currency, minor in session.exec(lines)}


def found(session: Session, table: type[Row], key: str, what: str) -> Row:
    """The row, or Refused(NOT_FOUND)."""
    row = session.get(table, key)
    if row is None:
        raise Refused(Code.NOT_FOUND, f"There is no {what} {key} in the books.")
    return row


def ledger_of(account_id: str) -> str:
    """The customer ledger of an account."""
    return f"customer:{account_id}"


def account_of(ledger: str) -> str:
    """The account of a customer ledger; empty for one of our own."""
    kind, _, name = ledger.partition(":")
    return name if kind == "customer" else ""


def balance_of(session: Session, account_id: str) -> int:
    """The sum of the account's entries in minor units."""
    lines = select(func.sum(JournalLineRow.minor)).where(JournalLineRow.ledger == ledger_of(account_id))
    return int(session.exec(lines).one() or 0)


def status_of(row: AccountRow) -> AccountStatus:
    """How the account stands; the weightier fact wins."""
    standing: Sequence[tuple[object, AccountStatus]] = (
        (row.closed_on, AccountStatus.CLOSED),
        (row.freeze_by, AccountStatus.FROZEN),
        (row.lock, AccountStatus.CLOSING),
        (row.dormant, AccountStatus.DORMANT),
    )
    return next((status for fact, status in standing if fact), AccountStatus.ACTIVE)


def freeze_of(row: AccountRow) -> FreezeFacts | None:
    """The freeze on the account, if there is one."""
    if row.freeze_by is None or row.freeze_reference is None or row.freeze_since is None:
        return None
    return FreezeFacts(by=row.freeze_by, reference=row.freeze_reference, since=row.freeze_since)


def _account(session: Session, row: AccountRow) -> AccountFacts:
    balance = balance_of(session, row.id)
    stated = balance if row.stated_minor is None else row.stated_minor
    return AccountFacts(
        **row.model_dump(
            include={"id", "customer", "currency", "lock", "opened_on", "closed_on", "last_used_on", "branch", "number"}
        ),
        balance=Money(minor=balance, currency=row.currency),
        stated_balance=Money(minor=stated, currency=row.currency),
        status=status_of(row),
        freeze=freeze_of(row),
        overdraft=Money(minor=row.overdraft_minor, currency=row.currency) if row.overdraft_minor else None,
    )


def _agreement(row: AgreementRow) -> AgreementFacts:
    return AgreementFacts(
        **row.model_dump(exclude={"obligations", "instruments"}),
        obligations=tuple(Obligation.model_validate(each, strict=False) for each in json.loads(row.obligations)),
        instruments=tuple(Instrument.model_validate(each, strict=False) for each in json.loads(row.instruments)),
    )


def _absences(session: Session, person: str | None = None) -> dict[str, list[Absence]]:
    """By person, of one or of all, the absences that were entered here."""
    rows = select(AbsenceRow).order_by(col(AbsenceRow.since))
    rows = rows.where(AbsenceRow.staff == person) if person else rows
    entered: dict[str, list[Absence]] = defaultdict(list)
    for row in session.exec(rows):
        entered[row.staff].append(Absence(since=row.since, until=row.until))
    return entered


def _person(row: StaffRow, entered: Iterable[Absence]) -> StaffFacts:
    """Away when the core system says so, or what was entered here."""
    known = (Absence.model_validate(each, strict=False) for each in json.loads(row.absent))
    return StaffFacts(
        **row.model_dump(exclude={"roles", "absent"}),
        roles=tuple(Role(role) for role in json.loads(row.roles)),
        absent=(*known, *entered),
    )
