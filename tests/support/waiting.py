"""Waiting for what other programs bring about; where there is an event loop, `tests.support.firm.eventually` waits."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

PATIENCE_SECONDS = 60.0
"""So long takes nothing that is waited for, also on a machine that has much else to do."""
PAUSE_SECONDS = 0.02
"""Between two looks."""

T = TypeVar("T")


def looks(look: Callable[[], T | None], what: str, seconds: float) -> Iterator[T | None]:
    """What `look` answers, each time anew; AssertionError once it was asked for so many seconds."""
    until = time.monotonic() + seconds
    while True:
        yield look()
        assert time.monotonic() < until, f"waited {seconds} s for {what}"


def until(look: Callable[[], T | None], what: str) -> T:
    """What `look` answers as soon as it is something; AssertionError when it never is."""
    seen = looks(look, what, PATIENCE_SECONDS)
    while not (found := next(seen)):
        time.sleep(PAUSE_SECONDS)
    return found
