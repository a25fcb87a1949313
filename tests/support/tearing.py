"""The places of a transaction at which a process can be torn away, and what tears it there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, event


class Edge(StrEnum):
    """Where a transaction stands."""

    BEFORE_STATEMENT = "before_statement"
    AFTER_STATEMENT = "after_statement"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"  # it is done, and nobody was told: commit-unknown


class Torn(Exception):
    """The process that did it is gone."""


def tear() -> None:
    """The end of whoever does it."""
    raise Torn


class Boundaries:
    """Counts the edges that are passed on `engine`, and does `strike` once: at the edge of that number, counted from 1,
    or at the first of that kind."""

    def __init__(self, engine: Engine, strike: Callable[[], None] = tear) -> None:
        self.passed = 0
        self._strike = strike
        self._at: int | Edge | None = None
        event.listen(engine, "before_cursor_execute", self._reaching(Edge.BEFORE_STATEMENT))
        event.listen(engine, "after_cursor_execute", self._reaching(Edge.AFTER_STATEMENT))
        before, commit, after = (
            self._reaching(Edge.BEFORE_COMMIT), engine.dialect.do_commit, self._reaching(Edge.AFTER_COMMIT)
        )  # fmt: skip

        def commit_between(connection: Any) -> None:
            before()
            commit(connection)
            after()

        engine.dialect.do_commit = commit_between  # type: ignore[method-assign,assignment]

    @contextmanager
    def armed(self, at: int | Edge | None) -> Iterator[None]:
        """Strikes while this lasts, if that edge is reached."""
        self.passed, self._at = 0, at
        try:
            yield
        finally:
            self._at = None

    def _reaching(self, edge: Edge) -> Callable[..., None]:
        def reach(*_: Any) -> None:
            self.passed += 1
            if self._at in {self.passed, edge}:
                self._at = None
                self._strike()

        return reach
