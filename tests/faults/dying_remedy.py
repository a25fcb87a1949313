"""A worker that ends by kill -9, of its own hand, when each of its cases has done the named step and Temporal has not
heard of it: `python -m tests.faults.dying_remedy ACC-9000=waive ...`, in the world that the settings name.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel

from contracts.converter import data_converter
from records.database import Database
from records.once import Effect
from settings import connect, load_settings
from worker import build, real_world

R = TypeVar("R")


class Dying(Database):
    """Holds each case as soon as its step is on record, says so, and kills the process when none is missing."""

    def __init__(self, url: str, steps: dict[str, str]) -> None:
        super().__init__(url)
        self._steps = steps
        self._missing = set(steps)
        self._turn = threading.Lock()

    @contextmanager
    def once(self, key: str, parameters: BaseModel | None, result: type[R]) -> Iterator[Effect[R]]:
        """As the database; does not return from the step that a case is to die in."""
        with super().once(key, parameters, result) as effect:
            yield effect
        dossier, step, *_ = key.split("/")
        account = dossier.removeprefix("closure-").rpartition(".")[0]
        if self._steps.get(account) == step:
            self._hold(account, step)

    def _hold(self, account: str, step: str) -> None:
        with self._turn:
            self._missing.discard(account)
            print(account, step, flush=True)
            if not self._missing:
                os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()


async def main(steps: dict[str, str]) -> None:
    """Work until the last case has done its step."""
    settings = load_settings()
    client = await connect(settings, data_converter=data_converter())
    world = real_world(settings)
    world.database = Dying(settings.database_url, steps)
    async with build(client, world, task_queue=settings.task_queue):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(dict(argument.split("=", 1) for argument in sys.argv[1:])))
