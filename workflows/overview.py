"""What operators see of a case in the Temporal UI: search attributes and current details. Never personal data."""

from temporalio import workflow

from contracts import operators
from contracts.text import moment_text
from contracts.vocabulary import Outcome, Role
from workflows.case_state import CaseState, Shown


def publish(case: CaseState) -> None:
    """Set the current details, and upsert the search attributes that changed: each upsert is an event."""
    workflow.set_current_details(details(case))
    now = _shown(case)
    if now == case.shown:
        return
    due = operators.DUE_AT
    policy = [operators.POLICY_VERSION.value_set(case.required.policy)] if case.opened else []
    workflow.upsert_search_attributes(
        [
            *policy,
            operators.CASE_KIND.value_set(case.kind),
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
    """Markdown: stage, findings, what stood in the way when people were last asked, what fails, whom it waits for,
    until when, and what to do next."""
    name = workflow.info().workflow_id
    lines = [f"**{case.kind} {name}** · stage **{case.stage}** · outcome {case.outcome} · risk {case.risk}"]
    if case.held:
        lines.append(f"**Paused.** Next: `starter.py resume {name}`")
    lines += [f"**Suspended.** See: `starter.py disruption show {reference}`" for reference in case.suspended]
    trying = "tried again until it is done; its last words stand under the activity"
    lines += [f"- {remark}" for remark in case.remarks]
    lines += [f"- **failing** {failing}, {trying}" for failing in case.failing.values()]
    lines += _in_the_way(case)
    for task in case.waiting.values():
        roles = ", ".join(sorted(task.roles))
        until = f", due {moment_text(task.due_at)}" if task.due_at else ""
        options = " | ".join(option.name for option in task.spec.options)
        lines.append(f"- waiting for **{roles}**: {task.spec.name}{until}{' (overdue)' if task.overdue else ''}")
        verb = "answer" if task.spec.for_customer else "decide"
        lines.append(f"  - next: `starter.py {verb} {task.spec.task} {options} --as STAFF`")
    return "\n".join(lines)


def waiting_for(case: CaseState) -> tuple[Role, ...]:
    """The roles that its tasks stand with; what fails is technology's."""
    roles = {role for task in case.waiting.values() for role in task.roles}
    return tuple(sorted(roles | ({Role.TECHNOLOGY} if case.failing else set())))


def _in_the_way(case: CaseState) -> list[str]:
    """A finding that is dealt with, and no blocker of that time, was found since."""
    blockers = case.blockers if case.outcome is Outcome.OPEN else ()
    told = {(each.kind, each.subject) for each in blockers}
    since = (each for each in case.findings.values() if (each.kind, each.subject) not in told)
    return [
        *(f"- finding `{each.kind}` {each.subject}" for each in since),
        *(
            f"- in the way `{each.kind}` {each.subject}".rstrip() + f" ({each.owner}): {each.way_out}"
            for each in blockers
        ),
    ]


def _shown(case: CaseState) -> Shown:
    tasks = list(case.waiting.values())
    due = [task.due_at for task in tasks if task.due_at]
    return Shown(
        stage=case.stage,
        outcome=case.outcome,
        risk=case.risk,
        waiting_for=waiting_for(case),
        due_at=min(due, default=None),
        overdue=any(task.overdue for task in tasks),
    )
