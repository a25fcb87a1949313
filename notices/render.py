"""From a template and its values to the three texts of a notice. A value is text; it is never read as a template."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from contracts.vocabulary import Language
from notices.masking import masked
from notices.words import label, words

_HERE = Path(__file__).parent
_GAP = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True)
class Rendered:
    """A notice in words: `subject` and `sms` are one line each, `text` is the body of a mail."""

    subject: str
    text: str
    sms: str


@dataclass(frozen=True)
class Answer:
    """How the customer answers: the task, the code that proves who answers, and the options (name, words); what staff
    who note the answer type for the value that an option wants, by its name."""

    task: str
    code: str
    options: Sequence[tuple[str, str]]
    typed: Mapping[str, str] = field(default_factory=dict)


def templates() -> tuple[str, ...]:
    """The names of all notices. Files that begin with an underscore are parts of others."""
    return tuple(sorted(path.stem for path in (_HERE / Language.ZH).glob("[!_]*.j2")))


def render(template: str, language: Language, values: Mapping[str, object]) -> Rendered:
    """The notice `template` in `language`.

    jinja2.TemplateNotFound: no such notice; jinja2.UndefinedError: a value that it needs is missing.
    """
    parsed = _environment(language).get_template(f"{template}.j2")
    return Rendered(
        subject=_one_line(_block(parsed, "subject", values)),
        text=_GAP.sub("\n\n", _block(parsed, "text", values)).strip() + "\n",
        sms=_one_line(_block(parsed, "sms", values)),
    )


@cache
def _environment(language: Language) -> ImmutableSandboxedEnvironment:
    """Plain text, so nothing is escaped. The environment keeps every template that it has parsed."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_HERE / language),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["words"] = partial(words, language=language)
    environment.filters["label"] = partial(label, language=language)
    environment.filters["masked"] = masked
    return environment


def _block(template: Template, name: str, values: Mapping[str, object]) -> str:
    return "".join(template.blocks[name](template.new_context(dict(values))))


def _one_line(text: str) -> str:
    """Every run of white space, line breaks above all, becomes one space: a name cannot add a mail header."""
    return " ".join(text.split())
