"""Typed calls for whoever publishes policies: propose one, approve or reject it. All raise Refused."""

from enum import StrEnum

from client import Quietus
from contracts.refusals import Code, Refused
from contracts.rollout import PolicyProposal, PolicyRuling, ProposedPolicy
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
        case = rollout_id(proposal.version)
        return await self._begin(ROLLOUT, case, PolicyMessage.PROPOSE, proposal, ProposedPolicy)

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
