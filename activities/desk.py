"""待办 and 审批: a task is shown, climbed, decided by one judge, cleared; withdrawal and pause are noted."""

from dataclasses import dataclass

from pydantic import ValidationError
from sqlmodel import Session, col, select
from temporalio import activity

from activities.casework import case_of, json_list, note, request_of, today
from activities.deciders import Deciders, Proof, use_token
from contracts.findings import FindingState
from contracts.judgement import CORRECTING, Decider, Earlier, admissible, enough, judge
from contracts.refusals import Code, Refused, bad_input, faults_of
from contracts.requests import Amendment
from contracts.steps import Step
from contracts.tasks import (
    Decision,
    DecisionReceipt,
    Hold,
    Noted,
    Rung,
    RungKind,
    TaskShown,
    TaskSpec,
    TaskState,
    Withdrawal,
)
from contracts.vocabulary import Role
from gateways.books import Books
from gateways.calendar import WorkingCalendar
from policy import Policies
from policy.spans import plain
from records.canonical import canonical, fingerprint
from records.database import Database
from records.tables import CaseRow, DecisionRow, FindingRow, TaskRow

LISTENERS = frozenset({Role.CUSTOMER_SERVICE, Role.CALL_CENTRE})
"""Who may note what a customer said."""


@dataclass
class Desk:
    """The desk where people are asked, and where one judge judges."""

    database: Database
    books: Books
    policies: Policies
    deciders: Deciders

    @activity.defn
    def show(self, step: Step, spec: TaskSpec) -> TaskShown:
        """Put the task into the inbox; when it is due and what is done on the way there."""
        with self.database.once(f"{step.dossier}/show/{spec.task}", spec, TaskShown) as effect:
            if effect.done:
                return effect.result
            case_of(effect.session, step)
            shown = self._ladder(step, spec)
            effect.session.add(
                TaskRow(
                    task=spec.task,
                    dossier=step.dossier,
                    case_id=step.case,
                    name=spec.name,
                    subject=spec.subject,
                    spec=spec.model_dump_json(),
                    roles=canonical(list(spec.roles)),
                    state=TaskState.OPEN,
                    shown_at=step.at,
                    due_at=shown.due_at,
                )
            )
            note(effect.session, step, f"task shown: {spec.task}", evidence={"roles": ", ".join(spec.roles)})
            return effect.record(shown)

    @activity.defn
    def climb(self, step: Step, task: str, rung: Rung) -> None:
        """A rung of the ladder: who may decide now, overdue or not; a task given up is withdrawn."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return
            row = effect.session.get_one(TaskRow, task)
            row.roles = canonical(sorted({*json_list(row.roles), *rung.roles}))
            row.overdue = row.overdue or rung.kind in (RungKind.ESCALATE, RungKind.GIVE_UP)
            if rung.kind is RungKind.GIVE_UP and row.ended_at is None:
                row.state, row.ended_at = TaskState.WITHDRAWN, step.at
            note(effect.session, step, f"{rung.kind}: {task}", evidence={"roles": ", ".join(rung.roles)})
            effect.record("climbed")

    @activity.defn
    def decide(self, step: Step, decision: Decision) -> DecisionReceipt:
        """Judge a decision and write it down. The same decision id again is told the same.

        Refused: see contracts/judgement.py, and Unauthenticated for its token. A refusal is kept in the trail.
        """
        try:
            with self.database.transaction() as session:
                return self._decide(session, step, decision)
        except Refused as refusal:
            self._keep_refusal(step, decision, refusal)
            raise

    @activity.defn
    def withdrawal(self, step: Step, withdrawal: Withdrawal) -> Noted:
        """撤回: by the customer, or by staff who note what the customer said."""
        with self.database.once(step.key, None, Noted) as effect:
            if effect.done:
                return effect.result
            who = self._heard(effect.session, step, withdrawal.token, withdrawal.decision_id)
            if not who.roles & (LISTENERS | {Role.CUSTOMER, Role.SUPERVISOR}):
                raise Refused(Code.FORBIDDEN, f"{who.id} may not note a withdrawal: customer service does.")
            note(effect.session, step, "withdrawal asked for", withdrawal.reason, who=who.id)
            return effect.record(Noted(by=who.id, at=step.at))

    @activity.defn
    def hold(self, step: Step, hold: Hold, held: bool) -> Noted:
        """Staff pause or resume the case."""
        with self.database.once(step.key, None, Noted) as effect:
            if effect.done:
                return effect.result
            who = self._heard(effect.session, step, hold.token, hold.decision_id)
            if Role.CUSTOMER in who.roles:
                raise Refused(Code.FORBIDDEN, "Only staff pause and resume a case.")
            effect.session.get_one(CaseRow, step.dossier).held = held
            note(effect.session, step, "paused" if held else "resumed", hold.reason, who=who.id)
            return effect.record(Noted(by=who.id, at=step.at))

    def _heard(self, session: Session, step: Step, token: str, used_for: str) -> Decider:
        policy = self.policies[step.policy]
        valid = plain(policy.answer_valid)
        who, jti = self.deciders.heard(session, token, step.dossier, valid, today(step, policy))
        use_token(session, jti, used_for)
        return who

    def _ladder(self, step: Step, spec: TaskSpec) -> TaskShown:
        policy = self.policies[step.policy]
        ladder, calendar = policy.ladders[spec.ladder], WorkingCalendar(policy.calendar)
        rungs = [Rung(at=calendar.add(step.at, rule.after), kind=rule.kind, roles=rule.roles) for rule in ladder.rungs]
        return TaskShown(due_at=calendar.add(step.at, ladder.due), rungs=tuple(sorted(rungs, key=lambda rung: rung.at)))

    def _decide(self, session: Session, step: Step, decision: Decision) -> DecisionReceipt:
        # Locked: two decisions on one task at the same moment are judged one after the other.
        task = session.get(TaskRow, decision.task, with_for_update=True)
        if task is None:
            raise Refused(Code.NOT_FOUND, f"There is no task {decision.task}.")
        spec = TaskSpec.model_validate_json(task.spec)
        proof = self._prove(session, step, decision, spec)
        before = session.get(DecisionRow, decision.decision_id)
        if before:
            return _first_answer(before, decision, proof.who)
        earlier = self._earlier(session, decision.task)
        self._judge(session, task, spec, decision, proof.who, earlier)
        use_token(session, proof.jti, decision.decision_id)
        receipt = _receipt(step, spec, decision, proof.who, earlier)
        _write(session, step, task, spec, decision, receipt)
        return receipt

    def _prove(self, session: Session, step: Step, decision: Decision, spec: TaskSpec) -> Proof:
        policy = self.policies[step.policy]
        valid = plain(policy.answer_valid)
        return self.deciders.prove(session, decision.token, spec, valid, today(step, policy))

    def _judge(
        self,
        session: Session,
        task: TaskRow,
        spec: TaskSpec,
        decision: Decision,
        who: Decider,
        earlier: list[Earlier],
    ) -> None:
        refusal = admissible(decision, spec, _last_receipt(session, task))
        if refusal is None and task.ended_at:
            refusal = Refused(Code.TOO_LATE, f"Task {task.task} is no longer open.")
        if refusal is None:
            related = self.books.customer(session, session.get_one(CaseRow, task.dossier).customer).related_staff
            strict = spec.model_copy(update={"barred": (*spec.barred, *related)})
            allowed = {Role(role) for role in json_list(task.roles)} | (LISTENERS if spec.for_customer else set())
            refusal = judge(strict, decision, who, allowed, earlier)
        if refusal:
            raise refusal

    def _earlier(self, session: Session, task: str) -> list[Earlier]:
        rows = session.exec(select(DecisionRow).where(DecisionRow.task == task).order_by(col(DecisionRow.at)))
        people = {person.id: frozenset(person.roles) for person in self.books.staff(session)}
        return [
            Earlier(by=row.decided_by, option=row.option, roles=people.get(row.decided_by, frozenset())) for row in rows
        ]

    def _keep_refusal(self, step: Step, decision: Decision, refusal: Refused) -> None:
        with self.database.transaction() as session:
            evidence = {"option": decision.option, "decision": decision.decision_id}
            note(
                session,
                step,
                f"decision on {decision.task} refused: {refusal.code}",
                refusal.sentence,
                evidence=evidence,
            )


def _first_answer(row: DecisionRow, decision: Decision, who: Decider) -> DecisionReceipt:
    if row.fingerprint != _fingerprint(decision, who.id):
        raise Refused(Code.MISMATCH, f"Decision {decision.decision_id} was sent before with other content.")
    return DecisionReceipt.model_validate_json(row.receipt)


def _last_receipt(session: Session, task: TaskRow) -> DecisionReceipt | None:
    """What decided the task, if it is decided."""
    if task.state is not TaskState.DECIDED:
        return None
    newest = select(DecisionRow).where(DecisionRow.task == task.task).order_by(col(DecisionRow.at).desc())
    row = session.exec(newest).first()
    return DecisionReceipt.model_validate_json(row.receipt) if row else None


def _receipt(step: Step, spec: TaskSpec, decision: Decision, who: Decider, earlier: list[Earlier]) -> DecisionReceipt:
    agreeing = sum(1 for before in earlier if before.option == decision.option) + 1
    noted = spec.for_customer and Role.CUSTOMER not in who.roles
    return DecisionReceipt(
        task=spec.task,
        option=decision.option,
        by=f"customer, noted by {who.id}" if noted else who.id,
        at=step.at,
        reason=decision.reason,
        data=decision.data,
        approvals=agreeing,
        needed=spec.needed,
        done=enough(spec, decision, earlier),
    )


def _write(
    session: Session, step: Step, task: TaskRow, spec: TaskSpec, decision: Decision, receipt: DecisionReceipt
) -> None:
    """The decision, what it does to the task and its finding, and the trail: in one transaction."""
    who = receipt.by.removeprefix("customer, noted by ")
    session.add(
        DecisionRow(
            decision_id=decision.decision_id,
            task=decision.task,
            dossier=step.dossier,
            option=decision.option,
            decided_by=who,
            at=step.at,
            reason=decision.reason,
            data=canonical(decision.data),
            fingerprint=_fingerprint(decision, who),
            receipt=receipt.model_dump_json(),
        )
    )
    if spec.finding and decision.option == CORRECTING and decision.data:
        _amend(session, step, decision, who)
    if receipt.done:
        task.state, task.ended_at, task.option = TaskState.DECIDED, step.at, decision.option
        if spec.finding and decision.option == "accept":
            finding = session.get_one(FindingRow, (step.dossier, spec.finding))
            finding.state, finding.ended_at = FindingState.ACCEPTED, step.at
    evidence = {"decision": decision.decision_id, "approvals": f"{receipt.approvals} of {receipt.needed}"}
    note(session, step, f"{spec.task}: {decision.option}", decision.reason, who=receipt.by, evidence=evidence)


def _amend(session: Session, step: Step, decision: Decision, who: str) -> None:
    """Correct the request; the old values stay in the trail. The check that found the error is made again anyway."""
    try:
        amendment = Amendment.model_validate_json(canonical(decision.data))
    except ValidationError as error:
        raise bad_input("data of the decision", faults_of(error)) from None
    row = session.get_one(CaseRow, step.dossier)
    old = request_of(row)
    new = amendment.of(old)
    row.request = new.model_dump_json()
    changed = [name for name in Amendment.model_fields if getattr(old, name) != getattr(new, name)]
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    evidence = {
        f"{name} {when}": canonical(values[name])
        for name in changed
        for when, values in (("old", before), ("new", after))
    }
    note(session, step, f"request corrected: {', '.join(changed)}", decision.reason, who=who, evidence=evidence)


def _fingerprint(decision: Decision, who: str) -> str:
    """What makes two messages the same decision: everything but the token, and who it proves."""
    return fingerprint({"who": who, **decision.model_dump(mode="json", exclude={"token"})})
