"""Read-only views over the records: one case, the list of cases, the inbox. Exact, for cases write what is read."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from contracts.refusals import Code, Refused
from contracts.views import (
    CaseLine,
    CaseView,
    ContactLine,
    FindingLine,
    FollowUpLine,
    InboxLine,
    TrailLine,
)
from contracts.vocabulary import CaseKind, Role
from gateways.hearing import roles_of
from gateways.inbox import inbox
from gateways.overall import overall_of
from gateways.task_lines import OPEN_STATES, late, task_line
from policy import Policies
from records import trail
from records.database import Database
from records.incident_tables import MajorRow
from records.tables import CaseRow, ContactRow, FindingRow, FollowUpRow, TaskRow


class Casebook:
    """What staff and other services read. A `case` is a workflow id (then the newest dossier) or a dossier."""

    def __init__(self, database: Database, policies: Policies) -> None:
        self.database = database
        self.policies = policies

    def show(self, case: str) -> CaseView:
        """All of one case. Refused: NOT_FOUND."""
        with self.database.reading() as session:
            row = find_case(session, case)
            tasks = session.exec(
                select(TaskRow).where(TaskRow.dossier == row.dossier).order_by(col(TaskRow.shown_at))
            ).all()
            return CaseView(
                **self._case_values(session, row, [task for task in tasks if task.state in OPEN_STATES]),
                customer=row.customer,
                policy=row.policy,
                words=row.words,
                risk_reasons=tuple(json.loads(row.risk_reasons)),
                findings=_findings(session, row.dossier),
                tasks=tuple(task_line(session, row, task) for task in tasks),
                contacts=_contacts(session, row.dossier),
                follow_ups=_follow_ups(session, row.dossier),
                trail=_trail(session, row.dossier),
                next_bulletin=_next_bulletin(session, row.dossier),
            )

    def cases(self, stage: str | None = None, kind: CaseKind | None = None, overdue: bool = False) -> list[CaseLine]:
        """The cases in a stage, of a kind, overdue: those that wait longest first, then those that ended."""
        query = select(CaseRow)
        if stage:
            query = query.where(CaseRow.stage == stage)
        if kind:
            query = query.where(CaseRow.kind == kind)
        with self.database.reading() as session:
            open_tasks = defaultdict(list)
            for task in session.exec(select(TaskRow).where(col(TaskRow.state).in_(OPEN_STATES))):
                open_tasks[task.dossier].append(task)
            values = (self._case_values(session, row, open_tasks[row.dossier]) for row in session.exec(query))
            lines = [CaseLine(**each) for each in values]
        kept = [line for line in lines if line.overdue or not overdue]
        return sorted(kept, key=lambda line: (line.ended_at is not None, line.due or line.expected_by, line.reference))

    def inbox(self, role: Role | None = None, staff: str | None = None) -> list[InboxLine]:
        """The open tasks, of a role or of a person, what is to be done first on top. Refused: NOT_FOUND for an unknown
        person."""
        with self.database.reading() as session:
            return inbox(session, self.policies, role, staff)

    def _case_values(self, session: Session, row: CaseRow, open_tasks: Sequence[TaskRow]) -> dict[str, Any]:
        """The values of a CaseLine."""
        past = row.ended_at is None and row.expected_by < datetime.now(UTC)
        behind = past and not self._stands(session, row, open_tasks)
        return {
            "case": row.case_id,
            "reference": row.dossier,
            "kind": row.kind,
            "account": row.account,
            "stage": row.stage,
            "outcome": row.outcome,
            "risk": row.risk,
            "held": row.held,
            "waiting_for": _each_once(role for task in open_tasks for role in roles_of(task)),
            "due": min((task.due_at for task in open_tasks), default=None),
            "overdue": not row.held and (behind or any(late(row, task) for task in open_tasks)),
            "opened_at": row.opened_at,
            "expected_by": row.expected_by,
            "ended_at": row.ended_at,
        }

    def _stands(self, session: Session, row: CaseRow, open_tasks: Sequence[TaskRow]) -> bool:
        """Whether the overall time stands at this moment, for who is waited for."""
        if row.policy not in self.policies.versions():
            return False
        pauses_for = overall_of(session, self.policies[row.policy], row).pauses_for
        return any(task.waits_for in pauses_for for task in open_tasks)


def find_case(session: Session, case: str) -> CaseRow:
    """The case of that dossier, or the newest dossier of that workflow id. Refused: NOT_FOUND."""
    newest = select(CaseRow).where(CaseRow.case_id == case).order_by(col(CaseRow.n).desc()).limit(1)
    row = session.get(CaseRow, case) or session.exec(newest).first()
    if row is None:
        raise Refused(Code.NOT_FOUND, f"There is no case {case}.")
    return row


def open_adjustments(session: Session, account: str) -> tuple[str, ...]:
    """The cases that put the books of an account right and are not over yet."""
    mine = select(CaseRow.case_id).where(CaseRow.account == account, CaseRow.kind == CaseKind.ADJUSTMENT)
    return tuple(session.exec(mine.where(col(CaseRow.ended_at).is_(None)).order_by(col(CaseRow.case_id))))


def _findings(session: Session, dossier: str) -> tuple[FindingLine, ...]:
    rows = session.exec(select(FindingRow).where(FindingRow.dossier == dossier).order_by(col(FindingRow.raised_at)))
    return tuple(_finding(row) for row in rows)


def _finding(row: FindingRow) -> FindingLine:
    shown = row.model_dump(include=set(FindingLine.model_fields))
    return FindingLine(**shown | {"facts": json.loads(row.facts)})


def _contacts(session: Session, dossier: str) -> tuple[ContactLine, ...]:
    rows = session.exec(select(ContactRow).where(ContactRow.dossier == dossier).order_by(col(ContactRow.at)))
    return tuple(ContactLine(**row.model_dump(include=set(ContactLine.model_fields))) for row in rows)


def _follow_ups(session: Session, dossier: str) -> tuple[FollowUpLine, ...]:
    rows = session.exec(select(FollowUpRow).where(FollowUpRow.dossier == dossier).order_by(col(FollowUpRow.due_at)))
    return tuple(FollowUpLine(kind=row.kind, due=row.due_at, done_at=row.done_at, words=row.words) for row in rows)


def _trail(session: Session, dossier: str) -> tuple[TrailLine, ...]:
    links = trail.entries(session, dossier)
    return tuple(TrailLine(**link.model_dump(include=set(TrailLine.model_fields))) for link in links)


def _next_bulletin(session: Session, dossier: str) -> datetime | None:
    major = session.get(MajorRow, dossier)
    return major.next_bulletin_at if major else None


def _each_once(roles: Iterable[Role]) -> tuple[Role, ...]:
    return tuple(dict.fromkeys(roles))
