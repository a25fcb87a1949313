"""The people of the demo: staff who decide what stands in their inbox, and a customer who reads the mail."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

from client import Quietus
from commands.face import new_id
from contracts.books import StaffFacts
from contracts.refusals import Refused
from contracts.tasks import Decision
from contracts.views import InboxLine
from contracts.vocabulary import Language, Role
from gateways.books import Ledger
from gateways.casebook import Casebook
from gateways.tokens import LocalTokens

LIKED = ("confirm", "approve", "attested", "signed", "received", "agree", "decline", "accept", "fixed")
"""What the people of the demo choose, the first that a task offers; else its first option."""

REASONS = {
    Language.ZH: "资料齐全,核对无误",
    Language.EN: "The papers are complete and agree with the books",
}

_CODE = re.compile(r"\.?[\w-]+\.[\w-]+\.[\w-]{20,}", re.ASCII)


@dataclass
class People:
    """Plays everybody who is asked."""

    quietus: Quietus
    casebook: Casebook
    mail: Path
    tokens: LocalTokens
    language: Language
    letters: dict[str, str] = field(default_factory=dict)
    """By name of the task: the text that the customer answered."""
    _used: set[str] = field(default_factory=set)

    async def act(self) -> None:
        """Everybody does what stands open at this moment."""
        for task in await asyncio.to_thread(self.casebook.inbox):
            if Role.CUSTOMER in task.roles:
                await self._customer_answers(task)
            else:
                await self._staff_decide(task)

    async def _staff_decide(self, task: InboxLine) -> None:
        """Those who find it in their inbox, one after the other, until it is decided."""
        for person in await asyncio.to_thread(self._holders, task):
            mine = await asyncio.to_thread(self.casebook.inbox, None, person.id)
            if task.task in {line.task for line in mine}:
                await self._decide(task, self.tokens.mint(person.id), REASONS[self.language])

    def _holders(self, task: InboxLine) -> tuple[StaffFacts, ...]:
        with self.casebook.database.reading() as session:
            return Ledger().holders(session, task.roles)

    async def _customer_answers(self, task: InboxLine) -> None:
        """Reads the code out of the newest mail or SMS that holds one."""
        for text in reversed(await asyncio.to_thread(texts_in, self.mail)):
            for code in _CODE.findall(text):
                if code not in self._used and await self._decide(task, code):
                    self._used.add(code)
                    self.letters[task.name] = text
                    return

    async def _decide(self, task: InboxLine, token: str, reason: str = "") -> bool:
        """False when it was refused: somebody was quicker, or the code belongs to another task."""
        option = next((option for option in LIKED if option in task.options), task.options[0])
        decision = Decision(decision_id=new_id(), task=task.task, option=option, token=token, reason=reason)
        try:
            await self.quietus.decide(decision)
        except Refused:
            return False
        return True


def letters_in(folder: Path) -> list[EmailMessage]:
    """The mails that the catcher filed, the oldest first."""
    return [message_from_bytes(file.read_bytes(), policy=modern) for file in sorted(folder.glob("*.eml"))]


def texts_in(folder: Path) -> list[str]:
    """The texts of all mails and SMS that were filed, the oldest first."""
    files = sorted([*folder.glob("*.eml"), *folder.glob("sms/*.json")], key=lambda file: file.stat().st_mtime_ns)
    return [_text_of(file.read_bytes(), file.suffix) for file in files]


def _text_of(content: bytes, suffix: str) -> str:
    if suffix == ".json":
        return str(json.loads(content)["text"])
    body = message_from_bytes(content, policy=modern).get_body(("plain",))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""
