"""Any courses of a closure: `python -m tests.support.any_courses 100 [--seed 0]`; one again: `10 --seed 7 --only 3`."""

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.edges import OUT_OF_ORDER
from tests.support.accounts import open_accounts
from tests.support.any_course import AnyCourse
from tests.support.any_end import Tally
from tests.support.any_world import any_world
from tests.support.message_storm import Faults

ROUND = 10
"""So many courses have one seed: hypothesis begins to vary earlier ones only after that."""

ROUNDS_OF_A_WORLD = 3
"""The time of its server cannot be moved without end."""

STEPS = 10


def courses(seeds: Sequence[int], tally: Tally, wanted: int = ROUND) -> None:
    """So many courses by each seed, in one world."""
    faults = Faults()
    logging.getLogger("temporalio").addHandler(faults)
    with tempfile.TemporaryDirectory(prefix="quietus-course-") as folder, any_world(Path(folder)) as world:
        AnyCourse.world, AnyCourse.tally = world, tally
        AnyCourse.accounts = open_accounts(world.firm.world.database, 400, companies=200)
        for number in seeds:
            AnyCourse.seed, AnyCourse.numbers = number, count()
            run_state_machine_as_test(seed(number)(AnyCourse), settings=settings(_SETTINGS, max_examples=wanted))
    logging.getLogger("temporalio").removeHandler(faults)
    odd = [words for words in faults.seen if OUT_OF_ORDER not in words]
    tally.wrong += [f"seeds {seeds}, in the worker's log: {words}" for words in odd]


_SETTINGS = settings(
    stateful_step_count=STEPS, phases=[Phase.generate], deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def main() -> int:
    """Exit code 1 when anything went wrong; each paragraph says what, and in which course."""
    parser = argparse.ArgumentParser(description="Any courses of a closure.")
    parser.add_argument("wanted", type=int, help="how many courses, at least")
    parser.add_argument("--seed", type=int, default=0, help="of the first ten courses; the next ten have the next one")
    parser.add_argument("--only", type=int, help="one course of each ten")
    chosen, tally = parser.parse_args(), Tally()
    AnyCourse.only = chosen.only
    seeds = range(chosen.seed, chosen.seed + -(-chosen.wanted // ROUND))
    for first in range(0, len(seeds), ROUNDS_OF_A_WORLD):
        courses(seeds[first : first + ROUNDS_OF_A_WORLD], tally)
        print("\n\n".join([*tally.wrong, ""]), flush=True)
        tally.told += len(tally.wrong)
        tally.wrong.clear()
    print(
        "\n".join(["not taken to their end, since the server's time stood still:", *tally.stalled])
        if tally.stalled
        else ""
    )
    print(f"{tally.courses - len(tally.stalled)} courses, seeds {seeds[0]} to {seeds[-1]}, {tally.told} wrong.")
    print(f"outcomes {dict(tally.outcomes)}; rules {dict(tally.rules)}; with nothing to do {dict(tally.idle)}")
    print(f"what happened, by the stage it happened in: {dict(tally.stages)}")
    return 1 if tally.told else 0


if __name__ == "__main__":
    sys.exit(main())
