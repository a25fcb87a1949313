"""重大事故: a major incident, from the emergency team to the review, with all reports that hang on it."""

from temporalio import workflow

from activities.majors import Majors
from contracts.majors import Improvement, MajorStart, MajorWord, Settled
from contracts.requests import CaseOutcome
from contracts.steps import Ending
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import Outcome, Role, Stage
from workflows.major_bulletins import MajorBulletins
from workflows.major_people import REVIEWED, announced


@workflow.defn
class MajorIncident(MajorBulletins):
    """Deal with one major incident. A report begins it, and it goes on whatever becomes of that."""

    @workflow.run
    async def run(self, start: MajorStart) -> CaseOutcome:
        """From the team to the last improvement."""
        opening = self.surely(Majors.open_major, start, self.now(), summary="open")
        return await self.uncancelled(self.course(opening))

    async def process(self) -> Ending:
        """组队 to 复盘; beside it the bulletins, the words to the public, and the reports that came before it."""
        self.beside(self.say_to_reports(MajorWord.HANG_ON))
        self.beside(self.bulletins())
        self.beside(self.statements())
        await self.pass_through(
            {
                Stage.TEAM: self.team,
                Stage.INTERIM: self.interim,
                Stage.LASTING: self.lasting,
                Stage.REVIEW: self.review,
            }
        )
        return Ending(outcome=Outcome.SOLVED)

    async def leave(self, ending: Ending) -> None:
        """What still hangs on it is dealt with by itself again."""
        if not self.over:
            self.over = True
            await self.carried_out(Majors.abandon, ending.words)
            await self.say_to_reports(MajorWord.GO_ON)

    # ---- the stages ----------------------------------------------------------------------------------------------

    async def team(self) -> None:
        """组建应急小组: every role, side by side."""
        await self.side_by_side(*(self._filled(role, deputies) for role, deputies in self.rules.team.items()))

    async def interim(self) -> None:
        """临时措施: recorded, and the next bulletin at once."""
        decision = await self.ask_interim()
        await self.carried_out(Majors.keep_interim, announced(decision), decision.reason)
        self.news = decision

    async def lasting(self) -> None:
        """根本解决: when somebody else has approved the words, every report that hangs on it is answered, each customer
        once."""
        by, why = "", ""
        while not by:
            decision = await self.ask_lasting(why)
            told = announced(decision)
            by = await self.ask_approval("solution_approval", decision, told)
            why = "the words to the customers were rejected"
        settled = Settled(cause=str(decision.data["cause"]), solution=decision.reason, told=told, approved_by=by)
        await self.carried_out(Majors.settle, settled)
        self.over = True
        await self.say_to_reports(MajorWord.SOLVED)

    async def review(self) -> None:
        """事后复盘: what is to be done better, and then done."""
        await self.side_by_side(*(self._improved(action) for action in await self._actions()))

    # ---- what they are made of -----------------------------------------------------------------------------------

    async def _filled(self, role: Role, deputies: tuple[Role, ...]) -> None:
        receipt = await self.ask_to_join(role, deputies)
        await self.carried_out(Majors.fill_role, role, receipt)

    async def _actions(self) -> list[Improvement]:
        actions: list[Improvement] = []
        asked: list[str] = []
        while True:
            decision = await self.ask_review(asked)
            asked.append(decision.task)
            if decision.option == REVIEWED.name:
                return actions
            actions.append(_improvement(len(actions) + 1, decision))
            await self.carried_out(Majors.keep_action, actions[-1])

    async def _improved(self, action: Improvement) -> None:
        receipt = await self.ask_owner(action)
        await self.carried_out(Majors.action_done, action.n, receipt)


def _improvement(n: int, decision: DecisionReceipt) -> Improvement:
    said = decision.data
    return Improvement(
        n=n, what=decision.reason, owner=Role(str(said["owner"])), within=str(said["within"]), by=decision.by
    )
