"""满意度调查: what a survey is about, and what its answers come to."""

from contracts.base import Contract
from contracts.text import StaffId, Word


class SurveyRequest(Contract):
    """The customer is to be asked about a case that has ended, by its dossier. `makers`: whose work is judged, so that
    they do not follow up a low score."""

    about: Word
    makers: tuple[StaffId, ...] = ()


class Scored(Contract):
    """What the answers come to: the mean from 1 to 5 in hundredths (420 is 4.2), and whether it is low by the
    policy."""

    score: int
    low: bool

    @property
    def text(self) -> str:
        """Such as `4.20`."""
        return f"{self.score / 100:.2f}"
