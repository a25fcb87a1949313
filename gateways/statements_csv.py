"""对账单 as CSV: its columns named in the header, in English or Chinese; every fault with the number of its line."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from contracts.money import Money
from contracts.statements import NO_REFERENCE, Statement, StatementLine
from gateways.faults import Faults

COLUMNS = {
    "日期": "date",
    "金额": "amount",
    "借方": "debit",
    "贷方": "credit",
    "流水号": "reference",
    "摘要": "text",
    "起息日": "value_date",
    "币种": "currency",
    "余额": "balance",
    "账号": "account",
}
"""What a column may be called, in Chinese or English; others are passed over. A debit lowers the customer's balance."""

NEW_LINE = b"\n"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Row = dict[str, str]


class _Movement(NamedTuple):
    """A row that can be used, `path` its line in the file; `balance`: after it, where it is stated."""

    path: str
    account: str
    currency: str
    line: StatementLine
    balance: Money | None


def read_csv(content: bytes, name: str, account: str, currency: str, faults: Faults) -> tuple[Statement, ...]:
    """One statement for each account and currency in the file called `name`, in the order in which they come.
    `account`, `currency`: where no column says it. What is wrong is added to `faults`, each with its line."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        faults.add(f"line {content.count(NEW_LINE, 0, error.start) + 1}", "is not UTF-8")
        return ()
    movements = _movements(text, {"account": account, "currency": currency}, faults)
    if not movements and not faults:
        faults.add("", "holds no line")
    if faults:
        return ()
    groups: dict[tuple[str, str], list[_Movement]] = {}
    for each in movements:
        groups.setdefault((each.account, each.currency), []).append(each)
    statements: list[Statement] = []
    for group in groups.values():
        with faults.noted(group[0].path):
            statements.append(_statement(name, group, faults))
    return tuple(statements)


def _movements(text: str, given: Row, faults: Faults) -> list[_Movement]:
    movements: list[_Movement] = []
    counted: dict[tuple[str, str], int] = {}
    for path, row in _rows(text, given, faults):
        with faults.noted(path):
            movements.append(_movement(path, row, counted))
    return movements


def _rows(text: str, given: Row, faults: Faults) -> Iterator[tuple[str, Row]]:
    """Each row below the header by column, with its place; empty ones are passed over."""
    records = _records(text, faults)
    path, header = next(records, ("line 1", []))
    columns = [COLUMNS.get(cell.strip(), cell.strip().lower()) for cell in header]
    for wrong in _faults_in_header(columns, given):
        faults.add(path, wrong)
    for path, cells in () if faults else records:
        if len(cells) == len(columns):
            row = dict(zip(columns, map(str.strip, cells), strict=True))
            yield path, row | {column: row.get(column) or value for column, value in given.items()}
        elif any(cells):
            faults.add(path, f"has {len(cells)} cells, the header {len(columns)}")


def _records(text: str, faults: Faults) -> Iterator[tuple[str, list[str]]]:
    """The cells of each record, and the line on which it begins; none after quotes that do not close."""
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    path = "line 1"
    try:
        for cells in reader:
            yield path, cells
            path = f"line {reader.line_num + 1}"
    except csv.Error as error:
        faults.add(path, f"is not CSV: {error}")


def _faults_in_header(columns: Sequence[str], given: Row) -> Iterator[str]:
    for each in sorted({each for each in columns if each in COLUMNS.values() and columns.count(each) > 1}):
        yield f"the column {each} stands twice"
    missing = [each for each in ("date", *(name for name, value in given.items() if not value)) if each not in columns]
    if "amount" not in columns:
        missing += [each for each in ("debit", "credit") if each not in columns]
    elif "debit" in columns or "credit" in columns:
        yield "has the column amount, so that it cannot have debit or credit"
    for each in missing:
        instead = " (or amount)" if each in {"debit", "credit"} else ""
        yield f"the column {each}{instead} is missing"


def _movement(path: str, row: Row, counted: dict[tuple[str, str], int]) -> _Movement:
    """ValueError, in words, where it cannot be one."""
    currency = row["currency"]
    value_on, balance = row.get("value_date"), row.get("balance")
    n = counted.get((row["account"], currency), 0) + 1
    line = StatementLine(
        n=n,
        reference=row.get("reference", "").removeprefix(NO_REFERENCE),
        booked_on=_day("date", row["date"]),
        value_on=_day("value_date", value_on) if value_on else None,
        amount=_amount(row, currency),
        text=row.get("text", ""),
    )
    counted[row["account"], currency] = n if line.amount.minor else n - 1
    after = _money("balance", balance, currency) if balance else None
    return _Movement(path, row["account"], currency, line, after)


def _day(column: str, cell: str) -> date:
    try:
        return date.fromisoformat(cell if _DAY.fullmatch(cell) else "")
    except ValueError:
        raise ValueError(f"{column}: should be a day such as 2026-11-20") from None


def _amount(row: Row, currency: str) -> Money:
    if "amount" in row:
        return _money("amount", row["amount"], currency)
    moved = [_money(column, row[column] or "0", currency) for column in ("credit", "debit")]
    if any(each.minor < 0 for each in moved):
        raise ValueError("debit, credit: should not be negative")
    credit, debit = moved
    if bool(credit.minor) == bool(debit.minor):
        raise ValueError("debit, credit: one of them should have an amount, and only one")
    return credit - debit


def _money(column: str, cell: str, currency: str) -> Money:
    try:
        return Money.parse(cell.removeprefix("+"), currency)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


def _statement(name: str, movements: Sequence[_Movement], faults: Faults) -> Statement:
    """Newest first or last: the order in which the stated balances follow from the amounts."""
    ordered, breaks = min(
        ((each, list(_breaks(each))) for each in (movements, movements[::-1])), key=lambda tried: len(tried[1])
    )
    for path, expected in breaks:
        faults.add(path, f"balance: should be {expected} after the lines before it")
    first, last = ordered[0], ordered[-1]
    lines = tuple(each.line for each in movements if each.line.amount.minor)
    days = [each.line.booked_on for each in movements]
    return Statement(
        id=name,
        account=first.account,
        currency=first.currency,
        since=min(days),
        until=max(days),
        opening=first.balance - first.line.amount if first.balance else None,
        closing=last.balance,
        lines=lines,
        left_out=len(movements) - len(lines),
    )


def _breaks(movements: Iterable[_Movement]) -> Iterator[tuple[str, Money]]:
    """Where a stated balance does not follow from the one before it and the amount, and what does."""
    standing: Money | None = None
    for each in movements:
        expected = standing + each.line.amount if standing else each.balance
        if each.balance and expected and expected != each.balance:
            yield each.path, expected
        standing = each.balance or expected
