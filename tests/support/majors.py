"""Major incidents of the tests: reports that make one, and the people who deal with it."""

import asyncio
from typing import Any

from sqlmodel import SQLModel, select

from contracts.messages import case_of
from contracts.vocabulary import Role
from records.incident_tables import MajorRow
from tests.support.firm import Firm, eventually
from tests.support.incidents import reported, says

MATTER = "transfer_missing"
OTHERS = {"CUS-1002": "ACC-1002", "CUS-1005": "ACC-1008", "CUS-1007": "ACC-1010"}
"""Customers of the examples beside the one of `a_report`, with an account each."""

TEAM = {
    Role.OPERATIONS: "huang.lei",
    Role.TECHNOLOGY: "wu.gang",
    Role.CUSTOMER_SERVICE: "chen.jie",
    Role.RISK: "guo.qiang",
    Role.PUBLIC_RELATIONS: "ye.qing",
}
LEAD = TEAM[Role.OPERATIONS]
WORDS = {"zh": "系统正在恢复。", "en": "The system is coming back."}


async def classified(firm: Firm, severity: str = "P3", matter: str = MATTER, **report: Any) -> str:
    """A report that a person has classified; its case."""
    if "customer" in report and report["customer"] in OTHERS:
        report.setdefault("account", OTHERS[report["customer"]])
    case = (await reported(firm, **report)).case
    await says(firm, case, "triage", "change", severity=severity, matter=matter)
    return case


async def major_begun(firm: Firm, **report: Any) -> tuple[str, str]:
    """A report of severity P1, and the major incident that it begins."""
    case = await classified(firm, "P1", **report)
    major = case.replace("incident-", "major-")
    await firm.task("team_operations", major)
    return case, major


async def begun_at_once(firm: Firm) -> tuple[list[str], str]:
    """Reports of severity P1 and one matter, classified at the same moment, and a major incident that began."""
    cases = [(await reported(firm, customer=who, account=account)).case for who, account in OTHERS.items()]
    change = {"severity": "P1", "matter": MATTER}
    await asyncio.gather(*(says(firm, case, "triage", "change", **change) for case in cases))
    return cases, case_of(await firm.task("team_operations"))


async def team_filled(firm: Firm, major: str) -> None:
    """Everybody accepts."""
    for role, person in TEAM.items():
        await does(firm, major, f"team_{role}", "take_on", person)


async def does(firm: Firm, major: str, task: str, option: str, by: str, **data: str) -> None:
    """What somebody decides in a major incident as soon as it is asked."""
    await firm.decide(await firm.task(task, major), option, by, reason=f"{option}, after a look", data=data)


async def bulletin_sent(firm: Firm, major: str) -> None:
    """Written by customer service and approved by a supervisor."""
    await does(firm, major, "bulletin_draft", "drafted", "li.wei", **WORDS)
    await does(firm, major, "bulletin_approval", "approve", "song.jia")


async def solved(firm: Firm, major: str) -> None:
    """For good."""
    said = {"zh": "已全部到账。", "en": "All transfers have arrived."}
    await does(firm, major, "lasting_solution", "solved", LEAD, cause="system_fault", **said)
    await does(firm, major, "solution_approval", "approve", "david.chen")


async def hangs(firm: Firm, case: str, on: str) -> None:
    """Wait until a report hangs on a major incident."""
    await eventually(lambda: f"hangs on {on}" in [link.what for link in firm.show(case).trail], f"{case} to hang")


def rows(firm: Firm, table: type[SQLModel]) -> list[Any]:
    """All rows of a table, by their keys."""
    with firm.world.database.reading() as session:
        found = list(session.exec(select(table)))
        session.expunge_all()
    return sorted(found, key=lambda row: [str(getattr(row, column.name)) for column in row.__table__.primary_key])


def majors(firm: Firm) -> list[str]:
    """The major incidents there are."""
    return [row.case_id for row in rows(firm, MajorRow)]
