"""中断: declare a disruption, see how it stands, sign its plan, end it, and rule on more time for its cases."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from rich.console import RenderableType

from commands.deciding import ReasonText
from commands.face import AsJson, AsStaff, Id, Token, answer, message, new_id, table
from commands.office import ask_temporal, policies_of, records, token_of
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
from contracts.text import counted, moment_text
from disruption_client import DisruptionClient
from gateways.books import Ledger
from gateways.disruptions import DisruptionBook
from settings import load_settings

Result = TypeVar("Result")
Reference = Annotated[str, typer.Argument(metavar="REFERENCE")]
Systems = Annotated[list[str] | None, typer.Option("--system", help="A system that is down, as the policy names it.")]
Branches = Annotated[list[str] | None, typer.Option("--branch", help="A branch that it touches.")]
Regions = Annotated[list[str] | None, typer.Option("--region", help="Where customers live whom it touches.")]


def declare(
    kind: Annotated[DisruptionKind, typer.Argument(metavar="KIND", help="system_fault or external_event.")],
    *,
    reference: Annotated[str, typer.Option("--reference", help="Names it from now on.")],
    detail: Annotated[str, typer.Option("--detail", help="What happened; customers read it.")],
    systems: Systems = None,
    branches: Branches = None,
    regions: Regions = None,
    staff: AsStaff = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Without a scope it touches every open case. The same reference again is the same disruption."""
    declaration = message(
        Declaration,
        "declaration",
        reference=reference,
        kind=kind,
        detail=detail,
        systems=tuple(systems or ()),
        branches=tuple(branches or ()),
        regions=tuple(regions or ()),
        token=token_of(staff, token),
    )
    answer(_ask(lambda desk: desk.declare(declaration)), as_json, lambda declared: [_declared(declared)])


def show(reference: Reference, as_json: AsJson = False) -> None:
    """From the records, so it answers without Temporal."""
    settings = load_settings()
    with records(settings).reading() as session:
        report = DisruptionBook(Ledger(), policies_of(settings)).report(session, reference)
    answer(report, as_json, _pages)


def done(
    reference: Reference,
    step: Annotated[str, typer.Argument(metavar="STEP", help="A step of its plan, see `disruption show`.")],
    *,
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """By somebody with the role of its owner, or of a deputy."""
    values = {"reference": reference, "step": step, "token": token_of(staff, token)}
    signature = message(PlanSignature, "signature", decision_id=key or new_id(), **values)
    answer(_ask(lambda desk: desk.sign(signature)), as_json, lambda noted: [_said(f"{step} is done", noted)])


def end(
    reference: Reference,
    *,
    cause: Annotated[str, typer.Option("--cause", help="Why it happened.")],
    extend: Annotated[int, typer.Option("--extend", metavar="DAYS", help="Ask for so many working days more.")] = 0,
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """Cases go on in the order in which they are due; with --extend as soon as that is approved or rejected."""
    values = {"reference": reference, "cause": cause, "working_days": extend, "token": token_of(staff, token)}
    ending = message(DisruptionEnd, "end of a disruption", decision_id=key or new_id(), **values)
    answer(_ask(lambda desk: desk.end(ending)), as_json, lambda noted: [_ended(noted)])


def approve(
    reference: Reference,
    *,
    reason: ReasonText = "",
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """By a manager who did not ask for it; then cases go on, with their new days."""
    _rule(reference, True, reason, token_of(staff, token), key, as_json)


def reject(
    reference: Reference,
    *,
    reason: ReasonText,
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """By a manager who did not ask for it, with the reason; then cases go on."""
    _rule(reference, False, reason, token_of(staff, token), key, as_json)


def _rule(reference: str, approve: bool, reason: str, token: str, key: str | None, as_json: bool) -> None:
    values = {"reference": reference, "approve": approve, "reason": reason, "token": token}
    ruling = message(DisruptionRuling, "ruling", decision_id=key or new_id(), **values)
    words = "more time is approved" if approve else "more time is rejected"
    answer(_ask(lambda desk: desk.rule(ruling)), as_json, lambda noted: [_said(words, noted)])


def _ask(question: Callable[[DisruptionClient], Awaitable[Result]]) -> Result:
    return ask_temporal(lambda quietus: question(DisruptionClient(quietus.client, quietus.task_queue)))


def _declared(declared: Declared) -> str:
    since = f"by {declared.by} at {moment_text(declared.at)}"
    steps = counted(len(declared.steps), "step")
    return f"Disruption {declared.reference} is {declared.state}, declared {since}; its plan has {steps}."


def _said(what: str, noted: DisruptionNoted) -> str:
    return f"{what}, by {noted.by} at {moment_text(noted.at)}; disruption {noted.reference} is {noted.state}."


def _ended(noted: DisruptionNoted) -> str:
    words = _said("It is over", noted)
    waits = noted.state is DisruptionState.ENDING
    return f"{words} Somebody else approves: `disruption approve {noted.reference}`." if waits else words


def _pages(report: DisruptionReport) -> Iterable[RenderableType]:
    declared = f"declared by {report.declared_by} at {moment_text(report.declared_at)}"
    yield f"Disruption {report.reference}, {report.kind}: {report.state}, {declared}."
    yield report.detail
    facts = [
        ("systems", ", ".join(report.systems) or "-"),
        ("branches", ", ".join(report.branches) or "-"),
        ("regions", ", ".join(report.regions) or "-"),
        ("cases", f"{report.touched} touched, {report.suspended} suspended, {report.resumed} resumed"),
        ("customers", f"{report.told} told"),
        ("over", f"by {report.ended_by}: {report.cause}" if report.ended_by else "-"),
        ("more time", _more_time(report)),
    ]
    yield from table("", ("", ""), facts)
    steps = ((step.step, ", ".join(step.roles), step.en, step.done_by or "-") for step in report.steps)
    yield from table("Plan", ("step", "for", "what", "done by"), steps)
    yield from table("Cases", ("case", "stands", "place", "suspended", "resumed"), map(_case, report.cases))


def _case(case: DisruptedCase) -> Sequence[object]:
    return case.case, case.stand, case.place, _when(case.suspended_at), _when(case.resumed_at)


def _more_time(report: DisruptionReport) -> str:
    if not report.working_days:
        return "-"
    ruled = {None: "not decided yet", True: f"approved by {report.ruled_by}", False: f"rejected by {report.ruled_by}"}
    reason = f": {report.reason}" if report.reason else ""
    return f"{counted(report.working_days, 'working day')}, {ruled[report.granted]}{reason}"


def _when(moment: datetime | None) -> str:
    return moment_text(moment) if moment else ""
