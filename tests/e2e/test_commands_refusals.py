"""Every refusal that a user of the commands can meet: its code, its exit code, one sentence, no stack trace."""

import json
import re
from datetime import timedelta

import jwt
import pytest

from contracts.refusals import Code
from gateways.tokens import LOCAL_AUDIENCE, LOCAL_ISSUER, LocalTokens
from tests.support.house import ROOT, House, Ran

BAD_DOCUMENT = {"kind": "other", "reference": "a/../b", "sha256": "x"}
EXITS = {code: code.exit_code for code in Code}


def expect(ran: Ran, code: Code, *words: str) -> Ran:
    """`ran` was refused with that code, in one sentence on standard error and in the error document."""
    assert (ran.error["code"], ran.code) == (code, EXITS[code]), ran
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.strip() == " ".join(ran.error["message"].split())
    assert "Traceback" not in ran.err + ran.out
    for word in words:
        assert word in ran.err
    return ran


def a_request(**changes: object) -> dict[str, object]:
    request: dict[str, object] = json.loads((ROOT / "examples/closure-acc-1001.json").read_text(encoding="utf-8"))
    return request | {"request_id": "REQ-BAD"} | changes


@pytest.fixture(scope="module")
def waiting(dev: House) -> str:
    """A case of a medium risk that waits for its first approval, without a customer to ask; asked for by song.jia."""
    request = a_request(
        request_id="REQ-REFUSALS", account="ACC-1003", customer="CUS-1002", initiator="firm", requested_by="song.jia",
        reason={"code": "dormant"}, payout=None, documents=[],
    )  # fmt: skip
    assert dev.call("closure", "request", dev.write("waiting.json", request)).code == 0
    notice = dev.task("closure_notice", "ACC-1003")
    assert dev.call("answer", notice, "agree", "--as", "customer").code == 0
    return dev.task("approval", "ACC-1003")


# ---- unusable input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("{", "", "not JSON"),
        ('{"request_id": "A", "request_id": "B"}', "request_id", "stands twice"),
        (json.dumps(a_request(surprise=1)), "surprise", "is not known here"),
        (json.dumps(a_request(initiator="me")), "initiator", "'customer', 'firm' or 'regulator'"),
        (json.dumps(a_request(wished_on="2026-02-30")), "wished_on", "valid date"),
        (json.dumps(a_request(notes="a\u202eb")), "notes", "U+202E"),
        (json.dumps(a_request(notes="a\u0000b")), "notes", "U+0000"),
        (json.dumps(a_request(account="../x")), "account", "match"),
        (json.dumps(a_request(reason={"code": "whim"})), "reason.code", "should be"),
        (json.dumps(a_request(customer="CUS-1002")), "customer", "does not hold"),
        (json.dumps(a_request(documents=[BAD_DOCUMENT])), "documents[0].sha256", "documents[0].reference"),
        (json.dumps(a_request()).replace('"notes": ""', '"notes": NaN'), "notes", "NaN"),
    ],
    ids=range(12),
)  # fmt: skip
def test_a_malformed_request_is_refused_with_every_fault_named(dev: House, text: str, path: str, words: str) -> None:
    ran = expect(dev.call("closure", "request", dev.write("bad.json", text), "--json"), Code.BAD_INPUT, words)
    assert path in {fault["path"] for fault in ran.error["faults"]}


def test_all_faults_of_a_books_file_are_named_and_nothing_is_loaded(dev: House) -> None:
    customer = {"id": "CUS-9", "kind": "person", "name": "X", "identity_number": "110105194912310021", "language": "zh",
                "since": "2020-01-01"}  # fmt: skip
    account = {"id": "ACC-9", "customer": "CUS-9", "currency": "CNY", "balance": 12.5, "opened_on": "2020-13-01"}
    file = dev.write("bad-books.json", {"customers": [customer], "accounts": [account]})
    ran = expect(dev.call("books", "load", file, "--json"), Code.BAD_INPUT)
    paths = {fault["path"] for fault in ran.error["faults"]}
    assert {"customers[0].identity_number", "accounts[0].balance", "accounts[0].opened_on"} <= paths
    expect(dev.call("books", "show", "ACC-9", "--json"), Code.NOT_FOUND)


def test_what_is_typed_wrongly_is_one_sentence(dev: House) -> None:
    for arguments in (
        ("show",),
        ("show", "x", "--nonsense"),
        ("nonsense",),
        ("inbox", "--role", "king"),
        ("books",),
        ("withdraw", "closure-X"),
    ):
        expect(dev.call(*arguments, "--json"), Code.BAD_INPUT, "--help")
    expect(dev.call("show", "--json"), Code.BAD_INPUT, "`starter.py show --help`")
    expect(dev.call("books", "nonsense", "--json"), Code.BAD_INPUT, "`starter.py books --help`")


def test_what_cannot_be_read_is_named(dev: House) -> None:
    expect(dev.call("closure", "request", "/no/such/file", "--json"), Code.BAD_INPUT, "no such file")
    expect(dev.call("closure", "request", str(dev.home), "--json"), Code.BAD_INPUT, "is a directory")
    (dev.home / "latin.json").write_bytes(b"\xff\xfe")
    expect(dev.call("books", "load", str(dev.home / "latin.json"), "--json"), Code.BAD_INPUT, "UTF-8")


def test_the_words_of_a_decision_are_checked_too(dev: House, waiting: str) -> None:
    as_boss = ("--as", "luo.hao", "--json")
    expect(dev.call("decide", waiting, "approve", "--data", "[1]", *as_boss), Code.BAD_INPUT, "JSON object")
    expect(dev.call("decide", waiting, "approve", "--data", '{"a": 1, "a": 2}', *as_boss), Code.BAD_INPUT, "twice")
    expect(dev.call("decide", waiting, "approve", "--reason", "a\x07b", *as_boss), Code.BAD_INPUT, "U+0007")
    expect(dev.call("decide", waiting, "approve", "--id", "no spaces", *as_boss), Code.BAD_INPUT, "decision_id")
    expect(dev.call("decide", waiting, "approve", "--token", "x", *as_boss), Code.BAD_INPUT, "not both")
    expect(dev.call("comment", waiting, "a\u202eb", *as_boss), Code.BAD_INPUT, "U+202E")
    expect(dev.call("decide", waiting, "return", "--reason", "r", *as_boss), Code.BAD_INPUT, "stage")


def test_what_is_too_large_is_refused_before_it_is_sent(dev: House, waiting: str) -> None:
    request = dev.write("large.json", a_request(notes="x" * 70_000))
    expect(dev.call("closure", "request", request, "--json"), Code.TOO_LARGE, "64 kB")
    data = json.dumps({"a": "x" * 65_400})
    expect(dev.call("decide", waiting, "approve", "--data", data, "--as", "luo.hao", "--json"), Code.TOO_LARGE)


def test_an_option_must_be_one_of_the_tasks_and_say_why_where_that_is_asked(dev: House, waiting: str) -> None:
    expect(dev.call("decide", waiting, "maybe", "--as", "luo.hao", "--json"), Code.OPTION_UNKNOWN, "approve, reject")
    expect(dev.call("decide", waiting, "reject", "--as", "luo.hao", "--json"), Code.REASON_MISSING, "--reason")
    expect(dev.call("withdraw", "closure-ACC-1003", "--reason", " ", "--as", "li.wei", "--json"), Code.REASON_MISSING)


# ---- business reasons ----------------------------------------------------------------------------------------------


def test_what_is_not_there_is_named(dev: House, waiting: str) -> None:
    for arguments in (
        ("show", "closure-NONE"),
        ("verify", "closure-NONE"),
        ("books", "show", "ACC-NONE"),
        ("books", "freeze", "ACC-NONE", "--by", "court", "--reference", "x"),
        ("inbox", "--staff", "nobody"),
        ("claim", "closure-NONE.task-1-x", "--as", "li.wei"),
        ("decide", "closure-NONE.task-1-x", "approve", "--as", "li.wei"),
        ("decide", "closure-ACC-1003.task-99-x", "approve", "--as", "li.wei"),
        ("decide", waiting, "approve", "--as", "nobody"),
        ("pause", "closure-NONE", "--as", "li.wei"),
        ("policy", "show", "1999-01-01"),
        ("closure", "request", dev.write("none.json", a_request(account="ACC-NONE", documents=[]))),
    ):
        expect(dev.call(*arguments, "--json"), Code.NOT_FOUND, "There is no")


def test_a_second_closure_of_an_account_is_told_which_one_is_open(dev: House, waiting: str) -> None:
    del waiting
    second = a_request(request_id="REQ-SECOND", account="ACC-1003", customer="CUS-1002", documents=[])
    ran = dev.call("closure", "request", dev.write("second.json", second), "--json")
    expect(ran, Code.ALREADY_OPEN, "closure-ACC-1003", "REQ-REFUSALS")


def test_the_same_id_with_other_content_is_a_mismatch(dev: House, waiting: str) -> None:
    del waiting
    changed = json.loads((dev.home / "waiting.json").read_text(encoding="utf-8")) | {"notes": "changed"}
    expect(dev.call("closure", "request", dev.write("changed.json", changed), "--json"), Code.MISMATCH, "other content")
    books = json.loads((ROOT / "examples/books.json").read_text(encoding="utf-8"))
    books["staff"][0]["email"] = "other@example.com"
    expect(dev.call("books", "load", dev.write("changed-books.json", books), "--json"), Code.MISMATCH)
    assert dev.call("evidence", "put", dev.write("one.txt", "one"), "a/b.txt").code == 0
    expect(dev.call("evidence", "put", dev.write("two.txt", "two"), "a/b.txt", "--json"), Code.MISMATCH)


def test_who_decides_must_be_proven(dev: House, waiting: str) -> None:
    claims = {
        "sub": "luo.hao",
        "iss": LOCAL_ISSUER,
        "aud": LOCAL_AUDIENCE,
        "jti": "j",
        "iat": 1,
        "exp": 2**31,
        "task": None,
    }
    stranger = LocalTokens(dev.home / "other-keys").mint("luo.hao")
    expired = dev.tokens.mint("luo.hao", ttl=-timedelta(hours=1))
    decide = ("decide", waiting, "approve", "--json")
    expect(dev.call(*decide), Code.UNAUTHENTICATED, "--as")
    for token in ("abc", "a.b.c", jwt.encode(claims, "", algorithm="none"), stranger, expired):
        ran = expect(dev.call(*decide, "--token", token), Code.UNAUTHENTICATED)
        assert token not in ran.err
    expect(dev.call(*decide, QUIETUS_STAFF_TOKEN=expired), Code.UNAUTHENTICATED, "expired")


def test_a_token_proves_one_message(dev: House, waiting: str) -> None:
    token = dev.tokens.mint("li.wei")
    assert dev.call("pause", "closure-ACC-1003", "--token", token).code == 0
    expect(dev.call("resume", "closure-ACC-1003", "--token", token, "--json"), Code.UNAUTHENTICATED, "before")
    expect(dev.call("pause", "closure-ACC-1003", "--as", "li.wei", "--json"), Code.NOT_ALLOWED, "paused already")
    assert dev.call("resume", "closure-ACC-1003", "--as", "li.wei").code == 0
    other = dev.tokens.mint("luo.hao", task="closure-ACC-1003.task-99-x")
    expect(dev.call("decide", waiting, "approve", "--token", other, "--json"), Code.FORBIDDEN, "task")


def test_a_role_that_is_not_held_decides_nothing(dev: House, waiting: str) -> None:
    expect(dev.call("decide", waiting, "approve", "--as", "li.wei", "--json"), Code.FORBIDDEN, "supervisor")
    expect(dev.call("claim", waiting, "--as", "li.wei", "--json"), Code.FORBIDDEN, "supervisor")
    expect(dev.call("reassign", waiting, "--to", "li.wei", "--as", "luo.hao", "--json"), Code.FORBIDDEN, "li.wei")


def test_nobody_approves_what_they_asked_for(dev: House, waiting: str) -> None:
    expect(dev.call("decide", waiting, "approve", "--as", "song.jia", "--json"), Code.FOUR_EYES, "song.jia")
    expect(dev.call("claim", waiting, "--as", "song.jia", "--json"), Code.FOUR_EYES, "song.jia")


def test_what_the_state_of_things_forbids_is_said(dev: House, waiting: str) -> None:
    closed = a_request(account="ACC-2005", customer="CUS-2001", documents=[], request_id="REQ-CLOSED", payout=None)
    expect(dev.call("closure", "request", dev.write("c.json", closed), "--json"), Code.NOT_ALLOWED, "closed")
    expect(dev.call("release", waiting, "--as", "luo.hao", "--json"), Code.NOT_ALLOWED, "not claimed")
    posting = {"reference": "OUT-1", "account": "ACC-2005", "amount": "1.00", "text": "x"}
    expect(dev.call("books", "post", dev.write("p.json", {"postings": [posting]}), "--json"), Code.NOT_ALLOWED)


def test_what_was_decided_or_has_ended_says_when_and_by_whom(dev: House, waiting: str) -> None:
    notice = next(task["task"] for task in dev.call("show", "closure-ACC-1003", "--json").data["tasks"])
    ran = expect(dev.call("decide", notice, "agree", "--as", "li.wei", "--json"), Code.ALREADY_DECIDED, "customer")
    assert re.search(r"\d{4}-\d{2}-\d{2}", ran.err)
    expect(dev.call("claim", notice, "--as", "li.wei", "--json"), Code.ALREADY_DECIDED, "customer")
    rejected = dev.call("decide", waiting, "reject", "--reason", "still in use", "--as", "luo.hao", "--id", "D-LAST")
    assert rejected.code == 0
    while not dev.call("show", "closure-ACC-1003", "--json").data["ended_at"]:
        pass
    expect(dev.call("decide", waiting, "approve", "--as", "luo.hao", "--json"), Code.ALREADY_ENDED, "rejected")
    expect(dev.call("pause", "closure-ACC-1003", "--as", "li.wei", "--json"), Code.ALREADY_ENDED, "rejected")


# ---- services ------------------------------------------------------------------------------------------------------


def test_a_service_that_is_not_there_is_named_with_what_to_start(dev: House) -> None:
    request = dev.write("good.json", a_request())
    gone = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    ran = dev.run("closure", "request", request, "--json", **gone)
    expect(ran, Code.UNREACHABLE, "127.0.0.1:1", "python worker.py --dev")
    nobody = {"QUIETUS_DATABASE_URL": "postgresql+psycopg://quietus:secret@127.0.0.1:1/quietus"}
    ran = expect(dev.run("cases", "--json", **nobody), Code.UNREACHABLE, "QUIETUS_DATABASE_URL")
    assert "secret" not in ran.err + ran.out
    empty = {"QUIETUS_DATABASE_URL": f"sqlite:///{dev.home / 'empty.db'}"}
    expect(dev.run("cases", "--json", **empty), Code.UNREACHABLE, "python -m records upgrade")


def test_settings_that_cannot_be_used_are_named(dev: House) -> None:
    ran = dev.call("cases", "--json", QUIETUS_ENVIRONMENT="production")
    expect(ran, Code.BAD_INPUT, "QUIETUS_MASTER_KEY", "QUIETUS_DATABASE_URL")


def test_nobody_puts_evidence_among_the_firms_own_papers(dev: House) -> None:
    paper = dev.write("paper.txt", "mine")
    own = ("dossiers/x/1.json", "snapshots/x/1.json", "evidence/statements/x/1", "handover/x/1.txt", "tasks/x/1.txt")
    for place in own:
        expect(dev.call("evidence", "put", paper, place, "--json"), Code.NOT_ALLOWED, "own papers")


def test_a_home_that_cannot_be_used_is_named_in_one_line(dev: House) -> None:
    blocked = dev.write("a-file", "not a folder")
    ran = dev.run("cases", "--json", QUIETUS_HOME=str(blocked))
    expect(ran, Code.BAD_INPUT, "QUIETUS_HOME")
