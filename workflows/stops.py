"""What takes a process off its way: the case has ended, an approver returned it, a question has become moot."""

from contracts.steps import Ending
from contracts.vocabulary import Stage


class CaseEnded(Exception):
    """The case ends with this outcome: withdrawn, retained, rejected, refused."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.outcome)
        self.ending = ending


class Returned(Exception):
    """退回: an approver sent the case back to a stage."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.stage = stage


class Moot(Exception):
    """What people were asked is not wanted any more, since what it rested on has changed; why."""
