"""谁来负责? Whether the steps that a closing is sure to come to, and its approval, have people or deputies: pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, combinations_with_replacement
from typing import NamedTuple

from activities.closure_facts import ClosureFacts
from contracts.findings import Finding, FindingKind
from contracts.vocabulary import WITNESSES, Risk, Role, Stage
from gateways.hearing import related
from policy import Policy
from policy.work import Approvals


class Need(NamedTuple):
    """A step, and who has to be there for it. `barred`: whoever asked for it does not count."""

    step: str
    rule: Approvals
    barred: frozenset[str] = frozenset()


def unmanned(facts: ClosureFacts, policy: Policy, findings: Iterable[Finding], risk: Risk) -> list[Need]:
    """The steps for which there are too few people in the staff directory. An absence that ends does not count, nor one
    with a deputy. `findings`: what people have to see to now; `risk`: the grade so far, which may rise but never falls.
    """
    return [need for need in _needs(facts, policy, findings, risk) if not _met(need.rule, _seats(facts, need.barred))]


def in_words(rule: Approvals) -> str:
    """Such as `2 different people of supervisor, compliance, among them compliance`."""
    people = "one person" if rule.needed == 1 else f"{rule.needed} different people"
    among = f", among them {', '.join(rule.must_include)}" if rule.must_include else ""
    return f"{people} of {', '.join(rule.roles)}{among}"


def _needs(facts: ClosureFacts, policy: Policy, findings: Iterable[Finding], risk: Risk) -> Iterator[Need]:
    for kind in dict.fromkeys((*(each.kind for each in findings), FindingKind.SYSTEM_FAULT)):
        yield Need(kind, _one_of(policy.finding(kind).role))
    if facts.passes(Stage.COMPLIANCE):
        for item in policy.checklist:
            if item.attested_by and item.applies(facts.customer.kind, facts.asked.initiator):
                yield Need(f"attest_{item.id}", _one_of(item.attested_by))
    if facts.passes(Stage.APPROVAL):
        asked_by = frozenset(filter(None, [facts.asked.requested_by]))
        for grade, rule in policy.approvals.items():
            if grade.rank >= risk.rank:
                yield Need(f"approval_{grade}", rule, asked_by)
    if facts.passes(Stage.TERMINATION) and facts.customer.kind in policy.handover_for:
        yield Need("handover_witness", Approvals(needed=len(WITNESSES), roles=WITNESSES, must_include=WITNESSES))


def _one_of(role: Role) -> Approvals:
    return Approvals(needed=1, roles=(role,))


def _seats(facts: ClosureFacts, barred: frozenset[str]) -> dict[str, frozenset[Role]]:
    """Who is there, or comes back, with the roles in which they may decide: their own, and those of a colleague who is
    gone and names them as deputy."""
    out = barred | related(facts.customer, facts.staff).keys()
    people = [person for person in facts.staff if person.id not in out]
    gone = [person for person in people if person.gone_on(facts.today)]
    return {
        person.id: frozenset(person.roles).union(*(each.roles for each in gone if each.deputy == person.id))
        for person in people
        if person not in gone
    }


def _met(rule: Approvals, seats: Mapping[str, frozenset[Role]]) -> bool:
    """Whether there is a choice of different people, each standing for one role, as the judge would take them."""
    mixes = (combinations if rule.different_roles else combinations_with_replacement)(rule.roles, rule.needed)
    return any(_filled(mix, seats) for mix in mixes if set(rule.must_include) <= set(mix))


def _filled(roles: Sequence[Role], seats: Mapping[str, frozenset[Role]], taken: frozenset[str] = frozenset()) -> bool:
    """Whether each of these roles gets a person of its own."""
    if not roles:
        return True
    free = (person for person, held in seats.items() if roles[0] in held and person not in taken)
    return any(_filled(roles[1:], seats, taken | {person}) for person in free)
