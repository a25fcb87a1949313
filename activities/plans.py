"""一个方案: the one plan of an adjustment, as it is compared, proposed, approved, told, posted and reconciled."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities import checks
from activities.adjustments import derived
from activities.casework import case_of, note, record, today
from activities.comparing import Comparing
from activities.plan_proofs import approval_of, keep_snapshot, notice_of
from activities.plan_words import as_told, compared_lines, for_staff
from activities.planning import Planner
from contracts.adjustments import (
    AdjustmentRequest,
    Cause,
    Compared,
    Draft,
    Plan,
    PlanMark,
    PlanSummary,
    Posted,
)
from contracts.findings import Checked, Finding, FindingKind
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.steps import Step
from gateways.books import Books
from gateways.evidence import EvidenceStore
from policy import Policies, Policy
from records.adjustment_tables import PlanMarkRow, PlanRow
from records.canonical import canonical, fingerprint
from records.database import Database
from records.inserts import insert_unless_there
from records.tables import CaseRow


@dataclass
class Plans:
    """The plans of adjustments. Nothing is posted but a plan whose approval and notice are on record, under the hash
    that was approved and told; both are read from the records, whatever the workflow says."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    @activity.defn
    def compare_books(self, step: Step) -> Compared:
        """核对: the statements that are on file against the books, and what is to be corrected by that."""
        with self.database.once(step.key, None, Compared) as effect:
            if effect.done:
                return effect.result
            session, case = effect.session, case_of(effect.session, step)
            account = self.books.account(session, case.account)
            compared = Comparing(session, self.books, self.evidence, account).compare(case)
            drafted, abroad = self._planner(session, step, case).draft(compared.differences)
            found = compared.model_copy(update={"drafted": drafted, "abroad": abroad})
            compared = found.model_copy(update={"lines": compared_lines(found)})
            kinds = {f"difference {n}": each.sentence for n, each in enumerate(compared.differences, 1)}
            note(session, step, f"compared with {len(compared.statements)} statements", evidence=kinds)
            return effect.record(compared)

    @activity.defn
    def propose_plan(self, step: Step, draft: Draft, compared: Compared, by: str, why: str) -> PlanSummary:
        """更正方案: the plan that a draft comes to; `why` not, where it cannot be."""
        span = (compared.since, compared.until) if compared.since and compared.until else None
        return self._planned(
            step, by, why, lambda planner, n: planner.plan(step.dossier, n, draft, span, compared.abroad)
        )

    @activity.defn
    def propose_undoing(self, step: Step, hash: str, by: str, why: str) -> PlanSummary:
        """冲回方案: the plan that takes a posted one back."""
        with self.database.reading() as session:
            undone = self._plan(session, step, hash)
            entries = self._entries(session, undone)
        return self._planned(step, by, why, lambda planner, n: planner.undo(step.dossier, n, undone, entries))

    @activity.defn
    def approve_plan(self, step: Step, hash: str) -> tuple[str, ...]:
        """Mark the plan as approved, by the decisions that are on record for it; who has."""
        with self.database.transaction() as session:
            people = approval_of(session, step.dossier, hash)
            self._mark(session, step, hash, PlanMark.APPROVED, ", ".join(people))
            return people

    @activity.defn
    def tell_plan(self, step: Step, hash: str) -> bool:
        """Mark the plan as told, by the notice that reached the customer; false where none has."""
        with self.database.transaction() as session:
            how = notice_of(session, step.dossier, hash)
            if how:
                self._mark(session, step, hash, PlanMark.TOLD, how)
            return bool(how)

    @activity.defn
    def plan_changed(self, step: Step, hash: str) -> str:
        """复核: what has changed in the books that the plan rests on; empty where nothing has."""
        with self.database.transaction() as session:
            case = case_of(session, step)
            return self._changed(session, step, case, self._plan(session, step, hash))

    @activity.defn
    def plan_frozen(self, step: Step) -> Checked:
        """Whether a freeze stands in the way of the newest plan: it takes money off an account that is frozen."""
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            session = effect.session
            case_of(session, step)
            plan = self._newest(session, step)
            off = [each.account for each in plan.effects if each.after.minor < each.before.minor]
            found = [finding for name in off for finding in checks.frozen(self.books.account(session, name))]
            return effect.record(record(session, step, Checked(findings=tuple(found))))

    @activity.defn
    def post_plan(self, step: Step, hash: str) -> Posted:
        """调账: all entries of the plan, a snapshot before, and the mark, in one transaction; or why nothing was.
        What is done follows from what is on record, so that it may be repeated after any failure."""
        try:
            with self.database.transaction() as session:
                return self._post(session, step, case_of(session, step), hash)
        except Refused as refusal:
            if refusal.code not in {Code.NOT_ALLOWED, Code.NOT_FOUND}:
                raise
            sentence = refusal.sentence
        with self.database.transaction() as session:
            case_of(session, step)
            note(session, step, "not posted", sentence)
            return Posted(why=sentence)

    @activity.defn
    def reconcile_books(self, step: Step) -> Checked:
        """对账: everything that was posted stands in the books as planned, and the statements agree with it."""
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            session, case = effect.session, case_of(effect.session, step)
            plan = self._newest(session, step)
            account = self.books.account(session, case.account)
            left = Comparing(session, self.books, self.evidence, account).left_of(case, plan)
            wrong = [*self._missing(session, plan), *left]
            if not wrong:
                self._mark(session, step, fingerprint_of(plan), PlanMark.RECONCILED, "the books agree")
            words = "; ".join(wrong)
            found = (Finding(kind=FindingKind.BOOKS_DISAGREE, subject=f"plan-{plan.n}", detail=words),) if wrong else ()
            return effect.record(record(session, step, Checked(findings=found)))

    @activity.defn
    def plan_elsewhere(self, step: Step, hash: str, by: str) -> tuple[AdjustmentRequest, ...]:
        """What has to be put right on the accounts of other customers: adjustments of their own."""
        with self.database.reading() as session:
            plan = self._plan(session, step, hash)
        return tuple(
            AdjustmentRequest(
                request_id=derived(f"{step.dossier}-{each.entry}"), account=each.account, raised_by=by,
                suspected_cause=Cause.DATA_ENTRY, entries=(each.entry,), case=step.case,
                description=f"{each.entry} belongs to another account, as {step.case} found",
            )
            for each in plan.abroad
        )  # fmt: skip

    # ---- what they are made of -----------------------------------------------------------------------------------

    def _planner(self, session: Session, step: Step, case: CaseRow) -> Planner:
        account = self.books.account(session, case.account)
        return Planner(session, self.books, account, today(step, self.policies[step.policy]))

    def _post(self, session: Session, step: Step, case: CaseRow, hash: str) -> Posted:
        row = self._row(session, step, hash, lock=True)
        plan = Plan.model_validate_json(row.plan)
        marks = self._marks(session, plan)
        if PlanMark.POSTED in marks:
            return Posted(entries=tuple(json.loads(marks[PlanMark.POSTED])))
        if fingerprint_of(plan) != hash or not {PlanMark.APPROVED, PlanMark.TOLD} <= marks.keys():
            raise RuntimeError(f"plan {plan.n} is not what was approved and told")
        self.books.hold(session, [each.account for each in plan.effects])
        if changed := self._changed(session, step, case, plan):
            return Posted(why=changed)
        snapshot = keep_snapshot(session, self.books, self.evidence, plan)
        expected = self._planner(session, step, case).effects(plan.bookings)
        entries = self.books.post_all(session, plan.bookings, step.dossier, step.at)
        if any(self.books.account(session, each.account).balance != each.after for each in expected):
            raise RuntimeError(f"plan {plan.n} did not do what it says")
        self._mark(session, step, hash, PlanMark.POSTED, canonical(list(entries)))
        evidence = snapshot | {"plan": hash, **{f"entry {n}": each for n, each in enumerate(entries, 1)}}
        note(session, step, f"plan {plan.n} posted", evidence=evidence)
        return Posted(entries=entries)

    def _planned(self, step: Step, by: str, why: str, make: Callable[[Planner, int], Plan]) -> PlanSummary:
        """A plan is written down, or it is said why it cannot be."""
        with self.database.once(step.key, None, PlanSummary) as effect:
            if effect.done:
                return effect.result
            session, case = effect.session, case_of(effect.session, step)
            plans = select(func.count()).where(PlanRow.dossier == step.dossier)
            try:
                plan = make(self._planner(session, step, case), session.exec(plans).one() + 1)
            except Refused as refusal:
                note(session, step, "no plan", refusal.sentence, who=by)
                return effect.record(PlanSummary(why=refusal.sentence))
            hash = fingerprint_of(plan)
            content = canonical(plan.model_dump(mode="json"))
            session.add(
                PlanRow(
                    dossier=step.dossier, n=plan.n, hash=hash, plan=content, proposed_by=by, why=why, at=step.at
                )
            )  # fmt: skip
            session.flush()
            note(session, step, f"plan {plan.n} proposed", why, who=by, evidence={"plan": hash})
            return effect.record(self._proposed(session, step, case, plan, hash))

    def _proposed(self, session: Session, step: Step, case: CaseRow, plan: Plan, hash: str) -> PlanSummary:
        mine = next((each for each in plan.effects if each.account == case.account), None)
        return PlanSummary(
            n=plan.n,
            hash=hash,
            within=self._within(session, self.policies[step.policy], plan),
            lines=for_staff(plan, hash, lambda period: self.books.is_open(session, period)),
            told=as_told(plan, case.language),
            before=str(mine.before) if mine else "",
            after=str(mine.after) if mine else "",
            periods=", ".join(plan.periods),
        )

    def _within(self, session: Session, policy: Policy, plan: Plan) -> bool:
        """Whether one may approve it: all that was posted in this case before counts as well."""
        rules = policy.for_adjustments
        limit = rules.limit.get(plan.gross.currency)
        posted = select(PlanMarkRow.hash).where(
            PlanMarkRow.dossier == plan.dossier, col(PlanMarkRow.mark) == PlanMark.POSTED
        )
        rows = session.exec(select(PlanRow).where(col(PlanRow.hash).in_(posted)))
        moved = sum(Plan.model_validate_json(row.plan).gross.minor for row in rows) + plan.gross.minor
        return limit is not None and moved <= Money.parse(limit, plan.gross.currency).minor

    def _changed(self, session: Session, step: Step, case: CaseRow, plan: Plan) -> str:
        planner = self._planner(session, step, case)
        if planner.basis(plan.bookings, plan.since, plan.until) != plan.basis:
            return f"what plan {plan.n} rests on has changed in the books since it was made"
        return "; ".join(planner.uncovered(planner.effects(plan.bookings)))

    def _missing(self, session: Session, plan: Plan) -> Iterator[str]:
        """What of a posted plan does not stand in the books as it was planned."""
        posted = {
            entry.reference: entry for entry in map(partial(self.books.entry, session), self._entries(session, plan))
        }
        for booking in plan.bookings:
            entry = posted.get(booking.reference)
            if entry is None or entry.lines != booking.lines or (entry.reverses or "") != booking.reverses:
                yield f"{booking.reference} does not stand in the books as planned"
        off = [currency for currency, minor in self.books.sums(session).items() if minor]
        yield from (f"the books in {currency} do not sum to zero" for currency in off)

    def _entries(self, session: Session, plan: Plan) -> tuple[str, ...]:
        return tuple(json.loads(self._marks(session, plan).get(PlanMark.POSTED, "[]")))

    def _marks(self, session: Session, plan: Plan) -> dict[PlanMark, str]:
        """What became of a plan, under its own hash only."""
        marks = select(PlanMarkRow).where(PlanMarkRow.dossier == plan.dossier, PlanMarkRow.n == plan.n)
        return {each.mark: each.words for each in session.exec(marks) if each.hash == fingerprint_of(plan)}

    def _mark(self, session: Session, step: Step, hash: str, mark: PlanMark, words: str) -> None:
        case_of(session, step)
        n = self._row(session, step, hash).n
        values = {"dossier": step.dossier, "n": n, "mark": mark, "hash": hash, "words": words, "at": step.at}
        if insert_unless_there(session, PlanMarkRow, values) and mark is not PlanMark.POSTED:
            note(session, step, f"plan {n} {mark}", words, evidence={"plan": hash})

    def _plan(self, session: Session, step: Step, hash: str) -> Plan:
        return Plan.model_validate_json(self._row(session, step, hash).plan)

    def _newest(self, session: Session, step: Step) -> Plan:
        newest = select(PlanRow).where(PlanRow.dossier == step.dossier).order_by(col(PlanRow.n).desc())
        return Plan.model_validate_json(session.exec(newest.limit(1)).one().plan)

    def _row(self, session: Session, step: Step, hash: str, *, lock: bool = False) -> PlanRow:
        mine = select(PlanRow).where(PlanRow.dossier == step.dossier, PlanRow.hash == hash)
        return session.exec(mine.with_for_update() if lock else mine).one()


def fingerprint_of(plan: Plan) -> str:
    """The one hash that is approved, told and posted."""
    return fingerprint(plan.model_dump(mode="json"))
