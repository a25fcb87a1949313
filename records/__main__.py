"""`python -m records upgrade`: bring the tables of the configured database to the newest form."""

import sys

from contracts.refusals import Refused
from records.database import Database

USAGE = "usage: python -m records upgrade"


def main(arguments: list[str]) -> int:
    """The exit code: 0 done, 2 for a wrong command, else that of the refusal."""
    from settings import load_settings  # noqa: PLC0415  settings are read by a command, not at import

    if arguments != ["upgrade"]:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        database = Database(load_settings().database_url)
        try:
            database.upgrade()
        finally:
            database.dispose()
    except Refused as refused:
        print(refused, file=sys.stderr)
        return refused.code.exit_code
    print(f"The {database.kind} database is up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
