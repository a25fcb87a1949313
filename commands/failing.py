"""How a command fails: one sentence on standard error, an exit code, and never a stack trace."""

import json
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError

from commands.face import in_staff_language
from contracts.refusals import Code, Refused

INTERNAL_ERROR = 70


def tell(error: Exception, as_json: bool) -> int:
    """Tell why the command failed; the exit code."""
    if isinstance(error, Refused):
        return refuse(error, as_json)
    if isinstance(error, OperationalError | InterfaceError):
        words = "The database does not answer; start it, or see QUIETUS_DATABASE_URL"
        return refuse(Refused(Code.UNREACHABLE, f"{words} ({type(error.orig).__name__})."), as_json)
    if isinstance(error, OSError) and error.filename:
        words = f"{error.filename} cannot be used: {error.strerror}; see QUIETUS_HOME."
        return refuse(Refused(Code.BAD_INPUT, words), as_json)
    log = _write_down(error)
    _say(f"internal error ({type(error).__name__}); see {log}")
    if as_json:
        _document("InternalError", f"internal error; see {log}", [])
    return INTERNAL_ERROR


def refuse(refused: Refused, as_json: bool) -> int:
    """One sentence, in Chinese where there is one and the staff's language is that; with --json also the error document
    on standard output, with both."""
    _say(in_staff_language(refused.sentence, refused.chinese))
    if as_json:
        more = {"message_zh": refused.chinese} if refused.chinese else {}
        _document(refused.code, refused.sentence, [fault.model_dump() for fault in refused.faults], **more)
    return refused.code.exit_code


def misused(words: str, as_json: bool) -> int:
    """A command that was typed wrongly."""
    return refuse(Refused(Code.BAD_INPUT, words), as_json)


def _document(code: str, words: str, faults: list[dict[str, str]], **more: str) -> None:
    print(json.dumps({"error": {"code": code, "message": words, **more, "faults": faults}}, ensure_ascii=False))


def _say(words: str) -> None:
    print(" ".join(words.split()), file=sys.stderr)


def _write_down(error: Exception) -> Path:
    log = Path(os.environ.get("QUIETUS_HOME") or ".quietus").expanduser() / "error.log"
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC).isoformat()}\n{''.join(traceback.format_exception(error))}\n")
    return log
