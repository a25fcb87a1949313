"""Alembic runs the migrations on the connection, and in the transaction, that records/database.py hands over."""

from alembic import context
from sqlmodel import SQLModel

from records import (  # noqa: F401  the tables make themselves known to the metadata
    adjustment_tables,
    books_tables,
    disruption_tables,
    incident_tables,
    people_tables,
    policy_tables,
    tables,
)

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
context.run_migrations()
