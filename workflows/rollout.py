"""制度变更: a policy is proposed, approved by the manager, and from its day on every open case it touches answers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import cast

from temporalio import workflow

from activities.policy_mail import PolicyMail
from activities.rollout import Rollouts
from contracts.refusals import Code, Refused
from contracts.rollout import (
    PolicyProposal,
    PolicyRuling,
    ProposedPolicy,
    RolloutOutcome,
    RolloutState,
    Swept,
)
from contracts.tasks import Noted
from workflows.calls import Outlasted, call
from workflows.sweeping import sweep, until_none_is_missing

_ASK_CASES = cast("Callable[..., Swept]", Rollouts.ask_cases)  # the worker awaits it


@workflow.defn
class PolicyRollout:
    """The rollout of one version. All it knows stands in the records, so that another run of it goes on from there."""

    def __init__(self) -> None:
        self.proposal: PolicyProposal | None = None
        self.proposed: ProposedPolicy | None = None
        self.refusal: Refused | None = None
        self.state = RolloutState.PROPOSED
        self._mails: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, proposal: PolicyProposal) -> RolloutOutcome:
        """From the proposal to the last answer."""
        self.proposal = proposal
        self.proposed = await self._propose(proposal)
        self.state = self.proposed.state
        if self.state is RolloutState.PROPOSED:
            self._tell(self.proposed, ruled=False)
        await workflow.wait_condition(lambda: self.state is not RolloutState.PROPOSED)
        self._tell(self.proposed, ruled=True)
        if self.state is not RolloutState.REJECTED:
            await self._effective(self.proposed)
            await until_none_is_missing(lambda: self._round(proposal.version), proposal)
        await self._nothing_under_way()
        outcome = await call(Rollouts.finish_rollout, proposal.version, workflow.now(), summary="n of n answered")
        await workflow.wait_condition(workflow.all_handlers_finished)  # a message may have come meanwhile
        return outcome

    async def _propose(self, proposal: PolicyProposal) -> ProposedPolicy:
        try:
            return await call(Rollouts.propose_policy, proposal, workflow.now(), summary="proposed")
        except Refused as refusal:
            self.refusal = refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise

    async def _effective(self, proposed: ProposedPolicy) -> None:
        left = proposed.begins_at - workflow.now()
        if left > timedelta(0):
            await workflow.sleep(left, summary="its effective day")

    async def _round(self, version: str) -> int:
        """Ask each case that has not answered; how many still have not."""
        return await sweep(lambda last: call(_ASK_CASES, version, last, workflow.now(), summary="ask the cases"))

    async def _nothing_under_way(self) -> None:
        await asyncio.gather(*self._mails)
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _tell(self, proposed: ProposedPolicy, *, ruled: bool) -> None:
        """Those whom the proposal or the ruling concerns are mailed beside the rollout, which no mail keeps waiting."""
        self._mails.append(asyncio.ensure_future(_mailed(proposed.version, ruled, proposed.patience)))

    # ---- what is said to it --------------------------------------------------------------------------------------

    @workflow.update
    async def propose(self, proposal: PolicyProposal) -> ProposedPolicy:
        """What became of the proposal. Sent with the start; the same policy again is the same rollout."""
        await workflow.wait_condition(lambda: self.proposed is not None or self.refusal is not None)
        if self.refusal:
            raise self.refusal
        if self.proposal is None or self.proposed is None or proposal.text != self.proposal.text:
            raise Refused(Code.MISMATCH, f"Policy {proposal.version} was proposed with other content.")
        if self.state is RolloutState.REJECTED:  # the next run takes it
            words = "was rejected, and its rollout is just ending; publish it again in a little while"
            raise Refused(Code.NOT_ALLOWED, f"Policy {proposal.version} {words}.")
        return self.proposed

    @propose.validator
    def _judge_proposal(self, proposal: PolicyProposal) -> None:
        _about(proposal.version)

    @workflow.update
    async def rule(self, ruling: PolicyRuling) -> Noted:
        """审批: the manager, who did not propose it, approves or rejects."""
        noted = await call(Rollouts.rule_on_policy, ruling, workflow.now(), summary="ruled on")
        self.state = RolloutState.APPROVED if ruling.approve else RolloutState.REJECTED
        return noted

    @rule.validator
    def _judge_ruling(self, ruling: PolicyRuling) -> None:
        _about(ruling.version)
        if self.proposed is None:
            raise Refused(Code.NOT_FOUND, f"Policy {ruling.version} is not proposed yet; try again.")
        if not ruling.approve and not ruling.reason.strip():
            raise Refused(Code.REASON_MISSING, "A rejection needs a reason (--reason).")


async def _mailed(version: str, ruled: bool, patience: timedelta) -> None:
    try:
        await call(PolicyMail.tell_of_policy, version, ruled, workflow.now(), summary="mail", patience=patience)
    except Outlasted as fault:
        with suppress(Outlasted):
            give_up = PolicyMail.give_up_policy_mail
            await call(give_up, version, ruled, fault.cause, summary="record the failure", patience=patience)


def _about(version: str) -> None:
    if workflow.info().workflow_id != f"policy-rollout-{version}":
        raise Refused(Code.BAD_INPUT, f"This is {workflow.info().workflow_id}, not about policy {version}.")
