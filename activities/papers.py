"""凭证: the statements among the papers that are on file for an account, as many as can be read in good time."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from contracts.books import AccountFacts
from contracts.refusals import Code, Refused
from contracts.statements import Statement
from gateways.evidence import EvidenceStore
from gateways.statements import lines_in, read_statements

MOST_LINES = 30_000
"""So many lines of all papers of a case are read. To read and compare them takes two to three seconds, a sixth of the
time that an activity has for one attempt: a slower machine has to do as well."""

MOST_BYTES = 60_000_000
"""Papers of so many bytes are fetched, whether they are statements or pictures: it takes about half a second."""

MOST_STATEMENTS = 1_000
"""So many statements are compared: one document may hold one for each day of a century."""

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)
"""A statement of other days is a mistake."""

_SHOWN = 60

Paper = tuple[str, str]
"""Its place in the evidence store and its SHA-256."""

Sourced = tuple[str, Statement]
"""A statement, and the paper that it stands in."""


@dataclass
class Papers:
    """The papers of one case about one account, and how much of them may still be read. `unread`: which are no
    statements to compare, and why."""

    evidence: EvidenceStore
    account: AccountFacts
    unread: list[str] = field(default_factory=list)
    lines_left: int = MOST_LINES
    bytes_left: int = MOST_BYTES
    statements_left: int = MOST_STATEMENTS

    def read(self, papers: Sequence[Paper]) -> list[Sourced]:
        """The statements of this account and currency, in the order of `papers`. The last paper is read first: when
        there is no room for all of them, people can choose by what they put on file now."""
        found = [(reference, self._found(reference, sha256)) for reference, sha256 in reversed(papers)]
        self.unread.reverse()
        return [(reference, each) for reference, statements in reversed(found) for each in statements]

    def leave(self, reference: str, why: str) -> None:
        """A paper is not compared, or a part of it; each time it is said why."""
        shown = reference if len(reference) <= _SHOWN else f"…{reference[-_SHOWN:]}"
        self.unread.append(f"{shown}: {why}"[:200])

    def _found(self, reference: str, sha256: str) -> tuple[Statement, ...]:
        try:
            found = read_statements(self._content(reference, sha256), reference, self.account.id, self.account.currency)
            return self._taken(tuple(self._usable(reference, found)))
        except Refused as refused:
            self.leave(reference, refused.sentence)
            return ()

    def _content(self, reference: str, sha256: str) -> bytes:
        """Only what there is room for is fetched, and only that is handed on to be parsed."""
        if self.bytes_left <= 0:
            raise _no_room(f"{MOST_BYTES // 10**6} MB")
        content = self.evidence.get(reference)
        self.bytes_left -= len(content)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Refused(Code.MISMATCH, "it is not what was put on file: its hash is another")
        lines = lines_in(content)
        if lines > self.lines_left:
            raise _no_room(f"{MOST_LINES:,} lines")
        self.lines_left -= lines
        return content

    def _taken(self, found: tuple[Statement, ...]) -> tuple[Statement, ...]:
        if len(found) > self.statements_left:
            raise _no_room(f"{MOST_STATEMENTS:,} statements")
        self.statements_left -= len(found)
        return found

    def _usable(self, reference: str, statements: Sequence[Statement]) -> Iterator[Statement]:
        for each in statements:
            if each.account not in {self.account.id, self.account.number}:
                self.leave(reference, f"is of {each.account}")
            elif each.currency != self.account.currency:
                self.leave(reference, f"is in {each.currency}")
            elif each.since < EARLIEST or each.until > LATEST:
                self.leave(reference, f"is of {each.since} to {each.until}, which cannot be")
            else:
                yield each


def _no_room(most: str) -> Refused:
    words = f"no room is left for it ({most} in all): put it, or the part that matters, on file again"
    return Refused(Code.TOO_LARGE, words)
