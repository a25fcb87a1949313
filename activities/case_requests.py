"""What is asked of a whole case while it runs: to withdraw it, to pause and resume it, to give it more time."""

from dataclasses import dataclass

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.casework import case_of, go_on, move_expected, note, stand_still
from activities.deciders import Deciders, unrecused
from contracts.incidents import Category
from contracts.judgement import Decider
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.steps import Step
from contracts.tasks import Extended, Extension, ExtensionState, Hold, Noted, Resend, Withdrawal
from contracts.verdicts import Ground
from contracts.vocabulary import Role
from gateways.desk import IN_CHARGE
from gateways.hearing import LISTENERS, roles_of
from policy import Policies, Policy
from policy.work import ExtensionRules
from records.database import Database
from records.incident_tables import IncidentRow
from records.people_tables import ExtensionRow
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
            policy = self.policies[step.policy]
            who = self.deciders.heard(effect.session, step, policy, withdrawal.token, withdrawal.decision_id)
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
            if held:
                stand_still(session, step)
            else:
                go_on(session, step)
                move_expected(session, self.policies[step.policy], session.get_one(CaseRow, step.dossier), step.at)
            note(session, step, "paused" if held else "resumed", hold.reason, who=who.id)
            return effect.record(Noted(by=who.id, at=step.at))

    @activity.defn
    def extension(self, step: Step, extension: Extension) -> Noted:
        """延期: staff ask for more time. The same decision id again is told the same.

        Refused: FORBIDDEN, NOT_FOUND, MISMATCH, NOT_ALLOWED beyond what the policy allows.
        """
        with self.database.once(step.key, None, Noted) as effect:
            if effect.done:
                return effect.result
            session = effect.session
            who = self._staff(session, step, extension.token, extension.decision_id, "ask for more time")
            before = session.get(ExtensionRow, extension.decision_id)
            if before:
                return effect.record(_first_answer(before, step, extension, who))
            rules = _rules(session, self.policies[step.policy], step, extension)
            _open_task(session, step, extension)
            _concerned(session, step, extension, who)
            _room_for(session, step, extension, rules)
            asked = extension.model_dump(exclude={"token"})
            session.add(ExtensionRow(dossier=step.dossier, asked_by=who.id, at=step.at, **asked))
            evidence = {"working days": str(extension.working_days), "for": extension.task or step.case}
            note(session, step, "more time asked for", extension.reason, who=who.id, evidence=evidence)
            return effect.record(Noted(by=who.id, at=step.at))

    @activity.defn
    def extend(self, step: Step, decision_id: str, granted: bool, by: str) -> Extended:
        """The extension is decided. Granted, the task that it is for and the expected end move; nothing moves for a
        task that was decided meanwhile."""
        with self.database.once(step.key, None, Extended) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            asked = session.get_one(ExtensionRow, decision_id)
            task = session.get_one(TaskRow, asked.task) if asked.task else None
            needed = granted and (task is None or task.ended_at is None)
            asked.state = ExtensionState.GRANTED if needed else ExtensionState.REJECTED
            if task and needed:
                task.extended += asked.working_days
            move_expected(session, self.policies[step.policy], row, step.at)
            evidence = {"working days": str(asked.working_days), "expected by": row.expected_by.isoformat()}
            why = asked.reason if needed or not granted else "no longer needed"
            note(session, step, f"extension {asked.state}: {asked.task or step.case}", why, who=by, evidence=evidence)
            return effect.record(Extended(granted=needed, expected_by=row.expected_by))

    @activity.defn
    def ask_again(self, step: Step, resend: Resend) -> Noted:
        """重发: the customer is asked again, with a new code. Refused: FORBIDDEN, NOT_FOUND, TOO_LATE."""
        with self.database.once(step.key, None, Noted) as effect:
            if effect.done:
                return effect.result
            session = effect.session
            who = self._staff(session, step, resend.token, resend.decision_id, "have a customer asked again")
            row = session.get(TaskRow, resend.task)
            if row is None or row.dossier != step.dossier or Role.CUSTOMER not in roles_of(row):
                raise Refused(Code.NOT_FOUND, f"{step.case} asks the customer no {resend.task}.")
            if row.ended_at:
                raise Ground.NOT_OPEN.refusal(task=resend.task)
            if not who.roles & (LISTENERS | IN_CHARGE):
                roles = ", ".join(sorted(LISTENERS | IN_CHARGE))
                raise Ground.ROLE_NOT_HELD.refusal(who=who.id, task=resend.task, roles=roles)
            note(session, step, f"asked again: {resend.task}", who=who.id)
            return effect.record(Noted(by=who.id, at=step.at))

    def _staff(self, session: Session, step: Step, token: str, decision_id: str, what: str) -> Decider:
        """A member of staff who has to do with the case. Refused: FORBIDDEN."""
        who = self.deciders.heard(session, step, self.policies[step.policy], token, decision_id)
        if Role.CUSTOMER in who.roles:
            raise Refused(Code.FORBIDDEN, f"Only staff {what}.")
        return unrecused(session, step.dossier, who)


def _first_answer(row: ExtensionRow, step: Step, extension: Extension, who: Decider) -> Noted:
    asked = {**extension.model_dump(exclude={"token"}), "dossier": step.dossier, "asked_by": who.id}
    if row.model_dump(include=set(asked)) != asked:
        raise Refused(Code.MISMATCH, f"Extension {extension.decision_id} was asked for before with other content.")
    return Noted(by=row.asked_by, at=row.at)


def _rules(session: Session, policy: Policy, step: Step, extension: Extension) -> ExtensionRules:
    """Of the policy; a complaint goes by the law's."""
    incident = session.get(IncidentRow, step.dossier)
    complaint = incident and incident.category is Category.COMPLAINT
    rules = policy.incidents.complaint.extension if complaint and policy.incidents else policy.extension
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
        raise Ground.NOT_OPEN.refusal(task=extension.task)


def _concerned(session: Session, step: Step, extension: Extension, who: Decider) -> None:
    """Whoever has work in the case asks for more time: at that task, or at any; or leads those who have."""
    open_ = select(TaskRow).where(TaskRow.dossier == step.dossier, col(TaskRow.ended_at).is_(None))
    if extension.task:
        open_ = open_.where(TaskRow.task == extension.task)
    roles = {role for row in session.exec(open_) for role in roles_of(row)} | IN_CHARGE | LISTENERS
    if not who.roles & roles:
        raise Refused(Code.FORBIDDEN, f"{who.id} has no work here that more time could be asked for.")


def _room_for(session: Session, step: Step, extension: Extension, rules: ExtensionRules) -> None:
    """One at a time for one thing. Granted ones count, and those that wait to be decided; not what the firm gave for a
    disruption."""
    same = ExtensionRow.dossier == step.dossier, ExtensionRow.task == extension.task
    if session.exec(select(ExtensionRow).where(*same, ExtensionRow.state == ExtensionState.ASKED)).first():
        what = extension.task or step.case
        raise Refused(Code.NOT_ALLOWED, f"More time for {what} is asked for already, and not decided yet.")
    mine = select(func.count()).where(ExtensionRow.dossier == step.dossier, ExtensionRow.disruption == "")
    mine = mine.where(ExtensionRow.state != ExtensionState.REJECTED)
    if session.exec(mine).one() >= rules.times:
        raise Refused(Code.NOT_ALLOWED, f"{step.case} was extended {rules.times} times, which is all that is allowed.")
