"""The policy files of a folder: each version ever in force, and the one in force on a day."""

import json
import tomllib
from datetime import date
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from contracts.refusals import Code, Fault, Refused, bad_input, faults_of
from policy.model import Approvals, Policy


class Policies:
    """The versions in `folder`, read once. `production`: a rehearsal policy is refused."""

    def __init__(self, folder: Path, *, production: bool = False) -> None:
        self.folder = folder
        self.production = production

    @cached_property
    def _by_version(self) -> dict[str, Policy]:
        read = [read_policy(path, production=self.production) for path in sorted(self.folder.glob("*.toml"))]
        if not read:
            raise Refused(Code.BAD_INPUT, f"There is no policy file in {self.folder}; set QUIETUS_POLICY_DIR.")
        return {
            policy.version: policy for policy in sorted(read, key=lambda policy: (policy.effective, policy.version))
        }

    def versions(self) -> tuple[str, ...]:
        """Every version, the earliest in force first."""
        return tuple(self._by_version)

    def __getitem__(self, version: str) -> Policy:
        try:
            return self._by_version[version]
        except KeyError:
            raise Refused(Code.NOT_FOUND, f"There is no policy version {version} in {self.folder}.") from None

    def in_force_on(self, day: date) -> Policy:
        """The version with the latest `effective` day that is not after `day`."""
        begun = [policy for policy in self._by_version.values() if policy.effective <= day]
        if not begun:
            raise Refused(Code.NOT_ALLOWED, f"No policy in {self.folder} is in force on {day}.")
        return begun[-1]


def read_policy(path: Path, *, production: bool = False) -> Policy:
    """The policy in one TOML file; every fault named with its path."""
    what = f"policy file {path.name}"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        policy = Policy.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise bad_input(what, faults_of(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise bad_input(what, [Fault(path="", message=str(error))]) from None
    faults = list(_cross_faults(policy, path, production))
    if faults:
        raise bad_input(what, faults)
    return policy


def _possible(rule: Approvals) -> bool:
    """Whether there can be so many people in such roles."""
    kept = rule.must_include
    if rule.different_roles and (rule.needed > len(set(rule.roles)) or len(set(kept)) < len(kept)):
        return False
    return rule.needed >= max(1, len(kept)) and set(kept) <= set(rule.roles)


def _cross_faults(policy: Policy, path: Path, production: bool) -> list[Fault]:
    """What the shape alone cannot see."""
    faults = []
    if path.stem != policy.version:
        faults.append(Fault(path="version", message=f"is {policy.version}, but the file is named {path.name}"))
    if production and policy.rehearsal:
        faults.append(Fault(path="rehearsal", message="a rehearsal policy is not for production"))
    named = {f"findings.{kind}": rule.ladder for kind, rule in policy.findings.items()}
    if policy.extension:
        named["extension"] = policy.extension.ladder
    named |= {f"closing.notice_ladders.{who}": ladder for who, ladder in policy.closing.notice_ladders.items()}
    for where, ladder in named.items():
        if ladder not in policy.ladders:
            faults.append(Fault(path=where, message=f"there is no ladder '{ladder}'"))
    faults += [
        Fault(path=f"approvals.{risk}", message="its roles can never make up the number that is needed")
        for risk, rule in policy.approvals.items()
        if not _possible(rule)
    ]
    faults += [
        Fault(path=f"checklist.{item.id}", message="needs either a test or a role that attests it")
        for item in policy.checklist
        if bool(item.test) == bool(item.attested_by)
    ]
    return faults
