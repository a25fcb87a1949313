"""One judge for every decision: pure functions over the task, the decision, who decides, and what went before."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from contracts.refusals import Code, Refused
from contracts.tasks import Decision, DecisionReceipt, TaskOption, TaskSpec
from contracts.text import moment_text
from contracts.vocabulary import Role

CORRECTING = "fixed"
"""The option on a finding whose data correct the request (contracts.requests.Amendment)."""


class Decider(NamedTuple):
    """Who decides, as the staff directory knows them today."""

    id: str
    roles: frozenset[Role]


class Earlier(NamedTuple):
    """A decision on the same task that was taken before."""

    by: str
    option: str
    roles: frozenset[Role]


def admissible(decision: Decision, spec: TaskSpec | None, receipt: DecisionReceipt | None) -> Refused | None:
    """What can be said of a decision without knowing who decides: is the task there and open, does the option exist,
    is a reason or a value missing."""
    if spec is None:
        return Refused(Code.NOT_FOUND, f"There is no task {decision.task} in this case.")
    if receipt:
        when = moment_text(receipt.at)
        return Refused(
            Code.ALREADY_DECIDED, f"Task {spec.task} was already decided: {receipt.option} by {receipt.by} at {when}."
        )
    option = spec.option(decision.option)
    if option is None:
        names = ", ".join(each.name for each in spec.options)
        return Refused(Code.OPTION_UNKNOWN, f"Task {spec.task} takes {names}, not '{decision.option}'.")
    if option.reason_needed and not decision.reason.strip():
        return Refused(Code.REASON_MISSING, f"The decision '{option.name}' needs a reason (--reason).")
    return _unusable_data(decision, spec, option)


def judge(
    spec: TaskSpec, decision: Decision, decider: Decider, allowed: Collection[Role], earlier: Sequence[Earlier]
) -> Refused | None:
    """Whether this person may decide this: the role is held, the work is not their own, and they have not decided yet.

    `allowed` are the roles that may decide now (an escalation adds some).
    """
    if decider.id in spec.barred:
        return Refused(
            Code.FOUR_EYES, f"{decider.id} made or asked for what task {spec.task} decides; somebody else must decide."
        )
    if not decider.roles & set(allowed):
        roles = ", ".join(sorted(allowed))
        return Refused(Code.FORBIDDEN, f"{decider.id} holds none of the roles that may decide {spec.task}: {roles}.")
    if any(before.by == decider.id for before in earlier):
        return Refused(Code.FOUR_EYES, f"{decider.id} has decided task {spec.task} before; it takes different people.")
    return _one_place_left(spec, decision, decider, earlier)


def enough(spec: TaskSpec, decision: Decision, earlier: Sequence[Earlier]) -> bool:
    """Whether the task is decided with this decision: by a final option, or by enough different people."""
    option = spec.option(decision.option)
    if option and option.final:
        return True
    agreeing = [before for before in earlier if before.option == decision.option]
    return len(agreeing) + 1 >= spec.needed


def _unusable_data(decision: Decision, spec: TaskSpec, option: TaskOption) -> Refused | None:
    """Data that the option does not take, or that it needs and does not get. A correction is read where it is made."""
    unknown = ", ".join(sorted(set(decision.data) - {option.wants}))
    if unknown and not (spec.finding and option.name == CORRECTING):
        return Refused(Code.BAD_INPUT, f"The decision '{option.name}' takes no data.{unknown}.")
    if option.wants and decision.data.get(option.wants) not in option.among:
        choices = ", ".join(option.among)
        return Refused(Code.BAD_INPUT, f"The decision '{option.name}' needs data.{option.wants}, one of {choices}.")
    return None


def _one_place_left(spec: TaskSpec, decision: Decision, decider: Decider, earlier: Sequence[Earlier]) -> Refused | None:
    """The last places are kept for the roles that must be among the deciding."""
    option = spec.option(decision.option)
    if option is None or option.final:
        return None
    agreeing = [before.roles for before in earlier if before.option == decision.option]
    missing = _uncovered(spec.must_include, [*agreeing, decider.roles])
    if len(missing) <= max(spec.needed - len(agreeing) - 1, 0):
        return None
    roles = ", ".join(missing)
    return Refused(Code.FOUR_EYES, f"Task {spec.task} still needs somebody of the role {roles}; {decider.id} is not.")


def _uncovered(wanted: Sequence[Role], people: Sequence[frozenset[Role]]) -> tuple[Role, ...]:
    """The roles that cannot be filled when each person stands for one role only, for the best assignment."""
    if not wanted:
        return ()
    role, rest = wanted[0], wanted[1:]
    best = (role, *_uncovered(rest, people))
    for place, roles in enumerate(people):
        if role in roles:
            found = _uncovered(rest, [*people[:place], *people[place + 1 :]])
            best = min(best, found, key=len)
    return best
