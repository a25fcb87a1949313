"""凭据: the decisions and the contacts on record that speak for a plan."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlmodel import Session, col, select

from contracts.notices import DeliveryState
from contracts.tasks import TaskSpec, TaskState
from records.tables import ContactRow, DecisionRow, TaskRow

APPROVAL, NOTICE, LETTER = "approve_plan", "adjustment_notice", "letter"
"""The names of the tasks that say it, and of the notice."""

REACHED = (DeliveryState.SENT, DeliveryState.ANSWERED)


class Approval(NamedTuple):
    """Who approved a plan, and in whose place; `asked`: how many had to."""

    people: tuple[str, ...]
    in_place_of: tuple[str, ...]
    asked: int


def approvals(session: Session, dossier: str, plan: str) -> Iterator[Approval]:
    """Each task that approved the plan with this hash, by as many different people as it asked for."""
    for task, spec in _tasks_about(session, dossier, plan):
        approved = select(DecisionRow).where(DecisionRow.task == task.task, DecisionRow.option == "approve")
        decisions = session.exec(approved).all()
        people, others = ({getattr(each, name) for each in decisions} for name in ("decided_by", "in_place_of"))
        if task.name == APPROVAL and task.option == "approve" and len(people) >= spec.needed:
            yield Approval(tuple(sorted(people)), tuple(sorted(others - {""})), spec.needed)


def notices(session: Session, dossier: str, plan: str, states: Collection[DeliveryState] = REACHED) -> Iterator[str]:
    """Each way in which the customer was told of the plan with this hash: by answering, by letter, or by a message
    that is in one of these states now."""
    for task, _ in _tasks_about(session, dossier, plan):
        if task.name == APPROVAL:
            continue
        if task.state is TaskState.DECIDED and task.option:
            yield f"{task.task}: {task.option}"
        made = select(ContactRow).where(ContactRow.dossier == dossier, ContactRow.task == task.task)
        told = made.where(ContactRow.template == NOTICE, col(ContactRow.state).in_(states))  # not staff
        for contact in session.exec(told):
            yield f"{task.task}: {contact.message_id or contact.key}"


def _tasks_about(session: Session, dossier: str, plan: str) -> Iterator[tuple[TaskRow, TaskSpec]]:
    rows = select(TaskRow).where(TaskRow.dossier == dossier, col(TaskRow.name).in_((APPROVAL, NOTICE, LETTER)))
    for task in session.exec(rows.order_by(col(TaskRow.task))):
        spec = TaskSpec.model_validate_json(task.spec)
        if spec.facts.get("plan") == plan:
            yield task, spec
