"""Waiting for what other programs bring about; where there is an event loop, `tests.support.firm.eventually` waits."""

import time
from collections.abc import Callable
from typing import TypeVar

LONG_ENOUGH_SECONDS = 60.0
"""So long takes nothing that is waited for, also on a machine that has much else to do."""

T = TypeVar("T")


def until(look: Callable[[], T | None], what: str) -> T:
    """What `look` answers as soon as it is something; AssertionError when it never is."""
    end = time.monotonic() + LONG_ENOUGH_SECONDS
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < end, f"waited {LONG_ENOUGH_SECONDS} s for {what}"
        time.sleep(0.02)
