"""核对: which statements are on file for an account, and where its books differ from them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import chain

from sqlmodel import Session, col, select

from activities.papers import Paper, Papers, Sourced
from contracts.adjustments import AdjustmentRequest, Compared, Plan
from contracts.books import AccountFacts
from contracts.statements import Difference, Statement
from contracts.text import counted
from gateways.books import Books
from gateways.books_months import day_of, month_of
from gateways.comparison import Booked, compare
from gateways.evidence import EvidenceStore
from records.adjustment_tables import PlanRow
from records.people_tables import AttachmentRow
from records.tables import CaseRow

MOST = 50
"""So many differences are put right by one plan; a plan takes back and books no more entries than that."""

AROUND = timedelta(days=10)
"""An entry so far outside the time of a statement may still be meant by it."""

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """The books held against the statements that are on file: every difference, however many. `sources`: the papers
    that were compared; `unread`: what was not, and why; `since`, `until`: null where no statement was."""

    sources: tuple[str, ...]
    differences: tuple[Difference, ...]
    unread: tuple[str, ...]
    since: date | None
    until: date | None

    @property
    def compared(self) -> Compared:
        """As much of it as goes through a case, for one plan."""
        return Compared(
            statements=self.sources,
            differences=self.differences[:MOST],
            more=max(len(self.differences) - MOST, 0),
            unread=self.unread[:MOST],
            since=self.since,
            until=self.until,
        )

    def scope(self, agreement: str = "") -> str:
        """What was compared, and how it agrees where that is said: such as `2 statements, all lines agree`."""
        left_out = {each.partition(": ")[0] for each in self.unread}
        none = "no statement compared" if left_out else "no statement on file"
        agrees = f"{counted(len(self.sources), 'statement')}{agreement}" if self.sources else none
        return f"{agrees}; not compared, or in part: {counted(len(left_out), 'paper')}" if left_out else agrees

    @property
    def verdict(self) -> str:
        """How far the statements agree with the books after a plan that has nothing left to put right."""
        others = counted(len(self.differences), "difference")
        return self.scope(f", {others} left that are not of this plan" if self.differences else ", all lines agree")

    @property
    def evidence(self) -> dict[str, str]:
        """The first differences and what was not compared, for the trail."""
        differences = {f"difference {n}": each.sentence for n, each in enumerate(self.differences[:MOST], 1)}
        return differences | {f"not compared {n}": each for n, each in enumerate(self.unread[:MOST], 1)}

    def left_of(self, plan: Plan, entries: Iterable[str]) -> tuple[Difference, ...]:
        """What a plan has not put right that posted these entries."""
        about = {name for each in plan.bookings for name in (each.reverses, each.corrects) if name} | {*entries}
        return tuple(each for each in self.differences if each.entry in about)


@dataclass(frozen=True)
class Comparing:
    """The books of one account, in one session that only reads, and what is on file about it: it takes seconds, in
    which others write."""

    session: Session
    books: Books
    evidence: EvidenceStore
    account: AccountFacts

    def compare(self, case: CaseRow) -> Held:
        """Every statement of this account that is on file, each day by one of them; papers that are none are named with
        the reason."""
        papers = Papers(self.evidence, self.account)
        compared = list(_each_day_once(papers, papers.read([*self._papers(case)])))
        parts = [part for _, part in compared]
        return Held(
            sources=tuple(dict.fromkeys(reference for reference, _ in compared)),
            differences=self._differences(parts),
            unread=tuple(papers.unread),
            since=min((each.since for each in parts), default=None),
            until=max((each.until for each in parts), default=None),
        )

    @cached_property
    def _days(self) -> dict[str, date]:
        """By reference, the day that a booking of a plan for this customer belongs to, where it is booked on another:
        else what was put right after its period was closed would be put right again."""
        hers = select(PlanRow.plan).join(CaseRow, col(CaseRow.dossier) == col(PlanRow.dossier))
        plans = self.session.exec(hers.where(CaseRow.customer == self.account.customer))
        bookings = chain.from_iterable(Plan.model_validate_json(each).bookings for each in plans)
        return {each.reference: each.belongs_on for each in bookings if each.belongs_on}

    def _papers(self, case: CaseRow) -> Iterator[Paper]:
        """What came with the request, and what staff put to its tasks; the same content once, where it came last."""
        came = AdjustmentRequest.model_validate_json(case.request).evidence
        mine = select(AttachmentRow).where(AttachmentRow.dossier == case.dossier).order_by(col(AttachmentRow.id))
        by_content = {each.sha256: each.reference for each in reversed([*came, *self.session.exec(mine)])}
        yield from ((reference, sha256) for sha256, reference in reversed(by_content.items()))

    def _differences(self, parts: Sequence[Statement]) -> tuple[Difference, ...]:
        if not parts:
            return ()
        since, until = min(each.since for each in parts) - AROUND, max(each.until for each in parts) + AROUND
        months = month_of(since), month_of(until)

        def elsewhere(minors: Collection[int]) -> Iterator[Booked]:
            alike = self.books.booked_alike(self.session, self.account.currency, minors, months)
            return (each for each in self._timely(alike) if each.account != self.account.id)

        here = [each for each in self._timely(self._booked()) if since <= each.on <= until]
        return compare(parts, here, elsewhere)

    def _booked(self) -> Iterator[Booked]:
        account = self.account.id
        for each in self.books.standing(self.books.entries(self.session, account)):
            yield Booked(each.id, account, each.reference, day_of(each.at), each.amount, each.text)

    def _timely(self, booked: Iterable[Booked]) -> Iterator[Booked]:
        """Each on the day that it belongs to."""
        return (each._replace(on=self._days.get(each.reference, each.on)) for each in booked)


def _each_day_once(papers: Papers, read: Iterable[Sourced]) -> Iterator[Sourced]:
    """What the first statement that has a day says of it."""
    covered: list[tuple[date, date]] = []
    for reference, statement in read:
        parts = list(_without(statement, covered))
        if not parts:
            papers.leave(reference, "another statement has its days already")
        yield from ((reference, part) for part in parts)
        covered.append((statement.since, statement.until))


def _without(statement: Statement, covered: Iterable[tuple[date, date]]) -> Iterator[Statement]:
    """The parts of a statement that are of days which are not covered yet."""
    begins, cut = statement.since, False
    for since, until in sorted(covered):
        if since <= statement.until and until >= begins:
            cut = True
            if begins < since:
                yield _part(statement, begins, since - DAY)
            begins = max(begins, until + DAY)
    if begins <= statement.until:
        yield _part(statement, begins, statement.until) if cut else statement


def _part(statement: Statement, since: date, until: date) -> Statement:
    lines = tuple(line for line in statement.lines if since <= line.booked_on <= until)
    return statement.model_copy(update={"since": since, "until": until, "lines": lines})
