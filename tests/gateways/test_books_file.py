"""Loading books and postings: all or nothing, every fault named, the same again changes nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from contracts.books import LoadReport, PostReport
from contracts.refusals import Code, Refused
from contracts.vocabulary import AccountStatus, Language, Role
from gateways.books import Ledger
from gateways.books_file import load_books, load_postings
from records import trail
from records.books_tables import CustomerRow, JournalEntryRow
from records.database import Database
from tests.gateways.books_world import HERS, books, books_json

BOOKS = Ledger()
EXAMPLES = Path(__file__).parents[2] / "examples"

SAMPLE = """{"customers": [{"id": "CUS-1001", "kind": "person", "name": "张伟", "identity_number": "11010519491231002X",
    "identity_expires_on": "2031-05-01", "language": "zh", "since": "2019-04-01", "risk": "low",
    "contacts": [{"channel": "email", "address": "zhang.wei@example.com", "verified": true, "preferred": true},
                 {"channel": "sms", "address": "+8613800138000", "verified": true}]},
   {"id": "CUS-2001", "kind": "company", "name": "上海示例贸易有限公司", "licence_number": "91350100M000100Y43",
    "licence_expires_on": "2039-01-01", "legal_representative": "李娜", "language": "zh", "since": "2020-01-01",
    "contacts": []}],
 "accounts": [{"id": "ACC-1001", "customer": "CUS-1001", "currency": "CNY", "balance": "1234.56",
    "opened_on": "2019-04-01", "status": "active", "freeze": null, "last_used_on": "2026-11-01"}],
 "agreements": [{"id": "AGR-1001", "account": "ACC-1001", "signed_on": "2019-04-01", "signed": true, "sealed": true,
    "notice_days": 0, "obligations": [
        {"id": "OBL-1", "text": "return cheque book", "side": "customer", "done": true}]}],
 "receivables": [{"id": "RCV-1", "account": "ACC-1001", "amount": "100.00", "due_on": "2026-10-01",
    "text": "service fee 2026"}],
 "pending": [{"id": "PEN-1", "account": "ACC-1001", "amount": "-20.00", "settles_on": "2026-12-01",
    "text": "card payment"}],
 "staff": [{"id": "li.wei", "name": "李伟", "email": "li.wei@example.com", "roles": ["customer_service"],
    "deputy": "chen.jie"},
   {"id": "chen.jie", "name": "陈洁", "email": "chen.jie@example.com", "roles": ["customer_service"]}]}"""


@pytest.fixture(scope="module")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Books that stay empty: every file that is loaded here is refused."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'records.db'}")
    database.upgrade()
    yield database
    with database.transaction() as session:
        assert session.exec(select(CustomerRow)).all() == []
    database.dispose()


def refusal(database: Database, text: str, *, update: bool = False) -> Refused:
    with pytest.raises(Refused) as refused:
        load_books(database, text, update)
    return refused.value


def faults(refused: Refused) -> dict[str, str]:
    return {fault.path: fault.message for fault in refused.faults}


def put(file: dict[str, Any], path: str, value: Any) -> str:
    """The file with `value` at `path` (`accounts[0].balance`), as text."""
    *way, last = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)]
    place: Any = file
    for part in way:
        place = place[part]
    place[last] = value
    return json.dumps(file, ensure_ascii=False)


def test_the_sample_of_the_interface_loads(database):
    assert load_books(database, SAMPLE, False) == LoadReport(loaded=8, unchanged=0, updated=0)
    with database.transaction() as session:
        account, customer = BOOKS.account(session, "ACC-1001"), BOOKS.customer(session, "CUS-1001")
        assert (account.balance.text, account.stated_balance.text, account.status) == ("1234.56", "1234.56", "active")
        assert (customer.language, str(customer.birth_date)) == (Language.ZH, "1949-12-31")
        assert [contact.address for contact in customer.contacts] == ["zhang.wei@example.com", "+8613800138000"]
        assert [each.amount.text for each in BOOKS.pending(session, "ACC-1001")] == ["-20.00"]
        assert [each.amount.text for each in BOOKS.receivables(session, "ACC-1001")] == ["100.00"]
        assert [person.id for person in BOOKS.holders(session, [Role.CUSTOMER_SERVICE])] == ["chen.jie", "li.wei"]
        assert BOOKS.sums(session) == {"CNY": 0}


def test_the_example_books_load_and_hold_every_case_that_is_worth_showing(database):
    load_books(database, (EXAMPLES / "books.json").read_text(encoding="utf-8"), False)
    with database.transaction() as session:
        accounts = [
            account
            for customer in session.exec(select(CustomerRow.id)).all()
            for account in BOOKS.accounts_of(session, customer)
        ]
        assert {account.status for account in accounts} == set(AccountStatus) - {AccountStatus.CLOSING}
        assert {account.currency for account in accounts} == set(BOOKS.sums(session)) == {"CNY", "USD", "JPY"}
        assert any(account.stated_balance != account.balance for account in accounts)
        assert not BOOKS.receivables(session, "ACC-1001")
        assert not BOOKS.pending(session, "ACC-1001")
        for role in set(Role) - {Role.CUSTOMER}:
            assert len(BOOKS.holders(session, [role])) >= 2, role
        assert all(person.deputy for person in BOOKS.staff(session))


def test_the_same_file_twice_changes_nothing_even_after_the_books_went_on(database):
    load_books(database, books_json(), False)
    postings = [{"reference": "PAY-1", "account": HERS, "amount": "5.00", "text": "top-up", "on": "2026-11-20"}]
    load_postings(database, json.dumps({"postings": postings}))
    with database.transaction() as session:
        BOOKS.collect_receivable(session, "RCV-1", "COLLECT-1", "d")
        BOOKS.update_customer(session, "CUS-1", "name", "张玮")
    for update in (False, True):
        assert load_books(database, books_json(), update) == LoadReport(loaded=0, unchanged=7, updated=0)
    with database.transaction() as session:
        assert BOOKS.account(session, HERS).balance.text == "75.00"
        assert BOOKS.customer(session, "CUS-1").name == "张玮"
        assert [link.what for link in trail.entries(session, trail.BOOKS)] == ["books_loaded", "posted"]


def test_a_record_that_differs_is_refused_and_named_and_nothing_is_loaded(database):
    load_books(database, books_json(), False)
    changed = books()
    changed["customers"][0]["name"] = "张玮"
    changed["staff"].append({"id": "new", "name": "N", "email": "n@example.com", "roles": ["risk"]})
    refused = refusal(database, json.dumps(changed))
    assert refused.code is Code.MISMATCH
    assert faults(refused) == {"customers[0].name": "differs from what was loaded; --update changes it"}
    with database.transaction() as session, pytest.raises(Refused):
        BOOKS.person(session, "new")


def test_an_update_changes_what_the_file_changed_and_keeps_the_old_value_in_the_trail(database):
    load_books(database, books_json(), False)
    with database.transaction() as session:
        BOOKS.update_customer(session, "CUS-1", "identity_expires_on", "2036-05-01")
    changed = books()
    changed["customers"][0] |= {"name": "张玮", "contacts": changed["customers"][0]["contacts"][:1]}
    changed["accounts"][0] |= {"status": "dormant", "stated_balance": "90.00"}
    changed["receivables"][0]["amount"] = "31.00"
    report = load_books(database, json.dumps(changed), True)
    assert report == LoadReport(loaded=0, unchanged=4, updated=3)
    with database.transaction() as session:
        customer, account = BOOKS.customer(session, "CUS-1"), BOOKS.account(session, HERS)
        assert (customer.name, str(customer.identity_expires_on), len(customer.contacts)) == ("张玮", "2036-05-01", 1)
        assert (account.status, account.stated_balance.text) == (AccountStatus.DORMANT, "90.00")
        assert BOOKS.receivables(session, HERS)[0].amount.text == "31.00"
        kept = {link.evidence["field"]: link.evidence for link in trail.entries(session, trail.BOOKS)[1:-1]}
        assert (kept["name"]["record"], kept["name"]["old"], kept["name"]["new"]) == ("customers CUS-1", "张伟", "张玮")
        assert set(kept) == {"name", "contacts", "dormant", "stated_minor", "minor"}
        assert "+8613800138000" in kept["contacts"]["old"]
    assert load_books(database, json.dumps(changed), False).unchanged == 7


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("accounts[0].balance", "100.01", "post a payment instead"),
        ("accounts[0].currency", "USD", "stays what it was"),
        ("accounts[0].freeze", {"by": "bank", "reference": "F", "since": "2026-01-01"}, "freezing or releasing"),
        ("accounts[0].status", "closing", "between active and dormant only"),
    ],
)
def test_what_an_update_may_not_change_is_refused(database, path, value, words):
    load_books(database, books_json(), False)
    refused = refusal(database, put(books(), path, value), update=True)
    assert refused.code is Code.MISMATCH
    assert words in faults(refused)[path]


def test_what_is_settled_cannot_be_updated(database):
    load_books(database, books_json(), False)
    with database.transaction() as session:
        BOOKS.settle_pending(session, "PEN-1")
    refused = refusal(database, put(books(), "pending[0].text", "x"), update=True)
    assert "was settled on" in faults(refused)["pending[0]"]


def test_a_second_file_may_refer_to_what_is_in_the_books(database):
    load_books(database, books_json(), False)
    more = {"receivables": [{"id": "RCV-2", "account": HERS, "amount": "1.00", "due_on": "2026-10-01", "text": "fee"}]}
    assert load_books(database, json.dumps(more), False).loaded == 1


def test_an_account_can_be_loaded_closed_or_closing_or_frozen(database):
    file = books(with_things=False)
    account = {**file["accounts"][0], "balance": "0.00", "last_used_on": "2024-12-20"}
    freeze = {"by": "court", "reference": "(2026)沪01执123号", "since": "2026-07-20"}
    file["accounts"] = [
        {**account, "id": "ACC-1", "status": "closed"},
        {**account, "id": "ACC-2", "status": "closing"},
        {**account, "id": "ACC-3", "status": "frozen", "freeze": freeze},
    ]
    load_books(database, json.dumps(file), False)
    with database.transaction() as session:
        closed, closing, frozen = BOOKS.accounts_of(session, "CUS-1")
    assert (closed.status, str(closed.closed_on)) == (AccountStatus.CLOSED, "2024-12-20")
    assert (closing.status, closing.lock) == (AccountStatus.CLOSING, "elsewhere")
    assert (frozen.status, frozen.freeze and frozen.freeze.reference) == (AccountStatus.FROZEN, "(2026)沪01执123号")


COMPANY = {"id": "CUS-1", "kind": "company", "name": "C", "language": "zh", "since": "2020-01-01"}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("customers[0].identity_number", "110105194912310021", "check digit"),
        ("customers[0].identity_number", "11010519490231002X", "no such birth date"),
        ("customers[0].identity_number", "110105491231002", "18 digits"),
        ("customers[0].identity_number", None, "a person needs one"),
        ("customers[0]", {**COMPANY, "licence_number": "91350100M000100Y44"}, ""),
        ("customers[0].licence_number", "91350100M000100Y44", "check digit"),
        ("customers[0].identity_expires_on", "2019-03-31", "is before since"),
        ("customers[0].identity_expires_on", "2031-02-30", "date"),
        ("customers[0].since", 20190401, "date"),
        ("customers[0].name", "张\u202e伟", "forbidden character U+202E"),
        ("customers[0].name", "", "is empty"),
        ("customers[0].kind", "dog", "'person' or 'company'"),
        ("customers[0].contacts[0].address", "zhang.wei@", "e-mail address"),
        ("customers[0].contacts[1].address", "13800138000", "+8613800138000"),
        ("customers[0].contacts[1].address", "+86138", "+8613800138000"),
        ("customers[0].contacts[1].preferred", "yes", "valid boolean"),
        ("customers[0].complaints_open", -1, "greater than or equal to 0"),
        ("customers[0].related_staff", ["no.one"], "neither in the file nor in the books"),
        ("customers[0].shoe_size", 43, "is not known here"),
        ("accounts[0].balance", 100.0, "valid string"),
        ("accounts[0].balance", "-1.00", "negative"),
        ("accounts[0].balance", "1,000.00", "plain digits"),
        ("accounts[0].balance", "１００", "plain digits"),
        ("accounts[0].balance", "1.005", "CNY has 2 decimals"),
        ("accounts[0].stated_balance", "1.005", "CNY has 2 decimals"),
        ("accounts[0].currency", "RMB", "ISO 4217"),
        ("accounts[0].customer", "CUS-9", "neither in the file nor in the books"),
        ("accounts[0].id", "ACC 1", "match"),
        ("accounts[0].last_used_on", "2019-03-31", "is before opened_on"),
        ("accounts[0].freeze", {"by": "court", "reference": "R", "since": "2019-03-31"}, ""),
        ("accounts[0].status", "sleeping", "'active'"),
        ("agreements[0].account", "ACC-9", "neither in the file nor in the books"),
        ("agreements[0].notice_days", -1, "greater than or equal to 0"),
        ("agreements[0].obligations[0].side", "nobody", "'customer' or 'firm'"),
        ("receivables[0].amount", "0.00", "should not be zero"),
        ("receivables[0].amount", "-5.00", "negative"),
        ("pending[0].amount", "-5.001", "CNY has 2 decimals"),
        ("staff[0].deputy", "no.one", "neither in the file nor in the books"),
        ("staff[0].deputy", "li.wei", "nobody stands in for himself"),
        ("staff[0].roles", ["king"], ""),
        ("staff[0].roles", ["customer"], "not a role of staff"),
        ("staff[0].roles", [], "at least 1 item"),
        ("staff[1].absent[0].until", "2026-09-30", "is before from"),
        ("customers", {}, "valid array"),
        ("customer", [], "is not known here"),
    ],
)
def test_a_fault_is_named_with_its_path(empty_books, path, value, words):
    refused = refusal(empty_books, put(books(), path, value))
    assert refused.code is Code.BAD_INPUT
    found = {where: message for where, message in faults(refused).items() if where.startswith(path)}
    assert found, refused.faults
    assert any(words in message for message in found.values()), found


def test_all_faults_of_all_records_are_named_at_once(empty_books):
    file = books()
    file["customers"][0]["identity_number"] = "110105194912310021"
    file["accounts"][0] |= {"customer": "CUS-9", "balance": "1.005"}
    file["accounts"].append({**file["accounts"][0], "balance": "1.00", "customer": "CUS-1", "status": "frozen"})
    file["receivables"][0]["amount"] = 30
    file["staff"][0]["deputy"] = "no.one"
    refused = refusal(empty_books, json.dumps(file))
    assert set(faults(refused)) == {
        "customers[0].identity_number",
        "accounts[0].customer",
        "accounts[0].balance",
        "accounts[1].id",
        "accounts[1].freeze",
        "receivables[0].amount",
        "staff[0].deputy",
    }
    assert all(path in str(refused) for path in faults(refused))


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ('{"customers": [}', "", "line 1, column 16"),
        ('{"customers":\n [1,]}', "", "line 2"),
        ("", "", "line 1, column 1"),
        ('{"staff": [], "staff": []}', "staff", "stands twice"),
        ('{"staff": [{"id": "a", "id": "b"}]}', "staff[0].id", "stands twice"),
        ('{"accounts": [{"balance": NaN}]}', "accounts[0].balance", "NaN is not a value"),
        ('{"accounts": [{"balance": -Infinity}]}', "accounts[0].balance", "-Infinity is not a value"),
        ("[" * 100_000, "", "nested too deeply"),
        ("[" * 900 + "]" * 900, "", "nested too deeply"),
        ('{"accounts": ' + "9" * 5_000 + "}", "", "too many digits"),
        ("[]", "", "should be an object"),
        ('{"customers": [{"name": "\\ud800"}]}', "customers[0].name", "lone surrogate"),
        ('{"staff": [{"\\u001b[31m": 1}]}', "staff[0]", "U+001B"),
        ('{"customers": [null, "x"]}', "customers[1]", "should be an object"),
    ],
)
def test_text_that_is_no_books_file_is_refused_with_the_place(empty_books, text, path, words):
    refused = refusal(empty_books, text)
    assert refused.code is Code.BAD_INPUT
    assert words in faults(refused)[path]


def test_a_file_beyond_all_measure_is_too_large(empty_books):
    assert refusal(empty_books, " " * (50 * 1024 * 1024 + 1)).code is Code.TOO_LARGE


def test_a_number_written_in_full_width_or_small_letters_is_kept_in_its_plain_form(database):
    load_books(database, put(books(), "customers[0].identity_number", "１１０１０５１９４９１２３１００２ｘ"), False)
    with database.transaction() as session:
        assert BOOKS.customer(session, "CUS-1").identity_number == "11010519491231002X"


def posting(reference: str = "PAY-1", amount: str = "5.00", account: str = HERS) -> dict[str, Any]:
    return {"reference": reference, "account": account, "amount": amount, "text": "top-up"}


def test_postings_are_booked_once_in_both_directions(database):
    load_books(database, books_json(), False)
    text = json.dumps({"postings": [posting(), posting("PAY-2", "-25.00"), posting()]})
    assert load_postings(database, text) == PostReport(posted=2, unchanged=1)
    assert load_postings(database, text) == PostReport(posted=0, unchanged=3)
    with database.transaction() as session:
        assert BOOKS.account(session, HERS).balance.text == "80.00"
        assert BOOKS.sums(session) == {"CNY": 0}


def test_one_posting_that_cannot_be_booked_keeps_out_all_and_each_is_named(database):
    load_books(database, books_json(), False)
    bad = [posting(), posting("P-2", "-900.00"), posting("P-3", account="ACC-9"), posting("P-4", "0.005")]
    with pytest.raises(Refused) as refused:
        load_postings(database, json.dumps({"postings": bad}))
    assert refused.value.code is Code.NOT_ALLOWED
    assert set(faults(refused.value)) == {"postings[1]", "postings[2]", "postings[3].amount"}
    assert "There is no account ACC-9 in the books." in str(refused.value)
    with database.transaction() as session:
        assert session.exec(select(JournalEntryRow.reference)).all() == [f"opening/{HERS}"]


@pytest.mark.parametrize(
    ("field", "value", "old"),
    [
        ("name", "张玮", "张伟"),
        ("identity_expires_on", "2036-05-01", "2031-05-01"),
        ("legal_representative", "李娜", ""),
        ("language", "en", "zh"),
        ("email", "new@example.com", "zhang.wei@example.com"),
        ("sms", "+8613800138009", "+8613800138000"),
        ("letter", "上海市示例路1号", ""),
    ],
)
def test_a_correction_is_kept_and_answers_the_old_value(database, field, value, old):
    load_books(database, books_json(), False)
    with database.transaction() as session:
        assert BOOKS.update_customer(session, "CUS-1", field, value) == old
    with database.transaction() as session:
        customer = BOOKS.customer(session, "CUS-1")
        reached = {contact.channel: contact for contact in customer.contacts}
        if field in {"email", "sms", "letter"}:
            assert (reached[field].address, reached[field].verified) == (value, True)
        else:
            assert str(getattr(customer, field)) == value


def test_a_correction_that_is_wrong_is_refused(database):
    load_books(database, books_json(), False)
    for field, value in [("identity_number", "1"), ("email", "x"), ("language", "fr"), ("risk", "low"), ("name", "")]:
        with pytest.raises(Refused) as refused, database.transaction() as session:
            BOOKS.update_customer(session, "CUS-1", field, value)
        assert refused.value.code is Code.BAD_INPUT
        assert list(faults(refused.value)) == [field]
