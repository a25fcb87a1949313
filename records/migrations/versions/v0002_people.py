"""What people need to work: clocks that stand, recusal, absence, attachments, extensions, codes, announced days."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add to the tasks and decisions, and make the new tables."""
    _tasks()
    _work()
    _contact()
    _calendar()


def _text(*names: str, null: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=null) for name in names]


def _moment(name: str, *, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _added(name: str, kind: sa.types.TypeEngine, default: str) -> sa.Column:
    """A column for rows that are there already."""
    return sa.Column(name, kind, nullable=False, server_default=sa.text(default))


def _tasks() -> None:
    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(_moment("since", null=True))
        tasks.add_column(_added("waits_for", sa.String(), "'staff'"))
        tasks.add_column(_added("rungs", sa.String(), "'[]'"))
        tasks.add_column(_added("climbed", sa.Integer(), "0"))
        tasks.add_column(_added("provisional", sa.Boolean(), "false"))
        tasks.add_column(_added("extended", sa.Integer(), "0"))
        tasks.add_column(sa.Column("delegated_by", sa.String(), nullable=True))
    op.execute("UPDATE tasks SET since = shown_at")
    with op.batch_alter_table("tasks") as tasks:
        tasks.alter_column("since", existing_type=sa.DateTime(timezone=True), nullable=False)
    with op.batch_alter_table("decisions") as decisions:
        decisions.add_column(_added("roles", sa.String(), "'[]'"))
        decisions.add_column(_added("in_place_of", sa.String(), "''"))


def _work() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_text("task", "dossier", "staff"),
        _moment("at"),
        *_text("reference", "sha256", "words"),
    )
    op.create_index("ix_attachments_task", "attachments", ["task"])
    op.create_index("ix_attachments_dossier", "attachments", ["dossier"])
    op.create_table(
        "recusals",
        *_text("dossier", "staff", "reason"),
        _moment("at"),
        sa.PrimaryKeyConstraint("dossier", "staff"),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_text("dossier"),
        _moment("since"),
        _moment("until", null=True),
    )
    op.create_index("ix_holds_dossier", "holds", ["dossier"])
    _absences_and_extensions()


def _absences_and_extensions() -> None:
    op.create_table(
        "absences",
        *_text("staff"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        *_text("entered_by"),
        _moment("at"),
        sa.PrimaryKeyConstraint("staff", "since"),
    )
    op.create_table(
        "extensions",
        *_text("decision_id", "dossier"),
        *_text("task", null=True),
        sa.Column("working_days", sa.Integer(), nullable=False),
        *_text("reason", "asked_by"),
        _moment("at"),
        *_text("state"),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_extensions_dossier", "extensions", ["dossier"])


def _contact() -> None:
    op.create_index("ix_contacts_made_message_id", "contacts_made", ["message_id"])
    op.create_table(
        "answer_codes",
        *_text("nonce", "contact", "task", "dossier", "address"),
        _moment("issued_at"),
        sa.PrimaryKeyConstraint("nonce"),
        sa.UniqueConstraint("contact"),
    )


def _calendar() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("worked", sa.Boolean(), nullable=False),
        *_text("words", "source"),
        _moment("loaded_at"),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer(), nullable=False),
        *_text("source"),
        _moment("loaded_at"),
        sa.PrimaryKeyConstraint("year"),
    )
