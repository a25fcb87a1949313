"""退信: reading a mail server's report (RFC 3464) that a message came back, and finding the case that had sent it."""

import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message

from sqlmodel import Session, col, select

from contracts.notices import DeliveryState
from contracts.refusals import Code, Refused
from contracts.tasks import Bounce
from records.tables import CaseRow, ContactRow

LARGEST_REPORT_BYTES = 1_000_000

# The kinds of RFC 3464, and those of RFC 6533 for addresses that are not ASCII.
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINAL = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})

_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_ACTION = re.compile(rb"^Action:\s*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_REASON = re.compile(rb"^Status:\s*([245]\.\d{1,3}\.\d{1,3})\b", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,298}>")


def bounce_of(raw: bytes) -> Bounce | None:
    """Which of our messages came back and why; None when the report says that it is late, went on, or arrived.

    Refused: BAD_INPUT for what is no such report, TOO_LARGE over 1 MB.
    """
    if len(raw) > LARGEST_REPORT_BYTES:
        raise Refused(Code.TOO_LARGE, f"The report has {len(raw):,} bytes; at most {LARGEST_REPORT_BYTES:,} are taken.")
    try:
        parts = _parts(raw)
        reasons = _failures(parts)
        return Bounce(message_id=_original_id(parts), reason=reasons[0]) if reasons else None
    except RecursionError:  # parts within parts within parts
        raise _no_report() from None


def case_of_bounce(session: Session, bounce: Bounce) -> CaseRow:
    """The case that had sent the message. Refused: NOT_FOUND, and ALREADY_ENDED."""
    sent = select(CaseRow).join(ContactRow, col(ContactRow.dossier) == CaseRow.dossier)
    case = session.exec(sent.where(col(ContactRow.message_id) == bounce.message_id)).first()
    if case is None:  # or it was the daily digest of somebody of the staff
        raise Refused(Code.NOT_FOUND, "No message of a case has the id of the one that came back.")
    if case.ended_at:
        ended = f"Case {case.case_id} ended on {case.ended_at:%Y-%m-%d} as {case.outcome}"
        raise Refused(Code.ALREADY_ENDED, f"{ended}; that a message came back changes nothing any more.")
    return case


def came_back(session: Session, bounce: Bounce) -> bool:
    """Whether it is on record already that the message came back."""
    sent = select(ContactRow.key).where(ContactRow.message_id == bounce.message_id)
    return session.exec(sent.where(ContactRow.state == DeliveryState.BOUNCED)).first() is not None


def _parts(raw: bytes) -> list[Message]:
    """The parts of a report, none of what stands inside them."""
    report = message_from_bytes(raw)
    return _within(report) if report.get_content_type() == "multipart/report" else []


def _within(part: Message) -> list[Message]:
    # Asked first: the payload of a part that has none within it is decoded, by any charset that it may name.
    inside = part.get_payload() if part.is_multipart() else []
    return [each for each in inside if isinstance(each, Message)]


def _failures(parts: Iterable[Message]) -> list[str]:
    """For each recipient whom the message will not reach: the status code, empty where none is given."""
    told = next((part.as_bytes() for part in parts if part.get_content_type() in _STATUS), b"")
    recipients = [each for each in _BLANK_LINE.split(told) if _ACTION.search(each) or _REASON.search(each)]
    if not recipients:
        raise _no_report()
    return [_reason(each) for each in recipients if _failed(each)]


def _failed(recipient: bytes) -> bool:
    """What the server did decides, not the code: `failed` with 4.4.7 is a server that has tried for long enough."""
    action = _ACTION.search(recipient)
    return action[1].lower() == b"failed" if action else _reason(recipient).startswith("5.")


def _reason(recipient: bytes) -> str:
    found = _REASON.search(recipient)
    return found[1].decode() if found else ""


def _original_id(parts: Iterable[Message]) -> str:
    """The Message-ID of the message that is reported on, which is there as a whole or by its headers."""
    for part in parts:
        if part.get_content_type() in _ORIGINAL:
            found = _MESSAGE_ID.search(str(_headers(part).get("Message-ID", "")))
            if found:
                return found[0]
    raise Refused(Code.BAD_INPUT, "The report does not say which message came back.")


def _headers(part: Message) -> Message:
    """A part of the kind `message` is read as one already, a part of the kind `text` is not."""
    if part.is_multipart():
        return _within(part)[0]
    text = part.get_payload(decode=True)
    return message_from_bytes(text if isinstance(text, bytes) else b"")


def _no_report() -> Refused:
    return Refused(Code.BAD_INPUT, "This is no report of a mail server about a message that was sent.")
