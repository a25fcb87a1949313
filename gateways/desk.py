"""A member of staff at one open task, inside one transaction: what the judge lets them do there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sqlmodel import Session, col, func, select

from contracts.books import StaffFacts
from contracts.desk import DeskNote
from contracts.judgement import Bar, Decider, Hearing, objection
from contracts.refusals import Code, Refused
from contracts.tasks import TaskState
from contracts.text import counted
from contracts.vocabulary import Role
from gateways.books import Ledger
from gateways.books_journal import today
from gateways.hearing import decider_of, hearing_of
from records import trail
from records.tables import TaskRow

IN_CHARGE = frozenset({Role.SUPERVISOR, Role.MANAGER})
"""Who may take a task from one person and give it to another."""


def in_charge(session: Session, person: StaffFacts) -> bool:
    """Whether this person, or an absent colleague whose deputy they are, leads the others."""
    decider = decider_of(session, Ledger(), person, today())
    return bool(IN_CHARGE.intersection(decider.roles.union(*decider.stands_for.values())))


def give_back(row: TaskRow) -> None:
    """The task is its desk's again."""
    row.claimed_by, row.delegated_by, row.state = None, None, TaskState.OPEN


@dataclass
class Desk:
    """`load_cap`: how many tasks the policy lets one person claim, null for any number."""

    session: Session
    row: TaskRow
    person: StaffFacts
    load_cap: int | None

    @cached_property
    def hearing(self) -> Hearing:
        """The task as the judge hears it."""
        return hearing_of(self.session, Ledger(), self.row)

    @property
    def leads(self) -> bool:
        """Whether this person is in charge here: heard as a supervisor or manager would be."""
        return objection(self.hearing._replace(allowed=IN_CHARGE, earlier=()), self._decider(self.person)) is None

    def may_work(self) -> None:
        """Refused with the judge's sentence when the task is not theirs to work on."""
        self._hear(self.person, self.hearing)

    def may_speak(self) -> None:
        """As `may_work`, but who decided it or made what is decided may still say something about it, and so may those
        in charge."""
        bars = {who: bar for who, bar in self.hearing.bars.items() if bar is not Bar.OWN_WORK}
        if not self.leads:
            self._hear(self.person, self.hearing._replace(bars=bars, earlier=()))

    def may_take(self) -> None:
        """FORBIDDEN when somebody else works on the task, unless by this person's delegation or under their charge."""
        row, who = self.row, self.person.id
        if row.claimed_by not in {None, who} and row.delegated_by != who and not self.leads:
            raise Refused(Code.FORBIDDEN, f"Task {row.task} is claimed by {row.claimed_by}, not by {who}.")

    def may_claim(self) -> None:
        """NOT_ALLOWED when somebody else works on the task, unless they are absent and this person is their deputy."""
        row = self.row
        if row.claimed_by not in {None, self.person.id, *self._decider(self.person).stands_for}:
            raise Refused(Code.NOT_ALLOWED, f"Task {row.task} is claimed by {row.claimed_by}.")

    def give_to(self, person: StaffFacts, delegated_by: str | None = None) -> None:
        """It is theirs to work on now. Refused with the judge's sentence, or NOT_ALLOWED when they have enough."""
        self._has_room(person.id)
        self.row.claimed_by, self.row.delegated_by, self.row.state = person.id, delegated_by, TaskState.CLAIMED
        self._hear(person, self.hearing)

    def note(self, what: str, why: str = "", **evidence: str) -> DeskNote:
        """Write it into the trail of the case; how the task stands."""
        at, row = self.write(what, why, evidence), self.row
        told = row.model_dump(include={"task", "state", "claimed_by", "delegated_by"})
        return DeskNote(**told, by=self.person.id, at=at)

    def write(self, what: str, why: str, evidence: dict[str, str]) -> datetime:
        """Write it into the trail of the case; the moment."""
        now, what = datetime.now(UTC), f"{what}: {self.row.task}"
        trail.append(self.session, self.row.dossier, who=self.person.id, what=what, why=why, evidence=evidence, at=now)
        return now

    def _decider(self, person: StaffFacts) -> Decider:
        return decider_of(self.session, Ledger(), person, today(), self.row)

    def _hear(self, person: StaffFacts, hearing: Hearing) -> None:
        refusal = objection(hearing, self._decider(person))
        if refusal:
            raise refusal

    def _has_room(self, person: str) -> None:
        claimed = select(func.count(col(TaskRow.task))).where(TaskRow.claimed_by == person)
        others = claimed.where(TaskRow.state == TaskState.CLAIMED, TaskRow.task != self.row.task)
        load = self.session.exec(others).one()
        if self.load_cap is not None and load >= self.load_cap:
            words = f"{person} has claimed {counted(load, 'open task')}; the policy allows {self.load_cap} at a time."
            raise Refused(Code.NOT_ALLOWED, words)
