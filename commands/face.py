"""What every command shares: its options, reading files, and answering in words or in JSON."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from contracts.refusals import Fault, Refused, bad_input, faults_of

Value = TypeVar("Value")
Model = TypeVar("Model", bound=BaseModel)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
AsStaff = Annotated[str | None, typer.Option("--as", metavar="STAFF", help="Who does it (development only).")]
Token = Annotated[str | None, typer.Option("--token", help="The token that says who does it.")]
Id = Annotated[str | None, typer.Option("--id", help="The id of this message; sent twice with the same id it is one.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="A file; - is standard input.")]

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PLAIN_WIDTH = 10_000


def answer(value: Value, as_json: bool, pages: Callable[[Value], Iterable[RenderableType]]) -> None:
    """Print `value`: as one JSON document, or as its pages for people. A page that is a string is shown literally."""
    if as_json:
        print(json.dumps(_plain_data(value), ensure_ascii=False, indent=2))
        return
    if sys.stdout.isatty():
        _print(Console(highlight=False), pages(value))
        return
    paper = StringIO()
    _print(Console(file=paper, highlight=False, width=_PLAIN_WIDTH), pages(value))
    print("\n".join(line.rstrip() for line in paper.getvalue().splitlines()))


def _print(console: Console, pages: Iterable[RenderableType]) -> None:
    for page in pages:
        console.print(shown(page) if isinstance(page, str) else page, soft_wrap=isinstance(page, str))


def shown(text: object) -> Text:
    """`text` as it stands: no markup, no control characters, no bidi overrides."""
    return Text(_HIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(text)))


def in_staff_language(english: str, chinese: str) -> str:
    """Which of the two the person at the keyboard reads: English, where QUIETUS_STAFF_LANGUAGE is not zh. Read here and
    not by the settings, which may be what is refused."""
    return (os.environ.get("QUIETUS_STAFF_LANGUAGE") == "zh" and chinese) or english


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[RenderableType]:
    """A table with a title; nothing when there are no rows. Plain columns when the output is not a terminal.

    Without any head it is a list of facts.
    """
    filled = list(rows)
    if not filled:
        return []
    look: dict[str, Any] = {} if sys.stdout.isatty() else {"box": None, "pad_edge": False}
    heading = Text(f"\n{title}", "bold") if title else None
    grid = Table(*heads, title=heading, title_justify="left", show_header=any(heads), **look)
    for row in filled:
        grid.add_row(*(shown("" if cell is None else cell) for cell in row))
    return [grid]


def read_bytes(file: str, what: str) -> bytes:
    """What is in a file or comes on standard input. Refused: BAD_INPUT when it cannot be read."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise _unusable(file, error, "cannot be read", what) from None


def read_text(file: str, what: str) -> str:
    """As `read_bytes`, in UTF-8."""
    try:
        return read_bytes(file, what).decode("utf-8")
    except UnicodeDecodeError as error:
        raise bad_input(what, [Fault(path=file, message=f"is not UTF-8 (byte {error.start})")]) from None


def write_text(file: str, content: str, what: str) -> None:
    """Put `content` into a file as it stands, in UTF-8. Refused: BAD_INPUT when it cannot be written."""
    try:
        Path(file).write_text(content, encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        raise _unusable(file, error, "cannot be written", what) from None


def message(model: type[Model], what: str, **values: object) -> Model:
    """A contract from the words of a command. Refused: BAD_INPUT with every fault."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise bad_input(what, faults_of(error)) from None


def new_id() -> str:
    """An id for a message whose sender gave none."""
    return str(uuid4())


def _unusable(file: str, error: Exception, otherwise: str, what: str) -> Refused:
    words = getattr(error, "strerror", None) or otherwise
    return bad_input(what, [Fault(path=file, message=words.lower())])


def _plain_data(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list):
        return [_plain_data(each) for each in value]
    return value
