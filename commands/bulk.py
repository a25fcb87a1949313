"""Many tasks at once: a line for each, with a dry run that judges on the records and writes nothing."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import RenderableType
from sqlmodel import Session

from client import Quietus
from commands.face import answer, in_staff_language, message, read_text, table
from commands.office import Scope, ask_temporal, local_tokens, policies_of, records, staff_tokens
from commands.pages import decider_text
from contracts.desk import BulkLine, BulkReport, BulkResult
from contracts.judgement import judge
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.tasks import Decision
from contracts.text import counted
from contracts.vocabulary import Role
from gateways.books import Ledger
from gateways.books_journal import today
from gateways.casebook import Casebook
from gateways.hearing import decider_of, hearing_of
from gateways.inbox import ReadOnce
from gateways.tokens import Claims
from records.tables import TaskRow
from settings import load_settings

All = Annotated[bool, typer.Option("--all", help="Many tasks at once, a line for each.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="With --all: only say what would be done.")]
OfRole = Annotated[Role | None, typer.Option("--role", help="With --all: open tasks of this role.")]
Subject = Annotated[str, typer.Option("--subject", help="With --all: of this name, or with these words as subject.")]
Tokens = Annotated[str | None, typer.Option("--tokens", metavar="FILE", help="With --all: a fresh token a line.")]


@dataclass(frozen=True)
class Choice:
    """What is decided on every open task of `role` that is named `subject` or has it in its subject. `key`: what the
    ids of the decisions begin with; sent twice with the same one, each is one decision."""

    role: Role
    subject: str
    option: str
    reason: str
    data: dict[str, object]
    key: str

    def decision(self, task: str, token: str) -> Decision:
        """The decision on one task; its id follows from the task, not from its place in the list."""
        named = f"{self.key}.{hashlib.sha256(task.encode()).hexdigest()[:12]}"
        said = {"option": self.option, "reason": self.reason, "data": self.data}
        return message(Decision, "decision", decision_id=named, task=task, token=token, **said)


def decide_all(
    choice: Choice, staff: str | None, token: str | None, tokens: str | None, *, dry_run: bool
) -> BulkReport:
    """Decide all that match, or (`dry_run`) ask the judge about each."""
    tasks = _matching(choice)
    proofs = _proofs(tasks, choice.option, staff, token, tokens)
    decisions = [choice.decision(task, proof) for task, proof in zip(tasks, proofs, strict=True)]
    if dry_run:
        return BulkReport.of(_rehearsed(decisions))
    return BulkReport.of(ask_temporal(lambda quietus: _sent(quietus, decisions)) if decisions else ())


def answer_all(report: BulkReport, as_json: bool) -> None:
    """Print a line for each; exit code 1 when any was refused."""
    answer(report, as_json, _pages)
    if report.refused:
        raise typer.Exit(1)


def wrongly_asked(fits: bool, words: str) -> None:
    """Refused(BAD_INPUT) when the options of a command do not fit together."""
    if not fits:
        raise Refused(Code.BAD_INPUT, words)


def _matching(choice: Choice) -> list[str]:
    wanted = choice.subject.casefold()
    lines = Casebook(records(), policies_of(load_settings())).inbox(role=choice.role)
    return [line.task for line in lines if line.name == choice.subject or wanted in line.subject.casefold()]


def _proofs(
    tasks: Sequence[str], option: str, staff: str | None, token: str | None, tokens: str | None
) -> Sequence[str]:
    """A token for each task: of a file, or made for `--as`."""
    wrongly_asked(not token, "A token proves one decision; for many give --tokens FILE with a fresh one a line.")
    wrongly_asked(not (staff and tokens), "Give either --as or --tokens, not both.")
    if staff:
        return local_tokens(load_settings(), staff, [Scope(task, option) for task in tasks])
    if not tokens:
        raise Refused(Code.UNAUTHENTICATED, "Say who you are: --as, or --tokens FILE with a fresh token a line.")
    fresh = list(dict.fromkeys(read_text(tokens, "file of tokens").split()))
    if len(fresh) < len(tasks):
        words = f"has {counted(len(fresh), 'different token')} for {counted(len(tasks), 'task')}; nothing was decided"
        raise bad_input("file of tokens", [Fault(path=tokens, message=words)])
    return fresh[: len(tasks)]


async def _sent(quietus: Quietus, decisions: Sequence[Decision]) -> list[BulkLine]:
    """One after the other. Where nobody answers, the rest is not sent: each would wait in vain."""
    lines: list[BulkLine] = []
    for decision in decisions:
        try:
            receipt = await quietus.decide(decision)
        except Refused as refusal:
            lines.append(BulkLine.of_refusal(decision.task, refusal))
            if refusal.code is Code.UNREACHABLE:
                not_sent = Refused(refusal.code, f"not sent: {refusal.sentence}")
                return lines + [BulkLine.of_refusal(left.task, not_sent) for left in decisions[len(lines) :]]
        else:
            state = "decided" if receipt.done else "not decided yet"
            who = decider_text(receipt.by, receipt.in_place_of)
            words = f"{receipt.option} by {who}; {receipt.approvals} of {receipt.needed}, {state}"
            lines.append(BulkLine(task=decision.task, result=BulkResult.DONE, message=words))
    return lines


def _rehearsed(decisions: Sequence[Decision]) -> Iterator[BulkLine]:
    """What the judge says of each, on the records as they are."""
    tokens, books = staff_tokens(load_settings()), ReadOnce(Ledger())
    with records().reading() as session:
        for decision in decisions:
            try:
                words = _judged(session, books, decision, tokens.verify(decision.token))
                yield BulkLine(task=decision.task, result=BulkResult.WOULD_BE_DONE, message=words)
            except Refused as refusal:
                yield BulkLine.of_refusal(decision.task, refusal)


def _judged(session: Session, books: ReadOnce, decision: Decision, claims: Claims) -> str:
    row = session.get_one(TaskRow, decision.task)
    who = claims.for_task(row.task).for_option(decision.option).sub
    person, hearing = books.person(session, who), hearing_of(session, books, row)
    verdict = judge(hearing, decision, decider_of(session, books, person, today(), row))
    if verdict.refusal:
        raise verdict.refusal
    state = "would be decided" if verdict.done else "would not be decided yet"
    by = decider_text(who, verdict.in_place_of)
    return f"{decision.option} by {by}; {verdict.approvals} of {hearing.spec.needed}, {state}"


def _pages(report: BulkReport) -> Iterator[RenderableType]:
    if not report.results:
        yield "No open task matches."
        return
    yield from table("", ("task", "result", "", ""), (_row(line) for line in report.results))
    counts = Counter(line.result for line in report.results)
    said = ", ".join(f"{counts[each]} {each}" for each in BulkResult if counts[each])
    yield f"Of {counted(len(report.results), 'task')}: {said}."


def _row(line: BulkLine) -> Sequence[str]:
    return line.task, line.result, line.code, in_staff_language(line.message, line.message_zh)
