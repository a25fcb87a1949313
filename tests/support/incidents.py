"""Incidents of the tests: reports of the examples' customers, and people who deal with them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import select

from contracts.incidents import IncidentReport
from contracts.requests import Receipt
from records.incident_tables import IncidentRow
from tests.support.firm import Firm

WHO = {
    "triage": "li.wei",
    "analyse": "wang.fang",
    "solve": "wang.fang",
    "carry_out": "wang.fang",
    "call_back": "cao.ning",
}
"""Who decides a task where nobody else is named; the department is finance."""

_ids = count(1)


def a_report(**changes: Any) -> IncidentReport:
    """A report of the holder of ACC-1001 that came in by telephone a moment ago; its category is said to be
    `transaction`, so that it is for finance whatever the rules make of its words."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    values: dict[str, Any] = {
        "report_id": f"INC-{next(_ids):04}",
        "customer": "CUS-1001",
        "account": "ACC-1001",
        "channel": "hotline",
        "occurred_at": (now - timedelta(hours=1)).isoformat(),
        "reported_at": now.isoformat(),
        "description": "9月的账户管理费扣了两次。",
        "category": "transaction",
    }
    return IncidentReport.model_validate(values | changes, strict=False)


async def reported(firm: Firm, **changes: Any) -> Receipt:
    """Report an incident; the receipt."""
    return await firm.quietus.report_incident(a_report(**changes))


async def says(firm: Firm, case: str, task: str, option: str, *, by: str = "", **data: Any) -> None:
    """What somebody says to a task as soon as it is asked."""
    asked = await firm.task(task, case)
    more = {"reason": f"{option}, after a look", "data": data}
    if task == "incident_solved":
        await firm.answer(asked, option, **more)
    else:
        await firm.decide(asked, option, by or WHO[task], **more)


async def handled(firm: Firm, case: str, **solution: Any) -> None:
    """The department analyses, proposes and carries out."""
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "proposed", **solution)
    await says(firm, case, "carry_out", "done")


def incident(firm: Firm, case: str) -> IncidentRow:
    """What is on record of an incident."""
    with firm.world.database.reading() as session:
        row = session.exec(select(IncidentRow).where(IncidentRow.case_id == case)).one()
        session.expunge(row)
        return row
