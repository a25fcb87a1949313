"""账目调整: what an adjustment asks people, staff and the customer."""

from collections.abc import Awaitable, Callable, Sequence

from activities.adjustments import Adjustments
from activities.mending import Mending
from contracts.adjustments import Cause, Compared, PlanSummary, Said, Speaker, Topic
from contracts.notices import NoticeSpec
from contracts.taken import Taken
from contracts.tasks import DecisionReceipt, TaskOption
from contracts.vocabulary import CaseKind, Role
from policy.adjustments import AdjustmentRules
from workflows.case import Case
from workflows.remedy_shapes import RETURN, asked_back, not_empty, ruled

CONFIRM = TaskOption(name="confirm", takes=(Taken(name="incident"),))
CHANGE = TaskOption(
    name="change", reason_needed=True, wants="cause", among=tuple(Cause), takes=(Taken(name="incident"),)
)
WAIVE = TaskOption(name="waive", reason_needed=True)
LINK = TaskOption(name="link", wants="incident")
TOLD = TaskOption(name="told", takes=tuple(Taken(name=topic, needed=True, long=True) for topic in Topic))
NOTHING_KNOWN = TaskOption(name="nothing_known")
PROPOSE = TaskOption(name="propose", reason_needed=True, takes=(Taken(name="draft", draft=True),))
COMPARE_AGAIN = TaskOption(name="compare_again")
NOTHING_WRONG = TaskOption(name="nothing_wrong", reason_needed=True)
AGREE = TaskOption(name="agree")
OBJECT = TaskOption(name="object", reason_needed=True)
QUESTION = TaskOption(name="question", reason_needed=True)
SATISFIED = TaskOption(name="satisfied")
SUGGEST = TaskOption(name="suggest", reason_needed=True)
JUSTIFIED = TaskOption(name="justified", reason_needed=True)
PARTLY = TaskOption(name="partly", reason_needed=True)
UNJUSTIFIED = TaskOption(name="unjustified", reason_needed=True)
FAULT_BEHIND = "fault_behind"
AGAIN = TaskOption(name="again", reason_needed=True)
END = TaskOption(name="end", reason_needed=True)


class AdjustmentPeople(Case):
    """The questions of an adjustment. `cause_is`: why the books are wrong, as far as it is known; `why`: why it came
    back to the comparison; `workers`: who has worked on it or asked for it, and so approves none of it; `approvers`
    judge no objection to it; `judges`: who judged an objection, by the task in which it was said; `planned`: the newest
    plan, and `posts_at` when it is posted if nobody objects."""

    def __init__(self) -> None:
        super().__init__(CaseKind.ADJUSTMENT)
        self.why = ""
        self.cause_is = Cause.DATA_ENTRY
        self.workers: set[str] = set()
        self.approvers: set[str] = set()
        self.judges: dict[str, set[str]] = {}
        self.planned = PlanSummary()
        self.posts_at = self.now()

    @property
    def rules(self) -> AdjustmentRules:
        """The policy's rules for adjustments."""
        return self.policy.for_adjustments

    @property
    def hands(self) -> tuple[str, ...]:
        """Who has a hand in it, and so approves none of it."""
        return tuple(sorted(self.workers.union(*self.judges.values())))

    async def ask_cause(self, suspected: str, why: str) -> DecisionReceipt:
        """原因确认: what is behind it; a system's fault with the incident about it."""
        return await self._work(
            "adjustment_cause", f"why are the books wrong: {suspected}?", (CONFIRM, CHANGE),
            cause=suspected, **not_empty(why=why),
        )  # fmt: skip

    async def ask_to_waive(self, incident: str) -> DecisionReceipt:
        """The incident behind it is not solved: it is waited for, unless somebody lets the adjustment go on."""
        about = incident or "none is named"
        return await self.ask_staff(
            FAULT_BEHIND, f"the fault behind {self.case_id} is not solved: {about}", self.rules.waiver, (WAIVE, LINK),
            barred=self.hands, ladder=self.rules.ladder, facts={"incident": about},
        )  # fmt: skip

    async def ask_what_happened(self, cause: Cause) -> tuple[Said, ...]:
        """询问客户: since when, why, with what effect, what they expect; no answer is no answer."""
        answer = await self.ask_customer(
            "adjustment_questions", "since when, why, effect, expectation", (TOLD, NOTHING_KNOWN),
            ladder=self.rules.conversation_ladder, facts={"cause": cause},
        )  # fmt: skip
        if answer is None:
            return (Said(speaker=Speaker.CUSTOMER, about="all", words="no answer came"),)
        self.workers |= {answer.heard_by} - {""}
        if answer.option == NOTHING_KNOWN.name:
            words = answer.reason or "nothing is known of it"
            return (Said(speaker=Speaker.CUSTOMER, about="all", words=words, heard_by=answer.heard_by),)
        return tuple(
            Said(speaker=Speaker.CUSTOMER, about=topic, words=str(answer.data[topic]), heard_by=answer.heard_by)
            for topic in Topic
        )

    async def ask_proposal(self, compared: Compared) -> DecisionReceipt:
        """更正方案: as it was drafted, or otherwise; after another look; or the books are right."""
        facts = {"differences": compared.lines} | not_empty(why=self.why)
        if compared.drafted:
            facts["drafted"] = compared.drafted.model_dump_json(exclude_none=True)
        return await self._work(
            "propose_plan", f"put the books of {self.case_id} right", (PROPOSE, COMPARE_AGAIN, NOTHING_WRONG), **facts
        )

    async def ask_approval_of(self, planned: PlanSummary) -> DecisionReceipt:
        """审批: by somebody else than who proposed it; above the limit by two."""
        rule = self.rules.within if planned.within else self.rules.above
        facts = {"plan": planned.hash, "lines": planned.lines}
        return await ruled(
            self, "approve_plan", f"plan {planned.n} of {self.case_id}", rule, self.hands, "approval", **facts
        )

    async def ask_about(self, *, undoing: bool) -> DecisionReceipt | None:
        """告知: cause, plan and day; what the customer says to it until the objection time is over. `undoing`: it takes
        back what the customer objected to."""

        async def facts() -> dict[str, str]:
            self.posts_at = await self.carried_out(Mending.after, self.rules.objection)
            return self.notice_facts() | ({"undoing": "yes"} if undoing else {})

        return await self._spoken(
            "adjustment_notice", "object to the plan", (AGREE, OBJECT, QUESTION), self.rules.objection_ladder, facts
        )

    async def ask_satisfaction(self, planned: PlanSummary, balance: str) -> DecisionReceipt | None:
        """满意度: content, a suggestion, a question, or an objection."""

        async def facts() -> dict[str, str]:
            return {"corrections": planned.told, "balance": balance}

        options = (SATISFIED, SUGGEST, OBJECT, QUESTION)
        return await self._spoken(
            "adjustment_done", "content with the adjustment", options, self.rules.satisfaction_ladder, facts
        )

    async def ask_about_objection(self, said: DecisionReceipt, why: str) -> DecisionReceipt:
        """异议: is it justified, partly, or not? Judged by somebody who neither worked on it nor approved; one who
        judged this one before may do so again."""
        others = [who for task, who in self.judges.items() if task != said.task]
        return await asked_back(
            self, "objection", said.reason, self.rules.objections, (JUSTIFIED, PARTLY, UNJUSTIFIED, RETURN),
            barred=tuple(sorted(self.workers.union(self.approvers, *others))), ladder=self.rules.ladder,
            facts={"plan": self.planned.hash, "lines": self.planned.lines} | not_empty(why=why),
        )  # fmt: skip

    async def ask_lesson(self, cause: Cause) -> DecisionReceipt:
        """经验教训: what is to be done better."""
        recorded = TaskOption(name="recorded", reason_needed=True)
        return await self.ask_staff(
            "lesson", f"what is to be done better after {self.case_id}?", self.rules.lessons, (recorded,),
            ladder=self.rules.ladder, facts={"cause": cause},
        )  # fmt: skip

    async def ask_whether_again(self, times: int) -> DecisionReceipt:
        """More plans than the policy's rounds came to nothing."""
        words = f"{times} plans of {self.case_id} came to nothing"
        return await self.ask_staff(
            "rounds_used_up", words, (Role.SUPERVISOR,), (AGAIN, END), facts=not_empty(why=self.why)
        )

    def notice_facts(self) -> dict[str, str]:
        """What the customer is told of the newest plan; `plan` proves which one it was."""
        planned = self.planned
        return {
            "cause": self.cause_is,
            "plan": planned.hash,
            "corrections": planned.told,
            "before": planned.before,
            "after": planned.after,
            "periods": planned.periods,
            "day": self.day(self.posts_at),
        }

    async def _spoken(
        self, name: str, subject: str, options: Sequence[TaskOption], ladder: str,
        begins: Callable[[], Awaitable[dict[str, str]]],
    ) -> DecisionReceipt | None:  # fmt: skip
        """The customer's word, with their questions answered and kept on the way. Their time `begins` anew with every
        answer of ours, as often as the policy has rounds; then it goes on. Nobody notes it who has a hand in it."""
        asked: list[str] = []
        exchange: dict[str, str] = {}
        barred = tuple(sorted(self.approvers.union(self.hands)))
        while True:
            if len(asked) <= self.policy.rounds:
                facts = await begins()
            answer = await self.ask_customer(
                name, subject, options, ladder=ladder, facts=facts | exchange, barred=barred,
                continues=tuple(asked[self.policy.rounds :]),
            )  # fmt: skip
            if answer is None or answer.option != QUESTION.name:
                return answer
            reply = await self.ask_staff(
                "customer_question", answer.reason, (Role.CUSTOMER_SERVICE, *self.rules.roles),
                (TaskOption(name="answered", reason_needed=True),), ladder=self.rules.ladder,
                facts={"question": answer.reason, "asked_by": "customer"},
            )  # fmt: skip
            said = Said(speaker=Speaker.CUSTOMER, about=name, words=answer.reason, heard_by=answer.heard_by)
            ours = Said(speaker=Speaker.FIRM, about=name, words=reply.reason, heard_by=reply.by)
            await self.carried_out(Adjustments.converse, (said, ours))
            exchange = {"question": answer.reason, "answer": reply.reason}
            asked.append(answer.task)

    async def _work(self, name: str, subject: str, options: Sequence[TaskOption], **facts: str) -> DecisionReceipt:
        """A decision of who works on it, and so approves nothing of it."""
        decision = await asked_back(
            self, name, subject, self.rules.roles, (*options, RETURN), ladder=self.rules.ladder, facts=facts
        )
        self.made_by(decision)
        self.workers |= {decision.by, decision.in_place_of} - {""}
        return decision

    async def letter_about(self) -> None:
        """The notice goes by letter, since nothing else reached the customer."""
        await self.letter(NoticeSpec(template="adjustment_notice", facts=self.notice_facts()))
