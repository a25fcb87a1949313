"""Codes of customers: what they prove by their signature alone. What the records say is in test_answer_codes.py."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer

from contracts.refusals import Code, Refused
from gateways.tokens import CustomerLinks

DOSSIER, TASK = "closure-ACC-1001.1", "closure-ACC-1001.task-12-closing_statement"
NONCE, CONTENT = "hJ3kQm2_x-8AbcDe", "0123456789abcdef"
HOUR = timedelta(hours=1)
NEUTRAL = "This code is not valid or no longer valid; please ask us for a new one."


@pytest.fixture
def links() -> CustomerLinks:
    return CustomerLinks(b"k" * 32)


@pytest.fixture
def code(links: CustomerLinks) -> str:
    return links.issue(TASK, DOSSIER, NONCE, CONTENT)


def refused(links: CustomerLinks, code: str) -> str:
    with pytest.raises(Refused) as refusal:
        links.verify(code, HOUR)
    assert refusal.value.code is Code.UNAUTHENTICATED
    return str(refusal.value)


def test_a_code_proves_one_task_of_one_dossier_its_nonce_and_what_was_asked(links: CustomerLinks, code: str) -> None:
    proven = links.verify(f" {code}\r\n", HOUR)
    assert (proven.task, proven.dossier) == (TASK, DOSSIER)
    assert (proven.nonce, proven.content) == (NONCE, CONTENT)


def test_a_code_fits_into_a_link_and_a_message(code: str) -> None:
    assert len(code) <= 200
    assert code.isascii()
    assert not set(code) & set(" /+=?&#")


def test_a_code_expires(links: CustomerLinks, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = datetime.now(UTC).timestamp() + 7_200
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert links.verify(code, 3 * HOUR).task == TASK
    assert refused(links, code) == NEUTRAL


@pytest.mark.parametrize("code", ["", ".", "a.b.c", "\ud800", "码", "x" * 4_000])
def test_what_is_no_code_is_refused_neutrally(links: CustomerLinks, code: str) -> None:
    assert refused(links, code) == NEUTRAL


@pytest.mark.parametrize(
    "content",
    [[], [TASK, DOSSIER], [DOSSIER, TASK, NONCE, CONTENT, ""], [DOSSIER, TASK, None, CONTENT], 7, None, "abcd"[:3]],
    ids=json.dumps,
)
def test_a_genuine_signature_under_anything_else_is_refused_neutrally(links: CustomerLinks, content: object) -> None:
    assert refused(links, str(links._serializer.dumps(content))) == NEUTRAL


def test_a_code_made_with_another_key_or_for_another_purpose_is_refused(links: CustomerLinks) -> None:
    assert refused(links, CustomerLinks(b"x" * 32).issue(TASK, DOSSIER, NONCE, CONTENT)) == NEUTRAL
    other = URLSafeTimedSerializer(b"k" * 32).dumps([DOSSIER, TASK, NONCE, CONTENT])
    assert refused(links, str(other)) == NEUTRAL


def test_a_code_with_any_letter_changed_is_refused_so_that_it_has_one_spelling(links: CustomerLinks, code: str) -> None:
    for place in range(len(code)):
        for letter in "Aw-!":
            if letter != code[place]:
                assert refused(links, code[:place] + letter + code[place + 1 :]) == NEUTRAL
    for padded in (code + "=", code + "!", code[:-1] + "." + code[-1]):
        assert refused(links, padded) == NEUTRAL
