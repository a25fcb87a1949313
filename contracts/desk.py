"""What staff do at the desk short of deciding, and what they are told: about a task, about themselves, about many."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from contracts.base import Contract
from contracts.books import Absence
from contracts.refusals import Refused
from contracts.tasks import TaskState
from contracts.text import Words


class Remark(Contract):
    """What staff write on a task."""

    text: Words = Field(min_length=1)


class DeskNote(Contract):
    """What a member of staff did with a task, and how it stands. `delegated_by`: whose place `claimed_by` takes."""

    task: str
    state: TaskState
    claimed_by: str | None
    by: str
    at: datetime
    delegated_by: str | None = None


class Recused(Contract):
    """回避: a member of staff keeps out of a case; `released` are the tasks given back to their desks by that."""

    case: str
    reference: str
    staff: str
    reason: str
    at: datetime
    released: tuple[str, ...] = ()


class Away(Contract):
    """An absence, both days included. `waiting`: the tasks that this person works on and that are due before they are
    back; while they are away these stand in the inbox of the `deputy` too, but for the days when the deputy is absent
    as well."""

    staff: str
    since: date
    until: date
    by: str
    deputy: str | None
    waiting: tuple[str, ...]
    deputy_absent: tuple[Absence, ...] = ()


class Back(Contract):
    """销假: an absence that was entered here was ended, `until` its last day now; null: it was taken back before it
    began."""

    staff: str
    since: date
    until: date | None
    by: str


class BulkResult(StrEnum):
    """What became of one task of many."""

    DONE = "done"
    WOULD_BE_DONE = "would be done"  # a dry run
    REFUSED = "refused"


class BulkLine(Contract):
    """One task of many: what became of it, the code of the refusal, and a sentence; in Chinese too where it has one."""

    task: str
    result: BulkResult
    code: str = ""
    message: str
    message_zh: str = ""

    @classmethod
    def of_refusal(cls, task: str, refusal: Refused) -> "BulkLine":
        """The line of a task that was refused."""
        said = {"message": refusal.sentence, "message_zh": refusal.chinese}
        return cls(task=task, result=BulkResult.REFUSED, code=refusal.code, **said)


class BulkReport(Contract):
    """What became of each of many tasks, and how many were done and refused."""

    results: tuple[BulkLine, ...]
    done: int
    refused: int

    @classmethod
    def of(cls, lines: Iterable[BulkLine]) -> "BulkReport":
        """The report of these lines."""
        results = tuple(lines)
        done, refused = (
            sum(1 for line in results if line.result is each) for each in (BulkResult.DONE, BulkResult.REFUSED)
        )
        return cls(results=results, done=done, refused=refused)
