"""The demo told as it happens: stages, checks, decisions and mails with the time, and at the end what is left."""

import re
import time
from collections.abc import Sequence
from email.message import EmailMessage

from rich.console import Console
from rich.text import Text

from commands.face import shown
from contracts.views import CaseView, TrailLine, Verified
from contracts.vocabulary import Language, Outcome, Stage
from notices import words

_DECIDED = re.compile(r"\S+\.task-\d+-(\S+): (\S+)")


class Story:
    """Prints lines with the seconds since the beginning; nothing when `silent`."""

    def __init__(self, language: Language, *, silent: bool = False) -> None:
        self.language = language
        self._console = Console(highlight=False, quiet=silent, soft_wrap=True)
        self._begun = time.monotonic()
        self._links = 0
        self._mails = 0

    def say(self, what: str, text: str, style: str = "") -> None:
        """One line: the time, what kind of event, and its words."""
        seconds = f"{time.monotonic() - self._begun:5.1f} s  "
        self._console.print(Text.assemble((seconds, "dim"), (f"{what:<9} ", style), shown(text)))

    def chapter(self, title: str, text: str) -> None:
        """A heading, and what stands below it."""
        self._console.print(Text(f"\n{title}", "bold"))
        self._console.print(shown(text.strip()))

    def look(self, case: CaseView, letters: Sequence[EmailMessage]) -> None:
        """Tell what is new: in the trail, and in the mail."""
        for link in case.trail[self._links :]:
            self._link(link)
        for letter in letters[self._mails :]:
            self.say("mail", f"to {letter['To']}: {' '.join(letter['Subject'].split())}", "magenta")
        self._links, self._mails = len(case.trail), len(letters)

    def ending(self, case: CaseView, letters: dict[str, str], index: dict[str, str], verified: Verified) -> None:
        """What is left: the statement, the dossier, the trail, the books."""
        self.chapter("The closing statement, as the customer got it", letters.get("closing_statement", "none"))
        parts = "\n".join(f"{sha256}  {name}" for name, sha256 in index.items())
        self.chapter(f"The dossier {case.reference}, each part with its SHA-256", parts)
        sums = ", ".join(f"{amount} {currency}" for currency, amount in verified.sums.items())
        holds = "BROKEN" if verified.breaks else "verified, its head is the one that the workflow returned"
        lines = [
            f"outcome   {case.outcome} {words(Outcome(case.outcome), Language.ZH)}",
            f"trail     {verified.links} links, {holds}",
            f"books     sum over all accounts: {sums}",
        ]
        self.chapter("What is left", "\n".join([*lines, *verified.breaks]))

    def _link(self, link: TrailLine) -> None:
        decided = _DECIDED.fullmatch(link.what)
        if link.what.startswith("stage "):
            stage = Stage(link.what.removeprefix("stage "))
            self.say("stage", f"{stage} {words(stage, Language.ZH)}", "bold cyan")
        elif decided:
            name, option = decided.groups()
            why = f", {link.why}" if link.why else ""
            self.say("decision", f"{link.who}: {name} - {option}{why}", "green")
        elif not link.what.startswith(("notice ", "task shown")):
            self.say("done", link.what)
