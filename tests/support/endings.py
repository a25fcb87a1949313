"""What must hold of every case that has ended, whatever its outcome."""

import hashlib
import json

from sqlmodel import Session

from activities.casework import request_of
from commands.verifying import check
from contracts.notices import DeliveryState
from contracts.requests import CaseOutcome
from contracts.tasks import TaskState
from contracts.views import CaseView, TaskLine
from gateways.evidence import EvidenceStore
from gateways.mail import CASE_HEADER
from records import trail
from records.tables import CaseRow
from tests.support.firm import Firm


def assert_ended_well(firm: Firm, outcome: CaseOutcome, *, status: str, balance: str) -> CaseView:
    """The account stands as it should, the customer knows, nothing waits, the trail and the dossier hold."""
    shown = firm.show(outcome.dossier)
    assert (shown.outcome, shown.stage) == (outcome.outcome, "filed")
    assert shown.ended_at
    assert (firm.status(shown.account), firm.balance(shown.account)) == (status, balance)
    assert firm.account(shown.account).lock is None
    assert_customer_knows(firm, shown)
    assert {task.state for task in shown.tasks} <= {TaskState.DECIDED, TaskState.WITHDRAWN}
    assert {each.kind for each in shown.follow_ups} == {"call_back", "retention", *_survey_after(firm, outcome)}
    with firm.world.database.transaction() as session:
        assert_vouched_for(session, outcome)
        assert_filed(firm.world.evidence, session, outcome)
    return shown


def _survey_after(firm: Firm, outcome: CaseOutcome) -> list[str]:
    """A survey, where the case's policy has one after such an end."""
    with firm.world.database.reading() as session:
        row = session.get_one(CaseRow, outcome.dossier)
        rules, reason = firm.world.policies[row.policy].survey, request_of(row).reason.code
        return ["survey"] if rules and rules.follows(row.outcome, row.initiator, reason) else []


def assert_customer_knows(firm: Firm, shown: CaseView) -> None:
    """The notice of the end was sent, and arrived where the customer reads; without a channel somebody told them."""
    template = "closing_statement" if shown.outcome == "closed" else f"ended_{shown.outcome}"
    came = {DeliveryState.SENT, DeliveryState.ANSWERED}
    sent = [each for each in shown.contacts if each.template == template and each.state in came]
    if not sent:
        assert any(_told_in_person(task, template) for task in shown.tasks), f"{template} was not sent"
        return
    mailed = [mail for mail in firm.mail.messages() if mail[CASE_HEADER] == shown.case]
    assert sent[-1].address in {mail["To"] for mail in mailed} | {sms["to"] for sms in firm.sms()}


def _told_in_person(task: TaskLine, template: str) -> bool:
    """By a letter that staff sent, or on the telephone."""
    letter = task.name == "letter" and f"'{template}'" in task.subject and task.option == "sent"
    return letter or (task.name == template and any(each.heard_by for each in task.decisions))


def assert_vouched_for(session: Session, outcome: CaseOutcome) -> None:
    """The trail is unbroken, its head is the one in the workflow's result, and the books sum to zero."""
    verified = check(session, outcome.dossier, [outcome])
    assert verified.breaks == ()
    assert verified.heads_compared == 1
    links = trail.entries(session, outcome.dossier)
    assert (len(links), links[-1].hash) == (outcome.trail_length, outcome.trail_head)
    assert set(verified.sums.values()) <= {"0.00", "0"}


def assert_filed(store: EvidenceStore, session: Session, outcome: CaseOutcome) -> None:
    """The index stands in the trail with its hash, and every part and proof has the hash that the index gives."""
    filed = next(link for link in trail.entries(session, outcome.dossier) if link.what == "dossier filed")
    ((reference, sha256),) = filed.evidence.items()  # each round of a filing that failed had a folder of its own
    assert reference.startswith(f"dossiers/{outcome.dossier}/")
    assert reference.endswith("index.json")
    assert sha256 == _sha256(store, reference)
    index = json.loads(store.get(reference))
    assert index["outcome"] == outcome.outcome
    assert index["evidence"] or not outcome.case.startswith("closure-")  # its statement, at least
    for name, sha256 in {**index["parts"], **index["evidence"]}.items():
        assert _sha256(store, name) == sha256, name


def _sha256(store: EvidenceStore, reference: str) -> str:
    return hashlib.sha256(store.get(reference)).hexdigest()
