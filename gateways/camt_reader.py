"""camt.053 as a tree of the schema's own dataclasses: every fault noted with its path, nothing read from outside."""

import importlib
import io
import re
from collections import Counter
from dataclasses import MISSING, fields
from datetime import date
from functools import cache
from typing import Any
from xml.parsers import expat

from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.bases import Parsed
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.parsers.mixins import XmlNode
from xsdata.formats.dataclass.parsers.nodes import ElementNode, PrimitiveNode, SkipNode
from xsdata.utils.namespaces import local_name

from gateways.faults import Faults

VERSIONS = tuple(f"{number:02}" for number in range(2, 13))
"""The versions of camt.053.001 that are read; of these only the one of the document is imported."""

DEEPEST = 50
"""How many elements may stand inside each other; the schema needs about 15."""

LONGEST_NAME = 40
"""So much of an element's name is repeated in a path; the schema has none that is longer."""

_ROOT = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(\w{4}\.\d{3}\.\d{3})\.(\d{2}) Document", re.ASCII)
_AMOUNT = re.compile(r"\d{1,18}(\.\d{1,18})?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T[\d:.]+)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_REPEATED = {"Stmt", "Bal", "Ntry", "NtryDtls", "TxDtls"}


def read_document(content: bytes, faults: Faults) -> Any:
    """The `Document` of its version, whose types the schema gives; to be used only if `faults` stays empty."""
    try:
        version = _version(content)
        module = importlib.import_module(f"pyiso20022.camt.camt_053_001_{version}")
        return _Reader(faults).parse(io.BytesIO(content), module.Document)
    except expat.ExpatError as error:
        words = f"is not XML: {expat.ErrorString(error.code)} at line {error.lineno}, column {error.offset + 1}"
        faults.add("", words)
    except (ValueError, LookupError) as error:
        faults.add("", str(error))
    return None


def _version(content: bytes) -> str:
    """The version of the document, after a first look at all of it: XML, camt.053, and no DTD, so that nothing can be
    defined in it, be it an entity that grows or one that stands elsewhere."""
    roots: list[str] = []

    def look(name: str, _: object) -> None:
        roots.append(name)
        parser.StartElementHandler = None

    def forbid(*_: object) -> None:
        raise ValueError("holds a document type declaration (DTD), which a bank statement never needs")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = look, forbid
    parser.Parse(content, True)
    return _version_of(roots[0])


def _version_of(root: str) -> str:
    known = _ROOT.fullmatch(root)
    if not known:
        raise ValueError(f"is no document of ISO 20022: it begins with {root[:80]!a}")
    message, version = known.groups()
    if message != "camt.053.001" or version not in VERSIONS:
        raise ValueError(f"is a {message}.{version}; camt.053.001.{VERSIONS[0]} to {VERSIONS[-1]} are read")
    return version


class _Reader(XmlParser):
    """Binds elements to dataclasses, as xsdata does, but goes on after a fault and knows its path."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(config=ParserConfig(class_factory=self._made, fail_on_converter_warnings=True))
        self.faults = faults
        self.path: list[str] = []
        self.counts = [Counter[str]()]

    def start(
        self,
        clazz: type | None,
        queue: list[XmlNode],
        objects: list[Parsed],
        qname: str,
        attrs: dict[str, str],
        ns_map: dict[str | None, str],
    ) -> None:
        """An element begins. Attributes of other namespaces say nothing here, and could ask for another type."""
        self._enter(local_name(qname))
        own = {name: value for name, value in attrs.items() if not name.startswith("{")}
        try:
            super().start(clazz, queue, objects, qname, own, ns_map)
        except ValueError:
            self._fault("is not known here, or stands twice")
            queue.append(SkipNode())  # type: ignore[no-untyped-call]

    def end(self, queue: list[XmlNode], objects: list[Parsed], qname: str, text: str | None, tail: str | None) -> bool:
        """An element ends. In place of what cannot be read stands nothing: the document is refused all the same."""
        del tail  # loose words between elements mean nothing in this schema
        node, bound = queue.pop(), True
        wrong = _wrong(node, local_name(qname), (text or "").strip())
        if not wrong:
            try:
                bound = node.bind(qname, text, None, objects)
            except ValueError:
                wrong = "is not one of the values that belong here"
        if wrong:
            self._fault(wrong)
            del objects[node.position if isinstance(node, ElementNode) else len(objects) :]
            objects.append((qname, None))
        self.path.pop()
        self.counts.pop()
        return bound

    def _enter(self, name: str) -> None:
        name = name[:LONGEST_NAME]
        if len(self.path) == DEEPEST:
            raise ValueError(f"holds more than {DEEPEST} elements inside each other")
        self.counts[-1][name] += 1
        self.path.append(f"{name}[{self.counts[-1][name]}]" if name in _REPEATED else name)
        self.counts.append(Counter())

    def _made(self, clazz: Any, params: dict[str, Any]) -> Any:
        for name, told in _required(clazz):
            if name not in params:
                self._fault(f"{told} is missing")
                params[name] = None
        return clazz(**params)

    def _fault(self, message: str) -> None:
        """The path goes from the statement, without what stands around all of them."""
        self.faults.add("/".join(self.path[2:] or self.path), message)


@cache
def _required(clazz: Any) -> tuple[tuple[str, str], ...]:
    """The fields that a class cannot do without, each with what the schema calls it."""
    needed = (each for each in fields(clazz) if each.default is MISSING and each.default_factory is MISSING)
    return tuple((each.name, each.metadata.get("name", "its content")) for each in needed)


def _wrong(node: XmlNode, name: str, text: str) -> str:
    """What is wrong with a value: xsdata takes nothing for anything, and full-width digits, `1_000`, `NaN` for numbers.
    What is passed over has its fault already."""
    if isinstance(node, SkipNode):
        return ""
    if not text and isinstance(node, PrimitiveNode) and str not in node.var.types:
        return "is empty"
    if text and name.endswith("Amt") and not _AMOUNT.fullmatch(text):
        return "should be an amount such as 1234.56, in plain digits and without a sign"
    if text and name.endswith(("Dt", "DtTm")) and not _is_day(text):
        return "should be a day such as 2026-11-20, or a moment that begins with one"
    return ""


def _is_day(text: str) -> bool:
    found = _DAY.fullmatch(text)
    try:
        return bool(found and date.fromisoformat(found[1]))
    except ValueError:
        return False
