"""Text messages: through an HTTP gateway, or filed beside the mail. The reference makes a message go out once."""

import json
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol
from urllib.parse import quote, urlsplit

import httpx

from contracts.refusals import Code, Refused
from gateways.failures import PermanentFailure, TemporaryFailure
from gateways.mail import Sent

_COME_BACK_LATER = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS})
_NOTHING_TO_CLOSE = httpx.Limits(max_keepalive_connections=0)


class SmsGateway(Protocol):
    """Sends text messages."""

    def send(self, to: str, text: str, reference: str) -> Sent:
        """Send `text` to the number `to`, once for each `reference`; TemporaryFailure or PermanentFailure."""
        ...


class HttpSms:
    """A gateway at `url` that takes POST {to, text, reference} and tells by GET url/reference what it has taken.

    The look-up comes first: a gateway forgets idempotency keys after a day, our retries may come later.
    `timeout`: seconds for each answer. Refused(BAD_INPUT): not an http URL.
    """

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise Refused(Code.BAD_INPUT, "QUIETUS_SMS_URL should look like https://host/path.")
        self.url = url.rstrip("/")
        self._client = httpx.Client(timeout=timeout, limits=_NOTHING_TO_CLOSE)

    def send(self, to: str, text: str, reference: str) -> Sent:
        """Send `text` to the number `to`, once for each `reference`; TemporaryFailure or PermanentFailure."""
        try:
            if not self._known(reference):
                self._post(to, text, reference)
        except httpx.TransportError as error:
            raise TemporaryFailure("The SMS gateway cannot be reached, or did not answer in time.") from error
        return Sent(reference)

    def _known(self, reference: str) -> bool:
        answer = self._client.get(f"{self.url}/{quote(reference, safe='')}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        _judge(answer)
        return True

    def _post(self, to: str, text: str, reference: str) -> None:
        body = {"to": to, "text": text, "reference": reference}
        _judge(self._client.post(self.url, json=body, headers={"Idempotency-Key": reference}))


class NoSms:
    """No gateway is set: the next channel is taken."""

    def send(self, to: str, text: str, reference: str) -> Sent:  # noqa: ARG002
        raise PermanentFailure("No SMS gateway is set (QUIETUS_SMS_URL).")


class FolderSms:
    """The embedded gateway: each message is a file in `folder`, named by the hash of its reference."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, to: str, text: str, reference: str) -> Sent:
        """File the message; one that is there already stays as it is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{sha256(reference.encode()).hexdigest()[:40]}.json"
        if not file.exists():
            message = {"to": to, "text": text, "reference": reference}
            _file(file, json.dumps(message, ensure_ascii=False, indent=2) + "\n")
        return Sent(reference)


def _judge(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    sentence = f"The SMS gateway answered {answer.status_code}."
    if answer.is_client_error and answer.status_code not in _COME_BACK_LATER:
        raise PermanentFailure(sentence)
    raise TemporaryFailure(sentence)


def _file(file: Path, text: str) -> None:
    """Whole or not at all, also when the process is killed."""
    with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, prefix=".", delete=False) as draft:
        draft.write(text)
    Path(draft.name).replace(file)
