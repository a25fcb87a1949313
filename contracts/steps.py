"""How a workflow names a step to an activity, and what opening a case answers."""

from datetime import date, datetime

from contracts.base import Contract
from contracts.blockers import BlockerLine
from contracts.vocabulary import CaseKind, CustomerKind, Initiator, Language, Outcome, Risk, Stage


class Step(Contract):
    """One step of one case, as an activity gets it.

    `key` is the primary key of its effect: case and step, never a run id, so that a reset or a retry finds what was
    done. `at` is the workflow's time; every business date is reckoned from it, so that a case is told one time.
    """

    case: str
    dossier: str
    policy: str
    name: str
    round: int = 1
    stage: Stage
    risk: Risk = Risk.LOW
    at: datetime

    @property
    def key(self) -> str:
        """Such as `closure-ACC-1001.1/identify/2`."""
        return f"{self.dossier}/{self.name}/{self.round}"

    def used_for(self, message: str) -> str:
        """What a token is used for that comes with the message of that id: its kind, in this case."""
        return f"{self.dossier}/{self.name}/{message}"


class Opened(Contract):
    """A case is open: its dossier, the policy to pin, and the facts that shape its course. No personal data.
    `provisional`: the holidays on the way to the expected end are not announced yet. `blockers`: what stands in the way
    at the start; `asked_of_customer`: a line in the customer's language for each that the customer can see to.
    `begins_at`: when its course begins, where not at once."""

    case: str
    dossier: str
    kind: CaseKind
    policy: str
    initiator: Initiator
    customer_kind: CustomerKind
    language: Language
    requested_by: str | None = None
    reason: str
    expected_by: datetime
    tasks_before: int
    provisional: bool = False
    blockers: tuple[BlockerLine, ...] = ()
    asked_of_customer: str = ""
    begins_at: datetime | None = None


class Ending(Contract):
    """How a case ends, and why in one sentence (told to the customer)."""

    outcome: Outcome
    words: str = ""


class TrailHead(Contract):
    """The newest link of a case's chain."""

    length: int
    head: str


class Proposal(Contract):
    """约期: the days that fit, earliest first. `fits`: the wished day, or with no wish the first, can be booked."""

    fits: bool
    days: tuple[date, ...]
    why: str = ""


class Booked(Contract):
    """A closing day was booked, or was taken meanwhile. Settlement begins at `begins_at`."""

    booked: bool
    begins_at: datetime
