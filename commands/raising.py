"""发生的事: what happened to a running case is said to it; it deals with it at once."""

from typing import Annotated

import typer

from commands.deciding import Case, Data, json_object
from commands.face import AsJson, AsStaff, Id, Token, answer, message, new_id
from commands.office import ask_temporal, token_of
from contracts.findings import FindingKind
from contracts.occurrences import OF_THE_CUSTOMER, RAISABLE, Occurrence
from contracts.refusals import Fault, bad_input
from contracts.tasks import Noted
from contracts.text import moment_text
from gateways.tokens import CUSTOMER, OPERATOR


def happened(
    case: Case,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"What happened: {', '.join(sorted(RAISABLE))}.")],
    *,
    detail: Annotated[str, typer.Option("--detail", help="In words.")] = "",
    staff: AsStaff = None,
    token: Token = None,
    data: Data = "{}",
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """What rested on how things were is looked at again. `--token` may be a code from a letter to the customer."""
    what = _kind(kind)
    occurrence = message(
        Occurrence,
        "occurrence",
        decision_id=key or new_id(),
        kind=what,
        detail=detail,
        data=json_object(data),
        token=token_of(staff, token, otherwise=CUSTOMER if what in OF_THE_CUSTOMER else OPERATOR),
    )
    noted = ask_temporal(lambda quietus: quietus.happened(case, occurrence))
    answer(noted, as_json, lambda noted: [_said(case, what, noted)])


def _kind(name: str) -> FindingKind:
    if name not in RAISABLE:
        raise bad_input("occurrence", [Fault(path="kind", message=f"should be one of {', '.join(sorted(RAISABLE))}")])
    return FindingKind(name)


def _said(case: str, kind: FindingKind, noted: Noted) -> str:
    return f"{case} deals with {kind}, as {noted.by} said at {moment_text(noted.at)}."
