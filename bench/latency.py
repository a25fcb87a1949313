"""How long it takes from sending a decision until its sender knows it counts, and until the next stage is on record."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median, quantiles

from bench.place import confirmed, place, table
from records.tables import EffectRow
from tests.support.accounts import open_accounts
from tests.support.firm import Firm, eventually

AT_ONCE = 5
HEADINGS = ("the server's file", "cases", "answer, median", "p99", "next stage, median", "p99", "to approval, each")
SERVER_FILES: dict[str, Sequence[str]] = {
    "write-ahead log (ours)": (),
    "rollback journal": ("--sqlite-pragma", "journal_mode=delete"),
}


async def measure_latency(cases: int) -> str:
    """A table: the approval of `cases` closures, one after the other; a third as many for each other kind of file."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    for count, (name, arguments) in zip((cases, max(cases // 3, 2)), SERVER_FILES.items(), strict=True):
        rows.append((name, *await _measure(count, arguments)))
    return table("From the decision of an approver", rows)


async def _measure(cases: int, server_arguments: Sequence[str]) -> tuple[str, ...]:
    async with place(server_arguments) as firm:
        began = time.monotonic()
        waiting = await _bring_to_approval(firm, cases)
        each = (time.monotonic() - began) / cases
        taken = [await _approve(firm, case) for case in waiting]
    answers, stages = zip(*taken, strict=True)
    return str(cases), *_spread(answers), *_spread(stages), f"{each * 1000:,.0f} ms"


async def _bring_to_approval(firm: Firm, cases: int) -> list[str]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def bring(account: str) -> str:
        async with turns:
            return await confirmed(firm, account)

    return await asyncio.gather(*(bring(account) for account in open_accounts(firm.world.database, cases)))


async def _approve(firm: Firm, case: str) -> tuple[float, float]:
    """Seconds until the answer, and until the first step of the next stage was written."""
    task = await firm.task("approval", case)
    decision = firm.decision(task, "approve", firm.tokens.mint("song.jia"))
    sent, began = datetime.now(UTC), time.monotonic()
    await firm.quietus.decide(decision)
    answered = time.monotonic() - began
    step = f"{case}.1/propose/1"
    written = await eventually(lambda: _written_at(firm, step), f"the step {step}")
    await firm.task("closing_statement", case)  # the next decision finds nothing else running
    return answered, (written - sent).total_seconds()


def _written_at(firm: Firm, step: str) -> datetime | None:
    with firm.world.database.transaction() as session:
        row = session.get(EffectRow, step)
        return row.at if row else None


def _spread(seconds: tuple[float, ...]) -> tuple[str, str]:
    """Median and 99th percentile in milliseconds."""
    return f"{median(seconds) * 1000:,.0f} ms", f"{quantiles(seconds, n=100, method='inclusive')[-1] * 1000:,.0f} ms"
