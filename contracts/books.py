"""账簿: what the books answer about customers, accounts and what hangs on them."""

from datetime import date, datetime
from enum import StrEnum

from contracts.base import Contract
from contracts.money import Money
from contracts.text import Id, Name, Words
from contracts.vocabulary import AccountStatus, CustomerKind, FreezeBy, Language, Medium, Risk, Role


class PaymentState(StrEnum):
    """What became of a payment order."""

    WRITTEN = "written"
    PAID = "paid"
    REFUSED = "refused"  # the other bank sent it back
    SET_ASIDE = "set_aside"  # kept for the customer, 专户


class OwnLedger(StrEnum):
    """The firm's own ledgers, one for each currency: `payouts:CNY`."""

    OPENING = "opening"
    PAYMENTS_IN = "payments_in"
    PAYOUTS = "payouts"
    PAYOUTS_PENDING = "payouts_pending"
    RECEIVABLES_INCOME = "receivables_income"
    FEES = "fees"
    SET_ASIDE = "set_aside"
    COMPENSATION = "compensation"

    def of(self, currency: str) -> str:
        """The name of this ledger in `currency`."""
        return f"{self}:{currency}"


class CustomerField(StrEnum):
    """What can be corrected in a customer's record; the last four are the address on that channel."""

    NAME = "name"
    IDENTITY_NUMBER = "identity_number"
    IDENTITY_EXPIRES_ON = "identity_expires_on"
    LICENCE_NUMBER = "licence_number"
    LICENCE_EXPIRES_ON = "licence_expires_on"
    LEGAL_REPRESENTATIVE = "legal_representative"
    LANGUAGE = "language"
    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    LETTER = "letter"

    @property
    def channel(self) -> Medium | None:
        """The channel whose address it is, if it is one."""
        return next((medium for medium in Medium if medium.value == self.value), None)


class Side(StrEnum):
    """Whose obligation it is."""

    CUSTOMER = "customer"
    FIRM = "firm"


class InstrumentKind(StrEnum):
    """凭证: what the customer holds of the firm and hands back."""

    CHEQUE_BOOK = "cheque_book"
    SEAL = "seal"
    TOKEN = "token"  # noqa: S105  a device, not a secret
    CARD = "card"


class Obligation(Contract):
    """义务: what one side still has to do under an agreement."""

    id: Id
    text: Words
    side: Side
    done: bool


class Instrument(Contract):
    """A cheque book, seal, token or card, and whether it came back."""

    id: Id
    kind: InstrumentKind
    returned: bool


class FreezeFacts(Contract):
    """冻结: by whom, under which reference, since when."""

    by: FreezeBy
    reference: Name
    since: date


class Absence(Contract):
    """Days on which a person is away, both included. In files `from` and `until`."""

    since: date
    until: date

    @property
    def ends(self) -> bool:
        """Whether they come back; one that does not end is entered until the last day there is, 9999-12-31."""
        return self.until < date.max


class Line(Contract):
    """One line of an entry. On `customer:ACC-1001` a positive amount raises the customer's balance."""

    ledger: str
    amount: Money


class Booking(Contract):
    """An entry that is booked together with others, all or none. `on`: the day it is booked for, which its accounting
    period follows from; `belongs_on`: the day that it belongs to, where that one's period is closed; `reverses`: the
    entry that it takes back, whose lines these are the other way round; `corrects`: the entry that it puts right."""

    reference: str
    text: Words
    lines: tuple[Line, ...]
    on: date
    reverses: str = ""
    corrects: str = ""
    belongs_on: date | None = None


class AccountFacts(Contract):
    """An account. `balance` comes from the entries, `stated_balance` from the core system; `lock` is the dossier that
    holds the closing lock; `status` follows from the rest: closed, frozen, closing, then dormant or active. `number`:
    what statements call it (an IBAN, a card number); `overdraft`: how far it may be overdrawn, null: not at all.
    """

    id: str
    customer: str
    currency: str
    balance: Money
    stated_balance: Money
    status: AccountStatus
    lock: str | None = None
    freeze: FreezeFacts | None = None
    opened_on: date
    closed_on: date | None = None
    last_used_on: date | None = None
    branch: str = ""
    number: str = ""
    overdraft: Money | None = None


class ContactFacts(Contract):
    """One way to reach a customer."""

    channel: Medium
    address: str
    verified: bool
    preferred: bool


class CustomerFacts(Contract):
    """A customer; `birth_date` is read from the identity number. Contacts stand in the order of the record."""

    id: str
    kind: CustomerKind
    name: str
    identity_number: str | None = None
    identity_expires_on: date | None = None
    licence_number: str | None = None
    licence_expires_on: date | None = None
    legal_representative: str | None = None
    birth_date: date | None = None
    language: Language
    since: date
    risk: Risk
    contacts: tuple[ContactFacts, ...] = ()
    complaints_open: int = 0
    related_staff: tuple[str, ...] = ()
    region: str = ""


class AgreementFacts(Contract):
    """An agreement on an account."""

    id: str
    account: str
    signed_on: date
    signed: bool
    sealed: bool
    notice_days: int
    obligations: tuple[Obligation, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    ended_on: date | None = None


class ReceivableFacts(Contract):
    """What the customer owes the firm on an account."""

    id: str
    amount: Money
    due_on: date
    text: str
    settled_on: date | None = None


class PendingFacts(Contract):
    """A transaction on its way; negative takes money out."""

    id: str
    amount: Money
    settles_on: date
    text: str


class EntryFacts(Contract):
    """An entry as one account sees it: the signed amount and the balance after it. `period` (`2026-11`) is the
    accounting period that it is booked in; `reverses`: the entry that it takes back; `corrects`: the one that it puts
    right; `other_side`: the ledgers that the money came from or went to."""

    id: str
    reference: str
    at: datetime
    text: str
    amount: Money
    balance_after: Money
    period: str = ""
    reverses: str = ""
    corrects: str = ""
    other_side: tuple[str, ...] = ()


class StaffFacts(Contract):
    """A person of the firm."""

    id: str
    name: str
    email: str
    roles: tuple[Role, ...]
    deputy: str | None = None
    absent: tuple[Absence, ...] = ()

    def absent_on(self, day: date) -> bool:
        """Whether this person is away on that day."""
        return any(absence.since <= day <= absence.until for absence in self.absent)

    def gone_on(self, day: date) -> bool:
        """Whether this person is away on that day and does not come back."""
        return any(absence.since <= day and not absence.ends for absence in self.absent)


class LoadReport(Contract):
    """How many records of a books file were new, the same, or changed."""

    loaded: int
    unchanged: int
    updated: int


class PostReport(Contract):
    """How many postings of a file were booked, and how many had been before."""

    posted: int
    unchanged: int
