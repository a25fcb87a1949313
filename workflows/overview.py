"""What operators see of a case in the Temporal UI: search attributes and current details. Never personal data."""

from temporalio import workflow

from contracts import operators
from contracts.text import moment_text
from workflows.case_state import CaseState, Shown


def publish(case: CaseState) -> None:
    """Set the current details, and upsert the search attributes that changed: each upsert is an event."""
    workflow.set_current_details(details(case))
    now = _shown(case)
    if now == case.shown:
        return
    due = operators.DUE_AT
    workflow.upsert_search_attributes(
        [
            operators.CASE_KIND.value_set(case.kind),
            operators.POLICY_VERSION.value_set(case.policy.version),
            operators.CASE_STAGE.value_set(now.stage),
            operators.OUTCOME.value_set(now.outcome),
            operators.RISK.value_set(now.risk),
            operators.WAITING_FOR.value_set(now.waiting_for),
            due.value_set(now.due_at) if now.due_at else due.value_unset(),
            operators.OVERDUE.value_set(now.overdue),
        ]
    )
    case.shown = now


def details(case: CaseState) -> str:
    """Markdown: stage, waiting for whom, until when, findings, and what to do next."""
    lines = [f"**{case.kind} {case.case_id}** · stage **{case.stage}** · outcome {case.outcome} · risk {case.risk}"]
    if case.held:
        lines.append("**Paused.** Next: `starter.py resume " + case.case_id + "`")
    lines += [f"**Suspended.** See: `starter.py disruption show {reference}`" for reference in case.suspended]
    lines += [f"- finding `{finding.kind}` {finding.subject}" for finding in case.findings.values()]
    for task in case.waiting.values():
        roles = ", ".join(sorted(task.roles))
        until = f", due {moment_text(task.due_at)}" if task.due_at else ""
        options = " | ".join(option.name for option in task.spec.options)
        lines.append(f"- waiting for **{roles}**: {task.spec.name}{until}{' (overdue)' if task.overdue else ''}")
        verb = "answer" if task.spec.for_customer else "decide"
        lines.append(f"  - next: `starter.py {verb} {task.spec.task} {options} --as STAFF`")
    return "\n".join(lines)


def _shown(case: CaseState) -> Shown:
    tasks = list(case.waiting.values())
    due = [task.due_at for task in tasks if task.due_at]
    return Shown(
        stage=case.stage,
        outcome=case.outcome,
        risk=case.risk,
        waiting_for=tuple(sorted({role for task in tasks for role in task.roles})),
        due_at=min(due, default=None),
        overdue=any(task.overdue for task in tasks),
    )
