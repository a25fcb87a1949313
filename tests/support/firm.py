"""A firm under test: the examples' books, real records, real mail, a real worker, and people who decide."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlmodel import Session, select
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from activities.deciders import CUSTOMER, OPERATOR
from client import Quietus
from contracts.books import AccountFacts, EntryFacts
from contracts.findings import FindingState
from contracts.refusals import Refused
from contracts.requests import CaseOutcome, ClosureRequest, Receipt
from contracts.tasks import Decision, DecisionReceipt, Noted, TaskSpec, TaskState, Withdrawal
from contracts.views import CaseView, TaskLine
from gateways.books import Ledger
from gateways.books_file import load_books
from gateways.casebook import Casebook
from gateways.evidence import FolderStore
from gateways.mail import Letterhead, SmtpMailer
from gateways.mailcatcher import MailCatcher
from gateways.payments import FolderRail
from gateways.rollouts import published_in
from gateways.screening import ListScreening
from gateways.sms import FolderSms
from gateways.tokens import CustomerLinks, LocalTokens
from policy import Policies
from records.database import Database
from records.tables import ClosingDayRow, TaskRow
from tests.support.lateness import lateness
from tests.support.prepared import prepared
from tests.support.waiting import PATIENCE_SECONDS, PAUSE_SECONDS, looks
from worker import World, build
from workflows.guard import MessageGuard

ROOT = Path(__file__).parents[2]
FAST = ROOT / "examples" / "policy-fast"
IDENTITY_CARD = b"the identity card, as a picture"

T = TypeVar("T")
_ids = count(1)


async def eventually(look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` answers as soon as it is something; AssertionError when it never is."""
    seen = looks(look, what, seconds)
    while True:
        if found := next(seen):
            return found
        await asyncio.sleep(PAUSE_SECONDS)


@dataclass
class Firm:
    """The handle that tests hold. `customer` answers with the code out of the mail that really arrived."""

    client: Client
    home: Path
    world: World
    mail: MailCatcher
    task_queue: str
    tokens: LocalTokens
    ids: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.quietus = Quietus(self.client, self.task_queue)
        self.casebook = Casebook(self.world.database, self.world.policies)
        self.books = self.world.books
        self._time = asyncio.Lock()

    # ---- requests ------------------------------------------------------------------------------------------------

    def request(self, account: str = "ACC-1001", **changes: Any) -> ClosureRequest:
        """A request of the holder of `account`, with a document that is in the evidence store."""
        with self.world.database.transaction() as session:
            holder = self.books.customer(session, self.books.account(session, account).customer)
        number = next(_ids)
        kind = "identity_card" if holder.kind == "person" else "business_licence"
        reference = f"requests/{number}/{kind}.jpg"
        sha256 = self.world.evidence.put(reference, IDENTITY_CARD)
        values = {
            "request_id": f"REQ-{number:04}",
            "account": account,
            "customer": holder.id,
            "initiator": "customer",
            "channel": "branch",
            "reason": {"code": "business_adjustment", "text": "业务调整"},
            "payout": {"name": holder.name, "account": "6222020200112233445", "bank": "ICBC"},
            "documents": [{"kind": kind, "reference": reference, "sha256": sha256}],
        }
        return ClosureRequest.model_validate(values | changes, strict=False)

    async def open(self, account: str = "ACC-1001", **changes: Any) -> Receipt:
        """Request a closure; the receipt."""
        return await self.quietus.request_closure(self.request(account, **changes))

    # ---- people --------------------------------------------------------------------------------------------------

    async def task(self, name: str, case: str | None = None, *, seconds: float = PATIENCE_SECONDS) -> str:
        """The open task of that name, of one case or of any, as soon as it is in the inbox."""
        return await eventually(lambda: self.open_task(name, case), f"the task {name}", seconds)

    def open_task(self, name: str, case: str | None = None) -> str | None:
        """The open task of that name, of one case or of any."""
        query = select(TaskRow).where(TaskRow.name == name, TaskRow.ended_at == None)  # noqa: E711
        query = query.where(TaskRow.case_id == case) if case else query
        with self.world.database.transaction() as session:
            row = session.exec(query).first()
        return row.task if row and row.state in (TaskState.OPEN, TaskState.CLAIMED) else None

    async def decide(self, task: str, option: str, by: str, **more: Any) -> DecisionReceipt:
        """A decision of staff."""
        return await self.quietus.decide(self.decision(task, option, self.tokens.mint(by), **more))

    async def withdraw(self, case: str, by: str, reason: str = "the customer changed their mind") -> Noted:
        """A withdrawal, said by the customer or noted by staff."""
        body = Withdrawal(decision_id=f"W-{next(self.ids)}", reason=reason, token=self.tokens.mint(by))
        return await self.quietus.withdraw(case, body)

    async def answer(self, task: str, option: str, **more: Any) -> DecisionReceipt:
        """An answer of the customer, with the code that came by mail or SMS."""
        code = await eventually(lambda: self.code(task), f"the code for {task}")
        return await self.quietus.decide(self.decision(task, option, code, **more))

    def decision(self, task: str, option: str, token: str, **more: Any) -> Decision:
        """A decision with an id of its own."""
        values = {"decision_id": f"D-{next(self.ids)}", "task": task, "option": option, "token": token}
        return Decision.model_validate(values | more)

    def code(self, task: str) -> str | None:
        """The newest code that a customer got for a task."""
        codes = [code for text in self.texts() for code in _CODE.findall(text) if self._answers(code, task)]
        return codes[-1] if codes else None

    def _answers(self, code: str, task: str) -> bool:
        try:
            return self.world.links.verify(code, timedelta(days=1)).task == task
        except Refused:
            return False

    def texts(self) -> list[str]:
        """The text of every SMS and of every mail that arrived."""
        return [each["text"] for each in self.sms()] + [str(mail.get_content()) for mail in self.mail.messages()]

    def sms(self) -> list[dict[str, str]]:
        """Every SMS that was filed: `to`, `text`, `reference`."""
        files = (self.home / "mail" / "sms").glob("*.json")
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    def subjects(self, template: str, case: str) -> int:
        """How often a notice was sent in a case."""
        return sum(1 for contact in self.casebook.show(case).contacts if contact.template == template)

    # ---- what became of it ---------------------------------------------------------------------------------------

    def handle(self, case: str) -> WorkflowHandle[Any, CaseOutcome]:
        """The workflow of a case."""
        return self.client.get_workflow_handle(case, result_type=CaseOutcome)

    async def outcome(self, case: str) -> CaseOutcome:
        """How the case ended. On the time-skipping server time passes meanwhile, in growing steps of at most a day:
        left to skip by itself it leaps ten years ahead, to the end of the run, as soon as nothing is left to do."""
        ended = asyncio.ensure_future(self.handle(case).result())
        span = timedelta(seconds=10)
        while not (await asyncio.wait({ended}, timeout=0.1))[0]:
            passing = asyncio.ensure_future(self.pass_time(span))
            await asyncio.wait({ended, passing}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({passing}, timeout=1)  # after the end of a case that server's time may stand for good
            passing.cancel()
            with suppress(RPCError, asyncio.CancelledError):  # the real server's time cannot be moved
                await passing
            span = min(3 * span, timedelta(days=1))
        return ended.result()

    def show(self, case: str) -> CaseView:
        """The case as staff see it."""
        return self.casebook.show(case)

    def account(self, account: str) -> AccountFacts:
        """The account in the books."""
        with self.world.database.transaction() as session:
            return self.books.account(session, account)

    def entries(self, account: str) -> tuple[EntryFacts, ...]:
        """The entries of an account."""
        with self.world.database.transaction() as session:
            return self.books.entries(session, account)

    def standing(self, account: str) -> tuple[EntryFacts, ...]:
        """Those that nothing took back."""
        return self.books.standing(self.entries(account))

    def balance(self, account: str) -> str:
        """The balance by the entries."""
        with self.world.database.transaction() as session:
            return self.books.account(session, account).balance.text

    def status(self, account: str) -> str:
        """The status in the books."""
        with self.world.database.transaction() as session:
            return self.books.account(session, account).status

    def booked_days(self) -> list[date]:
        """The closing days that are booked, by all cases."""
        with self.world.database.transaction() as session:
            return [row.day for row in session.exec(select(ClosingDayRow))]

    def payments(self) -> list[str]:
        """The amounts that the payment rail was really handed."""
        return [order.amount for order in FolderRail(self.home / "payments").orders()]

    def sums(self) -> dict[str, int]:
        """Over all entries: zero in each currency."""
        with self.world.database.transaction() as session:
            return self.books.sums(session)

    # ---- time and the books, moved by a test ---------------------------------------------------------------------

    async def pass_time(self, span: timedelta) -> None:
        """Let time pass on the time-skipping server; what is due on the way is done at its own time. One at a time:
        when two let it pass at once, that server's time may stand for good."""
        request = SleepRequest()
        request.duration.FromTimedelta(span)
        async with self._time:
            await self.client.test_service.unlock_time_skipping_with_sleep(request)

    @property
    def time_passes(self) -> bool:
        """Whether somebody lets it pass at this moment."""
        return self._time.locked()

    def mend(self, change: Callable[[Session], object]) -> None:
        """Change the records outside any case, such as the real cause of a finding."""
        with self.world.database.transaction() as session:
            change(session)

    def update(self, section: str, record: str, **changes: Any) -> None:
        """`books load --update` with a record of the examples that has changed."""
        books = json.loads((ROOT / "examples" / "books.json").read_text(encoding="utf-8"))
        known = next(each for each in books[section] if each["id"] == record)
        load_books(self.world.database, json.dumps({section: [known | changes]}), True)

    def line(self, task: str) -> TaskLine:
        """A task as staff see it."""
        return next(line for line in self.show(task.rpartition(".task-")[0]).tasks if line.task == task)

    def spec(self, task: str) -> TaskSpec:
        """What is asked, of whom, with which facts."""
        with self.world.database.reading() as session:
            return TaskSpec.model_validate_json(session.get_one(TaskRow, task).spec)

    def found(self, case: str) -> dict[str, FindingState]:
        """How each finding of a case stands."""
        lines = self.show(case).findings
        return {f"{each.kind}:{each.subject}" if each.subject else str(each.kind): each.state for each in lines}

    async def close_smoothly(self, case: str, *, approvers: tuple[str, ...] = ("song.jia",)) -> CaseOutcome:
        """Everybody says yes."""
        await self.answer(await self.task("confirm_contact"), "confirm")
        task = await self.task("approval")
        for approver in approvers:
            await self.decide(task, "approve", approver)
        await self.answer(await self.task("closing_statement"), "received")
        return await self.outcome(case)


_CODE = re.compile(r"\.?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}")


def fingerprint(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


@asynccontextmanager
async def running_firm(
    client: Client, home: Path, *, policy: Path = FAST, url: str | None = None, **options: Any
) -> AsyncIterator[Firm]:
    """A firm with the books of the examples and a worker of its own on a task queue of its own."""
    async with firm_without_worker(client, home, policy=policy, url=url) as firm:
        defaults: dict[str, Any] = {
            "workflow_failure_exception_types": [Exception],
            "sticky_queue_schedule_to_start_timeout": timedelta(seconds=0.5),
            "graceful_shutdown_timeout": timedelta(seconds=2),
            "workflow_runner": prepared(),
        } | options
        interceptors = [*defaults.pop("interceptors", [MessageGuard()]), *lateness()]
        async with build(client, firm.world, task_queue=firm.task_queue, interceptors=interceptors, **defaults):
            yield firm


@asynccontextmanager
async def firm_without_worker(
    client: Client, home: Path, *, policy: Path = FAST, url: str | None = None
) -> AsyncIterator[Firm]:
    """The same without a worker, for tests that start and kill their own."""
    database = _filled(Database(url)) if url else _filled_copy(home / "quietus.db")
    tokens = LocalTokens(home / "keys")
    with MailCatcher(home / "mail") as mail:
        world = World(
            database=database,
            policies=Policies(policy, published=published_in(database)),
            evidence=FolderStore(home / "evidence"),
            books=Ledger(),
            screening=ListScreening(database),
            mailer=SmtpMailer(mail.url, "service@firm.example.com", timeout=5),
            sms=FolderSms(home / "mail" / "sms"),
            rail=FolderRail(home / "payments"),
            staff_tokens=tokens,
            links=CustomerLinks(b"a key of the tests, 32 bytes long"),
            reserved={"customer": CUSTOMER, "operator": OPERATOR},
            letterhead=Letterhead("示例银行", "firm.example.com"),
        )
        yield Firm(client, home, world, mail, f"quietus-{home.name}", tokens)
    database.dispose()


def _filled(database: Database) -> Database:
    database.upgrade()
    load_books(database, (ROOT / "examples" / "books.json").read_text(encoding="utf-8"), False)
    return database


def _filled_copy(file: Path) -> Database:
    """Records with the books of the examples; copied, which is much faster than migrating and loading."""
    if not file.exists():  # a second worker goes on with the records of the first
        file.write_bytes(_filled_file())
    return Database(f"sqlite:///{file}")


@cache
def _filled_file() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "quietus.db"
        _filled(Database(f"sqlite:///{file}")).dispose()
        return file.read_bytes()
