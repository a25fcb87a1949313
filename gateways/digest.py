"""每日待办: who is told of their open work on a day, and what each of them is told. It names no customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from contracts.books import StaffFacts
from contracts.digest import DigestLine, DigestPreview
from contracts.notices import DeliveryState
from contracts.views import InboxLine
from contracts.vocabulary import Language
from gateways.books import Books
from gateways.calendar_days import calendar_of
from gateways.inbox import inbox
from notices import Rendered, render
from policy import Policies
from policy.model import Calendar
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

    def preview(self, day: date) -> DigestPreview:
        """Who would be told what on a day."""
        with self.database.reading() as session:
            everybody = [(person.id, self.lines(session, person.id)) for person in self.people(session, day)]
            worked = self._is_worked(session, day)
        people = tuple(_line(staff, lines) for staff, lines in everybody if lines)
        return DigestPreview(day=day, people=people, worked=worked)

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
        }
        return render("digest", language, values)


def _line(staff: str, lines: Sequence[InboxLine]) -> DigestLine:
    return DigestLine(staff=staff, tasks=tuple(line.task for line in lines), overdue=_overdue(lines))


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
