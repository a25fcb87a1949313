"""制度变更 by mail: the managers are told of a policy that is proposed, and who proposed it of the ruling."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session
from temporalio import activity

from activities.rollout import POLICIES
from activities.staff_mail import StaffLetter, StaffMail
from contracts.books import StaffFacts
from contracts.notices import DeliveryState
from contracts.rollout import RolloutState
from contracts.vocabulary import Role
from gateways.books_journal import FIRM_ZONE
from gateways.rollouts import RolloutBook
from notices import Rendered, render
from records.policy_tables import PublishedPolicyRow

PROPOSED, RULED = "policy_proposed", "policy_ruled"
"""The templates."""


@dataclass
class PolicyMail:
    """Tells how a version stands, once for each proposal and once for each ruling."""

    book: RolloutBook
    post: StaffMail

    @activity.defn
    def tell_of_policy(self, version: str, ruled: bool, at: datetime) -> DeliveryState | None:
        """Mail those whom the proposal or the ruling concerns; None when there is nobody, or when it is no longer how
        the version stands. A mail server that is down raises, and is tried again."""
        with self.post.database.reading() as session:
            row = session.get_one(PublishedPolicyRow, version)
            people = self._people(session, row, ruled, at.astimezone(FIRM_ZONE).date())
            if not people or ruled is (row.state is RolloutState.PROPOSED):
                return None
            words = self._words(session, row, ruled)
        to = tuple(person.email for person in people)
        return self.post.send(StaffLetter(_key(row, ruled), POLICIES, _template(ruled), to, at, words))

    @activity.defn
    def give_up_policy_mail(self, version: str, ruled: bool, why: str) -> None:
        """The mail server stayed down to the end of our patience."""
        with self.post.database.reading() as session:
            key = _key(session.get_one(PublishedPolicyRow, version), ruled)
        self.post.record(key, DeliveryState.FAILED, why)

    def _people(self, session: Session, row: PublishedPolicyRow, ruled: bool, day: date) -> Sequence[StaffFacts]:
        """The managers who may rule on it, those who are away only if nobody else is there; or who proposed it."""
        staff = self.book.books.staff(session)
        if ruled:
            return [person for person in staff if person.id == row.proposed_by]
        managers = [person for person in staff if Role.MANAGER in person.roles and person.id != row.proposed_by]
        return [person for person in managers if not person.absent_on(day)] or managers

    def _words(self, session: Session, row: PublishedPolicyRow, ruled: bool) -> Rendered:
        report = self.book.report(session, row.version)
        values = {
            "firm": self.post.letterhead.firm,
            "version": row.version,
            "effective": row.effective.isoformat(),
            "touched": report.touched,
            "proposed_by": row.proposed_by,
            "decided_by": row.decided_by,
            "reason": row.reason,
            "approved": row.state.counts,
        }
        return render(_template(ruled), self.post.letterhead.staff_language, values)


def _template(ruled: bool) -> str:
    return RULED if ruled else PROPOSED


def _key(row: PublishedPolicyRow, ruled: bool) -> str:
    """A rejected version may be proposed again: each proposal has its own moment, each ruling its own id."""
    return f"{_template(ruled)}/{row.version}/{row.ruling if ruled else row.at.isoformat()}"
