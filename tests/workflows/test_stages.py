"""受理 to 销户原因: what is found about who asks and why, who deals with it, and how the case goes on."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.findings import FindingState
from contracts.money import Money
from contracts.vocabulary import Initiator, Role
from gateways.books_file import load_books
from tests.support.course import (
    FIX_ACCEPT_OR_END,
    FIX_ADJUST_OR_END,
    FIX_OR_END,
    accept,
    approve,
    closed,
    closes,
    confirmed,
    finding,
    rejected,
)
from tests.support.firm import IDENTITY_CARD, ROOT, Firm, fingerprint

EMAIL = {"channel": "email", "address": "new@example.com", "verified": True, "preferred": True}
PERSON = {
    "id": "CUS-9001", "kind": "person", "name": "周岚", "identity_number": "11010519491231002X", "language": "zh",
    "identity_expires_on": "2045-01-01", "since": "2019-04-01", "contacts": [EMAIL],
}  # fmt: skip
ACCOUNT = {"id": "ACC-9001", "customer": "CUS-9001", "currency": "CNY", "balance": "10.00", "opened_on": "2019-04-01"}

GIVEN_UP = timedelta(seconds=155)  # the customer was asked in every way that the policy has


def take_on(firm: Firm, **person: Any) -> None:
    """A customer whom the examples do not have, with the account ACC-9001."""
    file = {"customers": [PERSON | person], "accounts": [ACCOUNT]}
    load_books(firm.world.database, json.dumps(file), False)


def load_sanctions(firm: Firm) -> None:
    """The sanction list of the examples."""
    text = (ROOT / "examples" / "sanctions.csv").read_text(encoding="utf-8")
    firm.world.screening.load(text, "examples")


# ---- 身份验证 ----------------------------------------------------------------------------------


async def test_a_payout_in_another_name_goes_on_when_the_customer_turns_out_to_have_taken_that_name(firm: Firm):
    payout = {"name": "章唯一", "account": "6222020200112233445", "bank": "ICBC"}
    receipt = await firm.open(payout=payout)
    task = await finding(firm, "account_info_error", Role.CUSTOMER_SERVICE, FIX_ADJUST_OR_END)
    firm.mend(lambda session: firm.books.update_customer(session, "CUS-1001", "name", "章唯一"))
    await firm.decide(task, "fixed", "li.wei")
    await firm.close_smoothly(receipt.case)
    await closed(firm, receipt)
    assert firm.found(receipt.case) == {"account_info_error:payout_name": FindingState.CLEARED}


async def test_a_payout_to_somebody_else_ends_as_rejected_and_nothing_is_paid(firm: Firm):
    payout = {"name": "王五", "account": "6222020200112233445", "bank": "ICBC"}
    receipt = await firm.open(payout=payout)
    await firm.decide(await firm.task("account_info_error"), "end", "li.wei", reason="not the customer's account")
    await rejected(firm, receipt)
    assert firm.subjects("ended_rejected", receipt.case) == 1
    assert firm.payments() == []


async def test_expired_papers_are_renewed_before_the_case_goes_on(firm: Firm):
    take_on(firm, identity_expires_on="2020-01-01")
    receipt = await firm.open("ACC-9001")
    task = await finding(firm, "identity_unproven", Role.CUSTOMER_SERVICE, FIX_OR_END)
    firm.mend(lambda session: firm.books.update_customer(session, "CUS-9001", "identity_expires_on", "2045-01-01"))
    await firm.decide(task, "fixed", "li.wei")
    await firm.task("confirm_contact")
    assert firm.found(receipt.case) == {"identity_unproven:expiry": FindingState.CLEARED}


async def test_a_finding_that_was_not_really_mended_is_put_to_the_role_again(firm: Firm):
    take_on(firm, identity_expires_on="2020-01-01")
    receipt = await firm.open("ACC-9001")
    first = await firm.task("identity_unproven")
    await firm.decide(first, "fixed", "li.wei")
    second = await firm.task("identity_unproven")
    assert second != first
    assert firm.found(receipt.case) == {"identity_unproven:expiry": FindingState.OPEN}


async def test_a_document_that_comes_late_is_waited_for(firm: Firm):
    late = {"kind": "identity_card", "reference": "late/id.jpg", "sha256": fingerprint(IDENTITY_CARD)}
    receipt = await firm.open(documents=[late])
    task = await finding(firm, "identity_unproven", Role.CUSTOMER_SERVICE, FIX_OR_END)
    assert "late/id.jpg" in firm.line(task).subject
    firm.world.evidence.put("late/id.jpg", IDENTITY_CARD)
    await firm.decide(task, "fixed", "li.wei")
    await firm.close_smoothly(receipt.case)
    await closed(firm, receipt)


async def test_a_request_without_the_document_that_the_policy_asks_for_can_only_be_ended(firm: Firm):
    receipt = await firm.open(documents=[])
    task = await finding(firm, "identity_unproven", Role.CUSTOMER_SERVICE, FIX_OR_END)
    await firm.decide(task, "end", "li.wei", reason="the customer brings no identity card")
    await rejected(firm, receipt)


async def test_a_document_that_was_changed_meanwhile_is_found_when_identity_is_proven_again(firm: Firm):
    request = firm.request()
    receipt = await firm.quietus.request_closure(request)
    await firm.answer(await firm.task("confirm_contact"), "confirm")
    document = firm.home / "evidence" / request.documents[0].reference
    document.write_bytes(b"another picture")
    again = {"stage": "identity"}
    await firm.decide(await firm.task("approval"), "return", "song.jia", reason="look at the card again", data=again)
    task = await finding(firm, "identity_unproven", Role.CUSTOMER_SERVICE, FIX_OR_END)
    assert "was changed" in firm.line(task).subject
    document.write_bytes(IDENTITY_CARD)
    await firm.decide(task, "fixed", "li.wei")
    await firm.close_smoothly(receipt.case)
    await closed(firm, receipt)


async def test_a_customer_who_denies_the_request_keeps_the_account(firm: Firm):
    receipt = await firm.open()
    await firm.answer(await firm.task("confirm_contact"), "deny")
    task = await finding(firm, "identity_unproven", Role.CUSTOMER_SERVICE, FIX_OR_END)
    await firm.decide(task, "end", "li.wei", reason="somebody else asked")
    await rejected(firm, receipt)


async def test_a_customer_who_did_not_answer_in_time_may_still_confirm(firm: Firm):
    receipt = await firm.open()
    first = await firm.task("confirm_contact")
    await firm.pass_time(GIVEN_UP)
    silence = await finding(firm, "contact_invalid", Role.CUSTOMER_SERVICE, FIX_ACCEPT_OR_END)
    await firm.decide(silence, "fixed", "li.wei")
    second = await firm.task("confirm_contact")
    assert second != first
    await firm.answer(second, "confirm")
    await firm.task("approval")
    assert firm.found(receipt.case) == {"contact_invalid:silent": FindingState.CLEARED}


async def test_a_silence_that_staff_took_responsibility_for_is_not_asked_about_again(firm: Firm):
    receipt = await firm.open()
    await firm.task("confirm_contact")
    await firm.pass_time(GIVEN_UP)
    await accept(firm, "contact_invalid", "li.wei")
    await firm.task("approval")
    assert firm.subjects("confirm_contact", receipt.case) == 2  # on the first channel, then on the second


async def test_a_customer_whom_nothing_reaches_gets_letters_and_calls_and_a_second_look(firm: Firm):
    """ACC-1011: no verified contact, an open complaint, graded high."""
    receipt = await firm.open("ACC-1011")
    await firm.decide(await firm.task("letter"), "sent", "li.wei")
    await accept(firm, "contact_invalid", "li.wei")
    await firm.decide(await firm.task("confirm_contact"), "confirm", "cao.ning")
    await firm.decide(
        await finding(firm, "high_risk", Role.RISK, FIX_ACCEPT_OR_END), "accept", "guo.qiang", reason="known"
    )
    doubt = await finding(firm, "implausible_reason", Role.RISK, FIX_ACCEPT_OR_END)
    assert "complaints" in firm.line(doubt).subject
    await firm.decide(doubt, "accept", "guo.qiang", reason="the complaint is about something else")
    await approve(firm, "song.jia", "lin.tao")
    await firm.decide(await firm.task("letter"), "sent", "li.wei")
    await firm.decide(await firm.task("closing_statement"), "received", "peng.fei")
    await closed(firm, receipt)
    assert firm.show(receipt.case).risk == "high"
    assert firm.payments() == ["120000"]


async def test_a_name_in_traditional_characters_hits_the_list_in_simplified_ones(firm: Firm):
    load_sanctions(firm)
    take_on(firm, name="朴正勳", identity_number="110105197303030018")
    receipt = await confirmed(firm, "ACC-9001")
    task = await finding(firm, "screening_hit", Role.COMPLIANCE, FIX_ACCEPT_OR_END)
    assert firm.found(receipt.case) == {"screening_hit:mus-p015": FindingState.OPEN}
    await firm.decide(task, "accept", "lin.tao", reason="another person of that name")
    await finding(firm, "high_risk", Role.RISK, FIX_ACCEPT_OR_END)  # an accepted hit is a high risk
    assert firm.show(receipt.case).risk_reasons == ("accepted_screening_hit: 60",)


async def test_a_company_and_its_representative_are_both_screened(firm: Firm):
    load_sanctions(firm)
    company = {"kind": "company", "identity_number": None, "licence_number": "91310115MA1K4X2T9M"}
    take_on(
        firm, name="黑石灘礦業股份有限公司", legal_representative="歐陽戍邊", licence_expires_on="2045-01-01", **company
    )
    receipt = await confirmed(firm, "ACC-9001")
    await accept(firm, "screening_hit", "lin.tao")
    await firm.decide(await firm.task("screening_hit"), "end", "xu.jing", reason="it is that person")
    await rejected(firm, receipt)
    found = firm.found(receipt.case)
    assert set(found) == {"screening_hit:mus-c002", "screening_hit:mus-p007"}
    assert sorted(found.values()) == [FindingState.ACCEPTED, FindingState.OPEN]


# ---- 销户原因 ----------------------------------------------------------------------------------


async def test_a_reason_that_does_not_fit_a_person_is_weighed_by_risk(firm: Firm):
    receipt = await confirmed(firm, "ACC-1001", reason={"code": "merger", "text": ""})
    task = await finding(firm, "implausible_reason", Role.RISK, FIX_ACCEPT_OR_END)
    await firm.decide(task, "accept", "guo.qiang", reason="meant the business of the family")
    await approve(firm, "song.jia")
    await closes(firm, receipt)
    assert firm.found(receipt.case) == {"implausible_reason:kind": FindingState.ACCEPTED}


async def test_much_money_that_came_in_just_now_is_weighed_by_risk(firm: Firm):
    plenty = Money.parse("250000.00", "CNY")
    firm.mend(lambda session: firm.books.pay_in(session, "IN-1", "ACC-1001", plenty, "loan"))
    receipt = await confirmed(firm, "ACC-1001")
    task = await finding(firm, "implausible_reason", Role.RISK, FIX_ACCEPT_OR_END)
    await firm.decide(task, "end", "guo.qiang", reason="closing to evade a claim")
    await rejected(firm, receipt)
    assert firm.balance("ACC-1001") == "251234.56"


async def test_the_supervisor_may_close_against_an_objection_and_the_customer_is_not_given_notice_twice(firm: Firm):
    receipt = await firm.open("ACC-1012", initiator=Initiator.FIRM, requested_by="li.wei")
    await firm.answer(await firm.task("closure_notice"), "object", reason="I need the account")
    await firm.answer(await firm.task("refusal_offer"), "object", reason="I need this one")
    task = await finding(firm, "customer_refusal", Role.SUPERVISOR, FIX_ACCEPT_OR_END)
    await firm.decide(task, "accept", "song.jia", reason="the agreement allows it")
    await approve(firm, "luo.hao", "guo.qiang")
    await closes(firm, receipt)
    assert firm.subjects("closure_notice", receipt.case) == 1


async def test_a_called_dormant_account_that_was_used_lately_is_weighed_by_risk(firm: Firm):
    used = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
    take_on(firm)
    load_books(firm.world.database, json.dumps({"accounts": [ACCOUNT | {"last_used_on": used}]}), True)
    dormant = {"code": "dormant", "text": ""}
    await firm.open("ACC-9001", initiator=Initiator.FIRM, requested_by="li.wei", reason=dormant, documents=[])
    task = await finding(firm, "implausible_reason", Role.RISK, FIX_ACCEPT_OR_END)
    assert used in firm.line(task).subject
