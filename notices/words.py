"""What options, stages, findings, outcomes and the like are called in Chinese and English."""

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path

from contracts.vocabulary import CaseKind, Language

_ANY = "any"
_FACT = "fact"
_CUSTOMER = "to_customer"
_MATTERS = ("matter", "matter_sms", "matter_subject", "about_what")


def words(name: str, language: Language) -> str:
    """How `name` is called; a name without words is its own.

    A member of an enum is looked up among its own kind first (Stage.CLOSED is not Outcome.CLOSED), a bare name among
    the options first.
    """
    return _words(name, language, type(name).__name__ if isinstance(name, StrEnum) else _ANY)


def label(name: str, language: Language) -> str:
    """What stands before the value of a fact: the option `question` is "I have a question", the fact a "question"."""
    return _words(name, language, _FACT)


def to_customer(way: str, language: Language) -> str:
    """A way out as the customer is told it, without the mark at its end; KeyError unless it is the customer's."""
    return _table()[_CUSTOMER][way][language]


def matters(kind: CaseKind, language: Language, account: str) -> dict[str, str]:
    """What a notice is about, as the customer is told it: by the names that the templates have for it."""
    return {part: _table()[part][kind][language].format(account=account) for part in _MATTERS}


def _words(name: str, language: Language, kind: str) -> str:
    table = _table()
    for part in (table.get(kind, {}), *table.values()):
        if name in part:
            return part[name][language]
    return str(name)


@cache
def _table() -> dict[str, dict[str, dict[str, str]]]:
    """Kind, name, language to words; the kinds in the order of the file."""
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
