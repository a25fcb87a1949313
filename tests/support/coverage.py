"""Which tests show what of each kind of exception: alone, with a second one in the middle, with the worker killed."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from contracts.findings import FindingKind

Test = TypeVar("Test", bound=Callable[..., object])

KINDS = (
    FindingKind.ACCOUNT_INFO_ERROR,
    FindingKind.CUSTOMER_REFUSAL,
    FindingKind.SYSTEM_FAULT,
    FindingKind.REGULATION_CHANGE,
    FindingKind.CUSTOMER_INFO_CHANGE,
    FindingKind.INSUFFICIENT_BALANCE,
    FindingKind.SCHEDULE_CONFLICT,
    FindingKind.ACCOUNT_FROZEN,
    FindingKind.CUSTOMER_COMPLAINT,
    FindingKind.INTERNAL_PROCESS,
    FindingKind.CUSTOMER_NEED_CHANGE,
    FindingKind.EXTERNAL_EVENT,
)
"""The nine exceptions of docs/process.md, and the interruptions."""


class How(StrEnum):
    """What happens to a case while an exception is dealt with."""

    ALONE = "alone"
    NESTED = "nested"  # a second exception arrives in the middle
    CRASHED = "crashed"  # kill -9 of the worker in the middle


SHOWN: dict[tuple[FindingKind, How], set[str]] = {}
"""The names of the tests, by what they show."""


def shows(how: How, *kinds: FindingKind) -> Callable[[Test], Test]:
    """Marks a test that shows, of these kinds, what comes of it."""

    def mark(test: Test) -> Test:
        for kind in kinds:
            SHOWN.setdefault((kind, how), set()).add(test.__name__)
        return test

    return mark


def table() -> str:
    """A row for each kind, with the number of tests that show it in each way."""
    lines = [f"{'':<22}" + "".join(f"{how:>9}" for how in How)]
    lines += [f"{kind:<22}" + "".join(f"{len(SHOWN.get((kind, how), ())):>9}" for how in How) for kind in KINDS]
    return "\n".join(lines)


def missing() -> list[str]:
    """The cells of the table that are empty."""
    return [f"{kind} {how}" for kind in KINDS for how in How if not SHOWN.get((kind, how))]
