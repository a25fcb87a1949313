"""Work on a task short of deciding it: claim, release, reassign, comment. In the records, each with its trail row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, select

from contracts.books import StaffFacts
from contracts.refusals import Code, Refused
from contracts.tasks import TaskState
from contracts.views import DeskNote, Remark
from contracts.vocabulary import Role
from gateways.books import Ledger
from gateways.casebook import OPEN_STATES, barred, roles_of
from gateways.tokens import StaffTokens
from records import trail
from records.database import Database
from records.tables import CommentRow, DecisionRow, TaskRow

IN_CHARGE = frozenset({Role.SUPERVISOR, Role.MANAGER})
"""Who may take a task from one person and give it to another."""


@dataclass
class Desk:
    """A member of staff at one open task, inside one transaction."""

    session: Session
    row: TaskRow
    person: StaffFacts

    @property
    def in_charge(self) -> bool:
        """Whether this person leads the others."""
        return bool(IN_CHARGE & set(self.person.roles))

    def claimed_by_other(self) -> bool:
        """Whether somebody else works on the task."""
        return self.row.claimed_by not in {None, self.person.id}

    def give_to(self, staff: str | None) -> None:
        """The task is theirs now; nobody's when null."""
        self.row.claimed_by = staff
        self.row.state = TaskState.CLAIMED if staff else TaskState.OPEN
        self.session.add(self.row)

    def note(self, what: str, why: str = "", **evidence: str) -> DeskNote:
        """Write it into the trail of the case."""
        now, row = datetime.now(UTC), self.row
        what = f"{what}: {row.task}"
        trail.append(self.session, row.dossier, who=self.person.id, what=what, why=why, evidence=evidence, at=now)
        return DeskNote(task=row.task, state=row.state, claimed_by=row.claimed_by, by=self.person.id, at=now)


class DeskWork:
    """What staff do with a task. Who does it is what the token proves.

    Refused: UNAUTHENTICATED, NOT_FOUND, ALREADY_DECIDED, FORBIDDEN, FOUR_EYES, NOT_ALLOWED.
    """

    def __init__(self, database: Database, tokens: StaffTokens) -> None:
        self.database = database
        self.tokens = tokens

    def claim(self, task: str, token: str) -> DeskNote:
        """Take a task. NOT_ALLOWED when another has it."""
        with self._at(task, token) as desk:
            _may_do(desk.session, desk.person, desk.row)
            if desk.claimed_by_other():
                raise Refused(Code.NOT_ALLOWED, f"Task {task} is claimed by {desk.row.claimed_by}.")
            desk.give_to(desk.person.id)
            return desk.note("task claimed")

    def release(self, task: str, token: str) -> DeskNote:
        """Give a claimed task back to its desk: the one who has it, or a supervisor or manager."""
        with self._at(task, token) as desk:
            if desk.row.claimed_by is None:
                raise Refused(Code.NOT_ALLOWED, f"Task {task} is not claimed by anybody.")
            if desk.claimed_by_other() and not desk.in_charge:
                raise Refused(Code.FORBIDDEN, f"Task {task} is claimed by {desk.row.claimed_by}, not by you.")
            desk.give_to(None)
            return desk.note("task released")

    def reassign(self, task: str, to: str, token: str) -> DeskNote:
        """Give a task to another person, who must be able to decide it."""
        with self._at(task, token) as desk:
            if desk.claimed_by_other() and not desk.in_charge:
                raise Refused(Code.FORBIDDEN, f"Task {task} is claimed by {desk.row.claimed_by}, not by you.")
            if not desk.in_charge:
                _may_do(desk.session, desk.person, desk.row)
            _may_do(desk.session, Ledger().person(desk.session, to), desk.row)
            desk.give_to(to)
            return desk.note("task reassigned", to=to)

    def comment(self, task: str, remark: Remark, token: str) -> DeskNote:
        """Write a remark on a task."""
        with self._at(task, token) as desk:
            if not desk.in_charge:
                _holds_role(desk.person, desk.row)
            now = datetime.now(UTC)
            row = CommentRow(task=task, dossier=desk.row.dossier, staff=desk.person.id, at=now, text=remark.text)
            desk.session.add(row)
            return desk.note("task commented", why=remark.text)

    @contextmanager
    def _at(self, task: str, token: str) -> Iterator[Desk]:
        claims = self.tokens.verify(token)
        if claims.task not in {None, task}:
            raise Refused(Code.FORBIDDEN, "The token is for another task.")
        with self.database.transaction() as session:
            row = session.get(TaskRow, task, with_for_update=True)
            if row is None:
                raise Refused(Code.NOT_FOUND, f"There is no task {task}.")
            if row.state not in OPEN_STATES:
                raise Refused(Code.ALREADY_DECIDED, _ended(session, row))
            yield Desk(session, row, Ledger().person(session, claims.sub))


def _may_do(session: Session, person: StaffFacts, row: TaskRow) -> None:
    """Holds a role of the task, is there today, and is not kept out of it."""
    _holds_role(person, row)
    if person.absent_on(datetime.now(UTC).date()):
        raise Refused(Code.FORBIDDEN, f"{person.id} is absent today.")
    if barred(session, person, row):
        raise Refused(
            Code.FOUR_EYES,
            f"{person.id} must keep out of task {row.task}: their own work or request, or a related party.",
        )


def _holds_role(person: StaffFacts, row: TaskRow) -> None:
    roles = roles_of(row)
    if not set(person.roles) & set(roles):
        raise Refused(Code.FORBIDDEN, f"{person.id} does not hold a role of task {row.task}: {', '.join(roles)}.")


def _ended(session: Session, row: TaskRow) -> str:
    when = f" on {row.ended_at:%Y-%m-%d %H:%M} UTC" if row.ended_at else ""
    if row.state is TaskState.WITHDRAWN:
        return f"Task {row.task} is no longer needed; it was withdrawn{when}."
    people = session.exec(select(DecisionRow.decided_by).where(DecisionRow.task == row.task)).all()
    return f"Task {row.task} was decided{when}: {row.option} by {', '.join(people) or 'the customer'}."
