"""通报: bulletins of a major incident and words to the public: due, written, ruled on, told to departments."""

from dataclasses import dataclass

from sqlmodel import Session
from temporalio import activity

from activities.casework import case_of, note, today
from activities.staff_mail import StaffLetter, StaffMail
from contracts.majors import Announcement, BulletinState, Planned
from contracts.steps import Step
from contracts.vocabulary import Role
from gateways.books import Books
from gateways.hearing import at_work
from gateways.majors import first_told, major_rules, next_number
from notices import render
from policy import Policies
from policy.spans import plain
from records.database import Database
from records.incident_tables import BulletinRow, MajorRow

TEMPLATE = "bulletin_staff"


@dataclass
class Bulletins:
    """Keeps them. A number is a key; who was told one is a key."""

    database: Database
    books: Books
    policies: Policies
    post: StaffMail

    @activity.defn
    def plan_bulletin(self, step: Step, public: bool) -> Planned:
        """The next word has a number; a bulletin says when the one after it is due."""
        with self.database.once(step.key, None, Planned) as effect:
            if effect.done:
                return effect.result
            session, rules = effect.session, major_rules(self.policies[step.policy])
            case_of(session, step)
            major = session.get_one(MajorRow, step.dossier)
            n = next_number(session, step.dossier)
            session.add(BulletinRow(dossier=step.dossier, n=n, public=public, state=BulletinState.DUE, due_at=step.at))
            next_at = step.at + plain(rules.rhythms[major.severity]) if rules else step.at
            if not public and major.over_at is None:
                major.next_bulletin_at = next_at
            return effect.record(Planned(n=n, next_at=next_at))

    @activity.defn
    def write_bulletin(self, step: Step, n: int, said: Announcement) -> None:
        """It is drafted."""
        with self.database.once(step.key, said, str) as effect:
            if not effect.done:
                row = effect.session.get_one(BulletinRow, (step.dossier, n))
                row.zh, row.en, row.drafted_by, row.state = said.zh, said.en, said.by, BulletinState.DRAFTED
                row.spoken_by = said.by if row.public else ""
                note(effect.session, step, f"{_name(row)} drafted", said.zh, who=said.by)
                effect.record("drafted")

    @activity.defn
    def rule_on_bulletin(self, step: Step, n: int, state: BulletinState, by: str) -> None:
        """Approved, rejected, sent or superseded."""
        with self.database.once(step.key, None, str) as effect:
            if not effect.done:
                row = effect.session.get_one(BulletinRow, (step.dossier, n))
                row.state = state
                row.approved_by = by if state is BulletinState.APPROVED else row.approved_by
                row.sent_at = step.at if state is BulletinState.SENT else row.sent_at
                note(effect.session, step, f"{_name(row)} {state}", who=by)
                effect.record(state)

    @activity.defn
    def tell_departments(self, step: Step, n: int) -> None:
        """Mail a bulletin to each department of the team; a mail server that is down raises, and it is tried again
        with those that are left."""
        rules = major_rules(self.policies[step.policy])
        for role in rules.team if rules else ():
            letter = self._letter(step, n, role)
            if letter:
                self.post.send(letter)
            with self.database.transaction() as session:
                first_told(session, step.dossier, n, role, step.case, step.at)

    def _letter(self, step: Step, n: int, role: Role) -> StaffLetter | None:
        with self.database.reading() as session:
            people = at_work(session, self.books, (role,), today(step, self.policies[step.policy]))
            rendered = render(TEMPLATE, self.post.letterhead.staff_language, self._values(session, step, n, role))
        to = tuple(sorted({person.email for person in people}))
        key = f"{step.dossier}/{TEMPLATE}/{n}/{role}"
        return StaffLetter(key, step.dossier, TEMPLATE, to, step.at, rendered) if to else None

    def _values(self, session: Session, step: Step, n: int, role: Role) -> dict[str, object]:
        row = session.get_one(BulletinRow, (step.dossier, n))
        firm, facts = self.post.letterhead.firm, {"zh": row.zh, "en": row.en}
        return {"firm": firm, "case": step.case, "n": n, "roles": [role], "facts": facts}


def _name(row: BulletinRow) -> str:
    return f"statement {row.n}" if row.public else f"bulletin {row.n}"
