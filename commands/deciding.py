"""Messages to a case: staff decisions, the customer's answers, withdrawal, pause and resume."""

from typing import Annotated

import typer

from commands.bulk import All, Choice, DryRun, OfRole, Subject, Tokens, answer_all, decide_all, wrongly_asked
from commands.face import AsJson, AsStaff, Id, Token, answer, message, new_id
from commands.office import Scope, ask_temporal, token_of
from commands.pages import decider_text
from contracts.files import MESSAGE_LIMIT, read_json
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.tasks import Decision, DecisionReceipt, Hold, Noted, Withdrawal
from contracts.text import moment_text
from gateways.tokens import CUSTOMER, OPERATOR

Task = Annotated[str, typer.Argument(metavar="TASK")]
Case = Annotated[str, typer.Argument(metavar="CASE")]
Option = Annotated[str, typer.Argument(metavar="OPTION", help="One of the task's options.")]
ReasonText = Annotated[str, typer.Option("--reason", help="Why.")]
Data = Annotated[str, typer.Option("--data", metavar="JSON", help="What the option asks for, a JSON object.")]


def decide(
    target: Annotated[str | None, typer.Argument(metavar="TASK", help="The task; left out with --all.")] = None,
    option: Annotated[str | None, typer.Argument(metavar="OPTION", help="One of its options.  [required]")] = None,
    *,
    staff: AsStaff = None,
    token: Token = None,
    reason: ReasonText = "",
    data: Data = "{}",
    key: Id = None,
    everything: All = False,
    role: OfRole = None,
    subject: Subject = "",
    tokens: Tokens = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Sent twice with the same id it is one decision."""
    if everything:
        wrongly_asked(option is None, "With --all give the OPTION alone, without a task.")
        if target is None or role is None or not subject.strip():
            raise Refused(Code.BAD_INPUT, "With --all say which tasks (--role and --subject), and the OPTION.")
        choice = Choice(role, subject.strip(), target, reason, json_object(data), key or new_id())
        answer_all(decide_all(choice, staff, token, tokens, dry_run=dry_run), as_json)
        return
    alone = not (role or subject or tokens or dry_run)
    wrongly_asked(alone, "--role, --subject, --tokens and --dry-run go with --all.")
    if target is None or option is None:
        missing = "OPTION" if target else "TASK"
        raise Refused(Code.BAD_INPUT, f"Missing argument '{missing}'. Try `starter.py decide --help`.")
    answer_task(target, option, staff=staff, token=token, reason=reason, data=data, key=key, as_json=as_json)


def answer_task(
    task: Task,
    option: Option,
    *,
    staff: AsStaff = None,
    token: Token = None,
    reason: ReasonText = "",
    data: Data = "{}",
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """`--token` is the code from the customer's letter; with `--as` staff note what the customer said."""
    proof = token_of(staff, token, Scope(task, option))
    said = {"option": option, "reason": reason, "data": json_object(data)}
    decision = message(Decision, "decision", decision_id=key or new_id(), task=task, token=proof, **said)
    answer(ask_temporal(lambda quietus: quietus.decide(decision)), as_json, _decided)


def withdraw(
    case: Case,
    *,
    reason: ReasonText,
    staff: AsStaff = None,
    token: Token = None,
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """Possible until settlement begins."""
    values = {"decision_id": key or new_id(), "reason": reason, "token": token_of(staff, token, otherwise=CUSTOMER)}
    withdrawal = message(Withdrawal, "withdrawal", **values)
    _tell(f"The withdrawal of {case}", ask_temporal(lambda quietus: quietus.withdraw(case, withdrawal)), as_json)


def pause(
    case: Case,
    *,
    staff: AsStaff = None,
    token: Token = None,
    reason: ReasonText = "",
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """Nothing goes on until it is resumed."""
    hold = _hold(key, reason, staff, token)
    _tell(f"The pause of {case}", ask_temporal(lambda quietus: quietus.pause(case, hold)), as_json)


def resume(
    case: Case,
    *,
    staff: AsStaff = None,
    token: Token = None,
    reason: ReasonText = "",
    key: Id = None,
    as_json: AsJson = False,
) -> None:
    """It goes on where it stopped."""
    hold = _hold(key, reason, staff, token)
    _tell(f"The resumption of {case}", ask_temporal(lambda quietus: quietus.resume(case, hold)), as_json)


def _hold(key: str | None, reason: str, staff: str | None, token: str | None) -> Hold:
    return message(
        Hold, "message", decision_id=key or new_id(), reason=reason, token=token_of(staff, token, otherwise=OPERATOR)
    )


def json_object(data: str) -> dict[str, object]:
    """What `--data` holds. Refused: BAD_INPUT, TOO_LARGE."""
    value = read_json(data, "data", MESSAGE_LIMIT)
    if not isinstance(value, dict):
        raise bad_input("data", [Fault(path="--data", message="should be a JSON object")])
    return dict(value)


def _decided(receipt: DecisionReceipt) -> list[str]:
    count = f"{receipt.approvals} of {receipt.needed}"
    state = "decided" if receipt.done else "not decided yet"
    return [f"{decider_text(receipt.by, receipt.in_place_of)}: {receipt.option} on {receipt.task}; {count}, {state}."]


def _tell(what: str, noted: Noted, as_json: bool) -> None:
    answer(noted, as_json, lambda noted: [f"{what} is noted, by {noted.by} at {moment_text(noted.at)}."])
