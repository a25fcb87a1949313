"""延期: more time after a disruption is given by somebody else than who asked for it, or not at all."""

from datetime import timedelta

import pytest

from contracts.disruption import DisruptionState
from contracts.refusals import Code, Refused
from disruption_client import disruption_id
from tests.support.disruptions import OUTAGE, declare, end, over, rule, suspended
from tests.support.firm import Firm, eventually


async def asked(firm: Firm) -> str:
    """A case whose customer is asked to confirm."""
    case = (await firm.open("ACC-1001")).case
    await firm.task("confirm_contact", case)
    return case


async def test_more_time_that_nobody_rules_on_is_not_given_and_the_cases_go_on(firm: Firm):
    case = await asked(firm)
    await declare(firm)
    await suspended(firm, case)
    await end(firm, days=2)
    subject = "延期 2 个工作日"
    await eventually(lambda: [mail for mail in firm.mail.messages() if subject in str(mail["Subject"])], "the mail")
    (mail,) = (mail for mail in firm.mail.messages() if subject in str(mail["Subject"]))
    assert "david.chen" in str(mail["To"])
    assert f"disruption approve {OUTAGE}" in mail.get_content()
    assert firm.show(case).held
    await firm.pass_time(timedelta(hours=2, minutes=1))
    found = await over(firm)
    assert (found.granted, found.ruled_by, found.reason) == (False, "system", "nobody ruled in time")
    assert not any("extended" in link.what for link in firm.show(case).trail)
    assert not firm.show(case).held


async def test_more_time_is_given_by_a_manager_who_did_not_ask_for_it_and_cases_wait_for_the_word(firm: Firm):
    case = await asked(firm)
    task = await firm.task("confirm_contact", case)
    due, expected = firm.line(task).due, firm.show(case).expected_by
    await declare(firm)
    await suspended(firm, case)
    with pytest.raises(Refused) as too_many:
        await end(firm, days=11)
    assert too_many.value.code is Code.NOT_ALLOWED
    assert (await end(firm, days=2, by="david.chen")).state is DisruptionState.ENDING
    for by, code in (("song.jia", Code.FORBIDDEN), ("david.chen", Code.FOUR_EYES)):
        with pytest.raises(Refused) as refusal:
            await rule(firm, by=by)
        assert refusal.value.code is code
    assert firm.show(case).held
    assert (await rule(firm, by="tian.ye")).state is DisruptionState.RESUMING
    found = await over(firm)
    assert (found.granted, found.ruled_by, found.working_days) == (True, "tian.ye", 2)
    two_days = timedelta(days=2)
    assert firm.show(case).expected_by >= expected + two_days
    await eventually(lambda: firm.line(task).due >= due + two_days, "the task to be reckoned again")
    await firm.client.get_workflow_handle(disruption_id(OUTAGE)).result()
    with pytest.raises(Refused) as again:
        await rule(firm, by="tian.ye")
    assert again.value.code is Code.NOT_FOUND
