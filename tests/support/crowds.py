"""Many cases at once, for what the firm says to all of them: opened a few at a time, and counted in the records."""

import asyncio
from typing import Any

from sqlmodel import func, select

from contracts.refusals import Code, Refused
from contracts.requests import ClosureRequest
from records.tables import TaskRow
from tests.support.firm import Firm, eventually

AT_A_TIME = 15
LONG = 300.0


def count(firm: Firm, query: Any) -> int:
    """What a query counts."""
    with firm.world.database.reading() as session:
        return int(session.exec(query).one())


def open_tasks(firm: Firm, name: str) -> int:
    """How many tasks of that name are open, in all cases."""
    return count(firm, select(func.count()).where(TaskRow.name == name, TaskRow.ended_at == None))  # noqa: E711


async def open_cases(firm: Firm, asked: list[ClosureRequest]) -> None:
    """All wait for the customer's word."""
    for first in range(0, len(asked), AT_A_TIME):
        some = asked[first : first + AT_A_TIME]
        await asyncio.gather(*(sent(firm, request) for request in some))
        await eventually(lambda: open_tasks(firm, "confirm_contact") >= first + len(some), "the cases", LONG)  # noqa: B023


async def sent(firm: Firm, request: ClosureRequest) -> None:
    """On a busy machine an answer may come too late; the same request again is the same case."""
    try:
        await firm.quietus.request_closure(request)
    except Refused as refusal:
        if refusal.code is not Code.UNREACHABLE:
            raise
        await firm.quietus.request_closure(request)
