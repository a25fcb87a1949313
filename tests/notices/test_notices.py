"""Every notice exists in both languages, says what it must, and takes names as text."""

import re
from datetime import time
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

import notices
from contracts.vocabulary import Language, ShortfallWay
from notices import Answer, render, templates, words
from policy.work import QuietHours
from tests.support.notices import (
    ANSWER,
    CODE,
    FACTS,
    NO_ACCOUNT,
    OFFICE,
    QUESTIONS,
    SECRETS,
    STAFF,
    as_one,
    values,
)

FOLDER = Path(notices.__file__).parent
every_notice = pytest.mark.parametrize("template", templates())
QUIET = QuietHours(begins=time(21), ends=time(8), media=())
both_languages = pytest.mark.parametrize("language", list(Language))


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
