"""What may be wrong with an account, from the beginning or later; and how all of it is put right again."""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import count

from sqlmodel import Session, col, select

from contracts.money import Money
from contracts.vocabulary import CustomerKind, FreezeBy
from records.books_tables import (
    AccountRow,
    AgreementRow,
    CustomerContactRow,
    CustomerRow,
    PendingRow,
    ReceivableRow,
)
from tests.support.firm import Firm
from tests.support.happenings import owe, pay_in, pending

Wrong = Callable[[Firm, str], None]

_numbers = count(1)
NO_SUCH_PAYEE = "6000000000000000000"
PAYEES: dict[str, dict[str, str]] = {
    "own": {},
    "somebody else's": {"name": "李四"},
    "no such account": {"account": NO_SUCH_PAYEE},
    "none": {},
}
"""Where the balance may be wanted."""
OBLIGATION = '[{"id":"OBL-1","text":"return the files","side":"firm","done":false}]'
RIGHT_NUMBERS = {"identity_number": "11010519491231002X", "licence_number": "91310000607234567W"}
INSTRUMENT = '[{"id":"INS-1","kind":"cheque_book","returned":false}]'


def payout_to(firm: Firm, account: str, to: str) -> dict[str, str] | None:
    """The payout of a request; only the firm and a regulator may leave it out."""
    own = firm.request(account).payout
    return None if own is None or to == "none" else own.model_dump() | PAYEES[to]


def owes(amount: str, firm: Firm, account: str) -> None:
    """The customer owes the firm something."""
    owe(firm, account, amount, f"RCV-A{next(_numbers)}")


def comes_in(amount: str, firm: Firm, account: str) -> None:
    """Money arrives."""
    pay_in(firm, account, amount, f"IN-A{next(_numbers)}")


def on_its_way(firm: Firm, account: str) -> None:
    """A card payment settles in five days."""
    pending(firm, account, date.today() + timedelta(days=5), f"PEN-A{next(_numbers)}")  # noqa: DTZ011  any day will do


def frozen(by: FreezeBy, firm: Firm, account: str) -> None:
    """Frozen in the books, without a word to any case; a second freeze finds no place."""
    if firm.account(account).freeze:
        return
    reference, since = f"FRZ-A{next(_numbers)}", date(2026, 11, 1)
    firm.mend(lambda session: firm.books.freeze(session, account, by, reference, since))


def released(firm: Firm, account: str) -> None:
    """Whoever froze it has released it, in the books."""
    if firm.account(account).freeze:
        firm.mend(lambda session: firm.books.release(session, account))


def _agreement(values: Mapping[str, object], firm: Firm, account: str) -> None:
    def change(session: Session) -> None:
        for row in session.exec(select(AgreementRow).where(AgreementRow.account == account)):
            row.sqlmodel_update(dict(values))

    firm.mend(change)


def _customer(values: Mapping[str, object], firm: Firm, account: str) -> None:
    customer = firm.account(account).customer
    firm.mend(lambda session: session.get_one(CustomerRow, customer).sqlmodel_update(dict(values)))


def _disagrees(firm: Firm, account: str) -> None:
    firm.mend(lambda session: setattr(session.get_one(AccountRow, account), "stated_minor", 1))


def _unreachable(firm: Firm, account: str) -> None:
    firm.mend(lambda session: _verify(session, firm.account(account).customer, verified=False))


def _nothing(firm: Firm, account: str) -> None:
    """All is well."""


WRONGS: dict[str, Wrong] = {
    "nothing": _nothing,
    "owes a little": partial(owes, "50.00"),
    "owes more than is there": partial(owes, "260.00"),
    "owes more than is waived": partial(owes, "700.00"),
    "a wrong number": partial(_customer, {"identity_number": "110105194912310021", "licence_number": "X"}),
    "an expired paper": partial(
        _customer, {"identity_expires_on": date(2020, 1, 1), "licence_expires_on": date(2020, 1, 1)}
    ),
    "a dispute": partial(_customer, {"complaints_open": 1}),
    "high risk": partial(_customer, {"risk": "high"}),
    "no contact": _unreachable,
    "unsigned": partial(_agreement, {"signed": False, "sealed": False}),
    "an obligation": partial(_agreement, {"obligations": OBLIGATION}),
    "an instrument": partial(_agreement, {"instruments": INSTRUMENT}),
    "a notice period": partial(_agreement, {"notice_days": 30}),
    "books that disagree": _disagrees,
    "a payment on its way": on_its_way,
    **{f"frozen by {by}": partial(frozen, by) for by in FreezeBy},
}
"""What may be wrong at the beginning."""


def put_right(firm: Firm, account: str) -> None:
    """Everything in the books that would hinder the closing."""
    if firm.account(account).closed_on:
        return
    released(firm, account)
    firm.mend(lambda session: _put_right(session, firm, account))
    short = _short(firm, account)
    if short.minor > 0:
        comes_in(short.text, firm, account)


def _put_right(session: Session, firm: Firm, account: str) -> None:
    row = session.get_one(AccountRow, account)
    row.stated_minor = None
    for waiting in session.exec(select(PendingRow).where(PendingRow.account == account)):
        firm.books.settle_pending(session, waiting.id)
    for agreement in session.exec(select(AgreementRow).where(AgreementRow.account == account)):
        firm.books.complete_agreement(session, agreement.id)
        for left in json.loads(agreement.obligations):
            firm.books.fulfil(session, agreement.id, left["id"])
        for held in json.loads(agreement.instruments):
            firm.books.take_back(session, agreement.id, held["id"])
    customer = session.get_one(CustomerRow, row.customer)
    customer.complaints_open = 0
    customer.identity_expires_on = customer.licence_expires_on = date(2039, 5, 1)
    person = customer.kind is CustomerKind.PERSON
    customer.identity_number = RIGHT_NUMBERS["identity_number"] if person else None
    customer.licence_number = None if person else RIGHT_NUMBERS["licence_number"]
    _verify(session, row.customer, verified=True)


def _short(firm: Firm, account: str) -> Money:
    with firm.world.database.reading() as session:
        open_ = session.exec(
            select(ReceivableRow).where(ReceivableRow.account == account, col(ReceivableRow.settled_on).is_(None))
        )
        owed = Money(minor=sum(each.minor for each in open_), currency="CNY")
        return owed - firm.books.account(session, account).balance


def _verify(session: Session, customer: str, *, verified: bool) -> None:
    for row in session.exec(select(CustomerContactRow).where(CustomerContactRow.customer == customer)):
        row.verified = verified


CHANGES: dict[str, Wrong] = {
    **{f"a debt of {amount}": partial(owes, amount) for amount in ("30.00", "350.00", "620.00")},
    **{f"{amount} come in": partial(comes_in, amount) for amount in ("40.00", "160.00", "900.00")},
    **{f"frozen by {by}": partial(frozen, by) for by in FreezeBy},
    "released": released,
    "a payment on its way": on_its_way,
    "all put right": put_right,
}
"""What may happen in the books at any time."""
