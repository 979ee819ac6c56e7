"""The state of the database server, for an admin: version, size, free disk."""

from typing import NamedTuple

from finance_core.storage.database import MongoDatabase


class ServerState(NamedTuple):
    """State of the server that holds this installation's database."""

    version: str
    members: int
    """Servers of the replica set; 1 where there is none."""
    database: str
    size: int
    """Bytes that the documents and indexes of the database occupy on disk."""
    free: int | None
    """Bytes free on the disk of the server's files; None if the server does not report them, as in a cluster."""


def read(db: MongoDatabase) -> ServerState:
    """The state of the server of `db` at this moment. Raises PyMongoError if it does not answer, or denies access."""
    numbers, hello = db.command("dbStats"), db.client.admin.command("hello")
    has_disk = "fsTotalSize" in numbers and "fsUsedSize" in numbers
    return ServerState(
        version=str(db.client.server_info()["version"]),
        members=max(1, len(hello.get("hosts", [])) + len(hello.get("passives", []))),
        database=db.name,
        size=int(numbers.get("storageSize", 0) + numbers.get("indexSize", 0)),
        free=int(numbers["fsTotalSize"] - numbers["fsUsedSize"]) if has_disk else None,
    )
