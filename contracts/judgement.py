"""One judge for every decision: a pure function over the task, the decision, who decides, and what went before."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from contracts.refusals import Refused
from contracts.taken import Taken
from contracts.tasks import Decision, DecisionReceipt, TaskOption, TaskSpec
from contracts.text import moment_text
from contracts.verdicts import Ground
from contracts.vocabulary import Role

CORRECTING = "fixed"
"""The option on a finding whose data correct the request (contracts.requests.Amendment)."""

NOBODY: frozenset[Role] = frozenset()


class Bar(StrEnum):
    """回避: why somebody keeps out of a task."""

    OWN_WORK = "own_work"  # made or asked for what is decided
    CUSTOMER = "customer"
    RELATED = "related"  # to the customer
    RECUSED = "recused"  # by their own word


class Decider(NamedTuple):
    """Who decides, as the staff directory knows them today. `stands_for`: whose place is taken as their deputy, and the
    roles they hold."""

    id: str
    roles: frozenset[Role]
    absent: bool = False
    stands_for: Mapping[str, frozenset[Role]] = {}


class Earlier(NamedTuple):
    """A decision on the same task that was taken before, with the roles that it was taken in, and whose place was
    taken."""

    by: str
    option: str
    roles: frozenset[Role]
    in_place_of: str = ""


class Hearing(NamedTuple):
    """What is known of a task when a decision on it is judged. `allowed`: the roles that may decide now (an escalation
    adds some); `bars`: who keeps out, and why; `receipt`: what decided it; `over`: withdrawn, or given up."""

    spec: TaskSpec
    allowed: frozenset[Role]
    bars: Mapping[str, Bar] = {}
    earlier: Sequence[Earlier] = ()
    receipt: DecisionReceipt | None = None
    over: bool = False


class Capacity(NamedTuple):
    """In which of the allowed roles somebody decides; `in_place_of`: whose these are, if not their own."""

    roles: frozenset[Role]
    in_place_of: str = ""


class Verdict(NamedTuple):
    """What the judge says. Without a `refusal` the decision counts: as the `approvals`th of its kind, and `done` when
    the task is decided by it; `roles` are those it was taken in, `in_place_of` whose they are if not the decider's."""

    refusal: Refused | None
    roles: frozenset[Role] = NOBODY
    in_place_of: str = ""
    approvals: int = 0
    done: bool = False


def admissible(
    decision: Decision, spec: TaskSpec | None, receipt: DecisionReceipt | None, over: bool = False
) -> Refused | None:
    """What can be said of a decision without knowing who decides: is the task there and open, does the option exist,
    is a reason or a value missing."""
    if spec is None:
        return Ground.NO_TASK.refusal(task=decision.task)
    if receipt:
        at = moment_text(receipt.at)
        return Ground.DECIDED.refusal(task=spec.task, option=receipt.option, by=receipt.by, at=at)
    if over:
        return Ground.NOT_OPEN.refusal(task=spec.task)
    option = spec.option(decision.option)
    if option is None:
        names = ", ".join(each.name for each in spec.options)
        return Ground.OPTION_UNKNOWN.refusal(task=spec.task, options=names, option=decision.option)
    if option.reason_needed and not decision.reason.strip():
        return Ground.REASON_MISSING.refusal(option=option.name)
    return _unusable_data(decision, spec, option)


def judge(hearing: Hearing, decision: Decision, decider: Decider) -> Verdict:
    """The one verdict: whether this person may decide this, and what their decision makes of the task."""
    spec = hearing.spec
    refusal = admissible(decision, spec, hearing.receipt, hearing.over) or objection(hearing, decider)
    if refusal:
        return Verdict(refusal)
    if _final(spec, decision):
        return Verdict(None, *_capacities(hearing, decider)[0], approvals=1, done=True)
    agreeing = _agreeing(hearing, decision.option)
    capacity = min(_capacities(hearing, decider), key=lambda each: _lacking(spec, [*agreeing, each.roles]))
    refusal = _unfit(spec, decider.id, [*agreeing, capacity.roles])
    approvals = len(agreeing) + 1
    return Verdict(refusal) if refusal else Verdict(None, *capacity, approvals, approvals >= spec.needed)


def eligible(hearing: Hearing, person: Decider) -> bool:
    """Whether a task is one that this person may work on at all, whatever they will decide."""
    return objection(hearing, person) is None


def objection(hearing: Hearing, decider: Decider) -> Refused | None:
    """Why this person may not work on a task, whatever they would decide: absent, barred, decided before, or without
    a role. Null when they may."""
    task, who = hearing.spec.task, decider.id
    if decider.absent:
        return Ground.ABSENT.refusal(who=who)
    if who in hearing.bars:
        return Ground[hearing.bars[who].name].refusal(who=who, task=task)
    if _has_decided(hearing, who):
        return Ground.TWICE.refusal(who=who, task=task)
    if not _capacities(hearing, decider):
        return Ground.ROLE_NOT_HELD.refusal(who=who, task=task, roles=", ".join(sorted(hearing.allowed)))
    return None


def _capacities(hearing: Hearing, decider: Decider) -> list[Capacity]:
    """All that somebody may decide as, their own roles first. A place counts only if the one whose it is could decide
    themselves."""
    places = [
        Capacity(roles & hearing.allowed, person)
        for person, roles in sorted(decider.stands_for.items())
        if person not in hearing.bars and not _has_decided(hearing, person)
    ]
    return [each for each in (Capacity(decider.roles & hearing.allowed), *places) if each.roles]


def _agreeing(hearing: Hearing, option: str) -> list[frozenset[Role]]:
    """The roles of those who chose this option before. Who has come to keep out since then no longer counts."""
    return [
        before.roles
        for before in hearing.earlier
        if before.option == option and not {before.by, before.in_place_of} & hearing.bars.keys()
    ]


def _unfit(spec: TaskSpec, who: str, people: Sequence[frozenset[Role]]) -> Refused | None:
    """Whether `who`, the last of `people`, takes a place that is kept for others."""
    missing = _missing_roles(spec, people)
    if missing is None:
        return Ground.ROLES_ALIKE.refusal(who=who, task=spec.task)
    if len(missing) > max(spec.needed - len(people), 0):
        return Ground.ROLE_STILL_MISSING.refusal(who=who, task=spec.task, roles=", ".join(missing))
    return None


def _has_decided(hearing: Hearing, person: str) -> bool:
    """In person, or by a deputy in their place."""
    return any(person in (before.by, before.in_place_of) for before in hearing.earlier)


def _final(spec: TaskSpec, decision: Decision) -> bool:
    option = spec.option(decision.option)
    return option is not None and option.final


def _lacking(spec: TaskSpec, people: Sequence[frozenset[Role]]) -> int:
    """How many must still come, for comparing; one more than can be where roles are alike."""
    missing = _missing_roles(spec, people)
    return len(spec.must_include) + 1 if missing is None else len(missing)


def _missing_roles(spec: TaskSpec, people: Sequence[frozenset[Role]]) -> list[Role] | None:
    """The roles that must be there and are not yet, when each person stands for one role only, for the best choice;
    None when no choice makes the roles different that must be."""
    choices = [_uncovered(spec, roles) for roles in _choices(spec, people)]
    return min(choices, key=len, default=None)


def _choices(spec: TaskSpec, people: Sequence[frozenset[Role]]) -> Iterator[tuple[Role, ...]]:
    # Who decided before roles were written down stands for none.
    for roles in product(*(sorted(each) for each in people if each)):
        if not spec.different_roles or len(set(roles)) == len(roles):
            yield roles


def _uncovered(spec: TaskSpec, roles: Sequence[Role]) -> list[Role]:
    left = list(roles)
    missing = []
    for wanted in spec.must_include:
        if wanted in left:
            left.remove(wanted)
        else:
            missing.append(wanted)
    return missing


def _unusable_data(decision: Decision, spec: TaskSpec, option: TaskOption) -> Refused | None:
    """Data that the option does not take, or that it needs and does not get. A correction is read where it is made."""
    unknown = ", ".join(sorted(set(decision.data) - {option.wants, *(each.name for each in option.takes)}))
    if unknown and not (spec.finding and option.name == CORRECTING):
        return Ground.DATA_UNKNOWN.refusal(option=option.name, names=unknown)
    wanted = (Taken(name=option.wants, among=option.among, needed=True),) if option.wants else ()
    for each in (*wanted, *option.takes):
        if not each.fits(decision.data):
            return Ground.DATA_MISSING.refusal(option=option.name, name=each.name, choices=each.choices)
    return None
