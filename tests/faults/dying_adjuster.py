"""A worker that ends by kill -9, of its own hand, in the middle of posting a plan or right after the commit:
`python -m tests.faults.dying_adjuster before_commit|after_commit`, in the world that the settings name.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import event
from sqlmodel import Session

from contracts.books import Booking
from contracts.converter import data_converter
from gateways.books import Ledger
from settings import connect, load_settings
from tests.faults.posting_in_children import die
from tests.support.tearing import Edge
from worker import build, real_world


class DyingLedger(Ledger):
    """The books, and the end of whoever posts several entries."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def post_all(self, session: Session, bookings: Sequence[Booking], dossier: str, at: datetime) -> tuple[str, ...]:
        """As the books; the entries are written, the mark is not."""
        entries = super().post_all(session, bookings, dossier, at)
        if self._edge is Edge.AFTER_COMMIT:
            event.listen(session, "after_commit", lambda _: die())
        else:
            session.flush()
            die()
        return entries


async def main(edge: Edge) -> None:
    """Work until a plan is posted."""
    settings = load_settings()
    client = await connect(settings, data_converter=data_converter())
    world = real_world(settings)
    world.books = DyingLedger(edge)
    async with build(client, world, task_queue=settings.task_queue):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Edge(sys.argv[1])))
