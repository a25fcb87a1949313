"""应急预案: the contingency plans of the policy, whose their steps are, and which are past their review."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

import typer
from rich.console import RenderableType

from commands.face import AsJson, answer, in_staff_language, table
from commands.office import policies_of
from contracts.plans import PlanLine, PlanStepLine
from gateways.books_journal import today
from policy.model import ContingencyPlan
from settings import load_settings


def plans(
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Left out: the one in force today.")] = None,
    as_json: AsJson = False,
) -> None:
    """Each plan is started by what stands beside it, once for however many of it at the same time."""
    policies, day = policies_of(load_settings()), today()
    policy = policies[version] if version else policies.in_force_on(day)
    answer([_line(name, plan, day) for name, plan in policy.plans.items()], as_json, _pages)


def _line(name: str, plan: ContingencyPlan, day: date) -> PlanLine:
    return PlanLine(
        name=name,
        triggers=plan.triggers,
        steps=tuple(PlanStepLine(**step.model_dump()) for step in plan.steps),
        deputies=plan.deputies,
        contacts=plan.contacts,
        reviewed_on=plan.reviewed_on,
        review_by=plan.review_by,
        overdue=plan.overdue_on(day),
        source=plan.source,
    )


def _pages(lines: Sequence[PlanLine]) -> Iterable[RenderableType]:
    if not lines:
        yield "This policy has no contingency plan."
    heads = ("plan", "started by", "deputies", "contacts", "last review", "next review")
    yield from table("Plans", heads, (_row(line) for line in lines))
    steps = (
        (line.name, step.id, step.owner, in_staff_language(step.en, step.zh)) for line in lines for step in line.steps
    )
    yield from table("Steps", ("plan", "step", "owner", "what"), steps)


def _row(line: PlanLine) -> Sequence[object]:
    return (
        line.name,
        ", ".join(line.triggers),
        ", ".join(line.deputies),
        ", ".join(line.contacts),
        line.reviewed_on,
        f"{line.review_by}{' overdue' if line.overdue else ''}",
    )
