"""What other services send to start a closure, and what they get back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.blockers import BlockerLine
from contracts.text import Id, Name, Sha256, StaffId, Words
from contracts.vocabulary import DocumentKind, Initiator, Intake, Language, ReasonCode


class Reason(Contract):
    """Why the account is to be closed: a code and the words of who asks."""

    code: ReasonCode
    text: Words = ""


class Payout(Contract):
    """Where the balance goes: an account in the customer's own name."""

    name: Name
    account: str = Field(pattern=r"^[A-Z0-9]{4,34}$")
    bank: Name


class Document(Contract):
    """A document in the evidence store, named by reference, proven by its hash."""

    kind: DocumentKind
    reference: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", max_length=200)
    sha256: Sha256


def refuse_twice(field: str, documents: Sequence[Document]) -> None:
    """ValueError where two of them have one reference."""
    references = [document.reference for document in documents]
    if len(set(references)) < len(references):
        raise ValueError(f"{field}: the same reference twice")


class ClosureRequest(Contract):
    """A request to close one account. `wished_on` null: as soon as possible. `requested_by`: the staff member who
    asks for the firm; that person cannot approve it."""

    request_id: Id
    account: Id
    customer: Id
    initiator: Initiator
    channel: Intake
    reason: Reason
    wished_on: date | None = None
    payout: Payout | None = None
    language: Language | None = None
    documents: tuple[Document, ...] = Field(default=(), max_length=50)
    notes: Words = ""
    requested_by: StaffId | None = None

    @model_validator(mode="after")
    def _documents_once(self) -> Self:
        refuse_twice("documents", self.documents)
        return self


class Amendment(Contract):
    """更正: what staff correct in a request when they decide a finding as `fixed`, as the data of the decision."""

    documents: tuple[Document, ...] = Field(default=(), max_length=50)
    payout: Payout | None = None
    wished_on: date | None = None

    def of(self, request: ClosureRequest) -> ClosureRequest:
        """The corrected request: documents are added, one with the same reference is replaced."""
        kept = {document.reference: document for document in (*request.documents, *self.documents)}
        changes = {name: value for name in ("payout", "wished_on") if (value := getattr(self, name)) is not None}
        return request.model_copy(update=changes | {"documents": tuple(kept.values())})


class Receipt(Contract):
    """回执: the case that a request opened. `reference` names its dossier; `expected_by` is the expected end, `message`
    what else there is to say of it; `blockers`: what stands in the way of it at the start, for staff."""

    case: str
    reference: str
    expected_by: datetime
    message: str = ""
    blockers: tuple[BlockerLine, ...] = ()


class CaseOutcome(Contract):
    """What a case's workflow returns. `trail_head` lets the records and the history vouch for each other."""

    case: str
    dossier: str
    outcome: str
    policy: str
    trail_length: int
    trail_head: str
