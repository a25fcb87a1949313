"""What books and postings files say since adjustments: numbers, overdraft limits, the firm's other side."""

import json

from contracts.books import LoadReport
from gateways.books import Ledger
from gateways.books_file import load_books, load_postings
from records.books_tables import LoadedRow
from tests.gateways.books_world import HERS, books, books_json
from tests.gateways.test_books_file import faults, put, refusal

BOOKS = Ledger()


def test_a_number_belongs_to_one_account_in_the_file_and_in_the_books(database):
    file = books(with_things=False)
    file["accounts"] = [{**file["accounts"][0], "id": name, "number": "6222-01"} for name in ("ACC-1", "ACC-2")]
    assert faults(refusal(database, json.dumps(file))) == {"accounts[1].number": "is the number of ACC-1"}
    file["accounts"][1]["number"] = ""
    load_books(database, json.dumps(file), False)
    again = {"accounts": [{**file["accounts"][0], "id": "ACC-3"}]}
    assert faults(refusal(database, json.dumps(again))) == {"accounts[0].number": "is the number of ACC-1"}


def test_number_and_overdraft_limit_are_changed_by_an_update(database):
    load_books(database, books_json(), False)
    changed = books()
    changed["accounts"][0] |= {"number": "6222-01", "overdraft_limit": "250.00"}
    assert set(faults(refusal(database, json.dumps(changed)))) == {
        "accounts[0].number",
        "accounts[0].overdraft_limit",
    }
    assert load_books(database, json.dumps(changed), True).updated == 1
    with database.transaction() as session:
        account = BOOKS.account(session, HERS)
    assert (account.number, str(account.overdraft)) == ("6222-01", "250.00 CNY")
    assert (
        "decimals"
        in faults(refusal(database, put(books(), "accounts[0].overdraft_limit", "1.001")))[
            "accounts[0].overdraft_limit"
        ]
    )


def test_a_record_that_was_loaded_before_it_had_the_newer_fields_is_the_same(database):
    load_books(database, books_json(), False)
    with database.transaction() as session:
        row = session.get_one(LoadedRow, ("accounts", HERS))
        older = {name: each for name, each in json.loads(row.content).items() if name not in {"number", "region"}}
        row.content = json.dumps(older)
    assert load_books(database, books_json(), False) == LoadReport(loaded=0, unchanged=7, updated=0)


def test_a_posting_may_name_the_firms_other_side(database):
    load_books(database, books_json(), False)
    posting = {"reference": "FEE-1", "account": HERS, "amount": "-20.00", "text": "fee", "ledger": "fees"}
    load_postings(database, json.dumps({"postings": [posting]}))
    with database.transaction() as session:
        assert BOOKS.entries(session, HERS)[-1].other_side == ("fees:CNY",)
