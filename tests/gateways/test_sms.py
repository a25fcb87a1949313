"""Text messages through a real HTTP gateway that takes, refuses, fails or hangs; and filed in a folder."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote

import pytest

from contracts.refusals import Refused
from gateways.failures import PermanentFailure, TemporaryFailure
from gateways.sms import FolderSms, HttpSms

NUMBER = "+8613800138000"
REFERENCE = "closure-ACC-1.1/notice-offer/1"


class Gateway(ThreadingHTTPServer):
    """Takes messages under /sms. `answers`: what the next requests get, by method; then 200 and the truth."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: dict[str, dict[str, str]] = {}
        self.keys: list[str] = []
        self.answers: dict[str, list[int]] = {"GET": [], "POST": []}
        self.answer_never = False
        self.closing = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/sms"


class Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        reference = unquote(self.path.removeprefix("/sms/"))
        self.reply(self.answered("GET") or (200 if reference in self.server.taken else 404))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.answered("POST") or 200
        if answer == 200 or self.server.answer_never:
            self.server.taken[body["reference"]] = body
            self.server.keys.append(self.headers["Idempotency-Key"])
        if self.server.answer_never:
            self.server.closing.wait()
        self.reply(answer)

    def answered(self, method: str) -> int | None:
        waiting = self.server.answers[method]
        return waiting.pop(0) if waiting else None

    def reply(self, code: int) -> None:
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing on the screen."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = Gateway()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_message_is_taken_with_its_reference_as_the_idempotency_key(gateway: Gateway) -> None:
    sent = HttpSms(gateway.url).send(NUMBER, "【示例银行】已受理。", REFERENCE)
    assert sent.message_id == REFERENCE
    assert gateway.taken == {REFERENCE: {"to": NUMBER, "text": "【示例银行】已受理。", "reference": REFERENCE}}
    assert gateway.keys == [REFERENCE]


def test_a_message_that_the_gateway_knows_is_not_sent_again(gateway: Gateway) -> None:
    sms = HttpSms(gateway.url)
    sms.send(NUMBER, "hello", REFERENCE)
    sms.send(NUMBER, "hello", REFERENCE)
    assert gateway.keys == [REFERENCE]


def test_a_message_taken_without_an_answer_in_time_is_not_sent_again(gateway: Gateway) -> None:
    gateway.answer_never = True
    with pytest.raises(TemporaryFailure):
        HttpSms(gateway.url, timeout=0.2).send(NUMBER, "hello", REFERENCE)
    gateway.answer_never = False
    HttpSms(gateway.url).send(NUMBER, "hello", REFERENCE)
    assert gateway.keys == [REFERENCE]


@pytest.mark.parametrize("code", [400, 403, 410, 422])
def test_a_number_that_is_refused_is_refused_for_good(gateway: Gateway, code: int) -> None:
    gateway.answers["POST"] = [code]
    with pytest.raises(PermanentFailure) as failure:
        HttpSms(gateway.url).send(NUMBER, "hello", REFERENCE)
    assert str(failure.value) == f"The SMS gateway answered {code}."
    assert gateway.taken == {}


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 302])
def test_a_gateway_that_is_busy_or_broken_is_tried_again(gateway: Gateway, code: int) -> None:
    gateway.answers["POST"] = [code]
    sms = HttpSms(gateway.url)
    with pytest.raises(TemporaryFailure, match=str(code)):
        sms.send(NUMBER, "hello", REFERENCE)
    sms.send(NUMBER, "hello", REFERENCE)
    assert gateway.keys == [REFERENCE]


def test_nothing_is_sent_while_the_look_up_fails(gateway: Gateway) -> None:
    gateway.answers["GET"] = [503]
    with pytest.raises(TemporaryFailure):
        HttpSms(gateway.url).send(NUMBER, "hello", REFERENCE)
    assert gateway.keys == []


def test_a_gateway_that_is_down_is_tried_again() -> None:
    with Gateway() as unserved:
        url = unserved.url
    with pytest.raises(TemporaryFailure) as failure:
        HttpSms(url).send(NUMBER, "hello", REFERENCE)
    assert NUMBER not in str(failure.value)


@pytest.mark.parametrize("url", ["", "sms.example", "smtp://sms.example"])
def test_what_is_no_gateway_is_refused_by_name(url: str) -> None:
    with pytest.raises(Refused, match="QUIETUS_SMS_URL"):
        HttpSms(url)


def test_a_filed_message_is_there_once_whoever_sends_it_at_the_same_time(tmp_path: Path) -> None:
    sms = FolderSms(tmp_path / "mail")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sms.send(NUMBER, "【示例银行】已受理。", REFERENCE), range(16)))
    (file,) = (tmp_path / "mail").iterdir()
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "to": NUMBER,
        "text": "【示例银行】已受理。",
        "reference": REFERENCE,
    }
    assert file.suffix == ".json"
    assert "ACC" not in file.name


def test_messages_with_different_references_are_different_files(tmp_path: Path) -> None:
    sms = FolderSms(tmp_path)
    sms.send(NUMBER, "first", "closure-ACC-1.1/notice-offer/1")
    sms.send(NUMBER, "second", "closure-ACC-1.1/notice-offer/2")
    assert len(list(tmp_path.glob("*.json"))) == 2
