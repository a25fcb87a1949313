"""An effect that is done once: its key is a primary key in the transaction of the effect itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import update
from sqlmodel import Session, col

from contracts.refusals import Code, Refused
from records.canonical import fingerprint
from records.inserts import insert_unless_there
from records.tables import EffectRow

R = TypeVar("R")


class Effect(Generic[R]):
    """One effect in its transaction. `done`: it has a result, from an earlier time or from `record`."""

    def __init__(self, session: Session, key: str, adapter: TypeAdapter[R], recorded: str | None) -> None:
        self.session = session
        self.done = recorded is not None
        self._key = key
        self._adapter = adapter
        self._recorded = recorded

    @property
    def result(self) -> R:
        """What the effect answered, read back from what is stored."""
        if self._recorded is None:
            raise RuntimeError(f"{self._key} has no result yet")
        return self._adapter.validate_json(self._recorded)

    def record(self, result: R) -> R:
        """Keep the result; it is stored with the effect, or not at all."""
        if self.done:
            raise RuntimeError(f"{self._key} was done before")
        self._recorded = self._adapter.dump_json(result).decode()
        self.done = True
        row = update(EffectRow).where(col(EffectRow.key) == self._key)
        self.session.exec(row.values(result=self._recorded, at=datetime.now(UTC)))
        return result


@contextmanager
def once(session: Session, key: str, parameters: BaseModel | None, result: type[R]) -> Iterator[Effect[R]]:
    """The effect under `key`, inside the transaction of `session`. Refused(MISMATCH) when the key was used with other
    parameters. Left without a result, everything in the transaction is undone. A second caller waits for the first:
    PostgreSQL holds back its insert of the key, SQLite its transaction.
    """
    asked = fingerprint(None if parameters is None else parameters.model_dump(mode="json"))
    row = {"key": key, "fingerprint": asked, "result": "", "at": datetime.now(UTC)}
    fresh = insert_unless_there(session, EffectRow, row)
    effect = Effect(session, key, TypeAdapter(result), None if fresh else _recorded(session, key, asked))
    yield effect
    if not effect.done:
        session.rollback()


def done(session: Session, key: str, parameters: BaseModel | None, result: type[R]) -> R | None:
    """What the effect under `key` answered, null where it was not done yet: to be asked before long work that leads up
    to an effect. Refused(MISMATCH) as for `once`."""
    asked = fingerprint(None if parameters is None else parameters.model_dump(mode="json"))
    there = session.get(EffectRow, key) is not None
    return TypeAdapter(result).validate_json(_recorded(session, key, asked)) if there else None


def _recorded(session: Session, key: str, asked: str) -> str:
    row = session.get_one(EffectRow, key)
    if row.fingerprint != asked:
        raise Refused(Code.MISMATCH, f"{key} was done before with other content.")
    return row.result
