"""制度变更 by mail: managers hear of a proposal, its proposer of the ruling, once; no mail keeps a rollout waiting."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.client import Client

from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.rollout import RolloutState
from policy_client import rollout_id
from records.tables import ContactRow
from tests.faults.edges import Watched, at_work
from tests.support.course import confirmed
from tests.support.firm import Firm, eventually, firm_without_worker
from tests.support.moments import told
from tests.support.policies import ANOTHER_LINE, PATIENT, folder_with, publish, report, rule, tomorrow, variant

NEW = "2027-rehearsal"
GIVEN_UP = timedelta(seconds=65)
"""Twice as long as a mail is tried by the rehearsal policy, and a little longer."""

FILE = variant(NEW, PATIENT, effective=tomorrow(), more=ANOTHER_LINE)


@pytest.fixture
async def posting(skipping_client: Client, tmp_path: Path) -> AsyncIterator[tuple[Firm, Watched]]:
    """A firm whose mail server can be down, and whose customers take their time."""
    folder = folder_with(tmp_path / "policy", PATIENT)
    async with firm_without_worker(skipping_client, tmp_path, policy=folder) as firm:
        mailer = Watched(firm.world.mailer)
        firm.world.mailer = mailer
        async with at_work(firm):
            yield firm, mailer


async def mails(firm: Firm, template: str, number: int = 1) -> list[EmailMessage]:
    """The mails by a template that arrived, as soon as there are so many."""
    return await eventually(lambda: arrived if len(arrived := _arrived(firm, template)) >= number else None, template)


def _arrived(firm: Firm, template: str) -> list[EmailMessage]:
    ids = [row.message_id for row in contacts(firm) if row.template == template]
    return [mail for mail in firm.mail.messages() if mail["Message-ID"] in ids]


def contacts(firm: Firm) -> list[ContactRow]:
    """What is on record of mails about policies."""
    with firm.world.database.reading() as session:
        return list(session.exec(select(ContactRow).where(ContactRow.dossier == "policies")))


async def ended(firm: Firm) -> None:
    """As soon as the rollout has ended."""
    await firm.client.get_workflow_handle(rollout_id(NEW)).result()


async def test_managers_are_told_of_a_proposal_and_the_proposer_of_the_ruling(posting: tuple[Firm, Watched]):
    firm, _ = posting
    await confirmed(firm, "ACC-1001")
    await firm.task("approval")
    await publish(firm, NEW, FILE)
    (proposed,) = await mails(firm, "policy_proposed")
    assert told(proposed) == {"david.chen", "tian.ye"}
    text = str(proposed.get_content())
    assert all(word in text for word in (NEW, str(tomorrow()), "lin.tao", "1 件", f"policy approve {NEW}"))
    await publish(firm, NEW, FILE)
    await rule(firm, NEW)
    (ruled,) = await mails(firm, "policy_ruled")
    assert told(ruled) == {"lin.tao"}
    assert "david.chen 批准" in str(ruled.get_content())
    assert [len(_arrived(firm, template)) for template in ("policy_proposed", "policy_ruled")] == [1, 1]


async def test_a_manager_who_proposes_asks_the_other_one_and_a_second_proposal_is_told_again(
    posting: tuple[Firm, Watched],
):
    firm, _ = posting
    await publish(firm, NEW, FILE, by="tian.ye")
    (first,) = await mails(firm, "policy_proposed")
    assert told(first) == {"david.chen"}
    await rule(firm, NEW, approve=False, reason="not before the audit")
    (ruled,) = await mails(firm, "policy_ruled")
    assert told(ruled) == {"tian.ye"}
    assert "not before the audit" in str(ruled.get_content())
    await ended(firm)
    await publish(firm, NEW, FILE)
    assert told((await mails(firm, "policy_proposed", 2))[-1]) == {"david.chen", "tian.ye"}


async def test_a_mail_server_that_is_down_keeps_no_rollout_waiting(posting: tuple[Firm, Watched]):
    firm, mailer = posting
    mailer.down = True
    await publish(firm, NEW, FILE)
    await mailer.failed(1)
    await rule(firm, NEW)
    mailer.down = False
    assert told((await mails(firm, "policy_ruled"))[0]) == {"lin.tao"}
    assert _arrived(firm, "policy_proposed") == []  # a ruling is there: nobody has to be asked for it any more
    assert report(firm, NEW).state is RolloutState.APPROVED


async def test_a_rejected_policy_is_not_taken_again_while_its_rollout_is_ending(posting: tuple[Firm, Watched]):
    firm, mailer = posting
    mailer.down = True
    await publish(firm, NEW, FILE)
    await rule(firm, NEW, approve=False, reason="not now")
    with pytest.raises(Refused, match="publish it again in a little while") as refusal:
        await publish(firm, NEW, FILE)
    assert refusal.value.code is Code.NOT_ALLOWED
    await firm.pass_time(GIVEN_UP)
    await ended(firm)
    assert (await publish(firm, NEW, FILE)).state is RolloutState.PROPOSED


async def test_a_mail_that_never_went_out_is_on_record_as_failed(posting: tuple[Firm, Watched]):
    firm, mailer = posting
    mailer.down = True
    await publish(firm, NEW, FILE)
    await rule(firm, NEW, approve=False, reason="not now")
    await firm.pass_time(GIVEN_UP)
    await ended(firm)
    states = {row.template: row.state for row in contacts(firm)}
    assert states["policy_ruled"] is DeliveryState.FAILED
