"""Accounts beyond those of the examples: as many as wanted, of one customer, each with a balance and an agreement."""

import json

from gateways.books_file import load_books
from records.database import Database

HOLDER = "CUS-1001"
BALANCE = "100.00"


def open_accounts(database: Database, count: int) -> list[str]:
    """Open `count` more accounts of a customer of the examples; their ids. Nothing hinders closing them."""
    names = [f"ACC-{9000 + number}" for number in range(count)]
    books = {"accounts": [_account(name) for name in names], "agreements": [_agreement(name) for name in names]}
    load_books(database, json.dumps(books), False)
    return names


def _account(name: str) -> dict[str, object]:
    return {
        "id": name,
        "customer": HOLDER,
        "currency": "CNY",
        "balance": BALANCE,
        "opened_on": "2019-04-01",
        "status": "active",
        "freeze": None,
        "last_used_on": "2026-11-01",
    }


def _agreement(name: str) -> dict[str, object]:
    return {
        "id": f"AGR-{name}",
        "account": name,
        "signed_on": "2019-04-01",
        "signed": True,
        "sealed": True,
        "notice_days": 0,
        "obligations": [],
    }
