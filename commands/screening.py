"""The sanction list."""

from pathlib import PurePath

from commands.face import AsJson, File, answer, read_text
from commands.office import records
from commands.pages import line_of
from gateways.screening import ListScreening


def load(file: File, as_json: AsJson = False) -> None:
    """Its hash is its version; the same file again changes nothing."""
    text = read_text(file, "sanction list")
    version = ListScreening(records()).load(text, PurePath(file).name)
    answer({"version": version}, as_json, line_of(f"The sanction list is in use; its version is {version}."))
