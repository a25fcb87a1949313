"""方案的说法: a plan in the words of staff, and in those of the customer."""

from collections.abc import Callable

from contracts.adjustments import Compared, Plan
from contracts.books import Booking
from contracts.money import Money
from contracts.vocabulary import Language
from gateways.books_facts import account_of
from notices.words import words


def for_staff(plan: Plan, hash: str, is_open: Callable[[str], bool]) -> str:
    """All that an approver needs to see."""
    periods = ", ".join(f"{each} ({'open' if is_open(each) else 'closed'})" for each in plan.periods)
    lines = [
        f"plan {plan.n}, hash {hash}",
        *(f"{n}. {each.on} {_moves(each)}: {each.text}" for n, each in enumerate(plan.bookings, 1)),
        *(f"{each.account}: {each.before} -> {each.after}" for each in plan.effects),
        f"tax periods: {periods}; moved in all: {plan.gross}",
        *(
            f"{each.entry} on {each.account} belongs to another customer: an adjustment of its own"
            for each in plan.abroad
        ),
    ]
    return "\n".join(lines)[:8_000]


def as_told(plan: Plan, language: Language) -> str:
    """What the customer is told of it: a line for each entry, without our own ids and whole account numbers."""
    return "\n".join(f"{each.on}  {_kind(each, language)}  {_moves(each, hidden='…')}" for each in plan.bookings)


def compared_lines(compared: Compared) -> str:
    """The differences, for who proposes."""
    lines = [f"{n}. {each.sentence}" for n, each in enumerate(compared.differences, 1)]
    lines += [f"{each.entry} stands on {each.account}, of another customer" for each in compared.abroad]
    lines += [f"{compared.more} more differences are for another plan"] if compared.more else []
    none = "the books agree with the statements" if compared.statements else "no statement is on file"
    return "\n".join([*(lines or [none]), *compared.unread])[:8_000]


def _kind(booking: Booking, language: Language) -> str:
    return words("reversing_entry" if booking.reverses else "correcting_entry", language)


def _moves(booking: Booking, hidden: str = "") -> str:
    """What it does to the accounts; where something is to be `hidden`, that stands for all but their ends."""
    moved = ((account_of(line.ledger), line.amount) for line in booking.lines)
    named = ((hidden + account[-4:] if hidden else account, amount) for account, amount in moved if account)
    return ", ".join(f"{account} {_signed(amount)}" for account, amount in named)


def _signed(amount: Money) -> str:
    return f"+{amount}" if amount.minor > 0 else str(amount)
