"""A connection to PostgreSQL that breaks off at a COMMIT: before the server hears of it, or before it can answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from tests.support.tearing import Edge

COMMIT = b"COMMIT\x00"
"""As a client says it: a simple query."""

CHUNK = 65_536


class CuttingProxy:
    """Stands before the server at `port`; use it with `with`. `cuts`: how many connections it broke off."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._open: list[socket.socket] = []
        self._at: Edge | None = None
        self.cuts = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _break_off(self._listener, *self._open)
        for thread in self._threads:
            thread.join(5)

    @contextmanager
    def cutting(self, at: Edge) -> Iterator[None]:
        """The next COMMIT does not get through (BEFORE_COMMIT), or its answer does not (AFTER_COMMIT)."""
        self._at, before = at, self.cuts
        yield
        assert self.cuts == before + 1, "nobody said COMMIT"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._open += [client, server]
                answered = threading.Event()
                for target, ends in ((self._ask, (client, server)), (self._answer, (server, client))):
                    self._threads.append(threading.Thread(target=target, args=(*ends, answered), daemon=True))
                    self._threads[-1].start()

    def _ask(self, client: socket.socket, server: socket.socket, swallow: threading.Event) -> None:
        with suppress(OSError):
            while asked := client.recv(CHUNK):
                if COMMIT in asked and self._at is Edge.AFTER_COMMIT:
                    self._at = None
                    swallow.set()
                elif COMMIT in asked and self._at is Edge.BEFORE_COMMIT:
                    self._at = None
                    self.cuts += 1
                    break
                server.sendall(asked)
        _break_off(client, server)

    def _answer(self, server: socket.socket, client: socket.socket, swallow: threading.Event) -> None:
        with suppress(OSError):
            while answer := server.recv(CHUNK):
                if swallow.is_set():  # the server has committed, or it would not answer
                    self.cuts += 1
                    break
                client.sendall(answer)
        _break_off(client, server)


def _break_off(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
