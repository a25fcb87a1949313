"""A worker that ends by kill -9, of its own hand, when each of its cases stands at the moment that is named for it.

`python -m tests.faults.dying_worker ACC-9000=filed ...`; everything else is the real world that the settings name.
"""

import asyncio
import os
import signal
import sys
import threading
from enum import StrEnum

from sqlalchemy import event
from sqlmodel import Session

from contracts.books import PaymentState
from contracts.converter import data_converter
from gateways.payments import FolderRail, PaymentOrder, PaymentRail
from records.books_tables import ReceivableRow
from records.tables import PaymentOrderRow
from settings import connect, load_settings
from worker import build, real_world


class Moment(StrEnum):
    """A place between two effects of the settlement at which a process can be torn away."""

    COLLECTED = "collected"  # what is owed is booked; Temporal does not know it
    ORDER_WRITTEN = "order_written"  # the order is on record; the rail has not got it
    FILED = "filed"  # the rail has it; the records do not say so
    MARKING = "marking"  # the records are about to say so, in a transaction that is open
    MARKED = "marked"  # the records say so; Temporal does not know it


class Reaper:
    """Holds each case at its moment, says so in a line, and kills the process when none is missing."""

    def __init__(self, moments: dict[str, Moment]) -> None:
        self._moments = moments
        self._missing = set(moments)
        self._turn = threading.Lock()

    def reach(self, moment: Moment, dossier: str) -> None:
        """The activity of `dossier` stands at `moment`. Does not return when that is where it is to die."""
        account = dossier.removeprefix("closure-").rpartition(".")[0]
        if self._moments.get(account) is not moment:
            return
        with self._turn:
            self._missing.discard(account)
            print(account, moment, flush=True)
            if not self._missing:
                os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()


class ReapedRail:
    """The rail, with the moments around a payment."""

    def __init__(self, rail: PaymentRail, reaper: Reaper) -> None:
        self._rail = rail
        self._reaper = reaper

    def known(self, reference: str) -> bool:
        """As the rail; asked as soon as the order is on record."""
        self._reaper.reach(Moment.ORDER_WRITTEN, _dossier(reference))
        return self._rail.known(reference)

    def pay(self, order: PaymentOrder) -> None:
        """As the rail, and on it for good."""
        self._rail.pay(order)
        self._reaper.reach(Moment.FILED, _dossier(order.reference))


def watch(reaper: Reaper) -> None:
    """The moments around the transactions."""

    @event.listens_for(Session, "after_flush")
    def _sent(session: Session, _context: object) -> None:
        for row in session.dirty:
            if isinstance(row, ReceivableRow) and row.settled_by:
                session.info[Moment.COLLECTED] = _dossier(row.settled_by)
            if isinstance(row, PaymentOrderRow) and row.state is PaymentState.PAID:
                session.info[Moment.MARKED] = row.dossier
                reaper.reach(Moment.MARKING, row.dossier)

    @event.listens_for(Session, "after_commit")
    def _committed(session: Session) -> None:
        for moment in (Moment.COLLECTED, Moment.MARKED):
            if moment in session.info:
                reaper.reach(moment, session.info.pop(moment))


def _dossier(reference: str) -> str:
    return reference.partition("/")[0]


async def main(moments: dict[str, Moment]) -> None:
    """Work until the last case stands at its moment."""
    settings = load_settings()
    client = await connect(settings, data_converter=data_converter())
    world, reaper = real_world(settings), Reaper(moments)
    world.rail = ReapedRail(FolderRail(settings.home / "payments"), reaper)
    watch(reaper)
    async with build(client, world, task_queue=settings.task_queue):
        await asyncio.Event().wait()


if __name__ == "__main__":
    pairs = (argument.split("=") for argument in sys.argv[1:])
    asyncio.run(main({account: Moment(moment) for account, moment in pairs}))
