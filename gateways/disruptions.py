"""中断: which cases a disruption touches, how each stands, and the one report that people read of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, SQLModel, col, func, select

from contracts.disruption import DisruptedCase, DisruptionReport, DisruptionStand, DisruptionState, PlannedStep
from contracts.refusals import Code, Refused
from contracts.vocabulary import CaseKind, Role
from gateways.books import Books
from policy import Policies
from records.disruption_tables import (
    DisruptedCaseRow,
    DisruptionRow,
    DisruptionStepRow,
    DisruptionToldRow,
    DisruptionWord,
)
from records.inserts import insert_unless_there
from records.tables import CaseRow


@dataclass
class DisruptionBook:
    """What is on record of disruptions."""

    books: Books
    policies: Policies

    # ---- which cases it touches ----------------------------------------------------------------------------------

    def to_suspend(self, session: Session, row: DisruptionRow, after: str, limit: int) -> list[CaseRow]:
        """Open cases that it touches and that were not told, by dossier, from the one behind `after` on. Closures only:
        an incident is dealt with the more."""
        if row.state is not DisruptionState.LASTING:
            return []
        told = select(DisruptedCaseRow.dossier).where(DisruptedCaseRow.reference == row.reference)
        query = select(CaseRow).where(
            CaseRow.kind == CaseKind.CLOSURE, col(CaseRow.ended_at).is_(None), CaseRow.dossier > after,
            col(CaseRow.dossier).not_in(told),
        )  # fmt: skip
        if stages := self._stages(row):
            query = query.where(col(CaseRow.stage).in_(stages))
        branches, regions = json.loads(row.branches), json.loads(row.regions)
        if not (branches or regions):
            return list(session.exec(query.order_by(CaseRow.dossier).limit(limit)))
        here = self.books.accounts_at(session, branches, regions)
        return [case for case in session.exec(query.order_by(CaseRow.dossier)) if case.account in here][:limit]

    def touches(self, session: Session, row: DisruptionRow, case: CaseRow) -> bool:
        """Whether a case is in its scope at this moment."""
        stages, branches, regions = self._stages(row), json.loads(row.branches), json.loads(row.regions)
        in_place = not (branches or regions) or case.account in self.books.accounts_at(session, branches, regions)
        in_stage = not stages or case.stage in stages
        return case.kind is CaseKind.CLOSURE and in_place and in_stage

    def to_let_go(self, session: Session, row: DisruptionRow, after: int, limit: int) -> list[DisruptedCaseRow]:
        """The cases that it still suspends, in the order in which they are let go, behind the place `after`."""
        if row.state is not DisruptionState.RESUMING:
            return []
        standing = _of(row).where(
            DisruptedCaseRow.stand == DisruptionStand.SUSPENDED, col(DisruptedCaseRow.place) > after
        )
        return list(session.exec(standing.order_by(col(DisruptedCaseRow.place)).limit(limit)))

    def line_up(self, session: Session, row: DisruptionRow) -> None:
        """Number the suspended cases in the order in which they are due."""
        session.flush()
        due = (
            select(DisruptedCaseRow)
            .join(CaseRow, col(CaseRow.dossier) == col(DisruptedCaseRow.dossier))
            .where(DisruptedCaseRow.reference == row.reference, DisruptedCaseRow.stand == DisruptionStand.SUSPENDED)
            .order_by(col(CaseRow.expected_by), col(CaseRow.dossier))
        )
        for place, case in enumerate(session.exec(due), 1):
            case.place = place

    def still_suspended(self, session: Session, row: DisruptionRow, dossiers: Sequence[str]) -> int:
        """How many of these cases it still suspends."""
        mine = select(func.count()).where(
            DisruptedCaseRow.reference == row.reference, col(DisruptedCaseRow.dossier).in_(dossiers)
        )
        return session.exec(mine.where(DisruptedCaseRow.stand == DisruptionStand.SUSPENDED)).one()

    def _stages(self, row: DisruptionRow) -> list[str]:
        """The stages that need one of its systems; empty for all."""
        systems = self.policies[row.policy].systems
        return sorted({stage for name in json.loads(row.systems) for stage in systems[name].stages})

    # ---- how it stands -------------------------------------------------------------------------------------------

    def tally(self, session: Session, row: DisruptionRow) -> dict[str, int]:
        """How many cases it has touched, suspended and let go, and how many customers were told of it."""
        cases = session.exec(_of(row)).all()
        told = select(func.count()).where(
            DisruptionToldRow.reference == row.reference, DisruptionToldRow.word == DisruptionWord.BEGUN
        )
        return {
            "touched": len(cases),
            "suspended": sum(case.suspended_at is not None for case in cases),
            "resumed": sum(case.resumed_at is not None for case in cases),
            "told": session.exec(told).one(),
        }

    def report(self, session: Session, reference: str) -> DisruptionReport:
        """How a disruption stands. Refused: NOT_FOUND."""
        row = found(session, reference)
        steps = select(DisruptionStepRow).where(DisruptionStepRow.reference == reference)
        cases = _of(row).order_by(col(DisruptedCaseRow.place), col(DisruptedCaseRow.dossier))
        values = _fields(row, DisruptionReport) | {"declared_at": row.at}
        lists = {name: tuple(json.loads(getattr(row, name))) for name in ("systems", "branches", "regions")}
        return DisruptionReport(
            **values | lists | self.tally(session, row),
            steps=tuple(_step(step) for step in session.exec(steps.order_by(col(DisruptionStepRow.n)))),
            cases=tuple(
                DisruptedCase(**_fields(case, DisruptedCase) | {"case": case.case_id}) for case in session.exec(cases)
            ),
        )


class Lock(Enum):
    """What of a disruption's row until the transaction ends: nothing, nobody changes it, nobody else changes it."""

    NONE = None
    KEEP = MappingProxyType({"read": True})
    CHANGE = True


def found(session: Session, reference: str, lock: Lock = Lock.NONE) -> DisruptionRow:
    """The disruption. Refused: NOT_FOUND."""
    how: Any = lock.value
    row = session.get(DisruptionRow, reference, with_for_update=how)
    if row is None:
        raise Refused(Code.NOT_FOUND, f"Disruption {reference} was not declared.")
    return row


def first_to_tell(
    session: Session, reference: str, customer: str, word: DisruptionWord, dossier: str, at: datetime
) -> bool:
    """Whether the customer is to be told this by this case; false when another one does."""
    row = {"reference": reference, "customer": customer, "word": word, "dossier": dossier, "at": at}
    return insert_unless_there(session, DisruptionToldRow, row)


def keep_ended(session: Session, row: DisruptionRow, case: CaseRow) -> None:
    """A case that it touched has ended. One that was suspended stays on record as such."""
    there = session.get(DisruptedCaseRow, (row.reference, case.dossier))
    if there is None:
        there = DisruptedCaseRow(
            reference=row.reference, dossier=case.dossier, case_id=case.case_id, customer=case.customer,
            stand=DisruptionStand.ENDED,
        )  # fmt: skip
    if there.stand is DisruptionStand.SUSPENDED:
        there.stand = DisruptionStand.ENDED
    session.add(there)


def _of(row: DisruptionRow) -> Any:
    return select(DisruptedCaseRow).where(DisruptedCaseRow.reference == row.reference)


def _fields(row: SQLModel, model: Any) -> dict[str, Any]:
    return row.model_dump(include=set(model.model_fields))


def _step(row: DisruptionStepRow) -> PlannedStep:
    roles = tuple(Role(role) for role in json.loads(row.roles))
    return PlannedStep(**_fields(row, PlannedStep) | {"roles": roles})
