"""满意度调查: opened about a case that has ended, answered and scored once, and over."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from temporalio import activity

from activities.casework import case_of, move_expected, note
from activities.opening import known, new_dossier, opened
from contracts.messages import survey_id
from contracts.notices import DeliveryState
from contracts.refusals import Code, Fault, Refused, bad_input
from contracts.steps import Ending, Opened, Step
from contracts.surveys import Scored, SurveyRequest
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import CaseKind
from gateways.books import Books
from gateways.calendar_days import calendar_of
from policy import Policies, Policy
from policy.incidents import SurveyRules
from records import trail
from records.canonical import canonical
from records.database import Database
from records.incident_tables import SurveyRow
from records.tables import CaseRow, ContactRow, FollowUpRow

_WENT_OUT = (DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.ANSWERED)


@dataclass
class Surveys:
    """Keeps what customers say of a case after its end."""

    database: Database
    books: Books
    policies: Policies

    @activity.defn
    def open_survey(self, case_id: str, request: SurveyRequest, at: datetime) -> Opened:
        """Open the survey about a case, by the policy of that case. Safe to repeat: a dossier is asked about once.

        Refused: BAD_INPUT, NOT_FOUND, NOT_ALLOWED, MISMATCH, ALREADY_ENDED; then nothing has changed.
        """
        if case_id != survey_id(request.about):
            raise bad_input("survey", [Fault(path="about", message=f"{request.about} does not belong to {case_id}")])
        with self.database.transaction() as session:
            about = session.get(CaseRow, request.about)
            if about is None:
                raise Refused(Code.NOT_FOUND, f"There is no case {request.about}.")
            policy = self.policies[about.policy]
            row = known(session, CaseKind.SURVEY, request.about, request, "Survey about")
            row = row or self._begin(session, case_id, request, about, policy, at)
            begins_at = session.get_one(SurveyRow, row.dossier).begins_at
            customer = self.books.customer(session, row.customer)
            return opened(session, policy, row, customer, "", begins_at=begins_at)

    @activity.defn
    def keep_answers(self, step: Step, answer: DecisionReceipt) -> Scored:
        """The answers, what they come to, and which questionnaire it was."""
        rules = _rules(self.policies[step.policy])
        with self.database.once(step.key, None, Scored) as effect:
            if effect.done:
                return effect.result
            case_of(effect.session, step)
            answers = {question.id: str(answer.data[question.id]) for question in rules.questions}
            mean = sum(map(int, answers.values())) / len(answers)
            scored = Scored(score=round(100 * mean), low=mean <= rules.low)
            row = effect.session.get_one(SurveyRow, step.dossier)
            row.answers, row.words = canonical(answers), answer.reason
            row.score, row.answered_at = scored.score, answer.at
            evidence = answers | {"version": row.version, "mean": scored.text}
            note(effect.session, step, "survey scored", who=answer.by, evidence=evidence)
            return effect.record(scored)

    @activity.defn
    def end_survey(self, step: Step, ending: Ending, followed_up_by: str) -> None:
        """Whatever came of it, it is over: the case that it is about does not wait for it any more."""
        with self.database.once(step.key, None, str) as effect:
            if effect.done:
                return
            session, case = effect.session, case_of(effect.session, step)
            row = session.get_one(SurveyRow, case.dossier)
            case.outcome, case.words = ending.outcome, ending.words
            row.sent_at, row.followed_up_by = _sent_at(session, case.dossier), followed_up_by
            due = session.get(FollowUpRow, (row.about, CaseKind.SURVEY))
            if due:
                due.done_at, due.words = step.at, " ".join([f"{step.case}: {ending.outcome}", ending.words]).strip()
            note(session, step, "survey over", evidence={"about": row.about})
            effect.record("over")

    def _begin(
        self, session: Session, case_id: str, request: SurveyRequest, about: CaseRow, policy: Policy, at: datetime
    ) -> CaseRow:
        rules = _rules(policy)
        row = new_dossier(
            session, case_id, CaseKind.SURVEY, about.dossier, request, policy, at,
            customer=about.customer, language=about.language, account=about.account,
        )  # fmt: skip
        due = session.get(FollowUpRow, (about.dossier, CaseKind.SURVEY))
        begins_at = due.due_at if due else calendar_of(session, policy).add(at, policy.follow_up.survey)
        session.add(SurveyRow(dossier=row.dossier, about=about.dossier, version=rules.version, begins_at=begins_at))
        move_expected(session, policy, row, at)
        trail.append(
            session, row.dossier, who="system", what=f"survey about {about.dossier} opened", policy=row.policy, at=at,
            evidence={"version": rules.version, "begins": begins_at.isoformat()},
        )  # fmt: skip
        return row


def _rules(policy: Policy) -> SurveyRules:
    if policy.survey is None:
        raise Refused(Code.NOT_ALLOWED, f"Policy {policy.version} has no survey.")
    return policy.survey


def _sent_at(session: Session, dossier: str) -> datetime | None:
    """When the questionnaire first went out, if it did."""
    sent = select(ContactRow.at).where(ContactRow.dossier == dossier, ContactRow.template == CaseKind.SURVEY)
    return session.exec(sent.where(col(ContactRow.state).in_(_WENT_OUT)).order_by(col(ContactRow.at))).first()
