"""制度变更: how a case answers a new policy: it keeps its own, or goes on under the new one and looks again."""

from temporalio import workflow

from activities.rollout import Rollouts
from contracts.rollout import Look, PolicyAnswer, PolicyNotice, PolicyStand
from contracts.vocabulary import CaseKind, Stage
from policy.changes import Weighed
from workflows.case_disruption import CaseDisruption
from workflows.case_steps import Look as Looking
from workflows.overview import publish


class CasePolicy(CaseDisruption):
    """The rules that a case goes by, when they change."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._begun: set[str] = set()
        self._answers: dict[str, PolicyAnswer] = {}

    @workflow.update
    async def new_policy(self, notice: PolicyNotice) -> PolicyAnswer:
        """A new policy is in force. Asked twice, the case answers once, and the same."""
        await self._open()
        if notice.version not in self._answers:
            step = self.step("policy")
            weighed = await self.surely(Rollouts.weigh_policy, step, notice.version, summary=f"policy {notice.version}")
            # From here to the answer nothing is awaited, so that no step begins under half of each policy.
            if notice.version not in self._answers:
                self._answers[notice.version] = self._answer(weighed)
        answer = self._answers[notice.version]
        await self.surely(Rollouts.keep_policy_answer, self.step("policy"), answer, summary=f"policy: {answer.stand}")
        return answer

    @new_policy.validator
    def _judge_notice(self, notice: PolicyNotice) -> None:
        """Whether there is such a policy is for the records to say."""

    async def until_clear(self, look: Looking) -> None:
        """As ever; that it was begun is remembered, since what is being looked at may rest on old rules as well."""
        self._begun.add(look.__name__)
        await super().until_clear(look)

    def _answer(self, weighed: Weighed) -> PolicyAnswer:
        said = PolicyAnswer(
            version=weighed.policy.version, case=self.case_id, dossier=self.dossier, stand=PolicyStand.KEEP
        )
        if self.stopped or self.concluding:
            return said.model_copy(update={"stand": PolicyStand.ENDED})
        if self.settling or not (weighed.again or weighed.added):
            return said
        again = tuple(look for look in (*weighed.again, *weighed.added) if self._was_made(look))
        added = tuple(look for look in weighed.added if look not in again and self._was_passed_by(look))
        self._go_on_under(weighed, again, added)
        return said.model_copy(update={"stand": PolicyStand.REVIEW_AGAIN, "looks": again, "added": added})

    def _go_on_under(self, weighed: Weighed, again: tuple[Look, ...], added: tuple[Look, ...]) -> None:
        self._policy = weighed.policy
        self.opened = self.required.model_copy(update={"policy": weighed.policy.version})
        for look in added:  # a question to people, which the process has under its own name
            self._passed[look] = self.asking(getattr(self, look))
        self.invalidate(*again, *added)
        self.shown = None  # the policy is shown with the rest
        publish(self)

    def _was_made(self, look: Look) -> bool:
        """Whether it was made, or is being made, under the old rules."""
        if look is Look.APPROVAL:
            return self.approved or self.stage is Stage.APPROVAL
        return look in self._begun

    def _was_passed_by(self, look: Look) -> bool:
        """Whether the case is beyond the place at which it would be made. Only this one is asked for by a rule."""
        return look is Look.CONFIRM_CONTACT and Look.SCREEN in self._begun
