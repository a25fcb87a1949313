"""制度变更: what a new policy changes, who proposes and approves it, and how each open case answers it."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import Field

from contracts.base import Contract
from contracts.text import Words

VERSION = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$"
"""A policy version goes into a workflow id and a file name."""


class Look(StrEnum):
    """What a closure looks at under the policy's rules up to settlement, by the names of its steps; its approval."""

    IDENTIFY = "identify"
    CONFIRM_CONTACT = "confirm_contact"
    SCREEN = "screen"
    GRADE = "grade"
    REASON = "reason"
    FINANCE = "finance"
    COMPLIANCE = "compliance"
    ATTEST_CHECKLIST = "attest_checklist"
    APPROVAL = "approval"
    AGREE_DAY = "agree_day"


class PolicyChange(Contract):
    """One rule that differs: its dotted path, and what it was and is (JSON text; empty: not there)."""

    path: str
    old: str
    new: str


class PolicyCheck(Contract):
    """What a policy file would change. `looks`: those of any closure that rest on changed rules."""

    version: str
    effective: date
    compared_with: str
    changes: tuple[PolicyChange, ...]
    looks: tuple[Look, ...]
    warnings: tuple[str, ...]


class RolloutState(StrEnum):
    """How a published version stands. Only an approved one counts; done: every case has answered."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    DONE = "done"

    @property
    def counts(self) -> bool:
        """Whether the version is one of the firm's policies."""
        return self in (RolloutState.APPROVED, RolloutState.DONE)


class PolicyProposal(Contract):
    """A policy file, whole, that somebody proposes. Who it is, `token` proves."""

    version: str = Field(pattern=VERSION)
    text: str
    token: str = Field(max_length=4_000)


class ProposedPolicy(Contract):
    """A proposal was taken. `begins_at`: the first moment of its effective day, by its own calendar; `patience`: how
    long a mail about it is tried, by its own rule."""

    version: str
    sha256: str
    state: RolloutState
    begins_at: datetime
    by: str
    at: datetime
    patience: timedelta = timedelta(minutes=30)


class PolicyRuling(Contract):
    """审批: the manager approves a proposed policy, or rejects it with a reason."""

    decision_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    version: str = Field(pattern=VERSION)
    approve: bool
    reason: Words = ""
    token: str = Field(max_length=4_000)


class PolicyNotice(Contract):
    """A case is told of a new version. What it changes for the case, the records say."""

    version: str = Field(pattern=VERSION)


class PolicyStand(StrEnum):
    """What a case does about a new version."""

    KEEP = "keep"  # goes on under its own
    REVIEW_AGAIN = "review_again"  # goes on under the new one
    ENDED = "ended"  # ended meanwhile


class PolicyAnswer(Contract):
    """How a case answers. `looks` were made and are made again, `added` are made that were not asked for before; what
    the case has not come to yet it looks at by the new rules anyway."""

    version: str
    case: str
    dossier: str
    stand: PolicyStand
    looks: tuple[Look, ...] = ()
    added: tuple[Look, ...] = ()


class Swept(Contract):
    """A page of cases was asked. `last`: the dossier it ended with, empty for the last page; `missing`: how many have
    not answered."""

    last: str
    missing: int


class CaseImpact(Contract):
    """What a version does to an open case, or did. `touched`: the case is asked; `answered`: it has said so."""

    case: str
    dossier: str
    stand: PolicyStand
    looks: tuple[Look, ...] = ()
    added: tuple[Look, ...] = ()
    touched: bool
    answered: bool


class RolloutReport(Contract):
    """How a version stands. Of `touched` cases `answered` have answered; `cases` has the others too."""

    version: str
    effective: date
    state: RolloutState
    proposed_by: str
    decided_by: str
    reason: str
    touched: int
    answered: int
    cases: tuple[CaseImpact, ...]


class RolloutOutcome(Contract):
    """How a rollout ended: rejected, or done with every touched case answered."""

    version: str
    state: RolloutState
    touched: int = 0
    answered: int = 0
