"""The files of examples/: each can be used as it stands, and each closure ends closed when everybody says yes, and
the books that are wrong are put right."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from commands.demo_people import People
from contracts.adjustments import AdjustmentRequest
from contracts.book_checks import BookRule
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.requests import ClosureRequest
from contracts.vocabulary import Language, Outcome
from gateways.book_check import breaches, posted
from gateways.books_file import load_postings
from gateways.books_months import today
from tests.support.adjustments import agreed, finished, found_out, proposed
from tests.support.firm import ROOT, Firm, running_firm
from tests.support.waiting import PATIENCE_SECONDS

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
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not ended.done():
            await people.act()
            await asyncio.wait([ended], timeout=0.1)
    assert ended.result().outcome == Outcome.CLOSED
    shown = firm.show(receipt.case)
    assert firm.status(shown.account) == "closed"
    assert firm.sums().keys() == {"CNY", "JPY", "USD"}
    assert set(firm.sums().values()) == {0}


async def test_the_example_of_an_adjustment_puts_the_fee_right_that_the_postings_book_twice(firm: Firm) -> None:
    load_postings(firm.world.database, (EXAMPLES / "postings-fee-twice.json").read_text(encoding="utf-8"))
    text = (EXAMPLES / "adjustment-1001.json").read_text(encoding="utf-8")
    request = parse_file(text, AdjustmentRequest, "adjustment", MESSAGE_LIMIT)
    case = (await firm.quietus.open_adjustment(request)).case
    assert found(firm) == [(BookRule.DOUBLED, request.entries[0])]
    await found_out(firm, case)
    await proposed(firm, case, *request.entries)
    await agreed(firm, case)
    assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.balance(request.account) == "1134.56"
    assert found(firm) == []


def found(firm: Firm) -> list[tuple[BookRule, str]]:
    """What the check finds in the books as they stand."""
    policy = firm.world.policies.in_force_on(today())
    with firm.world.database.reading() as session:
        return [(each.rule, each.entry) for each in breaches(policy.for_adjustments.check, posted(session))]


def test_every_example_is_explained() -> None:
    words = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.iterdir() if path.name not in words and path.name != "README.md"] == []
