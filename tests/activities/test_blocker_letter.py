"""给客户的说明: the customer reads what the customer can do, in the customer's words, and nothing of the rest."""

from dataclasses import replace
from datetime import date

import pytest

from activities.blocker_letter import asked_of_customer, letter
from activities.blocker_rules import blockers
from activities.closure_facts import ClosureFacts
from contracts.blockers import WayOut
from contracts.books import Side
from contracts.findings import FindingKind, FindingState
from contracts.vocabulary import AccountStatus, FreezeBy, Language, Risk, Role
from notices import to_customer, words
from tests.activities.closure_world import (
    ASKED,
    NOTHING,
    POLICY,
    account,
    agreement,
    case,
    customer,
    frozen,
    inflow,
    known,
    obligation,
    owing,
    request,
    task,
)

OURS = (
    *("risk", "screening", "sanction", "compliance", "suspicio", "implausible", "finding", "blocker", "case_"),
    *("风险", "筛查", "名单", "合规", "可疑", "异常", "岗位", "主管"),
)
"""What stays within the firm."""

NOT_THE_CUSTOMERS: list[ClosureFacts] = [
    ASKED,
    frozen(FreezeBy.COURT),
    frozen(FreezeBy.BANK),
    customer(risk=Risk.HIGH),
    obligation(Side.FIRM),
    replace(ASKED, staff=()),
    case(findings=(known(FindingState.OPEN, FindingKind.SCREENING_HIT, "NK-1"),)),
    case(held=True, tasks=(task("approval", Role.SUPERVISOR),)),
]

both = pytest.mark.parametrize("language", list(Language))


def lines(facts: ClosureFacts, language: Language = Language.EN) -> list[str]:
    return asked_of_customer((each for each in blockers(facts, POLICY) if not each.ahead), language).splitlines()


def told(facts: ClosureFacts, language: Language) -> str:
    return letter(facts, blockers(facts, POLICY), "示例银行", language).text


@both
@pytest.mark.parametrize("way", [way for way in WayOut if way.customer_can], ids=str)
def test_what_the_customer_can_do_has_words_for_the_customer(way: WayOut, language: Language) -> None:
    said = to_customer(way, language)
    assert said != words(way, language)
    assert not said.endswith((".", "。"))
    assert [word for word in OURS if word in said.casefold()] == []
    assert [role for role in Role if role is not Role.CUSTOMER and words(role, language) in said] == []


@pytest.mark.parametrize("way", [way for way in WayOut if not way.customer_can], ids=str)
def test_what_others_do_has_none(way: WayOut) -> None:
    with pytest.raises(KeyError):
        to_customer(way, Language.EN)


@pytest.mark.parametrize("facts", NOT_THE_CUSTOMERS)
def test_of_what_is_in_others_hands_the_customer_reads_nothing(facts: ClosureFacts) -> None:
    assert lines(facts) == []
    text = told(replace(facts, request=facts.request or ASKED.request, hashes=ASKED.hashes), Language.EN)
    assert "There is nothing that you have to do at present" in text


def test_a_thing_is_said_once_with_all_that_it_is_about() -> None:
    assert lines(owing("1200.00")) == [  # by the checklist and by finance
        "- Please pay in what is short; money can be paid in while the account is being closed (200.00 CNY)."
    ]
    assert lines(request(documents=())) == [
        "- Please hand in the original of each paper that the closure needs (identity card)."
    ]
    assert lines(agreement(notice_days=30), Language.ZH) == ["- 销户须在此日或之后办理（2026-12-23）。"]
    assert lines(replace(ASKED, hashes={"id.jpg": None})) == [  # no reference of ours
        "- Please hand in the original of each paper that the closure needs."
    ]


def test_a_question_that_is_open_is_to_be_answered() -> None:
    assert lines(case(tasks=(task("confirm_contact", Role.CUSTOMER),))) == ["- Please answer what we have asked you."]


def test_a_doubt_about_the_reason_is_asked_about_without_saying_why() -> None:
    assert lines(inflow("200000.00"), Language.ZH) == ["- 请告知您销户的原因。"]


@both
def test_the_letter_names_the_customer_what_to_do_and_what_to_bring(language: Language) -> None:
    text = told(owing("1200.00"), language)
    for said in ("张伟", "示例银行", "200.00 CNY", words("identity_card", language)):
        assert said in text
    assert to_customer(WayOut.NAME_OWN_ACCOUNT, language) in text  # the account holds money
    assert [word for word in OURS if word in text.casefold()] == []


def test_a_letter_about_a_closed_account_says_since_when() -> None:
    closed = account(status=AccountStatus.CLOSED, closed_on=date(2024, 12, 20))
    assert "was closed on 2024-12-20" in told(closed, Language.EN)
    assert "2024-12-20 销户" in told(closed, Language.ZH)
    assert "nothing that you have to do" not in told(closed, Language.EN)


def test_during_a_case_the_letter_names_its_reference() -> None:
    assert "closure-ACC-1.1" in told(case(), Language.EN)
    assert "ACC-1" in told(NOTHING, Language.EN)
