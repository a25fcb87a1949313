"""The PostgreSQL of the tests is a real one: it starts, survives kill -9 and gives up what was not committed."""

import os

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as server:
        yield server


def test_a_database_is_made_and_written_through_sqlalchemy(server):
    engine = create_engine(server.create_database("written"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (words text)"))
        connection.execute(text("INSERT INTO notes VALUES ('销户')"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT words FROM notes")).scalars().all() == ["销户"]
    engine.dispose()


def test_what_was_committed_survives_a_kill_and_what_was_not_is_gone(server):
    address = server.create_database("killed").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE entries (n int)")
        connection.execute("INSERT INTO entries VALUES (1)")
    open_transaction = psycopg.connect(address)
    open_transaction.execute("INSERT INTO entries VALUES (2)")
    server.kill()
    with pytest.raises(psycopg.OperationalError):
        open_transaction.commit()
    open_transaction.close()
    server.start()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT n FROM entries").fetchall() == [(1,)]


def test_it_stops_in_order_and_starts_again(server):
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url().replace("+psycopg", ""))
    server.start()
    with psycopg.connect(server.url().replace("+psycopg", "")) as connection:
        assert connection.execute("SHOW fsync").fetchall() == [("on",)]


def test_root_steps_down_to_an_ordinary_user(server):
    owner = (server.folder / "data" / "PG_VERSION").stat().st_uid
    assert owner != 0
    assert owner == (os.geteuid() or 65534)


def test_nothing_is_left_behind():
    with PostgresServer(fsync=False) as server:
        assert server.folder.exists()
    assert not server.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url().replace("+psycopg", ""))
