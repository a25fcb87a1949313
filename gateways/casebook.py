"""Read-only views over the records: one case, the list of cases, the inbox. Exact, for cases write what is read."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from contracts.books import StaffFacts
from contracts.refusals import Code, Refused
from contracts.tasks import DecisionReceipt, TaskSpec, TaskState
from contracts.views import (
    CaseLine,
    CaseView,
    CommentLine,
    ContactLine,
    DecisionLine,
    FindingLine,
    FollowUpLine,
    InboxLine,
    TaskLine,
    TrailLine,
    Wants,
)
from contracts.vocabulary import CaseKind, Role
from gateways.books import Ledger
from records import trail
from records.database import Database
from records.tables import CaseRow, CommentRow, ContactRow, DecisionRow, FindingRow, FollowUpRow, TaskRow

OPEN_STATES = (TaskState.OPEN, TaskState.CLAIMED)
MOST_URGENT = (col(TaskRow.due_at), col(TaskRow.task))


class Casebook:
    """What staff and other services read. A `case` is a workflow id (then the newest dossier) or a dossier."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def show(self, case: str) -> CaseView:
        """All of one case. Refused: NOT_FOUND."""
        with self.database.reading() as session:
            row = find_case(session, case)
            tasks = session.exec(
                select(TaskRow).where(TaskRow.dossier == row.dossier).order_by(col(TaskRow.shown_at))
            ).all()
            return CaseView(
                **_case_values(row, [task for task in tasks if task.state in OPEN_STATES]),
                customer=row.customer,
                policy=row.policy,
                words=row.words,
                risk_reasons=tuple(json.loads(row.risk_reasons)),
                findings=_findings(session, row.dossier),
                tasks=tuple(_task_line(session, task) for task in tasks),
                contacts=_contacts(session, row.dossier),
                follow_ups=_follow_ups(session, row.dossier),
                trail=_trail(session, row.dossier),
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
            lines = [CaseLine(**_case_values(row, open_tasks[row.dossier])) for row in session.exec(query)]
        kept = [line for line in lines if line.overdue or not overdue]
        return sorted(kept, key=lambda line: (line.ended_at is not None, line.due or line.expected_by, line.reference))

    def inbox(self, role: Role | None = None, staff: str | None = None) -> list[InboxLine]:
        """The open tasks, of a role or of a person, the most urgent first. Refused: NOT_FOUND for an unknown person."""
        query = (
            select(TaskRow).where(col(TaskRow.state).in_(OPEN_STATES)).order_by(col(TaskRow.due_at), col(TaskRow.task))
        )
        with self.database.reading() as session:
            person = Ledger().person(session, staff) if staff else None
            rows = [row for row in session.exec(query.order_by(*MOST_URGENT)) if role is None or role in roles_of(row)]
            decisions = _decisions(session, [row.task for row in rows])
            mine = [row for row in rows if person is None or _is_for(session, person, row, decisions[row.task])]
            return [_inbox_line(row, decisions[row.task]) for row in mine]


def find_case(session: Session, case: str) -> CaseRow:
    """The case of that dossier, or the newest dossier of that workflow id. Refused: NOT_FOUND."""
    newest = select(CaseRow).where(CaseRow.case_id == case).order_by(col(CaseRow.n).desc()).limit(1)
    row = session.get(CaseRow, case) or session.exec(newest).first()
    if row is None:
        raise Refused(Code.NOT_FOUND, f"There is no case {case}.")
    return row


def roles_of(row: TaskRow) -> tuple[Role, ...]:
    """Who may decide a task now; escalation has added its roles."""
    return tuple(Role(role) for role in json.loads(row.roles))


def barred(session: Session, person: StaffFacts, row: TaskRow) -> bool:
    """回避: whether a person must keep out: their own work or request, or a customer they are related to."""
    customer = Ledger().customer(session, find_case(session, row.dossier).customer)
    return person.id in {*TaskSpec.model_validate_json(row.spec).barred, *customer.related_staff}


def _is_for(session: Session, person: StaffFacts, row: TaskRow, decisions: Sequence[DecisionRow]) -> bool:
    """Whether a task stands in the inbox of a person: theirs to do, and not theirs to keep out of."""
    theirs = row.claimed_by == person.id or bool(set(person.roles) & set(roles_of(row)))
    decided = any(decision.decided_by == person.id for decision in decisions)
    return theirs and not decided and not barred(session, person, row)


def _case_values(row: CaseRow, open_tasks: Sequence[TaskRow]) -> dict[str, Any]:
    """The values of a CaseLine."""
    now = datetime.now(UTC)
    late = row.ended_at is None and row.expected_by < now
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
        "overdue": late or any(_overdue(task, now) for task in open_tasks),
        "opened_at": row.opened_at,
        "expected_by": row.expected_by,
        "ended_at": row.ended_at,
    }


def _task_values(row: TaskRow, decisions: Sequence[DecisionRow]) -> dict[str, Any]:
    """What a TaskLine and an InboxLine have in common."""
    spec = TaskSpec.model_validate_json(row.spec)
    counting = {option.name for option in spec.options if not option.final}
    votes = Counter(decision.option for decision in decisions if decision.option in counting)
    return {
        "task": row.task,
        "name": row.name,
        "roles": roles_of(row),
        "subject": row.subject,
        "options": tuple(option.name for option in spec.options),
        "wants": {o.name: Wants(field=o.wants, among=o.among) for o in spec.options if o.wants},
        "due": row.due_at,
        "state": row.state,
        "approvals": max(votes.values(), default=0),
        "needed": spec.needed,
        "overdue": _overdue(row, datetime.now(UTC)),
        "claimed_by": row.claimed_by,
    }


def _inbox_line(row: TaskRow, decisions: Sequence[DecisionRow]) -> InboxLine:
    return InboxLine(**_task_values(row, decisions), case=row.case_id, role=roles_of(row)[0])


def _task_line(session: Session, row: TaskRow) -> TaskLine:
    decisions = _decisions(session, [row.task])[row.task]
    remarks = session.exec(select(CommentRow).where(CommentRow.task == row.task).order_by(col(CommentRow.id)))
    return TaskLine(
        **_task_values(row, decisions),
        option=row.option,
        decisions=tuple(_decision(decision) for decision in decisions),
        comments=tuple(CommentLine(by=remark.staff, at=remark.at, text=remark.text) for remark in remarks),
    )


def _decisions(session: Session, tasks: Sequence[str]) -> dict[str, list[DecisionRow]]:
    """The decisions on each of `tasks`, the earliest first."""
    found: dict[str, list[DecisionRow]] = defaultdict(list)
    query = select(DecisionRow).where(col(DecisionRow.task).in_(tasks)).order_by(col(DecisionRow.at))
    for row in session.exec(query):
        found[row.task].append(row)
    return found


def _findings(session: Session, dossier: str) -> tuple[FindingLine, ...]:
    rows = session.exec(select(FindingRow).where(FindingRow.dossier == dossier).order_by(col(FindingRow.raised_at)))
    return tuple(_finding(row) for row in rows)


def _decision(row: DecisionRow) -> DecisionLine:
    """As its receipt tells it: an answer that staff noted is the customer's."""
    receipt = DecisionReceipt.model_validate_json(row.receipt)
    return DecisionLine(by=receipt.by, option=receipt.option, reason=receipt.reason, at=receipt.at)


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


def _overdue(row: TaskRow, now: datetime) -> bool:
    return row.overdue or (row.state in OPEN_STATES and row.due_at < now)


def _each_once(roles: Iterable[Role]) -> tuple[Role, ...]:
    return tuple(dict.fromkeys(roles))
