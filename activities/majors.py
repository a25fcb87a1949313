"""重大事故: opened, its team filled, solved at first and for good, and what is to be done better."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from temporalio import activity

from activities.casework import case_of, move_expected, note
from activities.opening import known, new_dossier, opened
from contracts.majors import Announcement, BulletinState, Improvement, MajorStart, Settled
from contracts.steps import Opened, Step
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import CaseKind, Initiator, Role
from gateways.books import Books
from gateways.calendar_days import calendar_of
from gateways.majors import SOLUTION, major_rules
from policy import Policies, Policy
from policy.incidents import MajorRules
from records import trail
from records.database import Database
from records.incident_tables import ActionRow, BulletinRow, MajorRow, TeamRow
from records.tables import CaseRow, TaskRow


@dataclass
class Majors:
    """What the records know of a major incident."""

    database: Database
    books: Books
    policies: Policies

    @activity.defn
    def open_major(self, start: MajorStart, at: datetime) -> Opened:
        """Open the case that a report has reserved, under the same policy. It carries the customer of that report, to
        whom nothing is said alone. Safe to repeat."""
        with self.database.transaction() as session:
            row = known(session, CaseKind.MAJOR, start.case, start, "Major incident")
            first = session.get_one(CaseRow, start.begun_by)
            policy = self.policies[first.policy]
            if row is None:
                row = _begun(session, policy, first, start, at)
            customer = self.books.customer(session, row.customer)
            return opened(session, policy, row, customer, start.because)

    @activity.defn
    def fill_role(self, step: Step, role: Role, receipt: DecisionReceipt) -> None:
        """Somebody has accepted a role of the emergency team."""
        with self.database.once(step.key, receipt, str) as effect:
            if effect.done:
                return
            session = effect.session
            case_of(session, step)
            person = self.books.person(session, receipt.in_place_of or receipt.by)
            asked = (role, *_rules(self.policies[step.policy]).team[role])
            filled_as = next((each for each in asked if each in person.roles), min(person.roles))
            late = session.get_one(TaskRow, receipt.task).overdue
            session.add(
                TeamRow(
                    dossier=step.dossier, role=role, person=receipt.by, filled_as=filled_as, late=late, at=receipt.at
                )
            )
            note(session, step, f"team: {role} filled", "late" if late else "", who=receipt.by)
            effect.record("filled")

    @activity.defn
    def keep_interim(self, step: Step, said: Announcement, words: str) -> None:
        """临时措施: kept apart from the lasting solution."""
        with self.database.once(step.key, said, str) as effect:
            if effect.done:
                return
            case_of(effect.session, step)
            row = effect.session.get_one(MajorRow, step.dossier)
            row.interim, row.interim_at = words, step.at
            note(effect.session, step, "interim solution", words, who=said.by)
            effect.record("kept")

    @activity.defn
    def settle(self, step: Step, settled: Settled) -> None:
        """根本解决: no report hangs on it from here on, and those that do hear the same."""
        with self.database.once(step.key, settled, str) as effect:
            if effect.done:
                return
            session, said = effect.session, settled.told
            case_of(session, step)
            row = session.get_one(MajorRow, step.dossier, with_for_update=True)
            row.cause, row.solution = settled.cause, settled.solution
            row.solved_at = row.over_at = step.at
            row.next_bulletin_at = None
            session.add(
                BulletinRow(
                    dossier=step.dossier, n=SOLUTION, state=BulletinState.SENT, zh=said.zh, en=said.en,
                    drafted_by=said.by, approved_by=settled.approved_by, due_at=step.at, sent_at=step.at,
                )
            )  # fmt: skip
            note(session, step, "solved", settled.solution, who=said.by, evidence={"cause": settled.cause})
            effect.record("settled")

    @activity.defn
    def abandon(self, step: Step, why: str) -> None:
        """It ends without a solution: no report hangs on it from here on."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return
            row = effect.session.get_one(MajorRow, step.dossier, with_for_update=True)
            row.over_at, row.next_bulletin_at = step.at, None
            note(effect.session, step, "ended without a solution", why)
            effect.record("abandoned")

    @activity.defn
    def keep_action(self, step: Step, action: Improvement) -> None:
        """改进措施: what the review wants done, and until when."""
        with self.database.once(step.key, action, str) as effect:
            if effect.done:
                return
            session, policy = effect.session, self.policies[step.policy]
            case_of(session, step)
            due = policy.ladders[_rules(policy).actions[action.within]].due
            due_at = calendar_of(session, policy).add(step.at, due)
            session.add(
                ActionRow(dossier=step.dossier, n=action.n, what=action.what, owner=action.owner, due_at=due_at)
            )
            evidence = {"owner": action.owner.value, "due": due_at.isoformat()}
            note(session, step, f"action {action.n}", action.what, who=action.by, evidence=evidence)
            effect.record("kept")

    @activity.defn
    def action_done(self, step: Step, n: int, receipt: DecisionReceipt) -> None:
        """Its owner has done it; the reason is the proof."""
        with self.database.once(step.key, receipt, str) as effect:
            if effect.done:
                return
            case_of(effect.session, step)
            row = effect.session.get_one(ActionRow, (step.dossier, n))
            row.done_by, row.done_at = receipt.by, receipt.at
            note(effect.session, step, f"action {n} done", receipt.reason, who=receipt.by)
            effect.record("done")


def _begun(session: Session, policy: Policy, first: CaseRow, start: MajorStart, at: datetime) -> CaseRow:
    row = new_dossier(
        session, start.case, CaseKind.MAJOR, start.case, start, policy, at,
        customer=first.customer, language=first.language, initiator=Initiator.FIRM,
    )  # fmt: skip
    session.flush()
    move_expected(session, policy, row, at)
    trail.append(
        session, row.dossier, who="system", what=f"begun by {first.case_id}", why=start.because,
        evidence={"report": first.request_hash}, policy=row.policy, at=at,
    )  # fmt: skip
    return row


def _rules(policy: Policy) -> MajorRules:
    rules = major_rules(policy)
    if rules is None:
        raise AssertionError("a major incident was opened under a policy without rules for it")
    return rules
