"""The command line for other services and staff: `python starter.py --help`. A thin face over client.py and records."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import TextIOWrapper
from types import ModuleType

import typer
from typer.exceptions import TyperException

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo:demo", "The embedded server, worker and people; one closure from request to filed dossier."),
    "books load": ("books:load", "Load customers, accounts, agreements, receivables, pending items and staff."),
    "books show": ("books:show", "Balance, status, lock, freeze and entries of an account."),
    "books post": ("books:post", "Book postings: money comes in or goes out."),
    "books freeze": ("books:freeze", "Freeze an account for an authority."),
    "books settle": ("books:settle", "Book a transaction that was on its way."),
    "books release": ("books:release", "Lift the freeze of an account."),
    "books check": ("book_checking:check", "Find entries that break the bookkeeping rules, and open adjustments."),
    "books balance": ("bookkeeping:balance", "The trial balance, of an accounting period or of all time."),
    "books export": ("bookkeeping:export", "The journal, line by line, as CSV or JSON."),
    "books close-period": ("bookkeeping:close_period", "Close an accounting period: it takes no entry any more."),
    "screening load": ("screening:load", "Replace the sanction list."),
    "evidence put": ("evidence:put", "Put a document into the evidence store."),
    "closure request": ("closure:request", "Start closing an account."),
    "adjustment open": ("adjustment:open_adjustment", "Have wrong books of an account put right."),
    "adjustment show": ("adjustment:show", "How an adjustment stands: what was said, what differs, the plans."),
    "incident report": ("incident:report", "Report an incident of a customer."),
    "incident import": ("importing:import_complaints", "Report the complaints of a file."),
    "major show": ("major:show", "How a major incident stands: team, bulletins, reports, actions."),
    "blockers": ("blockers:blockers", "Why an account cannot be closed, and the way out; or a letter about it."),
    "cases": ("cases:cases", "The list of cases."),
    "show": ("show:show", "All of one case."),
    "inbox": ("cases:inbox", "The open tasks, of a role or of a person."),
    "digest": ("digest:digest", "Mail each person their open tasks, as it is done each working day."),
    "claim": ("desk:claim", "Take a task."),
    "release": ("desk:release", "Give a claimed task back."),
    "reassign": ("desk:reassign", "Give a task to another person, or all of somebody."),
    "delegate": ("desk:delegate", "Give a task to your deputy."),
    "attach": ("desk:attach", "Put evidence to a task."),
    "recuse": ("desk:recuse", "Keep out of a case."),
    "absence": ("desk:absence", "Somebody is away; their deputy stands in."),
    "comment": ("desk:comment", "Write a remark on a task."),
    "decide": ("deciding:decide", "Decide a task as staff, or all that match."),
    "answer": ("deciding:answer_task", "The customer's answer, by code or noted by staff."),
    "bounce": ("contact:bounce", "Tell the case whose mail came back."),
    "withdraw": ("deciding:withdraw", "The customer withdraws."),
    "raise": ("raising:happened", "Something happened to a case: details change, a complaint, a freeze, an event."),
    "extend": ("extending:extend", "Ask for more time, for a task or a case."),
    "resend": ("extending:resend", "Have the customer asked again, with a new code."),
    "pause": ("deciding:pause", "Pause a case."),
    "resume": ("deciding:resume", "Resume a paused case."),
    "verify": (
        "verifying:verify",
        "Check the trails, their heads against the workflow results, the books and their closed periods.",
    ),
    "policy show": ("rules:show", "The policy versions, and the one in force or named."),
    "policy plans": ("plans:plans", "The contingency plans: steps, owners, deputies, contacts, reviews."),
    "policy check": ("rules:check", "What a policy file would change, and what is wrong with it."),
    "policy publish": ("publishing:publish", "Propose a policy; a manager approves it."),
    "policy approve": ("publishing:approve", "Approve a proposed policy."),
    "policy reject": ("publishing:reject", "Reject a proposed policy."),
    "policy rollout": ("publishing:rollout", "What a published policy does to open cases, and who has answered."),
    "disruption declare": ("disruption:declare", "An outage or outside event begins: what it touches is suspended."),
    "disruption show": ("disruption:show", "How a disruption stands: cases, customers told, steps of its plan."),
    "disruption done": ("disruption:done", "Sign a step of its contingency plan."),
    "disruption end": ("disruption:end", "It is over: cases go on, in order."),
    "disruption approve": ("disruption:approve", "Approve more time for the cases that it touched."),
    "disruption reject": ("disruption:reject", "Give no more time."),
    "report incidents": ("reporting:incidents", "Causes, trend, times and latent risks of incidents; or a page of it."),
    "report adjustments": ("adjustment_reporting:adjustments", "Causes, outcomes and lessons of adjustments."),
    "calendar load": ("calendar:load", "Days that were announced later, and the firm's own; due dates move with them."),
    "calendar show": ("calendar:show", "The working days of a year that are not as the week would have it."),
}
"""Each command, where it stands in commands/, and what it does."""

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

PROGRAM = "starter.py"
ABOUT = "Quietus: account closures, incidents and adjustments from the first message to the filed dossier."


def build(arguments: Sequence[str]) -> typer.Typer:
    """The command line. Only the command that `arguments` name is loaded, so that `--help` is there at once."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, help=ABOUT)
    groups: dict[str, typer.Typer] = {}
    for name, (place, words) in COMMANDS.items():
        group, _, leaf = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(rich_markup_mode=None)
            app.add_typer(groups[group], name=group, help=f"About {group}.")
        called = list(arguments[: len(name.split())]) == name.split()
        parent = groups[group] if group else app
        parent.command(leaf, help=words, short_help=words)(_load(place) if called else _not_called)
    return app


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    as_json = "--json" in arguments
    try:
        code = build(arguments)(list(arguments) or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = 0
    except TyperException as error:
        words, context = error.format_message().replace("Value error, ", ""), getattr(error, "ctx", None)
        called = context.command_path if context else PROGRAM
        code = _failing().misused(f"{words} Try `{called} --help`.", as_json)
    except Exception as error:  # noqa: BLE001  a user never sees a stack trace
        code = _failing().tell(error, as_json)
    if code == INTERRUPTED:
        print("Stopped.", file=sys.stderr)
    return int(code or 0)


def _load(place: str) -> Callable[..., None]:
    module, _, function = place.partition(":")
    command: Callable[..., None] = getattr(importlib.import_module(f"commands.{module}"), function)
    return command


def _failing() -> ModuleType:
    return importlib.import_module("commands.failing")


def _not_called() -> None:
    """Stands in for the commands that were not called."""


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = main(sys.argv[1:])
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(code)  # the Temporal client's threads can abort a process that ends in the ordinary way
