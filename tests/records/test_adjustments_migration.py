"""A database that is filled is brought to the newest form: old entries get their period, and stay as they were."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.money import Money
from contracts.refusals import Refused
from gateways.books import Ledger
from records.database import Database

BEFORE = "0006"
ACCOUNT = (
    "INSERT INTO accounts (id, customer, currency, dormant, opened_on, branch) "
    "VALUES ('ACC-1', 'CUS-1', 'CNY', false, '2019-04-01', '')"
)
CUSTOMER = (
    "INSERT INTO customers (id, kind, name, language, since, risk, complaints_open, related_staff, region) "
    "VALUES ('CUS-1', 'person', 'N', 'zh', '2019-04-01', 'low', 0, '[]', '')"
)
ENTRIES = (
    (1, "2019-04-01 04:00:00", 10_000),
    (2, "2026-09-30 15:59:59.999999", 5),
    (3, "2026-09-30 16:00:00", 6),
    (4, "2990-01-01 04:00:00", 7),
)


@pytest.fixture
def filled(empty_database: Database) -> Database:
    """The form before, with four entries of two lines each; the last one was booked ahead."""
    config = Config()
    config.set_main_option("script_location", "records/migrations")
    zone = "" if empty_database.kind == "sqlite" else "+00"
    with empty_database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        for statement in (CUSTOMER, ACCOUNT):
            connection.exec_driver_sql(statement)
        for n, at, minor in ENTRIES:
            entry = f"({n}, 'E-{n}', 'R-{n}', '{at}{zone}', '')"
            connection.exec_driver_sql(f"INSERT INTO journal_entries (n, id, reference, at, text) VALUES {entry}")
            both = f"('E-{n}', 1, 'customer:ACC-1', {minor}, 'CNY'), ('E-{n}', 2, 'opening:CNY', {-minor}, 'CNY')"
            connection.exec_driver_sql(f"INSERT INTO journal_lines (entry, n, ledger, minor, currency) VALUES {both}")
    empty_database.upgrade()
    return empty_database


def test_old_entries_get_period_lines_and_moment(filled):
    with filled.transaction() as session:
        entries = [Ledger().entry(session, f"E-{n}") for n, _, _ in ENTRIES]
        assert [entry.period for entry in entries] == ["2019-04", "2026-09", "2026-10", "2990-01"]
        assert {len(entry.lines) for entry in entries} == {2}
        assert [entry.recorded_at == entry.at for entry in entries] == [True, True, True, False]
        assert entries[3].recorded_at <= datetime.now(UTC)
        assert [(each.reverses, each.corrects, each.reversed_by) for each in entries] == [("", "", "")] * 4
        account = Ledger().account(session, "ACC-1")
        assert (account.balance, account.number, account.overdraft) == (Money(minor=10_018, currency="CNY"), "", None)


def test_what_guards_the_journal_is_on_again(filled):
    for statement, words in (
        ("UPDATE journal_entries SET text = 'x'", "journal_entries is append-only"),
        ("DELETE FROM journal_entries", "journal_entries is append-only"),
        ("UPDATE journal_lines SET minor = 1", "journal_lines is append-only"),
        ("INSERT INTO journal_lines (entry, n, ledger, minor, currency) VALUES ('E-1', 3, 'x', 1, 'CNY')", "complete"),
    ):
        with pytest.raises(DBAPIError, match=words), filled.engine.begin() as connection:
            connection.execute(text(statement))


def test_old_months_can_be_closed(filled):
    with filled.transaction() as session:
        for period in ("2019-04", "2026-09"):
            Ledger().close_period(session, period, "wang.fang")
    with pytest.raises(Refused, match="is closed"), filled.transaction() as session:
        Ledger().pay_in(
            session, "P-1", "ACC-1", Money(minor=1, currency="CNY"), "", on=datetime(2026, 9, 1, tzinfo=UTC)
        )
