"""Activities that are late at random, as on a slow machine: what is said meanwhile must not be lost, nor a test rest on
which of two things comes first. `LATE=1 pytest tests/workflows` runs the courses of cases that way."""

import asyncio
import os
import random
from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

OFTEN = 0.25
SECONDS = (0.1, 0.3, 0.8)


def lateness() -> list[Interceptor]:
    """What makes a quarter of the activities late, where the environment asks for it."""
    return [_Late()] if os.environ.get("LATE") else []


class _Late(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Activity(next)


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        if random.random() < OFTEN:
            await asyncio.sleep(random.choice(SECONDS))
        return await super().execute_activity(input)
