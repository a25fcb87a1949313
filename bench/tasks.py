"""What one human task costs: a closure with one task more, against the same closure without it."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cost import ACTIONS, BESIDE, approved, billed, closed, cost_of
from bench.place import place, quiet, table
from tests.support.accounts import open_accounts
from tests.support.firm import FAST, Firm

ONE_LINE_MORE = """
[[checklist]]
id = "measured"
kinds = ["person", "company"]
attested_by = "compliance"
zh = "仅供测量"
en = "For the measurement"
source = "bench"
"""
DISSATISFIED = {"code": "dissatisfied", "text": "太慢"}


async def measure_tasks() -> str:
    """A table: a task of staff (a line of the checklist to attest) and an ask of the customer (an alternative)."""
    async with place() as firm:
        first, second = open_accounts(firm.world.database, 2)
        plain = await cost_of(firm, await closed(firm, first))
        asked = await cost_of(firm, await _with_an_offer(firm, second))
    with TemporaryDirectory(prefix="quietus-bench-") as scratch:
        async with place(policy=_with_one_line_more(Path(scratch))) as firm:
            (account,) = open_accounts(firm.world.database, 1)
            attested = await cost_of(firm, await _with_a_line(firm, account))
    return _table({"decided by staff": _more(attested, plain), "answered by the customer": _more(asked, plain)})


async def _with_an_offer(firm: Firm, account: str) -> str:
    case = (await firm.open(account, reason=DISSATISFIED)).case
    for name, option in (("confirm_contact", "confirm"), ("offer", "decline")):
        task = await firm.task(name, case)
        await quiet(firm, case)
        await firm.answer(task, option)
    await approved(firm, case)
    return case


async def _with_a_line(firm: Firm, account: str) -> str:
    case = (await firm.open(account)).case
    task = await firm.task("confirm_contact", case)
    await quiet(firm, case)
    await firm.answer(task, "confirm")
    task = await firm.task("attest_measured", case)
    await quiet(firm, case)
    await firm.decide(task, "attested", "lin.tao")
    await approved(firm, case)
    return case


def _with_one_line_more(folder: Path) -> Path:
    """The policies of the rehearsal with another line to attest."""
    for file in FAST.glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        first = text.index("[[checklist]]")
        (folder / file.name).write_text(f"{text[:first]}{ONE_LINE_MORE}\n{text[first:]}", encoding="utf-8")
    return folder


def _more(found: Counter[str], plain: Counter[str]) -> dict[str, int]:
    """What is in `found` beyond `plain`."""
    more = {name: found[name] - plain[name] for name in found}
    return more | {"actions": billed(found) - billed(plain)}


def _table(columns: dict[str, dict[str, int]]) -> str:
    names = ["actions", *(name for name in ACTIONS.values() if name != "start"), *BESIDE]
    rows = [(name, *(f"{more.get(name, 0):,}" for more in columns.values())) for name in names]
    return table("One human task takes", [("", *columns), *rows])
