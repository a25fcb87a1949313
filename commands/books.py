"""The books: load, show, post, freeze, release."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlmodel import col, select

from client import Quietus
from commands.face import AsJson, File, answer, read_text
from commands.office import ask_temporal, records
from commands.pages import account_pages, line_of
from contracts.books import AccountFacts, EntryFacts
from contracts.books_file import PostingRecord, PostingsFile
from contracts.files import BOOKS_LIMIT, parse_file
from contracts.refusals import Refused
from contracts.tasks import Reckoning
from contracts.views import AccountView, EntryLine
from contracts.vocabulary import FreezeBy
from gateways.books import Ledger
from gateways.books_file import POSTINGS, load_books, load_postings
from records.books_tables import AccountRow
from records.database import Database
from records.tables import CaseRow

Account = Annotated[str, typer.Argument(metavar="ACCOUNT")]


def load(
    file: File,
    update: Annotated[bool, typer.Option("--update", help="Also change records that differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """The same file twice changes nothing."""
    report = load_books(records(), read_text(file, "books file"), update)
    words = f"{report.loaded} loaded, {report.updated} updated, {report.unchanged} unchanged."
    answer(report, as_json, line_of(words))


def post(file: File, as_json: AsJson = False) -> None:
    """A posting's reference makes it safe to post twice. A case that waits for money is told that some came."""
    text, database = read_text(file, POSTINGS), records()
    report = load_postings(database, text)
    answer(report, as_json, line_of(f"{report.posted} posted, {report.unchanged} were posted before."))
    cases = _locking(database, parse_file(text, PostingsFile, POSTINGS, BOOKS_LIMIT).postings)
    if cases:
        _tell(cases)


def show(account: Account, as_json: AsJson = False) -> None:
    """Balance, status, lock, freeze and entries."""
    answer(_view(account), as_json, account_pages)


def freeze(
    account: Account,
    by: Annotated[FreezeBy, typer.Option("--by", help="The authority behind it.")],
    reference: Annotated[str, typer.Option("--reference", help="Its order or letter.")],
    as_json: AsJson = False,
) -> None:
    """From today on no debit leaves the account."""
    with records().transaction() as session:
        Ledger().freeze(session, account, by, reference, datetime.now(UTC).date())
    answer(_view(account), as_json, line_of(f"{account} is frozen by {by}, {reference}."))


def settle(
    pending: Annotated[str, typer.Argument(metavar="PENDING", help="The id of a transaction that was on its way.")],
    as_json: AsJson = False,
) -> None:
    """What was on its way is booked."""
    with records().transaction() as session:
        Ledger().settle_pending(session, pending)
    answer({"settled": pending}, as_json, line_of(f"{pending} is booked."))


def release(account: Account, as_json: AsJson = False) -> None:
    """Lift the freeze."""
    with records().transaction() as session:
        Ledger().release(session, account)
    answer(_view(account), as_json, line_of(f"{account} is released."))


def _locking(database: Database, postings: Iterable[PostingRecord]) -> list[str]:
    """The cases that hold the lock of an account that money came to."""
    credited = {posting.account for posting in postings if not posting.amount.startswith("-")}
    locked = select(AccountRow.id, CaseRow.case_id).join(CaseRow, col(CaseRow.dossier) == col(AccountRow.lock))
    with database.reading() as session:
        return sorted(case for account, case in session.exec(locked) if account in credited)


def _tell(cases: Sequence[str]) -> None:
    """The money is booked whether they hear it or not: they ask the books themselves, though later."""

    async def telling(quietus: Quietus) -> None:
        for case in cases:
            await quietus.money_came(case, Reckoning(reason="money was posted"))

    try:
        ask_temporal(telling)
    except Refused as refused:
        print(f"It is booked, but not every case was told ({', '.join(cases)}): {refused.sentence}", file=sys.stderr)


def _view(account: str) -> AccountView:
    with records().transaction() as session:
        ledger = Ledger()
        facts = ledger.account(session, account)
        region = ledger.customer(session, facts.customer).region
        return _account_view(facts, ledger.entries(session, account), region)


def _account_view(facts: AccountFacts, entries: tuple[EntryFacts, ...], region: str) -> AccountView:
    return AccountView(
        account=facts.id,
        customer=facts.customer,
        currency=facts.currency,
        balance=facts.balance.text,
        status=facts.status,
        lock=facts.lock,
        freeze=facts.freeze,
        opened_on=facts.opened_on,
        closed_on=facts.closed_on,
        entries=tuple(EntryLine.of(entry) for entry in entries),
        branch=facts.branch,
        region=region,
        number=facts.number,
        overdraft=facts.overdraft.text if facts.overdraft else "",
    )
