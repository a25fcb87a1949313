"""约期: days that fit the customer, the books and the firm, and the booking of one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, func, select
from temporalio import activity

from activities.casework import accepted, case_of, note, request_of, today
from contracts.findings import FindingKind
from contracts.steps import Booked, Proposal, Step
from gateways.books import Books
from gateways.calendar_days import calendar_of
from policy import Policies, Policy
from policy.spans import plain
from records.database import Database
from records.tables import CaseRow, ClosingDayRow


@dataclass
class Schedule:
    """Finds and books closing days."""

    database: Database
    books: Books
    policies: Policies

    @activity.defn
    def propose(self, step: Step) -> Proposal:
        """The earliest days that fit; `fits` when the wished day (or with no wish any) is the first of them."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Proposal) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, case_of(effect.session, step)
            wished, reasons = request_of(row).wished_on, self._earliest(session, step, row, policy)
            day = max([today(step, policy), *reasons])
            start = max(day, wished) if wished else day
            days = self._days(session, policy, start, step)
            fits = bool(days) and (wished is None or days[0] == wished or wished < today(step, policy))
            why = "" if fits else _why(wished, reasons)
            note(session, step, "closing days proposed", why, evidence={"days": ", ".join(map(str, days))})
            return effect.record(Proposal(fits=fits, days=days, why=why))

    @activity.defn
    def book(self, step: Step, day: date) -> Booked:
        """Book a day, unless its capacity was used up meanwhile."""
        policy = self.policies[step.policy]
        with self.database.once(step.key, None, Booked) as effect:
            if effect.done:
                return effect.result
            worked = calendar_of(effect.session, policy).is_workday(day)
            free = worked and self._fits(effect.session, policy, day, step.dossier)
            if free:
                effect.session.merge(ClosingDayRow(dossier=step.dossier, day=day))
                note(effect.session, step, f"closing day {day}")
            return effect.record(Booked(booked=free, begins_at=_begins(policy, day, step.at)))

    def _earliest(self, session: Session, step: Step, row: CaseRow, policy: Policy) -> dict[date, str]:
        """The days before which it cannot be, each with why."""
        reasons: dict[date, str] = {}
        for pending in self.books.pending(session, row.account):
            reasons[pending.settles_on] = f"{pending.id} settles on {pending.settles_on}"
        if not accepted(session, step.dossier, [FindingKind.NOTICE_PERIOD]):
            received = policy.calendar.day(row.opened_at)
            for agreement in self.books.agreements(session, row.account):
                ends = received + timedelta(days=agreement.notice_days)
                reasons[ends] = f"the notice under {agreement.id} ends on {ends}"
        return reasons

    def _days(self, session: Session, policy: Policy, start: date, step: Step) -> tuple[date, ...]:
        horizon = [start + timedelta(days=n) for n in range(policy.schedule.horizon_days)]
        calendar = calendar_of(session, policy)
        fitting = (
            day for day in horizon if calendar.is_workday(day) and self._fits(session, policy, day, step.dossier)
        )
        return tuple(day for day, _ in zip(fitting, range(policy.schedule.proposals), strict=False))

    def _fits(self, session: Session, policy: Policy, day: date, dossier: str) -> bool:
        rules = policy.schedule
        if day in rules.blackout_days or day.day in rules.blackout_month_days:
            return False
        others = select(func.count()).where(ClosingDayRow.day == day, ClosingDayRow.dossier != dossier)
        return session.exec(others).one() < rules.capacity_per_day


def _begins(policy: Policy, day: date, at: datetime) -> datetime:
    """When settlement begins: at the opening of that day, or now if that is past. A rehearsal does not wait for it."""
    rules = policy.calendar
    opening = datetime.combine(day, rules.opens, ZoneInfo(rules.zone))
    wait = policy.schedule.closing_day_wait
    return min(opening, at + plain(wait)) if wait else opening


def _why(wished: date | None, reasons: dict[date, str]) -> str:
    """Why the wished day does not fit."""
    later = [words for day, words in sorted(reasons.items()) if wished is None or day > wished]
    return "; ".join(later) or f"{wished} is no working day of ours, or is fully booked"
