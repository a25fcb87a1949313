"""销户原因、财务、合同、合规: the reviews, each against the books and the policy."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import Session
from temporalio import activity

from activities import checks
from activities.casework import case_of, record, request_of, today
from contracts.books import AccountFacts, CustomerFacts, ReceivableFacts
from contracts.findings import Checked, Finding
from contracts.requests import ClosureRequest
from contracts.steps import Step
from gateways.books import Books
from gateways.casebook import open_adjustments
from gateways.rollouts import rolled_out
from policy import Policies
from records.database import Database
from records.tables import CaseRow


class _Facts(NamedTuple):
    row: CaseRow
    request: ClosureRequest
    account: AccountFacts
    customer: CustomerFacts
    receivables: tuple[ReceivableFacts, ...]
    adjustments: tuple[str, ...]


@dataclass
class Reviews:
    """Each review may be made again after a remedy, until it is clear."""

    database: Database
    books: Books
    policies: Policies

    @activity.defn
    def reason(self, step: Step) -> Checked:
        """Is the reason plausible, and what would closing cost the firm?"""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            facts = self._facts(effect.session, step)
            entries = self.books.entries(effect.session, facts.account.id)
            found = checks.implausible(
                policy, facts.account, facts.customer, entries, facts.request, today(step, policy)
            )
            others = len(self.books.accounts_of(effect.session, facts.customer.id)) - 1
            debt = checks.owed(facts.account, facts.receivables)
            impact = (f"balance leaving: {facts.account.balance}", f"owed: {debt}", f"other accounts: {others}")
            return effect.record(record(effect.session, step, Checked(findings=tuple(found), reasons=impact)))

    @activity.defn
    def finance(self, step: Step) -> Checked:
        """Balances, receivables, blocked amounts."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            facts = self._facts(effect.session, step)
            return effect.record(
                _checked(
                    effect.session, step,
                    checks.finance(policy, facts.account, facts.receivables, facts.adjustments),
                )
            )  # fmt: skip

    @activity.defn
    def contract(self, step: Step) -> Checked:
        """Agreements: complete, fulfilled, notice over."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            facts = self._facts(effect.session, step)
            agreements = self.books.agreements(effect.session, facts.account.id)
            received = policy.calendar.day(facts.row.opened_at)
            found = checks.contract(facts.customer, agreements, facts.request, received, today(step, policy))
            return effect.record(_checked(effect.session, step, found))

    @activity.defn
    def compliance(self, step: Step) -> Checked:
        """The checklists, and whether a newer policy came into force since the case was opened."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Checked) as effect:
            if effect.done:
                return effect.result
            facts = self._facts(effect.session, step)
            found = list(checks.checklist(policy, facts.account, facts.customer, facts.receivables, facts.request))
            newest = self.policies.in_force_on(today(step, policy))
            if not rolled_out(effect.session, newest.version):  # its rollout asks each case
                found += checks.newer_policy(policy, newest)
            return effect.record(_checked(effect.session, step, found))

    def _facts(self, session: Session, step: Step) -> _Facts:
        row = case_of(session, step)
        return _Facts(
            row,
            request_of(row),
            self.books.account(session, row.account),
            self.books.customer(session, row.customer),
            self.books.receivables(session, row.account),
            open_adjustments(session, row.account),
        )


def _checked(session: Session, step: Step, found: Iterable[Finding]) -> Checked:
    return record(session, step, Checked(findings=tuple(found)))
