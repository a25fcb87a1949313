"""Posts each plan in a child that dies by kill -9: `python -m tests.faults.posting_in_children URL HOME`. A line
`ACCOUNT HASH EDGE` comes in; the exit code of the child goes out. At the edge 0 nobody dies: the number of edges does.
"""

import os
import signal
import sys
from pathlib import Path

from records.database import Database
from tests.support.plan_room import PlanRoom
from tests.support.tearing import Boundaries


def die() -> None:
    """Nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, home: str) -> None:
    """Until nothing more comes in."""
    database = Database(url)
    room, edges = PlanRoom(database, Path(home)), Boundaries(database.engine, die)
    for line in sys.stdin:
        account, hash, edge = line.split()
        database.dispose()  # a child has connections of its own
        child = os.fork() if int(edge) else 0
        if not child:
            with edges.armed(int(edge)):
                room.post(account, hash)
            if int(edge):
                os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else edges.passed, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
