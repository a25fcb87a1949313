"""`verify`: the trail chains, their heads against the workflow results, the adjustments, the books, closed periods."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlmodel import Session, col, func, select

from client import Quietus
from commands.face import AsJson, answer
from commands.office import ask_temporal, records
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome
from contracts.views import Verified
from gateways import books_audit, plan_audit
from gateways.books import Ledger
from gateways.casebook import find_case
from gateways.evidence import EvidenceStore, open_store
from records import trail
from records.tables import CaseRow, TrailRow
from settings import load_settings


def verify(
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="A case or a dossier; all when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Exit code 1 when anything does not hold."""
    database = records()
    with database.reading() as session:
        row = find_case(session, case) if case else None
    outcomes = _outcomes(row.case_id if row else None)
    with database.reading() as session:
        verified = check(session, row.dossier if row else None, outcomes, open_store(load_settings().evidence_url))
    answer(verified, as_json, _words)
    if verified.breaks:
        raise typer.Exit(1)


def check(
    session: Session,
    dossier: str | None,
    outcomes: Sequence[CaseOutcome] | None,
    evidence: EvidenceStore | None = None,
) -> Verified:
    """Compare what is on record with itself, with `outcomes` of ended cases (null: Temporal is not reachable) and with
    the snapshots in `evidence` (null: they are not looked for)."""
    sums = Ledger().sums(session)
    mine = [outcome for outcome in outcomes or () if dossier in {None, outcome.dossier}]
    breaks = [f"{broken.dossier}: {broken.words}" for broken in trail.verify(session, dossier)]
    breaks += [
        f"{each.dossier}: the trail is not the one that the workflow sealed."
        for each in mine
        if _differs(session, each)
    ]
    breaks += [f"The books in {currency} do not sum to zero." for currency, minor in sums.items() if minor]
    breaks += books_audit.breaks(session)
    breaks += plan_audit.breaks(session, evidence, dossier)
    cases, links = select(func.count(col(CaseRow.dossier))), select(func.count(col(TrailRow.seq)))
    if dossier:
        cases, links = cases.where(CaseRow.dossier == dossier), links.where(TrailRow.dossier == dossier)
    return Verified(
        cases=session.exec(cases).one(),
        links=session.exec(links).one(),
        heads_compared=len(mine),
        heads="not reachable" if outcomes is None else "compared",
        sums=Verified.sum_texts(sums),
        breaks=tuple(breaks),
    )


def _differs(session: Session, outcome: CaseOutcome) -> bool:
    """Whether the link that the workflow named as its last is another one now. Later links may follow it."""
    link = session.get(TrailRow, (outcome.dossier, outcome.trail_length))
    return link is None or link.hash != outcome.trail_head


def _outcomes(case: str | None) -> list[CaseOutcome] | None:
    try:
        return ask_temporal(lambda quietus: _ended(quietus, case))
    except Refused as refused:
        if refused.code is Code.UNREACHABLE:
            return None
        raise


async def _ended(quietus: Quietus, case: str | None) -> list[CaseOutcome]:
    return [outcome async for outcome in quietus.outcomes(case)]


def _words(verified: Verified) -> list[str]:
    heads = (
        f"{_count(verified.heads_compared, 'head')} compared with the workflow results"
        if verified.heads == "compared"
        else "the heads could not be compared with the workflow results: Temporal is not reachable"
    )
    sums = ", ".join(f"{currency} {amount}" for currency, amount in verified.sums.items()) or "no entries"
    counts = f"{_count(verified.cases, 'case')}, {_count(verified.links, 'link')} of trail"
    verdict = f"{_count(len(verified.breaks), 'break')} found" if verified.breaks else "All holds"
    return [*verified.breaks, f"{verdict}. {counts}; {heads}; sums of the books: {sums}."]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
