"""受理: what makes a report unusable, though its shape is right."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, select

from contracts.incidents import IncidentReport
from contracts.refusals import Fault
from contracts.requests import Document
from gateways.books import Books
from gateways.evidence import EvidenceStore
from records.tables import CaseRow

CLOCKS_APART = timedelta(minutes=5)
"""A report may be dated so far ahead, since no two clocks agree."""


def report_faults(
    session: Session, books: Books, evidence: EvidenceStore, report: IncidentReport, at: datetime
) -> Iterator[Fault]:
    """Every fault, with its path. Refused: NOT_FOUND for an unknown account."""
    if report.account and books.account(session, report.account).customer != report.customer:
        yield Fault(path="customer", message=f"{report.customer} does not hold account {report.account}")
    theirs = select(CaseRow).where(CaseRow.case_id == report.case, CaseRow.customer == report.customer)
    if report.case and session.exec(theirs).first() is None:
        yield Fault(path="case", message=f"{report.case} is no case of {report.customer}")
    if not report.description.strip():
        yield Fault(path="description", message="is empty")
    yield from evidence_faults(evidence, report.evidence)
    if report.reported_at > at + CLOCKS_APART:
        yield Fault(path="reported_at", message="is in the future")


def evidence_faults(evidence: EvidenceStore, documents: Sequence[Document]) -> Iterator[Fault]:
    """A document that is not in the store yet may still arrive; one with another hash is another document."""
    for n, document in enumerate(documents):
        stored = evidence.sha256_of(document.reference)
        if stored and stored != document.sha256:
            words = f"is not the hash of {document.reference} in the evidence store"
            yield Fault(path=f"evidence[{n}].sha256", message=words)
