"""Mail over SMTP, at least once: the same Message-ID on every try, and failures that say whether to try again."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from contracts.refusals import Code, Refused
from contracts.vocabulary import Language
from gateways.failures import PermanentFailure, TemporaryFailure

CASE_HEADER = "X-Quietus-Case"
_SEVEN_BIT = SMTP.clone(cte_type="7bit")  # not every server takes 8BITMIME
_ADDRESS = re.compile(r"""([^\s\x00-\x1f"(),:;<>@\[\]\\]+)@([^\s\x00-\x1f"(),:;<>@\[\]\\]+)""")  # one, and nothing else
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Mail:
    """One plain text message. `headers` are further ones, such as the case under CASE_HEADER."""

    to: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    language: Language
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """The other side took the message. `refused`: the recipients of several who were turned away."""

    message_id: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letterhead:
    """抬头: the firm's name, the domain of its Message-IDs, and the language in which staff are written to."""

    firm: str = "Quietus"
    domain: str = "quietus.invalid"
    staff_language: Language = Language.ZH


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: Mail) -> Sent:
        """Hand `mail` over; TemporaryFailure or PermanentFailure when no recipient was served."""
        ...


def message_id(key: str, domain: str) -> str:
    """The Message-ID of the effect `key` (case and step): the same on every try, and nothing can be read from it."""
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"


class SmtpMailer:
    """A mail server: `smtp://[user:password@]host[:port]` (with STARTTLS where offered) or `smtps://...`.

    `timeout`: seconds that the server may take for each of its answers. Refused(BAD_INPUT): not such a URL.
    """

    def __init__(self, url: str, sender: str, timeout: float = 20.0) -> None:
        self.server = _server(url)
        self.sender = sender
        self.timeout = timeout

    def send(self, mail: Mail) -> Sent:
        """Hand `mail` over; TemporaryFailure or PermanentFailure when no recipient was served."""
        message = self._compose(mail)
        with self._session() as session:
            refused = _hand_over(session, message, mail.to)
        return Sent(mail.message_id, refused)

    def _compose(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=_SEVEN_BIT)
        message["From"] = self.sender
        message["To"] = [_address(recipient) for recipient in mail.to]
        message["Subject"] = mail.subject
        message["Date"] = datetime.now(UTC)
        message["Message-ID"] = mail.message_id
        message["Auto-Submitted"] = "auto-generated"
        for name, value in mail.headers.items():
            message[name] = value
        message.set_content(mail.text)
        message["Content-Language"] = mail.language.value  # last: set_content clears Content-*
        return message

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A session that is ready to take mail. Whatever fails before is the channel's fault, not the recipient's."""
        try:
            session = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise TemporaryFailure(f"The mail server cannot be used: {_why(error)}.") from error
        try:
            yield session
        finally:
            with suppress(smtplib.SMTPException, OSError):  # the mail is handed over, or not, whatever QUIT answers
                session.quit()
            session.close()

    def _connect(self) -> smtplib.SMTP:
        host, port = self.server.hostname or "", self.server.port
        session: smtplib.SMTP
        if self.server.scheme == "smtps":
            session = smtplib.SMTP_SSL(host, port or 465, timeout=self.timeout, context=ssl.create_default_context())
        else:
            session = smtplib.SMTP(host, port or 25, timeout=self.timeout)
        try:
            self._secure(session)
        except BaseException:
            session.close()
            raise
        return session

    def _secure(self, session: smtplib.SMTP) -> None:
        session.ehlo()
        encrypted = self.server.scheme == "smtps"
        if not encrypted and session.has_extn("starttls"):
            session.starttls(context=ssl.create_default_context())
            session.ehlo()
            encrypted = True
        if self.server.username:
            if not encrypted and self.server.hostname not in _LOOPBACK:
                raise smtplib.SMTPException("it offers no encryption, and the password is not sent without")
            session.login(unquote(self.server.username), unquote(self.server.password or ""))


def _server(url: str) -> SplitResult:
    server = urlsplit(url)
    with suppress(ValueError):  # from a port that is none
        if server.scheme in {"smtp", "smtps"} and server.hostname and server.port != 0:
            return server
    raise Refused(Code.BAD_INPUT, "QUIETUS_SMTP_URL should look like smtp://[user:password@]host:port, or smtps://.")


def _address(recipient: str) -> Address:
    found = _ADDRESS.fullmatch(recipient)
    if not found:
        raise PermanentFailure("The address is not one that mail can be sent to.")
    return Address(username=found[1], domain=found[2])


def _hand_over(session: smtplib.SMTP, message: EmailMessage, to: tuple[str, ...]) -> tuple[str, ...]:
    """Send; the recipients that were turned away while others were served."""
    try:
        return tuple(session.send_message(message, to_addrs=to))
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentFailure("The mail server does not take internationalised addresses (SMTPUTF8).") from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _judged(f"The mail server refused the recipient ({', '.join(map(str, codes))}).", codes) from error
    except smtplib.SMTPDataError as error:
        raise _judged(f"The mail server refused the message ({error.smtp_code}).", [error.smtp_code]) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryFailure(f"The mail server broke off: {_why(error)}.") from error


def _judged(sentence: str, codes: list[int]) -> TemporaryFailure | PermanentFailure:
    """Permanent when every answer was; one recipient who may be served later is worth another try."""
    return PermanentFailure(sentence) if all(code >= 500 for code in codes) else TemporaryFailure(sentence)


def _why(error: Exception) -> str:
    """A code or our own words; a server's words may repeat an address or a login."""
    match error:
        case smtplib.SMTPResponseException():
            return f"it answered {error.smtp_code}"
        case smtplib.SMTPServerDisconnected():
            return "it closed the connection or did not answer in time"
        case ssl.SSLError():
            return "its encryption cannot be trusted"
        case OSError():
            return error.strerror or "it did not answer in time"
        case _:
            return str(error)
