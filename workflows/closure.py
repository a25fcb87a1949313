"""销户: close one account, from the customer's wish to the filed dossier."""

from temporalio import workflow

from activities.cases import Cases
from activities.reviews import Reviews
from activities.settlement import Settlement
from activities.termination import Termination
from activities.verification import Verification
from contracts.findings import Checked
from contracts.messages import closure_id
from contracts.refusals import Code, Refused
from contracts.requests import CaseOutcome, ClosureRequest, Receipt
from contracts.steps import Ending
from contracts.vocabulary import CaseKind, Initiator, Outcome, Stage
from workflows.case import only_for
from workflows.closure_people import ClosurePeople
from workflows.stops import Returned


@workflow.defn
class AccountClosure(ClosurePeople):
    """Close one account. The stages are those of docs/process.md; nothing here says how long or how often."""

    def __init__(self) -> None:
        super().__init__(CaseKind.CLOSURE)
        self.request: ClosureRequest | None = None

    @workflow.run
    async def run(self, request: ClosureRequest) -> CaseOutcome:
        """From the request to the filed dossier."""
        self.request = request
        opening = self.surely(Cases.open, workflow.info().workflow_id, request, self.now(), summary="open")
        return await self.uncancelled(self.course(opening))

    async def leave(self, ending: Ending) -> None:
        """请客户确认收到; where the account stays, the lock comes off."""
        if ending.outcome is Outcome.CLOSED:
            await self.confirm_receipt()
        else:
            await self.carried_out(Cases.release, ending)
            await self.tell(f"ended_{ending.outcome}", {"words": ending.words})

    async def process(self) -> Ending:
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
        await self.looking("approval")
        decision = await self.ask_approval()
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

    async def close_account(self) -> Checked:
        """Credits still land on a locked account: what came in after settlement is paid out before it closes."""
        paid = await self.by(Settlement.pay_out, "effect")()
        return paid if paid.findings else await self.by(Termination.close, "effect")()

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
        only_for(closure_id(request.account), f"The request is for {request.account}")


def _stage_of(name: str) -> Stage:
    """The stage to return to; the three reviews are passed together."""
    stage = Stage(name)
    return Stage.REVIEWS if stage in (Stage.FINANCE, Stage.CONTRACT, Stage.COMPLIANCE) else stage
