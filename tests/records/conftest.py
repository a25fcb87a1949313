"""What needs the records runs on SQLite and on PostgreSQL."""

from tests.support.databases import database, empty_database, postgres, postgres_template, sqlite_template

__all__ = ["database", "empty_database", "postgres", "postgres_template", "sqlite_template"]
