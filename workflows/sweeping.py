"""What sweeps over many cases share: page after page, and another run when this one has become long."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow

from contracts.rollout import Swept

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=10)
"""Between two rounds through the cases that have not answered."""

Page = TypeVar("Page", bound=Swept)


async def sweep(page: Callable[[str], Awaitable[Page]], between: timedelta = timedelta(0)) -> int:
    """One round through all cases, a page at a time; how many have not answered. `page` takes what the one before it
    ended with, the first one nothing; `between` is the pause after each page but the last."""
    missing, last = 0, ""
    while True:
        swept = await page(last)
        missing, last = missing + swept.missing, swept.last
        if not last:
            return missing
        if between:
            await workflow.sleep(between, summary="so many a minute")


async def until_none_is_missing(
    rounds: Callable[[], Awaitable[int]], message: Any, at_least: timedelta = FIRST_PAUSE
) -> None:
    """Round after round, with growing pauses, until no case is missing. `message` begins another run."""
    pause = at_least
    while await rounds():
        await in_a_new_run_when_long(message)
        await workflow.sleep(pause, summary="cases that do not answer")
        pause = min(2 * pause, max(at_least, LONGEST_PAUSE))


async def in_a_new_run_when_long(message: Any) -> None:
    """Go on in another run, which finds in the records how things stand."""
    if workflow.info().is_continue_as_new_suggested():
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(message)
