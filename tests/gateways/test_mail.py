"""Mail against a real SMTP server that takes, turns away, asks to come back, hangs, breaks off, or is not there."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from contracts.refusals import Code, Refused
from contracts.vocabulary import Language
from gateways.failures import PermanentFailure, TemporaryFailure
from gateways.mail import CASE_HEADER, Mail, SmtpMailer, message_id

SENDER = "示例银行 <closures@firm.example>"
ZHANG = "zhang.wei@example.com"


@dataclass
class PostOffice:
    """What the server answers by the local part of a recipient, to the message, and to QUIT; and what it took."""

    to_recipients: dict[str, str] = field(default_factory=dict)
    to_message: str = "250 OK"
    to_quit: str = "221 Bye"
    taken: list[Envelope] = field(default_factory=list)
    logins: list[object] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to_recipients.get(address.partition("@")[0], "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_message.startswith("250"):
            self.taken.append(envelope)
        return self.to_message

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.to_quit

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        self.logins.append((login.login, login.password, session.ssl is not None))
        return AuthResult(success=login.password == b"p@ss:word", handled=False)

    def text(self) -> str:
        """The text of the only message that was taken, with plain line ends."""
        text = self.message().get_content()
        assert isinstance(text, str)
        return text.replace("\r\n", "\n")

    def message(self) -> EmailMessage:
        """The only message that was taken."""
        (envelope,) = self.taken
        assert isinstance(envelope.content, bytes)
        return message_from_bytes(envelope.content, EmailMessage, policy=policy.default)


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def serve(office: PostOffice) -> Iterator[Callable[..., str]]:
    """Start the server, with further settings of aiosmtpd; gives host:port."""
    running: list[Controller] = []

    def start(**more: Any) -> str:
        controller = Controller(office, hostname="127.0.0.1", port=free_port(), **more)
        controller.start()
        running.append(controller)
        return f"127.0.0.1:{controller.port}"

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def mailer(serve: Callable[..., str]) -> SmtpMailer:
    return SmtpMailer(f"smtp://{serve()}", SENDER, timeout=5)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


def mail(*to: str, subject: str = "账户已注销", text: str = "尊敬的张伟:\n\n您的账户已注销。\n") -> Mail:
    key = message_id("closure-ACC-1.1/notice-ended/1", "firm.example")
    case = {CASE_HEADER: "closure-ACC-1"}
    return Mail(to or (ZHANG,), subject, text, message_id=key, language=Language.ZH, headers=case)


# ---- what arrives ----------------------------------------------------------------------------------------------------


def test_a_chinese_message_arrives_as_it_was_written(mailer: SmtpMailer, office: PostOffice) -> None:
    sent = mailer.send(mail())
    message = office.message()
    assert (sent.message_id, sent.refused) == (message["Message-ID"], ())
    assert message["Subject"] == "账户已注销"
    assert message["To"] == ZHANG
    assert message["From"].addresses[0].display_name == "示例银行"
    assert office.text() == "尊敬的张伟:\n\n您的账户已注销。\n"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh"
    assert message[CASE_HEADER] == "closure-ACC-1"
    assert abs(message["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_message_is_ascii_on_the_wire_with_short_lines_whatever_it_holds(
    mailer: SmtpMailer, office: PostOffice
) -> None:
    text = "长" * 3_000 + "\n.\nX: y\r\nline " + "x" * 3_000 + "\n"
    mailer.send(mail(text=text, subject="长" * 400))
    content = office.taken[0].content
    assert isinstance(content, bytes)
    assert content.isascii()
    assert max(map(len, content.splitlines())) <= 998
    assert office.text() == text.replace("\r\n", "\n")
    assert office.message()["Subject"] == "长" * 400


def test_a_message_id_is_the_same_for_the_same_step_and_gives_nothing_away() -> None:
    first = message_id("closure-ACC-1001.1/notice-offer/1", "firm.example")
    assert first == message_id("closure-ACC-1001.1/notice-offer/1", "firm.example")
    assert first != message_id("closure-ACC-1001.1/notice-offer/2", "firm.example")
    assert "1001" not in first
    assert first.endswith("@firm.example>")


def test_a_line_break_in_a_subject_never_becomes_a_header(mailer: SmtpMailer, office: PostOffice) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        mailer.send(mail(subject="hello\r\nBcc: thief@example.com"))
    assert office.taken == []


# ---- who is turned away ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["550 no such user zhang.wei@example.com", "553 mailbox name", "501 syntax"])
def test_a_recipient_who_does_not_exist_is_refused_for_good(
    mailer: SmtpMailer, office: PostOffice, answer: str
) -> None:
    office.to_recipients["zhang.wei"] = answer
    with pytest.raises(PermanentFailure) as failure:
        mailer.send(mail())
    assert str(failure.value) == f"The mail server refused the recipient ({answer[:3]})."


@pytest.mark.parametrize("answer", ["451 try later", "450 greylisted", "452 mailbox full"])
def test_a_recipient_who_may_be_served_later_is_tried_again(
    mailer: SmtpMailer, office: PostOffice, answer: str
) -> None:
    office.to_recipients["zhang.wei"] = answer
    with pytest.raises(TemporaryFailure):
        mailer.send(mail())
    office.to_recipients.clear()
    mailer.send(mail())
    assert len(office.taken) == 1


def test_one_of_two_recipients_turned_away_is_named_and_the_other_served(
    mailer: SmtpMailer, office: PostOffice
) -> None:
    office.to_recipients["gone"] = "550 no such user"
    sent = mailer.send(mail("gone@example.com", ZHANG))
    assert sent.refused == ("gone@example.com",)
    assert office.taken[0].rcpt_tos == [ZHANG]


def test_all_recipients_turned_away_one_of_them_for_now_is_tried_again(mailer: SmtpMailer, office: PostOffice) -> None:
    office.to_recipients |= {"gone": "550 no such user", "zhang.wei": "451 try later"}
    with pytest.raises(TemporaryFailure):
        mailer.send(mail("gone@example.com", ZHANG))


@pytest.mark.parametrize(("answer", "failure"), [("554 refused", PermanentFailure), ("451 later", TemporaryFailure)])
def test_a_refused_message_is_judged_by_its_code(
    mailer: SmtpMailer, office: PostOffice, answer: str, failure: type[Exception]
) -> None:
    office.to_message = answer
    with pytest.raises(failure, match=answer[:3]):
        mailer.send(mail())


@pytest.mark.parametrize(
    "address", ["", "zhang", "a b@x.example", "a@x.example, b@x.example", "a@x.example\nBcc: b@x", '"']
)
def test_what_is_no_address_is_refused_for_good_and_not_repeated(address: str) -> None:
    with pytest.raises(PermanentFailure) as failure:
        SmtpMailer("smtp://127.0.0.1", SENDER).send(mail(address))
    assert str(failure.value) == "The address is not one that mail can be sent to."


def test_an_internationalised_address_needs_a_server_that_takes_it(
    serve: Callable[..., str], office: PostOffice
) -> None:
    with pytest.raises(PermanentFailure, match="SMTPUTF8"):
        SmtpMailer(f"smtp://{serve(enable_SMTPUTF8=False)}", SENDER).send(mail("张伟@example.com"))
    SmtpMailer(f"smtp://{serve()}", SENDER).send(mail("张伟@example.com"))
    assert office.taken[0].rcpt_tos == ["张伟@example.com"]


# ---- when the server fails -------------------------------------------------------------------------------------------


def test_a_server_that_is_down_is_tried_again() -> None:
    with pytest.raises(TemporaryFailure, match="cannot be used"):
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}", SENDER).send(mail())


def test_a_server_that_hangs_is_given_up_in_time_and_tried_again() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:  # connects, never says a word
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TemporaryFailure):
            SmtpMailer(f"smtp://{address}", SENDER, timeout=0.2).send(mail())


def test_a_server_that_does_not_want_us_now_is_tried_again(mailer: SmtpMailer, office: PostOffice) -> None:
    office.to_recipients["zhang.wei"] = "421 shutting down"
    with pytest.raises(TemporaryFailure):
        mailer.send(mail())


def test_a_message_that_was_taken_is_sent_even_if_the_parting_goes_wrong(
    mailer: SmtpMailer, office: PostOffice
) -> None:
    office.to_quit = "421 shutting down"
    mailer.send(mail())
    assert len(office.taken) == 1


# ---- encryption and passwords ----------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What the server shows; trusted by this process."""
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    shown = builder.add_extension(alternative, critical=False).sign(key, SHA256())
    file, keyfile = tmp_path / "server.pem", tmp_path / "server.key"
    file.write_bytes(shown.public_bytes(Encoding.PEM))
    keyfile.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, keyfile)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


def test_encryption_that_is_offered_is_used_and_comes_before_the_password(
    serve: Callable[..., str], office: PostOffice, certificate: ssl.SSLContext
) -> None:
    address = serve(tls_context=certificate, authenticator=office.authenticate, auth_required=True)
    SmtpMailer(f"smtp://quietus:p%40ss%3Aword@{address}", SENDER).send(mail())
    assert office.logins == [(b"quietus", b"p@ss:word", True)]
    assert len(office.taken) == 1


def test_smtps_speaks_encrypted_from_the_first_word(
    serve: Callable[..., str], office: PostOffice, certificate: ssl.SSLContext
) -> None:
    SmtpMailer(f"smtps://{serve(ssl_context=certificate)}", SENDER).send(mail())
    assert len(office.taken) == 1


def test_a_server_with_a_certificate_of_nobody_gets_no_mail(
    serve: Callable[..., str], office: PostOffice, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(TemporaryFailure, match="encryption cannot be trusted"):
        SmtpMailer(f"smtp://{serve(tls_context=certificate)}", SENDER).send(mail())
    assert office.taken == []


def test_a_wrong_password_is_our_fault_and_not_the_recipients(
    serve: Callable[..., str], office: PostOffice, certificate: ssl.SSLContext
) -> None:
    address = serve(tls_context=certificate, authenticator=office.authenticate, auth_required=True)
    with pytest.raises(TemporaryFailure) as failure:
        SmtpMailer(f"smtp://quietus:wrong-secret@{address}", SENDER).send(mail())
    assert str(failure.value) == "The mail server cannot be used: it answered 535."


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example:99999"])
def test_what_is_no_mail_server_is_refused_by_name(url: str) -> None:
    with pytest.raises(Refused, match="QUIETUS_SMTP_URL") as refusal:
        SmtpMailer(url, SENDER)
    assert refusal.value.code is Code.BAD_INPUT
