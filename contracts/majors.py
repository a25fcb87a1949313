"""重大事故: what begins one, what its reports are told and answer, and what is written down of it."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from contracts.base import Contract
from contracts.text import Word, Words
from contracts.vocabulary import Role


class MajorWord(StrEnum):
    """What a major incident says to a report of its matter."""

    HANG_ON = "hang_on"  # 并入: a report that came before it
    BULLETIN = "bulletin"  # 通报
    SOLVED = "solved"  # 已解决
    GO_ON = "go_on"  # it ended without a solution: each report is dealt with by itself again


class BulletinState(StrEnum):
    """How a bulletin stands."""

    DUE = "due"
    DRAFTED = "drafted"
    REJECTED = "rejected"
    APPROVED = "approved"
    SENT = "sent"
    SUPERSEDED = "superseded"  # the next one was due before it was approved


class MajorStart(Contract):
    """A major incident begins: its case, the dossier of the report that made it one, and why."""

    case: str
    begun_by: str
    because: str


class Joined(Contract):
    """What a report hangs on (empty: nothing), and what is to be started for it."""

    major: str = ""
    start: MajorStart | None = None


class MajorNotice(Contract):
    """What a major incident says to a report; `n`: which bulletin."""

    major: str = Field(pattern=r"^major-[A-Za-z0-9_-]{1,60}$")
    word: MajorWord
    n: int = Field(default=0, ge=0, le=100_000)


class MajorStand(StrEnum):
    """How a report stands towards the major incident that spoke to it."""

    HANGS = "hangs"
    FREE = "free"
    ENDED = "ended"


class MajorAnswer(Contract):
    """What a report answers."""

    major: str
    case: str
    dossier: str
    stand: MajorStand


class Heard(Contract):
    """What a report makes of it. `text`: words for its customer, empty where another report of theirs has told them.
    `over`: it hangs no more. `solution`: by which it was solved, in the customer's language; `told_with`: the report by
    which the customer hears of it; `also`: the customer's other reports that this one answers."""

    stand: MajorStand
    text: Words = ""
    over: bool = False
    solution: Words = ""
    told_with: str = ""
    also: str = ""


class Announcement(Contract):
    """Words for customers or the public in both languages, and by whom."""

    zh: Words
    en: Words
    by: str


class Planned(Contract):
    """A bulletin is due, as the `n`th word of its major incident; the next one is due at `next_at`."""

    n: int
    next_at: datetime


class Settled(Contract):
    """The lasting solution: its cause code, what was done, and what the customers are told."""

    cause: Word
    solution: Words
    told: Announcement
    approved_by: str = ""


class Improvement(Contract):
    """改进措施: what the review wants done, by the holders of which role; `within`: a choice of the policy."""

    n: int
    what: Words
    owner: Role
    within: str
    by: str
