"""A process of its own that shuts the embedded server down after its last user: `python -m … DATA_DIR`.

It outlives the process that started it, and sleeps in the kernel until nobody holds `users.lock`; the kernel releases a
lock however its holder ends. If the watchdog itself is killed, the next use of the server starts another.
"""

import os
import sys
from pathlib import Path
from typing import IO

import portalocker


def main(data_dir: Path) -> None:
    """Wait for the last user of the server of `data_dir` to go, then shut it down."""
    # The working directory stays right even if somebody renames the data directory.
    os.chdir(data_dir / "mongo")
    with Path("watchdog.lock").open("a") as watching, Path("users.lock").open("a") as users:
        _wait_for(watching)
        _wait_for(users)
        # Imported now, so that the waiting process needs little memory.
        from finance_core.mongod.server import EmbeddedMongod

        EmbeddedMongod(Path.cwd().parent).shut_down()
        # In this order: a process that waits for `users` must not find a watchdog that is about to end.
        portalocker.unlock(watching)
        portalocker.unlock(users)


def _wait_for(file: IO[str]) -> None:
    while True:
        try:
            portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
        except portalocker.AlreadyLocked:  # Windows stops waiting after ten seconds
            continue
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
