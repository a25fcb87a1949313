"""系统故障: how a case does what can neither be left out nor be handed to people: it tries on, and operators see it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow

from contracts.vocabulary import CaseKind
from workflows.calls import Outlasted, call
from workflows.case_state import CaseState
from workflows.overview import publish

Result = TypeVar("Result")

WHILE_OPENING = timedelta(minutes=2)
"""The patience of a case that has no policy yet; whoever asked for it is waiting."""


class CaseCalls(CaseState):
    """The hands of a case."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(kind)
        self._tries = 0

    async def surely(self, method: Callable[..., Result], *args: Any, summary: str) -> Result:
        """The result of an activity that is tried without end, longer than the policy's patience where it must be.
        Raises Refused."""
        with self.trying() as failed:
            while True:
                patience = self.patience("effect") if self._policy else WHILE_OPENING
                try:
                    return await call(method, *args, summary=summary, patience=patience)
                except Outlasted as fault:
                    failed(fault)

    @contextmanager
    def trying(self) -> Iterator[Callable[[Outlasted], None]]:
        """Something that is tried until it is done. What is told of its failing, operators see meanwhile: which step,
        what kind of error, and that the case waits for technology."""
        self._tries += 1
        this = self._tries

        def failed(fault: Outlasted) -> None:
            self.failing[this] = f"{fault.step}: {fault.kind}"
            publish(self)

        try:
            yield failed
        finally:
            if self.failing.pop(this, None) and workflow.in_workflow():  # not when the worker only lets go of it
                publish(self)
