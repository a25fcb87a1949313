"""客户事故: what an incident asks people, staff of the departments and the customer."""

from collections.abc import Sequence
from typing import Any

from activities.incidents import Incidents
from contracts.handling import News
from contracts.incidents import Category, HandlingStep, Proposed, Severity
from contracts.money import Money
from contracts.taken import Taken
from contracts.tasks import DecisionReceipt, TaskOption
from contracts.vocabulary import CaseKind, Role
from policy.incidents import IncidentRules
from workflows.adjusting import ADJUST
from workflows.case import Case
from workflows.remedy_shapes import RETURN, approved, asked_back, not_empty

CONFIRM = TaskOption(name="confirm")
NOT_OURS = TaskOption(name="not_ours", reason_needed=True)  # bounced to triage
INTERIM = TaskOption(name="interim", reason_needed=True)
ANALYSE_AGAIN = TaskOption(name="analyse_again", reason_needed=True)
DONE = TaskOption(name="done", reason_needed=True)  # the reason is the proof
FAILED = TaskOption(name="failed", reason_needed=True)
SOLVED = TaskOption(name="solved")
NOT_SOLVED = TaskOption(name="not_solved", reason_needed=True)
NOT_REACHED = TaskOption(name="not_reached")
AGAIN = TaskOption(name="again", reason_needed=True)
END = TaskOption(name="end", reason_needed=True)
YES = "yes"


class IncidentPeople(Case):
    """The questions of an incident. `department` deals with it, by the deadlines of `ladder`; `matter` names the tasks
    of this round so far, whose clock goes on; `paid`: compensation so far, in minor units;
    `workers`: who has worked on it, and so approves none."""

    def __init__(self) -> None:
        super().__init__(CaseKind.INCIDENT)
        self.department = Role.CUSTOMER_SERVICE
        self.ladder = "staff"
        self.matter: tuple[str, ...] = ()
        self.paid = 0
        self.workers: set[str] = set()
        self.sent_back = ""

    @property
    def rules(self) -> IncidentRules:
        """The policy's rules for incidents."""
        return self.policy.for_incidents

    async def ask_triage(self, proposed: Proposed) -> DecisionReceipt:
        """分类定级: a professional confirms what the rules propose, with what led to it, or changes it."""
        changes = (
            Taken(name="category", among=tuple(Category)),
            Taken(name="severity", among=tuple(Severity)),
            Taken(name="department", among=tuple(sorted({*self.rules.departments.values()}))),
            Taken(name="matter"),
            Taken(name="complex", among=(YES, "no")),
        )
        options = [CONFIRM, TaskOption(name="change", reason_needed=True, takes=changes)]
        if proposed.duplicates:
            options.append(TaskOption(name="duplicate", wants="of", among=proposed.duplicates))
        clues = "; ".join(f"{clue.rule}: {', '.join(clue.found)} -> {clue.says}" for clue in proposed.clues)
        facts = {"category": proposed.category, "severity": proposed.severity, "because": clues or "no rule speaks"}
        facts |= {"bounced": self.sent_back} if self.sent_back else {}
        return await self._work(
            "triage", f"{proposed.category}, {proposed.severity}?", self.rules.triage_roles, options,
            ladder=self.rules.triage_ladder, facts=facts,
        )  # fmt: skip

    async def ask_department(self, step: HandlingStep, options: Sequence[TaskOption], **facts: str) -> DecisionReceipt:
        """What the department does next; it may ask the customer or the customer's desk before. Whoever works on it
        approves no compensation for it."""
        decision = await self._work(
            step, f"{step} {self.case_id}", (self.department,), (*options, RETURN), ladder=self.ladder, facts=facts
        )
        self.made_by(decision)
        self.workers.add(decision.by)
        return decision

    async def ask_analysis(self) -> DecisionReceipt:
        """分析: the root cause with its code; or the incident is another department's."""
        analysed = TaskOption(name="analysed", reason_needed=True, wants="cause", among=self.rules.causes)
        return await self.ask_department(HandlingStep.ANALYSE, (analysed, NOT_OURS))

    async def ask_solution(self, currency: str, why: str) -> DecisionReceipt:
        """方案: the lasting remedy, with what the firm pays for it; or an interim one first, or the books put right."""
        amount = (Taken(name="compensation", currency=currency),) if currency else ()
        proposed = TaskOption(name="proposed", reason_needed=True, takes=amount)
        options = (proposed, INTERIM, ANALYSE_AGAIN, *((ADJUST,) if currency and self.policy.adjustments else ()))
        return await self.ask_department(HandlingStep.SOLVE, options, **not_empty(why=why))

    async def ask_to_carry_out(self, solution: str) -> DecisionReceipt:
        """执行: done, with what proves it (papers by `attach`), or it cannot be done so."""
        return await self.ask_department(HandlingStep.CARRY_OUT, (DONE, FAILED), solution=solution)

    async def compensation_approved(self, amount: Money, why: str) -> str:
        """赔付: who approved it; empty when it was rejected. With what was paid before above the limit: two approve."""
        rules = self.rules.compensation
        limit = rules.limit.get(amount.currency)
        within = limit is not None and self.paid + amount.minor <= Money.parse(limit, amount.currency).minor
        rule = rules.within if within else rules.above
        return await approved(self, "compensation", why, rule, sorted(self.workers), amount=str(amount))

    async def ask_whether_solved(self, solution: str, also: str) -> DecisionReceipt | None:
        """客户确认: None when no answer came. `also`: which of the customer's other reports it answers."""
        facts = {"solution": solution} | not_empty(also=also)
        return await self.ask_customer(
            "incident_solved", "confirm that it is solved", (SOLVED, NOT_SOLVED), ladder="confirm_solved", facts=facts
        )

    async def ask_call_back(self, solution: str) -> DecisionReceipt:
        """回访: the call centre asks whether it is still solved."""
        return await self.ask_staff(
            "call_back", f"call the customer: is {self.case_id} still solved?",
            (Role.CALL_CENTRE, Role.CUSTOMER_SERVICE), (SOLVED, NOT_SOLVED, NOT_REACHED),
            ladder="call_back", facts={"solution": solution},
        )  # fmt: skip

    async def ask_supervisor(self, why: str) -> DecisionReceipt:
        """升级: reopened more often than the policy allows."""
        words = f"{self.case_id} was reopened more than {self.rules.reopenings} times"
        return await self.ask_staff("escalated", words, (Role.SUPERVISOR,), (AGAIN, END), facts={"why": why})

    async def keep(self, what: str, receipt: DecisionReceipt, **more: Any) -> int:
        """Write down what was done; how often the incident has been reopened."""
        news = News(what=what, by=receipt.by, why=receipt.reason, **more)
        return await self.carried_out(Incidents.keep, news)

    async def _work(
        self, name: str, subject: str, roles: Sequence[Role], options: Sequence[TaskOption], **more: Any
    ) -> DecisionReceipt:
        decision = await asked_back(self, name, subject, roles, options, continues=self.matter, **more)
        self.matter = (*self.matter, decision.task)
        return decision
