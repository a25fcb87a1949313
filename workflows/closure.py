"""销户: close one account, from the customer's wish to the filed dossier."""

from datetime import date

from temporalio import workflow

from activities.archive import Archive
from activities.cases import Cases
from activities.reviews import Reviews
from activities.schedule import Schedule
from activities.settlement import Settlement
from activities.termination import Termination
from activities.verification import Verification
from contracts.findings import Checked, FindingKind
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome, ClosureRequest, Receipt
from contracts.steps import Ending
from contracts.tasks import TaskOption
from contracts.vocabulary import WITNESSES, CaseKind, Initiator, Outcome, ReasonCode, Stage
from workflows.calls import call
from workflows.case import Case, finding
from workflows.stops import Returned

CLEAR = Checked()


@workflow.defn
class AccountClosure(Case):
    """Close one account. The stages are those of docs/process.md; nothing here says how long or how often."""

    def __init__(self) -> None:
        super().__init__(CaseKind.CLOSURE)
        self.request: ClosureRequest | None = None

    @workflow.run
    async def run(self, request: ClosureRequest) -> CaseOutcome:
        """From the request to the filed dossier."""
        self.request = request
        return await self.uncancelled(self.course(request))

    async def course(self, request: ClosureRequest) -> CaseOutcome:
        """受理, the process to its end, 归档."""
        await self.open_with(call(Cases.open, workflow.info().workflow_id, request, self.now(), summary="open"))
        ending = await self.ended(self.close())
        if ending.outcome is Outcome.CLOSED:
            await self.confirm_receipt()
        else:
            await call(Cases.release, self.step("release"), ending, summary="take the lock off")
            await self.tell(f"ended_{ending.outcome}", {"words": ending.words})
        await self.all_done_beside()
        self.enter(Stage.FILED)
        await self.carried_out(Archive.file)
        return await self.finish(ending)

    async def close(self) -> Ending:
        """The stages 受理 to 销户完成."""
        opened = self.required
        facts = {"expected_by": self.day(opened.expected_by), "blockers": opened.asked_of_customer}
        await self.tell("acknowledgement", facts | ({"provisional": "yes"} if opened.provisional else {}))
        await self.pass_through(
            {
                Stage.IDENTITY: self.identity,
                Stage.REASON: self.reason,
                Stage.REVIEWS: self.reviews,
                Stage.APPROVAL: self.approval,
                Stage.SCHEDULE: self.schedule,
                Stage.SETTLEMENT: self.settlement,
                Stage.TERMINATION: self.termination,
                Stage.CLOSED: self.closed,
            }
        )
        return Ending(outcome=Outcome.CLOSED)

    # ---- the stages ----------------------------------------------------------------------------------------------

    async def identity(self) -> None:
        """身份验证."""
        await self.until_clear(self.by(Verification.identify))
        if self.required.initiator in self.policy.identity.confirm_contact:
            await self.until_clear(self.asking(self.confirm_contact))
        await self.until_clear(self.by(Verification.screen))
        await self.until_clear(self.by(Verification.grade))

    async def reason(self) -> None:
        """销户原因: plausible? Would something else suit the customer? Does a customer who did not ask object?"""
        await self.until_clear(self.by(Reviews.reason))
        if self.required.initiator is Initiator.CUSTOMER:
            await self.offer_alternatives()
        else:
            await self.until_clear(self.asking(self.give_notice))

    async def reviews(self) -> None:
        """财务、合同、合规, side by side."""
        await self.together(self.by(Reviews.finance), self.by(Reviews.contract), self.by(Reviews.compliance))
        await self.until_clear(self.asking(self.attest_checklist))

    async def approval(self) -> None:
        """审批: by risk; nobody approves what they did or asked for themselves."""
        rule = self.policy.approvals[self.risk]
        asked_by = {self.required.requested_by} - {None}
        decision = await self.ask_staff(
            "approval",
            f"approve the closure of {self.case_id}, risk {self.risk}",
            rule.roles,
            (
                TaskOption(name="approve"),
                TaskOption(name="reject", reason_needed=True, final=True),
                TaskOption(name="return", reason_needed=True, final=True, wants="stage", among=RETURNABLE),
            ),
            needed=rule.needed,
            must_include=rule.must_include,
            different_roles=rule.different_roles,
            barred=tuple(sorted(self.makers | asked_by)),
            ladder="approval",
        )
        self.approved = decision.option == "approve"
        match decision.option:
            case "reject":
                self.end(Outcome.REJECTED, decision.reason)
            case "return":
                raise Returned(_stage_of(str(decision.data["stage"])))

    async def schedule(self) -> None:
        """约期: agree the day, and wait for it."""
        await self.until_clear(self.asking(self.agree_day))

    async def settlement(self) -> None:
        """结算: exactly once, to zero. From here on a withdrawal is too late."""
        self.settling = True
        await self.until_clear(self.by(Settlement.check_again))
        self.money_moved = True
        await self.until_clear(self.by(Settlement.collect, "effect"))
        await self.until_clear(self.by(Settlement.pay_out, "effect"))

    async def termination(self) -> None:
        """解约: instruments back, papers handed over, contract and services ended."""
        await self.until_clear(self.by(Termination.instruments))
        if self.required.customer_kind in self.policy.handover_for:
            await self.until_clear(self.asking(self.hand_over))
            await self.until_clear(self.asking(self.witness))
        await self.until_clear(self.by(Termination.end_contract, "effect"))

    async def closed(self) -> None:
        """销户完成."""
        await self.until_clear(self.close_account)

    # ---- what the stages ask people ------------------------------------------------------------------------------

    async def confirm_contact(self) -> Checked:
        """The customer really answers on the verified contact."""
        options = (TaskOption(name="confirm"), TaskOption(name="deny"))
        answer = await self.ask_customer("confirm_contact", "confirm that this request is yours", options)
        if answer is None:
            return finding(FindingKind.CONTACT_INVALID, "the customer did not answer on any channel", "silent")
        if answer.option == "deny":
            return finding(FindingKind.IDENTITY_UNPROVEN, "the customer says the request is not theirs", "denied")
        return CLEAR

    async def offer_alternatives(self) -> None:
        """An alternative that fits the reason; a customer who takes it is retained. No answer means no."""
        offers = self.policy.offers_for(ReasonCode(self.required.reason))
        if not offers:
            return
        words = self.offer_words(offers)
        options = [TaskOption(name="decline"), *(TaskOption(name=offer.id) for offer in offers)]
        answer = await self.ask_customer("offer", "an alternative", options, ladder="offer", facts={"offers": words})
        if answer and answer.option != "decline":
            self.end(Outcome.RETAINED, answer.option)

    async def give_notice(self) -> Checked:
        """The firm or a regulator closes: the customer is told why and may object until the notice has run out.
        Silence is then deemed agreement by the rule that the policy names; it approves nothing."""
        ladder = self.policy.closing.notice_ladders[self.required.initiator]
        answer = await self.ask_customer(
            "closure_notice",
            "notice of closure",
            (TaskOption(name="agree"), TaskOption(name="object", reason_needed=True)),
            ladder=ladder,
            facts={"reason": self.required.reason},
        )
        if answer is None or answer.option == "agree":
            return CLEAR
        return finding(FindingKind.CUSTOMER_REFUSAL, f"objects: {answer.reason}")

    async def attest_checklist(self) -> Checked:
        """The lines of the checklist that a person attests."""
        for item in self.policy.checklist:
            applies = self.required.customer_kind in item.kinds and self.required.initiator in item.initiators
            if not applies or item.attested_by is None:
                continue
            options = (TaskOption(name="attested"), TaskOption(name="failed", reason_needed=True))
            decision = await self.ask_staff(f"attest_{item.id}", f"{item.zh} / {item.en}", (item.attested_by,), options)
            self.made_by(decision)
            if decision.option == "failed":
                failed = f"{item.en}: {decision.reason}"
                return finding(FindingKind.CHECKLIST_FAILED, failed, item.id)
        return CLEAR

    async def agree_day(self) -> Checked:
        """The wished day where it fits; otherwise the customer picks one that does."""
        proposal = await self.carried_out(Schedule.propose)
        day = proposal.days[0] if proposal.fits else await self.pick_day(proposal.days, proposal.why)
        if day is None:
            return finding(FindingKind.SCHEDULE_CONFLICT, proposal.why)
        booked = await self.carried_out(Schedule.book, day)
        if not booked.booked:
            return await self.agree_day()
        await self.tell("date_agreed", {"day": day.isoformat()})
        await self.until(lambda: self.is_outdated("agree_day"), before=booked.begins_at, summary="the closing day")
        await self.not_paused()
        return CLEAR

    async def pick_day(self, days: tuple[date, ...], why: str) -> date | None:
        """The day that the customer picks; None when there is none, or after silence."""
        if not days or self.required.initiator is not Initiator.CUSTOMER:
            return days[0] if days else None
        names = [day.isoformat() for day in days]
        answer = await self.ask_customer(
            "date_proposals",
            "pick a closing day",
            [TaskOption(name=name) for name in names],
            facts={"dates": "\n".join(names), "why": why},
        )
        return date.fromisoformat(answer.option) if answer else None

    async def hand_over(self) -> Checked:
        """移交清册: the list of the customer's papers, signed by the customer."""
        items = await self.carried_out(Termination.hand_over_list)
        options = (TaskOption(name="signed"), TaskOption(name="disputed", reason_needed=True, final=True))
        answer = await self.ask_customer("handover", "sign the hand-over list", options, facts={"items": items})
        if answer and answer.option == "signed":
            return CLEAR
        words = f"the customer disputes it: {answer.reason}" if answer else "the customer did not sign"
        return finding(FindingKind.HANDOVER_UNSIGNED, words, "customer")

    async def witness(self) -> Checked:
        """The list signed by us, and by a witness who is somebody else."""
        options = (TaskOption(name="signed"), TaskOption(name="disputed", reason_needed=True, final=True))
        words = "sign the hand-over list and witness it"
        decision = await self.ask_staff(
            "handover_witness", words, WITNESSES, options, needed=len(WITNESSES), must_include=WITNESSES
        )
        if decision.option == "signed":
            return CLEAR
        return finding(FindingKind.HANDOVER_UNSIGNED, f"not signed: {decision.reason}", "firm")

    async def close_account(self) -> Checked:
        """Credits still land on a locked account: what came in after settlement is paid out before it closes."""
        paid = await self.by(Settlement.pay_out, "effect")()
        return paid if paid.findings else await self.by(Termination.close, "effect")()

    async def confirm_receipt(self) -> None:
        """The closing statement, and whether it arrived; no answer is recorded as such."""
        statement = await self.carried_out(Archive.statement)
        facts = {"statement": statement, "day": self.day(self.now())}
        options = (TaskOption(name="received"), TaskOption(name="question", reason_needed=True))
        await self.ask_customer("closing_statement", "confirm receipt", options, ladder="receipt", facts=facts)

    # ---- the request ---------------------------------------------------------------------------------------------

    @workflow.update
    async def receive(self, request: ClosureRequest) -> Receipt:
        """The receipt of the request that opened this case. The same request again is the same case; another one for
        the account is refused, naming the open one. Sent with the start (update-with-start)."""
        receipt = await self.receipt()
        if self.request and request.request_id != self.request.request_id:
            raise Refused(
                Code.ALREADY_OPEN,
                f"Account {request.account} has an open closure: {receipt.case}, by request {self.request.request_id}.",
            )
        if request != self.request:
            raise Refused(Code.MISMATCH, f"Request {request.request_id} was sent before with other content.")
        return receipt

    @receive.validator
    def _judge_request(self, request: ClosureRequest) -> None:
        expected = workflow.info().workflow_id
        if expected != f"closure-{request.account}":
            raise Refused(Code.BAD_INPUT, f"The request is for {request.account}, but this is {expected}.")


RETURNABLE = ("identity", "reason", "finance", "contract", "compliance", "reviews")


def _stage_of(name: str) -> Stage:
    """The stage to return to; the three reviews are passed together."""
    stage = Stage(name)
    return Stage.REVIEWS if stage in (Stage.FINANCE, Stage.CONTRACT, Stage.COMPLIANCE) else stage
