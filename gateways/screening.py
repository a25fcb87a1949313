"""名单筛查: a customer's name against the sanction list that is loaded, with the birth date where both have one."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock
from typing import Protocol

from rapidfuzz import fuzz, process
from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from contracts.base import Contract
from gateways import names
from gateways.sanctions_file import SanctionedName, read_sanctions
from policy import model as policy
from records import trail
from records.database import Database
from records.tables import ScreeningListRow, ScreeningNameRow

DOSSIER = "screening"
"""The dossier whose trail tells which list was loaded when."""

_MOST_HITS = 10
_NEAREST = 5


class Hit(Contract):
    """An entry of the list whose name, or alias, is near enough. `birth_date`: as the list has it, perhaps several."""

    entry_id: str
    matched_name: str
    is_alias: bool
    score: int
    birth_date: str
    dataset: str
    countries: str


class Screened(Contract):
    """What a screening found: the best hits first, at most ten. `version` names the list, empty where none is loaded.
    `best_score`: of the nearest name, hit or not.
    """

    version: str
    hits: tuple[Hit, ...] = ()
    best_score: int = 0


class Screening(Protocol):
    """Sanction lists and the search in them."""

    def load(self, text: str, source: str) -> str:
        """Replace the list by the file `text`; its version. The same file again changes nothing.

        Refused(BAD_INPUT) with every fault by row; then the old list stays.
        """
        ...

    def screen(self, name: str, birth_date: date | None, rules: policy.Screening) -> Screened:
        """Look `name` up. An entry with the same birth date is a hit sooner, one with another birth date later."""
        ...


class ListScreening:
    """One list in the records, searched in memory. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._prepared = _Prepared(version="")
        self._preparing = Lock()

    def load(self, text: str, source: str) -> str:
        version = hashlib.sha256(text.encode()).hexdigest()
        found = read_sanctions(text)
        with self.database.transaction() as session:
            if _current(session) != version:
                _replace(session, version, source, found)
        return version

    def screen(self, name: str, birth_date: date | None, rules: policy.Screening) -> Screened:
        listed = self._list()
        near = listed.near(name, min(rules.hit, rules.hit_with_birth_date))
        judged = [_judge(name, birth_date, entry, rules) for entry in near]
        best: dict[str, Hit] = {}
        for hit in sorted((hit for hit, is_hit in judged if is_hit), key=_best_first):
            best.setdefault(hit.entry_id, hit)
        return Screened(
            version=listed.version,
            hits=tuple(best.values())[:_MOST_HITS],
            best_score=max((hit.score for hit, _ in judged), default=0),
        )

    def _list(self) -> "_Prepared":
        """The current list; made ready once a version, outside any transaction."""
        with self._preparing:
            with self.database.reading() as session:
                version = _current(session)
                found = _read(session, version) if version != self._prepared.version else ()
            if version != self._prepared.version:
                self._prepared = _prepare(version, found)
            return self._prepared


@dataclass
class _Keys:
    """Strings to search, each with the number of the name it belongs to."""

    texts: list[str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)

    def add(self, text: str, owner: int) -> None:
        self.texts.append(text)
        self.owners.append(owner)

    def near(self, text: str, floor: int, limit: int | None = None) -> Iterator[int]:
        found = process.extract(text, self.texts, scorer=fuzz.ratio, score_cutoff=floor, limit=limit)
        return (self.owners[place] for _, _, place in found)


@dataclass
class _Prepared:
    """A list ready to be searched. Every comparison of `names.score` is an equal or nearer one among these keys."""

    version: str
    entries: Sequence[SanctionedName] = ()
    han: _Keys = field(default_factory=_Keys)
    compact: _Keys = field(default_factory=_Keys)
    by_word: _Keys = field(default_factory=_Keys)

    def near(self, name: str, floor: int) -> list[SanctionedName]:
        """The names that may reach `floor`; the nearest few where none does."""
        owners = set(self._owners(name, floor)) or set(self._owners(name, 0, _NEAREST))
        return [self.entries[owner] for owner in sorted(owners)]

    def _owners(self, name: str, floor: int, limit: int | None = None) -> Iterator[int]:
        for spelling in names.spellings(name):
            if spelling.han:
                yield from self.han.near(spelling.han, floor, limit)
            for turn in spelling.turned:
                yield from self.compact.near(turn, floor, limit)
            for words in spelling.by_word:
                yield from self.by_word.near(words, floor, limit)


def _prepare(version: str, entries: Sequence[SanctionedName]) -> _Prepared:
    prepared = _Prepared(version=version, entries=entries)
    for owner, entry in enumerate(entries):
        for spelling in names.spellings(entry.name):
            if spelling.han:
                prepared.han.add(spelling.han, owner)
            for text in spelling.compact:
                prepared.compact.add(text, owner)
            for text in spelling.by_word:
                prepared.by_word.add(text, owner)
    return prepared


def _judge(name: str, birth_date: date | None, entry: SanctionedName, rules: policy.Screening) -> tuple[Hit, bool]:
    """The entry with its score, and whether that makes it a hit."""
    score, needed = names.score(name, entry.name), rules.hit
    if birth_date and entry.birth_date:
        # A list may know a month or a year only: 1970-05 and 1970 begin every day they hold.
        if any(birth_date.isoformat().startswith(known) for known in entry.birth_date.split(";")):
            needed = rules.hit_with_birth_date
        else:
            score -= rules.other_birth_date
    hit = Hit(
        entry_id=entry.entry_id,
        matched_name=entry.name,
        is_alias=entry.is_alias,
        score=max(0, int(score)),
        birth_date=entry.birth_date,
        dataset=entry.dataset,
        countries=entry.countries,
    )
    return hit, hit.score >= needed


def _best_first(hit: Hit) -> tuple[int, bool, str]:
    return -hit.score, hit.is_alias, hit.entry_id


def _current(session: Session) -> str:
    lists = select(ScreeningListRow.version).where(col(ScreeningListRow.current))
    return session.exec(lists.order_by(col(ScreeningListRow.loaded_at).desc())).first() or ""


def _read(session: Session, version: str) -> list[SanctionedName]:
    fields = [col(getattr(ScreeningNameRow, name)) for name in SanctionedName.model_fields]
    rows = select(*fields).where(ScreeningNameRow.version == version).order_by(col(ScreeningNameRow.id))
    return [SanctionedName(**row._mapping) for row in session.exec(rows)]


def _replace(session: Session, version: str, source: str, found: list[SanctionedName]) -> None:
    """The trail's link comes first: it makes two loads at one time wait for each other."""
    told = {"version": version, "source": source, "names": str(len(found))}
    trail.append(session, DOSSIER, who="system", what="sanction list loaded", evidence=told)
    connection = session.connection()
    connection.execute(update(ScreeningListRow).values(current=False))
    connection.execute(delete(ScreeningNameRow))
    session.merge(ScreeningListRow(version=version, loaded_at=datetime.now(UTC), source=source, names=len(found)))
    connection.execute(insert(ScreeningNameRow), [{"version": version, **name.model_dump()} for name in found])
