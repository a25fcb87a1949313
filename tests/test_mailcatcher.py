"""The mail catcher is a real mail server: what is sent to it lies in its folder, in order, as it was sent."""

import signal
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from gateways.mailcatcher import MailCatcher


@pytest.fixture
def mail(tmp_path):
    with MailCatcher(tmp_path / "mail") as mail:
        yield mail


def letter(subject: str, message_id: str = "<one@quietus.example>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "bank@example.com", "zhang.wei@example.com", subject
    message["Message-ID"] = message_id
    message.set_content("您的账户已销户。\n.\n.. end\n")
    return message


def send(mail: MailCatcher, *messages: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", mail.port) as client:
        for message in messages:
            client.send_message(message)


def test_messages_are_read_back_in_the_order_they_came(mail):
    send(mail, *[letter(f"第{n}封") for n in range(20)])
    assert [message["Subject"] for message in mail.messages()] == [f"第{n}封" for n in range(20)]


def test_the_same_message_twice_is_two_files_with_one_mark(mail):
    send(mail, letter("once"), letter("once"), letter("other", "<two@quietus.example>"))
    marks = [file.stem.split("-")[1] for file in sorted(mail.folder.glob("*.eml"))]
    assert len(marks) == 3
    assert marks[0] == marks[1] != marks[2]


async def test_the_body_stays_as_it_was_sent_and_the_envelope_is_told(mail):
    sent = letter("销户完成")
    await aiosmtplib.send(sent, hostname="127.0.0.1", port=mail.port, recipients=["bcc@example.com"])
    (received,) = mail.messages()
    assert received.get_content().replace("\r\n", "\n") == sent.get_content()
    assert received["Delivered-To"] == "bcc@example.com"
    assert received["Return-Path"] == "<bank@example.com>"


def test_a_message_without_an_id_and_with_raw_bytes_is_filed_too(mail):
    with smtplib.SMTP("127.0.0.1", mail.port) as client:
        client.sendmail("a@example.com", ["b@example.com"], b"Subject: x\r\n\r\n\xff\xfe body\r\n")
    (file,) = mail.folder.glob("*.eml")
    assert file.read_bytes().endswith(b"\r\n\r\n\xff\xfe body\r\n")


def test_a_stopped_catcher_refuses_and_one_on_the_same_port_and_folder_goes_on(tmp_path):
    with MailCatcher(tmp_path) as first:
        send(first, letter("before"))
        port = first.port
    with pytest.raises(ConnectionRefusedError):
        send(first, letter("lost"))
    with MailCatcher(tmp_path, port=port) as second:
        send(second, letter("after"))
        assert [message["Subject"] for message in second.messages()] == ["before", "after"]


def test_it_runs_alone_and_ends_when_told(tmp_path):
    command = [sys.executable, "-m", "gateways.mailcatcher", "--port", "0", "--folder", str(tmp_path)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout
        url = alone.stdout.readline().split()[3]
        with smtplib.SMTP("127.0.0.1", int(url.rpartition(":")[2])) as client:
            client.send_message(letter("alone"))
        alone.send_signal(signal.SIGTERM)
        assert alone.wait(10) == 0
    assert len(list(tmp_path.glob("*.eml"))) == 1
