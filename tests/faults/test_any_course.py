"""Any course: from every state that a closure comes to, it ends as it may. SEQUENCES=1000 takes more of
them, SEED=50 others; `python -m tests.support.any_courses 10 --seed 7 --only 3` one of them again,
as it is named when it goes wrong."""

import asyncio
import os

from tests.support.processes import run_program

SEQUENCES = int(os.environ.get("SEQUENCES", "40"))
SEED = int(os.environ.get("SEED", "0"))
PROCESSES = 2
APART = 10_000
"""So many seeds are between those of one process and those of the next."""


async def test_any_course_ends_closed_or_open_again_with_the_sums_right_and_the_customer_told():
    share = SEQUENCES // PROCESSES
    results = await asyncio.gather(*(courses(share, SEED + number * APART) for number in range(PROCESSES)))
    print("\n".join(said for _, said in results))
    assert [code for code, _ in results] == [0] * PROCESSES


async def courses(count: int, seed: int) -> tuple[int | None, str]:
    """Exit code and what it says: seeds, outcomes, rules, and the whole story of each course that went wrong."""
    return await run_program("-m", "tests.support.any_courses", str(count), "--seed", str(seed))
