"""Every term of the field has words in both languages."""

import inspect
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

import notices
from contracts import vocabulary
from contracts.books import PaymentState
from contracts.findings import FindingKind
from contracts.notices import DeliveryState
from contracts.tasks import ExtensionState, RungKind, TaskState
from contracts.vocabulary import Language, Outcome, Stage
from notices import label, words
from policy import Policies

KINDS: list[type[StrEnum]] = [DeliveryState, ExtensionState, FindingKind, PaymentState, RungKind, TaskState]
KINDS += [kind for kind in vars(vocabulary).values() if inspect.isclass(kind) and issubclass(kind, StrEnum)]
TERMS = [term for kind in KINDS for term in kind]
TABLE = tomllib.loads(Path(notices.__file__).with_name("words.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"{type(term).__name__}.{term}")
def test_every_term_of_the_field_has_words_of_its_own_kind(term: StrEnum) -> None:
    own = TABLE[type(term).__name__][term]
    assert {language: words(term, language) for language in Language} == own


@pytest.mark.parametrize("part", TABLE)
def test_every_entry_has_both_languages_and_nothing_else(part: str) -> None:
    for name, entry in TABLE[part].items():
        assert set(entry) == set(Language), name
        assert all(entry.values()), name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in entry["zh"]), name


def test_the_same_name_has_the_words_of_its_kind() -> None:
    assert words(Stage.CLOSED, Language.ZH) == "销户完成"
    assert words(Outcome.CLOSED, Language.ZH) == "已销户"


def test_a_bare_name_is_an_option_first() -> None:
    assert words("received", Language.EN) == "received"
    assert words("object", Language.ZH) == "提出异议"


def test_a_fact_is_called_otherwise_than_the_option_of_the_same_name() -> None:
    assert (label("question", Language.ZH), words("question", Language.ZH)) == ("问题", "有疑问")
    assert label("approve", Language.EN) == "approve"


def test_a_name_without_words_is_its_own() -> None:
    assert words("2026-12-15", Language.ZH) == "2026-12-15"
    assert words("", Language.EN) == ""


def test_every_offer_of_the_policy_has_words() -> None:
    policies = Policies(Path(notices.__file__).parents[1] / "policy")
    offers = [offer.id for version in policies.versions() for offer in policies[version].offers]
    assert offers
    assert all(words(offer, language) != offer for offer in offers for language in Language)


def test_every_line_of_a_checklist_that_a_person_attests_has_words() -> None:
    policies = Policies(Path(notices.__file__).parents[1] / "policy")
    items = [item for version in policies.versions() for item in policies[version].checklist if item.attested_by]
    assert items
    tasks = [f"attest_{item.id}" for item in items]
    assert all(words(task, language) != task for task in tasks for language in Language)


def test_every_notice_is_called_something() -> None:
    assert [name for name in notices.templates() if words(name, Language.ZH) == name] == []
