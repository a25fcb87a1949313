"""What the pages say, in Chinese and English: their own words first, then those of the notices."""

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path

from contracts.vocabulary import Intake, Language, Outcome, Role
from notices.words import words as of_notices


def said(kind: str, name: str, language: Language) -> str:
    """How the `name` of a kind is called on a page; a name without words is its own."""
    own = _table().get(kind, {}).get(name)
    if own:
        return own[language]
    return of_notices(_SHARED[kind](name), language) if kind in _SHARED else name


def phrase(name: str, language: Language) -> str:
    """A title, a head or a sentence of the page; KeyError where there is none."""
    return _table()["page"][name][language]


_SHARED: dict[str, type[StrEnum]] = {"channel": Intake, "role": Role, "outcome": Outcome}
"""Kinds whose words are those of the notices."""


@cache
def _table() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
