"""Adjustments: what was found out and said, the plans and what became of each."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

SAME_PLAN = "EXISTS (SELECT 1 FROM adjustment_plans WHERE dossier = NEW.dossier AND n = NEW.n)"
SAME_MARK = "EXISTS (SELECT 1 FROM plan_marks WHERE dossier = NEW.dossier AND n = NEW.n AND mark = NEW.mark)"
SAME_REMARK = "EXISTS (SELECT 1 FROM remarks WHERE id = NEW.id)"
APPEND_ONLY = {
    "adjustment_plans": (SAME_PLAN, "ABORT, 'adjustment_plans is append-only'"),
    "plan_marks": (SAME_MARK, "IGNORE"),
    "remarks": (SAME_REMARK, "ABORT, 'remarks is append-only'"),
}
"""What becomes of another row of the same key on SQLite; a mark may be made again, and the first one stays."""


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
    same, how = APPEND_ONLY[table]  # INSERT OR REPLACE asks no trigger on DELETE
    op.execute(f"CREATE TRIGGER {table}_kept BEFORE INSERT ON {table} WHEN {same} BEGIN SELECT RAISE({how}); END")
