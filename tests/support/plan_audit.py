"""What has to be true of the books and of every plan, whatever happened: read from the rows, not by the code that wrote
them.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from contracts.adjustments import PlanMark
from gateways.books_months import FIRM_ZONE
from gateways.evidence import EvidenceStore
from records import trail
from records.adjustment_tables import PlanMarkRow, PlanRow
from records.books_tables import AccountingPeriodRow, JournalEntryRow, JournalLineRow
from records.database import Database
from records.tables import ContactRow, DecisionRow, TaskRow, TrailRow

REACHED = {"sent", "answered"}


@dataclass(frozen=True)
class Booked:
    """An entry as it stands, or as a plan says that it is to stand."""

    text: str
    lines: tuple[tuple[str, str, int], ...]
    on: date
    reverses: str
    corrects: str


def audit(database: Database, evidence: EvidenceStore) -> int:
    """How many plans were posted. AssertionError where anything is as it must not be."""
    with database.reading() as session:
        entries = list(session.exec(select(JournalEntryRow)))
        lines: dict[str, list[JournalLineRow]] = defaultdict(list)
        for line in session.exec(select(JournalLineRow).order_by(col(JournalLineRow.n))):
            lines[line.entry].append(line)
        _balanced(entries, lines)
        _taken_back_once(entries, lines)
        _nothing_in_a_closed_month(session, entries)
        posted = list(_posted(session, entries, lines))
        for row in posted:
            assert {PlanMark.APPROVED, PlanMark.TOLD} <= marks(session, row).keys(), row
            assert approved(session, row.dossier, row.hash), row
            assert told(session, row.dossier, row.hash), row
            _snapshot(session, evidence, row, lines, entries)
        assert trail.verify(session) == []
        return len(posted)


def approved(session: Session, dossier: str, hash: str) -> bool:
    """Whether as many different people said yes to this plan as its task asked for."""
    for task, spec in _tasks(session, dossier, "approve_plan", hash):
        decisions = session.exec(select(DecisionRow).where(DecisionRow.task == task.task))
        people = {each.decided_by for each in decisions if each.option == "approve"}
        if task.option == "approve" and len(people) >= spec["needed"]:
            return True
    return False


def told(session: Session, dossier: str, hash: str) -> bool:
    """Whether a notice of this plan reached the customer."""
    return any(
        contact.state in REACHED
        for task, _ in _tasks(session, dossier, "adjustment_notice", hash)
        for contact in session.exec(select(ContactRow).where(ContactRow.task == task.task))
    )


def marks(session: Session, row: PlanRow) -> dict[PlanMark, str]:
    """The marks of a plan, and what each says; all of them are of its hash."""
    found = list(
        session.exec(select(PlanMarkRow).where(PlanMarkRow.dossier == row.dossier, PlanMarkRow.n == row.n)).all()
    )
    assert {each.hash for each in found} <= {row.hash}
    return {each.mark: each.words for each in found}


def _tasks(session: Session, dossier: str, name: str, hash: str) -> Iterator[tuple[TaskRow, dict[str, int]]]:
    for task in session.exec(select(TaskRow).where(TaskRow.dossier == dossier, TaskRow.name == name)):
        spec = json.loads(task.spec)
        if spec["facts"]["plan"] == hash:
            yield task, spec


def _balanced(entries: Iterable[JournalEntryRow], lines: dict[str, list[JournalLineRow]]) -> None:
    whole: Counter[str] = Counter()
    for entry in entries:
        sums: Counter[str] = Counter()
        for line in lines[entry.id]:
            sums[line.currency] += line.minor
        assert not any(sums.values()), f"{entry.reference} does not balance"
        assert len(lines[entry.id]) == entry.lines > 0, f"{entry.reference} is half there"
        whole.update(sums)
    assert set(whole.values()) <= {0}
    assert len(lines) == len({entry.id for entry in entries}), "lines of no entry"


def _taken_back_once(entries: Iterable[JournalEntryRow], lines: dict[str, list[JournalLineRow]]) -> None:
    reversals = [entry for entry in entries if entry.reverses]
    assert max(Counter(entry.reverses for entry in reversals).values(), default=0) <= 1, "taken back twice"
    for entry in reversals:
        one, other = (
            Counter((line.ledger, line.currency, sign * line.minor) for line in lines[name])
            for sign, name in ((1, entry.id), (-1, entry.reverses or ""))
        )
        assert one == other != Counter(), f"{entry.reference} is not the opposite of {entry.reverses}"


def _nothing_in_a_closed_month(session: Session, entries: Iterable[JournalEntryRow]) -> None:
    closings = list(session.exec(select(AccountingPeriodRow)))
    for entry in entries:
        assert entry.period == entry.at.astimezone(FIRM_ZONE).isoformat()[:7]
        late = [each.period for each in closings if entry.period <= each.period and entry.recorded_at > each.closed_at]
        assert not late, f"{entry.reference} was booked in {late} after it was closed"


def _posted(
    session: Session, entries: Iterable[JournalEntryRow], lines: dict[str, list[JournalLineRow]]
) -> Iterator[PlanRow]:
    """The plans that were posted: what stands in the books in the name of a case is what they say, no more, no less."""
    there = {
        entry.reference: Booked(
            entry.text,
            tuple((line.ledger, line.currency, line.minor) for line in lines[entry.id]),
            entry.at.astimezone(FIRM_ZONE).date(),
            entry.reverses or "",
            entry.corrects or "",
        )
        for entry in entries
        if entry.dossier
    }
    ids, planned = {entry.reference: entry.id for entry in entries}, dict[str, Booked]()
    for row in session.exec(select(PlanRow)).all():
        assert hashlib.sha256(row.plan.encode()).hexdigest() == row.hash
        found, links = marks(session, row), _trail_of(session, row)
        assert len(links) == (PlanMark.POSTED in found), f"{len(links)} links tell of plan {row.n} of {row.dossier}"
        if PlanMark.POSTED in found:
            mine = {each["reference"]: _booked(each) for each in json.loads(row.plan)["bookings"]}
            assert json.loads(found[PlanMark.POSTED]) == [ids.get(reference) for reference in mine]
            planned |= mine
            yield row
    assert there == planned, "the books hold something else than what was approved and told"


def _booked(booking: dict[str, object]) -> Booked:
    lines = booking["lines"]
    assert isinstance(lines, list)
    return Booked(
        str(booking["text"]),
        tuple((line["ledger"], line["amount"]["currency"], line["amount"]["minor"]) for line in lines),
        date.fromisoformat(str(booking["on"])),
        str(booking["reverses"]),
        str(booking["corrects"]),
    )


def _trail_of(session: Session, row: PlanRow) -> list[dict[str, str]]:
    """The evidence of each link that tells of the posting."""
    links = select(TrailRow).where(TrailRow.dossier == row.dossier, TrailRow.what == f"plan {row.n} posted")
    return [json.loads(link.evidence) for link in session.exec(links)]


def _snapshot(
    session: Session, evidence: EvidenceStore, row: PlanRow, lines: dict[str, list[JournalLineRow]],
    entries: Iterable[JournalEntryRow],
) -> None:  # fmt: skip
    """One is named in the trail, it is on file, and it holds the accounts as they stood before."""
    (link,) = _trail_of(session, row)
    ((reference, sha256),) = [(name, value) for name, value in link.items() if name.startswith("snapshots/")]
    assert link["plan"] == row.hash
    content = evidence.get(reference)
    assert hashlib.sha256(content).hexdigest() == sha256
    kept, mine = json.loads(content), f"{row.dossier}/plan-{row.n}/"
    assert kept["plan"] == json.loads(row.plan)
    first = min(entry.n or 0 for entry in entries if entry.reference.startswith(mine))
    before = [entry.id for entry in entries if (entry.n or 0) < first]
    for each in kept["books"]:
        ledger = f"customer:{each['account']['id']}"
        balance = sum(line.minor for name in before for line in lines[name] if line.ledger == ledger)
        assert each["account"]["balance"]["minor"] == balance
