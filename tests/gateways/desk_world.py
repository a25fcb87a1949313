"""A small world for tests of the desk and the inbox: staff, one customer, cases, tasks, decisions."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from sqlmodel import SQLModel

from contracts.refusals import Refused
from contracts.tasks import DecisionReceipt, Rung, TaskOption, TaskSpec, TaskState
from contracts.vocabulary import CaseKind, Initiator, Language, Role
from gateways.books_file import load_books
from gateways.books_journal import today
from policy import Policies
from records.database import Database
from records.people_tables import AbsenceRow
from records.tables import CaseRow, DecisionRow, TaskRow
from tests.support.firm import ROOT

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
CASE, DOSSIER = "closure-ACC-1", "closure-ACC-1.1"
IN_FORCE = "2026-11-22"

CUSTOMER = {
    "id": "CUS-1", "kind": "person", "name": "张伟", "identity_number": "11010519491231002X",
    "identity_expires_on": "2031-05-01", "language": "zh", "since": "2019-04-01", "related_staff": ["cousin"],
}  # fmt: skip
ALWAYS = [{"from": "2020-01-01", "until": "2099-12-31"}]


def somebody(name: str, *roles: str, **other: Any) -> dict[str, Any]:
    """A person of the firm, as a books file tells it."""
    return {"id": name, "name": name, "email": f"{name}@staff.example.com", "roles": roles, **other}


STAFF = [
    somebody("ann", "finance", deputy="dora"),
    somebody("bob", "finance"),
    somebody("maker", "finance"),
    somebody("cousin", "finance"),
    somebody("away", "finance", absent=ALWAYS, deputy="dora"),
    somebody("gone", "finance", deputy="away"),
    somebody("dora", "records"),
    somebody("clerk", "records"),
    somebody("boss", "supervisor"),
    somebody("calls", "call_centre"),
]
"""Dora holds the place of two in finance; she does not hold their role."""


@cache
def policies() -> Policies:
    """Those of the firm."""
    return Policies(ROOT / "policy")


def fill(database: Database, *rows: SQLModel) -> Database:
    """The people, and these rows."""
    load_books(database, json.dumps({"customers": [CUSTOMER], "staff": STAFF}), update=False)
    return keep(database, *rows)


def keep(database: Database, *rows: SQLModel) -> Database:
    """These rows too."""
    with database.transaction() as session:
        session.add_all(rows)
    return database


def a_case(name: str = CASE, **other: Any) -> CaseRow:
    """A closure of the customer's."""
    values: dict[str, Any] = {
        "dossier": f"{name}.1", "case_id": name, "n": 1, "kind": CaseKind.CLOSURE, "request_id": f"REQ-{name}",
        "request": "{}", "request_hash": "", "account": "ACC-1", "customer": "CUS-1", "language": Language.ZH,
        "initiator": Initiator.CUSTOMER, "policy": IN_FORCE, "stage": "approval", "outcome": "open",
        "opened_at": NOW, "expected_by": NOW + 48 * HOUR,
    }  # fmt: skip
    return CaseRow(**values | other)


def task_id(name: str, case: str = CASE) -> str:
    """The id of `a_task`."""
    return f"{case}.task-1-{name}"


def a_task(name: str, *, case: str = CASE, due: timedelta = 8 * HOUR, **other: Any) -> TaskRow:
    """An open task for finance that the maker must keep out of; `needed`, `roles`, `asked` (of whom, if others may
    decide by now) and `rungs` may be given."""
    roles: tuple[Role, ...] = other.pop("roles", (Role.FINANCE,))
    spec = TaskSpec(
        task=task_id(name, case), name=name, subject=other.pop("subject", f"about the {name}"),
        roles=other.pop("asked", roles), needed=other.pop("needed", 1), barred=("maker",),
        options=(TaskOption(name="approve"), TaskOption(name="reject", final=True, reason_needed=True)),
    )  # fmt: skip
    rungs: tuple[Rung, ...] = other.pop("rungs", ())
    values: dict[str, Any] = {
        "task": spec.task, "dossier": f"{case}.1", "case_id": case, "name": name, "subject": spec.subject,
        "spec": spec.model_dump_json(), "roles": json.dumps(roles), "state": TaskState.OPEN, "shown_at": NOW,
        "since": NOW, "due_at": NOW + due, "rungs": json.dumps([rung.model_dump(mode="json") for rung in rungs]),
    }  # fmt: skip
    return TaskRow(**values | other)


def claimed(name: str, by: str, **other: Any) -> TaskRow:
    """The same, claimed."""
    return a_task(name, state=TaskState.CLAIMED, claimed_by=by, **other)


def a_decision(by: str, option: str = "approve", name: str = "review", **other: Any) -> DecisionRow:
    """A decision of somebody in finance."""
    receipt = DecisionReceipt(task=task_id(name), option=option, by=by, at=NOW, approvals=1, needed=2, done=False)
    receipt = receipt.model_copy(update=other)
    return DecisionRow(
        decision_id=f"D-{by}-{name}", task=receipt.task, dossier=DOSSIER, option=option, decided_by=by, at=NOW,
        fingerprint="", receipt=receipt.model_dump_json(), roles='["finance"]', in_place_of=receipt.in_place_of,
    )  # fmt: skip


def an_absence(staff: str, days: int = 3) -> AbsenceRow:
    """Away from today on."""
    return AbsenceRow(staff=staff, since=today(), until=today() + timedelta(days=days), entered_by="boss", at=NOW)


def refused(act: Callable[[], object]) -> Refused:
    """How it was refused."""
    with pytest.raises(Refused) as caught:
        act()
    return caught.value
