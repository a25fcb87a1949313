"""Reading a JSON file or message strictly: every fault named with its path, nothing guessed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from contracts.base import Contract
from contracts.refusals import Code, Fault, Refused, bad_input, faults_of, path_text
from contracts.text import clean

M = TypeVar("M", bound=Contract)

MESSAGE_LIMIT = 64 * 1024
BOOKS_LIMIT = 50 * 1024 * 1024
DEEPEST = 50
"""How many objects and lists may stand inside each other."""

_HALF = re.compile("[\ud800-\udfff]")


def parse_file(text: str, model: type[M], what: str, limit: int | None) -> M:
    """`text` as a `model`. `what` names it in the refusal ("closure request"); `limit` in bytes.

    Refused: TOO_LARGE, or BAD_INPUT with every fault.
    """
    read_json(text, what, limit)
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise bad_input(what, faults_of(error)) from None


def read_json(text: str, what: str, limit: int | None) -> Any:
    """`text` as plain values. Refused when it is too large, malformed, holds a key twice, NaN or Infinity."""
    if limit is not None and len(text.encode(errors="surrogatepass")) > limit:
        raise Refused(Code.TOO_LARGE, f"The {what} is larger than {limit // 1024} kB.")
    try:
        value = json.loads(text, object_pairs_hook=_Object, parse_constant=_Constant)
        faults = list(_faults(value, ()))
    except json.JSONDecodeError as error:
        _refuse(what, f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _refuse(what, "is nested too deeply")
    except ValueError:
        _refuse(what, "holds a number with too many digits")
    if faults:
        raise bad_input(what, faults)
    return value


@dataclass(frozen=True)
class _Constant:
    """NaN, Infinity or -Infinity, which Python reads and JSON does not know."""

    name: str


class _Object(dict[str, Any]):
    """A JSON object that remembers the keys that stand in it more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]


def _faults(value: Any, path: tuple[int | str, ...]) -> Iterator[Fault]:
    if len(path) > DEEPEST:
        raise RecursionError
    if isinstance(value, _Constant):
        yield Fault(path=path_text(path), message=f"{value.name} is not a value")
    elif isinstance(value, str) and _HALF.search(value):
        yield Fault(path=path_text(path), message="holds half a character (a lone surrogate)")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _faults(inner, (*path, index))
    elif isinstance(value, _Object):
        unreadable = list(_unreadable_keys(value, path))
        yield from unreadable or _member_faults(value, path)


def _member_faults(value: _Object, path: tuple[int | str, ...]) -> Iterator[Fault]:
    for key in value.repeated:
        yield Fault(path=path_text((*path, key)), message="stands twice")
    for key, inner in value.items():
        yield from _faults(inner, (*path, key))


def _unreadable_keys(value: _Object, path: tuple[int | str, ...]) -> Iterator[Fault]:
    """Such a name would break what is read, so no path repeats it."""
    for key in value:
        try:
            clean(key)
        except ValueError as error:
            yield Fault(path=path_text(path), message=f"a field's name {error}")


def _refuse(what: str, message: str) -> NoReturn:
    raise bad_input(what, [Fault(path="", message=message)]) from None
