"""调账台账: how an adjustment stands, for whoever looks."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from pydantic import ValidationError
from sqlmodel import Session, col, select

from contracts.adjustment_views import AdjustmentFigures, AdjustmentView, LearnedLine, MarkLine, PlanView, SaidLine
from contracts.adjustments import SYSTEM, AdjustmentRequest, Plan, PlanMark
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.vocabulary import CaseKind
from gateways import plan_audit
from gateways.books_months import day_of
from gateways.casebook import find_case
from gateways.incident_figures import tally
from records.adjustment_tables import AdjustmentRow, PlanMarkRow, PlanRow, RemarkRow
from records.database import Database
from records.tables import CaseRow


def adjustment_view(database: Database, case: str) -> AdjustmentView:
    """All of one adjustment. Refused: NOT_FOUND where there is no such case, or it is none; MISMATCH where a plan was
    made unreadable."""
    with database.reading() as session:
        row = session.get(AdjustmentRow, find_case(session, case).dossier)
        if row is None:
            raise Refused(Code.NOT_FOUND, f"{case} is no adjustment.")
        return AdjustmentView(
            case=row.case_id,
            **row.model_dump(exclude={"dossier", "case_id"}),
            said=_said(session, row.dossier),
            plans=_plans(session, row.dossier),
            breaks=tuple(plan_audit.breaks(session, None, row.dossier)),
        )


def adjusted_entries(session: Session) -> dict[str, str]:
    """The entries that somebody asked an adjustment for which is not over yet, each with its case; the check of the
    books knows its own."""
    rows = select(CaseRow).where(CaseRow.kind == CaseKind.ADJUSTMENT, col(CaseRow.ended_at).is_(None))
    requests = ((row.case_id, AdjustmentRequest.model_validate_json(row.request)) for row in session.exec(rows))
    return {entry: case for case, request in requests for entry in request.entries if request.raised_by != SYSTEM}


def adjustment_figures(session: Session, since: date | None, until: date) -> AdjustmentFigures:
    """What the adjustments came to that were opened from `since` (null: the first one) to `until`."""
    opened = select(CaseRow, AdjustmentRow).join(AdjustmentRow, col(AdjustmentRow.dossier) == col(CaseRow.dossier))
    rows = [
        (case, row)
        for case, row in session.exec(opened.order_by(col(CaseRow.opened_at), col(CaseRow.dossier)))
        if (since is None or since <= day_of(case.opened_at)) and day_of(case.opened_at) <= until
    ]
    said = {True: "content", False: "not content", None: "nothing said"}
    return AdjustmentFigures(
        since=since,
        until=until,
        opened=len(rows),
        outcomes=tally(case.outcome for case, _ in rows),
        causes=tally(row.cause or row.suspected_cause for _, row in rows),
        raised_by=tally(row.raised_by for _, row in rows),
        content=tally(said[row.content] for case, row in rows if case.ended_at),
        posted=_posted(session, [case.dossier for case, _ in rows]),
        lessons=tuple(
            LearnedLine(
                case=row.case_id, cause=row.cause or row.suspected_cause, improvement=row.improvement,
                learned_by=row.learned_by,
            )
            for _, row in rows
            if row.improvement
        ),
    )  # fmt: skip


def _posted(session: Session, dossiers: Sequence[str]) -> tuple[Money, ...]:
    """All that plans moved which were posted, by currency."""
    posted = select(PlanMarkRow.hash).where(col(PlanMarkRow.mark) == PlanMark.POSTED)
    moved: Counter[str] = Counter()
    wanted = set(dossiers)
    for row in session.exec(select(PlanRow).where(col(PlanRow.hash).in_(posted))):
        if row.dossier in wanted:
            gross = _read(row).gross
            moved[gross.currency] += gross.minor
    return tuple(Money(minor=minor, currency=currency) for currency, minor in sorted(moved.items()))


def _said(session: Session, dossier: str) -> tuple[SaidLine, ...]:
    rows = session.exec(select(RemarkRow).where(RemarkRow.dossier == dossier).order_by(col(RemarkRow.id)))
    return tuple(SaidLine(**row.model_dump(exclude={"id", "dossier"})) for row in rows)


def _plans(session: Session, dossier: str) -> tuple[PlanView, ...]:
    rows = session.exec(select(PlanRow).where(PlanRow.dossier == dossier).order_by(col(PlanRow.n)))
    return tuple(_plan(session, row) for row in rows)


def _plan(session: Session, row: PlanRow) -> PlanView:
    plan = _read(row)
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


def _read(row: PlanRow) -> Plan:
    try:
        return Plan.model_validate_json(row.plan)
    except ValidationError:
        words = f"Plan {row.n} of {row.dossier} is not what its hash says, and cannot be read; `verify` says more."
        raise Refused(Code.MISMATCH, words) from None
