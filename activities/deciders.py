"""Who a message comes from: what its token proves, never what it claims."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from contracts.judgement import Decider
from contracts.refusals import Code, Refused
from contracts.tasks import Decision, TaskSpec, is_staff_token
from contracts.verdicts import Ground
from contracts.vocabulary import Role
from gateways.answer_codes import AnswerCodes, used
from gateways.books import Books
from gateways.hearing import decider_of
from gateways.tokens import StaffTokens
from records.inserts import insert_unless_there
from records.people_tables import UsedTokenRow
from records.tables import CaseRow, TaskRow

CUSTOMER = Decider(id="customer", roles=frozenset({Role.CUSTOMER}))
OPERATOR = Decider(id="operator", roles=frozenset())


class Proof(NamedTuple):
    """A decider and what proves it: the id of a staff token, or the nonce of a customer's `code`."""

    who: Decider
    jti: str
    code: bool = False

    def use(self, session: Session, used_for: str, at: datetime) -> None:
        """A proof is good for one message: of one kind, in one case, of one id (Step.used_for). Refused:
        UNAUTHENTICATED for a token, ALREADY_DECIDED for a code."""
        if self.code:
            used(session, self.jti, used_for, at)
        else:
            _use_token(session, self.jti, used_for)


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

    def heard(self, session: Session, token: str, case: CaseRow, valid: timedelta, day: date) -> Proof:
        """Who speaks about a whole case: staff, or the customer by a code of that case. Refused as `prove`, and
        FORBIDDEN for somebody absent."""
        if not is_staff_token(token):
            return self._by_code(session, token, case, valid, None)
        return self.member(session, token, day)

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


def _use_token(session: Session, jti: str, used_for: str) -> None:
    row = {"jti": jti, "used_for": used_for, "at": datetime.now(UTC)}
    if insert_unless_there(session, UsedTokenRow, row):
        return
    if session.get_one(UsedTokenRow, jti).used_for != used_for:
        raise Refused(Code.UNAUTHENTICATED, "This token was used before; get a new one.")
