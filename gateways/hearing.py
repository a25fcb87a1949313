"""What the judge hears: how a task stands, who keeps out of it and why, and in whose place somebody may decide."""

import json
from collections.abc import Container, Iterable
from datetime import date
from typing import Protocol

from sqlmodel import Session, col, select

from contracts.books import CustomerFacts, StaffFacts
from contracts.judgement import Bar, Decider, Earlier, Hearing
from contracts.tasks import DecisionReceipt, TaskSpec, TaskState
from contracts.vocabulary import Role
from gateways.books import Books
from records.people_tables import RecusalRow
from records.tables import CaseRow, DecisionRow, TaskRow

LISTENERS = frozenset({Role.CUSTOMER_SERVICE, Role.CALL_CENTRE})
"""Who may note what a customer said."""


class People(Protocol):
    """Who the judge asks about people: the books, or what was read of them once for many tasks."""

    def customer(self, session: Session, customer_id: str) -> CustomerFacts:
        """The customer with all contacts."""
        ...

    def staff(self, session: Session) -> tuple[StaffFacts, ...]:
        """Everybody of the firm, by id."""
        ...

    def person(self, session: Session, staff_id: str) -> StaffFacts:
        """One person of the firm."""
        ...


def hearing_of(session: Session, books: People, row: TaskRow) -> Hearing:
    """How a task stands at this moment."""
    spec = TaskSpec.model_validate_json(row.spec)
    decisions = session.exec(
        select(DecisionRow).where(DecisionRow.task == row.task).order_by(col(DecisionRow.at))
    ).all()
    decided = row.state is TaskState.DECIDED and decisions
    return Hearing(
        spec=spec,
        allowed=frozenset(roles_of(row)) | (LISTENERS if spec.for_customer else frozenset()),
        bars=_bars(session, books, row, spec),
        earlier=tuple(_earlier(session, books, decision) for decision in decisions),
        receipt=DecisionReceipt.model_validate_json(decisions[-1].receipt) if decided else None,
        over=row.ended_at is not None and not decided,
    )


def decider_of(session: Session, books: People, person: StaffFacts, day: date, row: TaskRow | None = None) -> Decider:
    """Somebody of the staff on a day. They stand for each colleague who is absent and names them as deputy, and at the
    task `row` for the one who delegated it to them."""
    absent = [each for each in books.staff(session) if each.deputy == person.id and each.absent_on(day)]
    if row is not None and row.delegated_by and row.claimed_by == person.id:
        absent.append(books.person(session, row.delegated_by))
    stands_for = {each.id: frozenset(each.roles) for each in absent}
    return Decider(person.id, frozenset(person.roles), person.absent_on(day), stands_for)


def roles_of(row: TaskRow) -> tuple[Role, ...]:
    """Who may decide a task now; escalation has added its roles."""
    return tuple(Role(role) for role in json.loads(row.roles))


def people_for(session: Session, books: Books, row: TaskRow, roles: Iterable[Role], day: date) -> list[StaffFacts]:
    """Whom a task is told to: who holds one of `roles` and does not keep out; the deputy of who is absent."""
    return at_work(session, books, roles, day, _bars(session, books, row, TaskSpec.model_validate_json(row.spec)))


def at_work(
    session: Session, books: Books, roles: Iterable[Role], day: date, bars: Container[str] = ()
) -> list[StaffFacts]:
    """Who holds one of `roles` and is not among the `bars`; the deputy of who is absent."""
    people: dict[str, StaffFacts] = {}
    for holder in books.holders(session, roles):
        if holder.id in bars:
            continue
        person = books.person(session, holder.deputy) if holder.absent_on(day) and holder.deputy else holder
        if person.id not in bars and not person.absent_on(day):
            people[person.id] = person
    return [people[name] for name in sorted(people)]


def manned(session: Session, books: Books, row: TaskRow, spec: TaskSpec, day: date) -> bool:
    """Whether there are as many people as a task of staff needs, for each role that must be among them too."""
    enough = len(people_for(session, books, row, roles_of(row), day)) >= spec.needed
    return enough and all(people_for(session, books, row, (role,), day) for role in spec.must_include)


def related(customer: CustomerFacts, staff: Iterable[StaffFacts]) -> dict[str, Bar]:
    """Who keeps out of all that concerns a customer: their relations, and whoever is the customer."""
    addresses = {contact.address.casefold() for contact in customer.contacts}
    bars = dict.fromkeys(customer.related_staff, Bar.RELATED)
    return bars | {person.id: Bar.CUSTOMER for person in staff if person.email.casefold() in addresses}


def _bars(session: Session, books: People, row: TaskRow, spec: TaskSpec) -> dict[str, Bar]:
    """Who keeps out; the weightiest reason counts."""
    customer = books.customer(session, session.get_one(CaseRow, row.dossier).customer)
    recused = session.exec(select(RecusalRow.staff).where(RecusalRow.dossier == row.dossier))
    bars = dict.fromkeys(recused, Bar.RECUSED) | related(customer, books.staff(session))
    return bars | dict.fromkeys(spec.barred, Bar.OWN_WORK)


def _earlier(session: Session, books: People, row: DecisionRow) -> Earlier:
    """A decision from before its roles were kept is taken to be in the roles that its giver holds today."""
    roles = frozenset(Role(role) for role in json.loads(row.roles))
    if not roles:
        roles = next((frozenset(each.roles) for each in books.staff(session) if each.id == row.decided_by), roles)
    return Earlier(by=row.decided_by, option=row.option, roles=roles, in_place_of=row.in_place_of)
