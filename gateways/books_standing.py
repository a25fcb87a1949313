"""How accounts, agreements and customers stand: lock, freeze, closing, instruments, ending, corrections."""

import json
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, col, select

from contracts.books import CustomerField
from contracts.identifiers import EmailAddress, IdentityNumber, LicenceNumber, PhoneNumber
from contracts.money import Money
from contracts.refusals import Code, Fault, Refused, bad_input, faults_of
from contracts.text import Name
from contracts.vocabulary import FreezeBy, Language, Medium
from gateways.books_facts import balance_of, found
from gateways.books_journal import SYSTEM, held
from records import trail
from records.books_tables import AccountRow, AgreementRow, CustomerContactRow, CustomerRow
from records.canonical import canonical

_VALUES: dict[CustomerField, Any] = {
    CustomerField.NAME: Name,
    CustomerField.IDENTITY_NUMBER: IdentityNumber,
    CustomerField.IDENTITY_EXPIRES_ON: date,
    CustomerField.LICENCE_NUMBER: LicenceNumber,
    CustomerField.LICENCE_EXPIRES_ON: date,
    CustomerField.LEGAL_REPRESENTATIVE: Name,
    CustomerField.LANGUAGE: Language,
    CustomerField.EMAIL: EmailAddress,
    CustomerField.SMS: PhoneNumber,
    CustomerField.PHONE: PhoneNumber,
    CustomerField.LETTER: Name,
}


class Standing:
    """What changes how things stand. Refused(NOT_ALLOWED) where the state of things forbids it."""

    def lock(self, session: Session, account_id: str, dossier: str) -> None:
        """销户锁: no debit but by `dossier` until it is off. A lock of the same dossier stays."""
        row = _open_account(session, account_id)
        if row.lock not in {None, dossier}:
            raise Refused(Code.NOT_ALLOWED, f"Account {account_id} is locked by {row.lock} already.")
        row.lock = dossier

    def unlock(self, session: Session, account_id: str, dossier: str) -> None:
        """Take the lock of `dossier` off; nothing to do where none is on."""
        row = held(session, account_id)
        if row.lock not in {None, dossier}:
            raise Refused(Code.NOT_ALLOWED, f"Account {account_id} is locked by {row.lock}, not by {dossier}.")
        row.lock = None

    def mark_closed(self, session: Session, account_id: str, dossier: str, on: date) -> None:
        """The account is closed for good: its balance is zero, no freeze is on, and `dossier` holds the lock."""
        row = _open_account(session, account_id)
        if row.lock != dossier:
            raise Refused(Code.NOT_ALLOWED, f"Account {account_id} is not locked by {dossier}.")
        if row.freeze_by:
            raise Refused(Code.NOT_ALLOWED, f"Account {account_id} is frozen by {row.freeze_by} and cannot be closed.")
        if balance := balance_of(session, account_id):
            left = Money(minor=balance, currency=row.currency)
            raise Refused(Code.NOT_ALLOWED, f"Account {account_id} still holds {left} and cannot be closed.")
        row.closed_on, row.lock = on, None

    def freeze(self, session: Session, account_id: str, by: FreezeBy, reference: str, since: date) -> None:
        """冻结: no debit at all until it is released. The same freeze again changes nothing."""
        row = _open_account(session, account_id)
        if (row.freeze_by, row.freeze_reference) == (by, reference):
            return
        if row.freeze_by:
            words = f"is frozen by {row.freeze_by} ({row.freeze_reference}) already"
            raise Refused(Code.NOT_ALLOWED, f"Account {account_id} {words}.")
        row.freeze_by, row.freeze_reference, row.freeze_since = by, reference, since
        evidence = {"account": account_id, "by": by.value, "reference": reference, "since": since.isoformat()}
        trail.append(session, trail.BOOKS, who=SYSTEM, what="frozen", evidence=evidence)

    def release(self, session: Session, account_id: str) -> None:
        """解冻: the authority has lifted its freeze."""
        row = held(session, account_id)
        if row.freeze_by is None:
            raise Refused(Code.NOT_ALLOWED, f"Account {account_id} is not frozen.")
        evidence = {"account": account_id, "by": row.freeze_by.value, "reference": row.freeze_reference or ""}
        row.freeze_by = row.freeze_reference = row.freeze_since = None
        trail.append(session, trail.BOOKS, who=SYSTEM, what="released", evidence=evidence)

    def end_agreement(self, session: Session, agreement_id: str, on: date) -> None:
        """The agreement ends; one that ended stays ended on its day."""
        row = found(session, AgreementRow, agreement_id, "agreement")
        row.ended_on = row.ended_on or on

    def complete_agreement(self, session: Session, agreement_id: str) -> None:
        """The agreement now bears signature and seal."""
        row = found(session, AgreementRow, agreement_id, "agreement")
        row.signed = row.sealed = True

    def fulfil(self, session: Session, agreement_id: str, obligation_id: str) -> None:
        """An obligation is done."""
        row = found(session, AgreementRow, agreement_id, "agreement")
        row.obligations = _ticked(row.obligations, obligation_id, "done", f"obligation of {agreement_id}")

    def take_back(self, session: Session, agreement_id: str, instrument_id: str) -> None:
        """A cheque book, seal, token or card came back."""
        row = found(session, AgreementRow, agreement_id, "agreement")
        row.instruments = _ticked(row.instruments, instrument_id, "returned", f"instrument of {agreement_id}")

    def update_customer(self, session: Session, customer_id: str, field: str, value: str) -> str:
        """Correct one field (a CustomerField) and answer the old value, empty where there was none. A new address
        takes the place of the first one on its channel and counts as verified. Refused(BAD_INPUT) for a bad value.
        """
        row = found(session, CustomerRow, customer_id, "customer")
        name, corrected = correction(field, value)
        if name.channel:
            return _readdress(session, customer_id, name.channel, corrected, verified=True)
        old = getattr(row, name)
        setattr(row, name, corrected)
        return "" if old is None else str(old)

    def propose_contact(self, session: Session, customer_id: str, field: str, value: str) -> str:
        """A new address in the place of the old one, not verified yet; answers the old one. Refused(BAD_INPUT)."""
        found(session, CustomerRow, customer_id, "customer")
        name, address = correction(field, value)
        if name.channel is None:
            raise bad_input("correction", [Fault(path=field, message="is no contact")])
        return _readdress(session, customer_id, name.channel, address, verified=False)


def correction(field: str, value: str) -> tuple[CustomerField, Any]:
    """The field and the value as the books keep it. Refused(BAD_INPUT) for a field or value that cannot be."""
    try:
        name = CustomerField(field)
        return name, TypeAdapter(_VALUES[name]).validate_strings(value)
    except ValidationError as error:
        raise bad_input("correction", [Fault(path=field, message=each.message) for each in faults_of(error)]) from None
    except ValueError:
        fields = ", ".join(CustomerField)
        raise bad_input("correction", [Fault(path=field, message=f"should be one of {fields}")]) from None


def _open_account(session: Session, account_id: str) -> AccountRow:
    row = held(session, account_id)
    if row.closed_on:
        raise Refused(Code.NOT_ALLOWED, f"Account {account_id} was closed on {row.closed_on}.")
    return row


def _ticked(records: str, key: str, flag: str, what: str) -> str:
    listed = json.loads(records)
    if key not in {each["id"] for each in listed}:
        raise Refused(Code.NOT_FOUND, f"There is no {what} called {key}.")
    return canonical([{**each, flag: True} if each["id"] == key else each for each in listed])


def _readdress(session: Session, customer_id: str, channel: Medium, address: str, *, verified: bool) -> str:
    contacts = select(CustomerContactRow).where(CustomerContactRow.customer == customer_id)
    rows = session.exec(contacts.order_by(col(CustomerContactRow.n))).all()
    row = next((row for row in rows if row.channel is channel), None)
    if row is None:
        n = max((row.n for row in rows), default=-1) + 1
        row = CustomerContactRow(
            customer=customer_id, n=n, channel=channel, address="", verified=verified, preferred=False
        )
        session.add(row)
    old, row.address, row.verified = row.address, address, verified
    return old
