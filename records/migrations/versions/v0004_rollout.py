"""Policies that were published, and what each case answered to them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _text(*names: str, key: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False, primary_key=key) for name in names]


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "published_policies",
        *_text("version", key=True),
        *_text("text", "sha256", "state", "proposed_by", "ruling", "decided_by", "reason"),
        sa.Column("effective", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "policy_answers",
        *_text("version", "dossier", key=True),
        *_text("case_id", "stand", "looks", "added"),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
