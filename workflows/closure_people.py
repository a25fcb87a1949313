"""销户: what a closure asks people, customer and staff, stage by stage."""

from datetime import date

from activities.archive import Archive
from activities.schedule import Schedule
from activities.termination import Termination
from contracts.findings import Checked, FindingKind
from contracts.tasks import DecisionReceipt, TaskOption
from contracts.vocabulary import WITNESSES, Initiator, Outcome, ReasonCode
from workflows.case import Case, finding

CLEAR = Checked()
RETURNABLE = ("identity", "reason", "finance", "contract", "compliance", "reviews")
"""The stages to which an approver may send a closure back."""


class ClosurePeople(Case):
    """The questions of a closure, each under the name by which its stage looks at the answer."""

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

    async def ask_approval(self) -> DecisionReceipt:
        """As many different people as the risk wants, of its roles; whoever did or asked for the work keeps out."""
        rule = self.policy.approvals[self.risk]
        return await self.ask_staff(
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
            barred=tuple(sorted(self.makers | {self.required.requested_by} - {None})),
            ladder="approval",
        )

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

    async def confirm_receipt(self) -> None:
        """The closing statement, and whether it arrived; no answer is recorded as such."""
        statement = await self.carried_out(Archive.statement)
        facts = {"statement": statement, "day": self.day(self.now())}
        options = (TaskOption(name="received"), TaskOption(name="question", reason_needed=True))
        await self.ask_customer("closing_statement", "confirm receipt", options, ladder="receipt", facts=facts)
