"""Records how each process runs on the real server, for later versions to replay.

`python -m tests.replay.record 0.1.0` writes histories/0.1.0/*.json. Once that version has run anywhere, they stay.
"""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from temporalio.client import Client, WorkflowHistory

from contracts.converter import data_converter
from contracts.messages import survey_id
from contracts.refusals import Refused
from contracts.tasks import Hold, Withdrawal
from disruption_client import disruption_id
from gateways.devserver import DevServer
from gateways.duties import send_digest
from policy_client import rollout_id
from tests.faults.edges import RefusingRail, Watched
from tests.replay.corpus import HISTORIES
from tests.support import adjustments
from tests.support.adjustments import fee_booked_twice
from tests.support.disruptions import declare, end, report
from tests.support.disruptions import rule as rule_on_more_time
from tests.support.firm import ROOT, Firm, eventually, firm_without_worker
from tests.support.incidents import handled, reported, says
from tests.support.majors import LEAD, WORDS, bulletin_sent, classified, does, hangs, major_begun, solved, team_filled
from tests.support.policies import publish, rule, variant
from tests.support.surveys import BAD, retained
from worker import build


async def closed(firm: Firm) -> str:
    """Two approvers, a first payout that is refused, and a card that does not come back."""
    case = await waiting(firm, "ACC-1010")
    for approver in ("song.jia", "guo.qiang"):
        await firm.decide(await firm.task("approval", case), "approve", approver)
    await firm.decide(await firm.task("payout_failed", case), "fixed", "wang.fang")
    await firm.decide(await firm.task("instruments_missing", case), "accept", "huang.lei", reason="reported lost")
    await firm.answer(await firm.task("closing_statement", case), "received")
    await firm.outcome(case)
    return case


async def withdrawn(firm: Firm) -> str:
    """Paused, sent a signal that nobody knows, resumed, returned to a stage; then the customer keeps the account."""
    case = await waiting(firm, "ACC-1012")
    hold = Hold(decision_id="H-1", token=firm.tokens.mint("song.jia"), reason="a question to the branch")
    await firm.quietus.pause(case, hold)
    await firm.handle(case).signal("nobody_knows_this", "a value")
    again = {"decision_id": "H-2", "token": firm.tokens.mint("song.jia")}
    await firm.quietus.resume(case, hold.model_copy(update=again))
    approval = await firm.task("approval", case)
    await firm.decide(approval, "return", "song.jia", reason="look again", data={"stage": "identity"})
    await firm.answer(await firm.task("confirm_contact", case), "confirm")
    token = firm.tokens.mint("li.wei")
    await firm.quietus.withdraw(case, Withdrawal(decision_id="W-1", token=token, reason="the customer keeps it"))
    await firm.outcome(case)
    return case


async def waiting(firm: Firm, account: str = "ACC-1001") -> str:
    """Confirmed by the customer, not approved yet."""
    case = (await firm.open(account)).case
    await firm.answer(await firm.task("confirm_contact", case), "confirm")
    await firm.task("approval", case)
    return case


async def survey_answered(firm: Firm) -> str:
    """The one about the closed account: a low score, and somebody sees to it."""
    survey = survey_id("closure-ACC-1010.1")
    await firm.answer(await firm.task("survey", survey), "rated", data=BAD)
    task = await firm.task("survey_follow_up", survey)
    await firm.decide(task, "followed_up", "chen.jie", reason="called, and explained")
    await firm.outcome(survey)
    return survey


async def survey_waiting(firm: Firm) -> str:
    """Asked, and not answered yet."""
    await retained(firm, "ACC-1003")
    survey = survey_id("closure-ACC-1003.1")
    await firm.task("survey", survey)
    return survey


async def incident_solved(firm: Firm) -> str:
    """Sent back by a department, an interim solution, compensation, not solved at first, called back."""
    case = (await reported(firm, report_id="INC-1")).case
    await says(firm, case, "triage", "confirm")
    await says(firm, case, "analyse", "not_ours")
    await says(firm, case, "triage", "change", severity="P2")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "interim")
    await says(firm, case, "solve", "proposed", compensation="10.00")
    await says(firm, case, "compensation", "approve", by="song.jia")
    await says(firm, case, "carry_out", "done")
    await says(firm, case, "incident_solved", "not_solved")
    await handled(firm, case)
    await says(firm, case, "incident_solved", "solved")
    await says(firm, case, "call_back", "solved")
    await firm.outcome(case)
    return case


async def incident_waiting(firm: Firm) -> str:
    """Not classified yet."""
    case = (await reported(firm, report_id="INC-2", customer="CUS-1002", account="ACC-1002")).case
    await firm.task("triage", case)
    return case


async def adjustment_reversed(firm: Firm) -> str:
    """A question, a plan that is posted, and taken back since the customer objects."""
    _, second = fee_booked_twice(firm, account="ACC-1004")
    case = (await adjustments.asked_for(firm, request_id="ADJ-1", account="ACC-1004")).case
    await adjustments.found_out(firm, case)
    await adjustments.proposed(firm, case, second)
    await adjustments.says(firm, case, "approve_plan", "approve")
    await adjustments.says(firm, case, "adjustment_notice", "question")
    await adjustments.says(firm, case, "customer_question", "answered")
    await adjustments.says(firm, case, "adjustment_notice", "agree")
    await adjustments.says(firm, case, "adjustment_done", "object")
    await adjustments.says(firm, case, "objection", "justified")
    await adjustments.agreed(firm, case)
    await adjustments.says(firm, case, "lesson", "recorded")
    await firm.outcome(case)
    return case


async def adjustment_waiting(firm: Firm) -> str:
    """For the customer, who may object to the plan."""
    _, second = fee_booked_twice(firm, account="ACC-1004")
    case = (await adjustments.asked_for(firm, request_id="ADJ-2", account="ACC-1004")).case
    await adjustments.found_out(firm, case)
    await adjustments.proposed(firm, case, second)
    await adjustments.says(firm, case, "approve_plan", "approve")
    await firm.task("adjustment_notice", case)
    return case


async def digest_sent(firm: Firm) -> str:
    """To each who has open work, and to nobody else."""
    await send_digest(firm.client, firm.task_queue, DAY, timedelta(seconds=30))
    return f"digest-{DAY}"


async def digest_waiting(firm: Firm) -> str:
    """For a mail server that is down."""
    mailer = firm.world.mailer
    assert isinstance(mailer, Watched)
    mailer.down = True
    later = DAY + timedelta(days=1)
    with suppress(Refused):  # it is not over
        await send_digest(firm.client, firm.task_queue, later, timedelta(seconds=1))
    await mailer.failed(1)
    return f"digest-{later}"


async def rollout_done(firm: Firm) -> str:
    """Approved, in force, and answered by the case that waits."""
    await publish(firm, NEW, variant(NEW, STRICTER))
    await rule(firm, NEW)
    await firm.client.get_workflow_handle(rollout_id(NEW)).result()
    return rollout_id(NEW)


async def rollout_waiting(firm: Firm) -> str:
    """Proposed, and not ruled on."""
    await publish(firm, LATER, variant(LATER, STRICTER))
    return rollout_id(LATER)


async def disruption_over(firm: Firm) -> str:
    """It suspended a case and let it go, with more time."""
    await declare(firm, reference="OUT-1")
    await eventually(lambda: report(firm, "OUT-1").suspended, "a suspended case")
    await end(firm, "OUT-1", days=1)
    await rule_on_more_time(firm, "OUT-1")
    await firm.client.get_workflow_handle(disruption_id("OUT-1")).result()
    return disruption_id("OUT-1")


async def disruption_lasting(firm: Firm) -> str:
    """It touches one place, where there is no case."""
    await declare(firm, reference="OUT-2", regions=["四川"])
    await eventually(lambda: len(report(firm, "OUT-2").steps) == 1, "its plan")
    return disruption_id("OUT-2")


async def major_over(firm: Firm) -> str:
    """A report makes it one; it is solved and reviewed, and the report answered."""
    case, major = await major_begun(firm, customer="CUS-1005")
    await team_filled(firm, major)
    await bulletin_sent(firm, major)
    await does(firm, major, "interim_solution", "interim", LEAD, **WORDS)
    await does(firm, major, "bulletin_approval", "approve", "song.jia")
    await solved(firm, major)
    await says(firm, case, "incident_solved", "solved")
    await does(firm, major, "review", "action", "song.jia", owner="technology", within="week")
    await does(firm, major, "review", "reviewed", LEAD)
    await does(firm, major, "improvement", "done", "wu.gang")
    await firm.outcome(major)
    return major


async def major_waiting(firm: Firm) -> str:
    """For its team; a second report hangs on it."""
    _, major = await major_begun(firm, customer="CUS-1005")
    await hangs(firm, await classified(firm, customer="CUS-1007"), major)
    return major


DAY = date(2026, 11, 24)
NEW, LATER = "2026-11-25-rehearsal", "2026-11-26-rehearsal"
STRICTER = ("hit = 90", "hit = 88")  # touches every case that has not settled
PATHS: dict[str, Callable[[Firm], Awaitable[str]]] = {
    "closure-waiting": waiting,
    "digest-sent": digest_sent,
    "closure-withdrawn": withdrawn,
    "closure-closed": closed,
    "survey-answered": survey_answered,
    "survey-waiting": survey_waiting,
    "incident-solved": incident_solved,
    "incident-waiting": incident_waiting,
    "adjustment-reversed": adjustment_reversed,
    "adjustment-waiting": adjustment_waiting,
    "disruption-over": disruption_over,
    "disruption-lasting": disruption_lasting,
    "rollout-done": rollout_done,
    "rollout-waiting": rollout_waiting,
    "major-over": major_over,
    "major-waiting": major_waiting,
    "digest-waiting": digest_waiting,
}
"""By the name of its file, in the order in which they are taken: from the last one on no mail goes out."""


async def record(folder: Path, home: Path) -> None:
    """Take each path once and keep its history."""
    async with DevServer(home / "temporal") as server:
        client = await Client.connect(server.address, data_converter=data_converter(), identity="recorder")
        async with firm_without_worker(client, home) as firm:
            firm.world.rail = RefusingRail(firm.world.rail)
            firm.world.mailer = Watched(firm.world.mailer)
            async with build(client, firm.world, task_queue=firm.task_queue):
                for name, path in PATHS.items():
                    history = await firm.handle(await path(firm)).fetch_history()
                    keep(history, folder / f"{name}.json")


def keep(history: WorkflowHistory, file: Path) -> None:
    """As JSON. Refused: one that names the machine it was made on."""
    text = json.dumps(history.to_json_dict(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for name in (f"@{socket.gethostname()}", str(ROOT)):
        assert name not in text, f"{file.name} would tell {name}"
    file.write_text(text + "\n", encoding="utf-8")
    print(f"{file.name}: {len(history.events)} events, {len(text):,} bytes")


def main(version: str) -> None:
    """Record into histories/<version>, which must not be there yet."""
    folder = HISTORIES / version
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "recorded"
        home.mkdir()
        asyncio.run(record(folder, home))


if __name__ == "__main__":
    main(sys.argv[1])
