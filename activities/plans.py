"""一个方案: the one plan of an adjustment, as it is compared, proposed, approved and told."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.casework import case_of, note
from activities.plan_proofs import approval_of, notice_of
from activities.plan_records import PlanRecords
from activities.plan_words import as_told, balances, compared_lines, for_staff
from activities.planning import Planner
from contracts.adjustments import Compared, Draft, Effect, Plan, PlanMark, PlanSummary
from contracts.money import Money
from contracts.refusals import Refused
from contracts.steps import Step
from gateways.plan_trail import hash_of
from policy import Policy
from policy.spans import plain
from records.adjustment_tables import AdjustmentRow, PlanMarkRow, PlanRow
from records.canonical import canonical
from records.people_tables import AttachmentRow
from records.tables import CaseRow


class Plans(PlanRecords):
    """The plans of adjustments, up to the moment at which they may be posted."""

    @activity.defn
    def compare_books(self, step: Step) -> Compared:
        """核对: the statements that are on file against the books, and what is to be corrected by that."""
        before = self.database.done(step.key, None, Compared)
        if before is not None:
            return before
        with self.database.reading() as session:  # it takes seconds, in which others write
            held = self._held(session, step)
            compared = self._drafted(session, step, held.compared)
        with self.database.once(step.key, None, Compared) as effect:
            if not effect.done:
                case_of(effect.session, step)
                note(effect.session, step, f"compared with {held.scope()}", evidence=held.evidence)
                effect.record(compared)
            return effect.result

    @activity.defn
    def propose_plan(self, step: Step, draft: Draft, compared: Compared, by: str, why: str) -> PlanSummary:
        """更正方案: the plan that a draft comes to; `why` not, where it cannot be."""
        span = (compared.since, compared.until) if compared.since and compared.until else None
        return self._planned(
            step, by, why, lambda planner, n: planner.plan(step.dossier, n, draft, span, compared.abroad)
        )

    @activity.defn
    def propose_undoing(self, step: Step, hash: str, by: str, why: str) -> PlanSummary:
        """冲回方案: the plan that takes back what was posted, up to this one; none where nothing of it stands."""
        with self.database.reading() as session:
            posted = self._posted(session, step.dossier)
            begun = dict.fromkeys(each for plan, _ in posted for each in plan.abroad)
            undone = self._plan(session, step, hash).model_copy(update={"abroad": tuple(begun)})
        entries = [entry for plan, entries in posted if plan.undoes is None for entry in entries]
        return self._planned(step, by, why, lambda planner, n: planner.undo(step.dossier, n, undone, entries))

    @activity.defn
    def approve_plan(self, step: Step, hash: str) -> tuple[str, ...]:
        """Mark the plan as approved, by the decisions that are on record for it; who has, and in whose place. Nobody
        where it takes more than those, since other plans for the customer were approved meanwhile."""
        with self.database.once(step.key, None, tuple[str, ...]) as effect:
            if effect.done:
                return effect.result
            session, policy = effect.session, self.policies[step.policy]
            case_of(session, step)
            plan = self._plan(session, step, hash)
            self.books.hold(session, self._accounts(session, plan))  # two approvals of this moment see each other
            approval = approval_of(session, step.dossier, hash)
            enough = approval.asked >= policy.for_adjustments.above.needed
            enough = enough or self._within(session, policy, plan, step.at)
            if not enough and PlanMark.APPROVED not in self._marks(session, self._row(session, step, hash)):
                note(session, step, f"plan {plan.n} takes more approvals", "other plans for the customer were approved")
                return effect.record(())
            self._mark(session, step, hash, PlanMark.APPROVED, ", ".join(approval.people))
            return effect.record(approval.people + approval.in_place_of)

    @activity.defn
    def tell_plan(self, step: Step, hash: str) -> bool:
        """Mark the plan as told, by the notice that reached the customer; false where none has."""
        with self.database.transaction() as session:
            how = notice_of(session, step.dossier, hash)
            if how:
                self._mark(session, step, hash, PlanMark.TOLD, how)
            return bool(how)

    # ---- what they are made of -----------------------------------------------------------------------------------

    def _drafted(self, session: Session, step: Step, compared: Compared) -> Compared:
        """With what is to be corrected by it, and all of it in words."""
        planner = self._planner(session, step, session.get_one(CaseRow, step.dossier))
        drafted, abroad = planner.draft(compared.differences)
        found = compared.model_copy(update={"drafted": drafted, "abroad": abroad})
        return found.model_copy(update={"lines": compared_lines(found)})

    def _planned(self, step: Step, by: str, why: str, make: Callable[[Planner, int], Plan | None]) -> PlanSummary:
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
            if plan is None:
                note(session, step, "nothing to take back", "nothing of what was posted stands any more")
                return effect.record(PlanSummary(after=str(self.books.account(session, case.account).balance)))
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
        effects = {each.account: each for each in (nothing, *plan.effects)}.values()
        before = self._planner(session, step, case).done_before(plan.bookings)
        brought = select(AttachmentRow.staff).where(AttachmentRow.dossier == step.dossier).distinct()
        return PlanSummary(
            n=plan.n,
            hash=hash,
            within=self._within(session, self.policies[step.policy], plan, step.at),
            lines=for_staff(plan, hash, lambda period: self.books.is_open(session, period), before),
            told=as_told(plan, case.language),
            before=balances(((each.account, each.before) for each in effects), case.account),
            after=balances(((each.account, each.after) for each in effects), case.account),
            periods=", ".join(plan.periods),
            brought_by=tuple(sorted(session.exec(brought))),
        )

    def _lately(self, session: Session, plan: Plan, since: datetime) -> list[Plan]:
        """The plans of the customer's other cases that were approved since then."""
        accounts = self._accounts(session, plan)
        theirs = select(AdjustmentRow.dossier).where(col(AdjustmentRow.account).in_(accounts))
        marked = select(PlanRow.plan).where(PlanRow.dossier == PlanMarkRow.dossier, PlanRow.n == PlanMarkRow.n)
        approved = marked.where(PlanMarkRow.mark == PlanMark.APPROVED, PlanMarkRow.at >= since)
        others = approved.where(col(PlanRow.dossier).in_(theirs), PlanRow.dossier != plan.dossier)
        return [Plan.model_validate_json(each) for each in session.exec(others)]

    def _accounts(self, session: Session, plan: Plan) -> list[str]:
        """All accounts of the customer whom a plan is about."""
        customer = self.books.account(session, plan.account).customer
        return [each.id for each in self.books.accounts_of(session, customer)]

    def _within(self, session: Session, policy: Policy, plan: Plan, at: datetime) -> bool:
        """Whether one may approve it: all that was posted in this case before counts as well, and what was lately
        approved for this customer in others, so that nothing is got through in slices."""
        rules = policy.for_adjustments
        limit = rules.limit.get(plan.gross.currency)
        posted = [each for each, _ in self._posted(session, plan.dossier)]
        posted += self._lately(session, plan, at - plain(rules.counted)) if rules.counted else []
        alike = [each.gross.minor for each in posted if each.gross.currency == plan.gross.currency]
        moved = sum(alike) + plan.gross.minor
        return limit is not None and moved <= Money.parse(limit, plan.gross.currency).minor
