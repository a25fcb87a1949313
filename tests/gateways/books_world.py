"""A small world of books for tests: one customer, one account, and what can hang on it."""

import json
from datetime import date
from typing import Any

import pytest

from contracts.books import Booking, Line
from contracts.money import Money
from contracts.refusals import Refused
from gateways.books import Books, Ledger
from gateways.books_facts import ledger_of
from records.database import Database

BOOKS: Books = Ledger()
HERS, OURS, THEIRS = "ACC-1", "closure-ACC-1.1", "closure-ACC-9.1"

CUSTOMER: dict[str, Any] = {
    "id": "CUS-1",
    "kind": "person",
    "name": "张伟",
    "identity_number": "11010519491231002X",
    "identity_expires_on": "2031-05-01",
    "language": "zh",
    "since": "2019-04-01",
    "contacts": [
        {"channel": "email", "address": "zhang.wei@example.com", "verified": True, "preferred": True},
        {"channel": "sms", "address": "+8613800138000", "verified": False},
    ],
}
ACCOUNT: dict[str, Any] = {
    "id": HERS,
    "customer": "CUS-1",
    "currency": "CNY",
    "balance": "100.00",
    "opened_on": "2019-04-01",
}
AGREEMENT: dict[str, Any] = {
    "id": "AGR-1",
    "account": HERS,
    "signed_on": "2019-04-01",
    "signed": False,
    "sealed": False,
    "obligations": [{"id": "OBL-1", "text": "return cheque book", "side": "customer", "done": False}],
    "instruments": [{"id": "INS-1", "kind": "cheque_book", "returned": False}],
}
RECEIVABLE: dict[str, Any] = {"id": "RCV-1", "account": HERS, "amount": "30.00", "due_on": "2026-10-01", "text": "fee"}
PENDING: dict[str, Any] = {
    "id": "PEN-1",
    "account": HERS,
    "amount": "-5.00",
    "settles_on": "2026-12-01",
    "text": "card",
}
STAFF: list[dict[str, Any]] = [
    {
        "id": "li.wei",
        "name": "李伟",
        "email": "li.wei@example.com",
        "roles": ["customer_service"],
        "deputy": "chen.jie",
    },
    {
        "id": "chen.jie",
        "name": "陈洁",
        "email": "chen.jie@example.com",
        "roles": ["customer_service", "supervisor"],
        "absent": [{"from": "2026-10-01", "until": "2026-10-08"}],
    },
]


def books(account: str = HERS, *, with_things: bool = True) -> dict[str, list[dict[str, Any]]]:
    """The file as plain values, to be spoilt by a test; `with_things`: all that hangs on the account, and staff."""
    whole = {"customers": [CUSTOMER], "accounts": [{**ACCOUNT, "id": account}]}
    if with_things:
        whole |= {"agreements": [AGREEMENT], "receivables": [RECEIVABLE], "pending": [PENDING], "staff": STAFF}
    copy: dict[str, list[dict[str, Any]]] = json.loads(json.dumps(whole))
    return copy


def books_json(account: str = HERS, *, with_things: bool = True) -> str:
    """The file."""
    return json.dumps(books(account, with_things=with_things), ensure_ascii=False)


def cny(text: str) -> Money:
    """An amount of yuan."""
    return Money.parse(text, "CNY")


def do(books: Database, method: str, *arguments: object, **named: object) -> Any:
    """What the books answer, in a transaction of its own."""
    with books.transaction() as session:
        return getattr(BOOKS, method)(session, *arguments, **named)


def refusal(books: Database, method: str, *arguments: object, **named: object) -> Refused:
    """How they refuse it."""
    with pytest.raises(Refused) as refused, books.transaction() as session:
        getattr(BOOKS, method)(session, *arguments, **named)
    return refused.value


def lines(amount: Money, ledger: str = "fees", account: str = HERS) -> tuple[Line, ...]:
    """`amount` onto the account, against one of the firm's ledgers."""
    ours = Line(ledger=f"{ledger}:{amount.currency}", amount=-amount)
    return (Line(ledger=ledger_of(account), amount=amount), ours)


def turned(booked: tuple[Line, ...]) -> tuple[Line, ...]:
    """The same lines the other way round."""
    return tuple(Line(ledger=line.ledger, amount=-line.amount) for line in booked)


def booking(reference: str, booked: tuple[Line, ...], on: date, **more: Any) -> Booking:
    """An entry of several."""
    return Booking(reference=reference, text=reference, lines=booked, on=on, **more)
