"""凭据: what proves that a plan was approved, that the customer was told of it, and how the books stood before it."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlmodel import Session, col, select

from contracts.adjustments import Plan
from contracts.notices import DeliveryState
from contracts.tasks import TaskSpec, TaskState
from gateways.books import Books
from gateways.evidence import EvidenceStore
from records.canonical import canonical, fingerprint
from records.tables import ContactRow, DecisionRow, TaskRow

APPROVAL, NOTICE, LETTER = "approve_plan", "adjustment_notice", "letter"
"""The names of the tasks that say it, and of the notice."""

_REACHED = (DeliveryState.SENT, DeliveryState.ANSWERED)


class Approval(NamedTuple):
    """Who approved a plan, and in whose place; `asked`: how many had to."""

    people: tuple[str, ...]
    in_place_of: tuple[str, ...]
    asked: int


def approval_of(session: Session, dossier: str, plan: str) -> Approval:
    """How the plan with this hash was approved, by as many different people as the task asked for; where it was asked
    twice, by the more. RuntimeError if it was not."""
    approvals = []
    for task, spec in _tasks_about(session, dossier, plan):
        approved = select(DecisionRow).where(DecisionRow.task == task.task, DecisionRow.option == "approve")
        decisions = session.exec(approved).all()
        people = {each.decided_by for each in decisions}
        if task.name == APPROVAL and task.option == "approve" and len(people) >= spec.needed:
            others = {each.in_place_of for each in decisions} - {""}
            approvals.append(Approval(tuple(sorted(people)), tuple(sorted(others)), spec.needed))
    if not approvals:
        raise RuntimeError(f"nobody has approved {plan}")
    return max(approvals, key=lambda each: each.asked)


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


def keep_snapshot(session: Session, books: Books, evidence: EvidenceStore, plan: Plan) -> dict[str, str]:
    """快照: the accounts of a plan as they stand before it is posted; its place in the evidence store and its hash."""
    accounts = [
        {
            "account": books.account(session, each.account).model_dump(mode="json"),
            "entries": [entry.model_dump(mode="json") for entry in books.entries(session, each.account)],
        }
        for each in plan.effects
    ]
    content = canonical({"plan": plan.model_dump(mode="json"), "books": accounts})
    reference = f"snapshots/{plan.dossier}/plan-{plan.n}-{fingerprint(content)[:16]}.json"
    return {reference: evidence.put(reference, content.encode())}


def _tasks_about(session: Session, dossier: str, plan: str) -> Iterator[tuple[TaskRow, TaskSpec]]:
    rows = select(TaskRow).where(TaskRow.dossier == dossier, col(TaskRow.name).in_((APPROVAL, NOTICE, LETTER)))
    for task in session.exec(rows.order_by(col(TaskRow.task))):
        spec = TaskSpec.model_validate_json(task.spec)
        if spec.facts.get("plan") == plan:
            yield task, spec
