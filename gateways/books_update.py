"""A books file that says something else than before: what may be changed by it, and how the change is kept."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from contracts.books_file import CustomerRecord
from contracts.refusals import Fault
from contracts.vocabulary import AccountStatus
from gateways.books_checks import Known, Placed, Record, Section
from gateways.books_journal import SYSTEM, today
from gateways.books_rows import RECORDS, TABLES, columns, contact_columns, content_of
from records import trail
from records.books_tables import CustomerContactRow, LoadedRow, PendingRow, ReceivableRow
from records.canonical import canonical

_FIXED = {
    Section.ACCOUNTS: {
        "balance": "is the opening balance and stays; post a payment instead",
        "currency": "stays what it was",
        "customer": "stays what it was",
        "freeze": "is changed by freezing or releasing the account",
    },
    Section.AGREEMENTS: {"account": "stays what it was"},
    Section.RECEIVABLES: {"account": "stays what it was"},
    Section.PENDING: {"account": "stays what it was"},
}
_CHANGEABLE = {AccountStatus.ACTIVE, AccountStatus.DORMANT}


def loaded_before(loaded: LoadedRow) -> Record:
    """The record as it was loaded; a field that there was not yet has its default."""
    return RECORDS[Section(loaded.section)].model_validate_json(loaded.content)


def refusals(session: Session, placed: Placed, loaded: LoadedRow, *, update: bool) -> Iterator[Fault]:
    """Why the record may not be changed as the file says; nothing when it may."""
    old, new = loaded_before(loaded), placed.record
    for field in type(new).model_fields:
        path = f"{placed.path}.{field}"
        if getattr(old, field) == getattr(new, field):
            continue
        if fixed := _FIXED.get(placed.section, {}).get(field):
            yield Fault(path=path, message=fixed)
        elif not update:
            yield Fault(path=path, message="differs from what was loaded; --update changes it")
        elif field == "status" and not {getattr(old, field), getattr(new, field)} <= _CHANGEABLE:
            yield Fault(path=path, message="changes between active and dormant only")
    row = session.get(TABLES[placed.section], new.id)
    if update and isinstance(row, (ReceivableRow, PendingRow)) and row.settled_on:
        yield Fault(path=placed.path, message=f"was settled on {row.settled_on}")


def rewrite(session: Session, placed: Placed, loaded: LoadedRow, known: Known) -> None:
    """Change what the file changed; what was corrected since in other fields stays."""
    old, new = loaded_before(loaded), placed.record
    before, after = (columns(record, known.currencies, today()) for record in (old, new))
    row = session.get_one(TABLES[placed.section], new.id)
    for name in after:
        if before[name] != after[name]:
            _keep(session, placed, name, getattr(row, name), after[name])
            setattr(row, name, after[name])
    if isinstance(old, CustomerRecord) and isinstance(new, CustomerRecord) and old.contacts != new.contacts:
        _replace_contacts(session, placed, new)
    loaded.content = content_of(new)


def _replace_contacts(session: Session, placed: Placed, record: CustomerRecord) -> None:
    rows = select(CustomerContactRow).where(CustomerContactRow.customer == record.id)
    there = [row.model_dump(mode="json") for row in session.exec(rows.order_by(col(CustomerContactRow.n)))]
    after = [{**contact, "channel": contact["channel"].value} for contact in contact_columns(record)]
    _keep(session, placed, "contacts", canonical(there), canonical(after))
    session.exec(delete(CustomerContactRow).where(col(CustomerContactRow.customer) == record.id))
    if after:
        session.exec(insert(CustomerContactRow).values(contact_columns(record)))


def _keep(session: Session, placed: Placed, field: str, old: Any, new: Any) -> None:
    evidence = {"record": f"{placed.section} {placed.record.id}", "field": field, "old": _text(old), "new": _text(new)}
    trail.append(session, trail.BOOKS, who=SYSTEM, what="record_updated", evidence=evidence)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
