"""What happens to a case on its way: said to it, and read back from its trail, its books and its records."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlmodel import func, select

from contracts.findings import FindingKind
from contracts.money import Money
from contracts.occurrences import Occurrence
from contracts.tasks import Noted
from contracts.views import TrailLine
from gateways.books_file import load_books
from gateways.desk_work import Attachment, DeskWork
from records.books_tables import CustomerRow, JournalLineRow
from records.people_tables import TrainingRow
from tests.support.firm import Firm

RAISED_BY = "li.wei"


def occurrence(
    firm: Firm, kind: FindingKind, by: str = RAISED_BY, detail: str = "", data: Mapping[str, Any] = {}, **named: Any
) -> Occurrence:
    """What somebody says has happened, with the data that the kind needs, and a complaint in words."""
    detail = detail or ("the fee was booked twice" if kind is FindingKind.CUSTOMER_COMPLAINT else "")
    values = {"decision_id": f"O-{next(firm.ids)}", "kind": kind, "detail": detail, "token": firm.tokens.mint(by)}
    return Occurrence.model_validate(values | {"data": {**data, **named}})


async def happens(firm: Firm, case: str, kind: FindingKind, by: str = RAISED_BY, **more: Any) -> Noted:
    """Somebody says to the case that it has happened. `more` as for `occurrence`."""
    return await firm.quietus.happened(case, occurrence(firm, kind, by, **more))


def attach(firm: Firm, task: str, by: str, content: bytes = b"the order of the court, as a picture") -> str:
    """Evidence is put to a task; its hash."""
    work = DeskWork(firm.world.database, firm.tokens, firm.world.policies)
    return work.attach(task, Attachment("order.jpg", content), firm.world.evidence, firm.tokens.mint(by)).sha256


def misspell(firm: Firm, customer: str, field: str, value: str) -> None:
    """The customer's record holds what no file of books would be let in with."""
    firm.mend(lambda session: setattr(session.get_one(CustomerRow, customer), field, value))


def pay_in(firm: Firm, account: str, amount: str, reference: str = "IN-1") -> None:
    """Money really arrives."""
    firm.mend(lambda session: firm.books.pay_in(session, reference, account, Money.parse(amount, "CNY"), "transfer"))


def owe(firm: Firm, account: str, amount: str, reference: str = "RCV-9") -> None:
    """The customer owes the firm something more."""
    debt = {"id": reference, "account": account, "amount": amount, "due_on": "2026-10-01", "text": "fee"}
    load_books(firm.world.database, json.dumps({"receivables": [debt]}), False)


def looks(firm: Firm, case: str) -> Counter[str]:
    """How often each look was made."""
    made = (re.match(r"(\w+), round \d+: ", link.what) for link in firm.show(case).trail)
    return Counter(look[1] for look in made if look)


def link(firm: Firm, case: str, what: str) -> TrailLine:
    """The one link of the trail that says so."""
    (only,) = (link for link in firm.show(case).trail if link.what == what)
    return only


def lessons(firm: Firm, case: str) -> list[tuple[str, str]]:
    """What the case put on the training list: kind and cause."""
    rows = select(TrainingRow).where(TrainingRow.dossier == firm.show(case).reference)
    with firm.world.database.reading() as session:
        return [(row.kind, row.words) for row in session.exec(rows)]


def contacts(firm: Firm, case: str) -> list[tuple[str, str]]:
    """What was sent to the customer, and where to, in the order of sending."""
    return [(each.template, each.address) for each in firm.show(case).contacts if "@staff." not in each.address]


def ledger(firm: Firm, name: str) -> int:
    """The sum of all lines of one ledger, in minor units."""
    lines = select(func.sum(JournalLineRow.minor)).where(JournalLineRow.ledger == name)
    with firm.world.database.reading() as session:
        return int(session.exec(lines).one() or 0)


def booked(firm: Firm, account: str) -> list[tuple[str, str]]:
    """The text and the amount of every entry since the opening balance."""
    with firm.world.database.reading() as session:
        entries = firm.books.entries(session, account)
    return [(each.text, each.amount.text) for each in entries if not each.reference.startswith("opening/")]


def pending(firm: Firm, account: str, settles_on: date, reference: str = "PEN-9") -> None:
    """A transaction that is on its way: until then the account is not closed."""
    record = {"id": reference, "account": account, "amount": "-5.00", "settles_on": str(settles_on), "text": "card"}
    load_books(firm.world.database, json.dumps({"pending": [record]}), False)
