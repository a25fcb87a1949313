"""中断: a disruption is declared, ended, and ruled on: who may, and what is written down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import Session, col, select
from temporalio import activity

from activities.casework import SYSTEM
from activities.deciders import Deciders, Proof
from activities.sweeping import PAGE
from contracts.disruption import (
    Declaration,
    Declared,
    DisruptionEnd,
    DisruptionKind,
    DisruptionNoted,
    DisruptionOutcome,
    DisruptionRuling,
    DisruptionState,
)
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.vocabulary import Role
from gateways.books_journal import FIRM_ZONE
from gateways.disruptions import DisruptionBook, Lock, found
from policy import Policies, Policy
from policy.spans import plain
from policy.work import DisruptionRules
from records import trail
from records.canonical import canonical
from records.database import Database
from records.disruption_tables import DisruptionRow, DisruptionStepRow
from records.people_tables import TrainingRow


@dataclass
class Disruptions:
    """Keeps disruptions. Safe to repeat: a reference, and a decision, is a key."""

    database: Database
    policies: Policies
    deciders: Deciders
    book: DisruptionBook

    @activity.defn
    def declare_disruption(self, declaration: Declaration, at: datetime) -> Declared:
        """A disruption is declared and its contingency plan started; the same again changes nothing.

        Refused: MISMATCH, ALREADY_ENDED, NOT_ALLOWED, BAD_INPUT, FORBIDDEN, UNAUTHENTICATED."""
        with self.database.transaction() as session:
            row = session.get(DisruptionRow, declaration.reference)
            if row is None:
                policy = self.policies.in_force_on(at.astimezone(FIRM_ZONE).date())
                proof = member_of(
                    self.deciders, session, declaration.token, at, rules_of(policy).roles, "declare a disruption"
                )
                self._scope_faults(session, declaration, policy)
                proof.use(session, f"declare {declaration.reference}", at)
                row = _declared(session, declaration, policy, proof.who.id, at)
            _same(row, declaration)
            return self._answer(session, row)

    @activity.defn
    def end_disruption(self, ending: DisruptionEnd, at: datetime) -> DisruptionNoted:
        """It is over, and why. Of a fault the cause goes onto the training list, once for the disruption.

        Refused: ALREADY_ENDED, MISMATCH, NOT_ALLOWED for too many days, FORBIDDEN, UNAUTHENTICATED."""
        with self.database.transaction() as session:
            row = found(session, ending.reference, Lock.CHANGE)
            if row.state is not DisruptionState.LASTING:
                return _ended_before(row, ending)
            rules = rules_of(self.policies[row.policy])
            proof = member_of(self.deciders, session, ending.token, at, rules.roles, "end a disruption")
            if ending.working_days > rules.longest_working_days:
                words = f"at most {rules.longest_working_days} working days are given for a disruption"
                raise Refused(Code.NOT_ALLOWED, f"{ending.working_days} working days are too many: {words}.")
            proof.use(session, f"end {row.reference}, {ending.decision_id}", at)
            row.ending, row.ended_by, row.ended_at = ending.decision_id, proof.who.id, at
            row.cause, row.working_days = ending.cause, ending.working_days
            if row.kind is DisruptionKind.SYSTEM_FAULT:
                kind = row.kind.finding
                session.add(TrainingRow(dossier=dossier_of(row.reference), kind=kind, words=row.cause, at=at))
            self._go_to(session, row, DisruptionState.ENDING if ending.working_days else DisruptionState.RESUMING)
            days = {"working days": str(row.working_days)}
            return noted(session, row, proof.who.id, f"said to be over, {row.state}", row.cause, at, days)

    @activity.defn
    def rule_on_disruption(self, ruling: DisruptionRuling, at: datetime) -> DisruptionNoted:
        """More time is given or not, by somebody else than who asked for it. The cases go on either way.

        Refused: ALREADY_DECIDED, NOT_ALLOWED, MISMATCH, FORBIDDEN, FOUR_EYES, UNAUTHENTICATED."""
        with self.database.transaction() as session:
            row = found(session, ruling.reference, Lock.CHANGE)
            if row.state is not DisruptionState.ENDING:
                return _ruled_before(row, ruling)
            rules = rules_of(self.policies[row.policy])
            proof = member_of(self.deciders, session, ruling.token, at, rules.approval, "rule on more time")
            if proof.who.id == row.ended_by:
                words = f"{proof.who.id} asked for more time; somebody else must rule on it."
                raise Refused(Code.FOUR_EYES, words)
            proof.use(session, f"rule on {row.reference}, {ruling.decision_id}", at)
            row.ruling, row.ruled_by, row.ruled_at = ruling.decision_id, proof.who.id, at
            row.granted, row.reason = ruling.approve, ruling.reason
            self._go_to(session, row, DisruptionState.RESUMING)
            what = "more time approved" if ruling.approve else "more time rejected"
            return noted(session, row, proof.who.id, what, ruling.reason, at)

    @activity.defn
    def nobody_ruled(self, reference: str, at: datetime) -> DisruptionNoted:
        """More time was asked for, and nobody ruled on it in time: none is given, and the cases go on."""
        with self.database.transaction() as session:
            row = found(session, reference, Lock.CHANGE)
            if row.state is not DisruptionState.ENDING:
                return DisruptionNoted(reference=reference, state=row.state, by=row.ruled_by, at=row.ruled_at or at)
            row.ruled_by, row.ruled_at, row.granted, row.reason = SYSTEM, at, False, "nobody ruled in time"
            self._go_to(session, row, DisruptionState.RESUMING)
            return noted(session, row, SYSTEM, "more time not given", row.reason, at)

    @activity.defn
    def finish_disruption(self, reference: str, at: datetime) -> DisruptionOutcome:
        """No case is suspended by it any more."""
        with self.database.transaction() as session:
            row = found(session, reference)
            tally = self.book.tally(session, row)
            if row.state is not DisruptionState.OVER:
                row.state, row.over_at = DisruptionState.OVER, at
                evidence = {name: str(number) for name, number in tally.items()}
                noted(session, row, SYSTEM, "over", "", at, evidence)
            return DisruptionOutcome(reference=reference, **tally)

    def _scope_faults(self, session: Session, declaration: Declaration, policy: Policy) -> None:
        """A misspelt scope would touch nobody, and nobody would know. Refused: BAD_INPUT."""
        known = ", ".join(sorted(policy.systems))
        faults = [
            Fault(path=f"systems[{n}]", message=f"{name} is not a system of the policy ({known})")
            for n, name in enumerate(declaration.systems)
            if name not in policy.systems
        ]
        at = partial(self.book.books.accounts_at, session)
        empty = [(f"branches[{n}]", name) for n, name in enumerate(declaration.branches) if not at([name], [])]
        empty += [(f"regions[{n}]", name) for n, name in enumerate(declaration.regions) if not at([], [name])]
        faults += [Fault(path=path, message=f"there is no account in {name} in the books") for path, name in empty]
        if faults:
            raise bad_input("declaration", faults)

    def _go_to(self, session: Session, row: DisruptionRow, state: DisruptionState) -> None:
        row.state = state
        if state is DisruptionState.RESUMING:
            self.book.line_up(session, row)

    def _answer(self, session: Session, row: DisruptionRow) -> Declared:
        policy = self.policies[row.policy]
        rules = rules_of(policy)
        steps = select(DisruptionStepRow).where(DisruptionStepRow.reference == row.reference)
        return Declared(
            reference=row.reference,
            state=row.state,
            by=row.declared_by,
            at=row.at,
            rhythm=plain(rules.rhythm),
            ruled_within=plain(rules.ruled_within),
            pace=timedelta(minutes=1) * page_size(rules) / rules.resume_per_minute,
            patience=plain(policy.patience.effect),
            steps=tuple(step.step for step in session.exec(steps.order_by(col(DisruptionStepRow.n)))),
        )


def rules_of(policy: Policy) -> DisruptionRules:
    """The policy's rules for disruptions. Refused: NOT_ALLOWED where it has none."""
    if policy.disruption is None:
        raise Refused(Code.NOT_ALLOWED, f"Policy {policy.version} has no rules for disruptions.")
    return policy.disruption


def member_of(
    deciders: Deciders, session: Session, token: str, at: datetime, roles: Iterable[Role], what: str
) -> Proof:
    """A member of staff who holds one of the roles, or stands in for an absent colleague who does. Refused:
    UNAUTHENTICATED, NOT_FOUND, FORBIDDEN."""
    proof = deciders.member(session, token, at.astimezone(FIRM_ZONE).date())
    if not proof.who.roles.union(*proof.who.stands_for.values()) & set(roles):
        raise Refused(Code.FORBIDDEN, f"{proof.who.id} may not {what}: {', '.join(sorted(roles))} may.")
    return proof


def dossier_of(reference: str) -> str:
    """The dossier of what happens to a disruption outside any case."""
    return f"disruption-{reference}"


def page_size(rules: DisruptionRules) -> int:
    """How many cases are let go at once, so that there are no more in a minute than the policy says."""
    return min(rules.resume_per_minute, PAGE)


def _declared(session: Session, declaration: Declaration, policy: Policy, by: str, at: datetime) -> DisruptionRow:
    scope: dict[str, Any] = _scope(declaration)
    row = DisruptionRow(
        reference=declaration.reference, kind=declaration.kind, detail=declaration.detail,
        policy=policy.version, declared_by=by, at=at, **scope,
    )  # fmt: skip
    session.add(row)
    plan = policy.plan_for(declaration.kind.finding)
    for n, step in enumerate(plan.steps if plan else ()):
        roles = canonical([step.owner, *plan.deputies] if plan else [])
        session.add(DisruptionStepRow(reference=row.reference, step=step.id, n=n, roles=roles, zh=step.zh, en=step.en))
    noted(session, row, by, f"{row.kind} declared", row.detail, at, scope)
    session.flush()
    return row


def _scope(declaration: Declaration) -> dict[str, str]:
    return {name: canonical(getattr(declaration, name)) for name in ("systems", "branches", "regions")}


def _same(row: DisruptionRow, declaration: Declaration) -> None:
    said = {"kind": declaration.kind, "detail": declaration.detail, **_scope(declaration)}
    if row.model_dump(include=set(said)) != said:
        raise Refused(Code.MISMATCH, f"Disruption {row.reference} was declared with other content.")
    if row.state is DisruptionState.OVER:
        raise Refused(Code.ALREADY_ENDED, f"Disruption {row.reference} is over; give another one another reference.")


def _ended_before(row: DisruptionRow, ending: DisruptionEnd) -> DisruptionNoted:
    """The same end again is told the same."""
    if row.ending != ending.decision_id or row.ended_at is None:
        raise Refused(Code.ALREADY_ENDED, f"Disruption {row.reference} was said to be over by {row.ended_by}.")
    if (row.cause, row.working_days) != (ending.cause, ending.working_days):
        raise Refused(Code.MISMATCH, f"Decision {ending.decision_id} was sent before with other content.")
    return DisruptionNoted(reference=row.reference, state=row.state, by=row.ended_by, at=row.ended_at)


def _ruled_before(row: DisruptionRow, ruling: DisruptionRuling) -> DisruptionNoted:
    """The same ruling again is told the same."""
    if row.ruled_at is None:
        raise Refused(Code.NOT_ALLOWED, f"Nobody has asked for more time for disruption {row.reference}.")
    if row.ruling != ruling.decision_id:
        words = f"More time for disruption {row.reference} was already decided, by {row.ruled_by}."
        raise Refused(Code.ALREADY_DECIDED, words)
    if (row.granted, row.reason) != (ruling.approve, ruling.reason):
        raise Refused(Code.MISMATCH, f"Decision {ruling.decision_id} was sent before with other content.")
    return DisruptionNoted(reference=row.reference, state=row.state, by=row.ruled_by, at=row.ruled_at)


def noted(
    session: Session,
    row: DisruptionRow,
    who: str,
    what: str,
    why: str,
    at: datetime,
    evidence: dict[str, str] | None = None,
) -> DisruptionNoted:
    """Add a link to the trail of the disruption."""
    dossier = dossier_of(row.reference)
    trail.append(session, dossier, who=who, what=what, why=why, evidence=evidence, policy=row.policy, at=at)
    return DisruptionNoted(reference=row.reference, state=row.state, by=who, at=at)
