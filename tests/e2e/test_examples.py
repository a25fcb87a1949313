"""The files of examples/: each can be used as it stands, and each closure ends closed when everybody says yes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from commands.demo_people import People
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.requests import ClosureRequest
from contracts.vocabulary import Language, Outcome
from tests.support.firm import ROOT, Firm, running_firm

EXAMPLES = ROOT / "examples"
CLOSURES = sorted(path.name for path in EXAMPLES.glob("closure-*.json"))


@pytest.fixture
async def firm(temporal: Client, tmp_path: Path) -> AsyncIterator[Firm]:
    async with running_firm(temporal, tmp_path) as ready:
        for document in (EXAMPLES / "evidence").rglob("*.txt"):
            ready.world.evidence.put(document.relative_to(EXAMPLES / "evidence").as_posix(), document.read_bytes())
        yield ready


@pytest.mark.parametrize("name", CLOSURES)
async def test_an_example_closure_ends_closed_when_everybody_says_yes(firm: Firm, name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    receipt = await firm.quietus.request_closure(parse_file(text, ClosureRequest, name, MESSAGE_LIMIT))
    people = People(firm.quietus, firm.casebook, firm.mail.folder, firm.tokens, Language.EN)
    ended = asyncio.ensure_future(firm.outcome(receipt.case))
    async with asyncio.timeout(25):
        while not ended.done():
            await people.act()
            await asyncio.wait([ended], timeout=0.1)
    assert ended.result().outcome == Outcome.CLOSED
    shown = firm.show(receipt.case)
    assert firm.status(shown.account) == "closed"
    assert firm.sums().keys() == {"CNY", "JPY", "USD"}
    assert set(firm.sums().values()) == {0}


def test_every_example_is_explained() -> None:
    words = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.iterdir() if path.name not in words and path.name != "README.md"] == []
