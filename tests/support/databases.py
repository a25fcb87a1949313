"""Fixtures: the records on SQLite and on a real PostgreSQL, for each test a database of its own."""

import shutil
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

from records.database import Database
from tests.support.postgres import PostgresServer

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests."""
    with PostgresServer(fsync=False) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{tmp_path / 'records.db'}")
    else:
        yield from _opened(request.getfixturevalue("postgres").create_database(f"empty_{next(_NUMBERS)}"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with all tables and nothing in them."""
    if request.param == "sqlite":
        template = _sqlite_template(tmp_path_factory.getbasetemp())
        yield from _opened(f"sqlite:///{shutil.copy(template, tmp_path / 'records.db')}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"records_{next(_NUMBERS)}"
        with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {_postgres_template(server)}".encode())
        yield from _opened(server.url(name))


def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.dispose()


@cache
def _sqlite_template(folder: Path) -> Path:
    """A file with all tables, to be copied: much faster than migrating for each test."""
    file = folder / "records-template.db"
    _migrate(f"sqlite:///{file}")
    return file


@cache
def _postgres_template(server: PostgresServer) -> str:
    """The same on PostgreSQL: the name of a database."""
    _migrate(server.create_database("upgraded"))
    return "upgraded"


def _migrate(url: str) -> None:
    for database in _opened(url):
        database.upgrade()
