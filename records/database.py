"""The database behind everything: SQLite or PostgreSQL, one transaction for an effect and all that tells of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from contracts.refusals import Code, Refused
from records.once import Effect, done, once

R = TypeVar("R")

_MIGRATIONS = Path(__file__).with_name("migrations")
_UPGRADE_LOCK = 7_105_223
_READING = "quietus_reading"
_READS: dict[str, dict[str, Any]] = {
    "sqlite": {_READING: True},
    "postgresql": {"isolation_level": "REPEATABLE READ"},
}
"""What tells a connection that it only reads."""


class Database:
    """The records. `url` as SQLAlchemy takes it: `sqlite:///...` (a file) or `postgresql+psycopg://...`."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            self.engine = _sqlite(url) if self.kind == "sqlite" else _postgresql(url)
        except (SQLAlchemyError, ImportError):
            known = "sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
            raise Refused(Code.BAD_INPUT, f"QUIETUS_DATABASE_URL is not an address such as {known}.") from None

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.url.get_backend_name()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits on leaving and rolls back on an error; rows stay readable afterwards."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads, all as it is at one moment. It waits for no writer, and none waits for it."""
        engine = self.engine.execution_options(**_READS[self.kind])
        with Session(engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def once(self, key: str, parameters: BaseModel | None, result: type[R]) -> Iterator[Effect[R]]:
        """An effect done once under `key`, in a transaction of its own; see records/once.py."""
        with Session(self.engine, expire_on_commit=False) as session:
            with once(session, key, parameters, result) as effect:
                yield effect
            session.commit()

    def done(self, key: str, parameters: BaseModel | None, result: type[R]) -> R | None:
        """What the effect under `key` answered, null where it was not done yet; see records/once.py."""
        with self.reading() as session:
            return done(session, key, parameters, result)

    def upgrade(self) -> None:
        """Bring the tables to the newest form. Safe to repeat, and from several processes at once."""
        from alembic import command  # noqa: PLC0415  costs each command a third of a second, and few need it
        from alembic.config import Config  # noqa: PLC0415

        self.check()
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self.engine.begin() as connection:
            _one_upgrade_at_a_time(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def check(self) -> None:
        """Refused(UNREACHABLE) when the database cannot be reached."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            shown = self.url.render_as_string(hide_password=True)
            words = f"The database {shown} is not reachable; start it or set QUIETUS_DATABASE_URL."
            raise Refused(Code.UNREACHABLE, words) from error

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _sqlite(url: str) -> Engine:
    # A transaction that reads and then writes could not get the write lock any more: each takes it when it begins.
    engine = create_engine(url, connect_args={"timeout": 30}, pool_size=10, max_overflow=40)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: str) -> Engine:
    return create_engine(url, connect_args={"connect_timeout": 5}, pool_pre_ping=True, pool_size=10, max_overflow=40)


def _one_upgrade_at_a_time(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _UPGRADE_LOCK})
