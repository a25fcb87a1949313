"""How views look to people: tables on a terminal, plain columns elsewhere."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from rich.console import RenderableType

from commands.face import in_staff_language, table
from contracts.blockers import Blocker
from contracts.tasks import TaskState
from contracts.views import AccountView, CaseLine, CaseView, DecisionLine, EntryLine, InboxLine, TaskLine
from contracts.vocabulary import Role
from gateways.books_journal import FIRM_ZONE

Pages = Iterable[RenderableType]


def line_of(words: str) -> Callable[[object], Pages]:
    """One line, whatever the value."""
    return lambda _: [words]


def decider_text(who: str, in_place_of: str) -> str:
    """Who decided, and in whose place if not their own."""
    return f"{who} in place of {in_place_of}" if in_place_of else who


def case_pages(case: CaseView) -> Pages:
    """All of one case."""
    yield from table("", ("", ""), _facts(case))
    yield from table("In the way", ("what", "why", "who", "way out"), (_in_the_way(each) for each in case.blockers))
    findings = ((line.kind, line.state, line.detail) for line in case.findings)
    yield from table("Findings", ("kind", "state", "what"), findings)
    yield from table("Tasks", ("task", "desk", "state", "due", "decided, or options"), map(_task_row, case.tasks))
    facts = ((task.name, *fact) for task in case.tasks if _is_open(task) for fact in task.facts.items())
    yield from table("To be decided on", ("task", "", ""), facts)
    remarks = ((_when(c.at), c.by, task.name, c.text) for task in case.tasks for c in task.comments)
    yield from table("Comments", ("at", "by", "task", "text"), remarks)
    papers = ((_when(a.at), a.by, task.name, a.reference, a.words) for task in case.tasks for a in task.attachments)
    yield from table("Attachments", ("at", "by", "task", "reference", ""), papers)
    contacts = ((_when(c.at), c.template, c.medium or "-", c.address, c.state, c.error) for c in case.contacts)
    yield from table("Contacts", ("at", "notice", "by", "to", "state", ""), contacts)
    follow_ups = ((f.kind, _when(f.due), _when(f.done_at), f.words) for f in case.follow_ups)
    yield from table("Follow-ups", ("what", "due", "done", ""), follow_ups)
    links = ((link.seq, _when(link.at), link.who, link.what, link.why, link.hash[:12]) for link in case.trail)
    yield from table("Trail", ("", "at", "who", "what", "why", "hash"), links)


def cases_pages(cases: Sequence[CaseLine]) -> Pages:
    """The list of cases."""
    if not cases:
        yield "No case."
    heads = ("case", "dossier", "stage", "outcome", "risk", "waiting for", "due")
    yield from table(
        "",
        heads,
        (
            (case.case, case.reference, _stage(case), case.outcome, case.risk, _desk(case.waiting_for), _due(case))
            for case in cases
        ),
    )


def inbox_pages(inbox: Sequence[InboxLine]) -> Pages:
    """Open tasks."""
    if not inbox:
        yield "No open task."
    heads = ("", "task", "desk", "subject", "options", "due", "risk", "approvals", "claimed by", "why", "otherwise")
    yield from table("", heads, (_inbox_row(line) for line in inbox))


def account_pages(account: AccountView) -> Pages:
    """An account and its entries."""
    freeze = account.freeze
    facts = [
        ("account", f"{account.account} of {account.customer}"),
        *([("number", account.number)] if account.number else []),
        ("balance", f"{account.balance} {account.currency}"),
        *([("overdraft", f"up to {account.overdraft} {account.currency}")] if account.overdraft else []),
        ("status", account.status),
        ("branch", account.branch or "-"),
        ("region", account.region or "-"),
        ("lock", account.lock or "-"),
        ("freeze", f"{freeze.by}, {freeze.reference}, since {freeze.since}" if freeze else "-"),
    ]
    yield from table("", ("", ""), facts)
    entries = map(_entry_row, account.entries)
    yield from table("Entries", ("at", "period", "entry", "reference", "text", "amount", "balance", ""), entries)


def _entry_row(entry: EntryLine) -> Sequence[object]:
    moved = (entry.text, entry.amount, entry.balance_after)
    return _when(entry.at), entry.period, entry.id, entry.reference, *moved, _about(entry)


def _about(entry: EntryLine) -> str:
    """A reversal takes back what it also corrects: said once."""
    if entry.reverses:
        return f"takes back {entry.reverses}"
    return f"corrects {entry.corrects}" if entry.corrects else ""


def _inbox_row(line: InboxLine) -> Sequence[object]:
    return (
        line.rank,
        line.task,
        _desk(line.roles),
        line.subject,
        _options(line),
        _due_of(line),
        line.risk,
        f"{line.approvals} of {line.needed}",
        _claimed(line),
        in_staff_language(line.why, line.why_zh),
        in_staff_language(line.otherwise, line.otherwise_zh),
    )


def _facts(case: CaseView) -> list[tuple[str, object]]:
    return [
        ("case", f"{case.case} (dossier {case.reference})"),
        ("account", f"{case.account} of {case.customer}"),
        ("stage", _stage(case)),
        ("outcome", f"{case.outcome}. {case.words}" if case.words else case.outcome),
        ("risk", f"{case.risk} ({'; '.join(case.risk_reasons)})" if case.risk_reasons else case.risk),
        ("waiting for", _desk(case.waiting_for) or "-"),
        ("due", _due(case) or "-"),
        ("expected by", _when(case.expected_by)),
        *([("next bulletin", _when(case.next_bulletin))] if case.next_bulletin else []),
        ("opened", _when(case.opened_at)),
        ("ended", _when(case.ended_at) or "-"),
        ("policy", case.policy),
    ]


def _in_the_way(blocker: Blocker) -> Sequence[object]:
    return blocker.kind, blocker.detail, blocker.owner, blocker.way_out


def _stage(case: CaseLine) -> str:
    return f"{case.stage} (paused)" if case.held else case.stage


def _claimed(task: InboxLine) -> str:
    place = f", in place of {task.delegated_by}" if task.delegated_by else ""
    return f"{task.claimed_by}{place}" if task.claimed_by else ""


def _due_of(task: InboxLine | TaskLine) -> str:
    """Provisional: it may still move, once the holidays of a year are announced."""
    return _when(task.due) + (" provisional" if task.provisional else "") + (" late" if task.overdue else "")


def _due(case: CaseLine) -> str:
    return _when(case.due) + (" late" if case.overdue else "")


def _desk(roles: Sequence[Role]) -> str:
    return ", ".join(roles)


def _task_row(line: TaskLine) -> Sequence[object]:
    """As long as it is open, with what can be decided."""
    told = "; ".join(filter(None, (_result(line), _options(line) if _is_open(line) else "")))
    return line.task, _desk(line.roles), line.state, _due_of(line), told


def _is_open(line: TaskLine) -> bool:
    return line.state in (TaskState.OPEN, TaskState.CLAIMED)


def _options(line: InboxLine | TaskLine) -> str:
    """The options, each with what is typed for the value that it wants."""
    texts = (f"{name} {line.wants[name].text}" if name in line.wants else name for name in line.options)
    return ", ".join(texts)


def _result(task: TaskLine) -> str:
    return "; ".join(_decision(decision) for decision in task.decisions)


def _decision(decision: DecisionLine) -> str:
    data = f" ({', '.join(f'{name}: {value}' for name, value in decision.data.items())})" if decision.data else ""
    reason = f": {decision.reason}" if decision.reason else ""
    return f"{decision.option}{data} by {decider_text(decision.by, decision.in_place_of)}{reason}"


def _when(moment: datetime | None) -> str:
    """In the firm's zone."""
    return moment.astimezone(FIRM_ZONE).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
