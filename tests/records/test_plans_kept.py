"""The database itself keeps what was planned, marked, said and booked: no row is changed, deleted or replaced."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from records.database import Database
from tests.support.plan_audit import audit
from tests.support.plan_room import PlanRoom

TABLES = {"adjustment_plans": "plan", "plan_marks": "words", "remarks": "words"}
"""With a column of each that somebody might want to change."""

BOOKED = ("journal_entries", "journal_lines")


@pytest.fixture
def room(database: Database, tmp_path: Path) -> PlanRoom:
    """A plan is posted, and something was said."""
    room = PlanRoom(database, tmp_path)
    room.furnish()
    room.post("ACC-1", room.ready())
    room.says("ACC-1", "why", "手续费扣了两次")
    return room


def rows(room: PlanRoom, table: str) -> list[tuple[object, ...]]:
    with room.database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2, 3"))]


def refused(room: PlanRoom, table: str, statement: str) -> None:
    before = rows(room, table)
    assert before, "there is nothing that could be changed"
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), room.database.engine.begin() as connection:
        connection.execute(text(statement))
    assert rows(room, table) == before


@pytest.mark.parametrize("table", TABLES)
def test_plans_marks_and_remarks_are_neither_changed_nor_deleted(room, table):
    for statement in (
        f"UPDATE {table} SET {TABLES[table]} = 'x'",
        f"UPDATE {table} SET dossier = dossier",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE dossier = 'adjustment-ACC-1.1'",
    ):
        refused(room, table, statement)
    assert audit(room.database, room.evidence) == 1


@pytest.mark.parametrize("table", TABLES)
def test_nor_are_they_replaced_by_another_row_of_their_key(room, table):
    """SQLite replaces a row without asking who guards its deletion; PostgreSQL knows it as an update only."""
    before, column = rows(room, table), TABLES[table]
    with room.database.engine.connect() as connection:
        names = list(connection.execute(text(f"SELECT * FROM {table}")).mappings().first() or ())
    values = ", ".join("'x'" if name == column else name for name in names)
    copied = f"INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE true"
    key = {"remarks": "id", "plan_marks": "dossier, n, mark"}.get(table, "dossier, n")
    kept = f"ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}"
    if table == "plan_marks" and room.database.kind == "sqlite":  # the second mark is passed over
        for statement in (f"INSERT OR REPLACE {copied}", f"INSERT {copied} {kept}"):
            with room.database.engine.begin() as connection:
                connection.execute(text(statement))
    else:
        refused(room, table, f"INSERT {copied} {kept}")
        if room.database.kind == "sqlite":
            refused(room, table, f"INSERT OR REPLACE {copied}")
    assert rows(room, table) == before


def test_postgresql_does_not_empty_them_at_a_stroke_either(room):
    """SQLite knows no such statement: there it is the same as deleting."""
    for table in (*TABLES, *BOOKED):
        statement = f"TRUNCATE {table} CASCADE" if room.database.kind == "postgresql" else f"DELETE FROM {table}"
        with pytest.raises(DBAPIError, match="is append-only"), room.database.engine.begin() as connection:
            connection.execute(text(statement))
    assert audit(room.database, room.evidence) == 1
