"""The file of a sanction list, laid out as OpenSanctions' `targets.simple.csv`: read whole, or every fault named."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date

from contracts.base import Contract
from contracts.refusals import Fault, bad_input
from contracts.text import clean

COLUMNS = ("id", "schema", "name", "aliases", "birth_date", "countries", "dataset")
"""The columns that are read; the others of the layout may be there or not."""

_NEVER_EMPTY = ("id", "schema", "name")
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)

Row = tuple[int, dict[str, str]]


class SanctionedName(Contract):
    """A name or alias of an entry. `birth_date`: ISO days, months or years, separated by `;`, or empty."""

    entry_id: str
    schema_name: str
    name: str
    is_alias: bool
    birth_date: str
    countries: str
    dataset: str


def read_sanctions(text: str) -> list[SanctionedName]:
    """Every name and alias of the list. Refused(BAD_INPUT) with each fault by row (the header is row 1) and column."""
    rows, faults = _rows(text)
    faults += [fault for row in rows for fault in _faults_in(row)]
    faults += _faults_between(rows)
    if not rows and not faults:
        faults = [Fault(path="", message="holds no entry")]
    if faults:
        raise bad_input("sanction list", faults)
    return [name for _, row in rows for name in _names_of(row)]


def _rows(text: str) -> tuple[list[Row], list[Fault]]:
    """The rows whose cells fit the header, each with its number, and what is wrong with the others."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        header = next(reader, [])
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            return [], [Fault(path="row 1", message=f"the column {column} is missing") for column in missing]
        for number, cells in enumerate(reader, start=2):
            if len(cells) == len(header):
                rows.append((number, dict(zip(header, cells, strict=True))))
            elif cells:
                faults.append(Fault(path=f"row {number}", message=f"has {len(cells)} cells, the header {len(header)}"))
    except csv.Error as error:
        faults.append(Fault(path=f"line {reader.line_num}", message=f"is not CSV: {error}"))
    return rows, faults


def _faults_in(numbered: Row) -> Iterator[Fault]:
    number, row = numbered
    for column in COLUMNS:
        try:
            _judge(column, row[column])
        except (ValueError, csv.Error) as error:
            yield Fault(path=f"row {number}, {column}", message=str(error))


def _judge(column: str, cell: str) -> None:
    """ValueError or csv.Error, in words, where `cell` cannot be used."""
    clean(cell)
    if column in _NEVER_EMPTY and not cell.strip():
        raise ValueError("is empty")
    if column == "aliases":
        _split(cell)
    if column == "birth_date":
        for day in _split(cell):
            _judge_day(day)


def _judge_day(day: str) -> None:
    try:
        date.fromisoformat(f"{day}-01-01"[:10])
        fits = _DAY.fullmatch(day)
    except ValueError:
        fits = None
    if not fits:
        raise ValueError(f"'{day[:20]}' should be a date such as 1970-01-31, 1970-01 or 1970")


def _faults_between(rows: list[Row]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, row in rows:
        if row["id"] and first.setdefault(row["id"], number) != number:
            yield Fault(
                path=f"row {number}, id", message=f"'{row['id'][:80]}' stands in row {first[row['id']]} already"
            )


def _names_of(row: dict[str, str]) -> Iterator[SanctionedName]:
    name = row["name"].strip()
    for each in dict.fromkeys([name, *_split(row["aliases"])]):
        yield SanctionedName(
            entry_id=row["id"],
            schema_name=row["schema"],
            name=each,
            is_alias=each != name,
            birth_date=";".join(_split(row["birth_date"])),
            countries=row["countries"],
            dataset=row["dataset"],
        )


def _split(cell: str) -> list[str]:
    """The values of a cell: separated by `;`, in quotes where a value holds one."""
    values = next(csv.reader([cell], delimiter=";", strict=True, skipinitialspace=True), [])
    return [value.strip() for value in values if value.strip()]
