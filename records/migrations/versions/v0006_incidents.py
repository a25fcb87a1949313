"""Incidents, major incidents with their teams, bulletins and actions, and surveys."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _text(*names: str, key: bool = False, index: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False, primary_key=key, index=index) for name in names]


def _numbers(*names: str, key: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=False, primary_key=key) for name in names]


def _flags(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def _moments(*names: str, nullable: bool = True, index: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, index=index) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "incidents",
        *_text("dossier", key=True),
        *_text("case_id", "customer", "matter", "major", index=True),
        *_text("channel", "proposed_category", "proposed_severity", "clues", "category", "severity"),
        *_text("about", "linked_to", "cause", "root_cause", "interim", "solution", "currency"),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        *_numbers("affected", "reopened"),
        *_flags("escalated", "intricate", "hangs"),
        *_moments("reported_at", nullable=False, index=True),
        *_moments("occurred_at", "acknowledge_due", "answer_due", nullable=False),
        *_moments("triaged_at", "solved_at"),
    )
    op.create_table(
        "majors",
        *_text("dossier", key=True),
        *_text("case_id", "matter", index=True),
        *_text("severity", "because", "begun_by", "interim", "solution", "cause"),
        *_moments("opened_at", nullable=False),
        *_moments("interim_at", "solved_at", "over_at", "next_bulletin_at"),
    )
    open_ = sa.text("over_at IS NULL AND matter <> ''")
    op.create_index("one_open_major", "majors", ["matter"], unique=True, sqlite_where=open_, postgresql_where=open_)
    op.create_table(
        "major_teams",
        *_text("dossier", "role", key=True),
        *_text("person", "filled_as"),
        *_flags("late"),
        *_moments("at", nullable=False),
    )
    op.create_table(
        "bulletins",
        *_text("dossier", key=True),
        *_numbers("n", key=True),
        *_flags("public"),
        *_text("state", "zh", "en", "drafted_by", "approved_by", "spoken_by"),
        *_moments("due_at", nullable=False),
        *_moments("sent_at"),
    )
    op.create_table(
        "bulletins_told",
        *_text("dossier", key=True),
        *_numbers("n", key=True),
        *_text("recipient", key=True),
        *_text("report"),
        *_moments("at", nullable=False),
    )
    op.create_table(
        "improvement_actions",
        *_text("dossier", key=True),
        *_numbers("n", key=True),
        *_text("what", "owner", "done_by"),
        *_moments("due_at", nullable=False),
        *_moments("done_at"),
    )
    op.create_table(
        "surveys",
        *_text("dossier", key=True),
        *_text("about", index=True),
        *_text("version", "answers", "words", "followed_up_by"),
        *_moments("begins_at", nullable=False),
        *_moments("sent_at", "answered_at"),
        sa.Column("score", sa.Integer(), nullable=True),
    )
