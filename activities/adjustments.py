"""账目调整: an adjustment is opened, its cause and what the customer says written down, and what was learned."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select
from temporalio import activity

from activities.adjustment_faults import misfit
from activities.adjustment_origins import free, origin_faults
from activities.casework import case_of, keep_ending, move_expected, note
from activities.incident_faults import evidence_faults
from activities.opening import known, new_dossier, opened
from contracts.adjustments import SYSTEM, AdjustmentRequest, Cause, Confirmed, Lesson, Linked, Said
from contracts.findings import FindingKind
from contracts.messages import adjustment_id
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.steps import Ending, Opened, Step
from contracts.vocabulary import AccountStatus, CaseKind, Initiator
from gateways.books import Books
from gateways.books_journal import FIRM_ZONE
from gateways.evidence import EvidenceStore
from policy import Policies
from records import trail
from records.adjustment_tables import AdjustmentRow, RemarkRow
from records.canonical import fingerprint
from records.database import Database
from records.people_tables import TrainingRow
from records.tables import CaseRow


@dataclass
class Adjustments:
    """What the records know of an adjustment, but for its plans."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    @activity.defn
    def open_adjustment(self, case_id: str, request: AdjustmentRequest, at: datetime, begun_by: str = "") -> Opened:
        """Open the adjustment. Safe to repeat: the request id is the key. `begun_by`: the case that began it as its
        child; empty where it was asked for from outside.

        Refused: BadInput, NotFound, NotAllowed, Mismatch, AlreadyEnded; then nothing has changed.
        """
        with self.database.transaction() as session:
            row = known(session, CaseKind.ADJUSTMENT, request.request_id, request, "Request")
            if row is None:
                row = self._begin(session, case_id, request, at, begun_by)
            customer = self.books.customer(session, row.customer)
            return opened(session, self.policies[row.policy], row, customer, request.suspected_cause)

    @activity.defn
    def confirm_cause(self, step: Step, confirmed: Confirmed) -> Linked:
        """原因确认: keep it, with the incident behind a system's fault: the one that was named, else the case that
        asked for the adjustment, if it fits."""
        with self.database.once(step.key, confirmed, Linked) as effect:
            if effect.done:
                return effect.result
            session, case = effect.session, case_of(effect.session, step)
            row, linked = session.get_one(AdjustmentRow, step.dossier), self._linked(session, case, confirmed)
            if linked.why:
                linked = linked.model_copy(update={"incident": row.incident})  # what stood before stands
            else:
                row.cause, row.incident = confirmed.cause, linked.incident
                evidence = {"cause": confirmed.cause.value, "incident": linked.incident}
                note(session, step, "cause confirmed", confirmed.reason, who=confirmed.by, evidence=evidence)
            return effect.record(linked)

    @activity.defn
    def waive_fault(self, step: Step, by: str, reason: str) -> None:
        """The adjustment goes on though the incident behind it is not solved."""
        with self.database.once(step.key, None, str) as effect:
            if not effect.done:
                case_of(effect.session, step)
                effect.session.get_one(AdjustmentRow, step.dossier).waived_by = by
                note(effect.session, step, "the incident behind it is waived", reason, who=by)
                effect.record(by)

    @activity.defn
    def converse(self, step: Step, remarks: tuple[Said, ...]) -> None:
        """询问客户: what was said, word for word; the hash of it in the trail."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return
            case_of(effect.session, step)
            for remark in remarks:
                effect.session.add(RemarkRow(dossier=step.dossier, at=step.at, **remark.model_dump()))
                evidence = {"sha256": fingerprint(remark.words), "about": remark.about, "heard by": remark.heard_by}
                note(effect.session, step, "said", who=remark.speaker, evidence=evidence)
            effect.record("said")

    @activity.defn
    def contented(self, step: Step, content: bool) -> None:
        """满意度: whether the customer is content with what was done."""
        with self.database.once(step.key, None, str) as effect:
            if not effect.done:
                case_of(effect.session, step)
                effect.session.get_one(AdjustmentRow, step.dossier).content = content
                note(effect.session, step, "content" if content else "not content", who="customer")
                effect.record("kept")

    @activity.defn
    def learn_from(self, step: Step, lesson: Lesson) -> None:
        """经验教训: cause and improvement are kept, and put on the training list."""
        with self.database.once(step.key, lesson, str) as effect:
            if effect.done:
                return
            session = effect.session
            case_of(session, step)
            row = session.get_one(AdjustmentRow, step.dossier)
            row.improvement, row.learned_by = lesson.improvement, lesson.by
            words = f"{row.cause or row.suspected_cause}: {lesson.improvement}"
            training = TrainingRow(dossier=row.dossier, kind=FindingKind.BOOKS_DISAGREE, words=words, at=step.at)
            session.add(training)
            note(session, step, "put on the training list", lesson.improvement, who=lesson.by)
            effect.record("learned")

    @activity.defn
    def end_adjustment(self, step: Step, ending: Ending) -> None:
        """How it ended stands in the records before it is told and filed."""
        keep_ending(self.database, step, ending)

    @activity.defn
    def adjustment_wanted(self, step: Step, by: str, cause: Cause, words: str) -> AdjustmentRequest:
        """The adjustment that another case needs; each time it does, another one."""
        with self.database.once(step.key, None, AdjustmentRequest) as effect:
            if effect.done:
                return effect.result
            request = AdjustmentRequest(
                request_id=free(effect.session, f"{step.dossier}-a{step.round}"),
                account=case_of(effect.session, step).account,
                raised_by=by,
                suspected_cause=cause,
                description=words,
                case=step.case,
            )
            note(effect.session, step, f"{adjustment_id(request.request_id)} begun", words, who=by)
            return effect.record(request)

    @activity.defn
    def is_begun(self, step: Step, request: AdjustmentRequest) -> bool:  # noqa: ARG002
        """Whether the adjustment that a case needs is on record as its own: of that account, and asked for by it."""
        mine = select(CaseRow).where(CaseRow.kind == CaseKind.ADJUSTMENT, CaseRow.request_id == request.request_id)
        with self.database.reading() as session:
            row = session.exec(mine).first()
        if row is None or row.account != request.account:
            return False
        return AdjustmentRequest.model_validate_json(row.request).case == request.case

    def _begin(
        self, session: Session, case_id: str, request: AdjustmentRequest, at: datetime, begun_by: str
    ) -> CaseRow:
        policy = self.policies.for_new_case_on(at.astimezone(FIRM_ZONE).date())
        if policy.adjustments is None:
            raise Refused(Code.NOT_ALLOWED, f"Policy {policy.version} has no rules for adjustments.")
        account = self.books.account(session, request.account)
        if account.status is AccountStatus.CLOSED:
            words = f"Account {account.id} was closed on {account.closed_on}; nothing is booked on it any more."
            raise Refused(Code.NOT_ALLOWED, words)
        customer = self.books.customer(session, account.customer)
        faults = [*self._faults(session, request), *origin_faults(session, request, begun_by, policy.adjustments.check)]
        if case_id != adjustment_id(request.request_id):
            faults.append(Fault(path="request_id", message=f"{request.request_id} does not belong to {case_id}"))
        if faults:
            raise bad_input("adjustment", faults)
        row = new_dossier(
            session, case_id, CaseKind.ADJUSTMENT, request.request_id, request, policy, at, customer=customer.id,
            language=customer.language, account=account.id, initiator=Initiator.FIRM,
        )  # fmt: skip
        session.add(
            AdjustmentRow(
                dossier=row.dossier, case_id=case_id, account=account.id, raised_by=request.raised_by,
                suspected_cause=request.suspected_cause,
            )
        )  # fmt: skip
        move_expected(session, policy, row, at)
        evidence = {each.reference: each.sha256 for each in request.evidence} | {"request": row.request_hash}
        trail.append(
            session, row.dossier, who=request.raised_by, what=f"adjustment {request.request_id} asked for",
            why=request.description, evidence=evidence, policy=row.policy, at=at,
        )  # fmt: skip
        return row

    def _faults(self, session: Session, request: AdjustmentRequest) -> Iterator[Fault]:
        """Every fault of a request whose shape is right."""
        if not request.description.strip():
            yield Fault(path="description", message="is empty")
        if request.raised_by != SYSTEM and request.raised_by not in {each.id for each in self.books.staff(session)}:
            yield Fault(path="raised_by", message=f"{request.raised_by} is nobody of the staff")
        booked = {entry.id for entry in self.books.entries(session, request.account)}
        for n, entry in enumerate(request.entries):
            if entry not in booked:
                yield Fault(path=f"entries[{n}]", message=f"{entry} is no entry of account {request.account}")
        if request.case and session.exec(select(CaseRow).where(CaseRow.case_id == request.case)).first() is None:
            yield Fault(path="case", message=f"there is no case {request.case}")
        yield from evidence_faults(self.evidence, request.evidence)

    def _linked(self, session: Session, case: CaseRow, confirmed: Confirmed) -> Linked:
        named = confirmed.incident
        if named and named == confirmed.waiting:
            words = f"{named} waits for this adjustment itself: name the incident about the fault"
            return Linked(why=words)
        if named:
            why = misfit(session, self.books, case, named)
            return Linked(why=why) if why else Linked(incident=named)
        asked = AdjustmentRequest.model_validate_json(case.request).case or ""
        if confirmed.cause is not Cause.SYSTEM_FAULT or asked == confirmed.waiting:
            return Linked()
        return Linked(incident="" if misfit(session, self.books, case, asked) else asked)
