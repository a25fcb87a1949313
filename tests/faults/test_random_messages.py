"""Messages in no order, twice, too early, too late, at once: each has an answer, and each case ends as it should."""

import asyncio
import os

from tests.support.processes import run_program

SEQUENCES = int(os.environ.get("STORM", "100"))
"""So many fit into the tests; STORM=500 goes through more of them."""

PROCESSES = 2


async def test_random_sequences_of_messages_end_as_was_decided_or_say_why_not():
    share = SEQUENCES // PROCESSES
    results = await asyncio.gather(*(storm(share, first=number * share) for number in range(PROCESSES)))
    assert results == [(0, f"{share} sequences: every message answered, no case stuck.\n")] * PROCESSES


async def storm(count: int, first: int) -> tuple[int | None, str]:
    """Exit code and what it says, which names the number of each sequence that went wrong: the seed of its plan."""
    return await run_program("-m", "tests.support.message_storm", str(count), "--first", str(first))
