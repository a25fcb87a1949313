"""Charts as plain geometry, in the units of their SVG; the template draws them, so that every text is escaped there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from unicodedata import east_asian_width

LABEL_WIDTH, TEXT_WIDTH, BAR_WIDTH, ROW = 170, 110, 240, 31
"""Of a bar chart: labels, numbers, the longest bar, and the height of a row, which is that of the table beside it."""

PLOT_LEFT, PLOT_WIDTH, PLOT_TOP, PLOT_HEIGHT, PLOT_FOOT = 44, 836, 8, 180, 28
"""Of a column chart: the axis on the left, the columns, and their names below."""

_LABEL_LETTERS = 24
_MOST_STEPS = 4
_MOST_NAMES = 12
_COLUMN_SHARE = 0.4


@dataclass(frozen=True)
class Bar:
    """A row: its label, its bar from the left, a fainter one behind it, and the number as it is told."""

    label: str
    text: str
    y: int
    length: float
    behind: float


@dataclass(frozen=True)
class BarChart:
    """Rows from top to bottom."""

    bars: tuple[Bar, ...]

    width = LABEL_WIDTH + BAR_WIDTH + TEXT_WIDTH

    @property
    def height(self) -> int:
        """Of all rows."""
        return len(self.bars) * ROW


@dataclass(frozen=True)
class Column:
    """Two columns side by side over one name (empty: left out for want of room); heights from the ground up."""

    x: float
    width: float
    heights: tuple[float, float]
    name: str


@dataclass(frozen=True)
class ColumnChart:
    """Pairs of columns from left to right; `lines`: number and height of each line of the scale."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[int, float], ...]

    width = PLOT_LEFT + PLOT_WIDTH
    height = PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT
    ground = PLOT_TOP + PLOT_HEIGHT


def bar_chart(rows: Iterable[tuple[str, float, str]], behind: Sequence[float] = ()) -> BarChart:
    """A bar for each (label, value, number as it is told); `behind`: the value of the fainter one of each."""
    told = list(rows)
    faint = list(behind) or [0.0] * len(told)
    scale = BAR_WIDTH / max([*(value for _, value, _ in told), *faint, 1e-9])
    return BarChart(
        tuple(
            Bar(shortened(label), text, n * ROW, round(value * scale, 1), round(back * scale, 1))
            for n, ((label, value, text), back) in enumerate(zip(told, faint, strict=True))
        )
    )


def column_chart(rows: Sequence[tuple[str, int, int]]) -> ColumnChart:
    """A pair of columns for each (name, first number, second number)."""
    scale = list(_scale(max(1, *(number for _, *pair in rows for number in pair))))
    height, slot = PLOT_HEIGHT / scale[-1], PLOT_WIDTH / len(rows)
    every = -(-len(rows) // _MOST_NAMES)
    columns = (
        Column(
            x=round(PLOT_LEFT + n * slot + slot * (0.5 - _COLUMN_SHARE), 1),
            width=round(slot * _COLUMN_SHARE, 1),
            heights=(round(first * height, 1), round(second * height, 1)),
            name="" if n % every else name,
        )
        for n, (name, first, second) in enumerate(rows)
    )
    return ColumnChart(tuple(columns), tuple((line, round(line * height, 1)) for line in scale))


def shortened(label: str) -> str:
    """As much of a label as has room; a Chinese character takes the room of two letters."""
    room, kept = _LABEL_LETTERS, ""
    for letter in label:
        room -= 2 if east_asian_width(letter) in "WF" else 1
        if room < 0:
            return f"{kept}…"
        kept += letter
    return kept


def _scale(largest: int) -> Iterator[int]:
    """From 0 in even steps of 1, 2 or 5 times a power of ten, until `largest` is under the last."""
    sizes = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(size for size in sizes if size * _MOST_STEPS >= largest)
    return (n * step for n in range(-(-largest // step) + 1))
