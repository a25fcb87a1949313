"""What can be said to a running case: decisions, a withdrawal, a pause; and what each sender is told."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from activities.case_requests import CaseRequests
from activities.cases import Cases
from activities.desk import Desk
from contracts.judgement import admissible
from contracts.operators import Overview
from contracts.refusals import Code, Refused
from contracts.requests import Receipt
from contracts.steps import Ending
from contracts.tasks import Decision, DecisionReceipt, Extension, Hold, Noted, Resend, Withdrawal, is_staff_token
from contracts.vocabulary import CaseKind, Initiator, Outcome
from workflows.case_calls import CaseCalls
from workflows.overview import waiting_for

PROVISIONAL = "The expected end is provisional: the holidays of that year are not announced yet."


Message = Withdrawal | Hold | Extension | Resend


class CaseMessages(CaseCalls):
    """The ears of a case."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._told: dict[tuple[str, str], tuple[Message, Noted]] = {}

    # ---- decisions -----------------------------------------------------------------------------------------------

    @workflow.update
    async def decide(self, decision: Decision) -> DecisionReceipt:
        """A decision of staff or an answer of the customer. Sent twice, it is taken once and told the same."""
        return await self._decided(decision)

    @decide.validator
    def _judge_decision(self, decision: Decision) -> None:
        refusal = self._inadmissible(decision)
        if refusal:
            raise refusal

    @workflow.signal(name="decision")
    async def decide_by_signal(self, raw: RawValue) -> None:
        """The same Decision, for senders that can only signal. It comes raw, so that what cannot be read is not
        dropped: a refusal cannot be told, so it is kept in the trail."""
        await self._open()
        try:
            decision = workflow.payload_converter().from_payload(raw.payload, Decision)
            refusal = self._inadmissible(decision)
            if refusal:
                raise refusal
            await self._decided(decision)
        except Refused as refused:
            await self.keep_mistake("decision", f"{refused.code}: {refused.sentence}")

    async def keep_mistake(self, name: str, words: str) -> None:
        """A signal cannot be refused: that it was not taken is kept in the trail, where its sender can see it."""
        await self._open()
        what = f"{name} by signal refused"
        await self.surely(Cases.note, self.step("refused"), what, words, summary="keep a refusal")

    async def _decided(self, decision: Decision) -> DecisionReceipt:
        if decision.decision_id in self.answered:
            return self._first_answer(decision)
        receipt = await self.surely(Desk.decide, self.step("decide"), decision, summary=f"judge {decision.option}")
        self._take(decision, receipt)
        return receipt

    def _inadmissible(self, decision: Decision) -> Refused | None:
        if decision.decision_id in self.answered:
            return None
        spec = self.specs.get(decision.task)
        if spec and not is_staff_token(decision.token):  # whoever guesses a token or a code learns nothing of the task
            return None
        return admissible(decision, spec, self.receipts.get(decision.task), over=decision.task not in self.waiting)

    def _first_answer(self, decision: Decision) -> DecisionReceipt:
        first, receipt = self.answered[decision.decision_id]
        if first.model_copy(update={"token": decision.token}) != decision:
            raise Refused(Code.MISMATCH, f"Decision {decision.decision_id} was sent before with other content.")
        return receipt

    def _take(self, decision: Decision, receipt: DecisionReceipt) -> None:
        self.answered[decision.decision_id] = (decision.model_copy(update={"token": ""}), receipt)
        if not receipt.done:
            return
        self.receipts[receipt.task] = receipt
        if self.specs[receipt.task].finding or receipt.heard_by:  # what they say the customer said is their work
            self.made_by(receipt)
        if receipt.task in self.waiting:
            self.waiting[receipt.task].receipt = receipt

    # ---- withdrawal, pause and resume ----------------------------------------------------------------------------

    @workflow.update
    async def withdraw(self, withdrawal: Withdrawal) -> Noted:
        """撤回: the customer withdraws; honoured until settlement begins."""
        if before := self.told_before("withdraw", withdrawal):
            return before
        noted = await self.surely(
            CaseRequests.withdrawal, self.step("withdraw"), withdrawal, summary="withdrawal asked for"
        )
        self._withdrawable()  # settlement may have begun meanwhile
        self.stop(Ending(outcome=Outcome.WITHDRAWN, words=withdrawal.reason))
        return self.remember("withdraw", withdrawal, noted)

    @withdraw.validator
    def _judge_withdrawal(self, withdrawal: Withdrawal) -> None:
        if not withdrawal.reason.strip():
            raise Refused(Code.REASON_MISSING, "A withdrawal needs a reason (--reason).")
        if not self.told_before("withdraw", withdrawal):
            self._withdrawable()

    @workflow.update
    async def pause(self, hold: Hold) -> Noted:
        """Staff pause the case: it stops at its next step; decisions are still taken."""
        if before := self.told_before("pause", hold):
            return before
        noted = await self.surely(CaseRequests.hold, self.step("pause"), hold, True, summary="pause")
        self.running()  # it may have ended meanwhile
        self.held = True
        self.reckon_again()
        return self.remember("pause", hold, noted)

    @pause.validator
    def _judge_pause(self, hold: Hold) -> None:
        self.running()
        if self.held and not self.told_before("pause", hold):
            raise Refused(Code.NOT_ALLOWED, f"Case {self.case_id} is paused already.")

    @workflow.update
    async def resume(self, hold: Hold) -> Noted:
        """Staff let the case go on where it stopped."""
        if before := self.told_before("resume", hold):
            return before
        noted = await self.surely(CaseRequests.hold, self.step("resume"), hold, False, summary="resume")
        self.held = False
        return self.remember("resume", hold, noted)

    @resume.validator
    def _judge_resume(self, hold: Hold) -> None:
        self.running()
        if not (self.held or self.told_before("resume", hold)):
            raise Refused(Code.NOT_ALLOWED, f"Case {self.case_id} is not paused.")

    def told_before(self, name: str, message: Message) -> Noted | None:
        """What the sender of this message was told, when it came before. Refused: MISMATCH with other content."""
        first = self._told.get((name, message.decision_id))
        if first is None:
            return None
        if first[0] != message.model_copy(update={"token": ""}):
            raise Refused(Code.MISMATCH, f"Message {message.decision_id} was sent before with other content.")
        return first[1]

    def remember(self, name: str, message: Message, noted: Noted) -> Noted:
        """What the sender is told, so that the same message again is told the same."""
        self._told[name, message.decision_id] = (message.model_copy(update={"token": ""}), noted)
        return noted

    def _withdrawable(self) -> None:
        if self.settling:
            raise Refused(Code.TOO_LATE, f"Settlement of {self.case_id} has begun; it cannot be withdrawn any more.")
        self.running()
        if self.required.initiator is not Initiator.CUSTOMER:
            words = "the customer did not ask for it, but may object to the notice; an approver may reject it"
            raise Refused(Code.NOT_ALLOWED, f"{self.case_id} cannot be withdrawn: {words}.")

    def running(self) -> None:
        """Refused: NOT_FOUND before the case is open, ALREADY_ENDED when it ends or has ended."""
        if self.opened is None:
            raise Refused(Code.NOT_FOUND, f"Case {workflow.info().workflow_id} is not open yet; try again.")
        if self._stop:
            raise Refused(Code.ALREADY_ENDED, f"Case {self.case_id} is ending already, as {self._stop.outcome}.")
        if self.concluding:
            raise Refused(Code.ALREADY_ENDED, f"Case {self.case_id} has ended: {self.outcome}.")

    # ---- the rest ------------------------------------------------------------------------------------------------

    @workflow.signal(dynamic=True)
    async def unknown_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """A signal that nobody knows is kept in the trail, so that its sender's mistake is seen."""
        await self._open()
        words = f"signal '{name[:60]}' with {len(args)} values is not known"
        await self.surely(
            Cases.note, self.step("unknown-signal"), "unknown signal", words, summary="keep an unknown signal"
        )

    @workflow.query
    def overview(self) -> Overview:
        """Where the case stands, as operators see it."""
        return Overview(
            stage=self.stage,
            outcome=self.outcome,
            held=self.stands,
            waiting_for=list(waiting_for(self)),
            tasks=sorted(self.waiting),
            failing=sorted(self.failing.values()),
        )

    async def _open(self) -> None:
        await workflow.wait_condition(lambda: self.opened is not None or self.refusal is not None)
        if self.refusal:
            raise self.refusal

    async def receipt(self) -> Receipt:
        """What the sender of the request is told, once the case is open. Raises Refused when it was not opened."""
        await self._open()
        opened = self.required
        return Receipt(
            case=opened.case,
            reference=opened.dossier,
            expected_by=opened.expected_by,
            message=PROVISIONAL if opened.provisional else "",
            blockers=opened.blockers,
        )
