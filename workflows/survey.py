"""满意度调查: ask the customer how content they were, some time after the end of another case."""

from temporalio import workflow

from activities.archive import Archive
from activities.surveys import Surveys
from contracts.findings import FindingKind
from contracts.notices import NoticeSpec
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome
from contracts.steps import Ending
from contracts.surveys import Scored, SurveyRequest
from contracts.taken import Taken
from contracts.tasks import DecisionReceipt, TaskOption
from contracts.vocabulary import CaseKind, Language, Outcome, Stage
from policy.incidents import Question, SurveyRules
from workflows.case import Case
from workflows.stops import Moot

SCORES = ("1", "2", "3", "4", "5")


@workflow.defn
class Survey(Case):
    """Ask about one case, once. It is worth neither a call nor a letter, nor an apology when one of its steps fails:
    that is tried again until it is done."""

    def __init__(self) -> None:
        super().__init__(CaseKind.SURVEY)
        self.request: SurveyRequest | None = None
        self.followed_up_by = ""

    @workflow.run
    async def run(self, request: SurveyRequest) -> CaseOutcome:
        """From the end of the other case to the filed dossier."""
        self.request = request
        case, now = workflow.info().workflow_id, self.now()
        opening = self.surely(Surveys.open_survey, case, request, now, summary="open")
        return await self.uncancelled(self.course(opening))

    async def leave(self, ending: Ending) -> None:
        """What came of it is kept; the customer is told nothing more."""
        step = self.step("end_survey")
        await self.surely(Surveys.end_survey, step, ending, self.followed_up_by, summary="the survey is over")

    async def file(self) -> None:
        """归档; nobody is asked about a survey."""
        await self.surely(Archive.file, self.step("file"), summary="file")

    async def process(self) -> Ending:
        """问卷, and where the score is low 低分跟进."""
        await self.until(lambda: False, before=self.required.begins_at, summary="after the end")
        self.enter(Stage.QUESTIONNAIRE)
        try:
            answer = await self.ask(self.rules)
        except Moot as unreached:
            return Ending(outcome=Outcome.EXPIRED, words=str(unreached))
        if answer is None:
            return Ending(outcome=Outcome.EXPIRED)
        if answer.option == "decline":
            return Ending(outcome=Outcome.WITHDRAWN, words=answer.reason)
        scored = await self.surely(Surveys.keep_answers, self.step("keep_answers"), answer, summary="keep the answers")
        if scored.low:
            self.enter(Stage.FOLLOW_UP)
            await self.follow_up(scored, answer.reason)
        return Ending(outcome=Outcome.ANSWERED, words=f"{scored.text} of {SCORES[-1]}")

    async def ask(self, rules: SurveyRules) -> DecisionReceipt | None:
        """Every question of the policy's version; the reason of the answer is for free words. None after silence."""
        takes = tuple(Taken(name=question.id, among=SCORES, needed=True) for question in rules.questions)
        return await self.ask_customer(
            "survey",
            f"questionnaire {rules.version}",
            (TaskOption(name="rated", takes=takes), TaskOption(name="decline")),
            ladder=rules.ladder,
            facts={"questions": "\n".join(map(self._line, rules.questions))},
            in_writing=True,
        )

    async def follow_up(self, scored: Scored, words: str) -> None:
        """Somebody whose work is not what was judged speaks with the customer."""
        request = self.request
        if request is None:
            raise AssertionError("the survey has not begun")
        decision = await self.ask_staff(
            "survey_follow_up",
            f"the survey about {request.about} came to {scored.text} of {SCORES[-1]}: learn why, and see to it",
            (self.rules.role,),
            (TaskOption(name="followed_up", reason_needed=True),),
            barred=request.makers,
            facts={"mean": scored.text} | ({"words": words} if words.strip() else {}),
        )
        self.followed_up_by = decision.by

    async def letter(self, notice: NoticeSpec) -> None:
        """Nothing that is said about a survey is worth one."""

    @property
    def rules(self) -> SurveyRules:
        """The questionnaire; a survey is opened only where the policy has one."""
        if self.policy.survey is None:
            raise AssertionError(f"policy {self.policy.version} has no survey")
        return self.policy.survey

    def _line(self, question: Question) -> str:
        return f"{question.id}: {question.zh if self.required.language is Language.ZH else question.en}"

    def _may_happen(self, kind: FindingKind) -> None:
        raise Refused(Code.NOT_ALLOWED, f"A survey takes answers only; raise {kind} on the case it is about.")
