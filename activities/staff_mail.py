"""Mail to staff that belongs to no case: written down before and after it is sent, and sent once."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from contracts.notices import DeliveryState
from contracts.vocabulary import Medium
from gateways.failures import PermanentFailure
from gateways.mail import Letterhead, Mail, Mailer, message_id
from notices import Rendered
from records.database import Database
from records.tables import ContactRow


class StaffLetter(NamedTuple):
    """A mail to the addresses `to`. `key`: the primary key of its effect; `dossier`: what its contact stands under."""

    key: str
    dossier: str
    template: str
    to: tuple[str, ...]
    at: datetime
    words: Rendered


@dataclass
class StaffMail:
    """Sends it. What reached people under a key is not sent again under it, by whatever run."""

    database: Database
    mailer: Mailer
    letterhead: Letterhead

    def is_sent(self, session: Session, key: str) -> bool:
        """Whether a mail with that key reached its people."""
        row = session.get(ContactRow, key)
        return row is not None and row.state is DeliveryState.SENT

    def send(self, letter: StaffLetter) -> DeliveryState:
        """Send, then record. A crash between the two sends once more, with the same Message-ID. A refused address is an
        answer; a mail server that is down raises, and is tried again."""
        mail = Mail(
            to=letter.to,
            subject=letter.words.subject,
            text=letter.words.text,
            message_id=message_id(letter.key, self.letterhead.domain),
            language=self.letterhead.staff_language,
        )
        if self._queued(letter, mail):
            return DeliveryState.SENT
        try:
            refused = self.mailer.send(mail).refused
        except PermanentFailure as failure:
            return self.record(letter.key, DeliveryState.REFUSED, str(failure))
        return self.record(letter.key, DeliveryState.SENT, f"turned away: {', '.join(refused)}" if refused else "")

    def record(self, key: str, state: DeliveryState, error: str = "") -> DeliveryState:
        """What became of it."""
        with self.database.transaction() as session:
            row = session.get(ContactRow, key)
            if row:  # there is none when the records were down
                row.state, row.error = state, error
        return state

    def _queued(self, letter: StaffLetter, mail: Mail) -> bool:
        """Write the contact down before it is made; whether it was made before."""
        with self.database.transaction() as session:
            if self.is_sent(session, letter.key):
                return True
            row = session.get(ContactRow, letter.key) or ContactRow(
                key=letter.key,
                dossier=letter.dossier,
                template=letter.template,
                medium=Medium.EMAIL,
                message_id=mail.message_id,
                state=DeliveryState.QUEUED,
                at=letter.at,
            )
            row.address, row.state = ", ".join(letter.to), DeliveryState.QUEUED
            row.at, row.error = letter.at, ""
            session.add(row)
        return False
