"""待办 and 审批: a task for staff or the customer, the decision that ends it, and what is answered."""

import json
from datetime import datetime
from enum import StrEnum

from pydantic import Field, JsonValue

from contracts.base import Contract
from contracts.blockers import BlockerLine
from contracts.taken import SAMPLE, Taken
from contracts.text import Word, Words
from contracts.vocabulary import Medium, Role


class TaskState(StrEnum):
    """How a task stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"  # the case went on or ended without it


class TaskOption(Contract):
    """One answer that a task takes. `reason_needed`: the decision must say why. `final`: it ends the task at once,
    however many approvals are still missing. `wants` names a value that the decision's data must hold, `among` the
    values it may have; `takes` are further ones."""

    name: str
    reason_needed: bool = False
    final: bool = False
    wants: str = ""
    among: tuple[str, ...] = ()
    takes: tuple[Taken, ...] = ()

    @property
    def typed(self) -> str:
        """What staff type for the values that it wants and takes; empty where there are none."""
        samples = {self.wants: self.among[:1]} if self.wants else {}
        samples |= {each.name: each.among[:1] for each in self.takes if each.needed}
        if not samples and self.takes:
            samples = {self.takes[0].name: self.takes[0].among[:1]}
        if not samples:
            return ""
        drafts = {each.name for each in self.takes if each.draft}
        given = {name: SAMPLE if name in drafts else (*among, "...")[0] for name, among in samples.items()}
        data = json.dumps(given, ensure_ascii=False)
        choices = [f"({', '.join(self.among)})"] if len(self.among) > 1 else []
        return " ".join([f"--data '{data}'", *choices, *(f"[{each.name}: {each.choices}]" for each in self.takes)])


class TaskSpec(Contract):
    """What is asked of whom.

    `task` is `<case>.task-<n>-<name>`. `needed` different people must choose the same option that is not final;
    among them one of each role in `must_include`. `barred` staff may not decide: it is their work or their request.
    `notice` names the template the people are told with; `facts` are its values, never personal data.
    `ladder` names the policy's ladder: when it is due, when reminded, when escalated. `finding` is the fingerprint of
    the finding that the task is about; the option `accept` accepts it. `different_roles`: each of the `needed` stands
    for another role. `continues` names the earlier tasks of the same matter, the first one first: its clock goes on.
    `deputies` are asked as well when it is due.
    `at_new`: the customer is asked on the contact of that channel that is not verified yet. `in_writing`: the customer
    is asked in writing or not at all.
    """

    task: str
    name: str
    subject: Words
    roles: tuple[Role, ...]
    options: tuple[TaskOption, ...]
    needed: int = 1
    must_include: tuple[Role, ...] = ()
    barred: tuple[str, ...] = ()
    notice: str = "task"
    ladder: str = "staff"
    facts: dict[str, str] = {}
    finding: str = ""
    different_roles: bool = False
    continues: tuple[str, ...] = ()
    at_new: Medium | None = None
    in_writing: bool = False
    deputies: tuple[Role, ...] = ()

    @property
    def for_customer(self) -> bool:
        """Whether the customer is asked."""
        return Role.CUSTOMER in self.roles

    @property
    def number(self) -> str:
        """What tells it from the other tasks of its case: `<n>-<name>`."""
        return self.task.rpartition(".task-")[2]

    def option(self, name: str) -> TaskOption | None:
        """The option of that name."""
        return next((option for option in self.options if option.name == name), None)


class RungKind(StrEnum):
    """What a ladder does at one of its rungs."""

    REMIND = "remind"
    DUE = "due"  # reminded at the due moment itself
    ESCALATE = "escalate"  # to the supervising role
    ESCALATE_AGAIN = "escalate_again"  # to the manager
    NEXT_CHANNEL = "next_channel"
    PHONE = "phone"
    GIVE_UP = "give_up"

    @property
    def late(self) -> bool:
        """Whether a task that stands on this rung is overdue."""
        return self in (RungKind.DUE, RungKind.ESCALATE, RungKind.ESCALATE_AGAIN, RungKind.GIVE_UP)


class Rung(Contract):
    """One rung of the ladder of a task: when, and what is done. `roles` are added to those who may decide."""

    at: datetime
    kind: RungKind
    roles: tuple[Role, ...] = ()


class TaskShown(Contract):
    """The task stands in the inbox: when it is due and the rungs still to climb, earliest first. `provisional`: a year
    on the way has no announced calendar yet, so that these moments may still move. `roles` may decide it, and it is
    `overdue`, also by what became of earlier tasks of its matter. `unmanned`: there are not enough people who may.
    `blockers`: what stood in the way of the case at that moment; null where nobody looked."""

    due_at: datetime
    rungs: tuple[Rung, ...]
    provisional: bool = False
    roles: tuple[Role, ...] = ()
    overdue: bool = False
    unmanned: bool = False
    blockers: tuple[BlockerLine, ...] | None = None


class Decision(Contract):
    """A decision or an answer on a task. `decision_id` makes it safe to send twice. Who decides is what `token`
    proves, nothing else: the customer, or staff who note what the customer said on the telephone."""

    decision_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    task: Word
    option: Word = Field(max_length=60)
    token: str = Field(max_length=4_000)
    reason: Words = ""
    data: dict[Word, JsonValue] = {}


def is_staff_token(token: str) -> bool:
    """Whether it is a token of staff, not a customer's code: a JWT begins with the base64 of an opening brace."""
    return token.startswith("eyJ")


class DecisionReceipt(Contract):
    """What the decider is told. `done`: the task is decided; otherwise more approvals are missing. `heard_by`: who
    noted what the customer said on the telephone. `in_place_of`: the absent or delegating colleague whose role it was.
    """

    task: str
    option: str
    by: str
    at: datetime
    reason: str = ""
    data: dict[str, JsonValue] = {}
    approvals: int
    needed: int
    done: bool
    heard_by: str = ""
    in_place_of: str = ""


class Withdrawal(Contract):
    """撤回: the customer withdraws a request. `token`: of the staff member who notes it, or an unused
    code of the case that the customer got."""

    decision_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    reason: Words
    token: str = Field(max_length=4_000)


class Hold(Contract):
    """Staff pause or resume a case, with the reason."""

    decision_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    reason: Words
    token: str = Field(max_length=4_000)


class Resend(Contract):
    """重发: staff have the customer asked again on the preferred contact, with a new code."""

    decision_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    task: Word
    token: str = Field(max_length=4_000)


class Extension(Contract):
    """延期: staff ask for more time, in working days, for one task or (null) for the whole case. Somebody else
    approves; the customer is told."""

    decision_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    task: Word | None = None
    working_days: int = Field(ge=1, le=250)
    reason: Words
    token: str = Field(max_length=4_000)


class ExtensionState(StrEnum):
    """What became of it."""

    ASKED = "asked"
    GRANTED = "granted"
    REJECTED = "rejected"


class Extended(Contract):
    """What an extension came to: not granted when it was rejected, or its task was decided meanwhile."""

    granted: bool
    expected_by: datetime


class Bounce(Contract):
    """退信: the mail system reports that a message came back. `reason` is the status code, never an address."""

    message_id: str = Field(pattern=r"^<[!-~]{1,298}>$")
    reason: Words = ""


class Reckoning(Contract):
    """The due dates are reckoned again, for instance since the holidays of a year were announced."""

    reason: Words


class Noted(Contract):
    """A message was taken: who sent it and when."""

    by: str
    at: datetime
