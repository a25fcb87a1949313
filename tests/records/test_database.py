"""The tables are what the models say; moments and money come back as they went in; clear words when it is away."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Float, Numeric
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel, select

from contracts.money import LARGEST_MINOR, Money
from contracts.refusals import Code, Refused
from records import adjustment_tables, books_tables, people_tables, tables
from records.__main__ import main
from records.database import Database
from records.people_tables import UsedTokenRow
from records.tables import PaymentOrderRow

MODULES = (tables, books_tables, people_tables, adjustment_tables)
TABLES = {row.__table__ for module in MODULES for row in vars(module).values() if hasattr(row, "__table__")}


def order(reference: str, money: Money) -> PaymentOrderRow:
    return PaymentOrderRow(
        reference=reference,
        dossier="closure-ACC-1.1",
        payee_name="张伟",
        payee_account="62220202",
        bank="ICBC",
        minor=money.minor,
        currency=money.currency,
        at=datetime.now(UTC),
    )


def test_the_migrations_make_the_tables_that_the_models_describe(database):
    def ours(thing, _name, kind, _reflected, _other):
        return thing in TABLES or thing.name not in SQLModel.metadata.tables if kind == "table" else True

    with database.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        differences = compare_metadata(context, SQLModel.metadata)
    assert [each for each in differences if each[1].name != "alembic_version"] == []


def test_upgrading_again_and_from_several_sides_at_once_does_no_harm(empty_database):
    url = empty_database.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(4) as pool:
        databases = [Database(url) for _ in range(4)]
        list(pool.map(Database.upgrade, databases))
    for each in databases:
        each.dispose()
    empty_database.upgrade()
    with empty_database.transaction() as session:
        assert session.exec(select(UsedTokenRow)).all() == []


@pytest.mark.parametrize("hours", [-11, 0, 8])
def test_a_moment_comes_back_the_same_and_aware(database, hours):
    at = datetime(2026, 11, 20, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=hours)))
    with database.transaction() as session:
        session.add(UsedTokenRow(jti="a", at=at, used_for="test"))
    with database.transaction() as session:
        row = session.get_one(UsedTokenRow, "a")
        assert (row.at, row.at.tzinfo) == (at, UTC)
        assert session.exec(select(UsedTokenRow.jti).where(UsedTokenRow.at <= at)).all() == ["a"]
        assert session.exec(select(UsedTokenRow.jti).where(UsedTokenRow.at < at)).all() == []


def test_a_moment_without_a_zone_is_refused(database):
    with pytest.raises(StatementError, match="has no zone"), database.transaction() as session:
        session.add(UsedTokenRow(jti="a", at=datetime(2026, 11, 20), used_for="test"))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0.01", "CNY"),
        ("-0.05", "CNY"),
        ("90071992547409.93", "CNY"),  # 2**53 + 1 fen: a float would lose one
        ("123456789012345.67", "USD"),  # the amount of which SQLite kept 680.00 as a Decimal
        ("999999999999999.999", "KWD"),
        ("120000", "JPY"),
    ],
)
def test_money_comes_back_to_the_last_minor_unit(database, text, currency):
    money = (
        Money.parse(text, currency) if len(text.partition(".")[0]) < 16 else Money(minor=int(text), currency=currency)
    )
    with database.transaction() as session:
        session.add(order("r", money))
    with database.transaction() as session:
        row = session.get_one(PaymentOrderRow, "r")
        assert Money(minor=row.minor, currency=row.currency) == money
        assert Money(minor=row.minor, currency=row.currency).text == text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minor=st.integers(-LARGEST_MINOR, LARGEST_MINOR), currency=st.sampled_from(["CNY", "USD", "JPY", "KWD"]))
def test_any_money_comes_back_the_same(database, minor, currency):
    with database.transaction() as session:
        session.merge(order("r", Money(minor=minor, currency=currency)))
    with database.transaction() as session:
        money = Money(minor=session.get_one(PaymentOrderRow, "r").minor, currency=currency)
        assert money.minor == minor


def test_no_column_holds_a_fraction():
    """SQLite turns a Decimal into a float and loses money without a word."""
    fractions = [column for table in TABLES for column in table.columns if isinstance(column.type, (Numeric, Float))]
    assert fractions == []


def test_an_error_undoes_the_whole_transaction(database):
    def fail() -> None:
        with database.transaction() as session:
            session.add(UsedTokenRow(jti="a", at=datetime.now(UTC), used_for="test"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction() as session:
        assert session.get(UsedTokenRow, "a") is None


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://quietus:secret@127.0.0.1:1/quietus", "sqlite:////nowhere/at/all/records.db"]
)
def test_a_database_that_is_away_is_named_without_its_password(url):
    database = Database(url)
    with pytest.raises(Refused) as refused:
        database.upgrade()
    assert refused.value.code is Code.UNREACHABLE
    assert "is not reachable" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_command_upgrades_the_configured_database(empty_database, monkeypatch, capsys):
    monkeypatch.setenv("QUIETUS_DATABASE_URL", empty_database.url.render_as_string(hide_password=False))
    assert main(["upgrade"]) == 0
    assert capsys.readouterr().out == f"The {empty_database.kind} database is up to date.\n"
    with empty_database.transaction() as session:
        assert session.get(UsedTokenRow, "a") is None


def test_the_command_says_in_one_sentence_that_the_database_is_away(monkeypatch, capsys):
    monkeypatch.setenv("QUIETUS_DATABASE_URL", "postgresql+psycopg://quietus:secret@127.0.0.1:1/quietus")
    assert main(["upgrade"]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["downgrade"]) == 2
