"""留痕: what the trail of an adjustment tells of its plans and of what was said, and what the records tell of it."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import NamedTuple

from contracts.adjustments import PlanMark
from records.adjustment_tables import PlanMarkRow, PlanRow, RemarkRow
from records.canonical import canonical, fingerprint
from records.tables import TrailRow

PROPOSED, SAID = "proposed", "said"
"""What the trail tells besides marks."""

SNAPSHOTS = "snapshots/"
"""Where the accounts are kept as they stood before a plan was posted."""

_OF_A_PLAN = re.compile(rf"plan (\d+) ({'|'.join([PROPOSED, *PlanMark])})")
_SHA256, _HEARD_BY, _ABOUT, _PLAN, _ENTRY = "sha256", "heard by", "about", "plan", "entry "


class Telling(NamedTuple):
    """The same thing as it stands in the trail and on record; `tells`: each part by its name."""

    subject: str
    tells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Link:
    """A link about a plan, by its number and hash, or (0, empty) about what was said. `words`: why; `entries`: what was
    posted, in its order; `snapshots`: by reference, the hash of each."""

    what: str
    n: int
    plan: str
    words: str
    entries: tuple[str, ...]
    snapshots: dict[str, str]
    telling: Telling


def hash_of(text: str) -> str:
    """The one hash that is approved, told and posted: of the plan as it was written down."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_whole(row: PlanRow) -> bool:
    """Whether the plan is what its hash says."""
    return hash_of(row.plan) == row.hash


def link_of(row: TrailRow) -> Link | None:
    """The link, if it is about a plan or about what was said."""
    of_a_plan = _OF_A_PLAN.fullmatch(row.what)
    if not of_a_plan and row.what != SAID:
        return None
    evidence = _evidence(row)
    n, what = (int(of_a_plan[1]), of_a_plan[2]) if of_a_plan else (0, SAID)
    numbers = sorted(int(name.removeprefix(_ENTRY)) for name in evidence if name.startswith(_ENTRY))
    entries = tuple(evidence[f"{_ENTRY}{number}"] for number in numbers)
    return Link(
        what=what,
        n=n,
        plan=evidence.get(_PLAN, ""),
        words=row.why,
        entries=entries,
        snapshots={name: value for name, value in evidence.items() if name.startswith(SNAPSHOTS)},
        telling=_telling(row, what, n, evidence, entries),
    )


def plan_told(row: PlanRow) -> Telling:
    """What the records tell of a proposal."""
    return _proposal(row.n, row.proposed_by, row.why, row.hash, row.at.isoformat())


def mark_told(row: PlanMarkRow) -> Telling:
    """What the records tell of a mark."""
    return _mark(row.n, row.mark, row.words, row.hash, row.at.isoformat())


def remark_told(row: RemarkRow) -> Telling:
    """What the records tell of what was said; the trail has the hash of the words."""
    return _remark(row.speaker, row.about, fingerprint(row.words), row.heard_by, row.at.isoformat())


def _telling(row: TrailRow, what: str, n: int, evidence: dict[str, str], entries: tuple[str, ...]) -> Telling:
    at, hash = row.at.isoformat(), evidence.get(_PLAN, "")
    if what == SAID:
        about, sha256, heard_by = (evidence.get(name, "") for name in (_ABOUT, _SHA256, _HEARD_BY))
        return _remark(row.who, about, sha256, heard_by, at)
    if what == PROPOSED:
        return _proposal(n, row.who, row.why, hash, at)
    return _mark(n, what, canonical(list(entries)) if what == PlanMark.POSTED else row.why, hash, at)


def _proposal(n: int, by: str, why: str, hash: str, at: str) -> Telling:
    return Telling(f"the proposal of plan {n}", (("proposer", by), ("reason", why), ("hash", hash), ("time", at)))


def _mark(n: int, mark: str, words: str, hash: str, at: str) -> Telling:
    return Telling(f"the mark '{mark}' of plan {n}", (("proof", words), ("hash", hash), ("time", at)))


def _remark(speaker: str, about: str, sha256: str, heard_by: str, at: str) -> Telling:
    tells = (("wording", sha256), ("name of who noted it", heard_by), ("time", at))
    return Telling(f"what the {speaker} said about {about}", tells)


def _evidence(row: TrailRow) -> dict[str, str]:
    """Empty where somebody made it unreadable: that such a link was changed is said of the trail."""
    try:
        return {str(name): str(value) for name, value in json.loads(row.evidence).items()}
    except (ValueError, AttributeError):
        return {}
