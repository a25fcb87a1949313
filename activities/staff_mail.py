"""Mail to staff about what is no task of a case: written down before and after it is sent, once for its key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.notices import DeliveryState
from contracts.vocabulary import Medium
from gateways.failures import PermanentFailure
from gateways.mail import Letterhead, Mail, Mailer, message_id
from notices import Rendered
from records.database import Database
from records.tables import ContactRow


@dataclass
class StaffMail:
    """Sends them. What reached people under a key is not sent again under it, by whatever run."""

    database: Database
    mailer: Mailer
    letterhead: Letterhead

    def sent(self, key: str) -> bool:
        """Whether it reached them before."""
        with self.database.reading() as session:
            row = session.get(ContactRow, key)
            return row is not None and row.state is DeliveryState.SENT

    def send(
        self, key: str, about: str, template: str, to: Sequence[str], rendered: Rendered, at: datetime
    ) -> DeliveryState:
        """Send, then record. A crash between the two sends once more, with the same Message-ID. A refused address is an
        answer; a mail server that is down raises. `about`: the dossier that the contact stands under."""
        self._queue(key, about, template, to, at)
        mail = Mail(
            to=tuple(to),
            subject=rendered.subject,
            text=rendered.text,
            message_id=message_id(key, self.letterhead.domain),
            language=self.letterhead.staff_language,
        )
        try:
            refused = self.mailer.send(mail).refused
        except PermanentFailure as failure:
            return self.record(key, DeliveryState.REFUSED, str(failure))
        return self.record(key, DeliveryState.SENT, f"turned away: {', '.join(refused)}" if refused else "")

    def record(self, key: str, state: DeliveryState, error: str = "") -> DeliveryState:
        """What became of it."""
        with self.database.transaction() as session:
            row = session.get(ContactRow, key)
            if row:  # there is none when the records were down
                row.state, row.error = state, error
        return state

    def _queue(self, key: str, about: str, template: str, to: Sequence[str], at: datetime) -> None:
        with self.database.transaction() as session:
            row = session.get(ContactRow, key) or ContactRow(
                key=key,
                dossier=about,
                template=template,
                medium=Medium.EMAIL,
                message_id=message_id(key, self.letterhead.domain),
                state=DeliveryState.QUEUED,
                at=at,
            )
            row.address, row.state, row.at, row.error = ", ".join(to), DeliveryState.QUEUED, at, ""
            session.add(row)
