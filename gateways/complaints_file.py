"""A file of complaints, laid out as the US Consumer Financial Protection Bureau publishes them: read row by row, each
an incident report or what is wrong with it."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from pydantic import ValidationError

from contracts.incidents import IncidentReport
from contracts.refusals import Fault, bad_input, faults_of
from contracts.vocabulary import Intake
from gateways.books_journal import FIRM_ZONE

WHAT = "file of complaints"

COLUMNS = ("id", "received", "via", "issue", "sub_issue", "narrative")
"""The columns that are read; `customer` and `account` too, where they are there. Others are passed over."""

CHANNELS = {
    "Web": Intake.WEB,
    "Phone": Intake.HOTLINE,
    "Email": Intake.EMAIL,
    "Referral": Intake.LETTER,  # another authority passed it on
    "Postal mail": Intake.LETTER,
    "Fax": Intake.LETTER,
}
"""What the column `via` says, and by which channel that is."""

OPENING = time(9)
"""The file gives days only: a complaint counts as reported, and as having happened, when the firm opens on its day."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BROKEN = re.compile("[\udc80-\udcff]")

Row = dict[str, str]


def read_complaints(content: bytes, customer: str | None = None) -> Iterator[IncidentReport | Fault]:
    """Each row below the header (which is row 1) as a report, or the fault that it is not. `customer`: in whose name
    complaints are that name nobody. Of rows with the same id the first counts. Refused(BAD_INPUT): the header."""
    rows = _records(content)
    header = _header(rows, customer)
    first: dict[str, int] = {}
    for number, cells in enumerate(rows, start=2):
        if cells == []:
            continue
        try:
            report = _report(_row(header, cells), customer)
            if first.setdefault(report.report_id, number) != number:
                raise ValueError(f"id: stands in row {first[report.report_id]} already")
        except ValidationError as error:
            yield Fault(path=f"row {number}", message="; ".join(map(str, faults_of(error))))
        except ValueError as error:
            yield Fault(path=f"row {number}", message=str(error))
        else:
            yield report


def _records(content: bytes) -> Iterator[list[str] | csv.Error]:
    """Line ends are one line feed; a byte that is not UTF-8 stays a surrogate, so that only its row is bad."""
    text = content.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error


def _header(rows: Iterator[list[str] | csv.Error], customer: str | None) -> Sequence[str]:
    header = next(rows, [])
    if isinstance(header, csv.Error):
        raise bad_input(WHAT, [Fault(path="row 1", message=f"is not CSV: {header}")])
    missing = [Fault(path="row 1", message=f"the column {each} is missing") for each in COLUMNS if each not in header]
    if not customer and "customer" not in header:
        missing.append(Fault(path="row 1", message="the column customer is missing; name one with --customer"))
    if missing:
        raise bad_input(WHAT, missing)
    return header


def _row(header: Sequence[str], cells: list[str] | csv.Error) -> Row:
    if isinstance(cells, csv.Error):
        raise ValueError(f"is not CSV: {cells}")
    if len(cells) != len(header):
        raise ValueError(f"has {len(cells)} cells, the header {len(header)}")
    if any(_BROKEN.search(cell) for cell in cells):
        raise ValueError("is not UTF-8")
    return dict(zip(header, cells, strict=True))


def _report(row: Row, customer: str | None) -> IncidentReport:
    """ValueError, in words, where it cannot be one."""
    named = row.get("customer") or customer
    if not named:
        raise ValueError("customer: is empty; name one with --customer")
    reported = datetime.combine(_day(row["received"]), OPENING, FIRM_ZONE)
    return IncidentReport(
        report_id=f"CFPB-{_id(row['id'])}",
        customer=named,
        account=row.get("account") or None,
        channel=_channel(row["via"]),
        occurred_at=reported,
        reported_at=reported,
        description=_description(row),
    )


def _id(cell: str) -> str:
    if not _ID.fullmatch(cell):
        raise ValueError("id: should be up to 50 letters and digits" if cell else "id: is empty")
    return cell


def _day(cell: str) -> date:
    try:
        day = date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError("received: should be a day such as 2026-11-20")
    return day


def _channel(cell: str) -> Intake:
    if cell not in CHANNELS:
        raise ValueError(f"via: should be one of {', '.join(CHANNELS)}")
    return CHANNELS[cell]


def _description(row: Row) -> str:
    """The customer's own words as they stand; without any, what the customer chose in the form."""
    if row["narrative"].strip():
        return row["narrative"]
    chosen = [part for part in (row["issue"], row["sub_issue"]) if part.strip()]
    if not chosen:
        raise ValueError("narrative: is empty, and so are issue and sub_issue")
    return ": ".join(chosen)
