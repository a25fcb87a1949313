"""The table of exceptions: each kind alone, with a second one in its middle, with the worker killed in its middle."""

import importlib

import pytest

from tests.support.coverage import missing, table

SHOWING = (
    "tests.workflows.test_remedies_details",
    "tests.workflows.test_remedies_events",
    "tests.workflows.test_remedies_money",
    "tests.workflows.test_nested",
    "tests.faults.test_remedies_crashed",
)


def test_every_exception_is_shown_alone_nested_and_crashed(capsys: pytest.CaptureFixture[str]):
    for module in SHOWING:
        importlib.import_module(module)
    with capsys.disabled():
        print(f"\n{table()}")
    assert missing() == []
