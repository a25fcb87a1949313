"""方案的说法: a plan in the words of staff, and in those of the customer."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from contracts.adjustments import Compared, Plan
from contracts.books import Booking
from contracts.money import Money
from contracts.vocabulary import Language
from gateways.books_facts import account_of
from notices.words import words

_ROOM, _SHOWN = 7_900, 60
"""So long is what is said of a plan at most, and what is shown of the text of one entry."""


_OURS = re.compile(r"((reversal of JE-[0-9a-f]{16}|correction)( \(of [0-9-]{10}\))?: )+")
"""What we put before the text of an entry, once for every time that it was taken back."""


def for_staff(plan: Plan, hash: str, is_open: Callable[[str], bool], done_before: Iterable[str]) -> str:
    """All that an approver needs to see: what it comes to and what was done about it before come first, since the
    entries may be many."""
    begun = "was begun in an adjustment of its own, which this does not take back"
    other = "belongs to another customer: an adjustment of its own"
    periods = ", ".join(f"{each} ({'open' if is_open(each) else 'closed'})" for each in plan.periods)
    lines = [
        f"plan {plan.n}, hash {hash}",
        *(f"{each.account}: {each.before} -> {each.after}" for each in plan.effects),
        f"tax periods: {periods}; moved in all: {plan.gross}",
        *done_before,
        *(f"{each.entry} on {each.account} {begun if plan.undoes else other}" for each in plan.abroad),
        *(f"{n}. {each.on} {_moves(each)}: {_short(each.text)}{_for(each)}" for n, each in enumerate(plan.bookings, 1)),
    ]
    return _fitting(lines, "{} more lines: `starter.py adjustment show` has all entries")


def as_told(plan: Plan, language: Language) -> str:
    """What the customer is told of it: a line for each entry, without our own ids and whole account numbers."""
    lines = [_told(each, language) for each in plan.bookings]
    return _fitting(lines, "… +{}")


def balances(standing: Iterable[tuple[str, Money]], account: str) -> str:
    """The balance of the account of the case; where others are moved too, of each, known by its end."""
    each_one = dict(standing)
    if each_one.keys() <= {account}:
        return str(each_one.get(account, ""))
    return ", ".join(f"…{name[-4:]} {balance}" for name, balance in sorted(each_one.items()))


def compared_lines(compared: Compared) -> str:
    """The differences, for who proposes; first how many there are besides."""
    missing = "no statement could be compared" if compared.unread else "no statement is on file"
    none = "the books agree with the statements" if compared.statements else missing
    lines = [f"{compared.more} more differences are for another plan"] if compared.more else []
    lines += [f"{n}. {each.sentence}" for n, each in enumerate(compared.differences, 1)]
    lines += [f"{each.entry} stands on {each.account}, of another customer" for each in compared.abroad]
    return _fitting([*(lines or [none]), *compared.unread], "{} more lines: the trail has all differences")


def _fitting(lines: Sequence[str], left_out: str) -> str:
    """As many of them as there is room for; `left_out` says how many are not there."""
    ends = accumulate(len(line) + 1 for line in lines)
    kept = [line for line, end in zip(lines, ends, strict=True) if end <= _ROOM]
    return "\n".join([*kept, *([left_out.format(len(lines) - len(kept))] if len(kept) < len(lines) else [])])


def _told(booking: Booking, language: Language) -> str:
    kind = words("reversing_entry" if booking.reverses else "correcting_entry", language)
    return f"{booking.on}  {kind}  {_short(_about(booking))}  {_moves(booking, hidden='…')}"


def _about(booking: Booking) -> str:
    """The text of the entry that it is about, without what we put before it."""
    return _OURS.sub("", booking.text, count=1)


def _for(booking: Booking) -> str:
    return f" (puts {booking.corrects} right)" if booking.corrects and not booking.reverses else ""


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _moves(booking: Booking, hidden: str = "") -> str:
    """What it does to the accounts; where something is to be `hidden`, that stands for all but their ends."""
    moved = ((account_of(line.ledger), line.amount) for line in booking.lines)
    named = ((hidden + account[-4:] if hidden else account, amount) for account, amount in moved if account)
    return ", ".join(f"{account} {_signed(amount)}" for account, amount in named)


def _signed(amount: Money) -> str:
    return f"+{amount}" if amount.minor > 0 else str(amount)
