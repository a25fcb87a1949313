"""Account closures."""

from commands.face import AsJson, AsStaff, File, Token, answer, in_staff_language, read_text
from commands.office import ask_temporal, staff_tokens, token_of
from contracts.blockers import BlockerLine
from contracts.files import MESSAGE_LIMIT, parse_file
from contracts.refusals import Fault, bad_input
from contracts.requests import ClosureRequest, Receipt
from contracts.text import moment_text
from contracts.vocabulary import Initiator
from settings import load_settings


def request(file: File, staff: AsStaff = None, token: Token = None, as_json: AsJson = False) -> None:
    """The same request sent twice is one case. Whoever asks for the firm says so with --as, and cannot approve it."""
    wish = parse_file(read_text(file, "closure request"), ClosureRequest, "closure request", MESSAGE_LIMIT)
    if staff or token:
        wish = _asked_by(wish, staff_tokens(load_settings()).verify(token_of(staff, token)).sub)
    answer(ask_temporal(lambda quietus: quietus.request_closure(wish)), as_json, receipt_words)


def _asked_by(wish: ClosureRequest, who: str) -> ClosureRequest:
    """The request with its requester, as a token proves it."""
    if wish.initiator is Initiator.CUSTOMER:
        raise bad_input("closure request", [Fault(path="initiator", message="is the customer, so that no staff ask")])
    if wish.requested_by not in {None, who}:
        words = f"is {wish.requested_by}, but {who} sends it"
        raise bad_input("closure request", [Fault(path="requested_by", message=words)])
    return wish.model_copy(update={"requested_by": who})


def receipt_words(receipt: Receipt) -> list[str]:
    """What whoever asked is told."""
    opened = f"Case {receipt.case} (dossier {receipt.reference}), expected by {moment_text(receipt.expected_by)}."
    message = [receipt.message] if receipt.message else []
    return [opened, *message, *(_in_the_way(each) for each in receipt.blockers)]


def _in_the_way(line: BlockerLine) -> str:
    matter = f"{line.kind} {line.subject}".strip()
    return f"In the way: {matter} ({line.owner}). {in_staff_language(line.way_out, line.way_out_zh)}"
