"""制度变更: a version is proposed and ruled on, each open case is asked, and what it answers is kept."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.casework import case_of, note, today
from activities.deciders import Deciders, Proof
from activities.sweeping import PAGE, Question, ask_each
from contracts.refusals import Code, Refused
from contracts.rollout import (
    CaseImpact,
    PolicyAnswer,
    PolicyNotice,
    PolicyProposal,
    PolicyRuling,
    PolicyStand,
    ProposedPolicy,
    RolloutOutcome,
    RolloutState,
    Swept,
)
from contracts.steps import Step
from contracts.tasks import Noted
from contracts.vocabulary import Role
from gateways.books import Books
from gateways.books_journal import FIRM_ZONE
from gateways.rollouts import RolloutBook, keep_answer, touched_by
from policy import Policies, parse_policy
from policy.changes import Weighed
from policy.library import same_policy
from policy.spans import plain
from records import trail
from records.database import Database
from records.policy_tables import PolicyAnswerRow, PublishedPolicyRow
from records.tables import CaseRow

PROPOSERS = frozenset({Role.COMPLIANCE, Role.LEGAL, Role.MANAGER})
POLICIES = "policies"
"""The dossier of what happens to policies outside any case."""


@dataclass
class Rollouts:
    """Keeps published policies and asks the cases. Safe to repeat: a version, and a case's answer to it, is a key."""

    database: Database
    books: Books
    policies: Policies
    deciders: Deciders

    # ---- the version ---------------------------------------------------------------------------------------------

    @activity.defn
    def propose_policy(self, proposal: PolicyProposal, at: datetime) -> ProposedPolicy:
        """A policy is proposed; the same again changes nothing, and a rejected one may be proposed again.

        Refused: BAD_INPUT with every fault; MISMATCH; UNAUTHENTICATED; FORBIDDEN."""
        policy = parse_policy(proposal.text, f"{proposal.version}.toml", self.policies.production)
        if policy.version in self.policies.versions():
            same_policy(policy.version, self.policies.text(policy.version), proposal.text)
        with self.database.transaction() as session:
            row = session.get(PublishedPolicyRow, policy.version)
            if row:
                same_policy(policy.version, row.text, proposal.text)
            if row is None or row.state is RolloutState.REJECTED:
                proof = self._member(session, proposal.token, at)
                if not proof.who.roles & PROPOSERS:
                    words = f"{proof.who.id} may not propose a policy: {', '.join(sorted(PROPOSERS))} do."
                    raise Refused(Code.FORBIDDEN, words)
                proof.use(session, f"propose {policy.version}", at)
                row = _proposed(session, row, proposal, policy.effective, proof.who.id, at)
            return ProposedPolicy(
                version=row.version, sha256=row.sha256, state=row.state, begins_at=policy.begins_at,
                by=row.proposed_by, at=row.at, patience=plain(policy.patience.effect),
            )  # fmt: skip

    @activity.defn
    def rule_on_policy(self, ruling: PolicyRuling, at: datetime) -> Noted:
        """The manager approves or rejects.

        Refused: ALREADY_DECIDED, FORBIDDEN, FOUR_EYES, UNAUTHENTICATED, MISMATCH."""
        with self.database.transaction() as session:
            row = session.get_one(PublishedPolicyRow, ruling.version)
            if row.state is not RolloutState.PROPOSED:
                return _ruled_before(row, ruling)
            proof = self._member(session, ruling.token, at)
            _fit_to_rule(row, proof)
            proof.use(session, f"rule on {ruling.version}, {ruling.decision_id}", at)
            row.state = RolloutState.APPROVED if ruling.approve else RolloutState.REJECTED
            row.ruling, row.decided_by, row.decided_at = ruling.decision_id, proof.who.id, at
            row.reason = ruling.reason
            _note(session, row, row.decided_by, at, ruling.reason)
            return Noted(by=row.decided_by, at=at)

    @activity.defn
    def finish_rollout(self, version: str, at: datetime) -> RolloutOutcome:
        """Every touched case has answered."""
        with self.database.transaction() as session:
            row = session.get_one(PublishedPolicyRow, version)
            asked = select(func.count()).where(PolicyAnswerRow.version == version, col(PolicyAnswerRow.asked))
            answered = session.exec(asked).one()
            if row.state is RolloutState.APPROVED:
                row.state = RolloutState.DONE
                _note(session, row, "system", at, f"{answered} of {answered} answered")
            return RolloutOutcome(version=version, state=row.state, touched=answered, answered=answered)

    # ---- the cases -----------------------------------------------------------------------------------------------

    @activity.defn
    async def ask_cases(self, version: str, after: str, at: datetime) -> Swept:
        """Ask a page of open cases that have not answered, some at a time; one that does not answer keeps nobody else
        from it. Async, since only so an activity is given Temporal's client."""
        page = await asyncio.to_thread(self._page, version, after, at)
        question = Question("new_policy", PolicyNotice(version=version), f"policy-{version}", PolicyAnswer)
        answers = await ask_each([case for case in page if case.touched], question)
        ended = [case for case, answer in answers if answer is None]
        await asyncio.to_thread(self._ended, version, ended, at)
        missing = await asyncio.to_thread(self._missing, version, page)
        return Swept(last=page[-1].dossier if len(page) == PAGE else "", missing=missing)

    @activity.defn
    def weigh_policy(self, step: Step, version: str) -> Weighed:
        """What a version changes for one case. Refused: NOT_FOUND for one that nobody approved, NOT_ALLOWED before its
        day and for one that is not newer than the case's own."""
        old, new = self.policies[step.policy], self.policies[version]
        if new.effective > today(step, new) or not new.later_than(old):
            words = f"Policy {version} does not follow {old.version} in {step.case} on {today(step, new)}."
            raise Refused(Code.NOT_ALLOWED, words)
        with self.database.reading() as session:
            row = session.get_one(CaseRow, step.dossier)
            found = touched_by(session, self.books, old, new, row, step.risk)
        return Weighed(policy=new, again=found.again, added=found.added)

    @activity.defn
    def keep_policy_answer(self, step: Step, answer: PolicyAnswer) -> None:
        """Keep what a case answered, and under which policy it goes on."""
        with self.database.transaction() as session:
            row = session.get_one(CaseRow, step.dossier)
            if not keep_answer(session, answer, step.at) or row.ended_at:
                return  # the trail of a case that ended is sealed
            case_of(session, step)
            old = row.policy
            if answer.stand is PolicyStand.REVIEW_AGAIN:
                row.policy = answer.version
            evidence = {"old": old, "new": answer.version, "again": ", ".join((*answer.looks, *answer.added))}
            note(session, step, f"policy {answer.version}: {answer.stand}", evidence=evidence)

    def _page(self, version: str, after: str, at: datetime) -> list[CaseImpact]:
        """The next cases. Who is not touched keeps its own, unasked."""
        book = RolloutBook(self.books, self.policies)
        with self.database.transaction() as session:
            page = book.waiting(session, session.get_one(PublishedPolicyRow, version), after, PAGE)
            for case in page:
                if not case.touched:
                    keep_answer(session, _said(version, case, PolicyStand.KEEP), at, asked=False)
        return page

    def _ended(self, version: str, cases: Iterable[CaseImpact], at: datetime) -> None:
        with self.database.transaction() as session:
            for case in cases:
                keep_answer(session, _said(version, case, PolicyStand.ENDED), at)

    def _missing(self, version: str, page: list[CaseImpact]) -> int:
        """Counted in the records: a case may have answered though its answer did not reach us."""
        asked = [case.dossier for case in page if case.touched]
        answers = select(func.count()).where(
            PolicyAnswerRow.version == version, col(PolicyAnswerRow.dossier).in_(asked)
        )
        with self.database.reading() as session:
            return len(asked) - session.exec(answers).one()

    def _member(self, session: Session, token: str, at: datetime) -> Proof:
        return self.deciders.member(session, token, at.astimezone(FIRM_ZONE).date())


def _said(version: str, case: CaseImpact, stand: PolicyStand) -> PolicyAnswer:
    return PolicyAnswer(version=version, case=case.case, dossier=case.dossier, stand=stand)


def _proposed(
    session: Session, row: PublishedPolicyRow | None, proposal: PolicyProposal, effective: date, by: str, at: datetime
) -> PublishedPolicyRow:
    row = row or PublishedPolicyRow(
        version=proposal.version, text=proposal.text, sha256=_sha256(proposal.text), effective=effective,
        proposed_by=by, at=at,
    )  # fmt: skip
    row.state, row.proposed_by, row.at = RolloutState.PROPOSED, by, at
    row.ruling = row.decided_by = row.reason = ""
    row.decided_at = None
    session.add(row)
    _note(session, row, by, at)
    return row


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _ruled_before(row: PublishedPolicyRow, ruling: PolicyRuling) -> Noted:
    """The same ruling again is told the same."""
    if row.ruling != ruling.decision_id or row.decided_at is None:
        words = f"Policy {row.version} was already {row.state}, by {row.decided_by}."
        raise Refused(Code.ALREADY_DECIDED, words)
    if row.state.counts is not ruling.approve or row.reason != ruling.reason:
        raise Refused(Code.MISMATCH, f"Decision {ruling.decision_id} was sent before with other content.")
    return Noted(by=row.decided_by, at=row.decided_at)


def _fit_to_rule(row: PublishedPolicyRow, proof: Proof) -> None:
    if Role.MANAGER not in proof.who.roles:
        raise Refused(Code.FORBIDDEN, f"{proof.who.id} may not rule on a policy: the role manager does.")
    if proof.who.id == row.proposed_by:
        raise Refused(Code.FOUR_EYES, f"{proof.who.id} proposed policy {row.version}; somebody else must rule on it.")


def _note(session: Session, row: PublishedPolicyRow, who: str, at: datetime, why: str = "") -> None:
    what, evidence = f"policy {row.version} {row.state}", {"sha256": row.sha256}
    trail.append(session, POLICIES, who=who, what=what, why=why, evidence=evidence, policy=row.version, at=at)
