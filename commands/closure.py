"""Account closures."""

from commands.face import AsJson, File, answer, read_text
from commands.office import ask_temporal
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.requests import ClosureRequest, Receipt
from contracts.text import moment_text


def request(file: File, as_json: AsJson = False) -> None:
    """The same request sent twice is one case."""
    wish = parse_file(read_text(file, "closure request"), ClosureRequest, "closure request", MESSAGE_LIMIT)
    answer(ask_temporal(lambda quietus: quietus.request_closure(wish)), as_json, _words)


def _words(receipt: Receipt) -> list[str]:
    opened = f"Case {receipt.case} (dossier {receipt.reference}), expected by {moment_text(receipt.expected_by)}."
    return [opened, receipt.message] if receipt.message else [opened]
