"""更正方案: from what differs to a draft, from a draft to a plan: what is booked, and what that does."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlmodel import Session

from contracts.adjustments import Abroad, Correction, Draft, Effect, Plan
from contracts.bookkeeping import JournalEntry
from contracts.books import AccountFacts, Booking, Line, OwnLedger
from contracts.money import Money
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.statements import Difference, DifferenceKind
from contracts.vocabulary import AccountStatus
from gateways.books import Books
from gateways.books_entries import accounts_in
from gateways.books_facts import account_of, ledger_of
from gateways.books_months import day_of, month_of
from records.canonical import fingerprint

_TAKEN_BACK = {
    DifferenceKind.DOUBLED,
    DifferenceKind.NOT_ON_STATEMENT,
    DifferenceKind.WRONG_AMOUNT,
    DifferenceKind.WRONG_DATE,
}
_BOOKED_ANEW = {
    DifferenceKind.MISSING,
    DifferenceKind.WRONG_AMOUNT,
    DifferenceKind.WRONG_DATE,
    DifferenceKind.WRONG_ACCOUNT,
}


@dataclass(frozen=True)
class Planner:
    """Plans for one account, in one session. `on`: the day of what is booked now."""

    session: Session
    books: Books
    account: AccountFacts
    on: date

    @cached_property
    def _own(self) -> dict[str, AccountFacts]:
        """The accounts of the customer, by id."""
        return {each.id: each for each in self.books.accounts_of(self.session, self.account.customer)}

    def draft(self, differences: Sequence[Difference]) -> tuple[Draft | None, tuple[Abroad, ...]]:
        """What the differences lead to by themselves, for a person to look at; and what stands on the accounts of
        other customers, who have to be asked in an adjustment of their own."""
        own = self._own.keys()
        misplaced = [each for each in differences if each.kind is DifferenceKind.WRONG_ACCOUNT]
        back = [each.entry for each in differences if each.kind in _TAKEN_BACK]
        back = [*dict.fromkeys(back + [each.entry for each in misplaced if each.account in own])]
        book = [self._anew(each) for each in differences if each.kind in _BOOKED_ANEW]
        abroad = tuple(Abroad(entry=each.entry, account=each.account) for each in misplaced if each.account not in own)
        return Draft(reverse=tuple(back), book=tuple(book)) if back or book else None, abroad

    def plan(
        self, dossier: str, n: int, draft: Draft, span: tuple[date, date] | None, abroad: Sequence[Abroad]
    ) -> Plan:
        """The plan that a draft comes to; `span`: the days that were compared, else those of what it is about.

        Refused: BAD_INPUT, NOT_FOUND or NOT_ALLOWED, with why it cannot be.
        """
        wrong = [self._standing(each) for each in draft.reverse]
        faults = [*self._reversal_faults(wrong), *self._correction_faults(draft.book)]
        if faults:
            raise bad_input("plan", faults)
        reference = f"{dossier}/plan-{n}"
        bookings = [self._reversal(each, f"{reference}/{k}") for k, each in enumerate(wrong, 1)]
        bookings += [self._booked(each, f"{reference}/{k}") for k, each in enumerate(draft.book, len(wrong) + 1)]
        days = [day_of(each.at) for each in wrong] + [each.on for each in draft.book if each.on]
        about = span or ((min(days), max(days)) if days else None)
        return self._complete(dossier, n, bookings, about, [*wrong], tuple(abroad))

    def undo(self, dossier: str, n: int, undone: Plan, entries: Sequence[str]) -> Plan | None:
        """冲回: of all that was posted, up to the plan `undone`, what still stands is taken back, whoever made it stand
        again; none where nothing does. What took back an entry of our own is no further change."""
        posted = [self.books.entry(self.session, each) for each in entries]
        tips = {each.id: self._standing(each.id) for each in posted if each.reverses not in {*entries}}
        standing = [*{tip.id: tip for tip in tips.values() if not tip.reversed_by}.values()]
        if not standing:
            return None
        bookings = [self._reversal(each, f"{dossier}/plan-{n}/{k}") for k, each in enumerate(standing, 1)]
        days = [day_of(each.at) for each in standing]
        plan = self._complete(dossier, n, bookings, (min(days), max(days)), standing, ())
        return plan.model_copy(update={"undoes": undone.n, "abroad": undone.abroad})

    def basis(self, bookings: Sequence[Booking], span: tuple[date, date] | None) -> str:
        """The hash of everything that a plan rests on: the accounts, what is booked on them in the days of `span`, how
        the entries stand that it takes back or puts right, and which periods are open."""
        accounts = sorted({account for each in bookings for account in accounts_in(each.lines)})
        facts = [self.books.account(self.session, each) for each in accounts]
        named = sorted({name for each in bookings for name in (each.reverses, each.corrects) if name})
        periods = sorted({month_of(each.on) for each in bookings})
        return fingerprint(
            {
                "accounts": [[each.customer, each.currency, each.closed_on is not None] for each in facts],
                "booked": [self._booked_between(each, *span) for each in accounts] if span else [],
                "named": [[name, *self._done_about(name)] for name in named],
                "open": [[each, self.books.is_open(self.session, each)] for each in periods],
            }
        )

    def done_before(self, bookings: Sequence[Booking]) -> Iterator[str]:
        """What was done before about the entries that are put right, and still stands."""
        for name in sorted({each.corrects for each in bookings if each.corrects and not each.reverses}):
            gone = self._standing(name).reversed_by
            if gone:
                yield f"{name} does not stand any more: {gone} took it back"
            for each in self.books.corrections_of(self.session, name):
                if not self._standing(each.id).reversed_by:
                    yield f"{name} was put right by {each.id} already: {each.text}"

    def effects(self, bookings: Sequence[Booking]) -> tuple[Effect, ...]:
        """What they do to each account, as it stands now."""
        moved: Counter[str] = Counter()
        for each in bookings:
            for line in each.lines:
                if account := account_of(line.ledger):
                    moved[account] += line.amount.minor
        return tuple(
            Effect(account=name, before=balance, after=balance + Money(minor=minor, currency=balance.currency))
            for name, minor in sorted(moved.items())
            for balance in [self.books.account(self.session, name).balance]
        )

    def uncovered(self, effects: Sequence[Effect]) -> Iterator[str]:
        """Which accounts would be overdrawn further than they may."""
        for each in effects:
            facts = self.books.account(self.session, each.account)
            limit = facts.overdraft.minor if facts.overdraft else 0
            if each.after.minor < min(each.before.minor, -limit):
                yield f"account {each.account} would stand at {each.after}, which nothing covers"

    def _complete(
        self, dossier: str, n: int, bookings: Sequence[Booking], span: tuple[date, date] | None,
        wrong: Sequence[JournalEntry], abroad: tuple[Abroad, ...],
    ) -> Plan:  # fmt: skip
        effects = self.effects(bookings)
        if short := "; ".join(self.uncovered(effects)):
            raise Refused(Code.NOT_ALLOWED, f"The plan cannot be: {short}.")
        gross = sum(abs(line.amount.minor) for each in bookings for line in each.lines if account_of(line.ledger))
        return Plan(
            dossier=dossier,
            n=n,
            account=self.account.id,
            bookings=tuple(bookings),
            effects=effects,
            periods=tuple(sorted({each.period for each in wrong} | {month_of(each.on) for each in bookings})),
            gross=Money(minor=gross, currency=self.account.currency),
            days=span,
            basis=self.basis(bookings, span),
            abroad=abroad,
        )

    def _anew(self, difference: Difference) -> Correction:
        """The booking that the statement wants. It goes to the ledger of the entry that it puts right."""
        amount = difference.stated or difference.booked
        if amount is None:
            raise AssertionError(f"a difference without an amount: {difference.kind}")
        wrong = self.books.entry(self.session, difference.entry) if difference.entry else None
        return Correction(
            account=self.account.id,
            amount=amount.text,
            ledger=_other_side(wrong, amount),
            text=" ".join(difference.text.split())[:150] or str(difference.kind),
            on=difference.stated_on or difference.booked_on,
            corrects=wrong.id if wrong and {*accounts_in(wrong.lines)} <= self._own.keys() else None,
        )

    def _reversal(self, wrong: JournalEntry, reference: str) -> Booking:
        on, belongs_on = self._days(day_of(wrong.at))
        return Booking(
            reference=reference,
            text=f"reversal of {wrong.id}{_belonging(belongs_on)}: {wrong.text}"[:8_000],
            lines=tuple(Line(ledger=line.ledger, amount=-line.amount) for line in wrong.lines),
            on=on,
            reverses=wrong.id,
            corrects=wrong.id,
            belongs_on=belongs_on,
        )

    def _booked(self, correction: Correction, reference: str) -> Booking:
        amount = Money.parse(correction.amount, self.account.currency)
        on, belongs_on = self._days(correction.on or self.on)
        ours = Line(ledger=correction.ledger.of(amount.currency), amount=-amount)
        return Booking(
            reference=reference,
            text=f"correction{_belonging(belongs_on)}: {correction.text}",
            lines=(Line(ledger=ledger_of(correction.account), amount=amount), ours),
            on=on,
            corrects=correction.corrects or "",
            belongs_on=belongs_on,
        )

    def _standing(self, entry_id: str) -> JournalEntry:
        """The entry that is to be taken back for this one not to stand: where its reversal was itself taken back, that
        is what stands in its place."""
        chain = [self.books.entry(self.session, entry_id)]
        while chain[-1].reversed_by:
            chain.append(self.books.entry(self.session, chain[-1].reversed_by))
        return chain[-1] if len(chain) % 2 else chain[0]

    def _done_about(self, entry_id: str) -> list[str]:
        """What took an entry back, and what was booked to put it right."""
        corrections = self.books.corrections_of(self.session, entry_id)
        return [self.books.entry(self.session, entry_id).reversed_by, *(each.id for each in corrections)]

    def _days(self, day: date) -> tuple[date, date | None]:
        """The day to book on: that one while its period is open; what is closed stays closed, and is put right today,
        with the day that it belongs to."""
        return (day, None) if self.books.is_open(self.session, month_of(day)) else (self.on, day)

    def _reversal_faults(self, wrong: Sequence[JournalEntry]) -> Iterator[Fault]:
        own, named = self._own, Counter(each.id for each in wrong)
        for n, each in enumerate(wrong):
            path, accounts = f"reverse[{n}]", set(accounts_in(each.lines))
            if named[each.id] > 1:
                yield Fault(path=path, message=f"{each.id} would be taken back twice: name what it stands for once")
            if each.reversed_by:
                yield Fault(path=path, message=f"{each.id} was taken back by {each.reversed_by} already")
            if accounts - own.keys():
                yield Fault(path=path, message=f"{each.id} is on an account of another customer too, who must be asked")
            if any(own[name].currency != self.account.currency for name in accounts & own.keys()):
                yield Fault(path=path, message=f"{each.id} is not in {self.account.currency}")
            for name in sorted(accounts & own.keys()):
                if own[name].status is AccountStatus.CLOSED:
                    yield Fault(path=path, message=f"{each.id} is on {name}, which is closed")
            if not accounts:
                yield Fault(path=path, message=f"{each.id} is on no account of a customer")

    def _correction_faults(self, book: Sequence[Correction]) -> Iterator[Fault]:
        own = self._own
        for n, each in enumerate(book):
            path, account = f"book[{n}]", own.get(each.account)
            if account is None:
                yield Fault(path=f"{path}.account", message=f"{each.account} is no account of {self.account.customer}")
            elif account.status is AccountStatus.CLOSED:
                yield Fault(path=f"{path}.account", message=f"{each.account} is closed")
            elif account.currency != self.account.currency:
                yield Fault(path=f"{path}.account", message=f"{each.account} is not kept in {self.account.currency}")
            if each.on and not (account or self.account).opened_on <= each.on <= self.on:
                yield Fault(path=f"{path}.on", message=f"{each.on} is in the future, or before the account was opened")
            if each.corrects and not {*accounts_in(self.books.entry(self.session, each.corrects).lines)} <= own.keys():
                yield Fault(path=f"{path}.corrects", message=f"{each.corrects} is on an account of another customer")
            yield from _amount_faults(each.amount, self.account.currency, f"{path}.amount")

    def _booked_between(self, account: str, since: date, until: date) -> list[list[str | int]]:
        entries = self.books.entries(self.session, account)
        return [[each.id, each.amount.minor] for each in entries if since <= day_of(each.at) <= until]


def _belonging(day: date | None) -> str:
    return f" (of {day})" if day else ""


def _other_side(wrong: JournalEntry | None, amount: Money) -> OwnLedger:
    """The firm's ledger of an entry, if it is one; else where money comes from and goes to."""
    ours = {line.ledger.partition(":")[0] for line in wrong.lines if not account_of(line.ledger)} if wrong else set()
    if len(ours) == 1:
        return OwnLedger(ours.pop())
    return OwnLedger.PAYMENTS_IN if amount.minor > 0 else OwnLedger.PAYOUTS


def _amount_faults(text: str, currency: str, path: str) -> Iterator[Fault]:
    try:
        if not Money.parse(text, currency).minor:
            yield Fault(path=path, message="should not be zero")
    except ValueError as error:
        yield Fault(path=path, message=str(error))
