"""What the rules of the policy make of a report, and by which words."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.classification import AFFECTED, OTHERWISE, REPORTER, classify
from bench.triage_rules import Judged, Part, judged, of_part, share
from contracts.incidents import Category, Clue, IncidentReport, Proposed, Severity
from contracts.vocabulary import Intake
from policy import Policies
from policy.incidents import TriageRule, TriageRules
from policy.wording import heard, phrase
from tests.support.firm import FAST, ROOT

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules() -> TriageRules:
    """The rules in force."""
    return rules_of("2026-11-22.4")


@cache
def rules_of(version: str) -> TriageRules:
    incidents = Policies(FAST if "rehearsal" in version else ROOT / "policy")[version].incidents
    assert incidents
    return incidents.triage


def report(description: str, category: Category | None = None, customers: int = 1) -> IncidentReport:
    return IncidentReport(
        report_id="INC-1",
        customer="CUS-1001",
        channel=Intake.WEB,
        occurred_at=NOON,
        reported_at=NOON,
        description=description,
        category=category,
        affected_customers=customers,
    )


def clue(proposed: Proposed, rule: str) -> Clue:
    [only] = [each for each in proposed.clues if each.rule == rule]
    return only


@dataclass(frozen=True)
class Said:
    """What somebody said, and the rule, word, category and severity that it leads to."""

    words: str
    rule: str
    found: str
    category: Category
    severity: Severity = Severity.P3


SAID = [
    Said("九月的手续费重复扣款了，请退回。", "wrong_entry", "重复扣款", Category.TRANSACTION),
    Said("我的信用卡昨晚在境外被盗刷 5000 元", "unknown_charge", "盗刷", Category.TRANSACTION, Severity.P2),
    Said("骗子正在把我账上的钱转走！", "fraud_in_progress", "骗子正在", Category.TRANSACTION, Severity.P1),
    Said("昨天汇的款至今\n未到账", "transfer_missing", "未到账", Category.TRANSACTION),
    Said("有人冒用我的身份开了卡", "identity_theft", "冒用", Category.ACCOUNT, Severity.P2),
    Said("征信报告上有一笔不是我的逾期记录", "credit_report_error", "征信", Category.ACCOUNT),
    Said("我想销户，柜台说办不了", "account_closing", "销户", Category.ACCOUNT, Severity.P4),
    Said("手机ＡＰＰ一直闪退", "app_fails", "闪退", Category.TECHNICAL),
    Said("网银无法 登录", "login_fails", "无法登录", Category.TECHNICAL),
    Said("系统瘫痪，网点里没有人能办业务", "system_down", "系统瘫痪", Category.TECHNICAL, Severity.P1),
    Said("柜员态度恶劣，还骂人", "staff_conduct", "态度恶劣", Category.COMPLAINT),
    Said("再不解决我就找媒体曝光你们的推诿", "press", "曝光", Category.COMPLAINT, Severity.P2),
    Said("失业了，本月还不起", "hardship", "失业", Category.OTHER),
    Said("请问周末营业吗", "enquiry", "请问", Category.OTHER, Severity.P4),
    Said("I was CHARGED TWICE for the same ticket.", "wrong_entry", "charged twice", Category.TRANSACTION),
    Said("Three unauthorised? No: three unauthorized-charges", "unknown_charge", "unauthorized charge",
         Category.TRANSACTION, Severity.P2),
    Said("A thief is draining my account as we speak", "fraud_in_progress", "as we speak",
         Category.TRANSACTION, Severity.P1),
    Said("My wire transfer has not arrived", "transfer_missing", "has not arrived", Category.TRANSACTION),
    Said("There are inquiries on my credit reports", "report_misused", "inquiry", Category.ACCOUNT),
    Said("I’m a victim of identity\ntheft", "identity_theft", "identity theft", Category.ACCOUNT, Severity.P2),
    Said("I can’t log in since Monday", "login_fails", "can't log in", Category.TECHNICAL),
    Said("Your system is down", "system_down", "system is down", Category.TECHNICAL, Severity.P1),
    Said("The clerk was rude", "staff_conduct", "rude", Category.COMPLAINT),
    Said("They sent false statements; my lawyer will call", "court", "my lawyer", Category.COMPLAINT, Severity.P2),
    Said("I lost my job and ask for a hardship plan", "hardship", "lost my job", Category.OTHER),
]  # fmt: skip


@pytest.mark.parametrize("said", SAID, ids=lambda said: said.rule)
def test_words_lead_to_a_category_and_a_severity_and_are_named(rules: TriageRules, said: Said) -> None:
    proposed = classify(report(said.words), rules)
    assert said.found in clue(proposed, said.rule).found
    assert (proposed.category, proposed.severity) == (said.category, said.severity)


def test_what_no_rule_knows_is_other_and_says_so(rules: TriageRules) -> None:
    proposed = classify(report("???"), rules)
    assert (proposed.category, proposed.severity, proposed.matter) == (Category.OTHER, Severity.P3, "")
    assert [each.rule for each in proposed.clues] == [OTHERWISE]


def test_the_category_of_the_reporter_stands_and_the_rules_speak_beside_it(rules: TriageRules) -> None:
    proposed = classify(report("卡被盗刷", category=Category.COMPLAINT), rules)
    assert proposed.category is Category.COMPLAINT
    assert clue(proposed, REPORTER).found == ("complaint",)
    assert (proposed.matter, proposed.severity) == ("unknown_charge", Severity.P2)


@pytest.mark.parametrize(
    ("customers", "severity"), [(9, Severity.P3), (10, Severity.P2), (99, Severity.P2), (100, Severity.P1)]
)
def test_many_customers_make_it_grave(rules: TriageRules, customers: int, severity: Severity) -> None:
    proposed = classify(report("转账未到账", customers=customers), rules)
    assert proposed.severity is severity
    assert (customers < 10) or clue(proposed, AFFECTED).found == (str(customers),)


def test_of_equal_weights_the_earlier_rule_counts_and_of_severities_the_gravest() -> None:
    one = TriageRule(id="one", words=("red",), category=Category.ACCOUNT, severity=Severity.P4, matter="first")
    two = TriageRule(id="two", words=("blue",), category=Category.TECHNICAL, severity=Severity.P2, matter="second")
    said = report("a blue and a red one")
    forth, back = classify(said, TriageRules(rules=(one, two))), classify(said, TriageRules(rules=(two, one)))
    assert (forth.category, forth.matter, forth.severity) == (Category.ACCOUNT, "first", Severity.P2)
    assert (back.category, back.matter, back.severity) == (Category.TECHNICAL, "second", Severity.P2)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("fee", "coffee"),
        ("app", "application"),
        ("court", "courteous"),
        ("charged twice", "charged me not twice"),
        ("冻结", "冻了结"),
    ],
)
def test_a_part_of_an_english_word_is_not_that_word(word: str, text: str) -> None:
    assert phrase(word) not in heard(text)


@pytest.mark.parametrize("words", [("",), ("!?",), ("fine", " ")])
def test_a_rule_that_would_look_for_nothing_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="neither letter nor digit"):
        TriageRule(id="one", words=words)


@given(st.from_regex(r"[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]{1,500}", fullmatch=True))
def test_any_words_are_classified_and_the_same_way_each_time(words: str) -> None:
    rules = rules_of("2026-11-22.4")
    said = report(words)
    proposed = classify(said, rules)
    assert proposed == classify(said, rules)
    assert proposed.clues


def test_the_rehearsal_policy_has_the_same_rules() -> None:
    assert rules_of("2026-11-22.4-rehearsal").rules == rules_of("2026-11-22.4").rules


# ---- real complaints: what bench/triage_rules.py prints ----


@pytest.fixture(scope="module")
def complaints() -> list[Judged]:
    return judged()


@pytest.mark.parametrize(
    ("part", "count", "least"),
    [
        (Part(seen=False, narrated=True), 91, 0.659),
        (Part(seen=False, narrated=False), 391, 0.994),
        (Part(seen=True, narrated=True), 103, 0.796),
        (Part(seen=True, narrated=False), 432, 0.993),
    ],
    ids=str,
)
def test_so_many_real_complaints_are_what_their_headings_imply(
    complaints: list[Judged], part: Part, count: int, least: float
) -> None:
    those = of_part(complaints, part)
    assert len(those) == count
    assert share(those) >= least
