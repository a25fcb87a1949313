"""What is wrong with a books file beyond the shape of each record: references, doubles, amounts, dates, contacts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain

from contracts.books_file import (
    AccountRecord,
    AgreementRecord,
    ContactRecord,
    CustomerRecord,
    PendingRecord,
    ReceivableRecord,
    StaffRecord,
)
from contracts.identifiers import email_address, phone_number
from contracts.money import Money
from contracts.refusals import Fault
from contracts.vocabulary import AccountStatus, CustomerKind, Medium, Role

Record = CustomerRecord | AccountRecord | AgreementRecord | ReceivableRecord | PendingRecord | StaffRecord


class Section(StrEnum):
    """The lists of a books file, in the order in which one needs the other."""

    CUSTOMERS = "customers"
    ACCOUNTS = "accounts"
    AGREEMENTS = "agreements"
    RECEIVABLES = "receivables"
    PENDING = "pending"
    STAFF = "staff"


@dataclass(frozen=True)
class Placed:
    """A record and where it stands in the file (`accounts[3]`)."""

    section: Section
    path: str
    record: Record


@dataclass(frozen=True)
class Known:
    """What references may name, in the file or in the books.

    `currencies`: by account; `accounts`: of the books, by their number.
    """

    ids: Mapping[Section, frozenset[str]]
    currencies: Mapping[str, str]
    accounts: Mapping[str, str]


def faults_in(placed: list[Placed], known: Known) -> list[Fault]:
    """Every fault of the records, each with its path."""
    return list(
        chain(_doubles(placed), _numbers(placed, known), *(_faults(each.record, each.path, known) for each in placed))
    )


def _doubles(placed: list[Placed]) -> Iterator[Fault]:
    first: dict[tuple[Section, str], str] = {}
    for each in placed:
        path = first.setdefault((each.section, each.record.id), each.path)
        if path != each.path:
            yield Fault(path=f"{each.path}.id", message=f"{each.record.id} stands already at {path}")


def _numbers(placed: list[Placed], known: Known) -> Iterator[Fault]:
    """No two accounts are called the same, in the file and in the books."""
    owners = dict(known.accounts)
    for each in placed:
        if isinstance(each.record, AccountRecord) and each.record.number:
            owner = owners.setdefault(each.record.number, each.record.id)
            if owner != each.record.id:
                yield Fault(path=f"{each.path}.number", message=f"is the number of {owner}")


def _faults(record: Record, path: str, known: Known) -> Iterator[Fault]:
    match record:
        case CustomerRecord():
            yield from _customer(record, path)
            yield from _unknown(record.related_staff, Section.STAFF, f"{path}.related_staff", known)
        case AccountRecord():
            yield from _unknown([record.customer], Section.CUSTOMERS, f"{path}.customer", known)
            yield from _account(record, path)
        case AgreementRecord():
            yield from _unknown([record.account], Section.ACCOUNTS, f"{path}.account", known)
            yield from _repeated([each.id for each in record.obligations], f"{path}.obligations")
            yield from _repeated([each.id for each in record.instruments], f"{path}.instruments")
        case ReceivableRecord() | PendingRecord():
            yield from _unknown([record.account], Section.ACCOUNTS, f"{path}.account", known)
            yield from _amount(record.amount, known.currencies.get(record.account), f"{path}.amount", zero=False)
        case StaffRecord():
            yield from _unknown([record.deputy] if record.deputy else [], Section.STAFF, f"{path}.deputy", known)
            yield from _person(record, path)


def _customer(record: CustomerRecord, path: str) -> Iterator[Fault]:
    if record.kind is CustomerKind.PERSON and record.identity_number is None:
        yield Fault(path=f"{path}.identity_number", message="is missing: a person needs one")
    if record.kind is CustomerKind.COMPANY and record.licence_number is None:
        yield Fault(path=f"{path}.licence_number", message="is missing: a company needs one")
    yield from _before(record.identity_expires_on, record.since, f"{path}.identity_expires_on", "since")
    yield from _before(record.licence_expires_on, record.since, f"{path}.licence_expires_on", "since")
    for n, contact in enumerate(record.contacts):
        yield from _contact(contact, f"{path}.contacts[{n}].address")
    if sum(contact.preferred for contact in record.contacts) > 1:
        yield Fault(path=f"{path}.contacts", message="more than one is preferred")


def _contact(contact: ContactRecord, path: str) -> Iterator[Fault]:
    try:
        if contact.channel is Medium.EMAIL:
            email_address(contact.address)
        elif contact.channel in {Medium.SMS, Medium.PHONE}:
            phone_number(contact.address)
    except ValueError as error:
        yield Fault(path=path, message=str(error))


def _account(record: AccountRecord, path: str) -> Iterator[Fault]:
    yield from _amount(record.balance, record.currency, f"{path}.balance")
    yield from _amount(record.overdraft_limit, record.currency, f"{path}.overdraft_limit")
    yield from _amount(record.stated_balance or "0", record.currency, f"{path}.stated_balance")
    yield from _before(record.last_used_on, record.opened_on, f"{path}.last_used_on", "opened_on")
    if record.status is AccountStatus.FROZEN and record.freeze is None:
        yield Fault(path=f"{path}.freeze", message="is missing: the status says frozen")
    if record.freeze:
        yield from _before(record.freeze.since, record.opened_on, f"{path}.freeze.since", "opened_on")
    if record.status is AccountStatus.CLOSED:
        if record.freeze:
            yield Fault(path=f"{path}.freeze", message="a closed account cannot be frozen")
        if record.balance.strip("0."):
            yield Fault(path=f"{path}.balance", message="a closed account holds nothing")


def _person(record: StaffRecord, path: str) -> Iterator[Fault]:
    if record.deputy == record.id:
        yield Fault(path=f"{path}.deputy", message="nobody stands in for himself")
    if Role.CUSTOMER in record.roles:
        yield Fault(path=f"{path}.roles", message="customer is not a role of staff")
    for n, absence in enumerate(record.absent):
        yield from _before(absence.until, absence.since, f"{path}.absent[{n}].until", "from")


def _unknown(ids: list[str] | tuple[str, ...], section: Section, path: str, known: Known) -> Iterator[Fault]:
    for each in ids:
        if each not in known.ids[section]:
            yield Fault(path=path, message=f"{each} is neither in the file nor in the books")


def _repeated(ids: list[str], path: str) -> Iterator[Fault]:
    for n, each in enumerate(ids):
        if each in ids[:n]:
            yield Fault(path=f"{path}[{n}].id", message=f"{each} stands twice")


def _amount(text: str, currency: str | None, path: str, *, zero: bool = True) -> Iterator[Fault]:
    """Nothing is said where the currency is unknown: the account is named as a fault of its own."""
    try:
        if currency and not Money.parse(text, currency).minor and not zero:
            yield Fault(path=path, message="should not be zero")
    except ValueError as error:
        yield Fault(path=path, message=str(error))


def _before(day: date | None, start: date, path: str, name: str) -> Iterator[Fault]:
    if day is not None and day < start:
        yield Fault(path=path, message=f"{day} is before {name}, {start}")
