"""The ends that any course of a closure may come to, what must hold of each, and how often all of it happened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import select

from contracts.books import PaymentState
from contracts.findings import FindingState
from contracts.requests import CaseOutcome
from contracts.vocabulary import Outcome
from gateways.payments import FolderRail
from records.tables import PaymentOrderRow
from tests.support.endings import assert_ended_well
from tests.support.firm import Firm


@dataclass
class Tally:
    """What happened in all courses."""

    outcomes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    idle: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stalled: list[str] = field(default_factory=list)
    told: int = 0
    courses: int = 0


def assert_allowed_end(firm: Firm, outcome: CaseOutcome, decided: Sequence[Outcome]) -> None:
    """The end that was decided, closed when none was; account, money, findings, customer and trail are right."""
    account, closed = outcome.case.removeprefix("closure-"), outcome.outcome == Outcome.CLOSED
    assert outcome.outcome in (decided or [Outcome.CLOSED]), f"ended as {outcome.outcome}, decided were {decided}"
    status = firm.status(account)
    assert status in ({"closed"} if closed else {"active", "dormant", "frozen"}), status
    assert_ended_well(firm, outcome, status=status, balance="0.00" if closed else firm.balance(account))
    assert not closed or FindingState.OPEN not in firm.found(outcome.case).values(), firm.found(outcome.case)
    _assert_paid(firm, outcome, account, closed=closed)


def _assert_paid(firm: Firm, outcome: CaseOutcome, account: str, *, closed: bool) -> None:
    """Nothing where the account stays; else all of it, once, and once more for what came in after that."""
    with firm.world.database.reading() as session:
        orders = session.exec(select(PaymentOrderRow).where(PaymentOrderRow.dossier == outcome.dossier)).all()
        entries = firm.books.entries(session, account)
    paid = sorted((each.reference, each.minor) for each in orders if each.state is PaymentState.PAID)
    aside = [each for each in orders if each.state is PaymentState.SET_ASIDE]
    carried = [each for each in FolderRail(firm.home / "payments").orders() if outcome.dossier in each.reference]
    assert sorted((each.reference, round(float(each.amount) * 100)) for each in carried) == paid
    assert closed or not orders, f"paid out, though {outcome.outcome}"
    assert all(each.state is not PaymentState.WRITTEN for each in orders)
    gone = [n for n, each in enumerate(entries) if each.amount.minor < 0 and outcome.dossier in each.reference]
    came = [each for each in entries[gone[0] :] if each.amount.minor > 0] if gone else []
    assert len(paid) + len(aside) <= 1 + len(came), f"paid {paid}"
