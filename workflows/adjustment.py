"""账目调整: put the wrong books of one account right, with the customer's knowledge."""

import json
from typing import NamedTuple, NoReturn

from temporalio import workflow

from activities.adjustments import Adjustments
from activities.plans import Plans
from activities.postings import Postings
from contracts.adjustments import (
    AdjustmentRequest,
    Compared,
    Draft,
    Lesson,
    PlanSummary,
    Said,
    Speaker,
)
from contracts.messages import adjustment_id
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome, Receipt
from contracts.steps import Ending
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import Outcome, Stage
from workflows.adjustment_cause import AdjustmentCause
from workflows.adjustment_elsewhere import put_right_elsewhere
from workflows.adjustment_people import (
    AGREE,
    COMPARE_AGAIN,
    END,
    JUSTIFIED,
    NOTHING_WRONG,
    OBJECT,
    UNJUSTIFIED,
)
from workflows.case import only_for
from workflows.remedy_shapes import APPROVE
from workflows.stops import Returned


class Judged(NamedTuple):
    """An objection that has a reason, at least in part: what was said, who judged so, and why."""

    said: DecisionReceipt
    by: str
    why: str


@workflow.defn
class AccountAdjustment(AdjustmentCause):
    """Put the books of one account right. The stages are those of docs/process.md; nothing here says how long or how
    often. `undoing`: the newest plan takes a posted one back; `objected`: what is to be judged; `justified`: how an
    objection to what was posted was judged that is not made good yet."""

    def __init__(self) -> None:
        super().__init__()
        self.request: AdjustmentRequest | None = None
        self.undoing = False
        self.looks = 0
        self.proposer = ""
        self.objected: DecisionReceipt | None = None
        self.justified: Judged | None = None
        self.posted = PlanSummary()
        self.balance = ""
        self.asked_about = ""
        self.result = Outcome.ADJUSTED

    @workflow.run
    async def run(self, request: AdjustmentRequest) -> CaseOutcome:
        """From the request to the filed dossier."""
        self.request = request
        self.workers.add(request.raised_by)
        case, now = workflow.info().workflow_id, self.now()
        self.remarks = (f"what was said and planned: `starter.py adjustment show {case}`",)
        opening = self.surely(Adjustments.open_adjustment, case, request, now, self.begun_by, summary="open")
        return await self.uncancelled(self.course(opening))

    async def process(self) -> Ending:
        """受理 to 经验教训."""
        await self.tell("adjustment_received", {"expected_by": self.day(self.required.expected_by)})
        await self.pass_through(
            {
                Stage.CAUSE: self.cause,
                Stage.CONVERSATION: self.conversation,
                Stage.COMPARISON: self.comparison,
                Stage.APPROVAL: self.approval,
                Stage.NOTICE: self.notice,
                Stage.POSTING: self.posting,
                Stage.SATISFACTION: self.satisfaction,
                Stage.LESSONS: self.lessons,
            }
        )
        return Ending(outcome=self.result)

    async def leave(self, ending: Ending) -> None:
        """What was posted the customer has been told; how it ended otherwise is told here."""
        await self.carried_out(Adjustments.end_adjustment, ending)
        if ending.outcome not in {Outcome.ADJUSTED, Outcome.REVERSED}:
            await self.tell("adjustment_ended", {"outcome": ending.outcome, "words": ending.words})

    # ---- the stages ----------------------------------------------------------------------------------------------

    async def comparison(self) -> None:
        """核对与更正方案: until there is a plan, or nothing to put right."""
        await self.fault_over()
        await self._not_for_ever()
        compared = await self.carried_out(Plans.compare_books)
        while True:
            decision = await self.ask_proposal(compared)
            if decision.option == NOTHING_WRONG.name:
                self._done(Outcome.UNFOUNDED, decision.reason)
            elif decision.option == COMPARE_AGAIN.name:
                compared = await self.carried_out(Plans.compare_books)
            elif await self._has_plan(decision, compared):
                return

    async def approval(self) -> None:
        """审批: a plan that is rejected goes back."""
        decision = await self.ask_approval_of(self.planned)
        if decision.option == APPROVE.name:
            approvers = await self.carried_out(Plans.approve_plan, self.planned.hash)
            self.approvers.update(approvers)
            if approvers:
                return
            self.planned = self.planned.model_copy(update={"within": False})
            raise Returned(Stage.APPROVAL)
        self.why = f"plan {self.planned.n} was rejected: {decision.reason}"
        if not self.undoing:
            raise Returned(Stage.COMPARISON)
        self.undoing, self.planned = False, self.posted
        raise Returned(Stage.SATISFACTION)

    async def notice(self) -> None:
        """告知与异议期: nothing is posted before the customer knows of it, and agrees or lets the time pass."""
        while True:
            answer = await self.ask_about(undoing=self.undoing)
            if await self.carried_out(Plans.tell_plan, self.planned.hash):
                break
            await self.letter_about()
        if answer is not None and answer.option == OBJECT.name:
            await self._judge(answer)
        if answer is None or answer.option != AGREE.name:
            await self.until(lambda: False, before=self.posts_at, summary="objection time")
        await self.not_paused()

    async def posting(self) -> None:
        """复核、快照、调账、对账: the plan as it was approved and told, or back to the comparison."""
        changed = await self.carried_out(Postings.plan_changed, self.planned.hash)
        if changed:
            await self._again(changed)
        await self.until_clear(self.by(Postings.plan_frozen))
        self.settling = True
        posted = await self.carried_out(Postings.post_plan, self.planned.hash)
        self.settling = self.money_moved = self.money_moved or bool(posted.entries)
        if posted.why:
            await self._again(posted.why)
        self.balance = posted.balance or self.planned.after
        self.posted, self.justified = self.planned, None
        await self._elsewhere()
        if left := await self.carried_out(Postings.reconcile_books, self.planned.hash):
            self._back(left)

    async def satisfaction(self) -> None:
        """满意度: content or not; what the customer objects to is judged."""
        if self.undoing:
            self.result = Outcome.REVERSED
            return await self.tell("adjustment_undone", {"balance": self.balance})
        if self.objected is None:
            self.asked_about = self.posted.hash
            answer = await self.ask_satisfaction(self.posted, self.balance)
            if answer is None:
                return None
            if answer.option != OBJECT.name:
                return await self._content(answer)
            self.objected = answer
        return await self._judge(self.objected)

    async def lessons(self) -> None:
        """经验教训: cause and improvement, onto the training list."""
        decision = await self.ask_lesson(self.cause_is)
        await self.carried_out(Adjustments.learn_from, Lesson(improvement=decision.reason, by=decision.by))

    # ---- what they are made of -----------------------------------------------------------------------------------

    async def _has_plan(self, decision: DecisionReceipt, compared: Compared) -> bool:
        """Whether what was proposed makes a plan; else it is said why not."""
        given = decision.data.get("draft")
        draft = Draft.model_validate_json(json.dumps(given)) if given else compared.drafted
        if draft is None:
            self.why = "nothing follows from the statements: say by `draft` which entries to reverse and what to book"
            return False
        proposing = Plans.propose_plan, draft, compared, decision.by, decision.reason
        self.planned = await self.carried_out(*proposing)
        self.why, self.proposer = self.planned.why, decision.by
        self.workers.update(self.planned.brought_by)
        return not self.why

    async def _again(self, why: str) -> NoReturn:
        """The plan cannot be posted as it is. What takes back is made anew from the books as they are now, all else
        goes back to the comparison."""
        if self.undoing and self.justified:
            await self._undo(self.justified)
        self._back(why)

    def _back(self, why: str) -> NoReturn:
        """Back to the comparison, with the reason; what was objected to is not on the table any more."""
        self.why, self.undoing, self.objected = why, False, None
        raise Returned(Stage.COMPARISON)

    def _done(self, outcome: Outcome, why: str) -> NoReturn:
        """No further plan is made: the case ends, or what was posted before stands, and the customer is asked about it
        if they were not yet. Where they objected with reason, it is judged again whether that may be."""
        if not self.money_moved:
            self.end(outcome, why)
        if self.justified:
            self.objected, self.planned, self.why = self.justified.said, self.posted, f"no further plan: {why}"
            raise Returned(Stage.SATISFACTION)
        self.why = ""
        raise Returned(Stage.LESSONS if self.asked_about == self.posted.hash else Stage.SATISFACTION)

    async def _not_for_ever(self) -> None:
        """When the policy's rounds are used up, a supervisor decides how to go on."""
        self.looks += 1
        if self.looks > 1 and (self.looks - 1) % self.policy.rounds == 0:
            decision = await self.ask_whether_again(self.looks - 1)
            if decision.option == END.name:
                self._done(Outcome.REJECTED, decision.reason)

    async def _content(self, answer: DecisionReceipt) -> None:
        await self.carried_out(Adjustments.contented, True)
        if answer.reason:
            await self._keep(answer)

    async def _judge(self, said: DecisionReceipt) -> None:
        """异议: justified, it is taken back; partly, there is a new plan; else the customer is told why not."""
        decision = await self.ask_about_objection(said, self.why)
        if said.task not in self.judges:
            await self._keep(said)
            await self.carried_out(Adjustments.contented, False)
        self.judges.setdefault(said.task, set()).update({decision.by, decision.in_place_of} - {""})
        self.objected, self.why = None, ""
        if decision.option == UNJUSTIFIED.name:
            if self.justified and self.justified.said == said:
                self.justified = None
            await self.tell("objection_rejected", {"objection": said.reason, "words": decision.reason})
            return
        judged = Judged(said, decision.by, decision.reason)
        if self.money_moved:
            self.justified = judged
        if decision.option == JUSTIFIED.name and self.posted.hash == self.planned.hash:
            await self._undo(judged)
        self._back(f"the customer objects: {said.reason}; {decision.reason}")

    async def _undo(self, judged: Judged) -> NoReturn:
        """冲回: a plan that takes back what was posted, approved and told like any other."""
        undoing = Plans.propose_undoing, self.posted.hash, judged.by, judged.why
        planned = await self.carried_out(*undoing)
        if planned.why:
            self._back(planned.why)
        self.objected, self.undoing = judged.said, True
        if not planned.hash:  # others took it back meanwhile
            self.balance = planned.after
            raise Returned(Stage.SATISFACTION)
        self.planned = planned
        raise Returned(Stage.APPROVAL)

    async def _keep(self, said: DecisionReceipt) -> None:
        remark = Said(speaker=Speaker.CUSTOMER, about=said.option, words=said.reason, heard_by=said.heard_by)
        await self.carried_out(Adjustments.converse, (remark,))

    async def _elsewhere(self) -> None:
        """What stands on the accounts of other customers is put right in adjustments of their own."""
        for request in await self.carried_out(Postings.plan_elsewhere, self.planned.hash, self.proposer):
            put_right_elsewhere(self, request)

    # ---- the request ---------------------------------------------------------------------------------------------

    @workflow.update
    async def receive(self, request: AdjustmentRequest) -> Receipt:
        """The receipt of the request that opened this case. The same again is the same case."""
        receipt = await self.receipt()
        if request != self.request:
            raise Refused(Code.MISMATCH, f"Request {request.request_id} was sent before with other content.")
        return receipt

    @receive.validator
    def _judge_request(self, request: AdjustmentRequest) -> None:
        only_for(adjustment_id(request.request_id), f"The request is {request.request_id}")
