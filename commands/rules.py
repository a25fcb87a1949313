"""The policy, as it is in force or was."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from commands.face import AsJson, answer
from policy import Policies
from policy.model import Policy
from settings import load_settings


def show(
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Left out: the one in force today.")] = None,
    as_json: AsJson = False,
) -> None:
    """As the file says it, with the source of each number."""
    settings = load_settings()
    policies = Policies(settings.policy_dir, production=settings.production)
    policy = policies[version] if version else policies.in_force_on(datetime.now(UTC).date())

    def pages(shown: Policy) -> list[str]:
        head = f"Policy {shown.version}, in force from {shown.effective}, approved by {shown.approved_by}."
        text = (policies.folder / f"{shown.version}.toml").read_text(encoding="utf-8")
        return [head, f"Versions: {', '.join(policies.versions())}", "", text]

    answer(policy, as_json, pages)
