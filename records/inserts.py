"""Inserting a row unless its key is there."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_unless_there(session: Session, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Whether the row was inserted; false when one with its key is there. PostgreSQL waits for a transaction that is
    about to insert the same key.
    """
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert: sqlite.Insert | postgresql.Insert = sqlite.insert(table) if on_sqlite else postgresql.insert(table)
    inserted: Executable = insert.values(dict(values)).on_conflict_do_nothing().returning(literal_column("1"))
    return session.connection().execute(inserted).first() is not None
