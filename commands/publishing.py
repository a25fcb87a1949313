"""制度发布: propose a policy, rule on it, and see which open cases it touches and what they answered."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, TypeVar

import typer
from rich.console import RenderableType

from commands.deciding import ReasonText
from commands.face import AsJson, AsStaff, File, Id, Token, answer, message, new_id, table
from commands.office import ask_temporal, policies_of, records, token_of
from commands.rules import read_policy_file
from contracts.rollout import PolicyProposal, PolicyRuling, PolicyStand, ProposedPolicy, RolloutReport
from contracts.tasks import Noted
from contracts.text import moment_text
from gateways.books import Ledger
from gateways.rollouts import RolloutBook
from policy_client import PolicyClient
from settings import load_settings

Result = TypeVar("Result")
Version = Annotated[str, typer.Argument(metavar="VERSION")]


def publish(file: File, *, staff: AsStaff = None, token: Token = None, as_json: AsJson = False) -> None:
    """Compliance, legal or a manager proposes; see `policy rollout VERSION` for the open cases that it touches."""
    policy, text = read_policy_file(file, production=load_settings().production)
    proposal = message(PolicyProposal, "proposal", version=policy.version, text=text, token=token_of(staff, token))
    answer(_ask(lambda desk: desk.publish(proposal)), as_json, lambda proposed: [_proposed(proposed)])


def approve(
    version: Version,
    *,
    staff: AsStaff = None,
    token: Token = None,
    reason: ReasonText = "",
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """By a manager who did not propose it. From its effective day on every open case that it touches answers."""
    _rule(version, True, reason, token_of(staff, token), key, as_json)


def reject(
    version: Version,
    *,
    reason: ReasonText,
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """By a manager who did not propose it, with the reason."""
    _rule(version, False, reason, token_of(staff, token), key, as_json)


def rollout(version: Version, as_json: AsJson = False) -> None:
    """From the records, so it answers without Temporal."""
    settings = load_settings()
    with records(settings).reading() as session:
        report = RolloutBook(Ledger(), policies_of(settings)).report(session, version)
    answer(report, as_json, _pages)


def _rule(version: str, approve: bool, reason: str, token: str, key: str | None, as_json: bool) -> None:
    ruling = message(
        PolicyRuling,
        "ruling",
        decision_id=key or new_id(),
        version=version,
        approve=approve,
        reason=reason,
        token=token,
    )
    noted = _ask(lambda desk: desk.rule(ruling))
    verb = "approved" if approve else "rejected"
    answer(noted, as_json, lambda noted: [_ruled(version, verb, noted)])


def _ask(question: Callable[[PolicyClient], Awaitable[Result]]) -> Result:
    return ask_temporal(lambda quietus: question(PolicyClient(quietus.client, quietus.task_queue)))


def _proposed(proposed: ProposedPolicy) -> str:
    since = f"by {proposed.by} at {moment_text(proposed.at)}"
    return f"Policy {proposed.version} stands as {proposed.state}, proposed {since}; sha256 {proposed.sha256}."


def _ruled(version: str, verb: str, noted: Noted) -> str:
    return f"Policy {version} is {verb}, by {noted.by} at {moment_text(noted.at)}."


def _pages(report: RolloutReport) -> Iterable[RenderableType]:
    ruled = f" by {report.decided_by}" if report.decided_by else ""
    yield f"Policy {report.version}, effective {report.effective}: {report.state}{ruled}, from {report.proposed_by}."
    if report.reason:
        yield f"Reason: {report.reason}"
    yield f"{report.answered} of {report.touched} answered; {len(report.cases) - report.touched} are not touched."
    rows = [
        (case.case, case.stand, ", ".join(case.looks), ", ".join(case.added), "yes" if case.answered else "")
        for case in report.cases
        if case.touched or case.stand is not PolicyStand.KEEP
    ]
    yield from table("Cases", ("case", "does", "looks again at", "added", "answered"), rows)
