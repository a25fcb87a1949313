"""Customer incidents."""

from commands.closure import receipt_words
from commands.face import AsJson, File, answer, read_text
from commands.office import ask_temporal
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.incidents import IncidentReport


def report(file: File, as_json: AsJson = False) -> None:
    """The same report sent twice is one case."""
    told = parse_file(read_text(file, "incident report"), IncidentReport, "incident report", MESSAGE_LIMIT)
    answer(ask_temporal(lambda quietus: quietus.report_incident(told)), as_json, receipt_words)
