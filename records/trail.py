"""留痕: append-only rows, for each dossier a hash chain, written in the transaction of what they tell."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import insert, text, update
from sqlmodel import Session, col, select

from contracts.steps import TrailHead
from contracts.trail import Broken, TrailEntry
from records.canonical import canonical, fingerprint
from records.tables import CaseRow, TrailRow

BOOKS = "books"
"""The dossier of what happens to the books outside a case."""


def append(
    session: Session,
    dossier: str,
    *,
    who: str,
    what: str,
    why: str = "",
    evidence: dict[str, str] | None = None,
    policy: str = "",
    at: datetime | None = None,
) -> TrailHead:
    """Add a link to the chain of `dossier` and its head to the case; appends to one dossier wait for each other."""
    _take_turn(session, dossier)
    before = head(session, dossier)
    row = TrailRow(
        dossier=dossier,
        seq=before.length + 1,
        at=(at or datetime.now(UTC)).astimezone(UTC),
        who=who,
        what=what,
        why=why,
        evidence=canonical(evidence or {}),
        policy=policy,
        previous=before.head,
        hash="",
    )
    row.hash = _hash(row)
    session.exec(insert(TrailRow).values(row.model_dump()))
    case = update(CaseRow).where(col(CaseRow.dossier) == dossier)
    session.exec(case.values(trail_length=row.seq, trail_head=row.hash))
    return TrailHead(length=row.seq, head=row.hash)


def head(session: Session, dossier: str) -> TrailHead:
    """The newest link of `dossier`; length 0 and an empty head when there is none."""
    newest = select(TrailRow.seq, TrailRow.hash).where(TrailRow.dossier == dossier).order_by(col(TrailRow.seq).desc())
    found = session.exec(newest.limit(1)).first()
    return TrailHead(length=found[0], head=found[1]) if found else TrailHead(length=0, head="")


def entries(session: Session, dossier: str) -> list[TrailEntry]:
    """The links of `dossier`, oldest first."""
    rows = session.exec(select(TrailRow).where(TrailRow.dossier == dossier).order_by(col(TrailRow.seq)))
    return [TrailEntry(**{**row.model_dump(), "evidence": json.loads(row.evidence)}) for row in rows]


def verify(session: Session, dossier: str | None = None) -> list[Broken]:
    """Every link that does not hold, of one dossier or of all. A case whose newest links were cut off is found by the
    head that its row keeps.
    """
    rows = select(TrailRow).order_by(col(TrailRow.dossier), col(TrailRow.seq))
    cases = select(CaseRow.dossier, CaseRow.trail_length, CaseRow.trail_head)
    if dossier is not None:
        rows, cases = rows.where(TrailRow.dossier == dossier), cases.where(CaseRow.dossier == dossier)
    heads = {name: TrailHead(length=length, head=newest) for name, length, newest in session.exec(cases)}
    broken: list[Broken] = []
    for name, chain in groupby(session.exec(rows.execution_options(yield_per=1_000)), lambda row: row.dossier):
        broken += _broken(name, chain, heads.pop(name, None))
    missing = [
        Broken(dossier=name, seq=kept.length, words="The whole trail is missing.") for name, kept in heads.items()
    ]
    return broken + [each for each in missing if each.seq]


def _broken(dossier: str, chain: Iterator[TrailRow], kept: TrailHead | None) -> Iterator[Broken]:
    length, newest = 0, ""
    for row in chain:
        if row.seq != length + 1:
            yield Broken(dossier=dossier, seq=length + 1, words=f"Link {length + 1} is missing.")
        elif row.previous != newest:
            yield Broken(dossier=dossier, seq=row.seq, words=f"Link {row.seq} does not follow from the one before it.")
        if row.hash != _hash(row):
            yield Broken(dossier=dossier, seq=row.seq, words=f"Link {row.seq} was changed after it was written.")
        length, newest = row.seq, row.hash
    if kept and kept.length != length:
        words = f"The trail ends at link {length}, but the case was written up to link {kept.length}."
        yield Broken(dossier=dossier, seq=length, words=words)
    elif kept and kept.head != newest:
        yield Broken(
            dossier=dossier, seq=length, words=f"Link {length} is not the one that the case names as its last."
        )


def _hash(row: TrailRow) -> str:
    content = row.model_dump(exclude={"hash"})
    return fingerprint({**content, "at": row.at.isoformat(timespec="microseconds")})


def _take_turn(session: Session, dossier: str) -> None:
    """On SQLite every transaction has its turn already."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": dossier}
        )
