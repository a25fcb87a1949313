"""账务检查: entries that break the bookkeeping rules of the policy."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, select

from contracts.adjustments import OF_A_CHECK, SYSTEM, AdjustmentRequest, Cause
from contracts.book_checks import BookRule, Breach
from contracts.books import OwnLedger
from contracts.money import Money
from gateways.books_entries import taken_back
from gateways.books_facts import account_of, ledger_of
from gateways.books_months import FIRM_ZONE, day_of, next_month
from policy.adjustments import BookRules, Price
from policy.spans import plain
from records.books_tables import JournalEntryRow, JournalLineRow

_CAUSES = {BookRule.DOUBLED: Cause.DATA_ENTRY, BookRule.UNBALANCED: Cause.SYSTEM_FAULT}


class Posted(NamedTuple):
    """An entry as it is checked: with all its lines (ledger, minor units, currency)."""

    row: JournalEntryRow
    lines: tuple[tuple[str, int, str], ...]

    @property
    def accounts(self) -> list[str]:
        """The customers' accounts that it touches."""
        return [account for ledger, _, _ in self.lines if (account := account_of(ledger))]

    def on(self, ledger: OwnLedger) -> bool:
        """Whether it touches one of our own ledgers."""
        return any(name.partition(":")[0] == ledger for name, _, _ in self.lines)


def posted(session: Session, account: str = "") -> list[Posted]:
    """Every entry, in the order of booking; only those on an account where one is named."""
    lines: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    all_lines = select(JournalLineRow).order_by(col(JournalLineRow.entry), col(JournalLineRow.n))
    rows = select(JournalEntryRow).order_by(col(JournalEntryRow.n))
    if account:
        on_it = select(JournalLineRow.entry).where(JournalLineRow.ledger == ledger_of(account))
        all_lines = all_lines.where(col(JournalLineRow.entry).in_(on_it))
        rows = rows.where(col(JournalEntryRow.id).in_(on_it))
    for line in session.exec(all_lines):
        lines[line.entry].append((line.ledger, line.minor, line.currency))
    return [Posted(row, tuple(lines[row.id])) for row in session.exec(rows)]


def breaches(rules: BookRules, entries: Sequence[Posted]) -> Iterator[Breach]:
    """What breaks which rule. What was taken back, and what takes back or puts right, breaks none but the balance."""
    gone = taken_back((each.row.id, each.row.reverses or "") for each in entries)
    plain_ones = [
        each for each in entries if each.row.id not in gone and not each.row.reverses and not each.row.corrects
    ]
    for each in entries:
        yield from _unbalanced(each)
    yield from _doubled(plain_ones, plain(rules.doubled_within))
    for each in plain_ones:
        yield from _late(each, plain(rules.late_after))
        yield from _unpriced(each, rules.prices)


def request_for(breach: Breach) -> AdjustmentRequest:
    """What the check asks for. The same for the same breach, however often it is found."""
    return AdjustmentRequest(
        request_id=f"{OF_A_CHECK}{breach.rule}-{breach.entry}",
        account=breach.account,
        raised_by=SYSTEM,
        suspected_cause=_CAUSES.get(breach.rule, Cause.IMPROPER_ACCOUNTING),
        description=breach.words,
        entries=(breach.entry,),
    )


def is_found(session: Session, rules: BookRules, request: AdjustmentRequest) -> bool:
    """Whether the check asks for just this, by what the books of the account show. All that bears on an entry (what is
    like it, what takes it back) is on its account."""
    found = breaches(rules, posted(session, request.account))
    return any(each.account and request_for(each) == request for each in found)


def _unbalanced(entry: Posted) -> Iterator[Breach]:
    for currency in sorted({currency for _, _, currency in entry.lines}):
        left = sum(minor for _, minor, kept_in in entry.lines if kept_in == currency)
        if left:
            amount = Money(minor=left, currency=currency)
            yield _breach(BookRule.UNBALANCED, entry, f"the lines of {entry.row.id} do not balance: {amount} are left")


def _doubled(entries: Sequence[Posted], within: timedelta) -> Iterator[Breach]:
    """Of two alike the later one is at fault."""
    alike: dict[tuple[object, ...], Posted] = {}
    for each in sorted(entries, key=lambda each: (each.row.at, each.row.n)):
        key = (each.row.text, each.lines)
        before = alike.get(key)
        if before and each.accounts and each.row.at - before.row.at <= within:
            words = f"{each.row.id} says the same as {before.row.id} of {day_of(before.row.at)}"
            yield _breach(BookRule.DOUBLED, each, words)
        else:
            alike[key] = each


def _late(entry: Posted, after: timedelta) -> Iterator[Breach]:
    """An opening balance is booked for the day on which the account was opened, whenever it is loaded."""
    ends = datetime.combine(next_month(entry.row.period), datetime.min.time(), FIRM_ZONE)
    if entry.row.recorded_at > ends + after and not entry.on(OwnLedger.OPENING):
        words = f"{entry.row.id} was recorded on {day_of(entry.row.recorded_at)} for {entry.row.period}, which was over"
        yield _breach(BookRule.LATE, entry, words)


def _unpriced(entry: Posted, prices: Sequence[Price]) -> Iterator[Breach]:
    """A fee is what goes to our own ledger of fees; one that is given back is none."""
    for ledger, minor, currency in entry.lines:
        if ledger.partition(":")[0] == OwnLedger.FEES and minor > 0:
            amount = Money(minor=minor, currency=currency)
            if not any(_is_priced(entry.row.text, amount, price) for price in prices):
                words = f"{amount} ('{entry.row.text[:80]}') is in no price list: {entry.row.id}"
                yield _breach(BookRule.UNPRICED, entry, words)


def _is_priced(text: str, amount: Money, price: Price) -> bool:
    named = any(word.casefold() in text.casefold() for word in price.words)
    stands = price.amounts.get(amount.currency)
    return named and stands is not None and Money.parse(stands, amount.currency) == amount


def _breach(rule: BookRule, entry: Posted, words: str) -> Breach:
    """The account is the first one that the entry touches, the amount what it moves there."""
    account = next(iter(entry.accounts), "")
    moved = [line for line in entry.lines if not account or account_of(line[0]) == account]
    amount = Money(minor=moved[0][1], currency=moved[0][2])
    return Breach(rule=rule, entry=entry.row.id, account=account, amount=amount, words=words)
