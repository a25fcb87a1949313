"""`demo`: the embedded server, worker and people; one closure from request to filed dossier, told as it happens."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from client import Quietus
from commands.demo_people import People, letters_in
from commands.demo_story import Story
from commands.face import AsJson, answer
from commands.office import policies_of
from commands.verifying import check
from contracts.converter import data_converter
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome, ClosureRequest
from contracts.vocabulary import Language, Outcome
from gateways.books_file import load_books
from gateways.casebook import Casebook
from gateways.evidence import FolderStore
from gateways.screening import ListScreening
from gateways.tokens import LocalTokens
from records.database import Database
from settings import Environment, Settings, load_settings
from worker import build, embedded, real_world

EXAMPLES = Path(__file__).parents[1] / "examples"
LONGEST_SECONDS = 120
GLANCE_SECONDS = 0.2


@dataclass
class Firm:
    """A firm of its own for one demo: a real server, worker and mail server with nothing in them yet."""

    settings: Settings
    database: Database
    quietus: Quietus
    ui_url: str


def demo(
    language: Annotated[Language, typer.Option("--language", help="The customer's language.")] = Language.ZH,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Everything is real but the people. Exit code 1 when the case does not end closed."""
    home = load_settings().home / f"demo-{datetime.now():%Y%m%d-%H%M%S}"  # noqa: DTZ005  a folder's name
    outcome = asyncio.run(_play(home, Story(language, silent=as_json), keep))
    if as_json:
        answer(outcome, as_json, lambda _: [])
    if outcome.outcome != Outcome.CLOSED:
        raise typer.Exit(1)


async def _play(home: Path, story: Story, keep: bool) -> CaseOutcome:
    _log_into(home)
    story.say("home", str(home))
    async with _firm(home) as firm:
        story.say("server", f"Temporal is up, its UI is {firm.ui_url}; the worker is ready")
        _fill(firm)
        story.say("books", "examples/books.json, sanctions.csv and evidence/ are loaded")
        outcome = await _close_account(firm, story)
        story.chapter("How to look at it", _directions(firm, outcome.case, keep))
        if keep:
            await asyncio.Event().wait()
        return outcome


@asynccontextmanager
async def _firm(home: Path) -> AsyncIterator[Firm]:
    async with embedded(_settings(home), standard_ports=False) as ready:
        services = ready.dev_services
        assert services
        client = await Client.connect(services.temporal, data_converter=data_converter())
        async with build(client, real_world(ready), task_queue=ready.task_queue):
            yield Firm(ready, Database(ready.database_url), Quietus(client, ready.task_queue), services.ui)


def _log_into(home: Path) -> None:
    """What the worker and Temporal's own code log goes into a file, not between the lines of the story."""
    home.mkdir(parents=True, mode=0o700)
    logging.basicConfig(filename=home / "worker.log", level=logging.WARNING)
    forwarded = LogForwardingConfig(logger=logging.getLogger("temporal"))
    levels = TelemetryFilter(core_level="WARN", other_level="ERROR")
    telemetry = TelemetryConfig(logging=LoggingConfig(filter=levels, forwarding=forwarded))
    Runtime.set_default(Runtime(telemetry=telemetry))


def _settings(home: Path) -> Settings:
    """Nothing of the environment's: a demo must never touch real books."""
    return Settings(
        home=home,
        environment=Environment.DEVELOPMENT,
        database_url=f"sqlite:///{home / 'quietus.db'}",
        evidence_url=(home / "evidence").as_uri(),
        smtp_url=None,
        sms_url=None,
        master_key=None,
        oidc_issuer=None,
        oidc_audience=None,
        oidc_jwks_url=None,
        policy_dir=EXAMPLES / "policy-fast",
        task_queue="quietus",
    )


def _fill(firm: Firm) -> None:
    load_books(firm.database, (EXAMPLES / "books.json").read_text(encoding="utf-8"), update=False)
    ListScreening(firm.database).load((EXAMPLES / "sanctions.csv").read_text(encoding="utf-8"), "sanctions.csv")
    store = FolderStore(firm.settings.evidence_dir)
    folder = EXAMPLES / "evidence"
    for document in folder.rglob("*.txt"):
        store.put(document.relative_to(folder).as_posix(), document.read_bytes())


async def _close_account(firm: Firm, story: Story) -> CaseOutcome:
    text = (EXAMPLES / "closure-acc-1001.json").read_text(encoding="utf-8")
    request = parse_file(text, ClosureRequest, "closure request", MESSAGE_LIMIT)
    receipt = await firm.quietus.request_closure(request.model_copy(update={"language": story.language}))
    story.say("request", f"{request.request_id}: close {request.account}; case {receipt.case}")
    casebook = Casebook(firm.database, policies_of(firm.settings))
    tokens = LocalTokens(firm.settings.keys_dir)
    people = People(firm.quietus, casebook, firm.settings.mail_dir, tokens, story.language)
    outcome = await _until_ended(firm, people, story, receipt.case)
    case = await asyncio.to_thread(casebook.show, receipt.case)
    story.look(case, letters_in(firm.settings.mail_dir))
    with firm.database.transaction() as session:
        verified = check(session, case.reference, [outcome])
    story.ending(case, people.letters, _index(firm, case.reference), verified)
    return outcome


async def _until_ended(firm: Firm, people: People, story: Story, case: str) -> CaseOutcome:
    ended = asyncio.ensure_future(firm.quietus.outcome(case))
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            while not ended.done():
                story.look(await asyncio.to_thread(people.casebook.show, case), letters_in(people.mail))
                await people.act()
                await asyncio.wait([ended], timeout=GLANCE_SECONDS)
            return ended.result()
    except TimeoutError:
        stage = people.casebook.show(case).stage
        words = f"The case {case} did not end in {LONGEST_SECONDS} s; it is in stage {stage}. See {firm.settings.home}."
        raise Refused(Code.NOT_ALLOWED, words) from None
    finally:
        ended.cancel()


def _index(firm: Firm, dossier: str) -> dict[str, str]:
    """The parts of the dossier and the evidence it rests on, each with its SHA-256."""
    content = FolderStore(firm.settings.evidence_dir).get(f"dossiers/{dossier}/index.json")
    index = json.loads(content)
    return {**index["parts"], **index["evidence"]}


def _directions(firm: Firm, case: str, keep: bool) -> str:
    here = f"QUIETUS_HOME={firm.settings.home} python starter.py"
    lines = [f"{here} show {case}", f"{here} books show ACC-1001", f"{here} verify", f"mails: {firm.settings.mail_dir}"]
    stop = [f"the workflow's history: {firm.ui_url}", "Everything keeps running; Ctrl-C ends it."]
    again = ["the workflow's history: run the demo with --keep, or `make worker`"]
    return "\n".join(lines + (stop if keep else again))
