"""谁提出的: the request ids that only a case, or the check of the books, gives, and what proves that one did."""

import re
from collections.abc import Iterator
from itertools import count

from sqlmodel import Session, select

from contracts.adjustments import OF_A_CHECK, SYSTEM, AdjustmentRequest
from contracts.refusals import Fault
from contracts.vocabulary import CaseKind
from gateways.book_check import is_found
from policy.adjustments import BookRules
from records.canonical import fingerprint
from records.tables import CaseRow

_OF_A_CASE = re.compile(r"(closure|incident|adjustment|major|survey)-")


def derived(name: str) -> str:
    """An id made of the name of something else, short enough for one."""
    plain = name.replace(".", "-")
    return plain if len(plain) <= 60 else f"{plain[:43]}-{fingerprint(plain)[:16]}"


def free(session: Session, name: str) -> str:
    """An id made of a name, which no adjustment has yet."""
    ids = (derived(f"{name}-{n}" if n > 1 else name) for n in count(1))
    mine = select(CaseRow).where(CaseRow.kind == CaseKind.ADJUSTMENT)
    return next(each for each in ids if session.exec(mine.where(CaseRow.request_id == each)).first() is None)


def is_of_a_case(request: AdjustmentRequest, case: str) -> bool:
    """Whether this is what a case would ask for itself."""
    named = bool(case) and request.request_id.startswith(case.replace(".", "-")[:43])
    return named and request.case == case and bool(_OF_A_CASE.match(request.request_id))


def origin_faults(session: Session, request: AdjustmentRequest, begun_by: str, rules: BookRules) -> Iterator[Fault]:
    """What a request says of its origin that nothing proves. `begun_by`: the case whose workflow has begun the
    adjustment as its child, as the server says; empty for whoever came from outside. The check of the books is believed
    what the books show."""
    of_a_check = request.request_id.startswith(OF_A_CHECK)
    proven = is_found(session, rules, request) if of_a_check else is_of_a_case(request, begun_by)
    if not proven and (of_a_check or _OF_A_CASE.match(request.request_id)):
        yield Fault(path="request_id", message="is kept for what cases and the check of the books ask for")
    elif not proven and request.raised_by == SYSTEM:
        yield Fault(path="raised_by", message="asks for nothing from outside: name who of the staff does")
