"""账户信息错误、客户信息变更、客户需求变更: put right by two people, and only what rested on it is looked at again."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.findings import FindingKind, FindingState
from contracts.refusals import Code, Refused
from contracts.tasks import TaskState
from contracts.vocabulary import Role
from gateways.failures import PermanentFailure
from gateways.mail import Mail, Sent, SmtpMailer
from tests.support.course import FIX_ADJUST_OR_END, FIX_OR_END, approve, closed, closes, confirmed, finding
from tests.support.coverage import How, shows
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm, eventually
from tests.support.happenings import contacts, happens, lessons, link, looks, misspell
from tests.support.moments import letter, letters

NUMBER, MISSPELT = "11010519491231002X", "110105194912310021"
CONFIRM_OR_FIX = ("confirmed", "fixed", "return", "end")
TELEPHONED, GIVEN_UP = timedelta(seconds=101), timedelta(seconds=155)
PAYOUT = {"name": "张伟", "account": "6217000000000000001", "bank": "CCB"}
LETTERS = ("confirm_contact", "closing_statement")
CHANGE = FindingKind.CUSTOMER_INFO_CHANGE


async def misspelt(firm: Firm) -> str:
    """A case that finds a wrong digit in the identity number; it is confirmed, and the customer is asked."""
    misspell(firm, "CUS-1001", "identity_number", MISSPELT)
    case = (await firm.open()).case
    task = await finding(firm, "account_info_error", Role.CUSTOMER_SERVICE, CONFIRM_OR_FIX)
    await firm.decide(task, "confirmed", "li.wei")
    return case


# ---- 账户信息错误 --------------------------------------------------------------------------------


@shows(How.ALONE, FindingKind.ACCOUNT_INFO_ERROR)
async def test_a_wrong_digit_is_asked_for_alone_approved_by_a_second_person_and_checked_again(firm: Firm):
    case = await misspelt(firm)
    asked = await firm.task("correct_details")
    await firm.answer(asked, "corrected", data={"value": NUMBER})
    task = await firm.task("correct_record")
    with pytest.raises(Refused) as refused:
        await firm.decide(task, "approve", "li.wei")
    assert refused.value.code is Code.FOUR_EYES
    await firm.decide(task, "approve", "chen.jie")
    assert_ended_well(firm, await firm.close_smoothly(case), status="closed", balance="0.00")
    corrected = link(firm, case, "record corrected: identity_number")
    assert corrected.evidence == {
        "field": "identity_number", "old": MISSPELT, "new": NUMBER, "approved by": "chen.jie",
    }  # fmt: skip
    assert corrected.who == "customer"
    assert firm.found(case) == {"account_info_error:identity_number": FindingState.CLEARED}
    assert looks(firm, case)["identify"] == 2
    assert looks(firm, case)["screen"] == looks(firm, case)["finance"] == 1
    assert [kind for kind, _ in lessons(firm, case)] == ["account_info_error"]
    assert firm.subjects("correct_details", case) == 1


async def test_a_correction_that_is_noted_on_the_telephone_is_not_approved_by_who_noted_it(firm: Firm):
    case = await misspelt(firm)
    asked = await firm.task("correct_details")
    await firm.pass_time(TELEPHONED)
    script = str((await letter(firm, case, "phone_script", asked)).get_content())
    assert f"""starter.py answer {asked} corrected --as <工号> --data '{{"value": "..."}}'""" in script
    returned = str(letters(firm, case, "task")[0].get_content())
    assert """return  退回  --data '{"to": "customer"}' (customer, customer_service)""" in returned
    await firm.decide(asked, "corrected", "chen.jie", data={"value": NUMBER})
    task = await firm.task("correct_record")
    for barred in ("chen.jie", "li.wei"):
        with pytest.raises(Refused) as refused:
            await firm.decide(task, "approve", barred)
        assert refused.value.code is Code.FOUR_EYES
    await firm.decide(task, "approve", "peng.fei")
    await firm.task("confirm_contact")


async def test_a_correction_that_nobody_approves_leaves_the_record_and_finds_the_error_again(firm: Firm):
    case = await misspelt(firm)
    await firm.answer(await firm.task("correct_details"), "corrected", data={"value": NUMBER})
    await firm.decide(await firm.task("correct_record"), "reject", "song.jia", reason="no paper shows it")
    await firm.decide(await firm.task("account_info_error"), "end", "li.wei", reason="no paper shows it")
    assert (await firm.outcome(case)).outcome == "rejected"
    assert looks(firm, case)["identify"] == 2
    assert lessons(firm, case) == []


async def test_a_value_that_cannot_be_is_the_roles_to_put_right_and_the_case_goes_on(firm: Firm):
    case = await misspelt(firm)
    await firm.answer(await firm.task("correct_details"), "corrected", data={"value": "110105194912310029"})
    task = await finding(firm, "account_info_error", Role.CUSTOMER_SERVICE, FIX_OR_END)
    assert "check digit" in firm.line(task).subject
    assert firm.open_task("correct_record") is None
    misspell(firm, "CUS-1001", "identity_number", NUMBER)
    await firm.decide(task, "fixed", "li.wei")
    assert (await firm.close_smoothly(case)).outcome == "closed"


async def test_an_error_that_the_role_has_mended_in_the_books_is_only_checked_again(firm: Firm):
    misspell(firm, "CUS-1001", "identity_number", MISSPELT)
    case = (await firm.open()).case
    task = await firm.task("account_info_error")
    misspell(firm, "CUS-1001", "identity_number", NUMBER)
    await firm.decide(task, "fixed", "li.wei")
    await firm.task("confirm_contact")
    assert firm.subjects("correct_details", case) == 0


async def test_a_customer_who_does_not_say_the_right_value_leaves_it_to_the_role(firm: Firm):
    case = await misspelt(firm)
    await firm.task("correct_details")
    await firm.pass_time(GIVEN_UP)
    task = await finding(firm, "account_info_error", Role.CUSTOMER_SERVICE, FIX_OR_END)
    await firm.decide(task, "end", "li.wei", reason="the customer does not answer")
    assert (await firm.outcome(case)).outcome == "rejected"


# ---- 客户信息变更 --------------------------------------------------------------------------------


@shows(How.ALONE, CHANGE)
async def test_a_new_name_is_approved_and_what_rested_on_the_old_one_is_looked_at_again(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    asked = await firm.task("approval")
    await happens(firm, receipt.case, CHANGE, detail="married", field="name", value="张伟国")
    task = await firm.task("correct_record")
    with pytest.raises(Refused) as refused:
        await firm.decide(task, "approve", "li.wei")
    assert refused.value.code is Code.FOUR_EYES
    await firm.decide(task, "approve", "song.jia")
    link_ = await eventually(lambda: corrections(firm, receipt.case), "the correction")
    assert link_ == [("customer, noted by li.wei", "张伟", "张伟国", "song.jia")]
    payee = await firm.task("account_info_error")  # the payout is still in the old name
    assert firm.line(asked).state is TaskState.WITHDRAWN  # what was to be approved is no longer so
    await firm.decide(payee, "fixed", "li.wei", data={"payout": PAYOUT | {"name": "张伟国"}})
    await approve(firm, "luo.hao")
    await closes(firm, receipt)
    made = looks(firm, receipt.case)
    assert (made["identify"], made["screen"], made["grade"]) == (3, 2, 2)
    assert made["finance"] == made["contract"] == made["compliance"] == 1
    assert firm.subjects("confirm_contact", receipt.case) == 1


def corrections(firm: Firm, case: str) -> list[tuple[str, ...]]:
    links = [each for each in firm.show(case).trail if each.what.startswith("record corrected")]
    return [(each.who, *(each.evidence[name] for name in ("old", "new", "approved by"))) for each in links]


async def test_a_change_that_is_not_approved_changes_nothing_and_nothing_is_looked_at_again(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await firm.task("approval")
    await happens(firm, receipt.case, CHANGE, field="name", value="张伟国")
    await firm.decide(await firm.task("correct_record"), "reject", "song.jia", reason="no paper")
    await approve(firm, "luo.hao")
    await closes(firm, receipt)
    assert corrections(firm, receipt.case) == []
    assert looks(firm, receipt.case)["identify"] == 1


async def test_a_new_language_is_written_in_and_nothing_is_looked_at_again(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await firm.task("approval")
    await happens(firm, receipt.case, CHANGE, field="language", value="en")
    await firm.decide(await firm.task("correct_record"), "approve", "song.jia")
    await approve(firm, "luo.hao")
    await closes(firm, receipt)
    assert looks(firm, receipt.case)["identify"] == 1
    languages = [(await letter(firm, receipt.case, name))["Content-Language"] for name in LETTERS]
    assert languages == ["zh", "en"]


async def test_another_payout_account_is_identified_again_and_paid(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await approve_after(firm, receipt.case, payout=PAYOUT)
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    made = looks(firm, receipt.case)
    assert (made["identify"], made["finance"]) == (2, 1)
    changed = link(firm, receipt.case, "request changed: payout")
    assert "6222020200112233445" in changed.evidence["payout old"]
    assert "6217000000000000001" in changed.evidence["payout new"]


async def test_a_payout_to_somebody_else_is_never_paid(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await approve_after(firm, receipt.case, payout=PAYOUT | {"name": "王五"})
    task = await finding(firm, "account_info_error", Role.CUSTOMER_SERVICE, FIX_ADJUST_OR_END)
    await firm.decide(task, "end", "li.wei", reason="not the customer's account")
    assert (await firm.outcome(receipt.case)).outcome == "rejected"
    assert firm.payments() == []


async def approve_after(firm: Firm, case: str, **change: Any) -> None:
    """It waits to be approved while the details change; before that or after it somebody has approved."""
    task = await firm.task("approval")
    await happens(firm, case, CHANGE, by="customer", **change)
    with suppress(Refused):
        await firm.decide(task, "approve", "song.jia")


async def test_a_new_address_is_asked_whether_it_is_right_and_the_old_one_hears_of_nothing_else(firm: Firm):
    case = (await firm.open()).case
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    await firm.task("approval")
    await happens(firm, case, CHANGE, by="customer", field="email", value="new@example.com")
    await firm.answer(await firm.task("confirm_new_contact"), "confirm")
    await approve(firm, "song.jia")
    await firm.answer(await firm.task("confirm_contact"), "confirm")  # that the request is theirs, on the new contact
    await firm.answer(await firm.task("closing_statement"), "received")
    assert (await firm.outcome(case)).outcome == "closed"
    sent = contacts(firm, case)
    told = sent.index(("contact_changing", "zhang.wei@example.com"))
    assert {address for _, address in sent[:told]} == {"zhang.wei@example.com"}
    assert [each for each, address in sent[told + 1 :] if address == "new@example.com"] == [
        "confirm_new_contact", "confirm_contact", "date_agreed", "closing_statement",
    ]  # fmt: skip
    assert len(sent[told + 1 :]) == 4
    named = link(firm, case, "new contact: email")
    assert (named.who, named.evidence["old"], named.evidence["new"]) == (
        "customer", "zhang.wei@example.com", "new@example.com",
    )  # fmt: skip


async def test_after_a_new_contact_nothing_goes_on_until_it_has_cooled_off(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await approve_after(firm, receipt.case, field="sms", value="+8613800138099")
    answered = await firm.answer(await firm.task("confirm_new_contact"), "confirm")
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    again = [each for each in firm.show(receipt.case).trail if each.what.endswith("-confirm_contact")][-1]
    assert again.at - answered.at >= timedelta(seconds=2)
    await closes(firm, receipt)


@pytest.mark.parametrize(
    ("option", "address"), [("confirmed", "new@example.com"), ("keep_old", "zhang.wei@example.com")]
)
async def test_a_new_address_that_is_denied_is_taken_only_at_somebodys_word(firm: Firm, option: str, address: str):
    receipt = await confirmed(firm, "ACC-1001")
    await approve_after(firm, receipt.case, field="email", value="new@example.com")
    await firm.answer(await firm.task("confirm_new_contact"), "deny")
    task = await finding(
        firm, "customer_info_change", Role.CUSTOMER_SERVICE, ("confirmed", "keep_old", "return", "end")
    )
    with pytest.raises(Refused) as refused:
        await firm.decide(task, option, "li.wei")
    assert refused.value.code is Code.REASON_MISSING
    await firm.decide(task, option, "li.wei", reason="seen at the counter")
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    await closes(firm, receipt)
    assert firm.show(receipt.case).contacts[-1].address == address


async def test_a_new_address_that_turns_mail_away_is_called_about_once(firm: Firm, monkeypatch: pytest.MonkeyPatch):
    receipt = await confirmed(firm, "ACC-1001")
    send, turned_away = SmtpMailer.send, list[Mail]()

    def turn_away(mailer: SmtpMailer, mail: Mail) -> Sent:
        if "new@example.com" in mail.to:
            turned_away.append(mail)
            raise PermanentFailure("550 no such mailbox")
        return send(mailer, mail)

    monkeypatch.setattr(SmtpMailer, "send", turn_away)
    await approve_after(firm, receipt.case, field="email", value="new@example.com")
    task = await firm.task("confirm_new_contact")
    await eventually(lambda: Role.CALL_CENTRE in firm.line(task).roles, "somebody to call")
    assert len(turned_away) == 1
    await firm.decide(task, "deny", "cao.ning")
    await firm.decide(await firm.task("customer_info_change"), "keep_old", "li.wei", reason="it was misspelt")
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    await closes(firm, receipt)


async def test_a_new_address_that_nobody_answers_at_is_for_the_role(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await approve_after(firm, receipt.case, field="email", value="new@example.com")
    await firm.task("confirm_new_contact")
    await firm.pass_time(GIVEN_UP)
    await firm.decide(await firm.task("customer_info_change"), "end", "li.wei", reason="who was that?")
    assert (await firm.outcome(receipt.case)).outcome == "rejected"


# ---- 客户需求变更 --------------------------------------------------------------------------------


@shows(How.ALONE, FindingKind.CUSTOMER_NEED_CHANGE)
async def test_another_wished_day_is_agreed_again_and_nothing_else_is_looked_at(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    await firm.task("approval")
    day = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    await happens(firm, receipt.case, FindingKind.CUSTOMER_NEED_CHANGE, detail="later", wished_on=day)
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    made = looks(firm, receipt.case)
    assert (made["contract"], made["finance"], made["identify"]) == (2, 1, 1)
    assert [each.what for each in firm.show(receipt.case).trail if each.what.startswith("closing day 2")] == [
        f"closing day {day}"
    ]
    changed = link(firm, receipt.case, "request changed: wished_on")
    assert (changed.why, changed.evidence) == ("later", {"wished_on old": "null", "wished_on new": f'"{day}"'})


async def test_another_wish_after_the_approval_for_another_payout_is_approved_again(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001")
    task = await firm.task("approval")
    await happens(firm, receipt.case, FindingKind.CUSTOMER_NEED_CHANGE, payout=PAYOUT)
    with suppress(Refused):  # it may not be wanted any more at this very moment
        await firm.decide(task, "approve", "song.jia")
    await approve(firm, "luo.hao")
    await closed_after(firm, receipt)
    made = looks(firm, receipt.case)
    assert (made["identify"], made["compliance"], made["finance"]) == (2, 2, 1)


async def closed_after(firm: Firm, receipt: Any) -> None:
    await firm.answer(await firm.task("closing_statement"), "received")
    await closed(firm, receipt)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({}, "data"),
        ({"wished_on": "9999-12-31"}, "data.wished_on"),
        ({"wished_on": "2026-02-30"}, "data.wished_on"),
        ({"customer": "CUS-1002"}, "data.customer"),
    ],
    ids=["nothing", "years ahead", "no such day", "another customer"],
)
async def test_a_wish_that_cannot_be_is_refused_and_changes_nothing(firm: Firm, data: dict[str, Any], path: str):
    receipt = await confirmed(firm, "ACC-1001")
    with pytest.raises(Refused) as refused:
        await happens(firm, receipt.case, FindingKind.CUSTOMER_NEED_CHANGE, **data)
    assert (refused.value.code, refused.value.faults[0].path) == (Code.BAD_INPUT, path)
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {}
