"""A real SMTP server that files every message as `.eml` in a folder: for development, tests and compose."""

import argparse
import hashlib
import os
import signal
import socket
import time
from asyncio import AbstractServer
from collections.abc import Awaitable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ACCEPTED = "250 Message filed"


class MailCatcher:
    """Use it with `with`; port 0 takes a free one. The body stays byte for byte as it was received."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._controller = _BoundController(_Filing(folder), host, port)
        self.port: int = self._controller.port
        self.url = f"smtp://{host}:{self.port}"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop(no_assert=True)

    def messages(self) -> list[EmailMessage]:
        """Everything in the folder, the oldest first; `Return-Path` and `Delivered-To` tell the envelope."""
        files = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=modern) for file in files]


class _Filing:
    """The handler that aiosmtpd calls: one file for each message, whole or not there at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message_id = message_from_bytes(content).get("Message-ID", "")
        self._stamp = max(time.time_ns(), self._stamp + 1)  # the names stay in order when the clock does not
        name = f"{self._stamp}-{hashlib.sha256(str(message_id).strip().encode()).hexdigest()[:16]}"
        draft = self._folder / f".{name}.{os.getpid()}"
        draft.write_bytes(_envelope_headers(envelope) + content)
        os.link(draft, self._folder / f"{name}.eml")  # unlike a rename it never overwrites
        draft.unlink()
        return ACCEPTED


class _BoundController(Controller):
    """Binds in the constructor, so that the port is known, and ours, from then on."""

    def __init__(self, handler: _Filing, host: str, port: int) -> None:
        self._socket = socket.create_server((host, port))
        super().__init__(handler, hostname=host, port=self._socket.getsockname()[1], server_hostname="localhost")

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


def _envelope_headers(envelope: Envelope) -> bytes:
    lines = [f"Return-Path: <{envelope.mail_from or ''}>"]
    lines += [f"Delivered-To: {recipient}" for recipient in envelope.rcpt_tos]
    return "".join(f"{line}\r\n" for line in lines).encode()


def main() -> None:
    """Catch mail until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1025)
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before the server's thread starts, which inherits it
    with MailCatcher(chosen.folder, host=chosen.host, port=chosen.port) as mail:
        print(f"Mail sent to {mail.url} is filed in {chosen.folder}", flush=True)
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
