"""The outside world is out of order: for a moment, for longer than the policy's patience, or for good."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client

from commands.verifying import check
from contracts.findings import FindingKind, FindingState
from contracts.notices import DeliveryState
from contracts.requests import CaseOutcome
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import Medium, Role
from gateways.devserver import free_port
from gateways.mail import SmtpMailer
from gateways.mailcatcher import MailCatcher
from gateways.payments import FolderRail
from policy.spans import plain
from tests.faults.edges import BreakingOff, RefusingRail, Watched, at_work, mail_server_that_knows_nobody
from tests.support.course import repaired
from tests.support.firm import Firm, eventually, running_firm
from tests.support.postgres import PostgresServer

SENDER = "service@firm.example.com"
LONG_ENOUGH_SECONDS = 0.7


def holds(firm: Firm, outcome: CaseOutcome) -> None:
    """Closed and paid once; the trail, its head and the sums are as they should be."""
    assert outcome.outcome == "closed"
    assert firm.payments() == ["1234.56"]
    with firm.world.database.transaction() as session:
        assert check(session, None, [outcome]).breaks == ()


async def lose_patience(firm: Firm, kind: str) -> None:
    """The policy's patience with failing steps of this kind runs out."""
    patience = getattr(firm.world.policies["2026-11-22.4-rehearsal"].patience, kind)
    await firm.pass_time(plain(patience) + timedelta(seconds=1))


async def approve(firm: Firm, case: str) -> None:
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    await firm.decide(await firm.task("approval"), "approve", "song.jia")


# ---- mail ------------------------------------------------------------------------------------------------------------


async def test_mail_that_could_not_be_handed_over_goes_out_once_when_the_server_is_back(firm_to_be: Firm):
    port = free_port()
    mailer = Watched(SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER))
    firm_to_be.world.mailer = mailer
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await mailer.failed(2)
        with MailCatcher(firm_to_be.mail.folder, port=port):
            holds(firm_to_be, await firm_to_be.close_smoothly(case))
    ids = [message["Message-ID"] for message in firm_to_be.mail.messages()]
    assert len(ids) == len(set(ids))
    states = {contact.state for contact in firm_to_be.show(case).contacts}
    assert states == {DeliveryState.SENT, DeliveryState.ANSWERED}


async def test_a_customer_whose_mail_address_is_refused_gets_the_code_by_sms_and_answers(firm_to_be: Firm):
    with mail_server_that_knows_nobody() as url:
        firm_to_be.world.mailer = SmtpMailer(url, SENDER)
        async with at_work(firm_to_be):
            case = (await firm_to_be.open()).case
            task = await firm_to_be.task("confirm_contact")
            code = await eventually(lambda: sms_code(firm_to_be, case, "confirm_contact"), "the code by SMS")
            await firm_to_be.quietus.decide(firm_to_be.decision(task, "confirm", code))
            await firm_to_be.decide(await firm_to_be.task("approval"), "approve", "song.jia")
            holds(firm_to_be, await firm_to_be.outcome(case))
    assert contacts(firm_to_be, case, "confirm_contact") == [
        (Medium.EMAIL, DeliveryState.REFUSED),
        (Medium.SMS, DeliveryState.ANSWERED),
    ]


async def test_a_customer_is_reached_by_sms_when_mail_is_down_for_longer_than_our_patience(firm_to_be: Firm):
    mailer = Watched(firm_to_be.world.mailer, down=True)
    firm_to_be.world.mailer = mailer
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await mailer.failed(1)
        await lose_patience(firm_to_be, "delivery")
        await eventually(lambda: len(contacts(firm_to_be, case, "acknowledgement")) == 2, "the next channel")
        mailer.down = False
        holds(firm_to_be, await firm_to_be.close_smoothly(case))
    assert contacts(firm_to_be, case, "acknowledgement") == [
        (Medium.EMAIL, DeliveryState.FAILED),
        (Medium.SMS, DeliveryState.SENT),
    ]


def contacts(firm: Firm, case: str, template: str) -> list[tuple[Medium | None, DeliveryState]]:
    return [(each.medium, each.state) for each in firm.show(case).contacts if each.template == template]


def sms_code(firm: Firm, case: str, template: str) -> str | None:
    """The code in the SMS that was sent last."""
    if (Medium.SMS, DeliveryState.SENT) not in contacts(firm, case, template):
        return None
    newest = max((firm.home / "mail" / "sms").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    found = re.search(r"\.?[\w-]+\.[\w-]+\.[\w-]{20,}", json.loads(newest.read_text())["text"], re.ASCII)
    return found[0] if found else None


# ---- payments --------------------------------------------------------------------------------------------------------


async def test_a_refused_payout_is_retried_after_finance_has_put_it_right_and_paid_once(firm_to_be: Firm):
    firm_to_be.world.rail = RefusingRail(firm_to_be.world.rail)
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await approve(firm_to_be, case)
        task = await firm_to_be.task("payout_failed")
        assert firm_to_be.balance("ACC-1001") == "1234.56", "the money is back on the account"
        assert roles_and_options(firm_to_be, case, "payout_failed") == ((Role.FINANCE,), ("fixed", "return"))
        await firm_to_be.decide(task, "fixed", "wang.fang")
        holds(firm_to_be, await firm_to_be.outcome(case))
    (order,) = FolderRail(firm_to_be.home / "payments").orders()
    assert order.reference == f"{case}.1/pay_out/2"


async def test_an_order_whose_receipt_was_lost_is_looked_up_and_not_sent_again(firm_to_be: Firm):
    rail = Watched(BreakingOff(firm_to_be.world.rail))
    firm_to_be.world.rail = rail
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await approve(firm_to_be, case)
        holds(firm_to_be, await firm_to_be.outcome(case))
    assert rail.failures == 1


async def test_a_payout_that_is_impossible_for_longer_than_our_patience_goes_to_technology_and_is_paid_once(
    firm_to_be: Firm,
):
    rail = Watched(firm_to_be.world.rail, down=True)
    firm_to_be.world.rail = rail
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await approve(firm_to_be, case)
        await rail.failed(1)
        await lose_patience(firm_to_be, "effect")
        task = await firm_to_be.task("system_fault")
        assert roles_and_options(firm_to_be, case, "system_fault") == ((Role.TECHNOLOGY,), ("fixed", "return"))
        assert firm_to_be.payments() == []
        rail.down = False
        await repaired(firm_to_be, task)
        holds(firm_to_be, await firm_to_be.outcome(case))


# ---- other gateways --------------------------------------------------------------------------------------------------


async def test_a_check_that_fails_for_longer_than_our_patience_goes_to_technology_and_is_made_again(firm_to_be: Firm):
    screening = Watched(firm_to_be.world.screening, down=True)
    firm_to_be.world.screening = screening
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await firm_to_be.answer(await firm_to_be.task("confirm_contact"), "confirm")
        await screening.failed(1)
        await lose_patience(firm_to_be, "check")
        task = await firm_to_be.task("system_fault")
        assert roles_and_options(firm_to_be, case, "system_fault") == ((Role.TECHNOLOGY,), ("fixed", "return", "end"))
        screening.down = False
        await repaired(firm_to_be, task)
        await firm_to_be.decide(await firm_to_be.task("approval"), "approve", "song.jia")
        holds(firm_to_be, await firm_to_be.outcome(case))
    states = [(finding.kind, finding.state) for finding in firm_to_be.show(case).findings]
    assert states == [(FindingKind.SYSTEM_FAULT, FindingState.CLEARED)]


async def test_a_dossier_is_filed_when_the_evidence_store_is_back(firm_to_be: Firm):
    evidence = Watched(firm_to_be.world.evidence)
    firm_to_be.world.evidence = evidence
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await approve(firm_to_be, case)
        task = await firm_to_be.task("closing_statement")
        evidence.down = True
        await firm_to_be.answer(task, "received")
        await evidence.failed(2)
        evidence.down = False
        holds(firm_to_be, await firm_to_be.outcome(case))
    assert firm_to_be.world.evidence.exists(f"dossiers/{case}.1/index.json")


def roles_and_options(firm: Firm, case: str, name: str) -> tuple[tuple[Role, ...], tuple[str, ...]]:
    task = next(task for task in firm.show(case).tasks if task.name == name)
    return task.roles, task.options


# ---- the records -----------------------------------------------------------------------------------------------------


async def test_a_decision_waits_while_another_holds_the_database_and_is_taken_once(firm_to_be: Firm):
    async with at_work(firm_to_be):
        case = (await firm_to_be.open()).case
        await firm_to_be.answer(await firm_to_be.task("confirm_contact"), "confirm")
        task = await firm_to_be.task("approval")
        with closing(sqlite3.connect(firm_to_be.home / "quietus.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            deciding = await undecided(firm_to_be.decide(task, "approve", "song.jia"))
            other.execute("ROLLBACK")
        assert (await deciding).done
        holds(firm_to_be, await firm_to_be.outcome(case))


async def test_a_decision_sent_while_postgresql_is_killed_is_taken_when_it_is_back(
    skipping_client: Client, tmp_path: Path
):
    with PostgresServer(fsync=False) as postgres:
        async with running_firm(skipping_client, tmp_path, url=postgres.create_database("quietus")) as firm:
            case = (await firm.open()).case
            await firm.answer(await firm.task("confirm_contact"), "confirm")
            task = await firm.task("approval")
            postgres.kill()
            deciding = await undecided(firm.decide(task, "approve", "song.jia"))
            postgres.start()
            assert (await deciding).done
            holds(firm, await firm.outcome(case))


async def undecided(deciding: Coroutine[Any, Any, DecisionReceipt]) -> "asyncio.Task[DecisionReceipt]":
    """The decision on its way, after it had time enough to be taken and was not."""
    task = asyncio.create_task(deciding)
    await asyncio.wait([task], timeout=LONG_ENOUGH_SECONDS)
    assert not task.done()
    return task
