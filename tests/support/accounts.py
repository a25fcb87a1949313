"""Accounts beyond those of the examples: as many as wanted, each with its own holder, a balance and an agreement."""

import json

from stdnum.cn import ric, uscc

from gateways.books_file import load_books
from records.database import Database

BALANCE = "100.00"


def open_accounts(database: Database, count: int, companies: int = 0) -> list[str]:
    """Open `count` more accounts, at most 1000, the last `companies` of them of companies; their ids. Nothing hinders
    closing them, and risk is low."""
    numbers, persons = range(count), count - companies
    books = {
        "customers": [_holder(number) | (_of_a_company(number) if number >= persons else {}) for number in numbers],
        "accounts": [_account(number) for number in numbers],
        "agreements": [_agreement(_name(number)) for number in numbers],
    }
    load_books(database, json.dumps(books), False)
    return [_name(number) for number in numbers]


def _name(number: int) -> str:
    return f"ACC-{9000 + number}"


def _holder(number: int) -> dict[str, object]:
    body = f"11010519900101{number:03}"
    return {
        "id": f"CUS-{9000 + number}",
        "kind": "person",
        "name": "周晓明",
        "identity_number": body + ric.calc_check_digit(f"{body}0"),
        "identity_expires_on": "2039-05-01",
        "language": "zh",
        "since": "2019-04-01",
        "risk": "low",
        "contacts": [
            {"channel": "email", "address": f"holder-{number}@example.com", "verified": True, "preferred": True},
            {"channel": "sms", "address": f"+8613800139{number:03}", "verified": True},
        ],
    }


def _of_a_company(number: int) -> dict[str, object]:
    body = f"91310115MA1K3Y{number:03}"
    return {
        "kind": "company",
        "name": "上海晓明贸易有限公司",
        "identity_number": None,
        "identity_expires_on": None,
        "licence_number": f"{body}{uscc.calc_check_digit(body)}",
        "licence_expires_on": "2039-01-01",
        "legal_representative": "周晓明",
    }


def _account(number: int) -> dict[str, object]:
    return {
        "id": _name(number),
        "customer": f"CUS-{9000 + number}",
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
