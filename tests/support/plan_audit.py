"""What has to be true of the books and of every plan, whatever happened: what `verify` asks, and whether the people and
the snapshots that it relies on say it; these are read from the rows, not by the code that wrote them.
"""

import json
from collections import defaultdict
from collections.abc import Iterator

from sqlmodel import Session, col, select

from contracts.adjustments import PlanMark
from gateways import books_audit, plan_audit
from gateways.books import Ledger
from gateways.evidence import EvidenceStore
from records import trail
from records.adjustment_tables import PlanMarkRow, PlanRow
from records.books_tables import JournalEntryRow, JournalLineRow
from records.database import Database
from records.tables import ContactRow, DecisionRow, TaskRow, TrailRow

REACHED = {"sent", "answered"}


def audit(database: Database, evidence: EvidenceStore) -> int:
    """How many plans were posted. AssertionError where anything is as it must not be."""
    with database.reading() as session:
        assert [*trail.verify(session), *books_audit.breaks(session), *plan_audit.breaks(session, evidence)] == []
        assert set(Ledger().sums(session).values()) <= {0}
        posted = select(PlanMarkRow.hash).where(PlanMarkRow.mark == PlanMark.POSTED)
        plans = session.exec(select(PlanRow).where(col(PlanRow.hash).in_(posted))).all()
        for row in plans:
            assert approved(session, row.dossier, row.hash), row
            assert told(session, row.dossier, row.hash), row
            _snapshot(session, evidence, row)
        return len(plans)


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


def _tasks(session: Session, dossier: str, name: str, hash: str) -> Iterator[tuple[TaskRow, dict[str, int]]]:
    for task in session.exec(select(TaskRow).where(TaskRow.dossier == dossier, TaskRow.name == name)):
        spec = json.loads(task.spec)
        if spec["facts"]["plan"] == hash:
            yield task, spec


def _snapshot(session: Session, evidence: EvidenceStore, row: PlanRow) -> None:
    """It is of this plan, and it holds the accounts as they stood before."""
    told = select(TrailRow).where(TrailRow.dossier == row.dossier, TrailRow.what == f"plan {row.n} posted")
    named = json.loads(session.exec(told).one().evidence)
    (reference,) = (name for name in named if name.startswith("snapshots/"))
    kept = json.loads(evidence.get(reference))
    assert kept["plan"] == json.loads(row.plan)
    before = _balances_before(session, f"{row.dossier}/plan-{row.n}/")
    for each in kept["books"]:
        assert each["account"]["balance"]["minor"] == before[f"customer:{each['account']['id']}"]


def _balances_before(session: Session, plan: str) -> dict[str, int]:
    """By ledger, in minor units, before the first entry of a plan whose references begin so."""
    mine = select(JournalEntryRow.n).where(col(JournalEntryRow.reference).startswith(plan))
    first = min(session.exec(mine).all(), key=lambda n: n or 0)
    lines = select(JournalLineRow).join(JournalEntryRow, col(JournalEntryRow.id) == col(JournalLineRow.entry))
    balances: dict[str, int] = defaultdict(int)
    for line in session.exec(lines.where(col(JournalEntryRow.n) < first)):
        balances[line.ledger] += line.minor
    return balances
