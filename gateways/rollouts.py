"""制度变更: the versions that were published, what one does to each open case, and what the cases have answered."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from contracts.refusals import Code, Refused
from contracts.rollout import CaseImpact, Look, PolicyAnswer, PolicyStand, RolloutReport, RolloutState
from contracts.vocabulary import CaseKind, Risk, Stage
from gateways.books import Books
from policy import Policies, Policy, PolicyText, parse_policy
from policy.changes import Concerned, Touched, touched
from policy.library import Published
from records.canonical import canonical
from records.database import Database
from records.inserts import insert_unless_there
from records.policy_tables import PolicyAnswerRow, PublishedPolicyRow
from records.tables import CaseRow

COUNTED = [state for state in RolloutState if state.counts]
STAGES = tuple(Stage)
MADE_IN = {
    Look.IDENTIFY: Stage.IDENTITY,
    Look.CONFIRM_CONTACT: Stage.IDENTITY,
    Look.SCREEN: Stage.IDENTITY,
    Look.GRADE: Stage.IDENTITY,
    Look.REASON: Stage.REASON,
    Look.FINANCE: Stage.REVIEWS,
    Look.COMPLIANCE: Stage.REVIEWS,
    Look.ATTEST_CHECKLIST: Stage.REVIEWS,
    Look.APPROVAL: Stage.APPROVAL,
    Look.AGREE_DAY: Stage.SCHEDULE,
}
"""The stage that makes each look. From settlement on a case keeps what it has."""


def published_in(database: Database) -> Published:
    """Reads the versions that were approved."""

    def published() -> Iterable[PolicyText]:
        query = select(PublishedPolicyRow).where(col(PublishedPolicyRow.state).in_(COUNTED))
        with database.reading() as session:
            return [PolicyText(row.version, row.text) for row in session.exec(query)]

    return published


def rolled_out(session: Session, version: str) -> bool:
    """Whether the rollout of a version asks each case about it, so that no check needs to."""
    return session.get(PublishedPolicyRow, version) is not None


def concerned(session: Session, books: Books, row: CaseRow, risk: Risk) -> Concerned:
    """What of a case decides which rules concern it."""
    kind = books.customer(session, row.customer).kind
    return Concerned(kind, row.initiator, risk, books.account(session, row.account).currency)


def touched_by(session: Session, books: Books, old: Policy, new: Policy, row: CaseRow, risk: Risk) -> Touched:
    """What a new version changes for a case; nothing for a survey, which keeps the questionnaire it was sent with."""
    if row.kind is CaseKind.SURVEY:
        return Touched()
    return touched(old, new, concerned(session, books, row, risk))


def keep_answer(session: Session, answer: PolicyAnswer, at: datetime, *, asked: bool = True) -> bool:
    """Write an answer down; false when the case has answered before."""
    row = {
        "version": answer.version, "dossier": answer.dossier, "case_id": answer.case, "stand": answer.stand,
        "looks": canonical(answer.looks), "added": canonical(answer.added), "asked": asked, "at": at,
    }  # fmt: skip
    return insert_unless_there(session, PolicyAnswerRow, row)


@dataclass
class RolloutBook:
    """What staff and the rollout read of a published version."""

    books: Books
    policies: Policies

    def report(self, session: Session, version: str) -> RolloutReport:
        """How a version stands. Refused: NOT_FOUND for one that was never published."""
        row = session.get(PublishedPolicyRow, version)
        if row is None:
            raise Refused(Code.NOT_FOUND, f"Policy {version} was not published; see `policy publish`.")
        cases = [*_answered(session, version), *self.waiting(session, row)]
        asked = [case for case in cases if case.touched]
        return RolloutReport(
            version=version,
            effective=row.effective,
            state=row.state,
            proposed_by=row.proposed_by,
            decided_by=row.decided_by,
            reason=row.reason,
            touched=len(asked),
            answered=sum(case.answered for case in asked),
            cases=tuple(sorted(cases, key=lambda case: case.dossier)),
        )

    def waiting(
        self, session: Session, row: PublishedPolicyRow, after: str = "", limit: int | None = None
    ) -> list[CaseImpact]:
        """What the version does to open cases that have not answered, by dossier, from the one behind `after` on."""
        if row.state in (RolloutState.REJECTED, RolloutState.DONE):
            return []
        new = parse_policy(row.text, f"{row.version}.toml")
        answered = select(PolicyAnswerRow.dossier).where(PolicyAnswerRow.version == row.version)
        query = select(CaseRow).where(
            col(CaseRow.ended_at).is_(None), CaseRow.dossier > after, col(CaseRow.dossier).not_in(answered),
            col(CaseRow.policy).in_(self._older(new)),
        )  # fmt: skip
        rows = session.exec(query.order_by(CaseRow.dossier).limit(limit)).all()
        return [self._impact(session, case, new) for case in rows]

    def _older(self, new: Policy) -> Sequence[str]:
        every = [self.policies[version] for version in self.policies.versions()]
        return [policy.version for policy in every if new.later_than(policy)]

    def _impact(self, session: Session, row: CaseRow, new: Policy) -> CaseImpact:
        found = touched_by(session, self.books, self.policies[row.policy], new, row, row.risk)
        if STAGES.index(Stage(row.stage)) >= STAGES.index(Stage.SETTLEMENT):
            found = Touched()
        made = tuple(look for look in found.again if _come_to(row, look))
        return CaseImpact(
            case=row.case_id,
            dossier=row.dossier,
            stand=PolicyStand.REVIEW_AGAIN if any(found) else PolicyStand.KEEP,
            looks=made,
            added=found.added,
            touched=any(found),
            answered=False,
        )


def _come_to(row: CaseRow, look: Look) -> bool:
    """Whether the case has come to the stage of a look."""
    return STAGES.index(Stage(row.stage)) >= STAGES.index(MADE_IN[look])


def _answered(session: Session, version: str) -> list[CaseImpact]:
    rows = session.exec(select(PolicyAnswerRow).where(PolicyAnswerRow.version == version))
    return [
        CaseImpact(
            case=row.case_id,
            dossier=row.dossier,
            stand=row.stand,
            looks=tuple(Look(name) for name in json.loads(row.looks)),
            added=tuple(Look(name) for name in json.loads(row.added)),
            touched=row.asked,
            answered=True,
        )
        for row in rows
    ]
