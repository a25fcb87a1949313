"""The policy files of a folder: each version ever in force, and the one in force on a day."""

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from contracts.refusals import Code, Fault, Refused, bad_input, faults_of
from contracts.vocabulary import Role
from policy.model import Policy
from policy.spans import Unit, parts
from policy.work import Approvals


class PolicyText(NamedTuple):
    """A policy file that was published: its version and what stands in it."""

    version: str
    text: str


Published = Callable[[], Iterable[PolicyText]]
"""Reads the versions that were published and approved, as they are at this moment."""


def nothing_published() -> Iterable[PolicyText]:
    """Only the folder counts."""
    return ()


class Policies:
    """The versions in `folder`, read once, and those `published` since. `production`: a rehearsal policy is refused.

    Refused: MISMATCH for a version that was published with other content than the file has."""

    def __init__(self, folder: Path, *, production: bool = False, published: Published = nothing_published) -> None:
        self.folder = folder
        self.production = production
        self._published = published
        self._later: dict[str, tuple[str, Policy]] = {}

    @cached_property
    def _files(self) -> dict[str, tuple[str, Policy]]:
        files = {file: _text_of(file) for file in sorted(self.folder.glob("*.toml"))}
        read = [(text, parse_policy(text, file.name, self.production)) for file, text in files.items()]
        if not read:
            raise Refused(Code.BAD_INPUT, f"There is no policy file in {self.folder}; set QUIETUS_POLICY_DIR.")
        return {policy.version: (text, policy) for text, policy in read}

    def _all(self) -> list[Policy]:
        """The earliest in force first."""
        for version, text in self._published():
            if version in self._files:
                same_policy(version, self._files[version][0], text)
            elif version not in self._later:
                self._later[version] = text, parse_policy(text, f"{version}.toml", self.production)
        every = [policy for _, policy in (self._files | self._later).values()]
        return sorted(every, key=lambda policy: (policy.effective, policy.version))

    def versions(self) -> tuple[str, ...]:
        """Every version, the earliest in force first."""
        return tuple(policy.version for policy in self._all())

    def __getitem__(self, version: str) -> Policy:
        return self._known(version)[1]

    def text(self, version: str) -> str:
        """What stands in the file of a version. Refused: NOT_FOUND."""
        return self._known(version)[0]

    def in_force_on(self, day: date) -> Policy:
        """The version with the latest `effective` day that is not after `day`."""
        begun = [policy for policy in self._all() if policy.effective <= day]
        if not begun:
            raise Refused(Code.NOT_ALLOWED, f"No policy in {self.folder} is in force on {day}.")
        return begun[-1]

    def for_new_case_on(self, day: date) -> Policy:
        """The same, for a case that is opened. Refused: NOT_ALLOWED when it has expired, or a notice that cases are
        told by; open cases go on under it."""
        policy = self.in_force_on(day)
        if policy.expires and day > policy.expires:
            words = f"Policy {policy.version} expired on {policy.expires}; publish a new one."
            raise Refused(Code.NOT_ALLOWED, words)
        for notice, template in policy.templates.items():
            if day > template.expires:
                words = f"The notice {notice} expired on {template.expires}; publish a policy with the renewed one."
                raise Refused(Code.NOT_ALLOWED, words)
        return policy

    def _known(self, version: str) -> tuple[str, Policy]:
        if version not in self._files and version not in self._later:
            self._all()
        try:
            return (self._files | self._later)[version]
        except KeyError:
            raise Refused(Code.NOT_FOUND, f"There is no policy version {version} in {self.folder}.") from None


def same_policy(version: str, one: str, other: str) -> None:
    """Refused: MISMATCH when a version has two contents."""
    if one != other:
        raise Refused(Code.MISMATCH, f"Policy {version} is there already with other content; give it a new version.")


def read_policy(path: Path, *, production: bool = False) -> Policy:
    """The policy in one TOML file; every fault named with its path."""
    return parse_policy(_text_of(path), path.name, production)


def parse_policy(text: str, name: str, production: bool = False) -> Policy:
    """The policy in the text of a file of that name; every fault named with its path."""
    what = f"policy file {name}"
    try:
        policy = Policy.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except ValidationError as error:
        raise bad_input(what, faults_of(error)) from None
    except tomllib.TOMLDecodeError as error:
        raise bad_input(what, [Fault(path="", message=str(error))]) from None
    faults = list(_cross_faults(policy, name, production))
    if faults:
        raise bad_input(what, faults)
    return policy


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise bad_input(f"policy file {path.name}", [Fault(path="", message=str(error))]) from None


def _possible(rule: Approvals) -> bool:
    """Whether there can be so many people in such roles."""
    kept = rule.must_include
    if rule.different_roles and (rule.needed > len(set(rule.roles)) or len(set(kept)) < len(kept)):
        return False
    return rule.needed >= max(1, len(kept)) and set(kept) <= set(rule.roles)


def _cross_faults(policy: Policy, name: str, production: bool) -> list[Fault]:
    """What the shape alone cannot see."""
    faults = []
    if name.removesuffix(".toml") != policy.version:
        faults.append(Fault(path="version", message=f"is {policy.version}, but the file is named {name}"))
    if policy.expires and policy.expires <= policy.effective:
        faults.append(Fault(path="expires", message="should be after the day it takes effect"))
    if production and policy.rehearsal:
        faults.append(Fault(path="rehearsal", message="a rehearsal policy is not for production"))
    approved = {f"approvals.{risk}": rule for risk, rule in policy.approvals.items()}
    named = {f"findings.{kind}": rule.ladder for kind, rule in policy.findings.items()}
    if policy.extension:
        named["extension"] = policy.extension.ladder
    named |= {f"closing.notice_ladders.{who}": ladder for who, ladder in policy.closing.notice_ladders.items()}
    if policy.incidents and policy.incidents.major:
        named |= {f"incidents.major.{where}": ladder for where, ladder in policy.incidents.major.ladders.items()}
    if policy.adjustments:
        named |= {f"adjustments.{where}": ladder for where, ladder in policy.adjustments.ladders.items()}
        approved |= {f"adjustments.{where}": rule for where, rule in policy.adjustments.approvals.items()}
    for where, ladder in named.items():
        if ladder not in policy.ladders:
            faults.append(Fault(path=where, message=f"there is no ladder '{ladder}'"))
    faults += [
        Fault(path=where, message="its roles can never make up the number that is needed")
        for where, rule in approved.items()
        if not _possible(rule)
    ]
    faults += [
        Fault(path=f"checklist.{item.id}", message="needs either a test or a role that attests it")
        for item in policy.checklist
        if bool(item.test) == bool(item.attested_by)
    ]
    return [*faults, *_plan_faults(policy)]


def _plan_faults(policy: Policy) -> Iterator[Fault]:
    """应急预案: what would leave a plan undone, or two of them started for one thing."""
    triggers = Counter(kind for plan in policy.plans.values() for kind in set(plan.triggers))
    for name, plan in policy.plans.items():
        if not plan.steps or not plan.triggers:
            yield Fault(path=f"plans.{name}", message="needs a trigger and a step")
        for step, count in Counter(step.id for step in plan.steps).items():
            if count > 1:
                yield Fault(path=f"plans.{name}.steps.{step}", message=f"stands there {count} times")
        if any(Role.CUSTOMER in (step.owner, *plan.deputies) for step in plan.steps):
            yield Fault(path=f"plans.{name}", message="its steps are for staff, not for the customer")
        if parts(plan.review_every)[1] in (Unit.WORKING_DAY, Unit.WORKING_HOUR):
            yield Fault(path=f"plans.{name}.review_every", message="should be plain time, such as '365 days'")
        for kind in dict.fromkeys(plan.triggers):
            if triggers[kind] > 1:
                yield Fault(path=f"plans.{name}.triggers", message=f"{kind} starts another plan too")
