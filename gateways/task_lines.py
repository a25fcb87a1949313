"""How a task looks to those who read: what a task of a case and a line of an inbox have in common."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from contracts.tasks import DecisionReceipt, TaskSpec, TaskState
from contracts.views import AttachmentLine, CommentLine, DecisionLine, TaskLine, Wants
from gateways.hearing import roles_of
from records.people_tables import AttachmentRow, CommentRow
from records.tables import CaseRow, DecisionRow, TaskRow

OPEN_STATES = (TaskState.OPEN, TaskState.CLAIMED)


def task_values(case: CaseRow, row: TaskRow, decisions: Sequence[DecisionRow]) -> dict[str, Any]:
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
        "wants": {
            each.name: Wants(field=each.wants, among=each.among, takes=each.takes)
            for each in spec.options
            if each.typed
        },
        "due": row.due_at,
        "state": row.state,
        "approvals": max(votes.values(), default=0),
        "needed": spec.needed,
        "overdue": late(case, row),
        "claimed_by": row.claimed_by,
        "delegated_by": row.delegated_by,
        "provisional": row.provisional,
    }


def task_line(session: Session, case: CaseRow, row: TaskRow) -> TaskLine:
    """One task of a case, with all that was said about it."""
    decisions = decisions_on(session, [row.task])[row.task]
    remarks = session.exec(select(CommentRow).where(CommentRow.task == row.task).order_by(col(CommentRow.id)))
    papers = session.exec(select(AttachmentRow).where(AttachmentRow.task == row.task).order_by(col(AttachmentRow.id)))
    return TaskLine(
        **task_values(case, row, decisions),
        option=row.option,
        decisions=tuple(_decision(decision) for decision in decisions),
        comments=tuple(CommentLine(by=remark.staff, at=remark.at, text=remark.text) for remark in remarks),
        attachments=tuple(attachment_line(paper) for paper in papers),
        facts=TaskSpec.model_validate_json(row.spec).facts,
    )


def attachment_line(row: AttachmentRow) -> AttachmentLine:
    """An attachment as it is shown."""
    return AttachmentLine(by=row.staff, at=row.at, reference=row.reference, sha256=row.sha256, words=row.words)


def decisions_on(session: Session, tasks: Sequence[str]) -> dict[str, list[DecisionRow]]:
    """The decisions on each of `tasks`, the earliest first."""
    found: dict[str, list[DecisionRow]] = defaultdict(list)
    query = select(DecisionRow).where(col(DecisionRow.task).in_(tasks)).order_by(col(DecisionRow.at))
    for row in session.exec(query):
        found[row.task].append(row)
    return found


def late(case: CaseRow, row: TaskRow) -> bool:
    """Whether a task is, or was, overdue. While its case is paused none is."""
    if row.ended_at is not None:
        return row.overdue
    return not case.held and (row.overdue or row.due_at < datetime.now(UTC))


def _decision(row: DecisionRow) -> DecisionLine:
    """As its receipt tells it: an answer that staff noted is the customer's."""
    receipt = DecisionReceipt.model_validate_json(row.receipt)
    told = receipt.model_dump(include=set(DecisionLine.model_fields))
    return DecisionLine(**told)
