"""一个方案: the one plan of an adjustment, as it is compared, proposed, approved and told."""

from collections.abc import Callable

from sqlmodel import Session, func, select
from temporalio import activity

from activities.casework import case_of, note
from activities.comparing import Comparing
from activities.plan_proofs import approval_of, notice_of
from activities.plan_records import PlanRecords
from activities.plan_words import as_told, compared_lines, for_staff
from activities.planning import Planner
from contracts.adjustments import Compared, Draft, Effect, Plan, PlanMark, PlanSummary
from contracts.money import Money
from contracts.refusals import Refused
from contracts.steps import Step
from gateways.plan_trail import hash_of
from policy import Policy
from records.adjustment_tables import PlanRow
from records.canonical import canonical
from records.tables import CaseRow


class Plans(PlanRecords):
    """The plans of adjustments, up to the moment at which they may be posted."""

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
        """冲回方案: the plan that takes back what was posted, up to this one."""
        with self.database.reading() as session:
            undone = self._plan(session, step, hash)
            posted = self._posted(session, step.dossier)
        entries = [entry for plan, entries in posted if plan.undoes is None for entry in entries]
        return self._planned(step, by, why, lambda planner, n: planner.undo(step.dossier, n, undone, entries))

    @activity.defn
    def approve_plan(self, step: Step, hash: str) -> tuple[str, ...]:
        """Mark the plan as approved, by the decisions that are on record for it; who has."""
        with self.database.transaction() as session:
            self._mark(session, step, hash, PlanMark.APPROVED, ", ".join(approval_of(session, step.dossier, hash)))
            return tuple(self._marks(session, self._row(session, step, hash))[PlanMark.APPROVED].split(", "))

    @activity.defn
    def tell_plan(self, step: Step, hash: str) -> bool:
        """Mark the plan as told, by the notice that reached the customer; false where none has."""
        with self.database.transaction() as session:
            how = notice_of(session, step.dossier, hash)
            if how:
                self._mark(session, step, hash, PlanMark.TOLD, how)
            return bool(how)

    # ---- what they are made of -----------------------------------------------------------------------------------

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
                note(session, step, "no plan", refusal.sentence[:8_000], who=by)
                return effect.record(PlanSummary(why=refusal.sentence[:4_000]))
            content = canonical(plan.model_dump(mode="json"))
            hash = hash_of(content)
            session.add(
                PlanRow(
                    dossier=step.dossier, n=plan.n, hash=hash, plan=content, proposed_by=by, why=why, at=step.at
                )
            )  # fmt: skip
            session.flush()
            note(session, step, f"plan {plan.n} proposed", why, who=by, evidence={"plan": hash})
            return effect.record(self._proposed(session, step, case, plan, hash))

    def _proposed(self, session: Session, step: Step, case: CaseRow, plan: Plan, hash: str) -> PlanSummary:
        balance = self.books.account(session, case.account).balance
        nothing = Effect(account=case.account, before=balance, after=balance)
        mine = next((each for each in plan.effects if each.account == case.account), nothing)
        return PlanSummary(
            n=plan.n,
            hash=hash,
            within=self._within(session, self.policies[step.policy], plan),
            lines=for_staff(plan, hash, lambda period: self.books.is_open(session, period)),
            told=as_told(plan, case.language),
            before=str(mine.before),
            after=str(mine.after),
            periods=", ".join(plan.periods),
        )

    def _within(self, session: Session, policy: Policy, plan: Plan) -> bool:
        """Whether one may approve it: all that was posted in this case before counts as well."""
        rules = policy.for_adjustments
        limit = rules.limit.get(plan.gross.currency)
        moved = sum(posted.gross.minor for posted, _ in self._posted(session, plan.dossier)) + plan.gross.minor
        return limit is not None and moved <= Money.parse(limit, plan.gross.currency).minor
