"""Who a message comes from: what its token proves, never what it claims."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from contracts.judgement import Decider
from contracts.refusals import Code, Refused
from contracts.tasks import TaskSpec
from contracts.vocabulary import Role
from gateways.books import Books
from gateways.tokens import CustomerLinks, StaffTokens
from records.inserts import insert_unless_there
from records.tables import UsedTokenRow

CUSTOMER = Decider(id="customer", roles=frozenset({Role.CUSTOMER}))
OPERATOR = Decider(id="operator", roles=frozenset())


class Proof(NamedTuple):
    """A decider and the id of the token that proves it."""

    who: Decider
    jti: str


@dataclass
class Deciders:
    """Reads tokens. `reserved`: who may speak without standing in the staff directory (the customer and the operator
    of the embedded server); empty in production."""

    books: Books
    staff_tokens: StaffTokens
    links: CustomerLinks
    reserved: dict[str, Decider] = field(default_factory=dict)

    def prove(self, session: Session, token: str, spec: TaskSpec, valid: timedelta, day: date) -> Proof:
        """Who decides on `day`. A customer's task is answered by its code, or by staff who note what they heard.

        Refused: Unauthenticated; Forbidden for a token of another task, or of somebody absent; NotFound for who left.
        """
        if not spec.for_customer or _is_staff_token(token):
            return self._staff(session, token, spec.task, day)
        claims = self.links.verify(token, valid)
        if claims.task != spec.task:
            raise Refused(Code.FORBIDDEN, "This code answers another question.")
        return Proof(CUSTOMER, claims.fingerprint)

    def heard(self, session: Session, token: str, dossier: str, valid: timedelta, day: date) -> Proof:
        """Who speaks about a whole case: staff, or the customer by a code of that case. Refused as `prove`."""
        if _is_staff_token(token):
            return self._staff(session, token, None, day)
        claims = self.links.verify(token, valid)
        if claims.dossier != dossier:
            raise Refused(Code.FORBIDDEN, "This code belongs to another case.")
        return Proof(CUSTOMER, claims.fingerprint)

    def _staff(self, session: Session, token: str, task: str | None, day: date) -> Proof:
        claims = self.staff_tokens.verify(token)
        if claims.task and claims.task != task:
            raise Refused(Code.FORBIDDEN, f"This token is for task {claims.task}.")
        if claims.sub in self.reserved:
            return Proof(self.reserved[claims.sub], claims.jti)
        person = self.books.person(session, claims.sub)
        if person.absent_on(day):
            raise Refused(Code.FORBIDDEN, f"{person.id} is absent today.")
        return Proof(Decider(id=person.id, roles=frozenset(person.roles)), claims.jti)


def use_token(session: Session, jti: str, used_for: str) -> None:
    """A token proves one message: used for another one it proves nothing. Refused(UNAUTHENTICATED)."""
    row = {"jti": jti, "used_for": used_for, "at": datetime.now(UTC)}
    if insert_unless_there(session, UsedTokenRow, row):
        return
    if session.get_one(UsedTokenRow, jti).used_for != used_for:
        raise Refused(Code.UNAUTHENTICATED, "This token was used before; get a new one.")


def _is_staff_token(token: str) -> bool:
    """A JWT begins with the base64 of an opening brace."""
    return token.startswith("eyJ")
