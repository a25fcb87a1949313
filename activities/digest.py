"""每日待办 by mail: each person with open work gets one message a day, written down before and after it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from temporalio import activity

from contracts.books import StaffFacts
from contracts.digest import DigestPlan, DigestRequest, DigestStep
from contracts.notices import DeliveryState
from contracts.views import InboxLine
from contracts.vocabulary import Medium
from gateways.digest import DigestBook
from gateways.failures import PermanentFailure
from gateways.mail import Letterhead, Mail, Mailer, message_id
from policy.spans import plain
from records.tables import ContactRow

DIGEST = "digest"
"""The template, and the dossier that its contacts stand under: they belong to no case."""


@dataclass
class Digests:
    """Sends the digests. What reached a person on a day is not sent again on that day, by whatever run."""

    book: DigestBook
    mailer: Mailer
    letterhead: Letterhead

    @activity.defn
    def plan_digest(self, request: DigestRequest, at: datetime) -> DigestPlan:
        """Who is at work on the day. A mail is tried as long as an effect: no other channel would follow it."""
        day = request.day or self.book.day_of(at)
        with self.book.database.reading() as session:
            staff = tuple(person.id for person in self.book.people(session, day))
        patience = self.book.policies.in_force_on(day).patience
        return DigestPlan(day=day, staff=staff, patience=plain(patience.effect))

    @activity.defn
    def send_digest(self, step: DigestStep) -> DeliveryState | None:
        """Mail one person the list of their open tasks, and a manager what of the policy has to be seen to; None when
        there is neither. A refused address is an answer; a mail server that is down raises, and is tried again."""
        with self.book.database.reading() as session:
            person, lines = self.book.books.person(session, step.staff), self.book.lines(session, step.staff)
        with self.book.database.transaction() as session:
            row = session.get(ContactRow, step.key)
            if row and row.state is DeliveryState.SENT:
                return row.state
            if not (lines or self.book.upkeep(person, step.day)):
                return None
            self._queue(session, step, row, person.email)
        return self._send(step, person, lines)

    @activity.defn
    def give_up_digest(self, step: DigestStep, why: str) -> None:
        """The mail server stayed down to the end of our patience."""
        self._record(step, DeliveryState.FAILED, why)

    def _queue(self, session: Session, step: DigestStep, row: ContactRow | None, address: str) -> None:
        """Write the contact down before it is made."""
        row = row or ContactRow(
            key=step.key,
            dossier=DIGEST,
            template=DIGEST,
            medium=Medium.EMAIL,
            message_id=message_id(step.key, self.letterhead.domain),
            state=DeliveryState.QUEUED,
            at=step.at,
        )
        row.address, row.state, row.at, row.error = address, DeliveryState.QUEUED, step.at, ""
        session.add(row)

    def _send(self, step: DigestStep, person: StaffFacts, lines: Sequence[InboxLine]) -> DeliveryState:
        """Send, then record. A crash between the two sends once more, with the same Message-ID."""
        rendered = self.book.words(person, step.day, lines, self.letterhead.firm, self.letterhead.staff_language)
        mail = Mail(
            to=(person.email,),
            subject=rendered.subject,
            text=rendered.text,
            message_id=message_id(step.key, self.letterhead.domain),
            language=self.letterhead.staff_language,
        )
        try:
            self.mailer.send(mail)
        except PermanentFailure as failure:
            return self._record(step, DeliveryState.REFUSED, str(failure))
        return self._record(step, DeliveryState.SENT)

    def _record(self, step: DigestStep, state: DeliveryState, error: str = "") -> DeliveryState:
        with self.book.database.transaction() as session:
            row = session.get(ContactRow, step.key)
            if row:  # there is none when the records were down
                row.state, row.error = state, error
        return state
