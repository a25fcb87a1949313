"""The first tables, and the triggers that keep the trail and the journal from being changed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = ("trail", "journal_entries", "journal_lines")


def upgrade() -> None:
    """Make everything."""
    _cases()
    _tasks()
    _work_of_a_case()
    _follow_up_and_settlement()
    _screening()
    _once_and_trail()
    _customers()
    _accounts()
    _what_hangs_on_accounts()
    _staff_and_journal()
    _refuse_changes()


def _text(*names: str, null: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=null) for name in names]


def _moment(name: str, *, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _day(name: str, *, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=null)


def _flag(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def _minor(name: str = "minor", *, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _cases() -> None:
    op.create_table(
        "cases",
        *_text("dossier", "case_id"),
        _number("n"),
        *_text("kind", "request_id", "request", "request_hash", "account", "customer", "language", "initiator"),
        *_text("policy", "stage", "outcome", "risk", "risk_reasons"),
        _moment("opened_at"),
        _moment("expected_by"),
        _moment("ended_at", null=True),
        _flag("held"),
        *_text("words"),
        _number("trail_length"),
        *_text("trail_head"),
        sa.PrimaryKeyConstraint("dossier"),
        sa.UniqueConstraint("kind", "request_id"),
        sa.UniqueConstraint("case_id", "n"),
    )
    _index("cases", "case_id", "account", "customer", "stage")


def _tasks() -> None:
    op.create_table(
        "tasks",
        *_text("task", "dossier", "case_id", "name", "subject", "spec", "roles", "state"),
        _moment("shown_at"),
        _moment("due_at"),
        _flag("overdue"),
        *_text("claimed_by", null=True),
        _moment("ended_at", null=True),
        *_text("option", null=True),
        sa.PrimaryKeyConstraint("task"),
    )
    _index("tasks", "dossier", "case_id", "state")
    op.create_table(
        "decisions",
        *_text("decision_id", "task", "dossier", "option", "decided_by"),
        _moment("at"),
        *_text("reason", "data", "fingerprint", "receipt"),
        sa.PrimaryKeyConstraint("decision_id"),
        sa.UniqueConstraint("task", "decided_by"),
    )
    _index("decisions", "dossier")


def _work_of_a_case() -> None:
    op.create_table(
        "comments",
        _number("id"),
        *_text("task", "dossier", "staff"),
        _moment("at"),
        *_text("text"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("comments", "task")
    op.create_table(
        "findings",
        *_text("dossier", "fingerprint", "kind", "subject", "detail", "facts", "state", "step"),
        _number("round"),
        _moment("raised_at"),
        _moment("ended_at", null=True),
        sa.PrimaryKeyConstraint("dossier", "fingerprint"),
    )
    op.create_table(
        "contacts_made",
        *_text("key", "dossier", "template"),
        *_text("medium", null=True),
        *_text("address", "message_id", "state"),
        _moment("at"),
        *_text("task", "error"),
        sa.PrimaryKeyConstraint("key"),
    )
    _index("contacts_made", "dossier")


def _follow_up_and_settlement() -> None:
    op.create_table(
        "follow_ups",
        *_text("dossier", "kind"),
        _moment("due_at"),
        _moment("done_at", null=True),
        *_text("words"),
        sa.PrimaryKeyConstraint("dossier", "kind"),
    )
    _index("follow_ups", "due_at")
    op.create_table("closing_days", *_text("dossier"), _day("day"), sa.PrimaryKeyConstraint("dossier"))
    _index("closing_days", "day")
    op.create_table(
        "payment_orders",
        *_text("reference", "dossier", "payee_name", "payee_account", "bank"),
        _minor(),
        *_text("currency", "state"),
        _moment("at"),
        *_text("error"),
        sa.PrimaryKeyConstraint("reference"),
    )
    _index("payment_orders", "dossier")


def _screening() -> None:
    op.create_table(
        "screening_lists",
        *_text("version"),
        _moment("loaded_at"),
        *_text("source"),
        _number("names"),
        _flag("current"),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "screening_names",
        _number("id"),
        *_text("version", "entry_id", "schema_name", "name"),
        _flag("is_alias"),
        *_text("birth_date", "countries", "dataset"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("screening_names", "version")


def _once_and_trail() -> None:
    op.create_table("effects", *_text("key", "fingerprint", "result"), _moment("at"), sa.PrimaryKeyConstraint("key"))
    op.create_table("used_tokens", *_text("jti"), _moment("at"), *_text("used_for"), sa.PrimaryKeyConstraint("jti"))
    op.create_table(
        "trail",
        *_text("dossier"),
        _number("seq"),
        _moment("at"),
        *_text("who", "what", "why", "evidence", "policy", "previous", "hash"),
        sa.PrimaryKeyConstraint("dossier", "seq"),
    )


def _customers() -> None:
    op.create_table(
        "customers",
        *_text("id", "kind", "name"),
        *_text("identity_number", null=True),
        _day("identity_expires_on", null=True),
        *_text("licence_number", null=True),
        _day("licence_expires_on", null=True),
        *_text("legal_representative", null=True),
        *_text("language"),
        _day("since"),
        *_text("risk"),
        _number("complaints_open"),
        *_text("related_staff"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "customer_contacts",
        *_text("customer"),
        _number("n"),
        *_text("channel", "address"),
        _flag("verified"),
        _flag("preferred"),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"]),
        sa.PrimaryKeyConstraint("customer", "n"),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        *_text("id", "customer", "currency"),
        _flag("dormant"),
        _minor("stated_minor", null=True),
        _day("opened_on"),
        _day("closed_on", null=True),
        _day("last_used_on", null=True),
        *_text("branch"),
        *_text("lock", "freeze_by", "freeze_reference", null=True),
        _day("freeze_since", null=True),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("accounts", "customer")


def _what_hangs_on_accounts() -> None:
    _on_an_account(
        "agreements",
        _day("signed_on"),
        _flag("signed"),
        _flag("sealed"),
        _number("notice_days"),
        *_text("obligations", "instruments"),
        _day("ended_on", null=True),
    )
    settled = _day("settled_on", null=True)
    _on_an_account("receivables", _minor(), _day("due_on"), *_text("text"), settled, *_text("settled_by", null=True))
    _on_an_account("pending", _minor(), _day("settles_on"), *_text("text"), _day("settled_on", null=True))


def _on_an_account(table: str, *columns: sa.Column) -> None:
    key = sa.PrimaryKeyConstraint("id")
    op.create_table(
        table, *_text("id", "account"), *columns, sa.ForeignKeyConstraint(["account"], ["accounts.id"]), key
    )
    _index(table, "account")


def _staff_and_journal() -> None:
    names = _text("id", "name", "email", "roles")
    op.create_table("staff", *names, *_text("deputy", null=True), *_text("absent"), sa.PrimaryKeyConstraint("id"))
    op.create_table("loaded_records", *_text("section", "id", "content"), sa.PrimaryKeyConstraint("section", "id"))
    op.create_table(
        "journal_entries",
        _number("n"),
        *_text("id", "reference"),
        _moment("at"),
        *_text("text"),
        *_text("dossier", null=True),
        sa.PrimaryKeyConstraint("n"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_table(
        "journal_lines",
        *_text("entry"),
        _number("n"),
        *_text("ledger"),
        _minor(),
        *_text("currency"),
        sa.ForeignKeyConstraint(["entry"], ["journal_entries.id"]),
        sa.PrimaryKeyConstraint("entry", "n"),
    )
    _index("journal_lines", "ledger")


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = _refuse_on_sqlite
    else:
        refuse = _refuse_on_postgresql
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        refuse(table)


def _refuse_on_sqlite(table: str) -> None:
    for change in ("UPDATE", "DELETE"):
        words = f"SELECT RAISE(ABORT, '{table} is append-only')"
        op.execute(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} BEGIN {words}; END")


def _refuse_on_postgresql(table: str) -> None:
    when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT"
    op.execute(f"CREATE TRIGGER {table}_append_only {when} EXECUTE FUNCTION refuse_change()")
