"""`python -m bench`: what a case costs and how fast a decision takes effect, measured on this machine in a minute."""

import argparse
import asyncio

from bench.cost import measure_cost
from bench.latency import measure_latency


async def main(cases: int) -> None:
    """Measure, and print a table for each question."""
    for table in (await measure_cost(), await measure_latency(cases)):
        print(table, end="\n\n", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--cases", type=int, default=30, help="closures for the latency of decisions")
    asyncio.run(main(parser.parse_args().cases))
