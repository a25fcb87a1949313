"""The evidence store."""

from typing import Annotated

import typer

from commands.face import AsJson, File, answer, read_bytes
from commands.pages import line_of
from contracts.refusals import Code, Refused
from gateways.evidence import OWN_PAPERS, open_store
from settings import load_settings


def put(
    file: File,
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="Such as evidence/req-0001/id.jpg.")],
    as_json: AsJson = False,
) -> None:
    """A document is written once; the same one again changes nothing."""
    if reference.removeprefix("evidence/").startswith(OWN_PAPERS):
        own = ", ".join(OWN_PAPERS)
        raise Refused(Code.NOT_ALLOWED, f"{reference} is a place of the firm's own papers ({own}); take evidence/...")
    sha256 = open_store(load_settings().evidence_url).put(reference, read_bytes(file, "document"))
    answer(
        {"reference": reference, "sha256": sha256}, as_json, line_of(f"{reference} is kept; its SHA-256 is {sha256}.")
    )
