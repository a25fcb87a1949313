"""Tables of the books: customers, accounts and what hangs on them, and the double-entry journal."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from contracts.vocabulary import CustomerKind, FreezeBy, Language, Medium, Risk
from records.columns import UtcMoment, word

_NUMBERED = text("number <> ''")


class CustomerRow(SQLModel, table=True):
    """A customer; `related_staff` is a JSON list of staff ids."""

    __tablename__ = "customers"

    id: str = Field(primary_key=True)
    kind: CustomerKind = Field(sa_type=word(CustomerKind))
    name: str
    identity_number: str | None = None
    identity_expires_on: date | None = None
    licence_number: str | None = None
    licence_expires_on: date | None = None
    legal_representative: str | None = None
    language: Language = Field(sa_type=word(Language))
    since: date
    risk: Risk = Field(sa_type=word(Risk))
    complaints_open: int = 0
    region: str = ""
    related_staff: str = "[]"


class CustomerContactRow(SQLModel, table=True):
    """The `n`th contact of a customer, counted from 0."""

    __tablename__ = "customer_contacts"

    customer: str = Field(primary_key=True, foreign_key="customers.id")
    n: int = Field(primary_key=True)
    channel: Medium = Field(sa_type=word(Medium))
    address: str
    verified: bool
    preferred: bool


class AccountRow(SQLModel, table=True):
    """An account. Its balance is nowhere but in the journal; `stated_minor` is what the core system states, null
    where that is the balance; `lock` is the dossier that holds the closing lock; `overdraft_minor` is how far it may be
    overdrawn; `number` is what statements call it, empty where they do not.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        Index("one_account_number", "number", unique=True, sqlite_where=_NUMBERED, postgresql_where=_NUMBERED),
    )

    id: str = Field(primary_key=True)
    customer: str = Field(foreign_key="customers.id", index=True)
    currency: str
    dormant: bool = False
    stated_minor: int | None = Field(default=None, sa_type=BigInteger)
    opened_on: date
    closed_on: date | None = None
    last_used_on: date | None = None
    branch: str = ""
    number: str = ""
    overdraft_minor: int = Field(default=0, sa_type=BigInteger)
    lock: str | None = None
    freeze_by: FreezeBy | None = Field(default=None, sa_type=word(FreezeBy))
    freeze_reference: str | None = None
    freeze_since: date | None = None


class AgreementRow(SQLModel, table=True):
    """An agreement on an account; `obligations` and `instruments` are JSON lists."""

    __tablename__ = "agreements"

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key="accounts.id", index=True)
    signed_on: date
    signed: bool
    sealed: bool
    notice_days: int
    obligations: str = "[]"
    instruments: str = "[]"
    ended_on: date | None = None


class ReceivableRow(SQLModel, table=True):
    """What the customer owes the firm, in minor units of the account's currency; `settled_by` names how it ended."""

    __tablename__ = "receivables"

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key="accounts.id", index=True)
    minor: int = Field(sa_type=BigInteger)
    due_on: date
    text: str
    settled_on: date | None = None
    settled_by: str | None = None


class PendingRow(SQLModel, table=True):
    """A transaction on its way, in minor units of the account's currency, negative when it takes money out."""

    __tablename__ = "pending"

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key="accounts.id", index=True)
    minor: int = Field(sa_type=BigInteger)
    settles_on: date
    text: str
    settled_on: date | None = None


class StaffRow(SQLModel, table=True):
    """A person of the firm; `roles` and `absent` are JSON lists."""

    __tablename__ = "staff"

    id: str = Field(primary_key=True)
    name: str
    email: str
    roles: str
    deputy: str | None = None
    absent: str = "[]"


class JournalEntryRow(SQLModel, table=True):
    """One balanced entry; `n` is the order of booking, `at` the moment that it is booked for, `period` the month of
    that, `recorded_at` when it was really booked; `reverses` the entry that it takes back, `corrects` the one that it
    puts right; `lines` is how many it has. The database refuses to change or delete it, to add a line to it, and to
    book it in a closed period.
    """

    __tablename__ = "journal_entries"

    n: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    reference: str = Field(unique=True)
    at: datetime = Field(sa_type=UtcMoment)
    text: str
    dossier: str | None = None
    period: str = Field(index=True)
    recorded_at: datetime = Field(sa_type=UtcMoment)
    reverses: str | None = Field(default=None, index=True, unique=True)
    corrects: str | None = Field(default=None, index=True)
    lines: int


class AccountingPeriodRow(SQLModel, table=True):
    """会计期间: a month that was closed, and with it every month before it; `sha256` is that of its trial balance.
    The database refuses to change or delete it.
    """

    __tablename__ = "accounting_periods"

    period: str = Field(primary_key=True)
    closed_at: datetime = Field(sa_type=UtcMoment)
    closed_by: str
    sha256: str


class JournalLineRow(SQLModel, table=True):
    """One line of an entry: signed minor units on a ledger. The lines of an entry sum to zero in each currency."""

    __tablename__ = "journal_lines"

    entry: str = Field(primary_key=True, foreign_key="journal_entries.id")
    n: int = Field(primary_key=True)
    ledger: str = Field(index=True)
    minor: int = Field(sa_type=BigInteger)
    currency: str


class LoadedRow(SQLModel, table=True):
    """A record as a books file gave it (canonical JSON), so that the same file is known again later."""

    __tablename__ = "loaded_records"

    section: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    content: str
