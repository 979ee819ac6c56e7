"""A process of its own that shuts the embedded server down after its last user: `python -m … DATA_DIR`.

It outlives whoever started it. Waiting costs nothing: it sleeps in the kernel until nobody holds `users.lock`, which is
so however the users ended. If it is killed itself, the next use of the server starts another.
"""

import sys
from pathlib import Path

import portalocker


def main(data_dir: Path) -> None:
    """Wait for the last user of the server of `data_dir` to go, then shut it down."""
    directory = data_dir / "mongo"
    with (directory / "watchdog.lock").open("a") as watching, (directory / "users.lock").open("a") as users:
        portalocker.lock(watching, portalocker.LockFlags.EXCLUSIVE)
        portalocker.lock(users, portalocker.LockFlags.EXCLUSIVE)
        # Imported now, not earlier: while it waits this process should weigh next to nothing.
        from finance_core.embedded_mongod import EmbeddedMongod

        EmbeddedMongod(data_dir).shut_down()
        # In this order: whoever waits for `users` must not find a watchdog that is about to leave.
        portalocker.unlock(watching)
        portalocker.unlock(users)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
