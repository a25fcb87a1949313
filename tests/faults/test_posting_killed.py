"""kill -9 at every edge of posting, an answer to COMMIT that never comes, two workers at once: one posting each."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from temporalio.client import Client

from commands.verifying import check
from contracts.adjustments import PlanMark
from contracts.books import Line
from contracts.money import Money
from contracts.vocabulary import Outcome
from gateways.books_facts import ledger_of
from gateways.devserver import DevServer
from records.adjustment_tables import PlanMarkRow, PlanRow
from records.books_tables import JournalEntryRow
from records.database import Database
from records.tables import TrailRow
from tests.support.adjustments import agreed, asked_for, fee_booked_twice, finished, found_out, marks, proposed, view
from tests.support.cutting_proxy import CuttingProxy
from tests.support.firm import ROOT, Firm, firm_without_worker
from tests.support.plan_audit import audit
from tests.support.plan_room import PlanRoom
from tests.support.postgres import PostgresServer
from tests.support.processes import worker_process
from tests.support.tearing import Boundaries, Edge, Torn
from tests.support.waiting import until

ACCOUNT = "ACC-1"
NOTHING, WHOLE = (0, 0, 0), (2, 1, 1)
"""What `stands` of a plan of two entries."""

PATIENCE_SECONDS = 20.0
_NUMBERS = count(1)


@pytest.fixture
def room(database: Database, tmp_path: Path) -> PlanRoom:
    """On either database."""
    return furnished(database, tmp_path)


@pytest.fixture
def real_room(postgres: PostgresServer, tmp_path: Path) -> Iterator[PlanRoom]:
    """On PostgreSQL."""
    database = Database(postgres.create_database(f"posting_{next(_NUMBERS)}"))
    database.upgrade()
    yield furnished(database, tmp_path)
    database.dispose()


def furnished(database: Database, home: Path) -> PlanRoom:
    room = PlanRoom(database, home)
    room.furnish()
    return room


def url_of(room: PlanRoom) -> str:
    return room.database.url.render_as_string(hide_password=False)


def stands(room: PlanRoom, hash: str) -> tuple[int, ...]:
    """How many entries, marks of it and links of the trail tell that the plan was posted."""
    with room.database.reading() as session:
        plan = session.exec(select(PlanRow).where(PlanRow.hash == hash)).one()
        told = f"plan {plan.n} posted"
        rows: list[Any] = [
            select(JournalEntryRow).where(col(JournalEntryRow.reference).startswith(f"{plan.dossier}/plan-{plan.n}/")),
            select(PlanMarkRow).where(PlanMarkRow.hash == hash, PlanMarkRow.mark == PlanMark.POSTED),
            select(TrailRow).where(TrailRow.dossier == plan.dossier, TrailRow.what == told),
        ]
        return tuple(len(session.exec(each).all()) for each in rows)


def posted_once_more(room: PlanRoom, hash: str) -> None:
    """However often it is posted now, it stands there once."""
    entries = room.post(ACCOUNT, hash).entries
    assert room.post(ACCOUNT, hash).entries == entries
    assert stands(room, hash) == WHOLE


# ---- killed --------------------------------------------------------------------------------------------------


class Children:
    """Who posts, and dies at an edge."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def post(self, hash: str, edge: int) -> int:
        """The exit code of the child; for the edge 0, where none dies, how many edges there are."""
        assert self._process.stdin
        assert self._process.stdout
        print(ACCOUNT, hash, edge, file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def children(room: PlanRoom) -> Iterator[Children]:
    command = [sys.executable, "-m", "tests.faults.posting_in_children", url_of(room), str(room.evidence.root.parent)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Children(process)
        assert process.stdin
        process.stdin.close()


def test_whoever_posts_is_killed_at_every_edge_and_the_plan_is_posted_once(room: PlanRoom):
    """Each edge has a plan and a process of its own. Up to the commit nothing of it is there, after it everything."""
    with children(room) as poster:
        edges = poster.post(room.ready(), 0)
        assert edges > 50
        for edge in range(1, edges + 1):
            hash = room.ready()
            assert poster.post(hash, edge) == -signal.SIGKILL
            assert stands(room, hash) == (WHOLE if edge == edges else NOTHING)
            posted_once_more(room, hash)
        assert poster.post(room.ready(), edges + 1) == 0, "there is another edge"
    assert audit(room.database, room.evidence) == edges + 2
    print(f"{room.database.kind}: killed at {edges} edges")


# ---- commit-unknown ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", [Edge.BEFORE_COMMIT, Edge.AFTER_COMMIT])
def test_an_error_at_the_commit_and_the_plan_is_posted_once(room: PlanRoom, edge: Edge):
    hash, edges = room.ready(), Boundaries(room.database.engine)
    with edges.armed(edge), pytest.raises(Torn):
        room.post(ACCOUNT, hash)
    room.database.dispose()
    assert stands(room, hash) == (WHOLE if edge is Edge.AFTER_COMMIT else NOTHING)
    posted_once_more(room, hash)
    assert audit(room.database, room.evidence) == 1


@pytest.mark.parametrize("edge", [Edge.BEFORE_COMMIT, Edge.AFTER_COMMIT])
def test_a_connection_cut_at_the_commit_and_the_plan_is_posted_once(
    real_room: PlanRoom, postgres: PostgresServer, tmp_path: Path, edge: Edge
):
    """Cut before COMMIT reaches the server, or between COMMIT and its answer."""
    hash = real_room.ready()
    with CuttingProxy(postgres.port) as proxy:
        behind = Database(real_room.database.url.set(port=proxy.port).render_as_string(hide_password=False))
        through = PlanRoom(behind, tmp_path)
        with proxy.cutting(edge), pytest.raises(OperationalError):
            through.post(ACCOUNT, hash)
        assert stands(real_room, hash) == (WHOLE if edge is Edge.AFTER_COMMIT else NOTHING)
        posted_once_more(through, hash)
        behind.dispose()
    assert audit(real_room.database, real_room.evidence) == 1


# ---- at once -------------------------------------------------------------------------------------------------


def test_two_workers_post_the_same_plan_at_the_same_moment_and_it_is_posted_once(real_room: PlanRoom, tmp_path: Path):
    """The first stands before its commit until the second waits for it."""
    hash, other = real_room.ready(), Database(url_of(real_room))
    standing, waited_for = threading.Event(), threading.Event()

    def stand() -> None:
        standing.set()
        assert waited_for.wait(PATIENCE_SECONDS)

    edges = Boundaries(real_room.database.engine, stand)
    with ThreadPoolExecutor(2) as workers, edges.armed(Edge.BEFORE_COMMIT):
        first = workers.submit(real_room.post, ACCOUNT, hash)
        assert standing.wait(PATIENCE_SECONDS)
        second = workers.submit(PlanRoom(other, tmp_path).post, ACCOUNT, hash)
        until_somebody_waits(real_room)
        waited_for.set()
        assert first.result() == second.result()
    other.dispose()
    posted_once_more(real_room, hash)
    assert audit(real_room.database, real_room.evidence) == 1


def until_somebody_waits(room: PlanRoom) -> None:
    """Until a session of this database waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    def look() -> bool:
        with room.database.reading() as session:
            return bool(session.connection().execute(text(waiting)).scalar_one())

    until(look, "somebody to wait for a lock")


def test_what_is_booked_at_any_moment_of_posting_is_not_overlooked(real_room: PlanRoom, tmp_path: Path):
    """At each edge up to the commit somebody else books on the account, in the days that were compared: they have to
    wait for the posting, or the plan goes back. What they book comes to nothing, so that no balance gives it away."""
    other = Database(url_of(real_room))
    event.listen(other.engine, "connect", _impatient)
    somebody, booked = PlanRoom(other, tmp_path), list[bool]()

    def book() -> None:
        money = Money(minor=700, currency="CNY")
        there_and_back = [Line(ledger=ledger_of(ACCOUNT), amount=each) for each in (money, -money)]
        with suppress(OperationalError):  # they would wait
            booked.append(bool(somebody.post_lines(there_and_back, somebody.at.date())))

    edges, outcomes = Boundaries(real_room.database.engine, book), []
    for edge in range(1, edges_of_posting(real_room, edges)):
        booked.clear()
        hash = real_room.ready()
        with edges.armed(edge):
            posted = bool(real_room.post(ACCOUNT, hash).entries)
        outcomes.append((any(booked), posted))
    other.dispose()
    assert set(outcomes) == {(True, False), (False, True)}
    audit(real_room.database, real_room.evidence)


def edges_of_posting(room: PlanRoom, edges: Boundaries) -> int:
    """How many there are, the one after the commit included."""
    hash = room.ready()
    with edges.armed(None):
        room.post(ACCOUNT, hash)
    return edges.passed


def _impatient(connection: Any, _record: Any) -> None:
    connection.execute("SET lock_timeout = '20ms'")
    connection.commit()


# ---- the whole system ----------------------------------------------------------------------------------------


@pytest.fixture
async def firm(real_client: Client, tmp_path: Path):
    async with firm_without_worker(real_client, tmp_path) as firm:
        yield firm


@pytest.mark.parametrize("edge", [Edge.BEFORE_COMMIT, Edge.AFTER_COMMIT])
async def test_a_worker_is_killed_while_it_posts_and_the_next_one_brings_the_adjustment_to_its_end(
    firm: Firm, server: DevServer, edge: Edge
):
    """In the middle of posting, or when everything is there and Temporal does not know it."""
    before = firm.account("ACC-1001").balance.minor
    _, second = fee_booked_twice(firm)
    async with worker_process(firm, server, "-m", "tests.faults.dying_adjuster", edge) as dying:
        case = (await asked_for(firm, entries=[second])).case
        await found_out(firm, case)
        await proposed(firm, case, second)
        await agreed(firm, case)
        assert await dying.wait() == -signal.SIGKILL
    left = -2000 if edge is Edge.AFTER_COMMIT else -4000
    assert firm.account("ACC-1001").balance.minor == before + left
    async with worker_process(firm, server, "worker.py"):
        await firm.task("adjustment_done", case, seconds=2 * PATIENCE_SECONDS)  # Temporal gives the attempt up first
        assert await finished(firm, case) == Outcome.ADJUSTED
    assert firm.account("ACC-1001").balance.minor == before - 2000
    [plan] = view(firm, case).plans
    assert marks(plan) == ["approved", "told", "posted", "reconciled"]
    assert audit(firm.world.database, firm.world.evidence) == 1
    with firm.world.database.transaction() as session:
        assert check(session, None, [await firm.outcome(case)]).breaks == ()
