"""为何不能销户? The rules of blocker_rules.py put to what the books and the case say today. Reads, never writes."""

import logging
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from activities.blocker_letter import letter
from activities.blocker_rules import blockers, in_short, risk_of
from activities.casework import request_of, today
from activities.closure_facts import ClosureFacts, Hashes, facts_before, facts_during, running_case, with_request
from contracts.blockers import Blocker, BlockerLine, BlockersLetter, BlockersView
from contracts.steps import Step
from contracts.vocabulary import CaseKind, Language, Stage
from gateways.books import Books
from gateways.evidence import EvidenceStore
from policy import Policies, Policy
from records.database import Database
from records.tables import CaseRow

_EARLY = frozenset({Stage.RECEIVED, Stage.IDENTITY, Stage.REASON})
"""The stages whose rules read the entries."""

_log = logging.getLogger(__name__)


@dataclass
class Blockers:
    """Why an account cannot be closed, before and during a case."""

    database: Database
    books: Books
    policies: Policies
    evidence: EvidenceStore

    def of(self, account_id: str, today: date) -> BlockersView:
        """What stands in the way on that day. Refused: NOT_FOUND; NOT_ALLOWED where no policy is in force."""
        facts, policy = self._look(account_id, today)
        found = blockers(facts, policy)
        return BlockersView(
            account=account_id,
            customer=facts.customer.id,
            status=facts.account.status,
            closed_on=facts.account.closed_on,
            case=facts.case.dossier if facts.case else None,
            stage=facts.case.stage if facts.case else None,
            policy=policy.version,
            risk=risk_of(with_request(facts, policy), policy),
            blockers=tuple(each for each in found if not each.ahead),
            ahead=tuple(each for each in found if each.ahead),
        )

    def letter(self, account_id: str, today: date, firm: str, language: Language | None = None) -> BlockersLetter:
        """What of it the customer can do, as `firm` writes it, in the customer's language where none is named.
        Refused as `of`."""
        facts, policy = self._look(account_id, today)
        wished = facts.request.language if facts.request else None
        return letter(facts, blockers(facts, policy), firm, language or wished or facts.customer.language)

    def _look(self, account_id: str, today: date) -> tuple[ClosureFacts, Policy]:
        with self.database.reading() as session:
            row = running_case(session, account_id)
            newest = self.policies.in_force_on(today)
            if row is None:
                return facts_before(session, self.books, account_id, newest, today), newest
            policy = self._pinned(row) or newest
            hashes = {each.reference: self.evidence.sha256_of(each.reference) for each in request_of(row).documents}
            return facts_during(session, self.books, row, policy, newest, today, hashes), policy

    def _pinned(self, row: CaseRow) -> Policy | None:
        """The policy of the case; null where its file is gone."""
        return self.policies[row.policy] if row.policy in self.policies.versions() else None


def seen(database: Database, books: Books, policies: Policies, step: Step) -> tuple[BlockerLine, ...] | None:
    """What stands in the way of a case when people are asked. The documents are taken to be those that were looked at:
    what was wrong with them is a finding of the case. Null where the books do not answer, since whoever is asked to
    mend them has to be asked all the same."""
    try:
        with database.reading() as session:
            return in_short(_seen(session, books, policies, step))
    except Exception as error:  # noqa: BLE001  whatever it is, it must not keep people from being asked
        _log.warning("blockers of %s not looked at: %s", step.dossier, type(error).__name__)
        return None


def _seen(session: Session, books: Books, policies: Policies, step: Step) -> tuple[Blocker, ...]:
    row, policy = session.get_one(CaseRow, step.dossier), policies[step.policy]
    if row.kind is not CaseKind.CLOSURE:
        return ()
    day = today(step, policy)
    hashes: Hashes = {each.reference: each.sha256 for each in request_of(row).documents}
    newest, early = policies.in_force_on(day), step.stage in _EARLY
    facts = facts_during(session, books, row, policy, newest, day, hashes, entries=early)
    stands = facts.case._replace(stage=step.stage, risk=step.risk) if facts.case else None
    return blockers(replace(facts, case=stands), policy)
