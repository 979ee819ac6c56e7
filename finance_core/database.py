"""The one MongoDB of this installation: the user's own (`MONGO_URI`), else the embedded server.

`connect` is cheap enough to be called at every interaction: it keeps one client per server and process, and notices
when a server went away or came back. What is stored and how it is read is left to `prices` and `tickers`.
"""

import atexit
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from finance_core import settings
from finance_core.categories import CATEGORIES
from finance_core.embedded_mongod import EmbeddedMongod
from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable, DataConflict, SisepanError
from finance_core.i18n import N_

Document = dict[str, Any]
MongoDatabase = Database[Document]
T = TypeVar("T")

ANSWER_WITHIN = 2.5
"""Seconds a server may take to be found and to answer before the page says that it does not."""

AUTHENTICATION_FAILED = 18
UNAUTHORIZED = 13

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_clients: dict[str, pymongo.MongoClient[Document]] = {}
_servers: dict[Path, EmbeddedMongod] = {}
_indexed: set[tuple[str, str]] = set()


def is_embedded() -> bool:
    """Whether this installation uses the embedded server, that is, names no server of its own."""
    return not settings.get("MONGO_URI")


def connect() -> MongoDatabase:
    """The database of this installation, on a server that has just answered.

    Starts the embedded server where it is needed and ensures the indexes on it; on a user's own server it changes
    nothing. Raises DatabaseUnavailable (after at most about `ANSWER_WITHIN` seconds) or DatabaseMisconfigured, with a
    message that names the host but never the password.
    """
    name = settings.get("FINANCE_DB", "finance_db")
    uri = settings.get("MONGO_URI")
    if uri:
        return _answering(uri)[name]
    with _lock:
        server = _servers.setdefault(settings.data_dir(), EmbeddedMongod(settings.data_dir()))
        if server.ensure_running():
            # A client keeps what it learnt of the old server (and may have met it before it had sessions).
            _clients.pop(server.uri, None)
    db = _answering(server.uri)[name]
    if (server.uri, name) not in _indexed:
        ensure_indexes(db)
        _indexed.add((server.uri, name))
    return db


def address() -> str:
    """Host and port of the user's own server as in MONGO_URI, without user, password and options; "" if embedded."""
    after_credentials = settings.get("MONGO_URI").partition("://")[2].rpartition("@")[2]
    return after_credentials.partition("/")[0].partition("?")[0]


@atexit.register
def close() -> None:
    """Close the clients of this process and stop being a user of the embedded server; `connect` opens them anew."""
    with _lock:
        for client in _clients.values():
            client.close()
        _clients.clear()
        for server in _servers.values():
            server.release()
        _servers.clear()


def ensure_indexes(db: MongoDatabase) -> None:
    """Create the indexes of the data model where they are missing. Called before anything of ours is written.

    Raises DataConflict where a user's collection holds two documents for one key, so that no index can be unique.
    """
    for collection, keys in [
        *((category.collection, [("ticker", 1), ("date", 1)]) for category in CATEGORIES),
        ("ticker_metadata", [("category", 1), ("ticker", 1)]),
    ]:
        try:
            db[collection].create_index(keys, unique=True)
        except (DuplicateKeyError, OperationFailure) as error:
            if error.code not in (11000, 85, 86):  # duplicate values; an index on these keys with other options
                raise
            raise DataConflict(
                N_("{collection}에 {keys}가 같은 문서가 둘 이상 있습니다. 중복을 지운 뒤 다시 시도하십시오."),
                collection=collection,
                keys=" + ".join(key for key, _order in keys),
            ) from error


def atomically(db: MongoDatabase, write: Callable[[ClientSession | None], T]) -> T:
    """Run `write(session)` in one transaction where the server has transactions, else `write(None)` as it is.

    `write` may run more than once (the driver repeats it after a change of primary), so it must be idempotent.
    """
    if not has_transactions(db):
        return write(None)
    with db.client.start_session() as session:
        return session.with_transaction(write)


def has_transactions(db: MongoDatabase) -> bool:
    """Whether the server has transactions: a replica set or a sharded cluster, not a standalone server."""
    hello = db.client.admin.command("hello")
    return "setName" in hello or hello.get("msg") == "isdbgrid"


def explain(error: PyMongoError) -> SisepanError:
    """The error for a person that stands for `error` of the driver."""
    host = address()
    if isinstance(error, OperationFailure) and error.code in (AUTHENTICATION_FAILED, UNAUTHORIZED):
        return DatabaseMisconfigured(
            N_("{host}의 MongoDB가 사용자나 암호를 받아들이지 않습니다. MONGO_URI를 확인하십시오."), host=host
        )
    if isinstance(error, ConnectionFailure) or error.timeout:
        if host:
            return DatabaseUnavailable(
                N_("{host}의 MongoDB에 연결할 수 없습니다. 서버가 켜져 있는지, MONGO_URI가 맞는지 확인하십시오."),
                host=host,
            )
        return DatabaseUnavailable(N_("내장 MongoDB가 응답하지 않습니다. 다시 시도하십시오."))
    return DatabaseUnavailable(
        N_("MongoDB가 요청을 처리하지 못했습니다({kind}). 자세한 내용은 로그에 있습니다."), kind=type(error).__name__
    )


def _answering(uri: str) -> "pymongo.MongoClient[Document]":
    """The client for `uri`, whose server has just answered a ping."""
    try:
        client = _client(uri)
        with pymongo.timeout(ANSWER_WITHIN):
            client.admin.command("ping")
    except (InvalidURI, ConfigurationError, ValueError) as error:
        # The driver's own text may quote parts of the URI, the password among them: neither shown nor chained.
        _log.error("MONGO_URI cannot be used: %s", type(error).__name__)
        raise DatabaseMisconfigured(
            N_(
                "MONGO_URI를 이해할 수 없습니다. mongodb://사용자:암호@서버:27017 꼴이어야 하고, 암호의 특수문자는 %XX로 적습니다."
            )
        ) from None
    except PyMongoError as error:
        _log.error("MongoDB does not answer: %s", type(error).__name__)
        raise explain(error) from None
    return client


def _client(uri: str) -> "pymongo.MongoClient[Document]":
    with _lock:
        if uri not in _clients:
            milliseconds = int(ANSWER_WITHIN * 1000)
            _clients[uri] = pymongo.MongoClient(
                uri, appname="sisepan", serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds
            )
        return _clients[uri]
