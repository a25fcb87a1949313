"""对账: a bank statement held against the books, line by line; the strongest evidence pairs first."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date
from itertools import product
from typing import NamedTuple

from rapidfuzz import fuzz

from contracts.money import Money
from contracts.statements import Difference, DifferenceKind, Statement

NEAR_DAYS = 10
"""Further apart than this a line and an entry are not taken for one."""

TWIN_DAYS = 3
"""A second entry is booked twice, rather than by itself, when it is this near to the first."""

ALIKE = 90
"""From this likeness on, in per cent of their characters, two texts say the same."""


MOST_PAIRS = 250_000
"""So many pairs are weighed against each other in one comparison; it takes about a second."""

LONGEST_TEXT = 200
"""So many characters of a text are compared and told: a bank may write thousands."""


class Booked(NamedTuple):
    """An entry as it stands on an account; a positive amount raises the customer's balance."""

    entry: str
    account: str
    reference: str
    on: date
    amount: Money
    text: str


Elsewhere = Callable[[Collection[int]], Iterable[Booked]]
"""The entries of other accounts with one of these amounts, in minor units, that may be meant."""


def compare(statements: Sequence[Statement], booked: Sequence[Booked], elsewhere: Elsewhere) -> tuple[Difference, ...]:
    """Where the books differ from the statements, in the order of their lines, then by day.

    `statements`: of one account and currency, no day in two of them. `booked`: the entries of the account that stand,
    some days more on both sides, since a day may be wrong; only those of the statements' own days can be doubled or not
    on them. `elsewhere` is asked once, for the lines that nothing is found for on the account. The order of entries
    does not matter. ValueError: an amount in another currency than the statements'.
    """
    return _Comparison(statements, booked).differences(elsewhere) if statements else ()


class _Item(NamedTuple):
    """A line or an entry; `place`: where it stands among the lines, or among the entries."""

    place: int
    reference: str
    on: date
    minor: int
    text: str


_Pair = tuple[_Item, _Item]
"""A line and the entry that it is taken for."""

_Found = tuple[DifferenceKind, _Item | None, _Item | None]
"""What is wrong, with which line and which entry."""

_Product = Callable[[Sequence[_Item], Sequence[_Item]], Iterable[_Pair]]
"""Each line with each entry, as long as they can be weighed in reasonable time."""


class _Rule(NamedTuple):
    """Lines and entries with the same key (None: no key) are one where `pairs` says so. `kind`: what is then wrong with
    the entry, None: nothing."""

    kind: DifferenceKind | None
    key: Callable[[_Item], Hashable]
    pairs: Callable[[Sequence[_Item], Sequence[_Item], _Product], Iterable[_Pair]]


def _in_turn(lines: Sequence[_Item], entries: Sequence[_Item], _: _Product | None = None) -> Iterable[_Pair]:
    return zip(lines, entries, strict=False)


def _near(lines: Sequence[_Item], entries: Sequence[_Item], product: _Product) -> Iterable[_Pair]:
    return ((line, entry) for line, entry in product(lines, entries) if _apart(line, entry) <= NEAR_DAYS)


def _near_and_alike(lines: Sequence[_Item], entries: Sequence[_Item], product: _Product) -> Iterable[_Pair]:
    return ((line, entry) for line, entry in _near(lines, entries, product) if _likeness(line, entry) >= ALIKE)


def _near_and_alone(lines: Sequence[_Item], entries: Sequence[_Item], product: _Product) -> Iterable[_Pair]:
    return _near(lines, entries, product) if len(lines) == len(entries) == 1 else ()


def _apart(one: _Item, other: _Item) -> int:
    return abs((one.on - other.on).days)


def _likeness(one: _Item, other: _Item) -> float:
    return fuzz.ratio(one.text, other.text) if one.text and other.text else 0.0


def _named(each: _Item, *more: Hashable) -> Hashable:
    return (each.reference, *more) if each.reference else None


_RULES = (
    _Rule(None, lambda each: each[1:], _in_turn),
    _Rule(None, lambda each: _named(each, each.minor, each.on), _near),
    _Rule(DifferenceKind.WRONG_DATE, lambda each: _named(each, each.minor), _near),
    _Rule(None, lambda each: (each.minor, each.on), _near),
    _Rule(DifferenceKind.WRONG_AMOUNT, _named, _near),
    _Rule(DifferenceKind.WRONG_DATE, lambda each: each.minor, _near_and_alike),
)
_RULES_ELSEWHERE = (
    _Rule(DifferenceKind.WRONG_ACCOUNT, lambda each: _named(each, each.minor), _near),
    _Rule(DifferenceKind.WRONG_ACCOUNT, lambda each: (each.minor, each.on), _near_and_alike),
)
_LAST_RULES = (
    _Rule(DifferenceKind.WRONG_AMOUNT, lambda each: each.on, _near_and_alike),
    _Rule(DifferenceKind.WRONG_DATE, lambda each: each.minor, _near_and_alone),
)
"""The strongest evidence first: a reference before a text, this account before others, and last that nothing else has
the amount."""


class _Comparison:
    """The statements and the books, and what of both is not paired yet. `room`: so many pairs may still be weighed."""

    def __init__(self, statements: Sequence[Statement], booked: Sequence[Booked]) -> None:
        self.spans = [(each.since, each.until) for each in statements]
        self.currency = statements[0].currency
        self.stated = [line for each in statements for line in sorted(each.lines, key=lambda line: line.n)]
        self.lines = {
            place: _Item(place, line.reference, line.booked_on, line.amount.minor, line.text[:LONGEST_TEXT])
            for place, line in enumerate(self.stated)
        }
        self.booked: list[Booked] = []
        self.here = self._entries(booked)
        self.on_statement = {line.reference for line in self.lines.values()}
        self.in_books = {each.reference for each in self.here.values()}
        self.taken: list[_Pair] = []
        self.room = MOST_PAIRS
        self._judge([*(line.amount for line in self.stated), *(each.amount for each in booked)])

    def differences(self, elsewhere: Elsewhere) -> tuple[Difference, ...]:
        """In the order of the statements, then by day."""
        found = [*self._wrong(_RULES, self.here)]
        found += self._wrong(_RULES_ELSEWHERE, self._elsewhere(elsewhere))
        found += self._wrong(_LAST_RULES, self.here)
        found += [(DifferenceKind.MISSING, line, None) for line in self.lines.values()]
        found += self._left_over()
        return tuple(self._difference(*each) for each in sorted(found, key=self._place))

    def _entries(self, booked: Iterable[Booked]) -> dict[int, _Item]:
        first = len(self.booked)
        self.booked += sorted(booked, key=_order)
        return {
            place: _Item(place, each.reference, each.on, each.amount.minor, each.text[:LONGEST_TEXT])
            for place, each in enumerate(self.booked[first:], start=first)
        }

    def _elsewhere(self, elsewhere: Elsewhere) -> dict[int, _Item]:
        found = [*elsewhere({line.minor for line in self.lines.values()})] if self.lines else []
        self._judge([each.amount for each in found])
        return self._entries(found)

    def _judge(self, amounts: Iterable[Money]) -> None:
        if any(amount.currency != self.currency for amount in amounts):
            raise ValueError(f"only entries in {self.currency} can be held against this statement")

    def _wrong(self, rules: Iterable[_Rule], entries: dict[int, _Item]) -> Iterator[_Found]:
        for rule in rules:
            for line, entry in self._paired(rule, entries.values()):
                del self.lines[line.place], entries[entry.place]
                self.taken.append((line, entry))
                if rule.kind:
                    yield rule.kind, line, entry

    def _paired(self, rule: _Rule, entries: Iterable[_Item]) -> list[_Pair]:
        by_key, free = _grouped(rule, entries), _grouped(rule, self.lines.values())
        groups = sorted(((free[key], by_key[key]) for key in free.keys() & by_key.keys()), key=_size)
        candidates = (pair for lines, alike in groups for pair in rule.pairs(lines, alike, self._product))
        return _one_to_one(pair for pair in candidates if not self._contradict(*pair))

    def _product(self, lines: Sequence[_Item], entries: Sequence[_Item]) -> Iterable[_Pair]:
        """What is too much alike to be told apart in reasonable time is paired in its order."""
        more = len(lines) * len(entries) - min(len(lines), len(entries))
        if more > self.room:
            return _in_turn(lines, entries)
        self.room -= more
        return product(lines, entries)

    def _contradict(self, line: _Item, entry: _Item) -> bool:
        """Two references that differ, one of which is known on the other side: these are two movements."""
        if not line.reference or not entry.reference or line.reference == entry.reference:
            return False
        return line.reference in self.in_books or entry.reference in self.on_statement

    def _left_over(self) -> Iterator[_Found]:
        """Entries that no line was found for. Whether they are booked twice is looked at for so many as there is time
        for, far more than one plan puts right."""
        taken, room = defaultdict(list), MOST_PAIRS
        for line, entry in self.taken:
            taken[entry.minor].append((line, entry))
        for each in self.here.values():
            if any(since <= each.on <= until for since, until in self.spans):
                room -= len(taken[each.minor])
                first = _first_of(each, taken[each.minor]) if room >= 0 else None
                yield DifferenceKind.DOUBLED if first else DifferenceKind.NOT_ON_STATEMENT, first, each

    def _place(self, found: _Found) -> tuple[bool, int, date, str, str]:
        _, line, entry = found
        booked = self.booked[entry.place] if entry else None
        day = booked.on if booked else line.on if line else date.min
        named = (booked.account, booked.entry) if booked else ("", "")
        return line is None, line.place if line else 0, day, *named

    def _difference(self, kind: DifferenceKind, line: _Item | None, entry: _Item | None) -> Difference:
        stated = self.stated[line.place] if line else None
        booked = self.booked[entry.place] if entry else None
        return Difference(
            kind=kind,
            line=stated.n if stated else None,
            entry=booked.entry if booked else "",
            account=booked.account if booked else "",
            stated=stated.amount if stated else None,
            booked=booked.amount if booked else None,
            stated_on=stated.booked_on if stated else None,
            booked_on=booked.on if booked else None,
            text=(line.text if line else "") or (entry.text if entry else ""),
        )


def _order(each: Booked) -> tuple[Hashable, ...]:
    return each.entry, each.account, each.reference, each.on, each.amount.minor, each.text


def _size(group: tuple[Sequence[_Item], Sequence[_Item]]) -> tuple[int, int]:
    """The smaller ones are weighed first, so that there is room for as many as can be."""
    lines, entries = group
    return len(lines) * len(entries), lines[0].place


def _grouped(rule: _Rule, items: Iterable[_Item]) -> dict[Hashable, list[_Item]]:
    groups: dict[Hashable, list[_Item]] = defaultdict(list)
    for each in items:
        key = rule.key(each)
        if key is not None:
            groups[key].append(each)
    return groups


def _one_to_one(candidates: Iterable[_Pair]) -> list[_Pair]:
    """The nearest by day, then by text; their places decide between equals."""
    lines: set[int] = set()
    entries: set[int] = set()
    pairs: list[_Pair] = []
    for line, entry in sorted(candidates, key=lambda pair: (_apart(*pair), -_likeness(*pair), pair)):
        if line.place not in lines and entry.place not in entries:
            lines.add(line.place)
            entries.add(entry.place)
            pairs.append((line, entry))
    return pairs


def _first_of(entry: _Item, pairs: Iterable[_Pair]) -> _Item | None:
    """The line whose own entry `entry` is once more; the nearest by day, if there are several."""
    lines = [line for line, other in pairs if _twins(entry, other)]
    return min(lines, key=lambda line: (_apart(line, entry), line.place), default=None)


def _twins(one: _Item, other: _Item) -> bool:
    """Whether one is the other booked again: nearly on its day, and by text or reference, which may have something
    added to it (the books take no reference twice)."""
    shorter, longer = sorted((one.reference, other.reference), key=len)
    added = longer.removeprefix(shorter)
    named = bool(shorter) and longer.startswith(shorter) and not added[:1].isdigit()
    return _apart(one, other) <= TWIN_DAYS and (named or _likeness(one, other) >= ALIKE)
