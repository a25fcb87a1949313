"""Loading a books file or a postings file: all or nothing, every fault named, the same again changes nothing."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from sqlalchemy import insert
from sqlmodel import Session, select

from contracts.books import Line, LoadReport, OwnLedger, PostReport
from contracts.books_file import AccountRecord, BooksFile, CustomerRecord, PostingRecord, PostingsFile
from contracts.files import BOOKS_LIMIT, parse_file, read_json
from contracts.money import Money
from contracts.refusals import Code, Fault, Refused, bad_input
from gateways.books import Ledger
from gateways.books_checks import Known, Placed, Section, faults_in
from gateways.books_facts import found, ledger_of
from gateways.books_journal import SYSTEM, at_noon, book, today
from gateways.books_months import turn_to_book
from gateways.books_rows import RECORDS, TABLES, columns, contact_columns, content_of
from gateways.books_update import loaded_before, refusals, rewrite
from records import trail
from records.books_tables import AccountRow, CustomerContactRow, JournalEntryRow, LoadedRow
from records.database import Database

WHAT = "books file"
POSTINGS = "postings file"


def load_books(database: Database, text: str, update: bool) -> LoadReport:
    """Fill the books from `text`. A record that differs from what was loaded before is Refused(MISMATCH), unless
    `update`: then it is changed and the trail of the books keeps old and new values.
    """
    raw = read_json(text, WHAT, BOOKS_LIMIT)
    placed, faults = _records(text, raw)
    with database.transaction() as session:
        turn_to_book(session)
        known = _known(session, raw, placed)
        faults += faults_in(placed, known)
        if faults:
            raise bad_input(WHAT, faults)
        report = _load(session, placed, known, update=update)
        if report.loaded or report.updated:
            digest = hashlib.sha256(text.encode()).hexdigest()
            evidence = {"sha256": digest, **{name: str(count) for name, count in report.model_dump().items()}}
            trail.append(session, trail.BOOKS, who=SYSTEM, what="books_loaded", evidence=evidence)
        return report


def load_postings(database: Database, text: str) -> PostReport:
    """Book what `text` says. What an account may not take is refused with the code of the first such posting, and
    every one is named.
    """
    postings = parse_file(text, PostingsFile, POSTINGS, BOOKS_LIMIT).postings
    posted, refused = 0, list[tuple[Code, Fault]]()
    with database.transaction() as session:
        for n, posting in enumerate(postings):
            try:
                posted += _post(session, posting, f"postings[{n}]")
            except Refused as refusal:
                faults = refusal.faults or [Fault(path=f"postings[{n}]", message=str(refusal))]
                refused += [(refusal.code, fault) for fault in faults]
        if refused:
            named = "; ".join(str(fault) for _, fault in refused)
            raise Refused(refused[0][0], f"The {POSTINGS} cannot be booked: {named}", [fault for _, fault in refused])
    return PostReport(posted=posted, unchanged=len(postings) - posted)


def _records(text: str, raw: Any) -> tuple[list[Placed], list[Fault]]:
    """The records that are sound in themselves, and the faults of the others."""
    try:
        file = parse_file(text, BooksFile, WHAT, None)
    except Refused as refused:
        return list(_sound(raw, refused.faults)), list(refused.faults)
    return [
        Placed(section, f"{section}[{n}]", record)
        for section in Section
        for n, record in enumerate(getattr(file, section))
    ], []


def _sound(raw: Any, faults: Iterable[Fault]) -> Iterator[Placed]:
    faulty = {fault.path.split(".")[0] for fault in faults}
    for section, path, value in _listed(raw):
        if path not in faulty:
            with suppress(ValidationError):
                yield Placed(section, path, RECORDS[section].model_validate_json(json.dumps(value)))


def _listed(raw: Any) -> Iterator[tuple[Section, str, Any]]:
    for section in Section:
        values = raw.get(section) if isinstance(raw, dict) else None
        for n, value in enumerate(values if isinstance(values, list) else []):
            yield section, f"{section}[{n}]", value


def _known(session: Session, raw: Any, placed: Iterable[Placed]) -> Known:
    """A record that is itself faulty is known all the same: each fault is named once, where it is."""
    ids: dict[Section, set[str]] = {section: set(session.exec(select(table.id))) for section, table in TABLES.items()}
    for section, _, value in _listed(raw):
        if isinstance(value, dict) and isinstance(value.get("id"), str):
            ids[section].add(value["id"])
    currencies = dict(session.exec(select(AccountRow.id, AccountRow.currency)).all())
    currencies |= {each.record.id: each.record.currency for each in placed if isinstance(each.record, AccountRecord)}
    numbered = select(AccountRow.number, AccountRow.id).where(AccountRow.number != "")
    accounts = dict(session.exec(numbered).all())
    return Known({section: frozenset(names) for section, names in ids.items()}, currencies, accounts)


def _load(session: Session, placed: Iterable[Placed], known: Known, *, update: bool) -> LoadReport:
    before = {(row.section, row.id): row for row in session.exec(select(LoadedRow))}
    counts: Counter[str] = Counter()
    differing: list[Fault] = []
    for each in placed:
        row = before.get((each.section, each.record.id))
        if row is None:
            _insert(session, each, known)
            counts["loaded"] += 1
        elif loaded_before(row) == each.record:
            counts["unchanged"] += 1
        elif faults := list(refusals(session, each, row, update=update)):
            differing += faults
        else:
            rewrite(session, each, row, known)
            counts["updated"] += 1
    if differing:
        named = "; ".join(str(fault) for fault in differing)
        raise Refused(Code.MISMATCH, f"The {WHAT} differs from the books: {named}", differing)
    return LoadReport(loaded=counts["loaded"], unchanged=counts["unchanged"], updated=counts["updated"])


def _insert(session: Session, placed: Placed, known: Known) -> None:
    record = placed.record
    values = columns(record, known.currencies, today())
    session.exec(insert(TABLES[placed.section]).values(values))
    session.exec(insert(LoadedRow).values(section=placed.section, id=record.id, content=content_of(record)))
    if isinstance(record, CustomerRecord) and record.contacts:
        session.exec(insert(CustomerContactRow).values(contact_columns(record)))
    if isinstance(record, AccountRecord):
        _open(session, record)


def _open(session: Session, record: AccountRecord) -> None:
    balance = Money.parse(record.balance, record.currency)
    if balance.minor:
        customer = Line(ledger=ledger_of(record.id), amount=balance)
        ours = Line(ledger=OwnLedger.OPENING.of(record.currency), amount=-balance)
        at = at_noon(Ledger().first_open_day(session, record.opened_on))
        book(session, f"opening/{record.id}", "opening balance", [customer, ours], None, at=at)


def _post(session: Session, posting: PostingRecord, path: str) -> bool:
    """Whether the posting is new."""
    account = found(session, AccountRow, posting.account, "account")
    amount = _amount(posting, account.currency, path)
    other_side = posting.ledger or (OwnLedger.PAYMENTS_IN if amount.minor > 0 else OwnLedger.PAYOUTS)
    lines = [
        Line(ledger=ledger_of(posting.account), amount=amount),
        Line(ledger=other_side.of(amount.currency), amount=-amount),
    ]
    there = select(JournalEntryRow.id).where(JournalEntryRow.reference == posting.reference)
    booked_before = session.exec(there).first() is not None
    Ledger().post(session, posting.reference, posting.text, lines, at=at_noon(posting.on) if posting.on else None)
    return not booked_before


def _amount(posting: PostingRecord, currency: str, path: str) -> Money:
    try:
        amount = Money.parse(posting.amount, currency)
    except ValueError as error:
        raise bad_input(POSTINGS, [Fault(path=f"{path}.amount", message=str(error))]) from None
    if not amount.minor:
        raise bad_input(POSTINGS, [Fault(path=f"{path}.amount", message="should not be zero")])
    return amount
