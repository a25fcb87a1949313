"""What is asked of a whole case while it runs: to withdraw it, to pause and resume it, to give it more time."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.casework import case_of, move_expected, note, today
from activities.deciders import Deciders
from contracts.judgement import Decider
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.steps import Step
from contracts.tasks import Extension, ExtensionState, Hold, Noted, Withdrawal
from contracts.vocabulary import Role
from gateways.hearing import LISTENERS
from policy import Policies, Policy
from policy.model import ExtensionRules
from policy.spans import plain
from records.database import Database
from records.people_tables import ExtensionRow, HoldRow, RecusalRow
from records.tables import CaseRow, TaskRow


@dataclass
class CaseRequests:
    """Judges who may ask it, and writes it down."""

    database: Database
    policies: Policies
    deciders: Deciders

    @activity.defn
    def withdrawal(self, step: Step, withdrawal: Withdrawal) -> Noted:
        """撤回: by the customer, or by staff who note what the customer said."""
        with self.database.once(step.key, None, Noted) as effect:
            if effect.done:
                return effect.result
            who = self._heard(effect.session, step, withdrawal.token, withdrawal.decision_id)
            if not who.roles & (LISTENERS | {Role.CUSTOMER, Role.SUPERVISOR}):
                raise Refused(Code.FORBIDDEN, f"{who.id} may not note a withdrawal: customer service does.")
            by = who.id if Role.CUSTOMER in who.roles else f"customer, noted by {who.id}"
            note(effect.session, step, "withdrawal asked for", withdrawal.reason, who=by)
            return effect.record(Noted(by=by, at=step.at))

    @activity.defn
    def hold(self, step: Step, hold: Hold, held: bool) -> Noted:
        """Staff pause or resume the case; clocks that the policy says so of stand meanwhile."""
        with self.database.once(step.key, None, Noted) as effect:
            if effect.done:
                return effect.result
            session = effect.session
            who = self._staff(session, step, hold.token, hold.decision_id, "pause and resume a case")
            session.get_one(CaseRow, step.dossier).held = held
            if held:
                session.add(HoldRow(dossier=step.dossier, since=step.at))
            else:
                _end_hold(session, step)
                move_expected(session, self.policies[step.policy], session.get_one(CaseRow, step.dossier), step.at)
            note(session, step, "paused" if held else "resumed", hold.reason, who=who.id)
            return effect.record(Noted(by=who.id, at=step.at))

    @activity.defn
    def extension(self, step: Step, extension: Extension) -> Noted:
        """延期: staff ask for more time. Refused: FORBIDDEN, NOT_FOUND, NOT_ALLOWED beyond what the policy allows."""
        with self.database.once(step.key, None, Noted) as effect:
            if effect.done:
                return effect.result
            session = effect.session
            who = self._staff(session, step, extension.token, extension.decision_id, "ask for more time")
            rules = _rules(self.policies[step.policy], extension)
            _open_task(session, step, extension)
            _room_for(session, step, rules)
            asked = extension.model_dump(exclude={"token"})
            session.add(ExtensionRow(dossier=step.dossier, asked_by=who.id, at=step.at, **asked))
            evidence = {"working days": str(extension.working_days), "for": extension.task or step.case}
            note(session, step, "more time asked for", extension.reason, who=who.id, evidence=evidence)
            return effect.record(Noted(by=who.id, at=step.at))

    @activity.defn
    def extend(self, step: Step, decision_id: str, granted: bool, by: str) -> datetime:
        """The extension is decided. Granted, the task that it is for and the expected end move; answers that end."""
        with self.database.once(step.key, None, datetime) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            asked = session.get_one(ExtensionRow, decision_id)
            asked.state = ExtensionState.GRANTED if granted else ExtensionState.REJECTED
            if asked.task and granted:
                session.get_one(TaskRow, asked.task).extended += asked.working_days
            move_expected(session, self.policies[step.policy], row, step.at)
            evidence = {"working days": str(asked.working_days), "expected by": row.expected_by.isoformat()}
            what = f"extension {asked.state}: {asked.task or step.case}"
            note(session, step, what, asked.reason, who=by, evidence=evidence)
            return effect.record(row.expected_by)

    def _staff(self, session: Session, step: Step, token: str, used_for: str, what: str) -> Decider:
        """A member of staff who has to do with the case. Refused: FORBIDDEN."""
        who = self._heard(session, step, token, used_for)
        if Role.CUSTOMER in who.roles:
            raise Refused(Code.FORBIDDEN, f"Only staff {what}.")
        if session.get(RecusalRow, (step.dossier, who.id)):
            raise Refused(Code.FORBIDDEN, f"{who.id} is recused from this case.")
        return who

    def _heard(self, session: Session, step: Step, token: str, used_for: str) -> Decider:
        policy = self.policies[step.policy]
        case, valid = session.get_one(CaseRow, step.dossier), plain(policy.answer_valid)
        proof = self.deciders.heard(session, token, case, valid, today(step, policy))
        proof.use(session, used_for, step.at)
        return proof.who


def _end_hold(session: Session, step: Step) -> None:
    open_ = select(HoldRow).where(HoldRow.dossier == step.dossier, col(HoldRow.until).is_(None))
    for hold in session.exec(open_):
        hold.until = step.at


def _rules(policy: Policy, extension: Extension) -> ExtensionRules:
    rules = policy.extension
    if rules is None:
        raise Refused(Code.NOT_ALLOWED, f"Policy {policy.version} allows no extension.")
    if not extension.reason.strip():
        raise Refused(Code.REASON_MISSING, "An extension needs a reason (--reason).")
    if extension.working_days > rules.longest_working_days:
        words = f"an extension is at most {rules.longest_working_days} working days"
        raise Refused(Code.NOT_ALLOWED, f"{extension.working_days} working days are too many: {words}.")
    return rules


def _open_task(session: Session, step: Step, extension: Extension) -> None:
    if extension.task is None:
        return
    row = session.get(TaskRow, extension.task)
    if row is None or row.dossier != step.dossier:
        raise bad_input("extension", [Fault(path="task", message=f"{step.case} has no task {extension.task}")])
    if row.ended_at:
        raise Refused(Code.TOO_LATE, f"Task {extension.task} is no longer open.")


def _room_for(session: Session, step: Step, rules: ExtensionRules) -> None:
    """Granted ones count, and those that wait to be decided."""
    mine = select(func.count()).where(ExtensionRow.dossier == step.dossier)
    mine = mine.where(ExtensionRow.state != ExtensionState.REJECTED)
    if session.exec(mine).one() >= rules.times:
        raise Refused(Code.NOT_ALLOWED, f"{step.case} was extended {rules.times} times, which is all that is allowed.")
