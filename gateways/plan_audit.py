"""核对: what of the adjustments does not hold: plans, marks and remarks against the trail, its proofs and the books."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, SQLModel, col, select

from contracts.adjustments import Plan, PlanMark
from contracts.books import Booking
from contracts.messages import adjustment_id
from contracts.notices import DeliveryState
from contracts.refusals import Refused
from gateways.books_entries import lines_of
from gateways.books_months import day_of
from gateways.evidence import EvidenceStore
from gateways.plan_proofs import REACHED, approvals, notices
from gateways.plan_trail import PROPOSED, SAID, Link, Telling, is_whole, link_of, mark_told, plan_told, remark_told
from records.adjustment_tables import PlanMarkRow, PlanRow, RemarkRow
from records.books_tables import JournalEntryRow
from records.tables import TrailRow

_ADJUSTMENTS = adjustment_id("")
_WENT_OUT = (*REACHED, DeliveryState.BOUNCED)
"""What a message may be by now that had reached the customer."""

_BEFORE: dict[str, tuple[str, ...]] = {
    PlanMark.APPROVED: (PROPOSED,),
    PlanMark.TOLD: (PROPOSED,),
    PlanMark.POSTED: (PlanMark.APPROVED, PlanMark.TOLD),
    PlanMark.RECONCILED: (PlanMark.POSTED,),
}
"""What has to be true of a plan before something becomes of it."""


def breaks(session: Session, evidence: EvidenceStore | None, dossier: str | None = None) -> Iterator[str]:
    """One sentence for each thing that does not hold, of one dossier or of all; none when all does. `evidence` null:
    snapshots are not looked for."""
    tables = TrailRow, PlanRow, PlanMarkRow, RemarkRow, JournalEntryRow
    try:
        kept = [_by_dossier(session, table, dossier) for table in tables]
    except ValueError as fault:  # a word that is none, a day that is none
        yield f"The records of adjustments cannot be read: {fault}."
        return
    for name in sorted({name for rows in kept for name in rows}):
        audited = _Adjustment(session, evidence, name, *(rows[name] for rows in kept))
        yield from (f"{name}: {words}" for words in audited.breaks())


@dataclass(frozen=True)
class _Adjustment:
    """All that is on record of one adjustment. The trail is the measure: what holds of it is said elsewhere."""

    session: Session
    evidence: EvidenceStore | None
    dossier: str
    trail: Sequence[TrailRow]
    plans: Sequence[PlanRow]
    marks: Sequence[PlanMarkRow]
    remarks: Sequence[RemarkRow]
    entries: Sequence[JournalEntryRow]

    def breaks(self) -> Iterator[str]:
        links = [link for row in self.trail if (link := link_of(row))]
        yield from (f"plan {row.n} is not what its hash says." for row in self.plans if not is_whole(row))
        on_record = [*map(plan_told, self.plans), *map(mark_told, self.marks), *map(remark_told, self.remarks)]
        yield from _differences(on_record, [link.telling for link in links])
        yield from self._unproven(links)
        yield from self._misbooked(links)
        for link in links:
            if link.what == PlanMark.POSTED:
                yield from self._unseen(link)

    def _unproven(self, links: Iterable[Link]) -> Iterator[str]:
        """Each mark under the hash of what was proposed, proven by the people, and none skipped."""
        reached: dict[str, set[str]] = defaultdict(set)
        for link in links:
            needed = _BEFORE.get(link.what, ())
            yield from (
                f"plan {link.n} was {link.what} and not {each} before, under its hash."
                for each in needed
                if each not in reached[link.plan]
            )
            reached[link.plan].add(link.what)
            if link.what in _PROOFS and link.words not in _PROOFS[link.what](self.session, self.dossier, link.plan):
                yield f"plan {link.n} was {link.what} by the trail ({link.words}), but nothing on record proves it."

    def _misbooked(self, links: Iterable[Link]) -> Iterator[str]:
        """What stands in the books in the name of the case is what was posted, no more, no less."""
        there = {entry.id: entry for entry in self.entries}
        whole = {row.hash: row for row in self.plans if is_whole(row)}
        for link in links:
            row, booked = whole.get(link.plan), [there.pop(name, None) for name in link.entries]
            planned = Plan.model_validate_json(row.plan).bookings if row else ()
            for name, booking, entry in zip(link.entries, planned, booked, strict=False):
                if entry is None or not self._stands(entry, booking):
                    yield f"plan {link.n}: {name} does not stand in the books as it was planned."
        yield from (f"{name} was booked in its name, and no plan that was posted holds it." for name in there)

    def _stands(self, entry: JournalEntryRow, booking: Booking) -> bool:
        booked = entry.reference, entry.text, day_of(entry.at), entry.reverses or "", entry.corrects or ""
        planned = booking.reference, booking.text, booking.on, booking.reverses, booking.corrects
        return booked == planned and tuple(lines_of(self.session, entry.id)) == booking.lines

    def _unseen(self, link: Link) -> Iterator[str]:
        """How the books stood before has to be on file as it was."""
        if not link.snapshots:
            yield f"plan {link.n} was posted, and the trail names no snapshot of the books before."
        if self.evidence is None:
            return
        for reference, sha256 in link.snapshots.items():
            found = _sha256_of(self.evidence, reference)
            if found != sha256:
                yield f"the snapshot of plan {link.n}, {reference}, is {'another one' if found else 'gone'}."


def _by_dossier(session: Session, table: type[SQLModel], dossier: str | None) -> defaultdict[str, list[Any]]:
    """The rows about adjustments, in the order in which they were written, of one dossier or of all."""
    owner = col(table.dossier)  # type: ignore[attr-defined]
    rows = select(table).where(owner.startswith(_ADJUSTMENTS)).order_by(*inspect(table).primary_key)
    if table is TrailRow:
        rows = rows.where(col(TrailRow.what).startswith("plan ") | (col(TrailRow.what) == SAID))
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in session.exec(rows.where(owner == dossier) if dossier else rows):
        found[row.dossier].append(row)  # type: ignore[attr-defined]
    return found


def _differences(on_record: Iterable[Telling], in_trail: Iterable[Telling]) -> Iterator[str]:
    """What is told otherwise, subject by subject, or on one side only."""
    rows, links = Counter(on_record), Counter(in_trail)
    left: dict[str, tuple[list[Telling], list[Telling]]] = defaultdict(lambda: ([], []))
    for side, tellings in enumerate((rows - links, links - rows)):
        for each in tellings.elements():
            left[each.subject][side].append(each)
    for subject, sides in left.items():
        yield from chain.from_iterable(_difference(subject, row, link) for row, link in zip_longest(*sides))


def _difference(subject: str, row: Telling | None, link: Telling | None) -> Iterator[str]:
    if row and link:
        pairs = zip(row.tells, link.tells, strict=True)
        names = [name for (name, value), (_, told) in pairs if value != told]
        yield from (f"{subject}: the {name} on record is not the one in the trail." for name in names)
    else:
        yield f"{subject} stands {'on record only, not in the trail' if row else 'in the trail only, not on record'}."


def _sha256_of(evidence: EvidenceStore, reference: str) -> str | None:
    """Null where nothing is kept there, or the reference is none."""
    try:
        return evidence.sha256_of(reference)
    except Refused:
        return None


def _approved_by(session: Session, dossier: str, plan: str) -> set[str]:
    return {", ".join(each.people) for each in approvals(session, dossier, plan)}


def _told_by(session: Session, dossier: str, plan: str) -> set[str]:
    return set(notices(session, dossier, plan, _WENT_OUT))


_PROOFS: dict[str, Callable[[Session, str, str], set[str]]] = {
    PlanMark.APPROVED: _approved_by,
    PlanMark.TOLD: _told_by,
}
