"""答复码: the codes that customers answer with, as the records know them: sent where, for what."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from contracts.books import CustomerFacts
from contracts.refusals import Code, Refused
from contracts.tasks import TaskSpec
from gateways.tokens import CustomerLinks, no_code
from records.canonical import fingerprint
from records.inserts import insert_unless_there
from records.people_tables import AnswerCodeRow
from records.tables import TaskRow

_ASKED = {"task", "subject", "options", "facts"}


@dataclass
class AnswerCodes:
    """Issues codes, and judges them by what the records say of them today."""

    links: CustomerLinks

    def issue(self, session: Session, contact: str, address: str, spec: TaskSpec, dossier: str, at: datetime) -> str:
        """The code that the contact of that key takes to `address`. Issued again for the same contact it is the same
        code to the records: once one of them is used, all are."""
        row = {"nonce": secrets.token_urlsafe(12), "contact": contact, "task": spec.task, "dossier": dossier}
        insert_unless_there(session, AnswerCodeRow, row | {"address": address, "issued_at": at})
        issued = select(AnswerCodeRow.nonce).where(col(AnswerCodeRow.contact) == contact)
        return self.links.issue(spec.task, dossier, session.exec(issued).one(), _content(spec))

    def prove(
        self,
        session: Session,
        code: str,
        valid: timedelta,
        customer: CustomerFacts,
        spec: TaskSpec | None,
        dossier: str,
    ) -> str:
        """The nonce of a code that the customer may use for this task, or (null) for the whole case.

        Refused: FORBIDDEN for a genuine code of another case or task; UNAUTHENTICATED, always in the same words, for
        one that is guessed or expired, was sent where the customer is no longer reached, or asked something else.
        """
        claims = self.links.verify(code, valid)
        row = session.get(AnswerCodeRow, claims.nonce)
        if row is None or (row.task, row.dossier) != (claims.task, claims.dossier):
            raise no_code()
        if claims.dossier != dossier:
            raise Refused(Code.FORBIDDEN, "This code belongs to another case.")
        if spec and claims.task != spec.task:
            raise Refused(Code.FORBIDDEN, "This code answers another question.")
        asked = session.get(TaskRow, claims.task)
        as_shown = TaskSpec.model_validate_json(asked.spec) if asked else None
        if as_shown is None or _content(as_shown) != claims.content or not _reaches(customer, row.address, as_shown):
            raise no_code()
        return claims.nonce


def _content(spec: TaskSpec) -> str:
    """What the customer was asked, as 16 hex digits. Values that are the default are left out, so that a field which
    a later version adds does not spoil the codes that are on their way."""
    return fingerprint(spec.model_dump(mode="json", include=_ASKED, exclude_defaults=True))[:16]


def _reaches(customer: CustomerFacts, address: str, asked: TaskSpec) -> bool:
    """Whether the customer is reached there today; a contact that is to be verified answers that question only."""
    return any(
        contact.address == address and (contact.verified or contact.channel is asked.at_new)
        for contact in customer.contacts
    )
