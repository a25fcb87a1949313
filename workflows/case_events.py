"""What happens to a case from outside its course, and what a remedy asks of the case it mends."""

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow

from activities.cases import Cases
from activities.mending import Mending
from activities.occurrences import Occurrences
from contracts.findings import Checked, Finding, FindingKind
from contracts.occurrences import Occurrence
from contracts.refusals import Code, Refused
from contracts.requests import Amendment
from contracts.tasks import Noted, Reckoning, TaskSpec
from contracts.vocabulary import CaseKind, Language
from policy.model import Offer
from workflows.case_steps import CaseSteps
from workflows.remedies import remedy_for

CHANGES = frozenset({FindingKind.CUSTOMER_NEED_CHANGE, FindingKind.CUSTOMER_INFO_CHANGE})
"""What comes too late once settlement has begun."""

OF_CLOSURES = frozenset(
    {
        *(FindingKind.CUSTOMER_NEED_CHANGE, FindingKind.ACCOUNT_FROZEN),
        *(FindingKind.CUSTOMER_COMPLAINT, FindingKind.REGULATION_CHANGE),
    }
)
"""What only a closure has a remedy for."""

LOOK_EVERY = timedelta(days=1)
"""How often the books are asked whether money came, if nobody says so before."""


class CaseEvents(CaseSteps):
    """Deals with what is raised, beside the course, which waits at its next step."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._money_news = False
        self._raised: dict[str, tuple[Occurrence, Noted]] = {}

    @workflow.update(name="raise")
    async def occur(self, occurrence: Occurrence) -> Noted:
        """Something happened. It is dealt with at once; the course goes on when it is over."""
        before = self._raised.get(occurrence.decision_id)
        if before:
            return _said_before(occurrence, *before)
        self.blocking.add(occurrence.decision_id)  # settlement does not begin while it is judged
        try:
            step, summary = self.step("raise"), f"raise {occurrence.kind}"
            raised = await self.surely(Occurrences.occurrence, step, occurrence, summary=summary)
            self.running()  # it may have ended meanwhile
            self._raised[occurrence.decision_id] = occurrence, raised.noted
            self.blocking.add(raised.finding.fingerprint)
        finally:
            self.blocking.discard(occurrence.decision_id)
        self.beside(self._deal_with(raised.finding))
        return raised.noted

    @occur.validator
    def _judge_occurrence(self, occurrence: Occurrence) -> None:
        self._may_happen(occurrence.kind)

    @workflow.signal
    async def money_came(self, reckoning: Reckoning) -> None:  # noqa: ARG002
        """Money arrived on the account, so the books are asked at once."""
        self._money_news = True

    def _may_happen(self, kind: FindingKind) -> None:
        self.running()
        if kind in OF_CLOSURES and self.kind is not CaseKind.CLOSURE:
            words = f"{self.case_id} is no closure: report a complaint by `incident report`, withdraw what has changed"
            raise Refused(Code.NOT_ALLOWED, f"{kind} cannot be raised here, since {words}.")
        if kind in CHANGES and self.settling:
            raise Refused(Code.TOO_LATE, f"Settlement of {self.case_id} has begun; nothing can be changed any more.")

    async def _deal_with(self, finding: Finding) -> None:
        self.findings[finding.fingerprint] = finding
        try:
            await remedy_for(finding.kind)(self, finding)
            await self.overcome(finding, "dealt with")
        finally:
            self.findings.pop(finding.fingerprint, None)
            self.blocking.discard(finding.fingerprint)

    def nobody_for(self, spec: TaskSpec) -> None:
        """内部流程问题: not enough people may decide a task. One that is about that itself waits for its ladder."""
        kind = FindingKind.INTERNAL_PROCESS
        if not spec.finding.startswith(kind):  # the supervising role has nobody above it here
            roles = ", ".join(spec.roles)
            words = f"not enough people may decide {spec.task} ({roles}): name somebody, or a deputy"
            finding = Finding(kind=kind, subject=spec.number, detail=words, facts={"task": spec.task})
            self.beside(self._unmanned(finding))

    async def _unmanned(self, finding: Finding) -> None:
        step = self.step(f"people-{finding.subject}")
        await self.surely(Cases.found, step, Checked(findings=(finding,)), summary="nobody may decide")
        await self._deal_with(finding)

    def decided_after_all(self, spec: TaskSpec) -> None:
        """A task has come to its end, so that nobody needs to be found for it."""
        about = f"{FindingKind.INTERNAL_PROCESS}:{spec.number}"
        self.make_moot("it was decided after all", lambda each: about in (each.finding, each.facts.get("because")))

    # ---- what remedies ask of the case ---------------------------------------------------------------------------

    async def overcome(self, finding: Finding, why: str) -> None:
        """The finding is over, without another look."""
        self.accepted.add(finding.fingerprint)
        await self.carried_out(Occurrences.over, finding, why)

    async def learn(self, finding: Finding, cause: str) -> None:
        """培训: put on the training list."""
        await self.carried_out(Mending.learn, finding, cause)

    async def amend(self, amendment: Amendment, why: str) -> None:
        """The request changes."""
        await self.carried_out(Mending.amend, amendment, why)

    async def adopt(self, version: str) -> None:
        """The case goes on under this policy, and all that was looked at is looked at again. A rollout may have been
        faster: nothing leads back to an earlier one, and the look is then made by the rules it has."""
        policy = await self.surely(Cases.policy, version, summary="pin the policy")
        if not self.policy.later_than(policy):
            self._policy = policy
            self.opened = self.required.model_copy(update={"policy": version})
            await self.carried_out(Cases.adopt)
        self.invalidate(*self._passed, "approval")

    async def money_comes(self, within: str) -> bool:
        """Wait until nothing is short any more; False when it is, after so long."""
        deadline = await self.carried_out(Mending.after, within)
        while True:
            self._money_news = False
            if (await self.carried_out(Mending.short)).short.minor <= 0:
                return True
            if self.now() >= deadline:
                return False
            look = min(self.now() + LOOK_EVERY, deadline)
            await self.until(lambda: self._money_news, before=look, summary="money")

    async def cools_off(self) -> None:
        """Nothing is done for as long as the policy wants after a contact was changed."""
        rules = self.policy.info_change
        if rules:
            cooled = await self.carried_out(Mending.after, rules.cooling_off)
            await self.until(lambda: False, before=cooled, summary="cooling-off")

    def offer_words(self, offers: Sequence[Offer]) -> str:
        """A line for each offer, in the customer's language."""
        chinese = self.required.language is Language.ZH
        return "\n".join(f"{offer.id}: {offer.zh if chinese else offer.en}" for offer in offers)


def _said_before(occurrence: Occurrence, first: Occurrence, noted: Noted) -> Noted:
    if first.model_copy(update={"token": occurrence.token}) != occurrence:
        raise Refused(Code.MISMATCH, f"{occurrence.decision_id} was sent before with other content.")
    return noted
