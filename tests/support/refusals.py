"""The table of refusals: every message to a case that is not taken, who says it in what state, and the code it gets."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from contracts.messages import case_of
from contracts.refusals import Code
from tests.support.refusal_ground import Ground


@dataclass(frozen=True)
class Said:
    """One message, whoever carries it. `subject` is a task, or a case."""

    message: str
    subject: str
    token: str
    option: str = ""
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    days: int = 1
    key: str = field(default_factory=lambda: f"R-{uuid4()}")

    @property
    def case(self) -> str:
        """The case it is said to."""
        return case_of(self.subject)

    def command(self) -> list[str]:
        """As a user types it."""
        common = ["--token", self.token, "--reason", self.reason, "--id", self.key, "--json"]
        match self.message:
            case "ask_again":
                return ["resend", self.subject, "--token", self.token, "--id", self.key, "--json"]
            case "decide":
                return ["decide", self.subject, self.option, "--data", json.dumps(self.data), *common]
            case "extend":
                return ["extend", self.subject, "--by", str(self.days), *common]
        return [self.message, self.case, *common]

    def body(self) -> dict[str, Any]:
        """The JSON of the update or signal."""
        common = {"decision_id": self.key, "token": self.token, "reason": self.reason}
        match self.message:
            case "decide":
                return common | {"task": self.subject, "option": self.option, "data": self.data}
            case "ask_again":
                return {"decision_id": self.key, "token": self.token, "task": self.subject}
            case "extend":
                task = self.subject if self.subject != self.case else None
                return common | {"task": task, "working_days": self.days}
        return common


@dataclass(frozen=True)
class Row:
    """One line of the table. `words`: what the sentence says, among other things."""

    name: str
    code: Code
    said: Callable[[Ground], Said]
    words: str = ""

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def approve(ground: Ground, token: str, **more: Any) -> Said:
    """A decision on the approval that one more person has to approve."""
    return Said("decide", ground.approval, token, **{"option": "approve"} | more)


def _by(who: str, **more: Any) -> Callable[[Ground], Said]:
    return lambda ground: approve(ground, ground.mint(who), **more)


def _bearing(token: str) -> Callable[[Ground], Said]:
    return lambda ground: approve(ground, ground.tokens()[token])


def _on(place: str, option: str, who: str, **more: Any) -> Callable[[Ground], Said]:
    return lambda ground: Said("decide", getattr(ground, place), ground.mint(who), option=option, **more)


def _code(place: str, code: str) -> Callable[[Ground], Said]:
    return lambda ground: Said("decide", getattr(ground, place), ground.codes[code], option="confirm")


def _about(message: str, place: str, who: str, **more: Any) -> Callable[[Ground], Said]:
    return lambda ground: Said(message, getattr(ground, place), ground.mint(who), **{"reason": "so"} | more)


_TOKENS = (
    Row("no token", Code.UNAUTHENTICATED, _bearing("empty")),
    Row("a malformed token", Code.UNAUTHENTICATED, _bearing("malformed"), "malformed"),
    Row("a token signed by nobody", Code.UNAUTHENTICATED, _bearing("alg none")),
    Row("a forged token", Code.UNAUTHENTICATED, _bearing("forged"), "not genuine"),
    Row("a token with another name written in", Code.UNAUTHENTICATED, _bearing("altered"), "not genuine"),
    Row("an expired token", Code.UNAUTHENTICATED, _bearing("expired"), "expired"),
    Row("a token of another issuer", Code.UNAUTHENTICATED, _bearing("foreign issuer"), "another issuer"),
    Row("a token for another audience", Code.UNAUTHENTICATED, _bearing("wrong audience"), "another service"),
    Row("a token without an expiry", Code.UNAUTHENTICATED, _bearing("unlimited"), "'exp'"),
    Row("a token that was used before", Code.UNAUTHENTICATED, _bearing("used"), "used before"),
    Row("a customer's code for a task of staff", Code.UNAUTHENTICATED, lambda g: approve(g, g.codes["open"])),
    Row("a token for another task", Code.FORBIDDEN, _bearing("other task"), "for task"),
    Row("a token for another option", Code.FORBIDDEN, _bearing("other option"), "for the option"),
    Row("a token for one task to a case", Code.FORBIDDEN, lambda g: Said("pause", g.waiting, g.tokens()["other task"])),
)

_PEOPLE = (
    Row("nobody known", Code.NOT_FOUND, _by("nobody.here"), "There is no"),
    Row("not the role", Code.FORBIDDEN, _by("wang.fang"), "supervisor"),
    Row("absent", Code.FORBIDDEN, _by("ye.qing"), "absent today"),
    Row("recused", Code.FORBIDDEN, _by("jiang.nan"), "recused"),
    Row("the maker", Code.FOUR_EYES, _by("guo.qiang"), "guo.qiang"),
    Row("the requester", Code.FOUR_EYES, _on("firms_approval", "approve", "song.jia"), "asked for"),
    Row("the customer", Code.FOUR_EYES, _by("david.chen"), "is the customer"),
    Row("related to the customer", Code.FOUR_EYES, _by("tian.ye"), "related to the customer"),
    Row("the same person twice", Code.FOUR_EYES, _by("song.jia"), "has decided"),
    Row("staff who do not listen answer for a customer", Code.FORBIDDEN, _on("question", "confirm", "wang.fang")),
    Row("finance notes a withdrawal", Code.FORBIDDEN, _about("withdraw", "open_case", "wang.fang"), "customer service"),
    Row("the customer asks for more time", Code.FORBIDDEN, _about("extend", "open_case", "customer"), "Only staff"),
    Row("somebody absent pauses", Code.FORBIDDEN, _about("pause", "open_case", "ye.qing"), "absent"),
    Row("somebody recused asks for more time", Code.FORBIDDEN, _about("extend", "waiting", "jiang.nan"), "recused"),
)

_CONTENT = (
    Row("an unknown option", Code.OPTION_UNKNOWN, _by("luo.hao", option="perhaps"), "approve, reject, return"),
    Row("no reason", Code.REASON_MISSING, _by("luo.hao", option="reject"), "--reason"),
    Row("a reason of blanks", Code.REASON_MISSING, _by("luo.hao", option="reject", reason=" \n"), "--reason"),
    Row("no data", Code.BAD_INPUT, _by("luo.hao", option="return", reason="again"), "data.stage"),
    Row("wrong data", Code.BAD_INPUT, _by("luo.hao", option="return", reason="again", data={"stage": 7}), "identity"),
    Row("data nobody asked for", Code.BAD_INPUT, _by("luo.hao", data={"stage": "identity"}), "stage"),
    Row("an id that is none", Code.BAD_INPUT, _by("luo.hao", key="no spaces"), "decision_id"),
    Row("control characters", Code.BAD_INPUT, _by("luo.hao", reason="a\u0007b"), "U+0007"),
    Row("a withdrawal without a reason", Code.REASON_MISSING, _about("withdraw", "open_case", "li.wei", reason=" ")),
    Row("an extension without a reason", Code.REASON_MISSING, _about("extend", "open_case", "li.wei", reason=" ")),
    Row("an extension of no day", Code.BAD_INPUT, _about("extend", "open_case", "li.wei", days=0), "working_days"),
    Row("an extension for no task", Code.BAD_INPUT, _about("extend", "no_task", "li.wei"), "has no task"),
)

_STATE = (
    Row("a task that is not there", Code.NOT_FOUND, _on("no_task", "approve", "luo.hao"), "There is no"),
    Row("a decided task", Code.ALREADY_DECIDED, _on("finding", "accept", "ma.rui", reason="so"), "accept by guo.qiang"),
    Row(
        "the same id with other content", Code.MISMATCH, lambda g: approve(g, g.mint("song.jia"), key=g.key, reason="x")
    ),
    Row("a guessed code", Code.UNAUTHENTICATED, _code("question", "guessed"), "ask us for a new one"),
    Row("an expired code", Code.UNAUTHENTICATED, _code("question", "expired"), "ask us for a new one"),
    Row("a code of another case", Code.FORBIDDEN, _code("answered", "open"), "another case"),
    Row("a code that answered", Code.ALREADY_DECIDED, _code("answered", "used"), "already answered on"),
    Row("an answer after it was given up", Code.TOO_LATE, _on("given_up", "agree", "li.wei"), "no longer open"),
    Row("a withdrawal after settlement began", Code.TOO_LATE, _about("withdraw", "settling", "li.wei"), "Settlement"),
    Row("a withdrawal of what the firm asked for", Code.NOT_ALLOWED, _about("withdraw", "firms", "li.wei"), "object"),
    Row("a pause of a paused case", Code.NOT_ALLOWED, _about("pause", "paused", "li.wei"), "paused already"),
    Row("a resumption of what is not paused", Code.NOT_ALLOWED, _about("resume", "open_case", "li.wei"), "not paused"),
    Row("too long an extension", Code.NOT_ALLOWED, _about("extend", "open_case", "li.wei", days=11), "10 working days"),
    Row("an extension of a decided task", Code.TOO_LATE, _about("extend", "finding", "li.wei"), "no longer open"),
)

_ASKED_AGAIN = (
    Row(
        "finance has a customer asked again", Code.FORBIDDEN, _about("ask_again", "question", "wang.fang"), "wang.fang"
    ),
    Row(
        "a task of staff asked again", Code.NOT_FOUND, _about("ask_again", "approval", "li.wei"), "asks the customer no"
    ),
    Row("no task asked again", Code.NOT_FOUND, _about("ask_again", "no_task", "li.wei"), "asks the customer no"),
    Row("a question asked again after it was given up", Code.TOO_LATE, _about("ask_again", "given_up", "li.wei")),
)

_OVER = tuple(
    Row(f"{message} in a case that has ended", Code.ALREADY_ENDED, _about(message, "ended", "li.wei"), "withdrawn")
    for message in ("withdraw", "pause", "resume", "extend")
)
_NEVER = tuple(
    Row(f"{message} in a case that never was", Code.NOT_FOUND, _about(message, "never", "li.wei"), "There is no case")
    for message in ("withdraw", "pause", "resume", "extend")
)
_GONE_TASKS = (
    Row("a decision in a case that has ended", Code.ALREADY_ENDED, _on("ended_task", "confirm", "li.wei"), "withdrawn"),
    Row(
        "a decision in a case that never was",
        Code.NOT_FOUND,
        _on("never_task", "confirm", "li.wei"),
        "There is no case",
    ),
)

RUNNING = (*_TOKENS, *_PEOPLE, *_CONTENT, *_STATE, *_ASKED_AGAIN)
"""Refused by a running case."""

NO_LONGER = (*_OVER, *_NEVER, *_GONE_TASKS)
"""Said to no running case: Temporal knows nobody who could answer, the client says why."""

UNUSABLE: tuple[tuple[Any, ...], ...] = (
    (),
    (None,),
    ("yes",),
    (7,),
    ([1, 2],),
    ({"decision_id": 7},),
    ({"decision_id": "D-1", "who": "me"},),
    ({"junk": "x" * 3_000},),
    (b"raw",),
    ({"decision_id": "D-1"}, {"decision_id": "D-2"}),
)
"""The values of messages that cannot be read."""
