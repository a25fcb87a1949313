"""How a request is refused: a code, one sentence, and every fault with its path."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from temporalio.exceptions import ApplicationError

from contracts.base import Contract


class Code(StrEnum):
    """The codes of a refusal; also the `type` of the ApplicationError, where the message came straight to Temporal."""

    BAD_INPUT = "BadInput"
    TOO_LARGE = "TooLarge"
    NOT_FOUND = "NotFound"
    ALREADY_OPEN = "AlreadyOpen"
    ALREADY_ENDED = "AlreadyEnded"
    ALREADY_DECIDED = "AlreadyDecided"
    MISMATCH = "Mismatch"
    UNAUTHENTICATED = "Unauthenticated"
    FORBIDDEN = "Forbidden"
    FOUR_EYES = "FourEyes"
    OPTION_UNKNOWN = "OptionUnknown"
    REASON_MISSING = "ReasonMissing"
    TOO_LATE = "TooLate"
    NOT_ALLOWED = "NotAllowed"
    UNREACHABLE = "Unreachable"

    @property
    def exit_code(self) -> int:
        """1 refused for a business reason, 2 unusable input, 3 a service is not reachable."""
        unusable = {Code.BAD_INPUT, Code.TOO_LARGE, Code.OPTION_UNKNOWN, Code.REASON_MISSING}
        return 3 if self is Code.UNREACHABLE else 2 if self in unusable else 1


class Fault(Contract):
    """One thing that is wrong: where (`documents[0].sha256`, empty for the whole) and what."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Refused(ApplicationError):
    """A refusal that the sender is told. Never retried; it travels through Temporal as it is. `chinese`: the sentence
    in Chinese, where there is one."""

    def __init__(self, code: Code, message: str, faults: Iterable[Fault] = (), chinese: str = "") -> None:
        self.code = code
        self.sentence = message
        self.faults = tuple(faults)
        self.chinese = chinese
        details: dict[str, Any] = {"faults": [fault.model_dump() for fault in self.faults]} if self.faults else {}
        details |= {"chinese": chinese} if chinese else {}
        super().__init__(message, *([details] if details else []), type=code.value, non_retryable=True)

    def __str__(self) -> str:
        return self.sentence


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """Every fault that pydantic found, with paths like `documents[0].sha256`; the input itself is not repeated."""
    return tuple(Fault(path=path_text(fault["loc"]), message=_words(fault)) for fault in error.errors())


def path_text(parts: Iterable[int | str]) -> str:
    """`("documents", 0, "sha256")` becomes `documents[0].sha256`."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def bad_input(what: str, faults: Iterable[Fault]) -> Refused:
    """The refusal of a malformed `what` (such as "closure request"), with every fault in the sentence too."""
    named = tuple(faults)
    return Refused(Code.BAD_INPUT, f"The {what} cannot be used: " + "; ".join(str(fault) for fault in named), named)


def no_temporal(what: str) -> Refused:
    """Temporal cannot be asked: `what` is the matter with it, and what to start."""
    words = f"Temporal {what}; start it with `python worker.py --dev` or set TEMPORAL_ADDRESS."
    return Refused(Code.UNREACHABLE, words)


def no_answer(why: str) -> Refused:
    """A call to Temporal failed. `why`: such as the name of its status."""
    return no_temporal(f"did not answer ({why.lower()})")


def refusal_of(error: BaseException | None) -> Refused | None:
    """The refusal inside what Temporal raised (an update, activity or workflow failure), if there is one."""
    while error is not None:
        if isinstance(error, Refused):
            return error
        if isinstance(error, ApplicationError) and error.type in set(Code):
            details = error.details[0] if error.details and isinstance(error.details[0], dict) else {}
            faults = [Fault.model_validate(fault) for fault in details.get("faults", [])]
            return Refused(Code(error.type), error.message, faults, str(details.get("chinese", "")))
        error = getattr(error, "cause", None) or error.__cause__
    return None


_IN_PLACE_OF_PYDANTIC = {
    "extra_forbidden": "is not known here",
    "missing": "is missing",
    "string_too_short": "is empty",  # no text of ours has a least length but 1
}


def _words(fault: ErrorDetails) -> str:
    own = fault["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return _IN_PLACE_OF_PYDANTIC.get(fault["type"], own)
