"""Adjustments: what was found out and said, the plans and what became of each."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

APPEND_ONLY = {
    "adjustment_plans": ("dossier, n", "ABORT, 'adjustment_plans is append-only'"),
    "plan_marks": ("dossier, n, mark", "IGNORE"),
    "remarks": ("id", "ABORT, 'remarks is append-only'"),
}
"""Their keys, and on SQLite what becomes of another row of the same key: a mark may be made twice, the first one stays."""


def _text(*names: str, key: bool = False, index: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False, primary_key=key, index=index) for name in names]


def _at() -> sa.Column:
    return sa.Column("at", sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "adjustments",
        *_text("dossier", key=True),
        *_text("case_id", "account", index=True),
        *_text("raised_by", "suspected_cause", "incident", "waived_by", "improvement", "learned_by"),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("content", sa.Boolean(), nullable=True),
    )
    op.create_table(
        "adjustment_plans",
        *_text("dossier", key=True),
        sa.Column("n", sa.Integer(), nullable=False, primary_key=True),
        *_text("hash", index=True),
        *_text("plan", "proposed_by", "why"),
        _at(),
    )
    op.create_table(
        "plan_marks",
        *_text("dossier", key=True),
        sa.Column("n", sa.Integer(), nullable=False, primary_key=True),
        *_text("mark", key=True),
        *_text("hash", "words"),
        _at(),
    )
    op.create_table(
        "remarks",
        sa.Column("id", sa.Integer(), nullable=False, primary_key=True),
        *_text("dossier", index=True),
        *_text("speaker", "about", "words", "heard_by"),
        _at(),
    )
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT"
        op.execute(f"CREATE TRIGGER {table}_append_only {when} EXECUTE FUNCTION refuse_change()")
        return
    for change in ("UPDATE", "DELETE"):
        words = f"SELECT RAISE(ABORT, '{table} is append-only')"
        op.execute(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} BEGIN {words}; END")
    key, how = APPEND_ONLY[table]
    new = ", ".join(f"NEW.{column}" for column in key.split(", "))
    there = f"({new}) IN (SELECT {key} FROM {table})"  # INSERT OR REPLACE asks no trigger on DELETE
    op.execute(f"CREATE TRIGGER {table}_kept BEFORE INSERT ON {table} WHEN {there} BEGIN SELECT RAISE({how}); END")
