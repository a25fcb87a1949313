"""What is wrong with a file: each fault with its place, up to as many as a refusal can carry."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from contracts.refusals import Fault, faults_of

MOST_FAULTS = 100
"""So many are named; then the reader stops, since a refusal has to be read, and a file can be made of faults."""


class EnoughFaults(Exception):
    """As many as are named; there may be more."""


class Faults(list[Fault]):
    """Faults as they are found. EnoughFaults from the last one that is named."""

    def add(self, path: str, message: str) -> None:
        """Note a fault; `path` is empty for the whole."""
        self.append(Fault(path=path, message=message))
        if len(self) == MOST_FAULTS:
            super().append(Fault(path="", message=f"there may be more: {MOST_FAULTS} faults are named at most"))
            raise EnoughFaults

    @contextmanager
    def noted(self, path: str) -> Iterator[None]:
        """What is no use, as a ValueError says it, becomes a fault, and the reader goes on after the block."""
        try:
            yield
        except ValidationError as error:
            for fault in faults_of(error):
                self.add(path, str(fault))
        except ValueError as error:
            self.add(path, str(error))
