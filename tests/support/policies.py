"""Policies of the tests: the rehearsal policy with some rules changed, published by people of the examples."""

import re
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts.rollout import PolicyProposal, PolicyRuling, ProposedPolicy, RolloutReport
from contracts.tasks import Noted
from gateways.rollouts import RolloutBook
from policy_client import PolicyClient
from tests.support.firm import FAST, Firm

VERSION, EFFECTIVE = "2026-11-22.4-rehearsal", "effective = 2026-11-01"
ANOTHER_LINE = """
[[checklist]]
id = "closing_talk"
kinds = ["person", "company"]
initiators = ["customer"]
attested_by = "customer_service"
zh = "已与客户面谈"
en = "The customer was spoken with"
source = "ours"
"""
"""Touches every closure that a customer asked for, and no other."""

PATIENT = ('= "150 seconds"', '= "15 days"')
"""Customers who take their time, for worlds whose time is moved by the test."""

EVERYBODY_CONFIRMS = ('confirm_contact = ["customer"]', 'confirm_contact = ["customer", "firm"]')
"""The customer also confirms what the firm asked for."""

_ids = count(1)


def variant(version: str, *rules: tuple[str, str], effective: date | None = None, more: str = "") -> str:
    """The text of the rehearsal policy as `version`, with each of `rules` (old, new) changed, and `more` at its end."""
    text = (FAST / f"{VERSION}.toml").read_text(encoding="utf-8").replace(VERSION, version)
    text = text.replace(EFFECTIVE, f"effective = {effective}") if effective else text
    for old, new in rules:
        assert old in text, old
        text = text.replace(old, new)
    return text + more


def expiring_notice(name: str, last: date) -> str:
    """What a policy says of a notice that must not be used after a day."""
    return f'\n[templates.{name}]\nexpires = {last}\nsource = "ours"\n'


def unhurried() -> list[tuple[str, str]]:
    """Rules by which nobody is reminded while a test runs: what a ladder counts in seconds, it counts in days."""
    steps = re.findall(r'(?:due|after) = "\d+ seconds"', variant(VERSION))
    return [(step, step.replace("seconds", "days")) for step in sorted(set(steps))]


def folder_with(folder: Path, *rules: tuple[str, str]) -> Path:
    """A folder with the rehearsal policy, changed by `rules`."""
    folder.mkdir()
    (folder / f"{VERSION}.toml").write_text(variant(VERSION, *rules), encoding="utf-8")
    return folder


def tomorrow() -> date:
    """By the firm's clock."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)


def desk(firm: Firm) -> PolicyClient:
    """Whom policies are published with."""
    return PolicyClient(firm.client, firm.task_queue)


async def publish(firm: Firm, version: str, text: str, by: str = "lin.tao") -> ProposedPolicy:
    """Compliance proposes."""
    return await desk(firm).publish(PolicyProposal(version=version, text=text, token=firm.tokens.mint(by)))


async def rule(firm: Firm, version: str, *, approve: bool = True, by: str = "david.chen", reason: str = "") -> Noted:
    """The manager rules."""
    return await desk(firm).rule(ruling(firm, version, approve=approve, by=by, reason=reason))


def ruling(firm: Firm, version: str, *, approve: bool, by: str, reason: str = "") -> PolicyRuling:
    """A ruling with an id of its own."""
    return PolicyRuling(
        decision_id=f"P-{next(_ids)}", version=version, approve=approve, reason=reason, token=firm.tokens.mint(by)
    )


def report(firm: Firm, version: str) -> RolloutReport:
    """How the rollout stands, by the records."""
    with firm.world.database.reading() as session:
        return RolloutBook(firm.books, firm.world.policies).report(session, version)
