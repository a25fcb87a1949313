"""Accounting periods, entries that take others back, overdrafts; the journal guarded by the database itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

PERIODS_LOCK = 7_105_224
"""Shared by who books, alone by who closes; the number of gateways/books_months.py."""


def upgrade() -> None:
    """Make the tables, fill in what old entries lack, put the guards on."""
    _accounts()
    _entries()
    _periods()
    if _on_sqlite():
        _guard_sqlite()
    else:
        _guard_postgresql()


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _accounts() -> None:
    op.add_column("accounts", sa.Column("overdraft_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("number", sa.String(), nullable=False, server_default=""))
    numbered = sa.text("number <> ''")
    op.create_index(
        "one_account_number", "accounts", ["number"], unique=True, sqlite_where=numbered, postgresql_where=numbered
    )


def _entries() -> None:
    """SQLite adds a column that may not be null with a default only; no entry keeps that."""
    never = sa.text("'1970-01-01 00:00:00'")
    for column in (
        sa.Column("period", sa.String(), nullable=False, server_default=""),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=never),
        sa.Column("reverses", sa.String(), nullable=True),
        sa.Column("corrects", sa.String(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("journal_entries", column)
    _fill_in()
    op.create_index("ix_journal_entries_corrects", "journal_entries", ["corrects"])
    op.create_index("ix_journal_entries_period", "journal_entries", ["period"])
    op.create_index("ix_journal_entries_reverses", "journal_entries", ["reverses"], unique=True)


def _fill_in() -> None:
    """What was booked ahead was recorded now at the latest; when the rest was, only the day it was booked for says."""
    if _on_sqlite():
        off = "DROP TRIGGER journal_entries_no_update"
        words = "SELECT RAISE(ABORT, 'journal_entries is append-only')"
        on = f"CREATE TRIGGER journal_entries_no_update BEFORE UPDATE ON journal_entries BEGIN {words}; END"
        recorded = "MIN(at, strftime('%Y-%m-%d %H:%M:%f000', 'now'))"
    else:
        off = "ALTER TABLE journal_entries DISABLE TRIGGER journal_entries_append_only"
        on = "ALTER TABLE journal_entries ENABLE TRIGGER journal_entries_append_only"
        recorded = "LEAST(at, now())"
    lines = "(SELECT count(*) FROM journal_lines WHERE entry = journal_entries.id)"
    values = {"period": _period("at"), "recorded_at": recorded, "lines": lines}
    entries = sa.table("journal_entries", *(sa.column(name) for name in values))
    op.execute(off)
    op.execute(sa.update(entries).values({name: sa.literal_column(value) for name, value in values.items()}))
    op.execute(on)


def _period(moment: str) -> str:
    """The month of a moment where the firm is, which keeps one time the whole year. Without the parts of a second,
    which SQLite would round up into the next month."""
    if _on_sqlite():
        return f"strftime('%Y-%m', substr({moment}, 1, 19), '+8 hours')"
    return f"to_char(({moment} AT TIME ZONE 'UTC') + interval '8 hours', 'YYYY-MM')"


def _periods() -> None:
    op.create_table(
        "accounting_periods",
        sa.Column("period", sa.String(), nullable=False, primary_key=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("closed_by", "sha256")),
    )


CLOSED = "the accounting period is closed and takes no entry"
MISDATED = "the period of an entry is the month of its moment"
COMPLETE = "the entry is complete and takes no other line"
CLOSING = "SELECT 1 FROM accounting_periods WHERE period >= NEW.period"
BEYOND = "NEW.n < 1 OR NEW.n > COALESCE((SELECT lines FROM journal_entries WHERE id = NEW.entry), 0)"
REPLACED = "what is booked is not replaced"
SAME_ENTRY = (
    "EXISTS (SELECT 1 FROM journal_entries "
    "WHERE n = NEW.n OR id = NEW.id OR reference = NEW.reference OR reverses = NEW.reverses)"
)
SAME_LINE = "EXISTS (SELECT 1 FROM journal_lines WHERE entry = NEW.entry AND n = NEW.n)"
SAME_PERIOD = "EXISTS (SELECT 1 FROM accounting_periods WHERE period = NEW.period)"


def _guard_sqlite() -> None:
    """INSERT OR REPLACE would take a row away without asking the trigger on DELETE."""
    for name, table, when, words in (
        ("kept", "journal_entries", SAME_ENTRY, REPLACED),
        ("kept", "journal_lines", SAME_LINE, REPLACED),
        ("kept", "accounting_periods", SAME_PERIOD, REPLACED),
        ("closed", "journal_entries", f"EXISTS ({CLOSING})", CLOSED),
        ("misdated", "journal_entries", f"NEW.period IS NOT {_period('NEW.at')}", MISDATED),
        ("complete", "journal_lines", BEYOND, COMPLETE),
    ):
        refusal = f"SELECT RAISE(ABORT, '{words}')"
        op.execute(f"CREATE TRIGGER {table}_{name} BEFORE INSERT ON {table} WHEN {when} BEGIN {refusal}; END")
    for change in ("UPDATE", "DELETE"):
        refusal = "SELECT RAISE(ABORT, 'accounting_periods is append-only')"
        name = f"accounting_periods_no_{change.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON accounting_periods BEGIN {refusal}; END")


def _guard_postgresql() -> None:
    """A function's statements see what was committed before each of them: so after the wait for who closes."""
    _guard(
        "journal_entries",
        f"PERFORM pg_advisory_xact_lock_shared({PERIODS_LOCK}); "
        f"IF EXISTS ({CLOSING}) THEN RAISE EXCEPTION '{CLOSED}'; END IF; "
        f"IF NEW.period <> {_period('NEW.at')} THEN RAISE EXCEPTION '{MISDATED}'; END IF;",
    )
    _guard("journal_lines", f"IF {BEYOND} THEN RAISE EXCEPTION '{COMPLETE}'; END IF;")
    _guard("accounting_periods", f"PERFORM pg_advisory_xact_lock({PERIODS_LOCK});")
    op.execute(
        "CREATE TRIGGER accounting_periods_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting_periods "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _guard(table: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION guard_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {table}_guard BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION guard_{table}()")
