"""What a machine can see of the house: who imports whom, what must exist beside what, how long things may be.

When a rule complains, the house is right more often than not; CONTRIBUTING.md has the recipes.
"""

import ast
import hashlib
import importlib
import pkgutil
import statistics
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, cast, get_args, get_type_hints

import pytest
from pydantic import BaseModel
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import _Definition  # the only place that knows all handlers

import contracts
import starter
from contracts.base import Contract
from contracts.findings import FindingKind
from contracts.refusals import Code
from contracts.vocabulary import Outcome, Stage
from policy import Policies
from settings import PREFIX, Settings
from tests.support.firm import FAST, ROOT
from worker import PASSED_THROUGH, WORKFLOWS, World, build
from workflows.remedies import REMEDIES

SAMPLES = ROOT / "tests" / "contracts" / "samples"

MAY_IMPORT = {
    "contracts": "",
    "policy": "contracts",
    "notices": "contracts",
    "reports": "contracts notices",
    "settings": "contracts",
    "records": "contracts",
    "gateways": "contracts policy notices records",
    "activities": "contracts policy notices records gateways",
    "workflows": "contracts policy activities",
    "client": "contracts",
    "policy_client": "contracts client",
    "disruption_client": "contracts client",
    # The composition roots put the world together, so that they know every gateway and the records behind it. Commands
    # that ask the rules of the stages (`blockers`, `show`) call the same functions that the activities call.
    "worker": "contracts policy records gateways activities workflows settings",
    "commands": "contracts policy notices records gateways activities reports settings client policy_client "
    "disruption_client worker",
    "starter": "commands",
}
"""The import arrow, our own top-level names only. Benches and tests may import everything."""

EXCEPTED = {"records/__main__.py": "settings"}
"""`python -m records` brings a database up to date before any worker runs: a composition root of its own."""

POLICY_FILES = {
    "policy/2026-11-01.toml": "f60253804ad98b263021a33a1f7ca4b7c1f0f25a6f99442351b2fbe8ad2c3780",
    "policy/2026-11-22.toml": "cb20b58610b22b7622957f852c64650c8481d2f5d3994b79c3563f723a557bc1",
    "policy/2026-11-22.2.toml": "32ba7613e75db811477a2f554af9dae458700e64889811269c605c16a1fa9929",
    "policy/2026-11-22.3.toml": "8e4e980944ef386933ca8fd70402a369523f9dd2e0e7a7a5d5edd23c23328f38",
    "policy/2026-11-22.4.toml": "daee2f13ed43506b2392f7a1bb67e0263b4c699960c56ffb75a2f0e7dc94cfa8",
}
"""Every policy file that was ever in force, as it was then. A new version is a new file and a new line here."""

NOT_RAISED_YET: set[FindingKind] = set()
"""Kinds that nothing finds and nobody can raise yet; kept so that a policy may already say who would deal with them."""

LONGEST_FUNCTION, MEDIAN_FUNCTION, NINE_OF_TEN_FUNCTIONS = 40, 6, 15
LONGEST_FILE, LONGEST_TEST_FILE = 300, 400


# ---- the tree ----------------------------------------------------------------------------------


@cache
def sources() -> dict[str, ast.Module]:
    """Every Python file of ours by its path in the tree; migrations aside, which are generated and never changed."""
    files = [
        file for file in ROOT.rglob("*.py") if not any(part.startswith(".") for part in file.relative_to(ROOT).parts)
    ]
    named = {file.relative_to(ROOT).as_posix(): file for file in files}
    return {name: ast.parse(named[name].read_text("utf-8")) for name in sorted(named) if "/migrations/" not in name}


def top_of(name: str) -> str:
    """The top-level name that a file or a dotted module belongs to."""
    return name.replace("/", ".").removesuffix(".py").split(".")[0]


def imported_by(tree: ast.AST) -> set[str]:
    """The modules that a tree imports, at its top or further down."""
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) if node.module}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function in a tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, without decorators."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def is_test(name: str) -> bool:
    """Whether a file is part of the tests."""
    return name.startswith("tests/")


def read(name: str) -> str:
    """A file of the tree."""
    return (ROOT / name).read_text(encoding="utf-8")


# ---- imports -----------------------------------------------------------------------------------


def test_imports_go_one_way():
    wrong = [
        f"{name} imports {module}"
        for name, tree in sources().items()
        if top_of(name) not in {"tests", "bench"}
        for module in sorted(imported_by(tree))
        if top_of(module) in MAY_IMPORT
        and top_of(module) not in {top_of(name), *MAY_IMPORT[top_of(name)].split(), EXCEPTED.get(name)}
    ]
    assert wrong == []


def test_workflow_files_take_only_classes_from_activities():
    """For typed calls. Whatever else an activity module holds may touch the world."""
    names = [
        f"{name}: {alias.name}"
        for name, tree in sources().items()
        if name.startswith("workflows/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and top_of(node.module or "") == "activities"
        for alias in node.names
    ]
    assert [name for name in names if not name.split(": ")[1][0].isupper()] == []


async def test_nothing_leaves_the_sandbox(skipping_client: Client):
    runner = build(skipping_client, no_world()).config()["workflow_runner"]
    assert isinstance(runner, SandboxedWorkflowRunner)
    assert not any(module.startswith("workflows") for module in PASSED_THROUGH)
    assert [name for name in sources() if name.startswith("workflows/") and "unsafe" in read(name)] == []


# ---- what must exist beside what ---------------------------------------------------------------


@pytest.mark.parametrize("kind", FindingKind)
def test_a_kind_of_finding_has_a_remedy_a_row_in_the_policy_a_place_in_the_docs_and_a_test(kind: FindingKind):
    assert kind in REMEDIES
    for folder in (ROOT / "policy", FAST):
        policies = Policies(folder)
        assert kind in policies[policies.versions()[-1]].findings
    assert f"`{kind}`" in read("docs/process.md")
    assert named_by_a_test(kind) is (kind not in NOT_RAISED_YET)


def named_by_a_test(kind: FindingKind) -> bool:
    """Whether a test other than these tells of the kind."""
    texts = [read(name) for name in sources() if is_test(name) and name != "tests/test_house_rules.py"]
    return any(f'"{kind}' in text or f"FindingKind.{kind.name}" in text for text in texts)


def test_a_kind_that_no_test_names_is_really_not_raised_yet():
    raising = [name for name in sources() if top_of(name) in {"activities", "workflows"} and "remedies" not in name]
    assert [name for name in raising for kind in NOT_RAISED_YET if f"FindingKind.{kind.name}" in read(name)] == []


def test_past_policy_files_are_as_they_were_in_force():
    hashes = {
        file.relative_to(ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (ROOT / "policy").glob("*.toml")
    }
    assert hashes == POLICY_FILES


def test_every_activity_that_a_workflow_calls_is_registered_and_no_other():
    called = {call for name, tree in sources().items() if name.startswith("workflows/") for call in calls_in(tree)}
    registered = [cast(Any, method).__qualname__ for method in no_world().activities()]
    assert called == set(registered)


def calls_in(tree: ast.Module) -> Iterator[str]:
    """The activities that a workflow file names, such as `Desk.show`."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    holders = {alias.name for node in imports if top_of(node.module or "") == "activities" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in holders:
            yield f"{node.value.id}.{node.attr}"


def no_world() -> World:
    """A world without gateways, to ask what would be registered."""
    return World(**{field.name: cast(Any, None) for field in fields(World)})


def test_every_signal_update_and_query_takes_and_answers_documented_contracts():
    """`None` is what a signal answers; the dynamic signal, which records what nobody knows, takes what comes, and so
    does the one that keeps what cannot be read as a decision: its words name the contract."""
    assert len(list(handlers())) >= 7
    for handler in handlers():
        for name, hint in get_type_hints(handler).items():
            for model in [hint, *get_args(hint)]:
                if model is type(None):
                    continue
                if model is RawValue:
                    assert "Decision" in str(handler.__doc__)
                    continue
                assert issubclass(model, Contract), f"{handler.__qualname__}: {name}"
                assert model.__doc__, model


def handlers() -> Iterator[Callable[..., Any]]:
    """What takes messages, in all workflows; the dynamic signal has no name."""
    for workflow in WORKFLOWS:
        known = _Definition.must_from_class(workflow)
        for named in (known.signals, known.updates, known.queries):
            yield from (definition.fn for name, definition in named.items() if name)


# ---- contracts ---------------------------------------------------------------------------------


def every_contract() -> list[type[BaseModel]]:
    """All models in contracts/."""
    for module in pkgutil.iter_modules(contracts.__path__):
        importlib.import_module(f"contracts.{module.name}")
    return sorted(below(Contract), key=lambda model: model.__name__)


def below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models derived from one, in contracts/."""
    for derived in model.__subclasses__():
        if derived.__module__.startswith("contracts."):
            yield derived
        yield from below(derived)


@pytest.mark.parametrize("model", every_contract(), ids=lambda model: model.__name__)
def test_a_stored_sample_of_a_contract_still_parses(model: type[BaseModel]):
    """A sample is never changed once released: its fields are still there, and fields added since have defaults.
    A new contract gets a file of its own; a new shape of an old one another file, such as `Decision-2.json`."""
    samples = sorted(SAMPLES.glob(f"{model.__name__}*.json"))
    own = [file for file in samples if file.stem.partition("-")[0] == model.__name__]
    assert own, f"write {SAMPLES.relative_to(ROOT)}/{model.__name__}.json"
    for file in own:
        model.model_validate_json(file.read_text(encoding="utf-8"))


def test_a_contract_is_frozen_and_refuses_what_it_does_not_know():
    loose = [
        m.__name__ for m in every_contract() if not (m.model_config["frozen"] and m.model_config["extra"] == "forbid")
    ]
    assert loose == []


def test_every_workflow_has_recorded_histories_that_ended_and_that_wait():
    for release in (ROOT / "tests" / "replay" / "histories").iterdir():
        texts = [file.read_text(encoding="utf-8") for file in release.glob("*.json")]
        for workflow in WORKFLOWS:
            mine = [text for text in texts if f'"{workflow.__name__}"' in text]
            ended = ["workflowExecutionCompletedEventAttributes" in text for text in mine]
            assert set(ended) == {True, False}, f"{workflow.__name__} in {release.name}"


# ---- length and words --------------------------------------------------------------------------


def test_no_function_and_no_file_is_too_long():
    long = [
        f"{name}: {function.name} has {length(function)} lines"
        for name, tree in sources().items()
        for function in functions(tree)
        if length(function) > LONGEST_FUNCTION
    ]
    for name in sources():
        lines, limit = read(name).count("\n"), LONGEST_TEST_FILE if is_test(name) else LONGEST_FILE
        long += [f"{name} has {lines} lines"] if lines > limit else []
    assert long == []


def test_functions_are_short():
    lengths = sorted(length(each) for name, tree in sources().items() if not is_test(name) for each in functions(tree))
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
    assert statistics.quantiles(lengths, n=10)[-1] <= NINE_OF_TEN_FUNCTIONS


def test_every_module_says_in_one_to_three_lines_what_it_is():
    said = {name: ast.get_docstring(tree) for name, tree in sources().items()}
    assert [name for name, words in said.items() if not words or words.count("\n") > 2] == []


def test_public_classes_are_documented():
    bare = [
        f"{name}: {node.name}"
        for name, tree in sources().items()
        if not is_test(name)
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert bare == []


@pytest.mark.parametrize("word", [*Stage, *Outcome], ids=str)
def test_the_docs_name_every_stage_and_outcome(word: str):
    assert word == Outcome.OPEN or f"`{word}`" in read("docs/process.md")


@pytest.mark.parametrize("command", starter.COMMANDS)
def test_the_docs_name_every_command(command: str):
    assert f"`{command}" in read("docs/operating.md")


@pytest.mark.parametrize("setting", [f"{PREFIX}{name.upper()}" for name in Settings.model_fields])
def test_the_docs_name_every_setting(setting: str):
    assert f"`{setting}`" in read("docs/operating.md")


@pytest.mark.parametrize("code", Code, ids=str)
def test_the_docs_name_every_refusal(code: Code):
    assert f"`{code}`" in read("docs/operating.md")
