"""核对: which statements are on file for an account, and where its books differ from them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import chain

from sqlmodel import Session, col, select

from contracts.adjustments import AdjustmentRequest, Compared, Plan
from contracts.books import AccountFacts
from contracts.refusals import Code, Refused
from contracts.statements import Difference, Statement
from gateways.books import Books
from gateways.books_months import day_of
from gateways.comparison import Booked, compare
from gateways.evidence import EvidenceStore
from gateways.statements import read_statements
from records.adjustment_tables import PlanRow
from records.people_tables import AttachmentRow
from records.tables import CaseRow

MOST = 50
"""So many differences are put right by one plan; a plan takes back and books no more entries than that."""

TEXT = 200
"""So many characters of the text of a line go through a case: a bank may write thousands."""

AROUND = timedelta(days=10)
"""An entry so far outside the time of a statement may still be meant by it."""

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)
"""A statement of other days is a mistake."""

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Comparing:
    """The books of one account, in one session, and what is on file about it."""

    session: Session
    books: Books
    evidence: EvidenceStore
    account: AccountFacts

    def compare(self, case: CaseRow) -> Compared:
        """Every statement of this account that is on file, each day by one of them; papers that are none are named with
        the reason."""
        compared: list[tuple[str, Statement]] = []
        unread: list[str] = []
        covered: list[tuple[date, date]] = []
        for reference, statement in self._read(case, unread):
            parts = list(_without(statement, covered))
            if not parts:
                unread.append(f"{reference}: another statement has its days already")
            compared += [(reference, part) for part in parts]
            covered.append((statement.since, statement.until))
        differences = [difference for _, each in compared for difference in self._differences(each)]
        return Compared(
            statements=tuple(dict.fromkeys(reference for reference, _ in compared)),
            differences=tuple(differences[:MOST]),
            more=max(len(differences) - MOST, 0),
            unread=tuple(each[:200] for each in unread[:MOST]),
            since=min((each.since for _, each in compared), default=None),
            until=max((each.until for _, each in compared), default=None),
        )

    def _read(self, case: CaseRow, unread: list[str]) -> Iterator[tuple[str, Statement]]:
        """The statements of this account and currency; why every other paper is none is added to `unread`."""
        for reference, sha256 in self._papers(case):
            try:
                statements = self._statements(reference, sha256)
            except Refused as refused:
                unread.append(f"{reference}: {refused.sentence}")
                continue
            for each in statements:
                if each.account not in {self.account.id, self.account.number}:
                    unread.append(f"{reference}: is of {each.account}")
                elif each.currency != self._currency:
                    unread.append(f"{reference}: is in {each.currency}")
                elif each.since < EARLIEST or each.until > LATEST:
                    unread.append(f"{reference}: is of {each.since} to {each.until}, which cannot be")
                else:
                    yield reference, each

    @property
    def _currency(self) -> str:
        return self.account.currency

    @cached_property
    def _days(self) -> dict[str, date]:
        """By reference, the day that a booking of a plan for this customer belongs to, where it is booked on another:
        else what was put right after its period was closed would be put right again."""
        hers = select(PlanRow.plan).join(CaseRow, col(CaseRow.dossier) == col(PlanRow.dossier))
        plans = self.session.exec(hers.where(CaseRow.customer == self.account.customer))
        bookings = chain.from_iterable(Plan.model_validate_json(each).bookings for each in plans)
        return {each.reference: each.belongs_on for each in bookings if each.belongs_on}

    def _papers(self, case: CaseRow) -> Iterator[tuple[str, str]]:
        """What came with the request, and what staff put to its tasks; the same content once."""
        came = AdjustmentRequest.model_validate_json(case.request).evidence
        put = self.session.exec(select(AttachmentRow).where(AttachmentRow.dossier == case.dossier))
        by_content = {each.sha256: each.reference for each in reversed([*came, *put])}
        yield from ((reference, sha256) for sha256, reference in reversed(by_content.items()))

    def _statements(self, reference: str, sha256: str) -> tuple[Statement, ...]:
        content = self.evidence.get(reference)
        if self.evidence.sha256_of(reference) != sha256:
            raise Refused(Code.MISMATCH, "it is not what was put on file: its hash is another")
        return read_statements(content, reference, self.account.id, self._currency)

    def _differences(self, statement: Statement) -> tuple[Difference, ...]:
        found = compare(statement, [*self._booked(self.account.id, statement)], [*self._elsewhere(statement)])
        return tuple(each.model_copy(update={"text": each.text[:TEXT]}) for each in found)

    def _booked(self, account: str, statement: Statement) -> Iterator[Booked]:
        for entry in self.books.standing(self.books.entries(self.session, account)):
            day = self._days.get(entry.reference) or day_of(entry.at)
            if statement.since - AROUND <= day <= statement.until + AROUND:
                yield Booked(entry.id, account, entry.reference, day, entry.amount, entry.text)

    def _elsewhere(self, statement: Statement) -> Iterator[Booked]:
        minors = {line.amount.minor for line in statement.lines}
        for account in self.books.booked_alike(self.session, self._currency, minors):
            if account != self.account.id:
                yield from self._booked(account, statement)


def left_of(compared: Compared, plan: Plan, entries: Iterable[str]) -> Iterator[str]:
    """What a plan has not put right that posted these entries, by a comparison made since."""
    about = {name for each in plan.bookings for name in (each.reverses, each.corrects) if name} | {*entries}
    return (each.sentence for each in compared.differences if each.entry in about)


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
