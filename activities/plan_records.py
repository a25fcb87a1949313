"""方案台账: the plans of adjustments as they are on record, with what became of each."""

import json
from dataclasses import dataclass

from sqlmodel import Session, col, select

from activities.casework import case_of, note, today
from activities.comparing import Comparing, Held
from activities.planning import Planner
from contracts.adjustments import Plan, PlanMark
from contracts.steps import Step
from gateways.books import Books
from gateways.evidence import EvidenceStore
from policy import Policies
from records.adjustment_tables import PlanMarkRow, PlanRow
from records.database import Database
from records.inserts import insert_unless_there
from records.tables import CaseRow


@dataclass
class PlanRecords:
    """Reads plans, and writes down what became of them. Each mark counts under the hash that it was made for."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    def _planner(self, session: Session, step: Step, case: CaseRow) -> Planner:
        account = self.books.account(session, case.account)
        return Planner(session, self.books, account, today(step, self.policies[step.policy]))

    def _posted(self, session: Session, dossier: str) -> list[tuple[Plan, tuple[str, ...]]]:
        """The plans of a case that were posted, the first one first, each with its entries."""
        rows = select(PlanRow).where(PlanRow.dossier == dossier).order_by(col(PlanRow.n))
        plans = [(Plan.model_validate_json(row.plan), self._entries(session, row)) for row in session.exec(rows).all()]
        return [(plan, entries) for plan, entries in plans if entries]

    def _entries(self, session: Session, row: PlanRow) -> tuple[str, ...]:
        return tuple(json.loads(self._marks(session, row).get(PlanMark.POSTED, "[]")))

    def _marks(self, session: Session, row: PlanRow) -> dict[PlanMark, str]:
        """What became of a plan, under its own hash only."""
        marks = select(PlanMarkRow).where(PlanMarkRow.dossier == row.dossier, PlanMarkRow.hash == row.hash)
        return {each.mark: each.words for each in session.exec(marks)}

    def _held(self, session: Session, step: Step) -> Held:
        """The books against the papers of the case, in a session that only reads."""
        case = session.get_one(CaseRow, step.dossier)
        account = self.books.account(session, case.account)
        return Comparing(session, self.books, self.evidence, account).compare(case)

    def _mark(self, session: Session, step: Step, hash: str, mark: PlanMark, words: str, **evidence: str) -> None:
        case_of(session, step)
        n = self._row(session, step, hash).n
        values = {"dossier": step.dossier, "n": n, "mark": mark, "hash": hash, "words": words, "at": step.at}
        if insert_unless_there(session, PlanMarkRow, values) and mark is not PlanMark.POSTED:
            note(session, step, f"plan {n} {mark}", words, evidence={"plan": hash, **evidence})

    def _plan(self, session: Session, step: Step, hash: str) -> Plan:
        return Plan.model_validate_json(self._row(session, step, hash).plan)

    def _newest(self, session: Session, step: Step) -> Plan:
        newest = select(PlanRow).where(PlanRow.dossier == step.dossier).order_by(col(PlanRow.n).desc())
        return Plan.model_validate_json(session.exec(newest.limit(1)).one().plan)

    def _row(self, session: Session, step: Step, hash: str, *, lock: bool = False) -> PlanRow:
        mine = select(PlanRow).where(PlanRow.dossier == step.dossier, PlanRow.hash == hash)
        return session.exec(mine.with_for_update() if lock else mine).one()
