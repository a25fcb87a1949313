"""调账: a plan is looked at once more, posted in one transaction, and reconciled."""

import json
from collections.abc import Iterable, Iterator
from functools import partial

from sqlmodel import Session
from temporalio import activity

from activities import checks
from activities.adjustment_origins import derived
from activities.casework import case_of, note, record
from activities.plan_proofs import keep_snapshot
from activities.plan_records import PlanRecords
from activities.plan_words import balances
from contracts.adjustments import SYSTEM, Abroad, AdjustmentRequest, Cause, Plan, PlanMark, Posted
from contracts.findings import Checked
from contracts.messages import adjustment_id
from contracts.refusals import Code, Refused
from contracts.steps import Step
from gateways.plan_trail import hash_of
from records.canonical import canonical
from records.tables import CaseRow

REFUSALS = {Code.NOT_ALLOWED, Code.NOT_FOUND, Code.MISMATCH}
"""What the books say to a plan that cannot be posted as it is."""


class Postings(PlanRecords):
    """Nothing is posted but a plan whose approval and notice are on record, under the hash that was approved and told;
    both are read from the records, whatever the workflow says."""

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
            if refusal.code not in REFUSALS:
                raise
            sentence = refusal.sentence
        with self.database.transaction() as session:
            case_of(session, step)
            note(session, step, "not posted", sentence)
            return Posted(why=sentence)

    @activity.defn
    def reconcile_books(self, step: Step, hash: str) -> str:
        """对账: what of a posted plan does not stand in the books as planned, or still differs from the statements."""
        before = self.database.done(step.key, None, str)
        if before is not None:
            return before
        with self.database.reading() as session:  # it takes seconds, in which others write
            row, held = self._row(session, step, hash), self._held(session, step)
            plan, entries = Plan.model_validate_json(row.plan), self._entries(session, row)
            left = held.left_of(plan, entries)
            wrong = "; ".join([*self._missing(session, plan, entries), *(each.sentence for each in left)])
        with self.database.once(step.key, None, str) as effect:
            if not effect.done:
                case_of(effect.session, step)
                if wrong:
                    note(effect.session, step, f"plan {plan.n} not reconciled", wrong[:8_000])
                else:
                    words = f"all stands in the books as planned; {held.verdict}"
                    self._mark(effect.session, step, hash, PlanMark.RECONCILED, words, **held.evidence)
                effect.record(wrong[:4_000])
            return effect.result

    @activity.defn
    def plan_elsewhere(self, step: Step, hash: str, by: str) -> tuple[AdjustmentRequest, ...]:
        """What has to be put right on the accounts of other customers: adjustments of their own, which are noted."""
        with self.database.once(step.key, None, tuple[AdjustmentRequest, ...]) as effect:
            if effect.done:
                return effect.result
            session = effect.session
            case_of(session, step)
            known = by in {each.id for each in self.books.staff(session)}
            plan = self._plan(session, step, hash)
            wanted = tuple(_elsewhere(step, each, by if known else SYSTEM) for each in plan.abroad if not plan.undoes)
            for request in wanted:
                what = f"{adjustment_id(request.request_id)} of {request.account} begun"
                note(session, step, what, request.description, who=request.raised_by)
            return effect.record(wanted)

    @activity.defn
    def not_elsewhere(self, step: Step, request: AdjustmentRequest, why: str) -> None:
        """An adjustment on the account of another customer cannot be opened."""
        with self.database.once(step.key, request, str) as effect:
            if not effect.done:
                case_of(effect.session, step)
                what = f"{adjustment_id(request.request_id)} of {request.account} cannot be opened"
                note(effect.session, step, what, why)
                effect.record("noted")

    # ---- what they are made of -----------------------------------------------------------------------------------

    def _post(self, session: Session, step: Step, case: CaseRow, hash: str) -> Posted:
        row = self._row(session, step, hash, lock=True)
        plan = Plan.model_validate_json(row.plan)
        marks = self._marks(session, row)
        if PlanMark.POSTED in marks:
            return self._standing(session, case, plan, tuple(json.loads(marks[PlanMark.POSTED])))
        if hash_of(row.plan) != hash or not {PlanMark.APPROVED, PlanMark.TOLD} <= marks.keys():
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
        return self._standing(session, case, plan, entries)

    def _standing(self, session: Session, case: CaseRow, plan: Plan, entries: tuple[str, ...]) -> Posted:
        """With the balances after the last of them on each account, whatever was booked since: so a repeated step
        answers the same."""
        booked = [(each.account, self.books.entries(session, each.account)) for each in plan.effects]
        after = {account: each.balance_after for account, mine in booked for each in mine if each.id in entries}
        return Posted(entries=entries, balance=balances(after.items(), case.account))

    def _changed(self, session: Session, step: Step, case: CaseRow, plan: Plan) -> str:
        planner = self._planner(session, step, case)
        if planner.basis(plan.bookings, plan.days) != plan.basis:
            return f"what plan {plan.n} rests on has changed in the books since it was made"
        return "; ".join(planner.uncovered(planner.effects(plan.bookings)))

    def _missing(self, session: Session, plan: Plan, entries: Iterable[str]) -> Iterator[str]:
        """What of a posted plan does not stand in the books as it was planned."""
        posted = {entry.reference: entry for entry in map(partial(self.books.entry, session), entries)}
        for booking in plan.bookings:
            entry = posted.get(booking.reference)
            if entry is None or entry.lines != booking.lines or (entry.reverses or "") != booking.reverses:
                yield f"{booking.reference} does not stand in the books as planned"
        off = [currency for currency, minor in self.books.sums(session).items() if minor]
        yield from (f"the books in {currency} do not sum to zero" for currency in off)


def _elsewhere(step: Step, wrong: Abroad, by: str) -> AdjustmentRequest:
    return AdjustmentRequest(
        request_id=derived(f"{step.dossier}-{wrong.entry}"), account=wrong.account, raised_by=by,
        suspected_cause=Cause.DATA_ENTRY, entries=(wrong.entry,), case=step.case,
        description=f"{wrong.entry} belongs to another account, as {step.case} found",
    )  # fmt: skip
