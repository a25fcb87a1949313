"""凭据: what proves that a plan was approved, and that the customer was told of it: the records, not the workflow."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from contracts.notices import DeliveryState
from contracts.tasks import TaskSpec, TaskState
from records.tables import ContactRow, DecisionRow, TaskRow

APPROVAL, NOTICE, LETTER = "approve_plan", "adjustment_notice", "letter"
"""The names of the tasks that say it, and of the notice."""

_REACHED = (DeliveryState.SENT, DeliveryState.ANSWERED)


def approval_of(session: Session, dossier: str, plan: str) -> str:
    """Who approved the plan with this hash, as many different people as the task asked for. RuntimeError if they
    did not."""
    for task, spec in _tasks_about(session, dossier, plan):
        approved = select(DecisionRow.decided_by).where(DecisionRow.task == task.task, DecisionRow.option == "approve")
        people = sorted(set(session.exec(approved)))
        if task.name == APPROVAL and task.option == "approve" and len(people) >= spec.needed:
            return ", ".join(people)
    raise RuntimeError(f"nobody has approved {plan}")


def notice_of(session: Session, dossier: str, plan: str) -> str:
    """How the customer was told of the plan with this hash: by which message, by whose letter, or by answering; empty
    where it reached nobody."""
    for task, _ in _tasks_about(session, dossier, plan):
        if task.name == APPROVAL:
            continue
        if task.state is TaskState.DECIDED and task.option:
            return f"{task.task}: {task.option}"
        told = select(ContactRow).where(ContactRow.task == task.task, ContactRow.template == NOTICE)  # not staff
        contact = session.exec(told.where(col(ContactRow.state).in_(_REACHED))).first()
        if contact:
            return f"{task.task}: {contact.message_id or contact.key}"
    return ""


def _tasks_about(session: Session, dossier: str, plan: str) -> Iterator[tuple[TaskRow, TaskSpec]]:
    rows = select(TaskRow).where(TaskRow.dossier == dossier, col(TaskRow.name).in_((APPROVAL, NOTICE, LETTER)))
    for task in session.exec(rows):
        spec = TaskSpec.model_validate_json(task.spec)
        if spec.facts.get("plan") == plan:
            yield task, spec
