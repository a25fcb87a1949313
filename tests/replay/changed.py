"""The closure with two stages exchanged: what a careless change to a running workflow looks like."""

from temporalio import workflow

from contracts.requests import CaseOutcome, ClosureRequest
from workflows.closure import AccountClosure


@workflow.defn(name="AccountClosure")
class CarelesslyChanged(AccountClosure):
    """Asks for the reason before it asks who is there."""

    @workflow.run
    async def run(self, request: ClosureRequest) -> CaseOutcome:
        """As before."""
        return await super().run(request)

    async def identity(self) -> None:
        """The wrong stage first."""
        await super().reason()

    async def reason(self) -> None:
        """The wrong stage second."""
        await super().identity()
