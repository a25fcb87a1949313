"""待办 and 审批: a task is shown, climbed, its deadlines reckoned again, and decided by the one judge."""

from dataclasses import dataclass

from sqlmodel import Session
from temporalio import activity

from activities.blockers import seen
from activities.casework import case_of, move_expected, note, today
from activities.deciders import Deciders, Proof
from activities.decisions import APPROVAL, content_of, end, overdue, write
from contracts.judgement import Hearing, Verdict, judge
from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.steps import Step
from contracts.tasks import Decision, DecisionReceipt, Rung, RungKind, TaskShown, TaskSpec, TaskState
from contracts.verdicts import Ground
from contracts.vocabulary import Role
from gateways.books import Books
from gateways.deadlines import deadlines, rungs_json, rungs_of
from gateways.hearing import hearing_of, manned, roles_of
from policy import Policies
from policy.spans import plain
from policy.work import Calendar
from records.canonical import canonical
from records.database import Database
from records.people_tables import AnswerCodeRow
from records.tables import CaseRow, ContactRow, DecisionRow, TaskRow


@dataclass
class Desk:
    """The desk where people are asked, and where one judge judges."""

    database: Database
    books: Books
    policies: Policies
    deciders: Deciders

    @activity.defn
    def show(self, step: Step, spec: TaskSpec) -> TaskShown:
        """Put the task into the inbox; when it is due, what is done on the way there, and what stands in the way."""
        blockers = seen(self.database, self.books, self.policies, step)
        with self.database.once(f"{step.dossier}/show/{spec.task}", spec, TaskShown) as effect:
            if effect.done:
                return effect.result
            case_of(effect.session, step)
            row = self._row(effect.session, step, spec)
            effect.session.add(row)
            effect.session.flush()
            if spec.continues and not _asked_before(spec):
                self._catch_up(effect.session, step, row)
            shown = self._reckon(effect.session, step, row)
            note(effect.session, step, f"task shown: {spec.task}", evidence={"roles": ", ".join(roles_of(row))})
            known = {"roles": roles_of(row), "overdue": row.overdue, "blockers": blockers}
            known["unmanned"] = not self._manned(effect.session, step, row)
            return effect.record(shown.model_copy(update=known))

    @activity.defn
    def withdraw(self, step: Step, task: str, why: str) -> bool:
        """Nobody is to decide a task any more. False when somebody has."""
        with self.database.once(step.key, None, bool) as effect:
            if effect.done:
                return effect.result
            row = effect.session.get_one(TaskRow, task, with_for_update=True)
            if row.ended_at:
                return effect.record(False)
            row.state, row.ended_at = TaskState.WITHDRAWN, step.at
            note(effect.session, step, f"task withdrawn: {task}", why)
            return effect.record(True)

    @activity.defn
    def manned(self, step: Step, task: str) -> bool:
        """Whether there are enough people who may decide a task, or it is decided."""
        with self.database.reading() as session:
            row = session.get_one(TaskRow, task)
            return row.ended_at is not None or self._manned(session, step, row)

    @activity.defn
    def climb(self, step: Step, task: str, rung: Rung) -> None:
        """A rung of the ladder, or a call before its time: who may decide now, overdue or not; a task given up is
        withdrawn."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return
            row = effect.session.get_one(TaskRow, task)
            left = rungs_of(row)
            if left and left[0].kind is rung.kind:
                row.climbed, row.rungs = row.climbed + 1, rungs_json(left[1:])
            row.roles = canonical(sorted({*roles_of(row), *rung.roles}))
            row.overdue = row.overdue or rung.kind.late
            if rung.kind is RungKind.ESCALATE and row.name == APPROVAL and row.ended_at is None:
                overdue(effect.session, step, row)
            if rung.kind is RungKind.GIVE_UP and row.ended_at is None:
                row.state, row.ended_at = TaskState.WITHDRAWN, step.at
                self._move_expected(effect.session, step)
            note(effect.session, step, f"{rung.kind}: {task}", evidence={"roles": ", ".join(rung.roles)})
            effect.record("climbed")

    @activity.defn
    def reckon(self, step: Step, task: str) -> TaskShown:
        """Reckon the deadlines of an open task again: its clock stood, it was extended, or a year was announced."""
        with self.database.once(step.key, None, TaskShown) as effect:
            if effect.done:
                return effect.result
            row = effect.session.get_one(TaskRow, task)
            before = row.due_at
            shown = self._reckon(effect.session, step, row)
            row.overdue = row.overdue and shown.due_at <= step.at
            self._move_expected(effect.session, step)
            if before != shown.due_at:
                moved = {"before": before.isoformat(), "after": shown.due_at.isoformat()}
                note(effect.session, step, f"due date moved: {task}", evidence=moved)
            return effect.record(shown)

    @activity.defn
    def decide(self, step: Step, decision: Decision) -> DecisionReceipt:
        """Judge a decision and write it down. The same decision id again is told the same.

        Refused: see contracts/verdicts.py, and UNAUTHENTICATED for its token. A refusal is kept in the trail.
        """
        try:
            with self.database.transaction() as session:
                return self._decide(session, step, decision)
        except Refused as refusal:
            self._keep_refusal(step, decision, refusal)
            raise

    def _row(self, session: Session, step: Step, spec: TaskSpec) -> TaskRow:
        """A task that continues a matter goes on with its clock, and from the rung it stood on."""
        earlier = [session.get_one(TaskRow, task) for task in spec.continues]
        same = next((row for row in reversed(earlier) if row.name == spec.name), None)
        return TaskRow(
            task=spec.task,
            dossier=step.dossier,
            case_id=step.case,
            name=spec.name,
            subject=spec.subject,
            spec=spec.model_dump_json(),
            roles=same.roles if same else canonical(list(spec.roles)),
            state=TaskState.OPEN,
            shown_at=step.at,
            due_at=step.at,
            overdue=same.overdue if same else False,
            since=earlier[0].since if earlier else step.at,
            waits_for=self.policies[step.policy].ladders[spec.ladder].waits_for,
            climbed=same.climbed if same else 0,
            extended=same.extended if same else 0,
        )

    def _catch_up(self, session: Session, step: Step, row: TaskRow) -> None:
        """A task whose clock goes on may be late when it is shown: it stands on the rung of this moment, and nobody is
        told of those before."""
        rungs = deadlines(session, self.policies[step.policy], row, step.at).rungs
        passed = [rung for rung in rungs if rung.at <= step.at]
        row.climbed = len(passed)
        row.roles = canonical(sorted({*roles_of(row), *(role for rung in passed for role in rung.roles)}))
        row.overdue = row.overdue or any(rung.kind.late for rung in passed)

    def _manned(self, session: Session, step: Step, row: TaskRow) -> bool:
        spec, day = TaskSpec.model_validate_json(row.spec), today(step, self.policies[step.policy])
        return spec.for_customer or manned(session, self.books, row, spec, day)

    def _reckon(self, session: Session, step: Step, row: TaskRow) -> TaskShown:
        shown = deadlines(session, self.policies[step.policy], row, step.at)
        row.due_at, row.rungs, row.provisional = shown.due_at, rungs_json(shown.rungs), shown.provisional
        return shown

    def _move_expected(self, session: Session, step: Step) -> None:
        move_expected(session, self.policies[step.policy], session.get_one(CaseRow, step.dossier), step.at)

    def _decide(self, session: Session, step: Step, decision: Decision) -> DecisionReceipt:
        # Locked: two decisions on one task at the same moment are judged one after the other.
        task = session.get(TaskRow, decision.task, with_for_update=True)
        if task is None:
            raise Ground.NO_TASK.refusal(task=decision.task)
        proof = self._prove(session, step, decision, task)
        before = session.get(DecisionRow, decision.decision_id)
        if before:
            return _first_answer(before, decision, proof.who.id)
        hearing = hearing_of(session, self.books, task)
        calendar = self.policies[step.policy].calendar
        proof.use(session, step.used_for(decision.decision_id), calendar.local(step.at))
        verdict = _judged(hearing, decision, proof, calendar)
        receipt = _receipt(step, hearing.spec, decision, proof, verdict)
        write(session, step, decision, receipt, proof.who.id, verdict)
        if receipt.done:
            end(session, step, task, hearing.spec, decision, proof.who.id)
            self._move_expected(session, step)
        if proof.code:
            contact = session.get_one(AnswerCodeRow, proof.jti).contact
            session.get_one(ContactRow, contact).state = DeliveryState.ANSWERED
        return receipt

    def _prove(self, session: Session, step: Step, decision: Decision, task: TaskRow) -> Proof:
        policy = self.policies[step.policy]
        return self.deciders.prove(session, decision, task, plain(policy.answer_valid), today(step, policy))

    def _keep_refusal(self, step: Step, decision: Decision, refusal: Refused) -> None:
        with self.database.transaction() as session:
            evidence = {"option": decision.option, "decision": decision.decision_id}
            what = f"decision on {decision.task} refused: {refusal.code}"
            note(session, step, what, refusal.sentence, evidence=evidence)


def _asked_before(spec: TaskSpec) -> bool:
    """Whether a task of that name was asked in the matter: then its people have been told of its rungs so far."""
    return any(task.endswith(f"-{spec.name}") for task in spec.continues)


def _first_answer(row: DecisionRow, decision: Decision, who: str) -> DecisionReceipt:
    if row.fingerprint != content_of(decision, who):
        raise Refused(Code.MISMATCH, f"Decision {decision.decision_id} was sent before with other content.")
    return DecisionReceipt.model_validate_json(row.receipt)


def _judged(hearing: Hearing, decision: Decision, proof: Proof, calendar: Calendar) -> Verdict:
    if proof.code and hearing.receipt:  # customers are not told who noted it
        raise Ground.ANSWERED.refusal(at=calendar.day(hearing.receipt.at).isoformat())
    verdict = judge(hearing, decision, proof.who)
    if verdict.refusal:
        raise verdict.refusal
    return verdict


def _receipt(step: Step, spec: TaskSpec, decision: Decision, proof: Proof, verdict: Verdict) -> DecisionReceipt:
    who = proof.who.id
    noted = spec.for_customer and Role.CUSTOMER not in proof.who.roles
    return DecisionReceipt(
        task=spec.task,
        option=decision.option,
        by=f"customer, noted by {who}" if noted else who,
        at=step.at,
        reason=decision.reason,
        data=decision.data,
        approvals=verdict.approvals,
        needed=spec.needed,
        done=verdict.done,
        heard_by=who if noted else "",
        in_place_of=verdict.in_place_of,
    )
