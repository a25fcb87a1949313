"""Papers of any size held against the books: in good time, with no lock on the records, and told as it is."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from activities.papers import Papers
from contracts.adjustments import Compared, PlanMark
from gateways import statements
from gateways.evidence import FolderStore
from records.adjustment_tables import PlanMarkRow
from records.database import Database
from records.people_tables import AttachmentRow
from records.tables import TrailRow
from tests.support.plan_room import PlanRoom

A_THIRD_OF_AN_ATTEMPT = 5.0
"""Seconds."""

MOMENT = datetime.now(UTC)
"""Of all tests, whichever day it becomes meanwhile."""

DAY = MOMENT.date()
HEADER = b"date,amount,text,account,currency\n"


def csv(*amounts: str, on: date | None = None, account: str = "ACC-1") -> bytes:
    """A statement of one day."""
    return HEADER + b"".join(f"{on or DAY},{each},fee,{account},CNY\n".encode() for each in amounts)


def many(lines: int, on: date | None = None) -> bytes:
    return csv(*(f"{n % 900 + 1}.00" for n in range(lines)), on=on)


@pytest.fixture
def room(database: Database, tmp_path: Path) -> PlanRoom:
    room = PlanRoom(database, tmp_path)
    room.furnish()
    room.at = MOMENT
    return room


def attach(room: PlanRoom, *papers: bytes) -> None:
    """Staff put them to a task, one after the other."""
    with room.database.transaction() as session:
        for n, content in enumerate(papers):
            reference = f"tasks/x/{n}.csv"
            sha256 = room.evidence.put(reference, content)
            row = AttachmentRow(
                task="x", dossier="adjustment-ACC-1.1", staff="li.wei", at=room.at, reference=reference, sha256=sha256
            )  # fmt: skip
            session.add(row)


def compared(room: PlanRoom) -> Compared:
    return room.plans.compare_books(room.step("ACC-1", "compare_books"))


def reconciled(room: PlanRoom, *papers: bytes) -> tuple[str, str]:
    """A plan is posted that leaves -1.00 of today, papers come; what is wrong with it, and the words of the mark."""
    hash = room.ready()
    assert room.post("ACC-1", hash).entries
    attach(room, *papers)
    wrong = room.postings.reconcile_books(room.step("ACC-1", "reconcile_books"), hash)
    with room.database.reading() as session:
        marks = select(PlanMarkRow.words).where(PlanMarkRow.mark == PlanMark.RECONCILED)
        return wrong, session.exec(marks).one_or_none() or ""


def last_link(room: PlanRoom) -> TrailRow:
    with room.database.reading() as session:
        return session.exec(select(TrailRow).order_by(col(TrailRow.seq).desc()).limit(1)).one()


# ---- in good time ------------------------------------------------------------------------------------------------


def test_files_of_far_too_many_lines_are_answered_at_once_with_what_to_do(room: PlanRoom):
    attach(room, many(250_000), many(240_000))
    began = time.process_time()
    found = compared(room)
    assert time.process_time() - began < A_THIRD_OF_AN_ATTEMPT
    assert (found.statements, len(found.unread)) == ((), 2)
    assert found.unread[0] == (
        "tasks/x/0.csv: it has over 15,000 lines, so it is not read: split it, or give the part that matters"
    )
    assert found.lines.startswith("no statement could be compared\n")


def test_as_much_as_is_read_at_all_takes_a_third_of_an_attempt_at_most(room: PlanRoom):
    attach(room, *(many(14_900, DAY - timedelta(days=n)) for n in range(3)))
    began = time.process_time()
    found = compared(room)
    assert time.process_time() - began < A_THIRD_OF_AN_ATTEMPT
    assert found.statements == ("tasks/x/1.csv", "tasks/x/2.csv")
    assert [each.partition(": ")[0] for each in found.unread] == ["tasks/x/0.csv"]
    assert len(found.differences) + found.more == 2 * 14_900


def test_xml_of_too_many_tags_is_not_read(room: PlanRoom):
    attach(room, b"<Document>" + b"<Ntry/>" * 75_005)
    assert "it has over 75,000 tags of XML, so it is not read" in compared(room).unread[0]


# ---- what there is room for --------------------------------------------------------------------------------------


def papers_with(room: PlanRoom, name: str, left: int) -> Papers:
    with room.database.reading() as session:
        papers = Papers(room.evidence, room.books.account(session, "ACC-1"))
    setattr(papers, name, left)
    return papers


def kept(room: PlanRoom, *contents: bytes) -> list[tuple[str, str]]:
    return [(f"papers/{n}", room.evidence.put(f"papers/{n}", each)) for n, each in enumerate(contents)]


@pytest.mark.parametrize(
    ("name", "left", "told"),
    [("lines_left", 5, "30,000 lines"), ("bytes_left", 75, "60 MB"), ("statements_left", 2, "1,000 statements")],
)
def test_what_was_put_on_file_last_is_read_first_and_told_in_the_order_of_filing(room, name, left, told):
    on_file = kept(room, *(csv("1.00", on=date(2026, 11, day)) for day in (1, 2, 3)))
    papers = papers_with(room, name, left)
    read = papers.read(on_file)
    assert [(reference, each.since.day) for reference, each in read] == [("papers/1", 2), ("papers/2", 3)]
    assert papers.unread == [
        f"papers/0: no room is left for it ({told} in all): put it, or the part that matters, on file again"
    ]


def test_a_file_that_is_too_large_by_itself_takes_no_room_from_others(room: PlanRoom):
    on_file = kept(room, csv("1.00"), many(statements.MOST_LINES + 1))
    papers = papers_with(room, "lines_left", 2)
    assert [reference for reference, _ in papers.read(on_file)] == ["papers/0"]


def test_a_paper_that_is_put_on_file_again_counts_as_the_newest(room: PlanRoom):
    first, *others = (many(14_900, DAY - timedelta(days=n)) for n in range(3))
    attach(room, first, *others, first)
    assert compared(room).statements == ("tasks/x/2.csv", "tasks/x/0.csv")


# ---- nobody waits for it -----------------------------------------------------------------------------------------


class Watched(FolderStore):
    """While a paper is read, somebody else writes to the records, and waits for nobody."""

    def __init__(self, root: Path, database: Database) -> None:
        super().__init__(root)
        self.others = Database(database.url.render_as_string(hide_password=False))
        if database.kind == "sqlite":
            event.listen(
                self.others.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0")
            )
        self.reads = 0

    def get(self, reference: str) -> bytes:
        self.reads += 1
        with self.others.transaction() as session:
            session.add(AttachmentRow(task="y", dossier="y", staff="y", at=MOMENT, reference="y", sha256="y"))
        return super().get(reference)


@pytest.fixture
def watched(room: PlanRoom) -> Iterator[Watched]:
    store = Watched(room.evidence.root, room.database)
    room.plans.evidence = room.postings.evidence = store
    yield store
    store.others.dispose()


def test_others_write_while_papers_are_compared(room: PlanRoom, watched: Watched):
    attach(room, csv("1.00"))
    assert (compared(room).statements, watched.reads) == (("tasks/x/0.csv",), 1)


def test_others_write_while_a_plan_is_reconciled(room: PlanRoom, watched: Watched):
    assert (reconciled(room, csv("-1.00"))[0], watched.reads) == ("", 1)


def test_what_is_on_record_is_answered_without_reading_again(room: PlanRoom, watched: Watched):
    attach(room, csv("1.00"))
    step = room.step("ACC-1", "compare_books")
    assert room.plans.compare_books(step) == room.plans.compare_books(step)
    assert watched.reads == 1


# ---- told as it is -----------------------------------------------------------------------------------------------

STANDS = "all stands in the books as planned; "
OTHERS = tuple(f"{n}.00" for n in range(300, 359))


@pytest.mark.parametrize(
    ("papers", "words"),
    [
        ((), "no statement on file"),
        ((csv("-1.00"),), "1 statement, all lines agree"),
        ((csv("-1.00", *OTHERS),), "1 statement, 59 differences left that are not of this plan"),
        ((many(20_000), many(19_999)), "no statement compared; not compared, or in part: 2 papers"),
        ((many(20_000), csv("-1.00")), "1 statement, all lines agree; not compared, or in part: 1 paper"),
    ],
)
def test_the_mark_says_what_was_compared_and_what_still_differs(room: PlanRoom, papers: Sequence[bytes], words: str):
    assert reconciled(room, *papers) == ("", STANDS + words)
    assert last_link(room).why == STANDS + words


def test_a_wrong_entry_behind_more_differences_than_a_plan_takes_is_not_reconciled(room: PlanRoom):
    wrong, mark = reconciled(room, csv("-0.90", *OTHERS))
    assert wrong.startswith("In the books only: entry JE-")
    assert mark == ""
