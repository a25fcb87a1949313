"""The days that were loaded into the calendar: those announced later, and the firm's own."""

from datetime import UTC, date, datetime

from sqlmodel import Session, col, select

from contracts.calendar_file import CalendarFile, CalendarLoaded, Day
from gateways.books_journal import SYSTEM
from gateways.calendar import WorkingCalendar
from policy import Policy
from records import trail
from records.people_tables import CalendarDayRow, CalendarYearRow


def calendar_of(session: Session, policy: Policy) -> WorkingCalendar:
    """The calendar of a policy with everything that was loaded."""
    days = {row.day: row.worked for row in session.exec(select(CalendarDayRow))}
    years = session.exec(select(CalendarYearRow.year)).all()
    return WorkingCalendar(policy.calendar, days, years)


def load_days(session: Session, file: CalendarFile, digest: str) -> CalendarLoaded:
    """Put the file's days on record and its years among those announced; the same again changes nothing.

    `digest`: the file's SHA-256, for the trail. A day on record that the file tells otherwise is changed.
    """
    at = datetime.now(UTC)
    known = _on_record(session, file)
    new = [day for day in file.days if day.day not in known]
    changed = [day for day in file.days if day.day in known and not _same(known[day.day], day, file.source)]
    for day in (*new, *changed):
        session.merge(CalendarDayRow(**day.model_dump(), source=file.source, loaded_at=at))
    years = _announce(session, file, at)
    if new or changed or years:
        evidence = {"sha256": digest, "loaded": str(len(new)), "years": ", ".join(map(str, years))}
        evidence["changed"] = ", ".join(str(day.day) for day in changed)
        trail.append(session, trail.BOOKS, who=SYSTEM, what="calendar_loaded", why=file.source, evidence=evidence)
    return CalendarLoaded(
        loaded=len(new),
        unchanged=len(file.days) - len(new) - len(changed),
        changed_days=tuple(day.day for day in changed),
        announced=tuple(years),
    )


def _on_record(session: Session, file: CalendarFile) -> dict[date, CalendarDayRow]:
    rows = select(CalendarDayRow).where(col(CalendarDayRow.day).in_([day.day for day in file.days]))
    return {row.day: row for row in session.exec(rows)}


def _same(row: CalendarDayRow, day: Day, source: str) -> bool:
    return (row.worked, row.words, row.source) == (day.worked, day.words, source)


def _announce(session: Session, file: CalendarFile, at: datetime) -> list[int]:
    """The years of the file that were not announced before."""
    years = [year for year in dict.fromkeys(file.years) if session.get(CalendarYearRow, year) is None]
    session.add_all(CalendarYearRow(year=year, source=file.source, loaded_at=at) for year in years)
    return years
