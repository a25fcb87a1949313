"""`python -m bench.triage_rules`: how often the rules of triage say of real complaints what their headings imply, on
the half of the file that the rules were written by and on the other."""

import csv
import io
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from activities.classification import classify
from bench.place import table
from contracts.incidents import Category, IncidentReport, Proposed, Severity
from gateways.complaints_file import read_complaints
from policy import Policies
from policy.incidents import IncidentRules
from tests.support.firm import ROOT

FILE = ROOT / "examples" / "incidents-real.csv"
POLICY = "2026-11-22.4"


class Part(NamedTuple):
    """A part of the file. All its ids are even, so that the halves go by the last digit but one: the rules were written
    by looking at the half where that is even (`seen`)."""

    seen: bool
    narrated: bool

    def __str__(self) -> str:
        half = "seen half" if self.seen else "other half"
        return f"{half}, {'narrated' if self.narrated else 'form only'}"


@dataclass(frozen=True)
class Judged:
    """A complaint, what its headings imply, and what the rules make of its words."""

    report: IncidentReport
    part: Part
    implied: Category
    proposed: Proposed

    @property
    def right(self) -> bool:
        """Whether the rules say what the headings imply."""
        return self.proposed.category is self.implied


def judged() -> list[Judged]:
    """Every complaint of the file."""
    rules = Policies(ROOT / "policy")[POLICY].incidents
    assert rules
    content = FILE.read_bytes()
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(content.decode(), newline=""))}
    reports = [each for each in read_complaints(content, "CUS-1001") if isinstance(each, IncidentReport)]
    return [_judge(rules, report, rows[report.report_id.removeprefix("CFPB-")]) for report in reports]


def share(complaints: Iterable[Judged]) -> float:
    """How many of them the rules get right, 0 to 1."""
    rights = [each.right for each in complaints]
    return sum(rights) / len(rights)


def of_part(complaints: Iterable[Judged], part: Part) -> list[Judged]:
    """Those of one part."""
    return [each for each in complaints if each.part == part]


def main() -> None:
    """Print the tables."""
    complaints = judged()
    for part in (Part(seen, narrated) for narrated in (True, False) for seen in (True, False)):
        print(_part_table(str(part), of_part(complaints, part)), end="\n\n")
    others = [each for each in complaints if not each.part.seen]
    print(_part_table("other half, all", others), end="\n\n")
    print(table("Severities", [("", *Severity), *_severities(complaints)]), end="\n\n")
    grave = [each for each in others if each.proposed.severity in {Severity.P1, Severity.P2}]
    print("\n".join([f"P1 and P2 in the other half: {len(grave)}", *map(_grave, grave)]), end="\n\n")
    print(f"{_rate([each.report for each in complaints]):,.0f} reports a second")


def _judge(rules: IncidentRules, report: IncidentReport, row: dict[str, str]) -> Judged:
    fits = (each.category for each in rules.implied if each.fits(row["product"], row["issue"]))
    part = Part(seen=int(row["id"][-2]) % 2 == 0, narrated=bool(row["narrative"].strip()))
    return Judged(report, part, next(fits), classify(report, rules.triage))


def _part_table(name: str, complaints: Sequence[Judged]) -> str:
    """What is implied down, what is proposed across."""
    found = Counter((each.implied, each.proposed.category) for each in complaints)
    rows = [(implied, *(str(found[implied, proposed]) for proposed in Category)) for implied in Category]
    commonest = max(Counter(each.implied for each in complaints).values()) / len(complaints)
    says = f"{len(complaints)} reports, {share(complaints):.1%} as implied (always the commonest: {commonest:.1%})"
    return table(f"{name}: {says}", [("", *Category), *rows])


def _severities(complaints: Sequence[Judged]) -> Iterator[tuple[str, ...]]:
    found = Counter((each.part, each.proposed.severity) for each in complaints)
    for part in sorted({each.part for each in complaints}, reverse=True):
        yield (str(part), *(str(found[part, severity]) for severity in Severity))


def _grave(each: Judged) -> str:
    says = f"severity {each.proposed.severity}"
    clues = (f"{clue.rule} ({', '.join(clue.found)})" for clue in each.proposed.clues if says in clue.says)
    return f"  {each.report.report_id} {each.proposed.severity} {'; '.join(clues)}"


def _rate(reports: Sequence[IncidentReport]) -> float:
    rules = Policies(ROOT / "policy")[POLICY].incidents
    assert rules
    begun = time.perf_counter()
    for report in reports:
        classify(report, rules.triage)
    return len(reports) / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
