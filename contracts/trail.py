"""留痕: a link of a dossier's chain as it is read, and what verification finds wrong."""

from datetime import datetime

from contracts.base import Contract


class TrailEntry(Contract):
    """One link: who did what, when, why, on what evidence, under which policy; `hash` covers all the others."""

    dossier: str
    seq: int
    at: datetime
    who: str
    what: str
    why: str = ""
    evidence: dict[str, str]
    policy: str = ""
    previous: str
    hash: str


class Broken(Contract):
    """A link that does not hold, and what is wrong with it in one sentence."""

    dossier: str
    seq: int
    words: str
