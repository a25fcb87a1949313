"""中断 in tests: declared, ended and ruled on by people of the examples, and read back from the records."""

from itertools import count
from typing import Any

from contracts.disruption import (
    Declaration,
    Declared,
    DisruptedCase,
    DisruptionEnd,
    DisruptionKind,
    DisruptionNoted,
    DisruptionReport,
    DisruptionRuling,
    DisruptionState,
    PlanSignature,
)
from disruption_client import DisruptionClient
from gateways.disruptions import DisruptionBook
from tests.support.firm import Firm, eventually

OUTAGE = "OUT-1"
DOWN = "the core banking system is down"
FULL = "a disk was full"

_ids = count(1)


def desk(firm: Firm) -> DisruptionClient:
    """Whom disruptions are declared with."""
    return DisruptionClient(firm.client, firm.task_queue)


def declaration(firm: Firm, by: str = "huang.lei", **scope: Any) -> Declaration:
    """What operations say when it begins: an outage of everything, unless `scope` says otherwise."""
    values = {"reference": OUTAGE, "kind": DisruptionKind.SYSTEM_FAULT, "detail": DOWN, "token": firm.tokens.mint(by)}
    return Declaration.model_validate(values | scope, strict=False)


async def declare(firm: Firm, by: str = "huang.lei", **scope: Any) -> Declared:
    """Operations declare it."""
    return await desk(firm).declare(declaration(firm, by, **scope))


async def end(firm: Firm, reference: str = OUTAGE, days: int = 0, by: str = "huang.lei") -> DisruptionNoted:
    """It is over."""
    values = {"decision_id": f"E-{next(_ids)}", "reference": reference, "cause": FULL, "working_days": days}
    return await desk(firm).end(DisruptionEnd.model_validate(values | {"token": firm.tokens.mint(by)}))


async def rule(firm: Firm, reference: str = OUTAGE, *, approve: bool = True, by: str = "david.chen") -> DisruptionNoted:
    """More time is given, or not."""
    values = {"decision_id": f"R-{next(_ids)}", "reference": reference, "approve": approve, "reason": "weighed"}
    return await desk(firm).rule(DisruptionRuling.model_validate(values | {"token": firm.tokens.mint(by)}))


async def sign(firm: Firm, step: str, by: str, reference: str = OUTAGE) -> DisruptionNoted:
    """A step of the plan is done."""
    values = {"decision_id": f"S-{next(_ids)}", "reference": reference, "step": step, "token": firm.tokens.mint(by)}
    return await desk(firm).sign(PlanSignature.model_validate(values))


def report(firm: Firm, reference: str = OUTAGE) -> DisruptionReport:
    """How it stands, by the records."""
    with firm.world.database.reading() as session:
        return DisruptionBook(firm.books, firm.world.policies).report(session, reference)


def line(firm: Firm, case: str, reference: str = OUTAGE) -> DisruptedCase | None:
    """How it stands to a case, if it touched it."""
    return next((each for each in report(firm, reference).cases if each.case == case), None)


async def suspended(firm: Firm, *cases: str, reference: str = OUTAGE) -> None:
    """Until these cases, and no others, were suspended."""
    await eventually(lambda: report(firm, reference).suspended == len(cases), f"{len(cases)} suspended cases")
    assert {each.case for each in report(firm, reference).cases} == set(cases)


async def over(firm: Firm, reference: str = OUTAGE) -> DisruptionReport:
    """The report as soon as no case is suspended any more."""
    await eventually(lambda: report(firm, reference).state is DisruptionState.OVER, "the end of the disruption")
    return report(firm, reference)
