"""What a new policy changes: rule by rule, and which looks of a closure rest on what has changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from contracts.base import Contract
from contracts.rollout import Look, PolicyChange
from contracts.vocabulary import CustomerKind, Initiator, Risk
from policy.model import ChecklistItem, Policy

NAMES = {"version", "effective", "approved_by", "rehearsal"}
"""What tells two versions apart, and rules nothing."""


class Concerned(NamedTuple):
    """What of a closure decides which rules concern it."""

    kind: CustomerKind
    initiator: Initiator
    risk: Risk
    currency: str


class Touched(NamedTuple):
    """The looks that rest on changed rules, and those that no rule asked for before."""

    again: tuple[Look, ...] = ()
    added: tuple[Look, ...] = ()


class Weighed(Contract):
    """A version in force, and what it changes for one case."""

    policy: Policy
    again: tuple[Look, ...]
    added: tuple[Look, ...]


def changes(old: Policy, new: Policy) -> tuple[PolicyChange, ...]:
    """Every rule that differs, by path."""
    before, after = dict(_flat(_dump(old))), dict(_flat(_dump(new)))
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return tuple(PolicyChange(path=path, old=before.get(path, ""), new=after.get(path, "")) for path in paths)


def touched(old: Policy, new: Policy, case: Concerned) -> Touched:
    """The looks of such a closure that do not rest on the same rules any more. What is no longer asked at all is not
    looked at again; ladders, patience, the desk and remedies hold for what begins after the case has adopted them."""
    before, after = rests_on(old, case), rests_on(new, case)
    differ = [look for look in Look if after[look] and after[look] != before[look]]
    return Touched(tuple(look for look in differ if before[look]), tuple(look for look in differ if not before[look]))


def touches(old: Policy, new: Policy) -> tuple[Look, ...]:
    """The looks of any closure that rest on changed rules."""
    everybody = product(CustomerKind, Initiator, Risk, _currencies(old) | _currencies(new))
    looks = {look for each in everybody for found in touched(old, new, Concerned(*each)) for look in found}
    return tuple(look for look in Look if look in looks)


def rests_on(policy: Policy, case: Concerned) -> Mapping[Look, Any]:
    """What each look of a closure rests on; empty where the policy does not ask for it."""
    papers = policy.identity.documents.get(case.kind, ()) if case.initiator is Initiator.CUSTOMER else ()
    inflow = policy.reason.inflow_days, policy.reason.inflow.get(case.currency)
    grading = _rules(policy.risk, "large_balance"), policy.risk.large_balance.get(case.currency), inflow
    lines = [item for item in policy.checklist if case.kind in item.kinds and case.initiator in item.initiators]
    return {
        Look.IDENTIFY: papers,  # what else it sees, the customer's record, rests on no rule
        Look.CONFIRM_CONTACT: case.initiator in policy.identity.confirm_contact,
        Look.SCREEN: _rules(policy.screening),
        Look.GRADE: grading,
        Look.REASON: (_rules(policy.reason, "inflow"), inflow),
        Look.FINANCE: (policy.settlement.set_off_limit.get(case.currency),),
        Look.COMPLIANCE: _tested(lines, papers),
        Look.ATTEST_CHECKLIST: [_rules(item) for item in lines if item.attested_by],
        Look.APPROVAL: (_rules(policy.approvals[case.risk]), grading),
        Look.AGREE_DAY: (_rules(policy.schedule), _rules(policy.calendar)),
    }


def _tested(lines: Sequence[ChecklistItem], papers: Sequence[str]) -> list[object]:
    """One of the tests asks for the papers that are wanted."""
    tests: list[object] = [_rules(item) for item in lines if item.test]
    return [*tests, list(papers)] if tests else []


def _currencies(policy: Policy) -> set[str]:
    """Those that a limit names, and one that none does."""
    return {"", *policy.settlement.set_off_limit, *policy.risk.large_balance, *policy.reason.inflow}


def _rules(section: Contract, *without: str) -> dict[str, Any]:
    """A section without where it comes from."""
    return section.model_dump(mode="json", exclude={"source", *without})


def _dump(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json", exclude=NAMES, exclude_none=True)


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of a policy by dotted path; a list whose items have ids goes by these, any other is one leaf."""
    if isinstance(value, list) and value and all(isinstance(item, dict) and "id" in item for item in value):
        value = {item["id"]: {name: rule for name, rule in item.items() if name != "id"} for item in value}
    if not isinstance(value, dict):
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return
    for name, inner in value.items():
        yield from _flat(inner, f"{path}.{name}" if path else name)
