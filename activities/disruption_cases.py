"""中断: the cases that a disruption touches: found and told by pages, suspended, and let go in order."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select
from temporalio import activity

from activities.casework import case_of, expected_end, go_on, move_expected, note, put_on_record, stand_still
from activities.disruption import page_size, rules_of
from activities.occurrences import STEP
from activities.sweeping import PAGE, Question, ask_each
from contracts.disruption import (
    DisruptionAnswer,
    DisruptionNotice,
    DisruptionStand,
    DisruptionState,
    LettingGo,
    Reached,
    Suspension,
)
from contracts.findings import Finding, FindingState
from contracts.refusals import Code, Refused
from contracts.steps import Step
from contracts.tasks import ExtensionState
from gateways.calendar_days import calendar_of
from gateways.disruptions import DisruptionBook, Lock, first_to_tell, found, keep_ended
from policy import Policies
from records.database import Database
from records.disruption_tables import DisruptedCaseRow, DisruptionRow, DisruptionWord
from records.people_tables import ExtensionRow
from records.tables import CaseRow, FindingRow, TaskRow


class Told(NamedTuple):
    """A case that is told."""

    case: str
    dossier: str
    place: int = 0


@dataclass
class DisruptedCases:
    """Tells the cases, and does what a case asks that was told. A case in a disruption is a key."""

    database: Database
    policies: Policies
    book: DisruptionBook

    @activity.defn
    async def suspend_cases(self, reference: str, after: str) -> Reached:
        """Tell a page of open cases that it touches and that were not told. Async, for Temporal's client."""
        page = await asyncio.to_thread(self._to_suspend, reference, after)
        await self._tell("suspend", reference, page)
        return await asyncio.to_thread(self._reached, reference, (), page[-1].dossier if len(page) == PAGE else "")

    @activity.defn
    async def let_cases_go(self, reference: str, after: str) -> Reached:
        """Let go the next page of cases in the order in which they are due. Who does not answer is missing."""
        page, more = await asyncio.to_thread(self._to_let_go, reference, int(after or 0))
        await self._tell("let_go", reference, page)
        last = str(page[-1].place) if more else ""
        return await asyncio.to_thread(self._reached, reference, [case.dossier for case in page], last)

    async def _tell(self, update: str, reference: str, page: Sequence[Told]) -> None:
        question = Question(update, DisruptionNotice(reference=reference), f"{update}-{reference}", DisruptionAnswer)
        answers = await ask_each(page, question)
        ended = [case for case, answer in answers if answer is None or answer.stand is DisruptionStand.ENDED]
        await asyncio.to_thread(self._keep_ended, reference, ended)

    def _to_suspend(self, reference: str, after: str) -> list[Told]:
        with self.database.reading() as session:
            cases = self.book.to_suspend(session, found(session, reference), after, PAGE)
            return [Told(case.case_id, case.dossier) for case in cases]

    def _to_let_go(self, reference: str, after: int) -> tuple[list[Told], bool]:
        """The page, and whether there is another one."""
        with self.database.reading() as session:
            row = found(session, reference)
            size = page_size(rules_of(self.policies[row.policy]))
            cases = self.book.to_let_go(session, row, after, size + 1)
            return [Told(case.case_id, case.dossier, case.place or 0) for case in cases[:size]], len(cases) > size

    def _keep_ended(self, reference: str, ended: Iterable[Told]) -> None:
        with self.database.transaction() as session:
            row = found(session, reference)
            for case in ended:
                keep_ended(session, row, session.get_one(CaseRow, case.dossier))

    def _reached(self, reference: str, told: Sequence[str], last: str) -> Reached:
        """Counted in the records: a case may have gone on though its answer did not reach us."""
        with self.database.reading() as session:
            row = found(session, reference)
            missing = self.book.still_suspended(session, row, told)
            return Reached(last=last, missing=missing, **self.book.tally(session, row))

    # ---- one case ------------------------------------------------------------------------------------------------

    @activity.defn
    def suspend_case(self, step: Step, reference: str) -> Suspension:
        """The case stands, and its clocks with it, if the disruption lasts and touches it. Refused: NOT_FOUND."""
        with self.database.once(step.key, None, Suspension) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, found(effect.session, reference, Lock.KEEP)
            case = case_of(session, step)
            lasting = row.state is DisruptionState.LASTING and case.ended_at is None
            if not (lasting and self.book.touches(session, row, case)):
                return effect.record(Suspension(stand=DisruptionStand.UNTOUCHED))
            finding = Finding(kind=row.kind.finding, subject=reference, detail=row.detail)
            put_on_record(session, step.model_copy(update={"name": STEP, "round": 1}), finding)
            stand_still(session, step, reference)
            session.add(_suspended(row, case, step))
            tells = first_to_tell(session, reference, case.customer, DisruptionWord.BEGUN, case.dossier, step.at)
            note(session, step, f"suspended: {finding.fingerprint}", row.detail, who=row.declared_by)
            return effect.record(Suspension(stand=DisruptionStand.SUSPENDED, finding=finding, tells=tells))

    @activity.defn
    def let_go_case(self, step: Step, reference: str, last: bool) -> LettingGo:
        """The case goes on, if it was suspended; `last`: nothing else suspends it. The time that was approved for the
        disruption is added to the case and to its open tasks. Refused: NOT_FOUND; NOT_ALLOWED as long as it lasts."""
        with self.database.once(step.key, None, LettingGo) as effect:
            if effect.done:
                return effect.result
            session, row = effect.session, found(effect.session, reference)
            if row.state is not DisruptionState.RESUMING:
                raise Refused(Code.NOT_ALLOWED, f"Disruption {reference} lets no case go: it is {row.state}.")
            case, there = case_of(session, step), session.get(DisruptedCaseRow, (reference, step.dossier))
            if there is None or there.stand is not DisruptionStand.SUSPENDED:
                return effect.record(LettingGo(stand=there.stand if there else DisruptionStand.UNTOUCHED))
            there.stand, there.resumed_at = DisruptionStand.RESUMED, step.at
            _over(session, step, row)
            go_on(session, step, reference)
            _extend(session, step, row)
            move_expected(session, self.policies[step.policy], case, step.at)
            word = DisruptionWord.GOES_ON
            tells = last and first_to_tell(session, reference, case.customer, word, case.dossier, step.at)
            days = self._days(session, step, row, case) if tells else ""
            return effect.record(LettingGo(stand=there.stand, tells=tells, days=days))

    def _days(self, session: Session, step: Step, row: DisruptionRow, case: CaseRow) -> str:
        """A line for each of the customer's cases that it touched and that go on."""
        theirs = select(CaseRow).join(DisruptedCaseRow, col(DisruptedCaseRow.dossier) == col(CaseRow.dossier))
        theirs = theirs.where(DisruptedCaseRow.reference == row.reference, CaseRow.customer == case.customer)
        others = session.exec(theirs.where(CaseRow.dossier != case.dossier, col(CaseRow.ended_at).is_(None)))
        ends = {case.account: case.expected_by} | {each.account: self._end(session, step, row, each) for each in others}
        day = self.policies[step.policy].calendar.day
        return "\n".join(f"{account[-4:]}: {day(end)}" for account, end in sorted(ends.items()))

    def _end(self, session: Session, step: Step, row: DisruptionRow, other: CaseRow) -> datetime:
        """When another case is expected to end, which may not have been let go yet."""
        policy = self.policies[other.policy]
        end = expected_end(session, policy, other, step.at)
        mine = session.get_one(DisruptedCaseRow, (row.reference, other.dossier))
        waits = row.granted and mine.stand is DisruptionStand.SUSPENDED
        return calendar_of(session, policy).add(end, f"{row.working_days} working days") if waits else end


def _suspended(row: DisruptionRow, case: CaseRow, step: Step) -> DisruptedCaseRow:
    return DisruptedCaseRow(
        reference=row.reference, dossier=case.dossier, case_id=case.case_id, customer=case.customer,
        stand=DisruptionStand.SUSPENDED, suspended_at=step.at,
    )  # fmt: skip


def _over(session: Session, step: Step, row: DisruptionRow) -> None:
    fingerprint = f"{row.kind}:{row.reference}"
    finding = session.get_one(FindingRow, (step.dossier, fingerprint))
    finding.state, finding.ended_at = FindingState.CLEARED, step.at
    note(session, step, f"let go: {fingerprint}", row.cause, who=row.ended_by)


def _extend(session: Session, step: Step, row: DisruptionRow) -> None:
    """The time that was approved for the disruption, for the case and for each task that is open in it."""
    if not row.granted:
        return
    session.add(
        ExtensionRow(
            decision_id=f"{row.reference}/{step.dossier}",
            dossier=step.dossier,
            working_days=row.working_days,
            reason=row.cause,
            asked_by=row.ended_by,
            at=step.at,
            state=ExtensionState.GRANTED,
            disruption=row.reference,
        )
    )
    for task in session.exec(select(TaskRow).where(TaskRow.dossier == step.dossier, col(TaskRow.ended_at).is_(None))):
        task.extended += row.working_days
    note(session, step, f"extended by {row.working_days} working days", row.cause, who=row.ruled_by)
