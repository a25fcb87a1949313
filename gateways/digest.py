"""每日待办: who is told of their open work on a day, managers of the policy too, and in which words. No customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from contracts.books import StaffFacts
from contracts.digest import DigestLine, DigestPreview
from contracts.notices import DeliveryState
from contracts.said import Said
from contracts.views import InboxLine
from contracts.vocabulary import Language, Role
from gateways.books import Books
from gateways.calendar_days import calendar_of
from gateways.inbox import inbox
from notices import Rendered, render
from policy import Policies
from policy.upkeep import upkeep
from policy.work import Calendar
from records.database import Database
from records.tables import ContactRow


@dataclass
class DigestBook:
    """The digests of all people, read from the records."""

    database: Database
    books: Books
    policies: Policies

    def day_of(self, moment: datetime) -> date:
        """The firm's day of a moment."""
        return self.policies.in_force_on(moment.date()).calendar.day(moment)

    def people(self, session: Session, day: date) -> list[StaffFacts]:
        """Who is at work on a day: nobody where it is not worked. What the absent have is in the inbox of a deputy."""
        staff = self.books.staff(session) if self._is_worked(session, day) else ()
        return [person for person in staff if not person.absent_on(day)]

    def lines(self, session: Session, staff: str) -> list[InboxLine]:
        """The open tasks of a person, the most urgent first."""
        return inbox(session, self.policies, None, staff)

    def upkeep(self, person: StaffFacts, day: date) -> list[Said]:
        """What a manager has to see to of the policy in force: expiries, plans that are past their review."""
        return upkeep(self.policies.in_force_on(day), day) if Role.MANAGER in person.roles else []

    def preview(self, day: date) -> DigestPreview:
        """Who would be told what on a day."""
        with self.database.reading() as session:
            everybody = [(person, self.lines(session, person.id)) for person in self.people(session, day)]
            worked = self._is_worked(session, day)
        people = [_line(person.id, lines, self.upkeep(person, day)) for person, lines in everybody]
        told = tuple(line for line in people if line.tasks or line.upkeep)
        return DigestPreview(day=day, people=told, worked=worked)

    def is_worked(self, day: date) -> bool:
        """Whether a day is worked. Refused: NOT_ALLOWED before the first policy."""
        with self.database.reading() as session:
            return self._is_worked(session, day)

    def told(self, day: date) -> frozenset[str]:
        """Who has got the digest of a day."""
        prefix = f"digest/{day}/"
        sent = select(ContactRow.key).where(ContactRow.state == DeliveryState.SENT)
        with self.database.reading() as session:
            keys = session.exec(sent.where(col(ContactRow.key).startswith(prefix)))
            return frozenset(key.removeprefix(prefix) for key in keys)

    def _is_worked(self, session: Session, day: date) -> bool:
        return calendar_of(session, self.policies.in_force_on(day)).is_workday(day)

    def words(
        self, person: StaffFacts, day: date, lines: Sequence[InboxLine], firm: str, language: Language
    ) -> Rendered:
        """What a person is told."""
        calendar = self.policies.in_force_on(day).calendar
        values = {
            "firm": firm,
            "person": person.name,
            "staff": person.id,
            "day": day.isoformat(),
            "lines": [_shown(line, calendar, language) for line in lines],
            "overdue": _overdue(lines),
            "upkeep": [said.zh if language is Language.ZH else said.en for said in self.upkeep(person, day)],
        }
        return render("digest", language, values)


def _line(staff: str, lines: Sequence[InboxLine], matters: Sequence[Said]) -> DigestLine:
    return DigestLine(
        staff=staff,
        tasks=tuple(line.task for line in lines),
        overdue=_overdue(lines),
        upkeep=tuple(said.en for said in matters),
    )


def _overdue(lines: Sequence[InboxLine]) -> int:
    return sum(line.overdue for line in lines)


def _shown(line: InboxLine, calendar: Calendar, language: Language) -> dict[str, object]:
    """A line as the template takes it: no subject, which may tell of the customer."""
    chinese = language is Language.ZH
    return {
        "name": line.name,
        "case": line.case,
        "task": line.task,
        "due": f"{calendar.local(line.due):%Y-%m-%d %H:%M}",
        "overdue": line.overdue,
        "provisional": line.provisional,
        "held": line.held,
        "why": line.why_zh if chinese else line.why,
        "otherwise": line.otherwise_zh if chinese else line.otherwise,
    }
