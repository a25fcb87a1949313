"""What becomes of the messages to customers: mail that came back."""

from collections.abc import Iterator
from typing import Any

from commands.face import AsJson, File, answer, read_bytes
from commands.office import ask_temporal, records
from gateways.bounces import bounce_of, came_back, case_of_bounce


def bounce(file: File, as_json: AsJson = False) -> None:
    """A mail server's report, which it may pipe here (`-`); a case whose mail came back takes the next channel."""
    told = bounce_of(read_bytes(file, "delivery report"))
    case, before = None, False
    if told:
        with records().reading() as session:
            case, before = case_of_bounce(session, told).case_id, came_back(session, told)
        if not before:
            ask_temporal(lambda quietus: quietus.bounced(case, told))
    answer({"case": case, "bounce": told.model_dump() if told else None, "told_before": before}, as_json, _told)


def _told(done: dict[str, Any]) -> Iterator[str]:
    if done["bounce"] is None:
        yield "Nothing to do: the report says that the message is late, went on, or arrived."
    elif done["told_before"]:
        yield f"Nothing to do: {done['case']} was told before that this message came back."
    else:
        why = done["bounce"]["reason"] or "no reason given"
        yield f"{done['case']} was told that a message came back ({why})."
