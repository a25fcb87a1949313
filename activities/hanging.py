"""并入重大事故: what a report hangs on, what it hears of that, and speaking to all that hang on one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import Session
from temporalio import activity

from activities.casework import case_of, note
from activities.sweeping import PAGE, Question, ask_each
from contracts.majors import BulletinState, Heard, Joined, MajorAnswer, MajorNotice, MajorStand, MajorStart, MajorWord
from contracts.messages import major_id
from contracts.rollout import Swept
from contracts.steps import Step
from contracts.vocabulary import Language, Stage
from gateways.majors import (
    SOLUTION,
    earlier_reports,
    first_told,
    hanging,
    major_of,
    major_rules,
    open_major,
    reports_of,
    why_major,
)
from policy import Policies
from records.database import Database
from records.incident_tables import BulletinRow, BulletinToldRow, IncidentRow, MajorRow
from records.tables import CaseRow

_APPROVED = (BulletinState.APPROVED, BulletinState.SENT)


class Told(NamedTuple):
    """A report that is spoken to."""

    case: str
    dossier: str


@dataclass
class Hanging:
    """Hangs reports on major incidents. Who was told what is a key."""

    database: Database
    policies: Policies

    @activity.defn
    def join_major(self, step: Step) -> Joined:
        """The open major incident of the report's matter, or the one that the report begins; by the policy, after a
        person has classified it. The reference is reserved here, so that two reports at once begin one."""
        with self.database.once(step.key, None, Joined) as effect:
            if effect.done:
                return effect.result
            row = effect.session.get_one(IncidentRow, step.dossier)
            if row.hangs:
                return effect.record(Joined(major=row.major))
            major, start = self._major_for(effect.session, step, row)
            if major:
                _hang(effect.session, step, row, major)
            return effect.record(Joined(major=major.case_id if major else "", start=start))

    @activity.defn
    def hear_of_major(self, step: Step, notice: MajorNotice) -> Heard:
        """What a report makes of what its major incident says."""
        with self.database.once(step.key, notice, Heard) as effect:
            if effect.done:
                return effect.result
            session, major = effect.session, major_of(effect.session, notice.major, lock=True)
            if major is None or not _is_so(session, major, notice):
                return effect.record(Heard(stand=MajorStand.FREE))
            return effect.record(_heard(session, step, major, notice))

    @activity.defn
    async def tell_reports(self, notice: MajorNotice, after: str) -> Swept:
        """Speak to a page of the reports that have not heard this. Async, for Temporal's client."""
        page = await asyncio.to_thread(self._page, notice, after, PAGE)
        question = Question("major_says", notice, f"{notice.major}-{notice.word}-{notice.n}", MajorAnswer)
        answers = await ask_each(page, question)
        if notice.word is MajorWord.HANG_ON:
            missing = len(page) - len(answers)
        else:
            left = {each.case for each in await asyncio.to_thread(self._page, notice, after, PAGE)}
            ended = {each.case for each, answer in answers if answer is None}
            missing = len(left.intersection(each.case for each in page) - ended)
        return Swept(last=page[-1].dossier if len(page) == PAGE else "", missing=missing)

    def _page(self, notice: MajorNotice, after: str, limit: int) -> Sequence[Told]:
        with self.database.reading() as session:
            major = major_of(session, notice.major, lock=False)
            if major is None:
                return []
            if notice.word is MajorWord.HANG_ON:
                rows = earlier_reports(session, major, after, limit)
            else:
                untold = notice.n if notice.word is MajorWord.BULLETIN else None
                rows = hanging(session, major, after, limit, untold)
            return [Told(row.case_id, row.dossier) for row in rows]

    def _major_for(self, session: Session, step: Step, row: IncidentRow) -> tuple[MajorRow | None, MajorStart | None]:
        """The one that is open, or one that begins."""
        rules = major_rules(self.policies[step.policy])
        open_ = open_major(session, row.matter) if rules else None
        because = why_major(session, rules, row) if rules else ""
        case_id = major_id(session.get_one(CaseRow, row.dossier).request_id)
        dossier = f"{case_id}.1"
        if open_ or not because or session.get(MajorRow, dossier):  # one report begins one at most
            return open_, None
        major = MajorRow(
            dossier=dossier, case_id=case_id, matter=row.matter, severity=row.severity, because=because,
            begun_by=row.dossier, opened_at=step.at,
        )  # fmt: skip
        session.add(major)
        session.flush()
        return major, MajorStart(case=case_id, begun_by=row.dossier, because=because)


def _is_so(session: Session, major: MajorRow, notice: MajorNotice) -> bool:
    """Whether the records say what the message says: no word counts that nobody has approved."""
    match notice.word:
        case MajorWord.HANG_ON:
            return major.over_at is None
        case MajorWord.BULLETIN:
            row = session.get(BulletinRow, (major.dossier, notice.n))
            return row is not None and not row.public and row.state in _APPROVED
        case MajorWord.SOLVED:
            return major.solved_at is not None
    return major.over_at is not None and major.solved_at is None


def _heard(session: Session, step: Step, major: MajorRow, notice: MajorNotice) -> Heard:
    case, row = case_of(session, step), session.get_one(IncidentRow, step.dossier)
    if notice.word is MajorWord.HANG_ON:
        return _hung(session, step, row, major)
    if not (row.hangs and row.major == major.case_id):
        return Heard(stand=MajorStand.FREE)
    match notice.word:
        case MajorWord.BULLETIN:
            return _bulletin(session, step, case, major, notice.n)
        case MajorWord.SOLVED:
            return _solved(session, step, case, row, major)
    row.hangs = False
    note(session, step, f"hangs on {major.case_id} no more", "it ended without a solution")
    return Heard(stand=MajorStand.FREE, over=True)


def _hang(session: Session, step: Step, row: IncidentRow, major: MajorRow) -> None:
    row.major, row.hangs = major.case_id, True
    note(session, step, f"hangs on {major.case_id}", major.because)


def _hung(session: Session, step: Step, row: IncidentRow, major: MajorRow) -> Heard:
    """An earlier report of the matter, if its department still works on it; nobody is hung before a person has
    classified it."""
    at_work = step.stage is Stage.HANDLING and row.solved_at is None and not row.major
    if at_work and row.matter and row.matter == major.matter:
        _hang(session, step, row, major)
    return Heard(stand=MajorStand.HANGS if row.hangs and row.major == major.case_id else MajorStand.FREE)


def _bulletin(session: Session, step: Step, case: CaseRow, major: MajorRow, n: int) -> Heard:
    first = first_told(session, major.dossier, n, case.customer, step.case, step.at)
    return Heard(stand=MajorStand.HANGS, text=_text(session, case, major, n) if first else "")


def _solved(session: Session, step: Step, case: CaseRow, row: IncidentRow, major: MajorRow) -> Heard:
    """The customer hears of it by the first of their reports; the others end with that one."""
    first = first_told(session, major.dossier, SOLUTION, case.customer, step.case, step.at)
    told = session.get_one(BulletinToldRow, (major.dossier, SOLUTION, case.customer))
    others = (each for each in reports_of(session, major) if each.hangs and each.customer == case.customer)
    also = ", ".join(each.dossier for each in others if each.dossier != row.dossier) if first else ""
    row.hangs, row.solved_at, row.cause, row.solution = False, step.at, major.cause, major.solution
    row.linked_to = "" if first else told.report
    note(session, step, f"solved with {major.case_id}", major.solution)
    solution = _text(session, case, major, SOLUTION)
    return Heard(stand=MajorStand.FREE, over=True, solution=solution, told_with=row.linked_to, also=also)


def _text(session: Session, case: CaseRow, major: MajorRow, n: int) -> str:
    """A bulletin in the language of a customer."""
    row = session.get_one(BulletinRow, (major.dossier, n))
    return row.zh if case.language is Language.ZH else row.en
