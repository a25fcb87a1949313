"""Disruptions, the cases they touch and who is told; where customers live; which pause and extension is of one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _text(*names: str, key: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False, primary_key=key) for name in names]


def _moments(*names: str, nullable: bool = True) -> list[sa.Column]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def upgrade() -> None:
    """Make the tables, and add the columns."""
    op.create_table(
        "disruptions",
        *_text("reference", key=True),
        *_text("kind", "detail", "systems", "branches", "regions", "policy", "state", "declared_by"),
        *_text("ending", "ended_by", "cause", "ruling", "ruled_by", "reason"),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        *_moments("at", nullable=False),
        *_moments("ended_at", "ruled_at", "over_at"),
    )
    op.create_table(
        "disrupted_cases",
        *_text("reference", "dossier", key=True),
        *_text("case_id", "customer", "stand"),
        *_moments("suspended_at", "resumed_at"),
        sa.Column("place", sa.Integer(), nullable=True),
    )
    op.create_table(
        "disruption_told",
        *_text("reference", "customer", "word", key=True),
        *_text("dossier"),
        *_moments("at", nullable=False),
    )
    op.create_table(
        "disruption_steps",
        *_text("reference", "step", key=True),
        sa.Column("n", sa.Integer(), nullable=False),
        *_text("roles", "zh", "en", "signature", "done_by"),
        *_moments("done_at"),
    )
    for table, column in (("holds", "disruption"), ("extensions", "disruption"), ("customers", "region")):
        op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))
