"""Who is there to work on what: recusal from a case, and absence. In the records, each with its trail row."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session, col, or_, select

from contracts.books import Absence, StaffFacts
from contracts.desk import Away, Back, Recused
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.tasks import TaskState
from gateways.books import Ledger
from gateways.books_journal import FIRM_ZONE, today
from gateways.casebook import find_case
from gateways.desk import give_back, in_charge
from gateways.tokens import StaffTokens
from records import trail
from records.database import Database
from records.inserts import insert_unless_there
from records.people_tables import AbsenceRow, RecusalRow
from records.tables import TaskRow


class Staffing:
    """What staff say about themselves. Who says it is what the token proves.

    Refused: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, NOT_ALLOWED, ALREADY_ENDED, REASON_MISSING, BAD_INPUT.
    """

    def __init__(self, database: Database, tokens: StaffTokens) -> None:
        self.database = database
        self.tokens = tokens

    def recuse(self, case: str, reason: str, token: str) -> Recused:
        """回避: keep out of a case from now on; what one has claimed there goes back to its desk. The same again is
        told the same."""
        if not reason.strip():
            raise Refused(Code.REASON_MISSING, "A recusal needs a reason (--reason).")
        who = self._unbound(token)
        with self.database.transaction() as session:
            row, person = find_case(session, case), Ledger().person(session, who)
            if row.ended_at:
                raise Refused(Code.ALREADY_ENDED, f"Case {case} has ended as {row.outcome}.")
            values = {"dossier": row.dossier, "staff": person.id, "reason": reason, "at": datetime.now(UTC)}
            released = _recuse(session, values) if insert_unless_there(session, RecusalRow, values) else ()
            kept = session.get_one(RecusalRow, (row.dossier, person.id))
            told = kept.model_dump(include={"staff", "reason", "at"})
            return Recused(**told, case=row.case_id, reference=row.dossier, released=tuple(released))

    def absence(self, staff: str, period: Absence, token: str) -> Away:
        """请假: somebody is away, both days included; the same first day again changes the last one. Others than
        oneself are entered by a supervisor or manager."""
        who = self._unbound(token)
        _is_to_come(period)
        with self.database.transaction() as session:
            person = _whose(session, staff, who)
            before = session.get(AbsenceRow, (staff, period.since))
            if before is None or before.until != period.until:
                _enter(session, staff, period, who)
            return Away(
                staff=staff,
                **period.model_dump(),
                by=who,
                deputy=person.deputy,
                waiting=tuple(_due_before(session, staff, period.until)),
                deputy_absent=tuple(_deputy_absent(session, person, period)),
            )

    def back(self, staff: str, since: date, token: str) -> Back:
        """销假: somebody is back. What was entered here ended yesterday, or is taken back if it begins today or later.
        NOT_ALLOWED for one that is over, or stands in the core system."""
        who = self._unbound(token)
        with self.database.transaction() as session:
            person = _whose(session, staff, who)
            row = session.get(AbsenceRow, (staff, since))
            if row is None:
                raise _not_entered(person, since)
            if row.until < today():
                raise Refused(Code.NOT_ALLOWED, f"The absence of {staff} from {since} is over since {row.until}.")
            return Back(staff=staff, since=since, until=_end(session, row, who), by=who)

    def _unbound(self, token: str) -> str:
        return self.tokens.verify(token).for_task(None).sub


def _recuse(session: Session, recusal: dict[str, object]) -> Sequence[str]:
    """Write it down; the tasks that this gives back, those delegated to the deputy too."""
    who, dossier = str(recusal["staff"]), str(recusal["dossier"])
    theirs = or_(col(TaskRow.claimed_by) == who, col(TaskRow.delegated_by) == who)
    claimed = select(TaskRow).where(TaskRow.dossier == dossier, TaskRow.state == TaskState.CLAIMED, theirs)
    rows = session.exec(claimed.with_for_update()).all()
    for row in rows:
        give_back(row)
    released = [row.task for row in rows]
    evidence = {"released": ", ".join(released)} if released else {}
    trail.append(session, dossier, who=who, what="recused", why=str(recusal["reason"]), evidence=evidence)
    return released


def _is_to_come(period: Absence) -> None:
    faults = []
    if period.until < period.since:
        faults.append(Fault(path="--until", message=f"{period.until} is before --from {period.since}"))
    elif period.until < today():
        faults.append(Fault(path="--until", message=f"{period.until} is past"))
    if faults:
        raise bad_input("absence", faults)


def _whose(session: Session, staff: str, who: str) -> StaffFacts:
    """The person whose absence it is. FORBIDDEN unless it is one's own, or one leads the others."""
    person, by = Ledger().person(session, staff), Ledger().person(session, who)
    if person.id != by.id and not in_charge(session, by):
        words = f"{by.id} may enter or end their own absence only; a supervisor or manager does it for others."
        raise Refused(Code.FORBIDDEN, words)
    return person


def _not_entered(person: StaffFacts, since: date) -> Refused:
    if any(absence.since == since for absence in person.absent):
        words = f"The absence of {person.id} from {since} stands in the core system; it cannot be ended here."
        return Refused(Code.NOT_ALLOWED, words)
    return Refused(Code.NOT_FOUND, f"There is no absence of {person.id} that begins on {since}.")


def _end(session: Session, row: AbsenceRow, by: str) -> date | None:
    """Its last day now; null when it had not begun before today."""
    planned, yesterday = row.until, today() - timedelta(days=1)
    if row.since > yesterday:
        session.delete(row)
        what, last = "absence taken back", None
    else:
        row.until = yesterday
        what, last = "absence ended", yesterday
    evidence = {"from": row.since.isoformat(), "until": planned.isoformat()}
    trail.append(session, trail.BOOKS, who=by, what=f"{what}: {row.staff}", evidence=evidence)
    return last


def _deputy_absent(session: Session, person: StaffFacts, period: Absence) -> Iterator[Absence]:
    """When, in this time, the deputy is away as well."""
    if person.deputy is None:
        return
    for absence in Ledger().person(session, person.deputy).absent:
        since, until = max(absence.since, period.since), min(absence.until, period.until)
        if since <= until:
            yield Absence(since=since, until=until)


def _enter(session: Session, staff: str, period: Absence, by: str) -> None:
    now = datetime.now(UTC)
    session.merge(AbsenceRow(staff=staff, since=period.since, until=period.until, entered_by=by, at=now))
    evidence = {"from": period.since.isoformat(), "until": period.until.isoformat()}
    trail.append(session, trail.BOOKS, who=by, what=f"absence entered: {staff}", evidence=evidence, at=now)


def _due_before(session: Session, staff: str, last_day: date) -> Sequence[str]:
    """What they work on that is due before they are back."""
    last = datetime.combine(last_day, time.max, FIRM_ZONE)  # may be the last moment that there is
    claimed = select(TaskRow.task).where(TaskRow.claimed_by == staff, TaskRow.state == TaskState.CLAIMED)
    return session.exec(claimed.where(col(TaskRow.due_at) <= last).order_by(col(TaskRow.due_at))).all()
