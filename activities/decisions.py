"""审批: what a decision does: it is written down, ends its task, accepts a finding, corrects a request."""

from pydantic import ValidationError
from sqlmodel import Session

from activities.casework import cleared, note, record, request_of
from contracts.findings import Checked, Finding, FindingKind, FindingState
from contracts.judgement import CORRECTING, Verdict
from contracts.refusals import bad_input, faults_of
from contracts.requests import Amendment
from contracts.steps import Step
from contracts.tasks import Decision, DecisionReceipt, TaskSpec, TaskState
from contracts.text import moment_text
from records.canonical import canonical, fingerprint
from records.tables import CaseRow, DecisionRow, FindingRow, TaskRow

APPROVAL = "approval"


def overdue(session: Session, step: Step, task: TaskRow) -> None:
    """审批超时: an approval that nobody gives in time is a finding, until it is decided."""
    words = f"{task.task} was due at {moment_text(task.due_at)} and is not decided"
    finding = Finding(kind=FindingKind.INTERNAL_PROCESS, subject=APPROVAL, detail=words, facts={"task": task.task})
    record(session, _overdue_step(step), Checked(findings=(finding,)))


def _overdue_step(step: Step) -> Step:
    return step.model_copy(update={"name": f"overdue-{APPROVAL}"})


def write(
    session: Session, step: Step, decision: Decision, receipt: DecisionReceipt, who: str, verdict: Verdict
) -> None:
    """The decision and its link of the trail."""
    session.add(
        DecisionRow(
            decision_id=decision.decision_id,
            task=decision.task,
            dossier=step.dossier,
            option=decision.option,
            decided_by=who,
            at=step.at,
            reason=decision.reason,
            data=canonical(decision.data),
            fingerprint=content_of(decision, who),
            receipt=receipt.model_dump_json(),
            roles=canonical(sorted(verdict.roles)),
            in_place_of=verdict.in_place_of,
        )
    )
    evidence = {"decision": decision.decision_id, "approvals": f"{receipt.approvals} of {receipt.needed}"}
    evidence |= {"roles": ", ".join(sorted(verdict.roles))}
    evidence |= {"in place of": verdict.in_place_of} if verdict.in_place_of else {}
    note(session, step, f"{decision.task}: {decision.option}", decision.reason, who=receipt.by, evidence=evidence)


def end(session: Session, step: Step, task: TaskRow, spec: TaskSpec, decision: Decision, who: str) -> None:
    """What a decision that ends the task does to it, to its finding, and to the request that it corrects."""
    task.state, task.ended_at, task.option = TaskState.DECIDED, step.at, decision.option
    if task.name == APPROVAL:
        cleared(session, _overdue_step(step))
    if spec.finding and decision.option == CORRECTING and decision.data:
        _amend(session, step, decision, who)
    if spec.finding and decision.option == "accept":
        finding = session.get_one(FindingRow, (step.dossier, spec.finding))
        finding.state, finding.ended_at = FindingState.ACCEPTED, step.at


def _amend(session: Session, step: Step, decision: Decision, who: str) -> None:
    """Correct the request; the old values stay in the trail. The check that found the error is made again anyway."""
    try:
        amendment = Amendment.model_validate_json(canonical(decision.data))
    except ValidationError as error:
        raise bad_input("data of the decision", faults_of(error)) from None
    row = session.get_one(CaseRow, step.dossier)
    old = request_of(row)
    new = amendment.of(old)
    row.request = new.model_dump_json()
    changed = [name for name in Amendment.model_fields if getattr(old, name) != getattr(new, name)]
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    evidence = {
        f"{name} {when}": canonical(values[name])
        for name in changed
        for when, values in (("old", before), ("new", after))
    }
    note(session, step, f"request corrected: {', '.join(changed)}", decision.reason, who=who, evidence=evidence)


def content_of(decision: Decision, who: str) -> str:
    """What makes two messages the same decision: everything but the token, and who it proves."""
    return fingerprint({"who": who, **decision.model_dump(mode="json", exclude={"token"})})
