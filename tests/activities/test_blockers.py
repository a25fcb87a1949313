"""为何不能销户? For each rule a closing that it stops and one that it does not, and what is said of each."""

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import notices
from activities.blocker_rules import blockers
from activities.closure_facts import ClosureFacts
from contracts.blockers import WAYS, Blocker, Obstacle, WayOut, way_of
from contracts.books import Instrument, InstrumentKind, Side
from contracts.findings import FindingKind, FindingState
from contracts.requests import Payout, Reason
from contracts.vocabulary import AccountStatus, FreezeBy, Initiator, ReasonCode, Risk, Role, Stage
from tests.activities.closure_world import (
    AGREEMENT,
    ASKED,
    CASE,
    NOTHING,
    OLDER,
    PENDING,
    POLICY,
    RUNNING,
    TODAY,
    account,
    agreement,
    case,
    cny,
    company,
    customer,
    frozen,
    inflow,
    known,
    obligation,
    owing,
    request,
    task,
)

K, O = FindingKind, Obstacle  # noqa: E741  the two families of kinds, in the table below
IN_THE_WAY: list[tuple[ClosureFacts, list[tuple[FindingKind | Obstacle, str]]]] = [
    (account(lock="adjustment-7.1"), [(O.CLOSING_LOCK, "adjustment-7.1")]),
    (customer(identity_number="110105194912310021"), [(K.ACCOUNT_INFO_ERROR, "identity_number")]),
    (customer(identity_expires_on=date(2026, 1, 1)), [(K.IDENTITY_UNPROVEN, "expiry")]),
    (customer(contacts=()), [(K.CONTACT_INVALID, "none")]),
    (request(payout=Payout(name="刘洋", account="6222020200112233445", bank="ICBC")),
     [(K.ACCOUNT_INFO_ERROR, "payout_name")]),
    (request(documents=()), [(K.IDENTITY_UNPROVEN, "identity_card"), (K.CHECKLIST_FAILED, "papers")]),
    (replace(ASKED, hashes={"id.jpg": "b" * 64}), [(K.IDENTITY_UNPROVEN, "id.jpg")]),
    (replace(ASKED, hashes={"id.jpg": None}), [(K.IDENTITY_UNPROVEN, "id.jpg")]),
    (request(reason=Reason(code=ReasonCode.MERGER)), [(K.IMPLAUSIBLE_REASON, "kind")]),
    (request(initiator=Initiator.REGULATOR), [(K.CHECKLIST_FAILED, "order")]),
    (customer(complaints_open=1), [(K.IMPLAUSIBLE_REASON, "dispute")]),
    (inflow("200000.00"), [(K.IMPLAUSIBLE_REASON, "inflow")]),
    (customer(risk=Risk.HIGH), [(K.HIGH_RISK, "")]),
    (owing("1000.01"), [(K.CHECKLIST_FAILED, "no_debt"), (K.INSUFFICIENT_BALANCE, "")]),
    (owing("500.01"), [(K.RECEIVABLE_OPEN, "500.01 CNY")]),
    (account(stated_balance=cny("1.00")), [(K.BOOKS_DISAGREE, "")]),
    (frozen(FreezeBy.BANK), [(K.ACCOUNT_FROZEN, "")]),
    (frozen(FreezeBy.TAX), [(K.CHECKLIST_FAILED, "no_freeze"), (K.ACCOUNT_FROZEN, "")]),
    (replace(NOTHING, pending=(PENDING,)), [(K.SCHEDULE_CONFLICT, "PEN-1")]),
    (agreement(signed=False), [(K.CONTRACT_INCOMPLETE, "AGR-1")]),
    (replace(company(), agreements=(AGREEMENT.model_copy(update={"sealed": False}),)),
     [(K.CONTRACT_INCOMPLETE, "AGR-1")]),
    (obligation(Side.FIRM), [(K.OBLIGATION_OPEN, "AGR-1/OBL-1")]),
    (agreement(notice_days=30), [(K.NOTICE_PERIOD, "AGR-1")]),
    (agreement(instruments=(Instrument(id="INS-1", kind=InstrumentKind.SEAL, returned=False),)),
     [(K.INSTRUMENTS_MISSING, "AGR-1/INS-1")]),
    (case(held=True), [(O.CASE_PAUSED, CASE.dossier)]),
    (case(tasks=(task("confirm_contact", Role.CUSTOMER),)), [(O.TASK_OPEN, "confirm_contact")]),
    (case(findings=(known(FindingState.OPEN, K.SCREENING_HIT, "NK-1"),)), [(K.SCREENING_HIT, "NK-1")]),
]  # fmt: skip
NOT_IN_THE_WAY: list[ClosureFacts] = [
    NOTHING, ASKED, RUNNING,
    customer(identity_expires_on=TODAY + timedelta(days=1)),
    owing("500.00"),
    inflow("199999.99"),
    customer(risk=Risk.MEDIUM),
    agreement(sealed=False),  # a person has no seal
    agreement(signed=False, ended_on=TODAY),
    replace(request(wished_on=TODAY + timedelta(days=30)), agreements=agreement(notice_days=30).agreements),
    request(initiator=Initiator.FIRM, documents=()),
    case(tasks=(task("confirm_contact", Role.CUSTOMER, option="confirm"),)),
    case(findings=(known(FindingState.CLEARED, K.SCREENING_HIT, "NK-1"),)),
    replace(case(stage=Stage.CLOSED), account=account(status=AccountStatus.CLOSED, closed_on=TODAY).account),
]  # fmt: skip


def in_the_way(facts: ClosureFacts) -> list[Blocker]:
    found = blockers(facts, POLICY)
    return [each for each in found if not (isinstance(each.kind, Obstacle) and each.kind.ahead)]


def ahead(facts: ClosureFacts) -> list[tuple[str, str]]:
    found = [each for each in blockers(facts, POLICY) if isinstance(each.kind, Obstacle) and each.kind.ahead]
    return [(each.kind, each.subject) for each in found]


@pytest.mark.parametrize(("facts", "expected"), IN_THE_WAY)
def test_what_a_rule_finds_stands_in_the_way(facts: ClosureFacts, expected: list[tuple[str, str]]) -> None:
    assert [(each.kind, each.subject) for each in in_the_way(facts)] == expected


@pytest.mark.parametrize("facts", NOT_IN_THE_WAY)
def test_what_no_rule_finds_does_not(facts: ClosureFacts) -> None:
    assert in_the_way(facts) == []


def test_everything_is_told_at_once() -> None:
    worst = replace(
        frozen(FreezeBy.COURT), customer=customer(contacts=(), risk=Risk.HIGH).customer, pending=(PENDING,),
        receivables=owing("2000.00").receivables, agreements=agreement(signed=False, notice_days=30).agreements,
    )  # fmt: skip
    assert {each.kind for each in in_the_way(worst)} == {
        K.CONTACT_INVALID, K.HIGH_RISK, K.CONTRACT_INCOMPLETE, K.NOTICE_PERIOD, K.CHECKLIST_FAILED,
        K.INSUFFICIENT_BALANCE, K.ACCOUNT_FROZEN, K.SCHEDULE_CONFLICT,
    }  # fmt: skip


def test_of_a_closed_account_nothing_is_said_but_since_when() -> None:
    closed = account(status=AccountStatus.CLOSED, closed_on=date(2024, 12, 20), stated_balance=cny("1.00"))
    (only,) = blockers(closed, POLICY)
    assert (only.kind, only.since, only.detail) == (
        O.ACCOUNT_CLOSED, date(2024, 12, 20), "the account was closed on 2024-12-20",
    )  # fmt: skip


# ---- what is said of a blocker -------------------------------------------------------------------------------------


def test_a_debt_is_told_with_the_numbers_of_the_books_and_with_who_sees_to_it() -> None:
    short = in_the_way(owing("1200.00"))[1]
    assert short.evidence == {
        "balance": "1000.00 CNY",
        "owed": "1200.00 CNY",
        "short": "200.00 CNY",
        "RCV-1": "1200.00 CNY, due on 2026-10-01",
    }
    assert (short.owner, short.override, short.since) == (Role.FINANCE, (), date(2026, 10, 1))
    assert (short.way, short.customer_can) == (WayOut.PAY_IN, True)
    assert "存入" in short.way_out_zh
    assert in_the_way(owing("600.00"))[0].override == (Role.FINANCE,)


@pytest.mark.parametrize(
    ("by", "way", "customer_can"),
    [
        (FreezeBy.COURT, WayOut.SETTLE_WITH_AUTHORITY, False),
        (FreezeBy.BANK, WayOut.END_OWN_REVIEW, False),
        (FreezeBy.CUSTOMER, WayOut.LIFT_OWN_FREEZE, True),
    ],
)
def test_the_way_out_of_a_freeze_depends_on_who_froze_it(by: FreezeBy, way: WayOut, customer_can: bool) -> None:
    told = in_the_way(frozen(by))[-1]
    assert (told.way, told.customer_can, told.since, told.override) == (way, customer_can, date(2026, 7, 20), ())


def test_each_side_does_its_own_duty() -> None:
    ways = [in_the_way(obligation(side))[0].way for side in (Side.CUSTOMER, Side.FIRM)]
    assert ways == [WayOut.FULFIL_DUTY, WayOut.FULFIL_OUR_DUTY]


def test_a_notice_and_a_pending_payment_say_until_when() -> None:
    assert in_the_way(agreement(notice_days=30))[0].until == TODAY + timedelta(days=30)
    assert in_the_way(replace(NOTHING, pending=(PENDING,)))[0].until == PENDING.settles_on


def test_nothing_that_is_told_names_the_customer() -> None:
    told = "".join(each.model_dump_json() for facts, _ in IN_THE_WAY for each in blockers(facts, POLICY))
    secrets = ("张伟", "刘洋", "11010519491231002", "91310115MA1K4X2T9M", "6222020200112233445", "z@example.com")
    assert [secret for secret in secrets if secret in told] == []


# ---- what lies ahead -----------------------------------------------------------------------------------------------


def test_before_a_case_it_is_said_what_will_be_asked_for() -> None:
    wanted = [(O.DOCUMENT_WANTED, "identity_card"), (O.PAYOUT_WANTED, ""), (O.SCREENING, ""), (O.APPROVAL, "low")]
    assert ahead(NOTHING) == wanted
    assert ahead(ASKED) == wanted[2:]
    assert (O.PAYOUT_WANTED, "") not in ahead(account(balance=cny("0.00"), stated_balance=cny("0.00")))


def test_a_line_that_a_person_attests_is_no_fault() -> None:
    assert (O.ATTESTATION, "tax") in ahead(company())
    assert (O.ATTESTATION, "tax") not in ahead(NOTHING)


@pytest.mark.parametrize(("stage", "left"), [
    (Stage.IDENTITY, [O.SCREENING, O.ATTESTATION, O.APPROVAL]), (Stage.REVIEWS, [O.ATTESTATION, O.APPROVAL]),
    (Stage.APPROVAL, [O.APPROVAL]), (Stage.SCHEDULE, []),
])  # fmt: skip
def test_a_case_is_not_asked_again_for_what_it_has_passed(stage: Stage, left: list[Obstacle]) -> None:
    facts = replace(case(stage=stage), customer=company().customer)
    assert [kind for kind, _ in ahead(facts)] == left


def test_what_is_being_asked_is_told_as_the_open_task_only() -> None:
    facts = case(tasks=(task("approval", Role.SUPERVISOR),))
    assert [(each.kind, each.task) for each in blockers(facts, POLICY)] == [(O.TASK_OPEN, "t-approval")]
    attested = replace(
        case(tasks=(task("attest_tax", Role.COMPLIANCE, option="attested"),)), customer=company().customer
    )
    assert [kind for kind, _ in ahead(attested)] == [O.APPROVAL]


# ---- during a case -------------------------------------------------------------------------------------------------


def test_what_was_accepted_is_no_blocker_any_more() -> None:
    unsigned = agreement(signed=False).agreements
    accepted = known(FindingState.ACCEPTED, K.CONTRACT_INCOMPLETE, "AGR-1")
    assert in_the_way(replace(case(findings=(accepted,)), agreements=unsigned)) == []
    other = known(FindingState.ACCEPTED, K.CONTRACT_INCOMPLETE, "AGR-9")
    assert len(in_the_way(replace(case(findings=(other,)), agreements=unsigned))) == 1


def test_an_open_finding_stands_until_it_is_decided_and_names_its_task() -> None:
    finding = known(FindingState.OPEN, K.CONTRACT_INCOMPLETE, "AGR-1")
    decided_by = task("contract_incomplete", Role.LEGAL, Role.SUPERVISOR, finding="contract_incomplete:AGR-1")
    (told,) = in_the_way(case(findings=(finding,), tasks=(decided_by,)))
    assert (told.task, told.owner, told.since) == ("t-contract_incomplete", Role.LEGAL, TODAY)
    assert told.override == (Role.LEGAL, Role.SUPERVISOR)  # escalated by now


def test_a_stage_that_is_passed_finds_nothing_any_more() -> None:
    expired = customer(identity_expires_on=date(2026, 1, 1)).customer
    assert in_the_way(replace(case(stage=Stage.REVIEWS), customer=expired)) == []
    assert len(in_the_way(replace(case(stage=Stage.IDENTITY), customer=expired))) == 1


def test_a_hit_that_was_accepted_raises_the_risk() -> None:
    weighed = {
        state: [each.kind for each in in_the_way(case(stage=Stage.IDENTITY, findings=(known(state, K.SCREENING_HIT),)))]
        for state in FindingState
    }
    assert weighed == {
        FindingState.OPEN: [K.SCREENING_HIT],
        FindingState.CLEARED: [],
        FindingState.ACCEPTED: [K.HIGH_RISK],
    }


def test_the_risk_is_graded_once() -> None:
    graded = case(stage=Stage.REVIEWS, risk=Risk.HIGH)
    assert ahead(graded) == [(O.APPROVAL, "high")]


def test_a_newer_policy_stands_in_the_way_of_a_case_under_an_older_one() -> None:
    told = [each for each in blockers(RUNNING, OLDER) if each.kind is K.REGULATION_CHANGE]
    assert [(each.subject, each.since) for each in told] == [(POLICY.version, POLICY.effective)]
    assert [each for each in blockers(case(stage=Stage.APPROVAL), OLDER) if each.kind is K.REGULATION_CHANGE] == []


# ---- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*FindingKind, *Obstacle], ids=str)
def test_every_kind_has_a_way_out(kind: FindingKind | Obstacle) -> None:
    assert way_of(kind) is WAYS[kind, ""]


@pytest.mark.parametrize("term", [*WayOut, *Obstacle], ids=str)
def test_every_way_out_is_a_sentence_in_both_languages_and_belongs_to_a_kind(term: WayOut | Obstacle) -> None:
    table = tomllib.loads(Path(notices.__file__).with_name("words.toml").read_text(encoding="utf-8"))
    assert set(table[type(term).__name__][term]) == {"zh", "en"}
    assert isinstance(term, Obstacle) or term in WAYS.values()
