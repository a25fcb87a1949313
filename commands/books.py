"""The books: load, show, post, freeze, release."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.face import AsJson, File, answer, read_text
from commands.office import records
from commands.pages import account_pages, line_of
from contracts.books import AccountFacts, EntryFacts
from contracts.views import AccountView, EntryLine
from contracts.vocabulary import FreezeBy
from gateways.books import Ledger
from gateways.books_file import load_books, load_postings

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
    """A posting's reference makes it safe to post twice."""
    report = load_postings(records(), read_text(file, "postings file"))
    answer(report, as_json, line_of(f"{report.posted} posted, {report.unchanged} were posted before."))


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


def _view(account: str) -> AccountView:
    with records().transaction() as session:
        ledger = Ledger()
        return _account_view(ledger.account(session, account), ledger.entries(session, account))


def _account_view(facts: AccountFacts, entries: tuple[EntryFacts, ...]) -> AccountView:
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
    )
