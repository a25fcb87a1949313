"""`disruption declare`, `show`, `done`, `end`, `approve` and `reject`, as they are typed."""

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.refusals import Code
from tests.e2e.test_commands import a_request
from tests.e2e.test_commands_refusals import expect
from tests.support.house import House, Ran, house
from tests.support.waiting import until

HERE, ELSEWHERE = "closure-ACC-1001", "closure-ACC-1006"
FLOOD = ("declare", "external_event", "--reference", "FLOOD-1", "--detail", "a flood", "--region", "上海")
FAULT = ("declare", "system_fault", "--reference", "OUT-2", "--detail", "down", "--system", "screening")
MISSPELT = ("--system", "boooks", "--branch", "nowhere")
NOWHERE = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own with two cases under way, of customers who live in different places."""
    with house(tmp_path_factory.mktemp("disruption")) as ready:
        for account, customer, name in (("ACC-1001", "CUS-1001", "张伟"), ("ACC-1006", "CUS-1004", "赵磊")):
            request = a_request(account, customer, name)
            assert ready.call("closure", "request", ready.write(f"{account}.json", request)).code == 0
        yield ready


def says(firm: House, by: str, *words: str, **environment: str) -> Ran:
    """`disruption WORDS --as BY --json`."""
    return firm.call("disruption", *words, "--as", by, "--json", **environment)


def shown(firm: House, reference: str = "FLOOD-1") -> dict[str, Any]:
    """What `disruption show` says."""
    return dict(firm.call("disruption", "show", reference, "--json").data)


def test_a_disruption_is_declared_shown_signed_ended_and_more_time_approved(firm: House) -> None:
    said = firm.run("disruption", *FLOOD, "--as", "huang.lei")
    assert (said.code, said.err) == (0, "")
    assert "Disruption FLOOD-1 is lasting, declared by huang.lei" in said.out
    until(lambda: shown(firm)["suspended"] == 1, "the case to be suspended")
    assert [case["case"] for case in shown(firm)["cases"]] == [HERE]
    assert firm.call("show", HERE, "--json").data["held"] is True
    assert firm.call("show", ELSEWHERE, "--json").data["held"] is False
    signed = firm.call("disruption", "done", "FLOOD-1", "branch_safe", "--as", "huang.lei")
    assert "branch_safe is done, by huang.lei" in signed.out
    ended = firm.call("disruption", "end", "FLOOD-1", "--cause", "rain", "--extend", "2", "--as", "huang.lei")
    assert "`disruption approve FLOOD-1`" in ended.out
    page = firm.call("disruption", "show", "FLOOD-1").out
    for words in ("external_event: ending", "1 touched, 1 suspended", "2 working days, not decided yet", "rain"):
        assert words in page
    assert "more time is approved, by tian.ye" in firm.call("disruption", "approve", "FLOOD-1", "--as", "tian.ye").out
    until(lambda: shown(firm)["state"] == "over", "the end of it")
    assert (shown(firm)["resumed"], shown(firm)["granted"]) == (1, True)
    assert firm.call("show", HERE, "--json").data["held"] is False
    assert firm.call("verify", "--json").data["breaks"] == []


def test_a_rejection_lets_the_cases_go_on_as_well(firm: House) -> None:
    assert says(firm, "wu.gang", *FAULT).data["steps"] == ["assess"]
    end = ("end", "OUT-2", "--cause", "a disk", "--extend", "1", "--id", "E-1")
    assert says(firm, "wu.gang", *end).data["state"] == "ending"
    assert says(firm, "wu.gang", *end).data["by"] == "wu.gang"
    expect(says(firm, "tian.ye", "reject", "OUT-2", "--reason", " "), Code.REASON_MISSING)
    assert says(firm, "tian.ye", "reject", "OUT-2", "--reason", "short enough").code == 0
    until(lambda: shown(firm, "OUT-2")["state"] == "over", "the end of it")
    assert "rejected by tian.ye: short enough" in firm.call("disruption", "show", "OUT-2").out


def test_what_cannot_be_is_refused_in_one_sentence(firm: House) -> None:
    new = [word.replace("FLOOD-1", "FLOOD-9") for word in FLOOD]
    refused = expect(says(firm, "huang.lei", *new, *MISSPELT), Code.BAD_INPUT, "boooks is not a system of the policy")
    assert [fault["path"] for fault in refused.error["faults"]] == ["systems[0]", "branches[0]"]
    expect(says(firm, "li.wei", *new), Code.FORBIDDEN, "may not declare")
    expect(says(firm, "huang.lei", *new, **NOWHERE), Code.UNREACHABLE)
    for words in (("end", "FLOOD-9", "--cause", "x"), ("approve", "FLOOD-9"), ("done", "FLOOD-9", "branch_safe")):
        expect(says(firm, "david.chen", *words), Code.NOT_FOUND)
    expect(firm.call("disruption", "show", "FLOOD-9", "--json"), Code.NOT_FOUND)
    assert (
        says(firm, "huang.lei", *(word.replace("external_event", "party") for word in new)).error["code"] == "BadInput"
    )
