"""`python -m bench`: what a case and a human task cost, and how fast a decision takes effect, on this machine."""

import argparse
import asyncio

from bench.cost import measure_cost
from bench.latency import measure_latency
from bench.tasks import measure_tasks


async def main(cases: int) -> None:
    """Measure, and print a table for each question."""
    for measure in (measure_cost, measure_tasks, lambda: measure_latency(cases)):
        print(await measure(), end="\n\n", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--cases", type=int, default=30, help="closures for the latency of decisions")
    asyncio.run(main(parser.parse_args().cases))
