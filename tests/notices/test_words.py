"""Every term of the field has words in both languages."""

import ast
import inspect
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

import notices
from contracts import vocabulary
from contracts.books import CustomerField, PaymentState
from contracts.findings import FindingKind
from contracts.notices import DeliveryState
from contracts.tasks import ExtensionState, RungKind, TaskState
from contracts.vocabulary import Language, Outcome, Stage
from notices import label, words
from policy import Policies

KINDS: list[type[StrEnum]] = [CustomerField, PaymentState, DeliveryState, ExtensionState, FindingKind]
KINDS += [RungKind, TaskState]
KINDS += [kind for kind in vars(vocabulary).values() if inspect.isclass(kind) and issubclass(kind, StrEnum)]
TERMS = [term for kind in KINDS for term in kind]
ROOT = Path(notices.__file__).parents[1]
TABLE = tomllib.loads((ROOT / "notices" / "words.toml").read_text(encoding="utf-8"))
POLICIES = Policies(ROOT / "policy")
ASKING = {"ask_customer": 0, "ask_staff": 0, "approved": 1, "TaskOption": 0}
"""What asks people, and the place of the name among its arguments."""


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
    policies = [POLICIES[version] for version in POLICIES.versions()]
    offers = [offer.id for policy in policies for offer in policy.offers]
    offers += [offer.id for policy in policies if policy.refusal for offer in policy.refusal.offers]
    assert offers
    assert all(words(offer, language) != offer for offer in offers for language in Language)


def test_every_line_of_a_checklist_that_a_person_attests_has_words() -> None:
    items = [item for version in POLICIES.versions() for item in POLICIES[version].checklist if item.attested_by]
    assert items
    tasks = [f"attest_{item.id}" for item in items]
    assert all(words(task, language) != task for task in tasks for language in Language)


def test_every_step_of_a_contingency_plan_has_words() -> None:
    plans = [plan for version in POLICIES.versions() for plan in POLICIES[version].plans.values()]
    tasks = [f"plan_{step.id}" for plan in plans for step in plan.steps]
    assert tasks
    assert all(words(task, language) != task for task in tasks for language in Language)


def test_everything_that_a_case_asks_and_every_answer_it_takes_has_words() -> None:
    asked = set(names_asked())
    assert {"correct_record", "shortfall", "review_again", "approve"} <= asked
    assert [name for name in sorted(asked) if not any(name in part for part in TABLE.values())] == []


def names_asked() -> Iterator[str]:
    """The names of tasks and options that stand in the workflows as they are."""
    for file in (ROOT / "workflows").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            place = ASKING.get(ast.unparse(node.func).split(".")[-1]) if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and place is not None:
                given = [*node.args[place : place + 1], *(each.value for each in node.keywords if each.arg == "name")]
                yield from (str(each.value) for each in given if isinstance(each, ast.Constant))


def test_every_notice_is_called_something() -> None:
    assert [name for name in notices.templates() if words(name, Language.ZH) == name] == []
