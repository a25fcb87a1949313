"""The policy, as it is in force or was, and what a new file would change."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from commands.face import AsJson, File, answer, read_text, table
from commands.office import policies_of
from contracts.rollout import PolicyCheck
from policy import Policies, parse_policy
from policy.changes import changes, touches
from policy.library import same_policy
from policy.model import Policy
from policy.upkeep import upkeep
from settings import load_settings


def show(
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Left out: the one in force today.")] = None,
    as_json: AsJson = False,
) -> None:
    """As the file says it, with the source of each number."""
    policies, today = policies_of(load_settings()), datetime.now(UTC).date()
    policy = policies[version] if version else policies.in_force_on(today)

    def pages(shown: Policy) -> list[str]:
        head = f"Policy {shown.version}, in force from {shown.effective}, approved by {shown.approved_by}."
        versions = f"Versions: {', '.join(policies.versions())}"
        return [head, versions, *(said.en for said in upkeep(shown, today)), "", policies.text(shown.version)]

    answer(policy, as_json, pages)


def check(file: File, as_json: AsJson = False) -> None:
    """Against the policy in force today. Nothing is published."""
    settings = load_settings()
    policy, text = read_policy_file(file, production=settings.production)
    answer(compared(policies_of(settings), policy, text, datetime.now(UTC).date()), as_json, _pages)


def read_policy_file(file: str, *, production: bool) -> tuple[Policy, str]:
    """The policy in a file, and its text. Refused: BAD_INPUT with every fault."""
    text = read_text(file, "policy file")
    return parse_policy(text, Path(file).name, production), text


def compared(policies: Policies, new: Policy, text: str, today: date) -> PolicyCheck:
    """What a policy would change. Refused: MISMATCH for a version that is there with other content."""
    if new.version in policies.versions():
        same_policy(new.version, policies.text(new.version), text)
    old = policies.in_force_on(today)
    return PolicyCheck(
        version=new.version,
        effective=new.effective,
        compared_with=old.version,
        changes=changes(old, new),
        looks=touches(old, new),
        warnings=(*_out_of_order(old, new, today), *(said.en for said in upkeep(new, today))),
    )


def _out_of_order(old: Policy, new: Policy, today: date) -> list[str]:
    found = []
    if new.effective < today:
        found.append(f"Policy {new.version} takes effect in the past, on {new.effective}.")
    if old.later_than(new):
        found.append(f"Policy {new.version} would never be in force: {old.version} is later, and is so already.")
    return found


def _pages(check: PolicyCheck) -> Iterable[RenderableType]:
    yield f"Policy {check.version} can be used from {check.effective} on, compared with {check.compared_with}."
    yield f"Looks that rest on what changes: {', '.join(check.looks) or 'none'}."
    yield from check.warnings
    yield from table("Changes", ("rule", "is", "becomes"), ((each.path, each.old, each.new) for each in check.changes))
