"""调账台账: how an adjustment stands, for whoever looks."""

from sqlmodel import Session, col, select

from contracts.adjustment_views import AdjustmentView, MarkLine, PlanView, SaidLine
from contracts.adjustments import Plan
from contracts.refusals import Code, Refused
from gateways.casebook import find_case
from records.adjustment_tables import AdjustmentRow, PlanMarkRow, PlanRow, RemarkRow
from records.database import Database


def adjustment_view(database: Database, case: str) -> AdjustmentView:
    """All of one adjustment. Refused: NOT_FOUND where there is no such case, or it is none."""
    with database.reading() as session:
        row = session.get(AdjustmentRow, find_case(session, case).dossier)
        if row is None:
            raise Refused(Code.NOT_FOUND, f"{case} is no adjustment.")
        return AdjustmentView(
            case=row.case_id,
            **row.model_dump(exclude={"dossier", "case_id"}),
            said=_said(session, row.dossier),
            plans=_plans(session, row.dossier),
        )


def _said(session: Session, dossier: str) -> tuple[SaidLine, ...]:
    rows = session.exec(select(RemarkRow).where(RemarkRow.dossier == dossier).order_by(col(RemarkRow.id)))
    return tuple(SaidLine(**row.model_dump(exclude={"id", "dossier"})) for row in rows)


def _plans(session: Session, dossier: str) -> tuple[PlanView, ...]:
    rows = session.exec(select(PlanRow).where(PlanRow.dossier == dossier).order_by(col(PlanRow.n)))
    return tuple(_plan(session, row) for row in rows)


def _plan(session: Session, row: PlanRow) -> PlanView:
    plan = Plan.model_validate_json(row.plan)
    shown = {name: getattr(plan, name) for name in ("bookings", "effects", "periods", "gross", "undoes")}
    marks = select(PlanMarkRow).where(PlanMarkRow.dossier == row.dossier, PlanMarkRow.n == row.n)
    return PlanView(
        **row.model_dump(include={"n", "hash", "at", "proposed_by", "why"}),
        **shown,
        marks=tuple(
            MarkLine(mark=each.mark, at=each.at, words=each.words)
            for each in session.exec(marks.order_by(col(PlanMarkRow.at)))
        ),
    )
