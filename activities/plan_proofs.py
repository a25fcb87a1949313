"""凭据: what proves that a plan was approved, that the customer was told of it, and how the books stood before it."""

from sqlmodel import Session

from contracts.adjustments import Plan
from gateways.books import Books
from gateways.evidence import EvidenceStore
from gateways.plan_proofs import Approval, approvals, notices
from records.canonical import canonical, fingerprint


def approval_of(session: Session, dossier: str, plan: str) -> Approval:
    """How the plan with this hash was approved; where it was asked twice, by the more. RuntimeError if it was not."""
    approved = max(approvals(session, dossier, plan), key=lambda each: each.asked, default=None)
    if approved is None:
        raise RuntimeError(f"nobody has approved {plan}")
    return approved


def notice_of(session: Session, dossier: str, plan: str) -> str:
    """How the customer was told of the plan with this hash: by which message, by whose letter, or by answering; empty
    where it reached nobody."""
    return next(notices(session, dossier, plan), "")


def keep_snapshot(session: Session, books: Books, evidence: EvidenceStore, plan: Plan) -> dict[str, str]:
    """快照: the accounts of a plan as they stand before it is posted; its place in the evidence store and its hash."""
    accounts = [
        {
            "account": books.account(session, each.account).model_dump(mode="json"),
            "entries": [entry.model_dump(mode="json") for entry in books.entries(session, each.account)],
        }
        for each in plan.effects
    ]
    content = canonical({"plan": plan.model_dump(mode="json"), "books": accounts})
    reference = f"snapshots/{plan.dossier}/plan-{plan.n}-{fingerprint(content)[:16]}.json"
    return {reference: evidence.put(reference, content.encode())}
