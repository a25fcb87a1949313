"""`incident import`: a file becomes incidents, eight at a time, and may be imported again."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from client import Quietus
from commands import importing
from commands.importing import AT_ONCE, Sending
from contracts.incidents import IncidentReport
from contracts.refusals import Code, Refused
from contracts.requests import Receipt
from contracts.vocabulary import Intake
from tests.support.firm import ROOT
from tests.support.house import House

REAL = ROOT / "examples" / "incidents-real.csv"
HEADER = "id,received,via,product,sub_product,issue,sub_issue,narrative,tags"
GOOD = "1,2026-11-20,Web,Card,,Fees,Late fee,They charged me.,"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def reports(count: int) -> list[IncidentReport]:
    return [
        IncidentReport(
            report_id=f"R-{n}",
            customer="CUS-1",
            channel=Intake.WEB,
            occurred_at=NOON,
            reported_at=NOON,
            description="x",
        )
        for n in range(count)
    ]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PAUSES_SECONDS", (0.0, 0.0))


@dataclass
class Desk:
    """Takes reports in place of Temporal; `refusing`: what it answers instead of a receipt, by report, and at the first
    time only where it is `busy_once`."""

    refusing: dict[str, Code] = field(default_factory=dict)
    busy_once: bool = False
    taken: list[str] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def report_incident(self, report: IncidentReport) -> Receipt:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        self.taken.append(report.report_id)
        first = self.taken.count(report.report_id) == 1
        if report.report_id in self.refusing and (first or not self.busy_once):
            raise Refused(self.refusing[report.report_id], "No.")
        return Receipt(case=f"incident-{report.report_id}", reference=report.report_id, expected_by=NOON)


async def sent(desk: Desk, count: int, known: frozenset[str] = frozenset()) -> Sending:
    sending = Sending(iter(reports(count)), known, tick=lambda: None)
    await sending.run(cast(Quietus, desk))
    return sending


async def test_each_report_is_sent_once_and_never_too_many_at_a_time() -> None:
    desk = Desk()
    sending = await sent(desk, 50)
    assert sorted(desk.taken) == sorted(report.report_id for report in reports(50))
    assert (sending.reported, desk.most) == (50, AT_ONCE)


async def test_what_was_there_is_counted_apart_whether_open_or_ended() -> None:
    desk = Desk(refusing={"R-2": Code.ALREADY_ENDED})
    sending = await sent(desk, 5, known=frozenset({"incident-R-1"}))
    assert (sending.reported, sending.there_before, sending.refused) == (3, 2, [])


async def test_a_refused_report_is_named_and_the_others_are_sent() -> None:
    sending = await sent(Desk(refusing={"R-2": Code.NOT_FOUND}), 20)
    assert (sending.reported, [str(fault) for fault in sending.refused]) == (19, ["R-2: No."])


async def test_once_nobody_answers_no_more_are_sent() -> None:
    desk = Desk(refusing={f"R-{n}": Code.UNREACHABLE for n in range(10, 500)})
    sending = await sent(desk, 500)
    assert sending.unreachable
    assert sending.reported == 10
    assert len(set(desk.taken)) <= 10 + AT_ONCE


async def test_a_report_that_a_busy_worker_did_not_answer_is_sent_again() -> None:
    desk = Desk(refusing={"R-3": Code.UNREACHABLE}, busy_once=True)
    sending = await sent(desk, 10)
    assert (sending.reported, sending.unreachable, desk.taken.count("R-3")) == (10, None, 2)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """No worker, no records."""
    return House(tmp_path, {"QUIETUS_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1"})


def test_a_dry_run_reads_all_and_sends_nothing(house: House) -> None:
    done = house.call("incident", "import", str(REAL), "--customer", "CUS-1001", "--dry-run", "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.data["reported"], done.data["bad_rows"], done.data["dry_run"]) == (1017, [], True)
    assert list(house.home.iterdir()) == []


def test_bad_rows_are_named_on_standard_error(house: House) -> None:
    file = house.write("complaints.csv", f"{HEADER}\n{GOOD}\n2{GOOD[1:].replace('Web', 'Pigeon')}")
    done = house.call("incident", "import", file, "--customer", "CUS-1001", "--dry-run")
    assert (done.code, done.out) == (2, "Dry run, nothing is sent: 1 report, 1 bad row.\n")
    assert done.err.startswith("row 3: via: should be one of Web,")


def test_where_nobody_answers_one_is_told_to_run_it_again(house: House) -> None:
    file = house.write("complaints.csv", f"{HEADER}\n{GOOD}")
    done = house.call("incident", "import", file, "--customer", "CUS-1001", "--json")
    assert (done.code, done.data["not_sent"]) == (3, 1)
    assert "Temporal" in done.err
    assert "import the file again" in done.err
