"""受理: what opening a case of any kind does with the records: known before? its dossier, its receipt's facts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session, func, select

from contracts.books import CustomerFacts
from contracts.refusals import Code, Refused
from contracts.steps import Opened
from contracts.text import moment_text
from contracts.vocabulary import CaseKind, Initiator, Language, Outcome, Stage
from gateways.calendar_days import calendar_of
from policy import Policy
from records.canonical import fingerprint
from records.tables import CaseRow, TaskRow


def known(session: Session, kind: CaseKind, request_id: str, request: BaseModel, what: str) -> CaseRow | None:
    """The case that this request opened before. Refused: MISMATCH with other content, ALREADY_ENDED."""
    row = session.exec(select(CaseRow).where(CaseRow.kind == kind, CaseRow.request_id == request_id)).first()
    if row is None:
        return None
    if row.request_hash != hash_of(request):
        raise Refused(Code.MISMATCH, f"{what} {request_id} was sent before with other content.")
    if row.ended_at:
        ended = f"it ended as {row.outcome} at {moment_text(row.ended_at)}"
        raise Refused(Code.ALREADY_ENDED, f"{what} {request_id} was case {row.case_id}; {ended}.")
    return row


def new_dossier(
    session: Session,
    case_id: str,
    kind: CaseKind,
    request_id: str,
    request: BaseModel,
    policy: Policy,
    at: datetime,
    *,
    customer: str,
    language: Language,
    account: str = "",
    initiator: Initiator = Initiator.CUSTOMER,
) -> CaseRow:
    """The dossier of a case that begins; when it is expected to end is for the caller to reckon."""
    n = session.exec(select(func.count()).where(CaseRow.case_id == case_id)).one() + 1
    row = CaseRow(
        dossier=f"{case_id}.{n}", case_id=case_id, n=n, kind=kind, request_id=request_id,
        request=request.model_dump_json(), request_hash=hash_of(request), account=account, customer=customer,
        language=language, initiator=initiator, policy=policy.version, stage=Stage.RECEIVED, outcome=Outcome.OPEN,
        opened_at=at, expected_by=at,
    )  # fmt: skip
    session.add(row)
    return row


def opened(session: Session, policy: Policy, row: CaseRow, customer: CustomerFacts, reason: str, **more: Any) -> Opened:
    """What opening the case answers to its workflow. `more` are further fields of Opened."""
    earlier = select(func.count()).where(TaskRow.case_id == row.case_id, TaskRow.dossier != row.dossier)
    values: Mapping[str, Any] = {
        "case": row.case_id,
        "dossier": row.dossier,
        "kind": row.kind,
        "policy": row.policy,
        "initiator": row.initiator,
        "customer_kind": customer.kind,
        "language": row.language,
        "reason": reason,
        "expected_by": row.expected_by,
        "tasks_before": session.exec(earlier).one(),
        "provisional": calendar_of(session, policy).provisional_between(row.opened_at, row.expected_by),
    }
    return Opened(**values, **more)


def hash_of(request: BaseModel) -> str:
    """What makes two requests the same."""
    return fingerprint(request.model_dump(mode="json"))
