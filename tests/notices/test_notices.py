"""Every notice exists in both languages, says what it must, and takes names as text."""

import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

import notices
from contracts.findings import FindingKind
from contracts.vocabulary import Language, Outcome, Role, ShortfallWay
from notices import Answer, render, templates, words
from policy.work import QuietHours

FOLDER = Path(notices.__file__).parent
STAFF = (
    *("task", "task_reminder", "task_due", "task_escalation", "task_second_escalation", "phone_script", "letter"),
    *("extension", "information_wanted", "answered_information", "digest", "policy_proposed", "policy_ruled"),
    *("plan_step", "more_time"),
)
OFFICE = {"digest", "policy_proposed", "policy_ruled", "plan_step", "more_time"}
"""To staff, and about no case."""

QUESTIONS = (
    *("confirm_contact", "offer", "closure_notice", "date_proposals", "handover", "closing_statement"),
    *("information_asked", "reminder", "last_reminder"),
    *(
        "confirm_new_contact",
        "correct_details",
        "refusal_offer",
        "shortfall",
        "own_freeze",
        "incident_solved",
        "survey",
    ),
)
NO_ACCOUNT = {"incident_received", "incident_taken", "incident_interim", "incident_solved", "incident_ended"}
"""To customers, about no account: the reference says which matter it is."""

FACTS: dict[str, tuple[str, ...]] = {
    "acknowledgement": ("expected_by", "wished_on", "blockers"),
    "blockers_letter": ("blockers", "wanted"),
    "confirm_contact": (),
    "offer": ("offers",),
    "closure_notice": ("reason", "until"),
    "date_proposals": ("dates", "why"),
    "date_agreed": ("day",),
    "handover": ("items",),
    "closing_statement": ("statement", "day"),
    "ended_retained": (),
    "ended_withdrawn": (),
    "ended_rejected": ("words",),
    "ended_refused": ("words",),
    "reminder": ("about", "until"),
    "last_reminder": ("about", "until"),
    "information_asked": ("question",),
    "extended": ("reason", "expected_by"),
    "paused": (),
    "resumed": (),
    "contact_changing": ("field",),
    "confirm_new_contact": (),
    "correct_details": ("field",),
    "complaint_received": ("detail",),
    "suspended": ("detail",),
    "apology": ("why", "expected_by"),
    "refusal_offer": ("offers", "reason"),
    "shortfall": ("short",),
    "own_freeze": (),
    "survey": ("questions", "until"),
    "task": ("score",),
    "task_reminder": ("score",),
    "task_due": ("score",),
    "task_escalation": ("score",),
    "task_second_escalation": ("score",),
    "extension": ("asked_by", "working_days", "reason", "task"),
    "information_wanted": ("question", "asked_by"),
    "answered_information": ("question", "answer", "answered_by"),
    "digest": (),
    "policy_proposed": (),
    "policy_ruled": (),
    "outage": ("detail",),
    "disruption": ("detail",),
    "disruption_over": ("days",),
    "plan_step": ("zh", "en", "detail"),
    "more_time": ("detail", "reason"),
    "incident_received": ("expected_by",),
    "incident_taken": ("department", "expected_by"),
    "incident_interim": ("solution",),
    "incident_solved": ("solution",),
    "incident_ended": ("words",),
    "phone_script": ("offers",),
    "letter": ("statement",),
}
CODE = "WyJjbG9zdXJlIl0.aXyz12.c2lnbmF0dXJl"
ANSWER = Answer("closure-ACC-1.task-1-offer", CODE, [("decline", "不接受"), ("fee_waiver", "免收账户管理费")])
SECRETS = ("11010519491231002X", "+8613800138000", "6222 0202 0011 2233 445", "91310000MA1FL00000", "z.wei@example.com")

every_notice = pytest.mark.parametrize("template", templates())
QUIET = QuietHours(begins=time(21), ends=time(8), media=())
LATE: dict[str, object] = {
    "name": "approval",
    "case": "closure-ACC-1",
    "task": "closure-ACC-1.task-3-approval",
    "due": "2026-11-24 10:00",
}
LATE |= {
    "overdue": True,
    "provisional": False,
    "held": False,
    "why": "your role supervisor",
    "otherwise": "goes to manager",
}
EARLY = LATE | {"name": "screening_hit", "task": "closure-ACC-2.task-1-screening_hit", "overdue": False}

both_languages = pytest.mark.parametrize("language", list(Language))


def values(template: str, **changed: object) -> dict[str, object]:
    """What the activities hand over; each fact is `<its name>`, so that it is found again in the text."""
    facts = {name: f"<{name}>" for name in FACTS[template]}
    common: dict[str, object] = {"firm": "示例银行", "facts": facts, "customer": "张伟", "answer": None}
    if template in STAFF:
        common |= {"name": "offer", "subject": "an alternative", "case": "closure-ACC-1", "due": "2026-12-01"}
        common |= {
            "consequence": "<consequence>",
            "task": "closure-ACC-1.task-1-offer",
            "options": ["approve", "reject"],
            "typed": {},
            "roles": [Role.FINANCE],
        }
        contacts = ["the operations desk"]
        common |= {"disruption": "R-1", "step": "assess", "kind": FindingKind.SYSTEM_FAULT, "contacts": contacts}
        common |= {"asked_by": "huang.lei", "working_days": 2, "suspended": 40, "within": "4 hours"}
        common |= {"person": "宋佳", "staff": "song.jia", "day": "2026-11-24", "lines": [LATE, EARLY], "overdue": 1}
        common |= {"upkeep": [], "version": "2027-01-01", "effective": "2027-01-01", "touched": 42, "approved": True}
        common |= {"proposed_by": "lin.tao", "decided_by": "david.chen", "reason": "<reason>"}
    else:
        common |= {"account": "1001", "reference": "closure-ACC-1.1", "closing": True}
        common |= {"matter": "m 1001", "matter_sms": "m", "matter_subject": "m", "about_what": "a 1001"}
    if template == "incident_ended":
        facts["outcome"] = Outcome.REFUSED
    return common | changed


def as_one(template: str, language: Language, given: Mapping[str, object]) -> str:
    rendered = render(template, language, given)
    return f"{rendered.subject}\n{rendered.text}\n{rendered.sms}"


def test_the_notices_are_the_ones_that_the_process_sends() -> None:
    assert set(templates()) == set(FACTS)


@both_languages
def test_both_languages_have_the_same_files(language: Language) -> None:
    names = {path.name for path in (FOLDER / language).iterdir()}
    assert names == {path.name for path in (FOLDER / Language.ZH).iterdir()}


@every_notice
@both_languages
def test_a_notice_says_every_fact_it_is_given_and_has_no_gaps(template: str, language: Language) -> None:
    rendered = render(template, language, values(template))
    for name in FACTS[template]:
        assert f"<{name}>" in rendered.text
    assert rendered.subject
    assert rendered.sms
    assert "\n\n\n" not in rendered.text
    assert rendered.text == rendered.text.strip() + "\n"
    assert "{" not in rendered.text + rendered.subject + rendered.sms


@pytest.mark.parametrize("template", sorted(set(FACTS) - set(STAFF)))
@both_languages
def test_a_customer_finds_name_account_reference_and_firm(template: str, language: Language) -> None:
    text = render(template, language, values(template)).text
    account = () if template in NO_ACCOUNT else ("1001",)
    assert all(word in text for word in ("张伟", "closure-ACC-1.1", "示例银行", *account))


@every_notice
@both_languages
def test_a_text_message_is_at_most_140_characters_before_names(template: str, language: Language) -> None:
    bare = values(template, answer=Answer("", "", []) if template not in STAFF else None)
    bare |= {name: "" for name in bare if isinstance(bare[name], str)}
    bare["facts"] = dict.fromkeys(FACTS[template], "")
    assert len(render(template, language, bare).sms) <= 140


@pytest.mark.parametrize("template", QUESTIONS)
@both_languages
def test_a_question_tells_the_options_and_the_code_on_a_line_of_its_own(template: str, language: Language) -> None:
    rendered = render(template, language, values(template, answer=ANSWER))
    assert CODE in rendered.text.splitlines()
    assert "  fee_waiver  免收账户管理费" in rendered.text.splitlines()
    assert CODE in rendered.sms
    assert "免收账户管理费" in rendered.sms
    assert CODE not in render(template, language, values(template)).text


@both_languages
def test_the_caller_gets_the_options_and_the_command_but_not_the_code(language: Language) -> None:
    script = as_one("phone_script", language, values("phone_script", answer=ANSWER))
    assert "starter.py answer closure-ACC-1.task-1-offer" in script
    assert "免收账户管理费" in script
    assert CODE not in script


@both_languages
def test_who_notes_or_decides_an_option_that_wants_a_value_reads_what_to_type(language: Language) -> None:
    data = """--data '{"value": "..."}'"""
    asked = Answer("closure-ACC-1.task-1-offer", CODE, [("corrected", "value"), ("deny", "no")], {"corrected": data})
    script = render("phone_script", language, values("phone_script", answer=asked)).text
    assert f"  corrected  value  {data}" in script.splitlines()
    assert "starter.py answer closure-ACC-1.task-1-offer corrected --as" in script
    assert "--data" not in render("phone_script", language, values("phone_script", answer=ANSWER)).text
    lines = render("task", language, values("task", typed={"reject": data})).text.splitlines()
    assert [line.endswith(f"  {data}") for line in lines if line.startswith("  ")] == [False, True]


@both_languages
def test_a_letter_holds_the_notice_that_the_customer_could_not_get_otherwise(language: Language) -> None:
    notice = render("ended_rejected", Language.EN, values("ended_rejected")).text
    assert notice in render("letter", language, values("letter", letter=notice)).text


@pytest.mark.parametrize("template", ["task_due", "task_escalation", "task_second_escalation"])
@both_languages
def test_who_is_late_or_called_upon_is_told_what_happens_if_nothing_is_done(template: str, language: Language) -> None:
    assert "<consequence>" in render(template, language, values(template)).text
    assert words("task_escalation", language).strip("。.") != "task_escalation"


@both_languages
def test_those_whom_a_task_is_escalated_to_may_give_it_to_somebody_else(language: Language) -> None:
    for template in ("task_escalation", "task_second_escalation"):
        assert "starter.py reassign closure-ACC-1.task-1-offer" in as_one(template, language, values(template))


@both_languages
def test_every_rung_of_the_ladder_has_a_text_of_its_own(language: Language) -> None:
    rungs = ("task", "task_reminder", "task_due", "task_escalation", "task_second_escalation")
    assert len({render(template, language, values(template)).text for template in rungs}) == len(rungs)
    assert render("reminder", language, values("reminder")) != render("last_reminder", language, values("reminder"))


@pytest.mark.parametrize("template", sorted(set(STAFF) - OFFICE))
@both_languages
def test_a_due_moment_of_a_year_not_announced_is_said_to_be_provisional(template: str, language: Language) -> None:
    word = "暂定" if language is Language.ZH else "provisional"
    rendered = render(template, language, values(template, provisional=True))
    assert word in rendered.text
    assert word in rendered.sms
    assert word not in as_one(template, language, values(template, provisional=False))
    assert word not in as_one(template, language, values(template))


@both_languages
def test_the_caller_is_told_the_quiet_hours_where_there_are_any(language: Language) -> None:
    told = "请勿在 21:00 至次日 08:00 之间致电" if language is Language.ZH else "Do not call between 21:00 and 08:00"
    assert told in render("phone_script", language, values("phone_script", quiet=QUIET)).text
    for none in (values("phone_script", quiet=None), values("phone_script")):
        assert "08:00" not in render("phone_script", language, none).text


@both_languages
def test_the_digest_lists_each_task_and_why_and_what_happens_otherwise(language: Language) -> None:
    rendered = render("digest", language, values("digest", lines=[LATE, EARLY | {"provisional": True}]))
    told = ("宋佳", "song.jia", LATE["task"], EARLY["task"], LATE["due"], LATE["why"], LATE["otherwise"])
    assert all(str(word) in rendered.text for word in told)
    assert rendered.text.index(str(LATE["task"])) < rendered.text.index(str(EARLY["task"]))
    late, provisional = ("逾期】", "暂定") if language is Language.ZH else ("OVERDUE", "provisional")
    assert (rendered.text.count(late), rendered.text.count(provisional)) == (1, 1)
    for line in (rendered.subject, rendered.sms):
        assert ("逾期" if language is Language.ZH else "1 overdue") in line


@both_languages
def test_a_digest_without_anything_late_does_not_speak_of_it(language: Language) -> None:
    told = as_one("digest", language, values("digest", lines=[EARLY], overdue=0))
    assert ("逾期" if language is Language.ZH else "verdue") not in told


@both_languages
def test_a_manager_reads_in_the_digest_what_of_the_policy_has_to_be_seen_to(language: Language) -> None:
    plain = as_one("digest", language, values("digest"))
    told = render("digest", language, values("digest", lines=[], overdue=0, upkeep=["<plan>", "<notice>"]))
    assert all(f"- <{word}>" in told.text.splitlines() for word in ("plan", "notice"))
    said = "制度有待维护" if language is Language.ZH else "seen to"
    assert all((each in told.text, each in plain) == (True, False) for each in ("policy plans", said))
    assert said in told.subject


@both_languages
def test_a_manager_reads_what_a_proposed_policy_touches_and_what_to_type(language: Language) -> None:
    text = render("policy_proposed", language, values("policy_proposed")).text
    assert all(word in text for word in ("lin.tao", "2027-01-01", "42"))
    assert all(f"starter.py policy {verb} 2027-01-01" in text for verb in ("rollout", "approve", "reject"))


@both_languages
def test_who_proposed_a_policy_reads_the_ruling_and_its_reason(language: Language) -> None:
    approved = as_one("policy_ruled", language, values("policy_ruled"))
    rejected = as_one("policy_ruled", language, values("policy_ruled", approved=False))
    assert all("david.chen" in text and "<reason>" in text for text in (approved, rejected))
    assert "policy rollout 2027-01-01" in approved
    assert "policy publish" in rejected


@both_languages
def test_staff_read_options_and_roles_in_words(language: Language) -> None:
    text = render("task", language, values("task")).text
    assert ("批准" if language is Language.ZH else "finance") in text
    assert "  approve  " in text


@pytest.mark.parametrize("template", sorted({*STAFF} - {*OFFICE, "letter"}))
@both_languages
def test_no_number_and_no_address_of_a_customer_stands_in_a_mail_to_staff(template: str, language: Language) -> None:
    told = f"the right number is {SECRETS[0]}, before {', '.join(SECRETS[1:])}, owed 12345678901.00 on 2026-11-24 10:00"
    facts = dict.fromkeys(FACTS[template], told)
    text = as_one(template, language, values(template, subject=told, facts=facts))
    assert [secret for secret in SECRETS if secret in text] == []
    assert "***002X" in text
    assert "z***@example.com" in text
    assert "owed 12345678901.00 on 2026-11-24 10:00" in text


@both_languages
def test_a_customer_who_is_short_reads_only_the_ways_that_are_open(language: Language) -> None:
    ways = Answer("closure-ACC-1.task-1-shortfall", CODE, [("top_up", "1"), ("instalment", "2")])
    text = render("shortfall", language, values("shortfall", answer=ways)).text
    said = {way: f"- {words(way.value, language)}" in text for way in ShortfallWay}
    assert said == {way: way in {ShortfallWay.TOP_UP, ShortfallWay.INSTALMENT} for way in ShortfallWay}


@pytest.mark.parametrize("template", sorted(set(STAFF) - {*OFFICE, "phone_script"}))
def test_staff_who_read_chinese_find_the_matter_in_chinese_before_the_english_words(template: str) -> None:
    lines = render(template, Language.ZH, values(template)).text.splitlines()
    assert lines[lines.index("事项：替代方案") + 1] == "说明：an alternative"


@both_languages
def test_the_mail_about_more_time_tells_the_task_and_what_it_is_for_under_different_names(language: Language) -> None:
    text = render("extension", language, values("extension")).text
    names = [line.split("：" if language is Language.ZH else ":")[0] for line in text.splitlines() if "<" in line]
    assert ("对象" if language is Language.ZH else "For") in names
    assert len(re.findall(r"^(?:待办：|Task:)", text, re.MULTILINE)) == 1


@both_languages
def test_who_is_asked_for_information_is_told_that_words_are_needed(language: Language) -> None:
    text = render("information_asked", language, values("information_asked", answer=ANSWER)).text
    assert ("请用文字写明" if language is Language.ZH else "answer in words") in text
    assert ("文字" if language is Language.ZH else "in words") in words("answered", language)


@every_notice
@both_languages
def test_a_name_that_looks_like_a_template_stays_a_name(template: str, language: Language) -> None:
    evil = "{{ 7*7 }}{% for x in y %}{# #}"
    facts = dict.fromkeys(FACTS[template], evil)
    text = as_one(template, language, values(template, customer=evil, firm=evil, facts=facts))
    assert evil in text
    assert "49" not in text


def test_markup_in_a_name_is_neither_escaped_nor_lost() -> None:
    assert "<b>O'Neil & 子</b>" in render("paused", Language.EN, values("paused", customer="<b>O'Neil & 子</b>")).text


@both_languages
def test_a_line_break_in_a_value_cannot_add_a_header_to_the_mail(language: Language) -> None:
    facts = {"day": "2026-12-15\r\nBcc: thief@example.com\u2028X: y"}
    rendered = render("date_agreed", language, values("date_agreed", facts=facts))
    assert "2026-12-15 Bcc: thief@example.com X: y" in rendered.subject
    assert len(rendered.subject.splitlines()) == len(rendered.sms.splitlines()) == 1


@both_languages
def test_no_wished_day_is_not_spoken_of(language: Language) -> None:
    facts = {"expected_by": "2026-12-15", "wished_on": "", "blockers": "<blockers>"}
    asked = render("acknowledgement", language, values("acknowledgement")).text
    silent = render("acknowledgement", language, values("acknowledgement", facts=facts)).text
    assert len(silent.splitlines()) == len(asked.splitlines()) - 1


@both_languages
def test_an_apology_names_the_new_day_as_far_as_it_is_known(language: Language) -> None:
    day, chinese = "2026-12-15", language is Language.ZH
    known = {"why": "system_fault", "expected_by": day}
    told = [
        as_one("apology", language, values("apology", facts=facts))
        for facts in (known, known | {"stands": "yes"}, {"why": "system_fault"})
    ]
    assert [text.count(day) for text in told] == [2, 2, 0]
    assert ["最早" in text if chinese else "at the earliest" in text for text in told] == [False, True, False]
    assert [("尚无法确定" if chinese else "cannot name the new day") in text for text in told] == [False, False, True]


@both_languages
def test_codes_of_reasons_and_notices_are_told_in_words(language: Language) -> None:
    closing = values("closure_notice", facts={"reason": "dormant", "until": "2026-12-15"})
    told = "长期不动户" if language is Language.ZH else "dormant account"
    assert told in as_one("closure_notice", language, closing)
    reminding = values("reminder", facts={"about": "confirm_contact", "until": "2026-12-15"})
    assert "confirm_contact" not in as_one("reminder", language, reminding)


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("date_agreed", Language.EN, values("date_agreed", facts={}))


def test_an_unknown_notice_is_an_error() -> None:
    with pytest.raises(TemplateNotFound):
        render("no_such_notice", Language.EN, {})
