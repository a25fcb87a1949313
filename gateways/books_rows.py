"""How the record of a books file becomes columns of its table."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.books_file import (
    AccountRecord,
    AgreementRecord,
    CustomerRecord,
    PendingRecord,
    ReceivableRecord,
    StaffRecord,
)
from contracts.money import Money
from contracts.vocabulary import AccountStatus
from gateways.books_checks import Record, Section
from records.books_tables import AccountRow, AgreementRow, CustomerRow, PendingRow, ReceivableRow, StaffRow
from records.canonical import canonical

RECORDS: dict[Section, type[Record]] = {
    Section.CUSTOMERS: CustomerRecord,
    Section.ACCOUNTS: AccountRecord,
    Section.AGREEMENTS: AgreementRecord,
    Section.RECEIVABLES: ReceivableRecord,
    Section.PENDING: PendingRecord,
    Section.STAFF: StaffRecord,
}
Row = CustomerRow | AccountRow | AgreementRow | ReceivableRow | PendingRow | StaffRow
TABLES: dict[Section, type[Row]] = {
    Section.CUSTOMERS: CustomerRow,
    Section.ACCOUNTS: AccountRow,
    Section.AGREEMENTS: AgreementRow,
    Section.RECEIVABLES: ReceivableRow,
    Section.PENDING: PendingRow,
    Section.STAFF: StaffRow,
}

LOADED_LOCK = "elsewhere"
"""Who holds the lock of an account that is loaded as closing: no case of ours."""


def content_of(record: Record) -> str:
    """The record as text, to be compared with what was loaded before."""
    return canonical(record.model_dump(mode="json", by_alias=True))


def contact_columns(record: CustomerRecord) -> list[dict[str, Any]]:
    """The columns of the customer's contacts."""
    return [{"customer": record.id, "n": n, **contact.model_dump()} for n, contact in enumerate(record.contacts)]


def columns(record: Record, currencies: Mapping[str, str], today: date) -> dict[str, Any]:
    """The columns of `record`; `currencies` by account. What is loaded as closed was closed when it was last used,
    `today` where that is not known.
    """
    match record:
        case CustomerRecord():
            plain = record.model_dump(exclude={"contacts"})
            return {**plain, "related_staff": canonical(record.related_staff)}
        case AccountRecord():
            return _account(record, today)
        case AgreementRecord():
            lists = record.model_dump(mode="json", include={"obligations", "instruments"})
            return {**record.model_dump(), **{name: canonical(value) for name, value in lists.items()}}
        case ReceivableRecord() | PendingRecord():
            return {
                **record.model_dump(exclude={"amount"}),
                "minor": Money.parse(record.amount, currencies[record.account]).minor,
            }
        case StaffRecord():
            lists = record.model_dump(mode="json", include={"roles", "absent"})
            return {**record.model_dump(), **{name: canonical(value) for name, value in lists.items()}}


def _account(record: AccountRecord, today: date) -> dict[str, Any]:
    stated = record.stated_balance
    freeze = record.freeze
    closed_on = record.last_used_on or today
    return {
        **record.model_dump(include={"id", "customer", "currency", "opened_on", "last_used_on", "branch", "number"}),
        "overdraft_minor": Money.parse(record.overdraft_limit, record.currency).minor,
        "dormant": record.status is AccountStatus.DORMANT,
        "stated_minor": None if stated is None else Money.parse(stated, record.currency).minor,
        "closed_on": closed_on if record.status is AccountStatus.CLOSED else None,
        "lock": LOADED_LOCK if record.status is AccountStatus.CLOSING else None,
        "freeze_by": freeze.by if freeze else None,
        "freeze_reference": freeze.reference if freeze else None,
        "freeze_since": freeze.since if freeze else None,
    }
