"""Who a message comes from: what its token proves, never what it claims."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from activities.casework import today
from contracts.judgement import Decider
from contracts.refusals import Code, Refused
from contracts.steps import Step
from contracts.tasks import Decision, TaskSpec, is_staff_token
from contracts.verdicts import Ground
from contracts.vocabulary import Role
from gateways.answer_codes import AnswerCodes
from gateways.books import Books
from gateways.hearing import decider_of
from gateways.tokens import StaffTokens
from policy import Policy
from policy.spans import plain
from records.inserts import insert_unless_there
from records.people_tables import RecusalRow, UsedTokenRow
from records.tables import CaseRow, TaskRow

CUSTOMER = Decider(id="customer", roles=frozenset({Role.CUSTOMER}))
OPERATOR = Decider(id="operator", roles=frozenset())


class Proof(NamedTuple):
    """A decider and what proves it: the id of a staff token, or the nonce of a customer's `code`."""

    who: Decider
    jti: str
    code: bool = False

    def use(self, session: Session, used_for: str, at: datetime) -> None:
        """A proof is good for one message: of one kind, in one case, of one id (Step.used_for); it may come again.
        Refused: UNAUTHENTICATED for a token; ALREADY_DECIDED for a code, with the day of its use in the zone of `at`.
        """
        if insert_unless_there(session, UsedTokenRow, {"jti": self.jti, "used_for": used_for, "at": at}):
            return
        before = session.get_one(UsedTokenRow, self.jti)
        if before.used_for == used_for:
            return
        if self.code:
            raise Ground.ANSWERED.refusal(at=before.at.astimezone(at.tzinfo).date().isoformat())
        raise Refused(Code.UNAUTHENTICATED, "This token was used before; get a new one.")


@dataclass
class Deciders:
    """Reads tokens. `reserved`: who may speak without standing in the staff directory (the customer and the operator
    of the embedded server); empty in production."""

    books: Books
    staff_tokens: StaffTokens
    codes: AnswerCodes
    reserved: dict[str, Decider] = field(default_factory=dict)

    def prove(self, session: Session, decision: Decision, row: TaskRow, valid: timedelta, day: date) -> Proof:
        """Who decides on `day`. A customer's task is answered by its code, or by staff who note what they heard.

        Refused: UNAUTHENTICATED; FORBIDDEN for a token of another task or option; NOT_FOUND for who left.
        """
        spec = TaskSpec.model_validate_json(row.spec)
        if not spec.for_customer or is_staff_token(decision.token):
            return self._staff(session, decision.token, day, row, decision.option)
        return self._by_code(session, decision.token, session.get_one(CaseRow, row.dossier), valid, spec)

    def heard(self, session: Session, step: Step, policy: Policy, token: str, decision_id: str) -> Decider:
        """Who speaks about a whole case: staff, or the customer by a code of that case. Refused as `prove` and as
        `Proof.use`, and FORBIDDEN for somebody absent."""
        if is_staff_token(token):
            proof = self.member(session, token, today(step, policy))
        else:
            case = session.get_one(CaseRow, step.dossier)
            proof = self._by_code(session, token, case, plain(policy.answer_valid), None)
        proof.use(session, step.used_for(decision_id), policy.calendar.local(step.at))
        return proof.who

    def member(self, session: Session, token: str, day: date) -> Proof:
        """Who of the staff speaks about something that is no task. Refused: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN."""
        proof = self._staff(session, token, day)
        if proof.who.absent:
            raise Ground.ABSENT.refusal(who=proof.who.id)
        return proof

    def _by_code(self, session: Session, code: str, case: CaseRow, valid: timedelta, spec: TaskSpec | None) -> Proof:
        customer = self.books.customer(session, case.customer)
        return Proof(CUSTOMER, self.codes.prove(session, code, valid, customer, spec, case.dossier), code=True)

    def _staff(
        self, session: Session, token: str, day: date, row: TaskRow | None = None, option: str | None = None
    ) -> Proof:
        claims = self.staff_tokens.verify(token).for_task(row.task if row else None).for_option(option)
        if claims.sub in self.reserved:
            return Proof(self.reserved[claims.sub], claims.jti)
        person = self.books.person(session, claims.sub)
        return Proof(decider_of(session, self.books, person, day, row), claims.jti)


def unrecused(session: Session, dossier: str, who: Decider) -> Decider:
    """Somebody who does not keep out of the case. Refused(FORBIDDEN)."""
    if session.get(RecusalRow, (dossier, who.id)):
        raise Ground.RECUSED.refusal(who=who.id)
    return who
