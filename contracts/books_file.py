"""The files that fill the books: a books file and a postings file, as interface.md fixes them."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.base import Contract
from contracts.books import FreezeFacts, Instrument, Obligation, OwnLedger
from contracts.identifiers import EmailAddress, IdentityNumber, LicenceNumber
from contracts.money import Amount, Currency, SignedAmount
from contracts.text import Id, Name, StaffId, Word, Words
from contracts.vocabulary import AccountStatus, CustomerKind, Language, Medium, Risk, Role


class ContactRecord(Contract):
    """One way to reach a customer."""

    channel: Medium
    address: Name
    verified: bool = False
    preferred: bool = False


class CustomerRecord(Contract):
    """A customer: a person with an identity number or a company with a licence number."""

    id: Id
    kind: CustomerKind
    name: Name
    identity_number: IdentityNumber | None = None
    identity_expires_on: date | None = None
    licence_number: LicenceNumber | None = None
    licence_expires_on: date | None = None
    legal_representative: Name | None = None
    language: Language
    since: date
    risk: Risk = Risk.LOW
    contacts: tuple[ContactRecord, ...] = ()
    complaints_open: int = Field(default=0, ge=0, le=1_000)
    related_staff: tuple[StaffId, ...] = ()
    region: Words = ""


class AccountRecord(Contract):
    """An account with its opening balance. `stated_balance`: what the core system states, null for the balance;
    `overdraft_limit`: how far it may be overdrawn; `number`: what statements call it, no two accounts the same."""

    id: Id
    customer: Id
    currency: Currency
    balance: Amount
    opened_on: date
    status: AccountStatus = AccountStatus.ACTIVE
    freeze: FreezeFacts | None = None
    last_used_on: date | None = None
    stated_balance: SignedAmount | None = None
    branch: Words = ""
    overdraft_limit: Amount = "0"
    number: Word = ""


class AgreementRecord(Contract):
    """An agreement on an account."""

    id: Id
    account: Id
    signed_on: date
    signed: bool
    sealed: bool
    notice_days: int = Field(default=0, ge=0, le=3_650)
    obligations: tuple[Obligation, ...] = ()
    instruments: tuple[Instrument, ...] = ()


class ReceivableRecord(Contract):
    """What the customer owes the firm."""

    id: Id
    account: Id
    amount: Amount
    due_on: date
    text: Words


class PendingRecord(Contract):
    """A transaction on its way; negative takes money out."""

    id: Id
    account: Id
    amount: SignedAmount
    settles_on: date
    text: Words


class AbsenceRecord(Contract):
    """Days on which a person is away, both included."""

    since: date = Field(alias="from")
    until: date


class StaffRecord(Contract):
    """A person of the firm."""

    id: StaffId
    name: Name
    email: EmailAddress
    roles: tuple[Role, ...] = Field(min_length=1)
    deputy: StaffId | None = None
    absent: tuple[AbsenceRecord, ...] = ()


class BooksFile(Contract):
    """账簿文件: every list may be left out."""

    customers: tuple[CustomerRecord, ...] = ()
    accounts: tuple[AccountRecord, ...] = ()
    agreements: tuple[AgreementRecord, ...] = ()
    receivables: tuple[ReceivableRecord, ...] = ()
    pending: tuple[PendingRecord, ...] = ()
    staff: tuple[StaffRecord, ...] = ()


def _not_kept(reference: str) -> str:
    if _KEPT.match(reference):
        raise ValueError("is a reference that cases and opening balances book under; take another one")
    return reference


_KEPT = re.compile(r"(opening|pending)/|(closure|incident|adjustment|major|survey)-[^/]*\.[0-9]+/")

PostingReference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,119}$"), AfterValidator(_not_kept)]
"""What a posting is known by, which is nobody else's."""


class PostingRecord(Contract):
    """Money that arrives (positive) or leaves (negative). `reference` makes it safe to post twice; `ledger` is the
    firm's other side, such as its fees, null for payments in and payouts."""

    reference: PostingReference
    account: Id
    amount: SignedAmount
    text: Words
    on: date | None = None
    ledger: OwnLedger | None = None


class PostingsFile(Contract):
    """Postings, booked all or none."""

    postings: tuple[PostingRecord, ...]
