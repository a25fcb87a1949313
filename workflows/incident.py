"""客户事故: deal with one incident, from the report to the call-back."""

from temporalio import workflow

from activities.incidents import Incidents
from activities.mending import Mending
from contracts.handling import Compensation, Triage, Triaged
from contracts.incidents import Category, IncidentReport, Proposed, Severity
from contracts.messages import incident_id
from contracts.money import Money
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome, Receipt
from contracts.steps import Ending
from contracts.tasks import DecisionReceipt
from contracts.vocabulary import Outcome, Role, Stage
from policy.work import ExtensionRules
from workflows.adjusting import ADJUST, adjusted
from workflows.case import only_for
from workflows.incident_major import HangingIncident
from workflows.incident_people import (
    ANALYSE_AGAIN,
    DONE,
    END,
    INTERIM,
    NOT_OURS,
    NOT_SOLVED,
    SOLVED,
    YES,
)
from workflows.stops import Returned


@workflow.defn
class Incident(HangingIncident):
    """Deal with one incident. The stages are those of docs/process.md; nothing here says how long or how often."""

    def __init__(self) -> None:
        super().__init__()
        self.report: IncidentReport | None = None
        self.result = Outcome.UNCONFIRMED
        self.category = Category.OTHER

    @workflow.run
    async def run(self, report: IncidentReport) -> CaseOutcome:
        """From the report to the filed dossier."""
        self.report = report
        case, now = workflow.info().workflow_id, self.now()
        opening = self.surely(Incidents.open_incident, case, report, now, summary="open")
        return await self.uncancelled(self.course(opening))

    async def process(self) -> Ending:
        """受理 to 回访."""
        await self.tell("incident_received", {"expected_by": self.day(self.required.expected_by)})
        await self.pass_through(
            {
                Stage.TRIAGE: self.triage,
                Stage.HANDLING: self.handling,
                Stage.CONFIRMATION: self.confirmation,
                Stage.CALL_BACK: self.call_back,
            }
        )
        return Ending(outcome=self.result)

    async def leave(self, ending: Ending) -> None:
        """The customer is told how it ended, unless by another of their reports."""
        await self.carried_out(Incidents.end_incident, ending)
        if self.answered_by:
            return
        await self.tell("incident_ended", {"outcome": ending.outcome, "words": ending.words})

    # ---- the stages ----------------------------------------------------------------------------------------------

    async def triage(self) -> None:
        """分类定级; a duplicate hangs on the other report from here on."""
        proposed = await self.carried_out(Incidents.proposal)
        decision = await self.ask_triage(proposed)
        if decision.option == "duplicate":
            await self._link(str(decision.data["of"]), decision)
        triaged = await self.carried_out(Incidents.triaged, self._triage_of(decision, proposed))
        self.ladder = triaged.ladder
        if not await self.join_major():
            await self._answer_first(triaged)

    async def deal_with_it(self) -> None:
        """处理: analysed, a solution that may cost the firm something, carried out."""
        await self.analyse()
        why = ""
        while True:
            currency = await self.carried_out(Incidents.currency)
            decision = await self.ask_solution(currency, why)
            if decision.option == INTERIM.name:
                await self._interim(decision)
            elif decision.option == ANALYSE_AGAIN.name:
                await self.analyse()
            elif decision.option == ADJUST.name:
                why = await adjusted(self, decision)
            else:
                why = await self._carry_out(decision, currency)
                if not why:
                    return

    async def analyse(self) -> None:
        """分析; an incident that is not the department's goes back to triage, with the reason."""
        decision = await self.ask_analysis()
        if decision.option == NOT_OURS.name:
            self.sent_back = f"{self.department}: {decision.reason}"
            self.matter = self.matter[:1]  # the clock goes on, another department's tasks do not
            raise Returned(Stage.TRIAGE)
        await self.keep("analysed", decision, cause=str(decision.data["cause"]), root_cause=decision.reason)

    async def confirmation(self) -> None:
        """客户确认; no answer is recorded as such and shown apart."""
        answer = await self.ask_whether_solved(self.solution, self.also)
        if answer is None:
            self.result = Outcome.UNCONFIRMED
        elif answer.option == SOLVED.name:
            self.result = Outcome.SOLVED
        else:
            await self.reopen(answer)

    async def call_back(self) -> None:
        """回访, after the days of the policy: not solved after all is reopened."""
        due = await self.carried_out(Mending.after, self.policy.follow_up.call_back)
        await self.until(lambda: False, before=due, summary="call-back")
        await self.not_paused()
        answer = await self.ask_call_back(self.solution)
        if answer.option == SOLVED.name:
            self.result = Outcome.SOLVED
        elif answer.option == NOT_SOLVED.name:
            await self.reopen(answer)

    async def reopen(self, said: DecisionReceipt) -> None:
        """重新处理: dealt with anew, by a new clock; more often than the policy allows, a supervisor decides."""
        self.matter = ()
        times = await self.keep("reopened", said, reopened=True)
        if times > self.rules.reopenings:
            decision = await self.ask_supervisor(said.reason)
            await self.keep("escalated", decision, escalated=True)
            if decision.option == END.name:
                self.end(Outcome.REFUSED, decision.reason)
            await self.join_major()
        raise Returned(Stage.HANDLING)

    def extension_rules(self) -> ExtensionRules | None:
        """A complaint goes by the law's."""
        return self.rules.complaint.extension if self.category is Category.COMPLAINT else self.policy.extension

    # ---- what they are made of -----------------------------------------------------------------------------------

    async def _link(self, other: str, decision: DecisionReceipt) -> None:
        if await self.carried_out(Incidents.link, other, decision.by):
            self.end(Outcome.LINKED, other)
        raise Returned(Stage.TRIAGE)  # that one has ended meanwhile

    async def _answer_first(self, triaged: Triaged) -> None:
        """首次答复: who deals with it and until when; said again when it was bounced to somebody else."""
        facts = {"department": self.department, "expected_by": self.day(triaged.expected_by)}
        await self.tell("incident_taken", facts)

    def _triage_of(self, decision: DecisionReceipt, proposed: Proposed) -> Triage:
        said = decision.data
        self.category = category = Category(str(said.get("category", proposed.category)))
        self.department = Role(str(said.get("department", self.rules.departments[category])))
        return Triage(
            category=category,
            severity=Severity(str(said.get("severity", proposed.severity))),
            matter=str(said.get("matter", proposed.matter)),
            department=self.department,
            intricate=said.get("complex") == YES,
            by=decision.by,
            reason=decision.reason,
        )

    async def _interim(self, decision: DecisionReceipt) -> None:
        """临时措施: kept apart from the lasting one, and told at once."""
        await self.keep("interim solution", decision, interim=decision.reason)
        await self.tell("incident_interim", {"solution": decision.reason})

    async def _carry_out(self, proposed: DecisionReceipt, currency: str) -> str:
        """Why the solution cannot be carried out; empty when it was."""
        amount = Money.parse(str(proposed.data.get("compensation", "0")), currency or "CNY")
        by = await self.compensation_approved(amount, proposed.reason) if amount.minor else proposed.by
        if not by:
            return f"the compensation of {amount} was rejected"
        await self.keep("solution", proposed, solution=proposed.reason)
        decision = await self.ask_to_carry_out(proposed.reason)
        if decision.option != DONE.name:
            return decision.reason
        if amount.minor and not await self._compensated(Compensation(amount=amount, approved_by=by)):
            return "the account takes no money any more"
        self.solution = proposed.reason
        await self.keep("carried out", decision, solved=True)
        return ""

    async def _compensated(self, compensation: Compensation) -> bool:
        """赔付: false when the account takes no money any more."""
        self.money_moved = True
        paid = bool(await self.carried_out(Incidents.compensate, compensation))
        self.paid += compensation.amount.minor if paid else 0
        return paid

    # ---- the report ----------------------------------------------------------------------------------------------

    @workflow.update
    async def receive(self, report: IncidentReport) -> Receipt:
        """The receipt of the report that opened this case. The same again is the same case."""
        receipt = await self.receipt()
        if report != self.report:
            raise Refused(Code.MISMATCH, f"Report {report.report_id} was sent before with other content.")
        return receipt

    @receive.validator
    def _judge_report(self, report: IncidentReport) -> None:
        only_for(incident_id(report.report_id), f"The report is {report.report_id}")
