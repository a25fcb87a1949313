"""What the office reads: the daily digest, and what managers are told of a policy."""

import pytest

from contracts.vocabulary import Language
from notices import render
from tests.support.notices import EARLY, LATE, as_one, values

both_languages = pytest.mark.parametrize("language", list(Language))


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
