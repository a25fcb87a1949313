"""The outside world out of order: a gateway that is down, a rail that refuses, a mail server that turns people away."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateways.payments import PaymentOrder, PaymentRail, PaymentRefused
from tests.support.firm import Firm, eventually
from worker import build

OUT_OF_ORDER = "out of order"


class Watched:
    """Stands before a gateway: each call fails while it is `down`; `failures` counts the calls that failed anyhow."""

    def __init__(self, gateway: Any, *, down: bool = False) -> None:
        self._gateway = gateway
        self.down = down
        self.failures = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            try:
                if self.down:
                    raise OSError(OUT_OF_ORDER)
                return getattr(self._gateway, name)(*values, **named)
            except Exception:
                self.failures += 1
                raise

        return call

    async def failed(self, times: int) -> None:
        """As soon as that many calls have failed."""
        await eventually(lambda: self.failures >= times, f"{times} failed calls")


class _FailingAtFirst:
    """A rail that does not do with the first `times` orders as it should."""

    def __init__(self, rail: PaymentRail, times: int = 1) -> None:
        self._rail = rail
        self._left = times

    def known(self, reference: str) -> bool:
        """As the rail."""
        return self._rail.known(reference)

    def _fails(self) -> bool:
        """Whether this order is one of the first."""
        self._left -= 1
        return self._left >= 0


class BreakingOff(_FailingAtFirst):
    """A rail that takes the order and breaks off before it says so, the first `times`."""

    def pay(self, order: PaymentOrder) -> None:
        """Files it all the same."""
        self._rail.pay(order)
        if self._fails():
            raise TimeoutError("no answer")


class RefusingRail(_FailingAtFirst):
    """Refuses the first `times` orders."""

    def pay(self, order: PaymentOrder) -> None:
        """As the rail, after the refusals."""
        if self._fails():
            raise PaymentRefused("no such account")
        self._rail.pay(order)


class _TurningAway:
    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return "550 No such mailbox"


@contextmanager
def mail_server_that_knows_nobody() -> Iterator[str]:
    """Its url: every recipient is refused for good."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(_TurningAway(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop(no_assert=True)


@asynccontextmanager
async def at_work(firm: Firm) -> AsyncIterator[None]:
    """The firm's worker, in this process."""
    sticky, grace = timedelta(seconds=0.5), timedelta(seconds=2)
    options = {"sticky_queue_schedule_to_start_timeout": sticky, "graceful_shutdown_timeout": grace}
    async with build(firm.client, firm.world, task_queue=firm.task_queue, **options):
        yield
