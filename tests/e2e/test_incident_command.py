"""An incident as it is typed: reported, classified, dealt with; reports that cannot be used."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.house import ROOT, House, house

REPORT = json.loads((ROOT / "examples/incident-1001.json").read_text(encoding="utf-8"))
CASE = "incident-INC-0001"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with the books of the examples."""
    with house(tmp_path_factory.mktemp("incident")) as ready:
        yield ready


def test_an_incident_is_reported_classified_and_dealt_with_by_commands(firm: House) -> None:
    first = firm.call("incident", "report", "examples/incident-1001.json", "--json")
    assert (first.code, first.data["case"], first.data["reference"]) == (0, CASE, f"{CASE}.1")
    assert firm.call("incident", "report", "examples/incident-1001.json", "--json").data == first.data
    triage = firm.task_of("triage", CASE)
    shown = next(line for line in firm.call("show", CASE, "--json").data["tasks"] if line["task"] == triage)
    assert shown["options"] == ["confirm", "change"]
    unfit = firm.call("decide", triage, "change", "--as", "li.wei", "--reason", "worse", "--data", '{"severity": "P9"}')
    assert (unfit.code, unfit.err.count("\n")) == (2, 1)
    assert "data.severity: P1, P2, P3, P4" in unfit.err
    assert firm.call("decide", triage, "confirm", "--as", "li.wei").code == 0
    row = firm.call("show", CASE, "--json").data
    assert (row["kind"], row["outcome"]) == ("incident", "open")
    assert CASE in firm.call("cases", "--kind", "incident").out


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"severity": "P1"}, "severity"),
        ({"category": "fire"}, "category"),
        ({"description": ""}, "description"),
        ({"affected_customers": 0}, "affected_customers"),
        ({"occurred_at": "2026-11-20T10:00:00"}, "occurred_at"),
        ({"occurred_at": "2026-02-30T10:00:00+08:00"}, "occurred_at"),
        ({"occurred_at": "2026-11-21T10:00:00+08:00"}, ""),
        ({"customer": "CUS-1002"}, "customer"),
    ],
)
def test_a_report_that_cannot_be_used_names_every_fault(firm: House, changes: dict[str, Any], path: str) -> None:
    refused = firm.call("incident", "report", firm.write("bad.json", REPORT | {"report_id": "BAD"} | changes), "--json")
    assert refused.code == 2
    assert refused.data["error"]["code"] == "BadInput"
    assert path in [fault["path"] for fault in refused.data["error"]["faults"]]


def test_the_report_of_an_unknown_customer_is_refused_in_one_sentence(firm: House) -> None:
    unknown = REPORT | {"report_id": "UNKNOWN", "customer": "CUS-4040", "account": None}
    refused = firm.call("incident", "report", firm.write("unknown.json", unknown))
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "CUS-4040" in refused.err
