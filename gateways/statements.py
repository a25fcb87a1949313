"""对账单: a bank statement as its bank sends it, a camt.053 document or a CSV file, told apart by what stands in it."""

from contextlib import suppress

from contracts.refusals import Code, Refused, bad_input
from contracts.statements import Statement
from gateways.faults import EnoughFaults, Faults
from gateways.statements_camt import read_camt
from gateways.statements_csv import read_csv

STATEMENT_LIMIT = 10 * 1024 * 1024
"""How many bytes a file of statements may have: about 20,000 entries of camt.053."""

_BLANK = b"\xef\xbb\xbf \t\r\n"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"\x00<")


def read_statements(content: bytes, name: str, account: str = "", currency: str = "") -> tuple[Statement, ...]:
    """Every statement in a file called `name`. `account`, `currency`: of a CSV file that has no such column.

    Refused: TOO_LARGE, or BAD_INPUT with each fault and its place, a line of CSV or a path of XML.
    """
    if len(content) > STATEMENT_LIMIT:
        raise Refused(Code.TOO_LARGE, f"The bank statement {name} is larger than {STATEMENT_LIMIT // 2**20} MB.")
    faults = Faults()
    statements: tuple[Statement, ...] = ()
    with suppress(EnoughFaults):
        if content.lstrip(_BLANK).startswith(b"<") or content.startswith(_UTF_16):
            statements = read_camt(content, faults)
        else:
            statements = read_csv(content, name, account, currency, faults)
    if faults:
        raise bad_input(f"bank statement {name}", faults)
    return statements
