"""Fixtures: the records on SQLite and on a real PostgreSQL, for each test a database of its own."""

import shutil
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, to be copied: five times as fast as migrating for each test."""
    file = tmp_path_factory.mktemp("template") / "records.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The same on PostgreSQL: the name of a database."""
    _migrate(postgres.create_database("upgraded"))
    return "upgraded"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{tmp_path / 'records.db'}")
    else:
        yield from _opened(request.getfixturevalue("postgres").create_database(f"empty_{next(_NUMBERS)}"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables and nothing in them."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "records.db")
        yield from _opened(f"sqlite:///{copy}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name, template = f"records_{next(_NUMBERS)}", request.getfixturevalue("postgres_template")
        with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        yield from _opened(server.url(name))


def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.dispose()


def _migrate(url: str) -> None:
    for database in _opened(url):
        database.upgrade()
