"""The demo told as it happens: stages, mails and decisions with the time, and at the end what is left."""

import time
from collections.abc import Sequence
from email.message import EmailMessage

from rich.console import Console
from rich.text import Text

from commands.face import shown
from contracts.tasks import DecisionReceipt
from contracts.views import CaseView, Verified
from contracts.vocabulary import Language, Outcome, Stage
from notices import words


class Story:
    """Prints lines with the seconds since the beginning; nothing when `silent`."""

    def __init__(self, language: Language, *, silent: bool = False) -> None:
        self.language = language
        self._console = Console(highlight=False, quiet=silent, soft_wrap=True)
        self._begun = time.monotonic()
        self._stage = ""
        self._mails = 0

    def say(self, what: str, text: str, style: str = "") -> None:
        """One line: the time, what kind of event, and its words."""
        seconds = f"{time.monotonic() - self._begun:6.1f} s  "
        self._console.print(Text(seconds, "dim") + Text(f"{what:<9}", style) + shown(text))

    def chapter(self, title: str, text: str = "") -> None:
        """A heading, and what stands below it."""
        self._console.print(Text(f"\n{title}", "bold"))
        if text:
            self._console.print(shown(text.rstrip()))

    def decided(self, receipt: DecisionReceipt) -> None:
        """Somebody decided."""
        option = words(receipt.option, self.language)
        name = receipt.task.partition(".task-")[2].partition("-")[2]
        reason = f": {receipt.reason}" if receipt.reason else ""
        text = f"{receipt.by}: {name} - {option} ({receipt.approvals} of {receipt.needed}){reason}"
        self.say("decision", text, "green")

    def look(self, case: CaseView, letters: Sequence[EmailMessage]) -> None:
        """Tell what is new: the stage, and mails that arrived."""
        for letter in letters[self._mails :]:
            self._mail(letter)
        self._mails = len(letters)
        if case.stage != self._stage:
            self._stage = case.stage
            self.say("stage", f"{case.stage}  {words(Stage(case.stage), Language.ZH)}", "bold cyan")

    def _mail(self, letter: EmailMessage) -> None:
        self.say("mail", f"to {letter['To']}: {letter['Subject']}", "magenta")

    def ending(self, case: CaseView, letters: dict[str, str], index: dict[str, str], verified: Verified) -> None:
        """What is left: the statement, the dossier, the trail, the books."""
        self.chapter("The closing statement, as the customer got it", letters.get("closing_statement", "none"))
        self.chapter(f"The dossier {case.reference}", "\n".join(f"{sha256}  {name}" for name, sha256 in index.items()))
        holds = "does not hold" if verified.breaks else "holds"
        outcome = words(Outcome(case.outcome), Language.ZH)
        sums = ", ".join(f"{amount} {currency}" for currency, amount in verified.sums.items())
        lines = [
            f"outcome   {case.outcome}  {outcome}",
            f"trail     {verified.links} links, the chain {holds}, its head is the one that the workflow returned",
            f"books     sum over all accounts: {sums}",
        ]
        self.chapter("What is left", "\n".join([*lines, *verified.breaks]))
