"""Alembic runs the migrations on the connection, and in the transaction, that records/database.py hands over."""

from alembic import context
from sqlmodel import SQLModel

from records import books_tables, people_tables, policy_tables, tables  # noqa: F401  the tables make themselves known to the metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
context.run_migrations()
