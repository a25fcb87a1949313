"""The import of complaints: what came of a file."""

from contracts.base import Contract
from contracts.refusals import Fault


class ImportReport(Contract):
    """What came of a file of complaints: cases that are new (in a dry run: reports that would be sent), cases that were
    there before, bad rows and refused reports with the reason of each, and how many were not sent, since nobody
    answered."""

    reported: int
    there_before: int = 0
    bad_rows: tuple[Fault, ...] = ()
    refused: tuple[Fault, ...] = ()
    not_sent: int = 0
    dry_run: bool = False
