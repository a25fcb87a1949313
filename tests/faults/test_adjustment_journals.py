"""Random journals and plans, crashes anywhere: what is posted was approved and told, once, and the books balance."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import event, text

from contracts.adjustments import Compared, Draft, Posted
from contracts.books import Line
from contracts.money import Money
from contracts.notices import DeliveryState
from contracts.refusals import Refused
from contracts.vocabulary import FreezeBy
from gateways.books_facts import ledger_of
from records.database import Database
from tests.support import plan_audit
from tests.support.plan_room import ACCOUNTS, APPROVERS, PROPOSER, PlanRoom, correction
from tests.support.tearing import Boundaries, Edge, Torn

EXAMPLES = int(os.environ.get("JOURNALS", "400"))
"""So many fit into the tests; JOURNALS=2000 goes through more of them."""

QUICK = "PRAGMA synchronous = OFF; PRAGMA busy_timeout = 500"
"""A disk that need not outlast anything, and nobody else to wait for."""

BOOKED_SINCE = """
SELECT count(*) FROM adjustment_plans p, json_each(p.plan, '$.effects') e
JOIN journal_lines l ON l.ledger = 'customer:' || json_extract(e.value, '$.account')
JOIN journal_entries j ON j.id = l.entry AND j.n > :since
WHERE p.hash = :hash AND j.reference NOT LIKE p.dossier || '/plan-' || p.n || '/%'
AND date(j.at, '+8 hours') BETWEEN json_extract(p.plan, '$.days[0]') AND json_extract(p.plan, '$.days[1]')
AND NOT EXISTS (SELECT 1 FROM plan_marks m WHERE m.hash = p.hash AND m.mark = 'posted')
"""
"""How many lines others booked on the accounts of a plan, in the days that it rests on, before it was posted."""

OURS = [name for name, (customer, _, _) in ACCOUNTS.items() if customer == "CUS-1"]
ACCOUNT = st.sampled_from([*OURS[:1] * 3, *OURS])
MINOR = st.integers(-9_000, 9_000).filter(bool)
DAYS = st.sampled_from([0, 0, 1, 2, 20, 40, 70, 100])
ENTRY = st.tuples(st.sampled_from(list(ACCOUNTS)), MINOR, DAYS, st.booleans())
CRASH = st.none() | st.sampled_from([Edge.BEFORE_COMMIT, Edge.AFTER_COMMIT]) | st.integers(1, 110)
NOTHING = Compared()
PICK = st.integers(0, 3)
REVERSE = st.lists(PICK, max_size=2, unique=True)
BOOK = st.lists(st.tuples(st.sampled_from([0] * 8 + [1, 2]), MINOR, DAYS, st.booleans()), max_size=2)
WELL = (1, 1, "approve", DeliveryState.SENT)
CONSENT = st.sampled_from(
    [WELL] * 6
    + [
        (0, 1, "approve", DeliveryState.SENT),
        (1, 2, "approve", DeliveryState.SENT),
        (1, 1, "reject", DeliveryState.SENT),
        (1, 1, "approve", DeliveryState.FAILED),
        (1, 1, "approve", DeliveryState.BOUNCED),
    ]
)
"""How many approve of how many needed, and what becomes of the notice."""

WAY = st.tuples(ACCOUNT, REVERSE, BOOK, CONSENT, st.none() | ENTRY, st.tuples(CRASH, CRASH, CRASH, CRASH))


class Journals(RuleBasedStateMachine):
    """Steps of adjustments in any order, each of which may be torn away anywhere and is then done again."""

    def __init__(self, template: Path, database: Database, edges: Boundaries, seen: Counter[str]) -> None:
        super().__init__()
        database.dispose()
        for file in template.parent.glob("journals.db*"):
            file.unlink()
        shutil.copy(template, template.with_name("journals.db"))
        self.room = PlanRoom(database, template.parent)
        self.edges, self.seen = edges, seen
        self.proposed: list[tuple[str, str]] = []
        self.entries: dict[str, int] = {}
        self.done: list[tuple[Callable[[], Any], Any]] = []

    # ---- the journal ---------------------------------------------------------------------------------------------

    @initialize(entries=st.lists(ENTRY, min_size=2, max_size=5), way=WAY)
    def kept_so_far(self, entries: list[tuple[str, int, int, bool]], way: Any) -> None:
        for entry in entries:
            self.booked_meanwhile(entry)
        self.whole_way_gone(way)

    @rule(entry=ENTRY)
    def booked_meanwhile(self, entry: tuple[str, int, int, bool]) -> None:
        account, minor, days, within = entry
        if within and account in {"ACC-1", "ACC-2"}:  # from one account of the customer to the other
            money = Money(minor=minor, currency="CNY")
            both = Line(ledger=ledger_of("ACC-1"), amount=money), Line(ledger=ledger_of("ACC-2"), amount=-money)
            self.room.post_lines(both, self.day(days))
        else:
            self.room.book(account, minor, self.day(days))

    @rule(days=DAYS.filter(bool))
    def month_closed(self, days: int) -> None:
        last = self.day(days).isoformat()[:7]
        months = "SELECT DISTINCT period FROM journal_entries WHERE period <= :last ORDER BY period"
        with self.room.database.reading() as session:
            held = session.connection().execute(text(months), {"last": last}).scalars().all()
        for period in held:
            try:
                with self.room.database.transaction() as session:
                    self.room.books.close_period(session, period, "wang.fang")
            except Refused:
                return
            self.seen["month closed"] += 1

    @rule(account=ACCOUNT, frozen=st.booleans())
    def frozen_or_released(self, account: str, *, frozen: bool) -> None:
        with suppress(Refused), self.room.database.transaction() as session:
            if frozen:
                self.room.books.freeze(session, account, FreezeBy.COURT, "C-1", self.day(0))
            else:
                self.room.books.release(session, account)

    # ---- the plans -----------------------------------------------------------------------------------------------

    @rule(account=ACCOUNT, reverse=REVERSE, book=BOOK, crash=CRASH)
    def plan_proposed(self, account: str, reverse: list[int], book: list[Any], crash: Any) -> None:
        entries = self.entries_of(account)
        wrong = [entries[pick % len(entries)] for pick in reverse] if entries else []
        accounts = [account, *(name for name in ACCOUNTS if name != account)]
        anew = [
            correction(account, minor, self.day(days), wrong[0] if corrects and wrong else "")
            if not other
            else correction(accounts[other], minor, self.day(days))
            for other, minor, days, corrects in book
        ]
        if not (wrong or anew):
            return
        draft = Draft(reverse=tuple(dict.fromkeys(wrong)), book=tuple(anew))
        step = self.room.step(account, "propose_plan")
        self.planned(account, crash, lambda: self.room.plans.propose_plan(step, draft, NOTHING, PROPOSER, "so"))

    @precondition(lambda self: self.proposed)
    @rule(pick=PICK, crash=CRASH)
    def taking_back_proposed(self, pick: int, crash: Any) -> None:
        account, hash = self.pick(pick)
        step = self.room.step(account, "propose_undoing")
        self.planned(account, crash, lambda: self.room.plans.propose_undoing(step, hash, PROPOSER, "so"))

    @precondition(lambda self: self.proposed)
    @rule(
        pick=PICK, people=st.sampled_from([1, 1, 1, 2, 0]), needed=st.sampled_from([1, 1, 2]),
        option=st.sampled_from(["approve"] * 4 + ["reject"]), other=st.sampled_from([0, 0, 0, 0, 1]), crash=CRASH,
    )  # fmt: skip
    def decided(self, pick: int, people: int, needed: int, option: str, other: int, crash: Any) -> None:
        """`other`: it is another plan that they decide on."""
        account, hash = self.pick(pick)
        self.room.decide(account, self.pick(pick + other)[1], APPROVERS[:people], needed=needed, option=option)
        step = self.room.step(account, "approve_plan")
        proven = self.proven(plan_audit.approved, account, hash)
        self.allowed(proven, crash, lambda: self.room.plans.approve_plan(step, hash))

    @precondition(lambda self: self.proposed)
    @rule(
        pick=PICK, state=st.sampled_from([DeliveryState.SENT] * 4 + list(DeliveryState)),
        other=st.sampled_from([0, 0, 0, 0, 1]), crash=CRASH,
    )  # fmt: skip
    def told(self, pick: int, state: DeliveryState, other: int, crash: Any) -> None:
        account, hash = self.pick(pick)
        self.room.inform(account, self.pick(pick + other)[1], state)
        step = self.room.step(account, "tell_plan")
        proven = self.proven(plan_audit.told, account, hash)
        assert self.through(crash, lambda: self.room.plans.tell_plan(step, hash)) is proven

    @precondition(lambda self: self.proposed)
    @rule(pick=PICK, crash=CRASH)
    def posted(self, pick: int, crash: Any) -> None:
        account, hash = self.pick(pick)
        step, marked = self.room.step(account, "post_plan"), self.marked(account, hash)
        stale = bool(self.ask(BOOKED_SINCE, hash=hash, since=self.entries[hash]))
        proven = all(self.proven(proof, account, hash) for proof in (plan_audit.approved, plan_audit.told))
        done = self.allowed(marked, crash, lambda: self.room.postings.post_plan(step, hash))
        self.seen["posted" if done and done.entries else "not posted"] += 1
        assert proven or not (done and done.entries), "posted before anybody approved it and the customer knew"
        assert not (stale and done and done.entries), "posted on books that had changed"

    @rule(way=WAY)
    def whole_way_gone(self, way: tuple[str, list[int], list[Any], Any, Any, list[Any]]) -> None:
        account, reverse, book, (people, needed, option, state), meanwhile, crashes = way
        before = len(self.proposed)
        self.plan_proposed(account, reverse, book, crashes[0])
        if len(self.proposed) > before:
            self.decided(0, people, needed, option, 0, crashes[1])
            self.told(0, state, 0, crashes[2])
            if meanwhile:
                self.booked_meanwhile(meanwhile)
            self.posted(0, crashes[3])

    @precondition(lambda self: self.done)
    @rule(pick=st.integers(0, 7), crash=CRASH)
    def done_again(self, pick: int, crash: Any) -> None:
        do, before = self.done[-1 - pick % len(self.done)]
        assert self.through(crash, do) == before

    def teardown(self) -> None:
        self.seen["plans in the books"] += plan_audit.audit(self.room.database, self.room.evidence)
        self.seen["examples"] += 1

    # ---- what they are made of -----------------------------------------------------------------------------------

    def day(self, days: int) -> date:
        return self.room.at.date() - timedelta(days=days)

    def pick(self, pick: int) -> tuple[str, str]:
        return self.proposed[-1 - pick % len(self.proposed)]

    def entries_of(self, account: str) -> list[str]:
        """The newest first."""
        with self.room.database.reading() as session:
            return [each.id for each in reversed(self.room.books.entries(session, account))]

    def proven(self, proof: Callable[..., bool], account: str, hash: str) -> bool:
        with self.room.database.reading() as session:
            return proof(session, self.room.step(account, "look").dossier, hash)

    def marked(self, account: str, hash: str) -> bool:
        """Whether both marks are there, under this hash."""
        words = "SELECT count(DISTINCT mark) FROM plan_marks WHERE hash = :hash AND mark IN ('approved', 'told')"
        return self.ask(words, hash=hash) == 2

    def ask(self, words: str, **values: Any) -> int:
        with self.room.database.reading() as session:
            return int(session.connection().execute(text(words), values).scalar_one())

    def planned(self, account: str, crash: Any, do: Callable[[], Any]) -> None:
        proposed = self.through(crash, do)
        self.seen["proposed" if proposed.hash else "no plan"] += 1
        self.done.append((do, proposed))
        if proposed.hash:
            self.proposed.append((account, proposed.hash))
            self.entries[proposed.hash] = self.ask("SELECT coalesce(max(n), 0) FROM journal_entries")

    def allowed(self, proven: bool, crash: Any, do: Callable[[], Any]) -> Any:
        """What it answers; it is refused exactly where nothing proves it."""
        if not proven:
            with pytest.raises(RuntimeError, match="approved"):
                self.through(crash, do)
            return None
        answer = self.through(crash, do)
        if not isinstance(answer, Posted) or answer.entries:
            self.done.append((do, answer))
        return answer

    def through(self, crash: Any, do: Callable[[], Any]) -> Any:
        """What it answers, at the second attempt where the first is torn away."""
        try:
            with self.edges.armed(crash):
                return do()
        except Torn:
            self.seen["torn"] += 1
            self.room.database.dispose()  # who is gone leaves no connection behind
            return do()


def test_whatever_is_planned_torn_away_and_done_again_the_books_hold_what_was_approved_and_told(tmp_path):
    template = tmp_path / "template.db"
    furnished = Database(f"sqlite:///{template}")
    furnished.upgrade()
    PlanRoom(furnished, tmp_path).furnish()
    furnished.dispose()
    database, seen = Database(f"sqlite:///{tmp_path / 'journals.db'}"), Counter[str]()
    event.listen(database.engine, "connect", lambda connection, _: connection.executescript(QUICK))
    edges = Boundaries(database.engine)
    run_state_machine_as_test(
        lambda: Journals(template, database, edges, seen),  # type: ignore[arg-type]  # any maker of one will do
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck),
            database=None, phases=[Phase.generate],  # it names the steps that failed; to shrink them takes minutes
        ),
    )  # fmt: skip
    database.dispose()
    print(dict(seen))
    assert min(seen[each] for each in ("plans in the books", "torn", "no plan", "month closed")) > EXAMPLES // 4, seen
