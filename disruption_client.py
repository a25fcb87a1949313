"""Typed calls for whoever runs the firm through a disruption: declare it, end it, rule on it, sign its plan."""

from enum import StrEnum

from client import Quietus
from contracts.disruption import (
    Declaration,
    Declared,
    DisruptionEnd,
    DisruptionNoted,
    DisruptionRuling,
    PlanSignature,
)
from contracts.refusals import Code, Refused

DISRUPTION = "Disruption"


class DisruptionMessage(StrEnum):
    """The updates that a disruption takes."""

    DECLARE = "declare"
    END = "end"
    RULE = "rule"
    SIGN = "sign"


class DisruptionClient(Quietus):
    """中断."""

    async def declare(self, declaration: Declaration) -> Declared:
        """Declare a disruption, which begins to suspend what it touches. The same again is the same disruption.

        Refused: BAD_INPUT, MISMATCH, ALREADY_ENDED, NOT_ALLOWED, UNAUTHENTICATED, FORBIDDEN, TOO_LARGE, UNREACHABLE.
        """
        case, what = disruption_id(declaration.reference), f"The declaration of {declaration.reference}"
        start = self._starting(DISRUPTION, case, declaration, f"Disruption {declaration.reference}")
        return await self._open(start, DisruptionMessage.DECLARE, case, declaration, Declared, what)

    async def end(self, ending: DisruptionEnd) -> DisruptionNoted:
        """It is over. The same sent twice is one.

        Refused: NOT_FOUND, ALREADY_ENDED, MISMATCH, NOT_ALLOWED, REASON_MISSING, UNAUTHENTICATED, FORBIDDEN,
        UNREACHABLE.
        """
        case = disruption_id(ending.reference)
        return await self._send(case, DisruptionMessage.END, ending.decision_id, ending, DisruptionNoted)

    async def rule(self, ruling: DisruptionRuling) -> DisruptionNoted:
        """审批: more time is given, or not. Refused as `end`, and ALREADY_DECIDED, FOUR_EYES."""
        case = disruption_id(ruling.reference)
        return await self._send(case, DisruptionMessage.RULE, ruling.decision_id, ruling, DisruptionNoted)

    async def sign(self, signature: PlanSignature) -> DisruptionNoted:
        """A step of the contingency plan is done. Refused as `end`, and ALREADY_DECIDED."""
        case = disruption_id(signature.reference)
        return await self._send(case, DisruptionMessage.SIGN, signature.decision_id, signature, DisruptionNoted)

    async def _why_missing(self, case: str) -> Refused:
        reference = case.removeprefix(disruption_id(""))
        words = f"No disruption {reference} is under way; see `disruption show {reference}`."
        return Refused(Code.NOT_FOUND, words)


def disruption_id(reference: str) -> str:
    """The workflow of a disruption."""
    return f"disruption-{reference}"
