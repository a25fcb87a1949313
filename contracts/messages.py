"""What is said to a running case by which name, the ids of cases, and the limit of a message."""

import hashlib
from enum import StrEnum

from pydantic import BaseModel

from contracts.refusals import Code, Refused

LARGEST_MESSAGE_BYTES = 64 * 1024


class Process(StrEnum):
    """The workflow types."""

    CLOSURE = "AccountClosure"
    INCIDENT = "Incident"
    ADJUSTMENT = "AccountAdjustment"
    SURVEY = "Survey"
    MAJOR = "MajorIncident"


class Message(StrEnum):
    """The updates that a case takes."""

    RECEIVE = "receive"
    DECIDE = "decide"
    WITHDRAW = "withdraw"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    RAISE = "raise"
    ASK_AGAIN = "ask_again"


class Telling(StrEnum):
    """The signals that tell a case something; nobody waits for an answer."""

    BOUNCED = "bounced"
    RECKON = "reckon"
    MONEY_CAME = "money_came"


def closure_id(account: str) -> str:
    """The case that closes an account: one open closure for an account follows from the id."""
    return f"closure-{account}"


def incident_id(report: str) -> str:
    """The case of a report."""
    return f"incident-{report}"


def adjustment_id(request: str) -> str:
    """The case of a request for an adjustment."""
    return f"adjustment-{request}"


def survey_id(about: str) -> str:
    """The survey about a case, by its dossier `<case>.<n>`: a dossier is asked about once."""
    return f"survey-{about.replace('.', '-')}"


def major_id(report: str) -> str:
    """The major incident that a report begins: one at most."""
    return f"major-{report}"


def case_of(task: str) -> str:
    """The case of a task `<case>.task-<n>-<name>`."""
    return task.partition(".task-")[0]


def fits(message: BaseModel) -> None:
    """Refused: TOO_LARGE."""
    size = len(message.model_dump_json().encode())
    if size > LARGEST_MESSAGE_BYTES:
        raise Refused(Code.TOO_LARGE, f"The message has {size:,} bytes; at most {LARGEST_MESSAGE_BYTES:,} are taken.")


def message_id(message: StrEnum, key: str, body: BaseModel) -> str:
    """The update id. It covers the kind and the content: the server would answer another message of the same id with
    the first one's result, and the case could not see the mismatch.
    """
    return f"{message}.{key}.{hashlib.sha256(body.model_dump_json().encode()).hexdigest()[:16]}"
