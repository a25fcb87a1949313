"""收件箱: the open tasks of a role or of a person, what is to be done first on top, each with why it is there."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from contracts.books import CustomerFacts, StaffFacts
from contracts.judgement import Decider, Hearing, eligible
from contracts.said import Said
from contracts.tasks import RungKind
from contracts.views import InboxLine
from contracts.vocabulary import Language, Role
from gateways.books import Ledger
from gateways.books_journal import FIRM_ZONE, today
from gateways.deadlines import rungs_of
from gateways.hearing import People, decider_of, hearing_of, roles_of
from gateways.inbox_words import CHANGES, Otherwise, Why
from gateways.task_lines import OPEN_STATES, decisions_on, task_values
from notices.words import words
from policy import Policies
from policy.spans import plain
from records.tables import CaseRow, DecisionRow, TaskRow

NOTICE = "closure_notice"
"""The one question where the law takes silence for an answer, also while the case is paused."""


def inbox(session: Session, policies: Policies, role: Role | None = None, staff: str | None = None) -> list[InboxLine]:
    """The open tasks of a role, of a person, or all. A person who is absent has an inbox all the same; their deputy has
    what is in it too. Refused: NOT_FOUND for an unknown person."""
    rows = _open_tasks(session, role)
    mine = _reasons(session, staff, rows) if staff else {row.task: _why_role(row, role) for row in rows}
    shown = [row for row in rows if row.task in mine]
    cases = _cases(session, shown)
    shown.sort(key=lambda row: (_wanted(policies, cases[row.dossier], row), row.task))
    decisions = decisions_on(session, [row.task for row in shown])
    return [
        _line(cases[row.dossier], row, decisions[row.task], mine[row.task], rank)
        for rank, row in enumerate(shown, start=1)
    ]


class ReadOnce:
    """The people in the books, each read once for many tasks."""

    def __init__(self, books: People) -> None:
        self._books = books
        self._staff: dict[str, StaffFacts] = {}
        self._customers: dict[str, CustomerFacts] = {}

    def customer(self, session: Session, customer_id: str) -> CustomerFacts:
        """The customer with all contacts."""
        if customer_id not in self._customers:
            self._customers[customer_id] = self._books.customer(session, customer_id)
        return self._customers[customer_id]

    def staff(self, session: Session) -> tuple[StaffFacts, ...]:
        """Everybody of the firm, by id."""
        self._staff = self._staff or {person.id: person for person in self._books.staff(session)}
        return tuple(self._staff.values())

    def person(self, session: Session, staff_id: str) -> StaffFacts:
        """One person of the firm."""
        self.staff(session)
        return self._staff.get(staff_id) or self._books.person(session, staff_id)


def _open_tasks(session: Session, role: Role | None) -> list[TaskRow]:
    rows = session.exec(select(TaskRow).where(col(TaskRow.state).in_(OPEN_STATES)))
    return [row for row in rows if role is None or role in roles_of(row)]


def _cases(session: Session, rows: Iterable[TaskRow]) -> dict[str, CaseRow]:
    dossiers = {row.dossier for row in rows}
    return {row.dossier: row for row in session.exec(select(CaseRow).where(col(CaseRow.dossier).in_(dossiers)))}


# ---- why it is there -----------------------------------------------------------------------------------------------


def _reasons(session: Session, staff: str, rows: Iterable[TaskRow]) -> dict[str, Said]:
    """By task, why it stands in the inbox of `staff`; tasks that do not are not there."""
    people = ReadOnce(Ledger())
    person, day = people.person(session, staff), today()
    places = decider_of(session, people, person, day).stands_for
    back = {name: _absent_until(people.person(session, name), day) for name in places}
    roles = set(person.roles).union(*places.values())
    reasons = {}
    for row in rows:
        if row.claimed_by in {staff, *places} or roles.intersection(roles_of(row)):
            hearing = hearing_of(session, people, row)._replace(allowed=frozenset(roles_of(row)))
            decider = decider_of(session, people, person, day, row)._replace(absent=False)
            reasons[row.task] = _why(row, hearing, decider, back)
    return {task: why for task, why in reasons.items() if why}


def _why(row: TaskRow, hearing: Hearing, person: Decider, back: Mapping[str, date]) -> Said | None:
    """Null where the judge would not hear this person. What they claimed is there all the same, to be given back."""
    if row.claimed_by == person.id and not any(person.id == before.by for before in hearing.earlier):
        return Why.DELEGATED.value.filled(who=row.delegated_by) if row.delegated_by else Why.CLAIMED.value
    if not eligible(hearing, person):
        return None
    own = person.roles & hearing.allowed
    if own and row.claimed_by not in back:
        asked = own.intersection(hearing.spec.roles)
        added = Why.TELEPHONE if hearing.spec.for_customer else Why.ESCALATED
        return (Why.YOUR_ROLE if asked else added).value.filled(roles=_role_words(asked or own))
    who = row.claimed_by if row.claimed_by and row.claimed_by in back else _place(hearing, person)
    return Why.DEPUTY.value.filled(who=who, until=back[who].isoformat())


def _place(hearing: Hearing, person: Decider) -> str:
    """In whose place the judge would hear them."""
    places = ((name, person._replace(roles=frozenset(), stands_for={name: r})) for name, r in person.stands_for.items())
    return min(name for name, alone in places if eligible(hearing, alone))


def _why_role(row: TaskRow, role: Role | None) -> Said:
    return Why.ROLE.value.filled(roles=_role_words([role] if role else roles_of(row)))


def _absent_until(person: StaffFacts, day: date) -> date:
    return max(absence.until for absence in person.absent if absence.since <= day <= absence.until)


def _role_words(roles: Iterable[Role]) -> Said:
    ordered = sorted(roles)
    return Said(", ".join(ordered), "、".join(words(role, Language.ZH) for role in ordered))


# ---- what comes first, and what happens otherwise ------------------------------------------------------------------


def _wanted(policies: Policies, case: CaseRow, row: TaskRow) -> datetime:
    """When a task should be taken up at the latest: so much before it is due as the policy gives its risk."""
    known = case.policy in policies.versions()
    head_start = policies[case.policy].desk.head_start.get(case.risk) if known else None
    return row.due_at - (plain(head_start) if head_start else timedelta(0))


def _otherwise(case: CaseRow, row: TaskRow) -> Said:
    """The next rung that changes something, and its moment by the firm's clock."""
    rungs = [rung for rung in rungs_of(row) if rung.kind in CHANGES]
    if row.name == NOTICE and rungs:
        return Otherwise.DEEMED.value.filled(day=f"{rungs[-1].at.astimezone(FIRM_ZONE):%Y-%m-%d}")
    if case.held:
        return Otherwise.PAUSED.value
    if not rungs:
        return Otherwise.NOTHING.value
    rung = rungs[0]
    what = CHANGES[rung.kind].filled(roles=_role_words(rung.roles))
    ends = Otherwise.GIVEN_UP if rung.kind is RungKind.GIVE_UP else Otherwise.RUNG
    return ends.value.filled(at=f"{rung.at.astimezone(FIRM_ZONE):%Y-%m-%d %H:%M}", what=what)


def _line(case: CaseRow, row: TaskRow, decisions: list[DecisionRow], why: Said, rank: int) -> InboxLine:
    otherwise = _otherwise(case, row)
    return InboxLine(
        **task_values(case, row, decisions),
        case=row.case_id,
        role=roles_of(row)[0],
        risk=case.risk,
        rank=rank,
        held=case.held,
        why=why.en,
        why_zh=why.zh,
        otherwise=otherwise.en,
        otherwise_zh=otherwise.zh,
    )
