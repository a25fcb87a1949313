"""每日待办 by mail: each person with open work gets one message a day, written down before and after it is sent."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities.staff_mail import StaffMail
from contracts.digest import DigestPlan, DigestRequest, DigestStep
from contracts.notices import DeliveryState
from gateways.digest import DigestBook
from policy.spans import plain

DIGEST = "digest"
"""The template, and the dossier that its contacts stand under: they belong to no case."""


@dataclass
class Digests:
    """Sends the digests. What reached a person on a day is not sent again on that day, by whatever run."""

    book: DigestBook
    mail: StaffMail

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
        """Mail one person the list of their open tasks; None when there are none. A refused address is an answer; a
        mail server that is down raises, and is tried again."""
        if self.mail.sent(step.key):
            return DeliveryState.SENT
        with self.book.database.reading() as session:
            person, lines = self.book.books.person(session, step.staff), self.book.lines(session, step.staff)
        if not lines:
            return None
        letterhead = self.mail.letterhead
        rendered = self.book.words(person, step.day, lines, letterhead.firm, letterhead.staff_language)
        return self.mail.send(step.key, DIGEST, DIGEST, [person.email], rendered, step.at)

    @activity.defn
    def give_up_digest(self, step: DigestStep, why: str) -> None:
        """The mail server stayed down to the end of our patience."""
        self.mail.record(step.key, DeliveryState.FAILED, why)
