"""对账单: a bank statement as its bank sends it, a camt.053 document or a CSV file, told apart by what stands in it."""

from contextlib import suppress

from contracts.refusals import Code, Refused, bad_input
from contracts.statements import Statement
from gateways.faults import EnoughFaults, Faults
from gateways.statements_camt import read_camt
from gateways.statements_csv import read_csv

STATEMENT_LIMIT = 10 * 1024 * 1024
"""How many bytes a file of statements may have."""

MOST_LINES = 15_000
"""So many lines are read of one file: about a second of work with the comparison, which people wait for."""

TAGS_A_LINE = 5
"""So many tags of XML, beginning or ending, take as long to read as a line of CSV to read and compare."""

_CELLS_A_LINE = 50
_BLANK = b"\xef\xbb\xbf \t\r\n"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"\x00<")


def read_statements(content: bytes, name: str, account: str = "", currency: str = "") -> tuple[Statement, ...]:
    """Every statement in a file called `name`. `account`, `currency`: of a CSV file that has no such column.

    Refused: TOO_LARGE, or BAD_INPUT with each fault and its place, a line of CSV or a path of XML.
    """
    if len(content) > STATEMENT_LIMIT:
        raise Refused(Code.TOO_LARGE, f"The bank statement {name} is larger than {STATEMENT_LIMIT // 2**20} MB.")
    lines_in(content)
    faults = Faults()
    statements: tuple[Statement, ...] = ()
    with suppress(EnoughFaults):
        if _is_xml(content):
            statements = read_camt(content, faults)
        else:
            statements = read_csv(content, name, account, currency, faults)
    if faults:
        raise bad_input(f"bank statement {name}", faults)
    return statements


def lines_in(content: bytes) -> int:
    """How much there is to read in a file, in lines of CSV; 0 where it is no text. Refused: TOO_LARGE, beyond
    `MOST_LINES`."""
    xml = _is_xml(content)
    lines = content.count(b"<") // TAGS_A_LINE if xml else _lines_of_text(content)
    if lines > MOST_LINES:
        most = f"{MOST_LINES * TAGS_A_LINE:,} tags of XML" if xml else f"{MOST_LINES:,} lines"
        raise Refused(Code.TOO_LARGE, f"it has over {most}, so it is not read: split it, or give the part that matters")
    return lines


def _is_xml(content: bytes) -> bool:
    return content.lstrip(_BLANK).startswith(b"<") or content.startswith(_UTF_16)


def _lines_of_text(content: bytes) -> int:
    """A line of very many cells counts as several."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return 0
    cells = content.count(b",") + content.count(b";")
    return max(content.count(b"\n"), content.count(b"\r"), cells // _CELLS_A_LINE)
