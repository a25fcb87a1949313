"""应急预案: the contingency plan that a disruption started: its people are mailed, and sign what they have done."""

import json
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities.deciders import Deciders
from activities.disruption import dossier_of, member_of, noted, rules_of
from activities.staff_mail import StaffLetter, StaffMail
from contracts.disruption import DisruptionNoted, DisruptionState, PlanSignature
from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.vocabulary import Role
from gateways.books import Books
from gateways.books_journal import FIRM_ZONE
from gateways.disruptions import DisruptionBook, found
from gateways.hearing import at_work
from notices import render
from policy import Policies
from records.database import Database
from records.disruption_tables import DisruptionRow, DisruptionStepRow

TEMPLATE, MORE_TIME = "plan_step", "more_time"


@dataclass
class DisruptionPlans:
    """Carries the plan to its people. A step of a disruption is a key."""

    database: Database
    books: Books
    policies: Policies
    deciders: Deciders
    post: StaffMail
    book: DisruptionBook

    @activity.defn
    def tell_plan_step(self, reference: str, step: str, at: datetime) -> DeliveryState | None:
        """Mail a step to who is to do it: its owner's role, deputies for the absent; None when nobody is there. A mail
        server that is down raises, and is tried again."""
        key = _key(reference, step)
        with self.database.reading() as session:
            row, line = found(session, reference), session.get_one(DisruptionStepRow, (reference, step))
            owner, day = _roles(line)[0], at.astimezone(FIRM_ZONE).date()
            people = at_work(session, self.books, [owner], day) or at_work(session, self.books, _roles(line), day)
            values = self._values(row, line)
        if not people:
            return None
        rendered = render(TEMPLATE, self.post.letterhead.staff_language, values)
        to = tuple(sorted({person.email for person in people}))
        return self.post.send(StaffLetter(key, dossier_of(reference), TEMPLATE, to, at, rendered))

    @activity.defn
    def tell_of_more_time(self, reference: str, of: str, at: datetime) -> DeliveryState | None:
        """Mail whoever may give more time, but not who asked for it; None when nobody is there."""
        with self.database.reading() as session:
            row = found(session, reference)
            roles, day = rules_of(self.policies[row.policy]).approval, at.astimezone(FIRM_ZONE).date()
            people = at_work(session, self.books, roles, day, {row.ended_by})
            values = {
                "firm": self.post.letterhead.firm,
                "disruption": reference,
                "facts": {"detail": row.detail, "reason": row.cause},
                "asked_by": row.ended_by,
                "working_days": row.working_days,
                "suspended": self.book.tally(session, row)["suspended"],
                "within": rules_of(self.policies[row.policy]).ruled_within,
            }
        if not people:
            return None
        rendered = render(of, self.post.letterhead.staff_language, values)
        to = tuple(sorted({person.email for person in people}))
        return self.post.send(StaffLetter(_key(reference, of), dossier_of(reference), of, to, at, rendered))

    @activity.defn
    def give_up_plan_step(self, reference: str, step: str, why: str) -> None:
        """The mail server stayed down to the end of our patience; `disruption show` has the step all the same."""
        self.post.record(_key(reference, step), DeliveryState.FAILED, why)

    @activity.defn
    def sign_plan_step(self, signature: PlanSignature, at: datetime) -> DisruptionNoted:
        """Somebody with the owner's or a deputy's role has done a step. The same signature again is told the same.

        Refused: NOT_FOUND, ALREADY_DECIDED, ALREADY_ENDED, FORBIDDEN, UNAUTHENTICATED."""
        with self.database.transaction() as session:
            row = found(session, signature.reference)
            line = session.get(DisruptionStepRow, (row.reference, signature.step), with_for_update=True)
            if line is None:
                raise Refused(Code.NOT_FOUND, f"The plan of disruption {row.reference} has no step {signature.step}.")
            if line.done_at:
                return _signed_before(row, line, signature)
            if row.state is DisruptionState.OVER:
                raise Refused(Code.ALREADY_ENDED, f"Disruption {row.reference} is over.")
            proof = member_of(self.deciders, session, signature.token, at, _roles(line), f"sign {line.step}")
            proof.use(session, f"sign {row.reference}, {signature.decision_id}", at)
            line.signature, line.done_by, line.done_at = signature.decision_id, proof.who.id, at
            return noted(session, row, proof.who.id, f"done: {line.step}", "", at)

    def _values(self, row: DisruptionRow, line: DisruptionStepRow) -> dict[str, object]:
        plan = self.policies[row.policy].plan_for(row.kind.finding)
        return {
            "firm": self.post.letterhead.firm,
            "kind": row.kind.finding,
            "disruption": row.reference,
            "step": line.step,
            "facts": {"zh": line.zh, "en": line.en, "detail": row.detail},
            "contacts": plan.contacts if plan else (),
        }


def _key(reference: str, step: str) -> str:
    return f"{dossier_of(reference)}/{TEMPLATE}/{step}"


def _roles(line: DisruptionStepRow) -> list[Role]:
    """Who may sign it, the owner first."""
    return [Role(role) for role in json.loads(line.roles)]


def _signed_before(row: DisruptionRow, line: DisruptionStepRow, signature: PlanSignature) -> DisruptionNoted:
    if line.signature != signature.decision_id or line.done_at is None:
        words = f"The step {line.step} of disruption {row.reference} was already done, by {line.done_by}."
        raise Refused(Code.ALREADY_DECIDED, words)
    return DisruptionNoted(reference=row.reference, state=row.state, by=line.done_by, at=line.done_at)
