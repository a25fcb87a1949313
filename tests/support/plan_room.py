"""Where plans of adjustments are made and posted without Temporal: a small world of books, the real `Plans`, and
people whose decisions and notices are rows, as the real ones leave them.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from activities.adjustments import Adjustments
from activities.plans import Plans
from activities.postings import Postings
from contracts.adjustments import (
    AdjustmentRequest,
    Cause,
    Compared,
    Correction,
    Draft,
    PlanSummary,
    Posted,
    Said,
    Speaker,
)
from contracts.books import Line, OwnLedger
from contracts.messages import adjustment_id
from contracts.money import Money
from contracts.notices import DeliveryState
from contracts.refusals import Refused
from contracts.steps import Step
from contracts.tasks import TaskOption, TaskSpec, TaskState
from contracts.vocabulary import Medium, Role, Stage
from gateways.books import Ledger
from gateways.books_facts import ledger_of
from gateways.books_file import load_books
from gateways.books_months import at_noon
from gateways.evidence import FolderStore
from policy import Policies
from records.database import Database
from records.tables import ContactRow, DecisionRow, TaskRow
from tests.gateways.books_world import ACCOUNT, CUSTOMER, STAFF
from tests.support.firm import FAST

ACCOUNTS = {
    "ACC-1": ("CUS-1", "CNY", "500.00"),
    "ACC-2": ("CUS-1", "CNY", "100.00"),
    "ACC-3": ("CUS-1", "JPY", "20000"),
    "ACC-4": ("CUS-1", "USD", "100.00"),
    "ACC-5": ("CUS-2", "CNY", "300.00"),
}
"""Whose they are, their currency, what they hold."""

PROPOSER, APPROVERS = "chen.jie", ("song.jia", "lin.tao")


@cache
def fast_policies() -> Policies:
    """Read once."""
    return Policies(FAST)


class PlanRoom:
    """A world of books in `database`, with an adjustment open for each account of the first customer."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.books = Ledger()
        self.evidence = FolderStore(home / "evidence")
        self.adjustments = Adjustments(database, self.books, fast_policies(), self.evidence)
        self.plans = Plans(database, self.books, fast_policies(), self.evidence)
        self.postings = Postings(database, self.books, fast_policies(), self.evidence)
        self.at = datetime.now(UTC)
        self._numbers = count(1)

    def furnish(self) -> None:
        """Fill the books and open the adjustments."""
        accounts = [
            {**ACCOUNT, "id": name, "customer": customer, "currency": currency, "balance": balance}
            for name, (customer, currency, balance) in ACCOUNTS.items()
        ]
        customers = [CUSTOMER, {**CUSTOMER, "id": "CUS-2"}]
        load_books(self.database, json.dumps({"customers": customers, "accounts": accounts, "staff": STAFF}), False)
        for name, (customer, _, _) in ACCOUNTS.items():
            if customer == "CUS-1":
                request = AdjustmentRequest(
                    request_id=name, account=name, raised_by="li.wei", suspected_cause=Cause.DATA_ENTRY, description="x"
                )
                self.adjustments.open_adjustment(adjustment_id(name), request, self.at)

    # ---- what happens to a plan ----------------------------------------------------------------------------------

    def step(self, account: str, name: str) -> Step:
        """The next step of that name in the adjustment of `account`."""
        case = adjustment_id(account)
        return Step(
            case=case, dossier=f"{case}.1", policy=fast_policies().in_force_on(self.at.date()).version, name=name,
            round=next(self._numbers), stage=Stage.POSTING, at=self.at,
        )  # fmt: skip

    def propose(self, account: str, draft: Draft) -> PlanSummary:
        """What a draft comes to."""
        return self.plans.propose_plan(
            self.step(account, "propose_plan"), draft, Compared(), PROPOSER, "as it was said"
        )

    def decide(
        self, account: str, hash: str, people: Sequence[str], *, needed: int = 1, option: str = "approve"
    ) -> None:
        """So many people say so of the plan with that hash; the task is decided when they are enough."""
        done = option if option != "approve" or len(people) >= needed else None
        task = self._task(account, "approve_plan", hash, Role.SUPERVISOR, needed, done)
        rows = [
            DecisionRow(
                decision_id=f"{task.task}/{person}", task=task.task, dossier=task.dossier, option=option,
                decided_by=person, at=self.at, fingerprint="", receipt="{}",
            )
            for person in people
        ]  # fmt: skip
        self._keep(task, *rows)

    def inform(self, account: str, hash: str, state: DeliveryState = DeliveryState.SENT) -> None:
        """The notice about the plan with that hash goes out, and this is what becomes of it."""
        task = self._task(account, "adjustment_notice", hash, Role.CUSTOMER, 1, None)
        contact = ContactRow(
            key=f"{task.task}/1", dossier=task.dossier, template="adjustment_notice", medium=Medium.EMAIL,
            message_id=f"<{task.task}>", state=state, at=self.at, task=task.task,
        )  # fmt: skip
        self._keep(task, contact)

    def approved_and_told(self, account: str, hash: str) -> None:
        """As it should be: the rows, and then the marks."""
        self.decide(account, hash, APPROVERS[:1])
        self.inform(account, hash)
        self.plans.approve_plan(self.step(account, "approve_plan"), hash)
        assert self.plans.tell_plan(self.step(account, "tell_plan"), hash)

    def ready(self, account: str = "ACC-1") -> str:
        """The hash of a plan that takes a wrong entry back and books the right one: approved, told, not posted."""
        today = self.at.date()
        wrong = self.book(account, -200, today)
        draft = Draft(reverse=(wrong,), book=(correction(account, -100, today, wrong),))
        proposed = self.propose(account, draft)
        self.approved_and_told(account, proposed.hash)
        return proposed.hash

    def says(self, account: str, about: str, words: str) -> None:
        """The customer says something."""
        said = Said(speaker=Speaker.CUSTOMER, about=about, words=words)
        self.adjustments.converse(self.step(account, "converse"), (said,))

    def post(self, account: str, hash: str) -> Posted:
        """Post it, as the workflow does."""
        return self.postings.post_plan(self.step(account, "post_plan"), hash)

    # ---- what happens meanwhile ----------------------------------------------------------------------------------

    def book(self, account: str, minor: int, on: date) -> str:
        """An entry of that amount, in minor units; empty where it is refused."""
        currency = ACCOUNTS[account][1]
        money = Money(minor=minor, currency=currency)
        lines = (Line(ledger=ledger_of(account), amount=money), Line(ledger=OwnLedger.FEES.of(currency), amount=-money))
        return self.post_lines(lines, on)

    def post_lines(self, lines: Sequence[Line], on: date) -> str:
        """An entry outside any case; empty where it is refused."""
        with suppress(Refused), self.database.transaction() as session:
            return self.books.post(session, f"B-{next(self._numbers)}", "booked", lines, at=at_noon(on))
        return ""

    def _task(self, account: str, name: str, hash: str, role: Role, needed: int, done: str | None) -> TaskRow:
        case = adjustment_id(account)
        task = f"{case}.task-{next(self._numbers)}-{name}"
        options = tuple(TaskOption(name=each) for each in ("approve", "reject"))
        spec = TaskSpec(
            task=task, name=name, subject=name, roles=(role,), options=options, needed=needed, facts={"plan": hash}
        )
        state = TaskState.DECIDED if done else TaskState.OPEN
        return TaskRow(
            task=task, dossier=f"{case}.1", case_id=case, name=name, subject=name, spec=spec.model_dump_json(),
            roles=json.dumps([role]), state=state, shown_at=self.at, due_at=self.at, since=self.at, option=done,
        )  # fmt: skip

    def _keep(self, *rows: Any) -> None:
        with self.database.transaction() as session:
            session.add_all(rows)


def correction(account: str, minor: int, on: date, corrects: str = "") -> Correction:
    """An amount is booked anew."""
    amount = Money(minor=minor, currency=ACCOUNTS[account][1]).text
    return Correction(
        account=account, amount=amount, ledger=OwnLedger.FEES, text="as it should be", on=on, corrects=corrects or None
    )
