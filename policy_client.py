"""Typed calls for whoever publishes policies: propose one, approve or reject it. All raise Refused."""

from datetime import timedelta
from enum import StrEnum

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from client import ANSWER_SECONDS, Quietus
from contracts.messages import fits, message_id
from contracts.refusals import Code, Refused
from contracts.rollout import PolicyProposal, PolicyRuling, ProposedPolicy, RolloutOutcome
from contracts.tasks import Noted

ROLLOUT = "PolicyRollout"


class PolicyMessage(StrEnum):
    """The updates that a rollout takes."""

    PROPOSE = "propose"
    RULE = "rule"


class PolicyClient(Quietus):
    """制度发布."""

    async def publish(self, proposal: PolicyProposal) -> ProposedPolicy:
        """Propose a policy, which begins its rollout. The same policy again is the same rollout; one that an operator
        stopped goes on.

        Refused: BAD_INPUT, MISMATCH, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, UNREACHABLE.
        """
        start: WithStartWorkflowOperation[object, RolloutOutcome] = WithStartWorkflowOperation(
            ROLLOUT,
            proposal,
            id=rollout_id(proposal.version),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=f"Rollout of policy {proposal.version}",
        )
        fits(proposal)
        async with self._refusing(f"The proposal of policy {proposal.version} is recorded"):
            answer = await self.client.execute_update_with_start_workflow(
                PolicyMessage.PROPOSE.value,
                proposal,
                start_workflow_operation=start,
                id=message_id(PolicyMessage.PROPOSE, proposal.version, proposal),
                result_type=ProposedPolicy,
                rpc_timeout=timedelta(seconds=ANSWER_SECONDS),
            )
            return ProposedPolicy.model_validate(answer)

    async def rule(self, ruling: PolicyRuling) -> Noted:
        """审批: approve or reject a proposed policy. The same ruling sent twice is one.

        Refused: NOT_FOUND, ALREADY_DECIDED, MISMATCH, UNAUTHENTICATED, FORBIDDEN, FOUR_EYES, REASON_MISSING,
        UNREACHABLE.
        """
        return await self._send(rollout_id(ruling.version), PolicyMessage.RULE, ruling.decision_id, ruling, Noted)

    async def _why_missing(self, case: str) -> Refused:
        version = case.removeprefix(rollout_id(""))
        return Refused(Code.NOT_FOUND, f"No rollout of policy {version} is under way; see `policy rollout {version}`.")


def rollout_id(version: str) -> str:
    """The workflow that rolls a version out."""
    return f"policy-rollout-{version}"
