"""Work on a task short of deciding it: claim, release, reassign, delegate, comment, attach. Each with its trail row."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from contracts.books import StaffFacts
from contracts.desk import BulkLine, BulkReport, BulkResult, DeskNote, Remark
from contracts.refusals import Code, Refused
from contracts.tasks import TaskState
from contracts.views import AttachmentLine
from gateways.books import Ledger
from gateways.books_journal import today
from gateways.desk import Desk, give_back
from gateways.evidence import EvidenceStore
from gateways.task_lines import OPEN_STATES, attachment_line
from gateways.tokens import StaffTokens
from policy import Policies
from records.database import Database
from records.people_tables import AttachmentRow, CommentRow
from records.tables import DecisionRow, TaskRow

LARGEST_ATTACHMENT_BYTES = 10_000_000

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_FILE_NAME = 100


@dataclass(frozen=True)
class Attachment:
    """A file as somebody puts it to a task, with their words."""

    name: str
    content: bytes
    words: str = ""

    @property
    def sha256(self) -> str:
        """64 hex digits."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def plain_name(self) -> str:
        """The end of its name, in letters that a reference may have."""
        return _NOT_PLAIN.sub("-", self.name)[-_LONGEST_FILE_NAME:].lstrip("._-") or "file"


class DeskWork:
    """What staff do with a task. Who does it is what the token proves.

    Refused: UNAUTHENTICATED, NOT_FOUND, ALREADY_DECIDED, FORBIDDEN, FOUR_EYES, NOT_ALLOWED.
    """

    def __init__(self, database: Database, tokens: StaffTokens, policies: Policies) -> None:
        self.database = database
        self.tokens = tokens
        self.policies = policies

    def claim(self, task: str, token: str) -> DeskNote:
        """Take a task. NOT_ALLOWED when another has it who is there, or when one has enough."""
        with self._at(task, token) as desk:
            desk.may_work()
            desk.may_claim()
            if desk.row.claimed_by != desk.person.id:
                desk.give_to(desk.person)
            return desk.note("task claimed")

    def release(self, task: str, token: str) -> DeskNote:
        """Give a claimed task back to its desk: who has it, who delegated it, or a supervisor or manager."""
        with self._at(task, token) as desk:
            if desk.row.claimed_by is None:
                raise Refused(Code.NOT_ALLOWED, f"Task {task} is not claimed by anybody.")
            desk.may_take()
            give_back(desk.row)
            return desk.note("task released")

    def reassign(self, task: str, to: str, token: str) -> DeskNote:
        """Give a task to another person, who must be able to decide it."""
        with self._at(task, token) as desk:
            return _reassign(desk, to)

    def reassign_all(self, giver: str, to: str, token: str, *, dry_run: bool = False) -> BulkReport:
        """Give all that `giver` has claimed to another person, each as `reassign` would, in one transaction."""
        who = self.tokens.verify(token).for_task(None).sub  # a token for one task proves nothing for many
        with self.database.transaction() as session:
            person, _, _ = (Ledger().person(session, each) for each in (who, giver, to))
            claimed = select(TaskRow.task).where(TaskRow.claimed_by == giver, TaskRow.state == TaskState.CLAIMED)
            tasks = session.exec(claimed.order_by(col(TaskRow.due_at), col(TaskRow.task))).all()
            done = BulkResult.WOULD_BE_DONE if dry_run else BulkResult.DONE
            report = BulkReport.of([self._one_of_many(session, task, person, to, done) for task in tasks])
            if dry_run:
                session.rollback()
            return report

    def delegate(self, task: str, token: str) -> DeskNote:
        """委托: give a task to one's own deputy, who decides in one's place. NOT_ALLOWED without a deputy."""
        with self._at(task, token) as desk:
            desk.may_work()
            desk.may_claim()
            who = desk.person
            if who.deputy is None:
                raise Refused(Code.NOT_ALLOWED, f"{who.id} has no deputy.")
            desk.give_to(Ledger().person(desk.session, who.deputy), delegated_by=who.id)
            return desk.note("task delegated", to=who.deputy)

    def comment(self, task: str, remark: Remark, token: str) -> DeskNote:
        """Write a remark on a task."""
        with self._at(task, token) as desk:
            desk.may_speak()
            note, dossier = desk.note("task commented", why=remark.text), desk.row.dossier
            desk.session.add(CommentRow(task=task, dossier=dossier, staff=note.by, at=note.at, text=remark.text))
            return note

    def attach(self, task: str, attachment: Attachment, store: EvidenceStore, token: str) -> AttachmentLine:
        """Put evidence to a task; the same content again is told the same. TOO_LARGE, BAD_INPUT for an empty file."""
        size = len(attachment.content)
        if size > LARGEST_ATTACHMENT_BYTES:
            words = f"{attachment.name} has {size:,} bytes; at most {LARGEST_ATTACHMENT_BYTES:,} are attached."
            raise Refused(Code.TOO_LARGE, words)
        if not size:
            raise Refused(Code.BAD_INPUT, f"{attachment.name} is empty.")
        with self._at(task, token) as desk:
            desk.may_speak()
            same = AttachmentRow.task == task, AttachmentRow.sha256 == attachment.sha256
            row = desk.session.exec(select(AttachmentRow).where(*same)).first()
            return attachment_line(row or _attached(desk, attachment, store))

    @contextmanager
    def _at(self, task: str, token: str) -> Iterator[Desk]:
        who = self.tokens.verify(token).for_task(task).sub  # of any option: nothing is decided here
        with self.database.transaction() as session:
            yield self._desk(session, task, Ledger().person(session, who))

    def _desk(self, session: Session, task: str, person: StaffFacts) -> Desk:
        row = session.get(TaskRow, task, with_for_update=True)
        if row is None:
            raise Refused(Code.NOT_FOUND, f"There is no task {task}.")
        if row.state not in OPEN_STATES:
            raise Refused(Code.ALREADY_DECIDED, _ended(session, row))
        return Desk(session, row, person, self.policies.in_force_on(today()).desk.load_cap)

    def _one_of_many(self, session: Session, task: str, person: StaffFacts, to: str, done: BulkResult) -> BulkLine:
        try:
            with session.begin_nested():
                _reassign(self._desk(session, task, person), to)
        except Refused as refusal:
            return BulkLine.of_refusal(task, refusal)
        return BulkLine(task=task, result=done, message=f"reassigned to {to}")


def _reassign(desk: Desk, to: str) -> DeskNote:
    desk.may_take()
    if not desk.leads:
        desk.may_work()
    desk.give_to(Ledger().person(desk.session, to))
    return desk.note("task reassigned", to=to)


def _attached(desk: Desk, attachment: Attachment, store: EvidenceStore) -> AttachmentRow:
    reference = _free_reference(desk, attachment, store)
    store.put(reference, attachment.content)
    at = desk.write("evidence attached", attachment.words, {reference: attachment.sha256})
    row = AttachmentRow(
        task=desk.row.task,
        dossier=desk.row.dossier,
        staff=desk.person.id,
        at=at,
        reference=reference,
        sha256=attachment.sha256,
        words=attachment.words,
    )
    desk.session.add(row)
    return row


def _free_reference(desk: Desk, attachment: Attachment, store: EvidenceStore) -> str:
    """`tasks/<dossier>/<n>-<name>`; past what was kept for an attachment that was never put on record."""
    before = select(func.count(col(AttachmentRow.id))).where(AttachmentRow.dossier == desk.row.dossier)
    n = desk.session.exec(before).one() + 1
    while True:
        reference = f"tasks/{desk.row.dossier}/{n}-{attachment.plain_name}"
        if store.sha256_of(reference) in {None, attachment.sha256}:
            return reference
        n += 1


def _ended(session: Session, row: TaskRow) -> str:
    when = f" on {row.ended_at:%Y-%m-%d %H:%M} UTC" if row.ended_at else ""
    if row.state is TaskState.WITHDRAWN:
        return f"Task {row.task} is no longer needed; it was withdrawn{when}."
    people = session.exec(select(DecisionRow.decided_by).where(DecisionRow.task == row.task)).all()
    return f"Task {row.task} was decided{when}: {row.option} by {', '.join(people) or 'the customer'}."
