"""The composition root: `build` makes the worker, `main` picks the real world; --dev embeds the server."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.adjustments import Adjustments
from activities.archive import Archive
from activities.bulletins import Bulletins
from activities.case_requests import CaseRequests
from activities.cases import Cases
from activities.deciders import CUSTOMER, OPERATOR, Deciders
from activities.desk import Desk
from activities.digest import Digests
from activities.disruption import Disruptions
from activities.disruption_cases import DisruptedCases
from activities.disruption_plan import DisruptionPlans
from activities.hanging import Hanging
from activities.incidents import Incidents
from activities.majors import Majors
from activities.mending import Mending
from activities.occurrences import Occurrences
from activities.plans import Plans
from activities.policy_mail import PolicyMail
from activities.post import Post
from activities.postings import Postings
from activities.reviews import Reviews
from activities.rollout import Rollouts
from activities.schedule import Schedule
from activities.settlement import Settlement
from activities.staff_mail import StaffMail
from activities.surveys import Surveys
from activities.termination import Termination
from activities.verification import Verification
from contracts.converter import data_converter
from contracts.judgement import Decider
from contracts.refusals import Code, Refused
from contracts.vocabulary import Language
from gateways.answer_codes import AnswerCodes
from gateways.books import Books, Ledger
from gateways.devserver import DevServer
from gateways.digest import DigestBook
from gateways.disruptions import DisruptionBook
from gateways.duties import keep_duties
from gateways.evidence import EvidenceStore, open_store
from gateways.mail import Letterhead, Mailer, SmtpMailer
from gateways.mailcatcher import MailCatcher
from gateways.payments import FolderRail, PaymentRail
from gateways.rollouts import RolloutBook, published_in
from gateways.screening import ListScreening, Screening
from gateways.sms import FolderSms, HttpSms, NoSms, SmsGateway
from gateways.tokens import CustomerLinks, StaffTokens, link_key, token_judge
from policy import Policies
from policy.upkeep import upkeep
from records.database import Database
from settings import Settings, connect, load_settings
from workflows.adjustment import AccountAdjustment
from workflows.closure import AccountClosure
from workflows.digest import DailyDigest
from workflows.disruption import Disruption
from workflows.guard import MessageGuard, without_trace_of_refusals
from workflows.incident import Incident
from workflows.major import MajorIncident
from workflows.rollout import PolicyRollout
from workflows.survey import Survey

WORKFLOWS = (AccountClosure, Incident, AccountAdjustment, MajorIncident, Survey, DailyDigest, PolicyRollout, Disruption)
THREADS = 16

# Our own modules are free of side effects and the libraries are heavy; only workflow code itself is sandboxed.
PASSED_THROUGH = (
    "activities", "contracts", "gateways", "notices", "policy", "records", "settings",
    "alembic", "babel", "chinese_calendar", "cryptography", "_cffi_backend", "email_validator", "holidays", "httpx",
    "itsdangerous", "jinja2", "jwt", "opencc", "phonenumbers", "pypinyin", "rapidfuzz", "sqlalchemy", "sqlmodel",
    "stdnum",
)  # fmt: skip
SANDBOX = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)


@dataclass
class World:
    """Everything outside a workflow: the gateways that the activities hold. Tests put faults in here, at the edges."""

    database: Database
    policies: Policies
    evidence: EvidenceStore
    books: Books
    screening: Screening
    mailer: Mailer
    sms: SmsGateway
    rail: PaymentRail
    staff_tokens: StaffTokens
    links: CustomerLinks
    letterhead: Letterhead
    reserved: dict[str, Decider] = field(default_factory=dict)

    def activities(self) -> list[Callable[..., Any]]:
        """Every activity, of objects that hold their gateways."""
        codes = AnswerCodes(self.links)
        deciders = Deciders(self.books, self.staff_tokens, codes, self.reserved)
        database, books, policies, evidence = self.database, self.books, self.policies, self.evidence
        staff_mail, disruptions = StaffMail(database, self.mailer, self.letterhead), DisruptionBook(books, policies)
        holders: list[object] = [
            Cases(database, books, policies, evidence),
            Verification(database, books, policies, evidence, self.screening),
            Reviews(database, books, policies),
            Schedule(database, books, policies),
            Settlement(database, books, policies, evidence, self.rail),
            Termination(database, books, policies, evidence),
            Archive(database, books, policies, evidence),
            Surveys(database, books, policies),
            Desk(database, books, policies, deciders),
            CaseRequests(database, policies, deciders),
            Incidents(database, books, policies, evidence),
            Adjustments(database, books, policies, evidence),
            Plans(database, books, policies, evidence),
            Postings(database, books, policies, evidence),
            Hanging(database, policies),
            Majors(database, books, policies),
            Bulletins(database, books, policies, staff_mail),
            Occurrences(database, books, policies, deciders),
            Mending(database, books, policies),
            Rollouts(database, books, policies, deciders),
            Post(database, books, policies, codes, self.mailer, self.sms, self.letterhead),
            Digests(DigestBook(database, books, policies), staff_mail),
            PolicyMail(RolloutBook(books, policies), staff_mail),
            Disruptions(database, policies, deciders, disruptions),
            DisruptedCases(database, policies, disruptions),
            DisruptionPlans(database, books, policies, deciders, staff_mail, disruptions),
        ]
        return [method for holder in holders for method in _activities_of(holder)]


def real_world(settings: Settings) -> World:
    """The world that the settings name; embedded stand-ins outside production."""
    database = Database(settings.database_url)
    master = settings.master_key
    return World(
        database=database,
        policies=Policies(settings.policy_dir, production=settings.production, published=published_in(database)),
        evidence=open_store(settings.evidence_url),
        books=Ledger(),
        screening=ListScreening(database),
        mailer=SmtpMailer(settings.mail_url, settings.sender, timeout=10),
        sms=_sms(settings),
        rail=FolderRail(settings.home / "payments"),
        staff_tokens=token_judge(
            settings.keys_dir, settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks_url
        ),
        links=CustomerLinks(link_key(settings.keys_dir, master.get_secret_value() if master else None)),
        reserved={} if settings.production else {"customer": CUSTOMER, "operator": OPERATOR},
        letterhead=Letterhead(
            settings.firm, settings.sender.rpartition("@")[2], settings.staff_language or Language.ZH
        ),
    )


def build(client: Client, world: World, *, task_queue: str = "quietus", **options: Any) -> Worker:
    """The worker; the same for the real world and for tests, which only add `options`."""
    defaults: dict[str, Any] = {
        "graceful_shutdown_timeout": timedelta(seconds=10),
        "sticky_queue_schedule_to_start_timeout": timedelta(seconds=2),
        "build_id": "quietus",
        "interceptors": [MessageGuard()],
        "workflow_runner": SandboxedWorkflowRunner(restrictions=SANDBOX),
    }
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=world.activities(),
        activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="activity"),
        max_concurrent_activities=THREADS,
        **defaults | options,
    )


@asynccontextmanager
async def embedded(settings: Settings, *, standard_ports: bool) -> AsyncIterator[Settings]:
    """The dev server and the mail catcher on QUIETUS_HOME; the settings that name them. A second start finds the state
    of the first."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with MailCatcher(settings.mail_dir) as mail:
        smtp = settings.smtp_url or mail.url
        async with DevServer(settings.home, prefer_standard_ports=standard_ports) as server:
            with settings.announced(temporal=server.address, ui=server.ui_url, smtp=smtp):
                Database(settings.database_url).upgrade()
                yield settings.model_copy(update={"smtp_url": smtp})


async def serve(settings: Settings, *, dev: bool) -> None:
    """Run until SIGINT or SIGTERM, then stop in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    Policies(settings.policy_dir, production=settings.production).versions()  # refused before anything is started
    if not dev:
        await _work(settings, stop)
        return
    async with embedded(settings, standard_ports=True) as ready:
        services = ready.dev_services
        if services:
            print(f"Temporal on {services.temporal}, UI on {services.ui}, mail filed in {ready.mail_dir}", flush=True)
        await _work(ready, stop)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python worker.py [--dev]`. Exit code 0, or that of the refusal."""
    parser = argparse.ArgumentParser(description="Runs the cases of Quietus.")
    parser.add_argument("--dev", action="store_true", help="start the embedded Temporal server and mail catcher too")
    chosen = parser.parse_args(arguments)
    logging.getLogger("temporalio.activity").addFilter(without_trace_of_refusals)
    try:
        asyncio.run(serve(load_settings(), dev=chosen.dev))
    except Refused as refusal:
        print(refusal.sentence, file=sys.stderr)
        return refusal.code.exit_code
    except OSError as error:
        print(f"{error.filename or 'A file'} cannot be used: {error.strerror}; see QUIETUS_HOME.", file=sys.stderr)
        return Code.BAD_INPUT.exit_code
    return 0


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    client = await connect(settings, data_converter=data_converter())
    world = real_world(settings)
    world.database.check()
    async with build(client, world, task_queue=settings.task_queue):
        print(f"The worker takes cases from the task queue '{settings.task_queue}'. Ctrl-C stops it.", flush=True)
        await keep_duties(client, settings.task_queue, world.policies)
        _warn(world.policies)
        await stop.wait()


def _warn(policies: Policies) -> None:
    """What of the policy in force has to be seen to."""
    today = datetime.now(UTC).date()
    with suppress(Refused):  # none is in force yet, or the records are not as they should be: each case will say so
        for said in upkeep(policies.in_force_on(today), today):
            print(said.en, file=sys.stderr, flush=True)


def _sms(settings: Settings) -> SmsGateway:
    if settings.sms_url:
        return HttpSms(settings.sms_url)
    return NoSms() if settings.production else FolderSms(settings.mail_dir / "sms")


def _activities_of(holder: object) -> list[Callable[..., Any]]:
    methods = [getattr(holder, name) for name in dir(type(holder)) if not name.startswith("_")]
    return [method for method in methods if hasattr(method, "__temporal_activity_definition")]


if __name__ == "__main__":
    sys.exit(main())
