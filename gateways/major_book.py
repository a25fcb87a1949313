"""How a major incident stands, read from the records."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, select

from contracts.base import Contract
from contracts.major_views import ActionLine, BulletinLine, MajorView, MemberLine, ReportLine
from contracts.refusals import Code, Refused
from gateways.majors import reports_of
from records.database import Database
from records.incident_tables import ActionRow, BulletinRow, BulletinToldRow, MajorRow, TeamRow

Line = TypeVar("Line", bound=Contract)


def major_view(database: Database, case: str) -> MajorView:
    """All of one. Refused: NOT_FOUND."""
    with database.reading() as session:
        row = session.exec(select(MajorRow).where(MajorRow.case_id == case)).first()
        if row is None:
            raise Refused(Code.NOT_FOUND, f"There is no major incident {case}.")
        return MajorView(
            case=case,
            **row.model_dump(include=set(MajorView.model_fields)),
            team=tuple(_lines(_of(session, TeamRow, row), MemberLine)),
            bulletins=tuple(_bulletins(session, row)),
            reports=tuple(_reports(session, row)),
            actions=tuple(_lines(_of(session, ActionRow, row), ActionLine)),
        )


def _bulletins(session: Session, major: MajorRow) -> Iterator[BulletinLine]:
    told = Counter(each.n for each in _of(session, BulletinToldRow, major))
    for row in _of(session, BulletinRow, major):
        yield BulletinLine(**row.model_dump(include=set(BulletinLine.model_fields)), told=told[row.n])


def _reports(session: Session, major: MajorRow) -> Iterator[ReportLine]:
    for row in reports_of(session, major):
        values = row.model_dump(include=set(ReportLine.model_fields))
        yield ReportLine(case=row.case_id, with_report=row.linked_to, **values)


def _lines(rows: Sequence[SQLModel], line: type[Line]) -> Iterator[Line]:
    return (line(**row.model_dump(include=set(line.model_fields))) for row in rows)


def _of(session: Session, table: Any, major: MajorRow) -> Sequence[Any]:
    """What is on record under its dossier, in the order of the keys."""
    rows = session.exec(select(table).where(table.dossier == major.dossier).order_by(*table.__table__.primary_key))
    return rows.all()
