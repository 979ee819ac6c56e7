"""The one MongoDB of this installation: the user's own (`MONGO_URI`), else the embedded server.

`connect` is cheap enough to be called at every interaction: it keeps one client per server and process, and notices
when a server went away or came back. What is stored and how it is read is left to `prices` and `tickers`.
"""

import atexit
import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidName,
    OperationFailure,
    PyMongoError,
)

from finance_core import categories, settings
from finance_core.categories import Category
from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable, DataConflict, SisepanError
from finance_core.i18n import N_
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import locations

Document = dict[str, Any]
MongoDatabase = Database[Document]
T = TypeVar("T")

ANSWER_WITHIN = 2.5
"""Seconds a server may take to be found and to answer before the page says that it does not."""

HOST = r"(?:\[[^\]@]+\]|[^][/?@:,]+)(?::\d{1,5})?"
URI = re.compile(rf"mongodb(?:\+srv)?://(?:[^/?@]*@)?(?P<hosts>{HOST}(?:,{HOST})*)(?:[/?][^@]*)?")
"""A well-formed MONGO_URI. Any other may have its password where a host or an option belongs."""

DECODING: Final[dict[str, Any]] = {"datetime_conversion": "DATETIME_AUTO", "unicode_decode_error_handler": "replace"}
"""A date that Python has none for, or a broken text, is one bad value of the user's, and no reason to read nothing."""
UNAUTHORIZED = 13
DENIED = re.compile(r"not authorized on (?P<database>\S+) to execute command \{ (?P<command>\w+):")
"""What the server says where a user has not the right to do something."""
NOT_ALLOWED = {18, UNAUTHORIZED, 8000}
"""Codes for a wrong user or password, for a user without the right, and Atlas's own for both."""
CANNOT_INDEX = {67, 72, 85, 86, 166}
"""Codes for an index that a collection (a view, a time series, one with another index like it) cannot get."""

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
    uri = settings.get("MONGO_URI")
    try:
        try:
            return _answering(uri) if uri else _connect_embedded()
        except AutoReconnect as error:
            if error.timeout and (uri or _servers[settings.data_dir()].is_listening()):
                raise  # it is there, but does not answer
            # This connection was to a server that ended since its last use. It may be back, or can be started again.
            return _answering(uri) if uri else _connect_embedded()
    except PyMongoError as error:
        raise explain(error) from error


def address() -> str:
    """Host and port of the user's own server as in MONGO_URI, without user, password and options.

    "" if the server is embedded, or if MONGO_URI is malformed.
    """
    parts = URI.fullmatch(settings.get("MONGO_URI"))
    return parts["hosts"] if parts else ""


@atexit.register
def close() -> None:
    """Close the clients of this process and stop being a user of the embedded server; `connect` opens them anew."""
    with _lock:
        with pymongo.timeout(0.5):  # a client says goodbye to its server, which may be gone
            for client in _clients.values():
                client.close()
        for server in _servers.values():
            server.release()
        _clients.clear()
        _servers.clear()
        _indexed.clear()


def ensure_indexes(db: MongoDatabase, chosen: Iterable[Category] | None = None) -> None:
    """Create the indexes of the ticker lists and of the prices of the `chosen` categories (all of them, if none are
    named) where they are missing. Called before anything of ours is written.

    A user's own index serves as well if it is unique, and stays beside ours if it is not. A collection that is only
    read gets none. Raises DataConflict where a collection holds two documents for one key or cannot have the index for
    another reason.
    """
    metadata = locations.metadata(db)
    # What the overview looks for: the largest moves, the newest bars.
    for key in ("change", "last_date"):
        db[metadata].create_index(["category", key])
    in_use = [locations.of(db, category) for category in (categories.CATEGORIES if chosen is None else chosen)]
    for collection, keys in [
        *((store.collection, ["ticker", "date"]) for store in in_use if not store.read_only),
        (metadata, ["category", "ticker"]),
    ]:
        ensure_unique_index(db, collection, keys)


def ensure_unique_index(db: MongoDatabase, collection: str, keys: list[str]) -> None:
    """Create one unique index where it is missing; raises DataConflict as `ensure_indexes`."""
    try:
        if not _has_unique_index(db, collection, keys):
            # Under a name of its own, which an index of the user's on the same keys does not have.
            db[collection].create_index(keys, unique=True, name="_".join([*keys, "unique"]))
    except DuplicateKeyError as error:
        raise DataConflict(
            N_(
                "{collection}에 {keys}가 같은 문서가 둘 이상 있습니다. 중복을 지우거나 '내 데이터' 화면에서 "
                "전환한 뒤 다시 시도하십시오."
            ),
            collection=collection,
            keys=" + ".join(keys),
        ) from error
    except OperationFailure as error:
        if error.code not in CANNOT_INDEX:
            raise
        raise DataConflict(
            N_(
                "{collection}에 {keys} 고유 인덱스를 만들 수 없습니다({kind}). 그 컬렉션과 그 인덱스를 확인하거나 "
                "FINANCE_DB에 다른 데이터베이스를 적으십시오."
            ),
            collection=collection,
            keys=" + ".join(keys),
            kind=(error.details or {}).get("codeName", error.code),
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


def explained(error: BaseException) -> SisepanError:
    """The error for a person that stands for whatever ended something."""
    if isinstance(error, SisepanError):
        return error
    if isinstance(error, PyMongoError):
        return explain(error)
    return SisepanError(
        N_("예상하지 못한 오류({kind})로 멈췄습니다. 자세한 내용은 로그에 있습니다."), kind=type(error).__name__
    )


def is_outage(error: BaseException) -> bool:
    """Whether what failed may work when the server is back: it went away, did not answer, or a new primary is due."""
    return isinstance(error, PyMongoError) and (
        isinstance(error, ConnectionFailure) or error.timeout or error.has_error_label("TransientTransactionError")
    )


def explain(error: PyMongoError) -> SisepanError:
    """The error for a person that stands for `error` of the driver, which goes to the log."""
    _log.error("MongoDB failed: %s: %s", type(error).__name__, error)
    host = address()
    denied = DENIED.match(str(error)) if isinstance(error, OperationFailure) and error.code == UNAUTHORIZED else None
    if denied:
        return DatabaseMisconfigured(
            N_(
                "{host}의 MongoDB가 MONGO_URI의 사용자에게 데이터베이스 {database}에서 {command} 명령을 허락하지 "
                "않습니다. 살펴보고 차트를 그리는 데는 read, 나머지에는 readWrite 역할이 필요합니다."
            ),
            host=host,
            database=denied["database"],
            command=denied["command"],
        )
    if isinstance(error, OperationFailure) and error.code in NOT_ALLOWED:
        return DatabaseMisconfigured(
            N_(
                "{host}의 MongoDB가 사용자나 암호를 받아들이지 않거나 필요한 권한을 주지 않습니다. "
                "MONGO_URI와 그 사용자의 권한을 확인하십시오."
            ),
            host=host,
        )
    is_unresolved = isinstance(error, ConfigurationError) and settings.get("MONGO_URI").startswith("mongodb+srv")
    if isinstance(error, ConnectionFailure) or error.timeout or is_unresolved:
        if host:
            return DatabaseUnavailable(
                N_("{host}의 MongoDB에 연결할 수 없습니다. 서버가 켜져 있는지, MONGO_URI가 맞는지 확인하십시오."),
                host=host,
            )
        return DatabaseUnavailable(N_("내장 MongoDB가 응답하지 않습니다. 다시 시도하십시오."))
    return DatabaseUnavailable(
        N_("MongoDB가 요청을 처리하지 못했습니다({kind}). 자세한 내용은 로그에 있습니다."), kind=type(error).__name__
    )


def _has_unique_index(db: MongoDatabase, collection: str, keys: list[str]) -> bool:
    return any(
        index["key"] == [(key, 1) for key in keys]
        and index.get("unique")
        and not index.keys() & {"partialFilterExpression", "collation"}
        for index in db[collection].index_information().values()
    )


def _connect_embedded() -> MongoDatabase:
    with _lock:
        data_dir = settings.data_dir()
        server = _servers.get(data_dir) or EmbeddedMongod(data_dir)
        _servers[data_dir] = server
        if server.ensure_running():
            _indexed.clear()
    try:
        db = _answering(server.uri)
        if (server.uri, db.name) not in _indexed:
            ensure_indexes(db)
            _indexed.add((server.uri, db.name))
    except PyMongoError:
        server.doubt()
        raise
    return db


def _answering(uri: str) -> MongoDatabase:
    """The database on the server of `uri`, which has just answered. Raises PyMongoError where it does not."""
    client, name = _client(uri), settings.get("FINANCE_DB", "finance_db")
    with pymongo.timeout(ANSWER_WITHIN):
        client.admin.command("ping")
    try:
        return client[name]
    except InvalidName as error:
        raise DatabaseMisconfigured(
            N_("FINANCE_DB의 {name}은(는) 데이터베이스 이름으로 쓸 수 없습니다. 영문자, 숫자, _만 쓰십시오."), name=name
        ) from error


def _client(uri: str) -> "pymongo.MongoClient[Document]":
    with _lock:
        if uri not in _clients:
            _clients[uri] = _new_client(uri)
        return _clients[uri]


def _new_client(uri: str) -> "pymongo.MongoClient[Document]":
    """A client for `uri`, not connected yet.

    What the driver says of a URI may quote it, with the password: it is neither logged, nor shown, nor chained, which
    is why the errors are raised outside of the `except` clauses.
    """
    milliseconds = int(ANSWER_WITHIN * 1000)
    failure = DatabaseMisconfigured(
        N_(
            "MONGO_URI를 이해할 수 없습니다. mongodb://사용자:암호@서버:27017 꼴이어야 하고, "
            "암호의 특수문자는 %XX로 적습니다."
        )
    )
    if URI.fullmatch(uri):
        try:
            with warnings.catch_warnings(record=True) as unknown:
                warnings.simplefilter("always")
                client: pymongo.MongoClient[Document] = pymongo.MongoClient(
                    uri,
                    appname="sisepan",
                    connect=False,  # so that nobody else waits for a name server's answer
                    serverSelectionTimeoutMS=milliseconds,
                    connectTimeoutMS=milliseconds,
                    **DECODING,
                )
            if unknown:
                _log.warning("MONGO_URI has options that the driver does not understand and ignores")
            return client
        except (PyMongoError, ValueError, TypeError) as error:
            _log.error("MONGO_URI cannot be used: %s", type(error).__name__)
        except OSError as error:
            failure = DatabaseMisconfigured(
                N_("MONGO_URI에 적힌 인증서 파일을 읽을 수 없습니다({reason}). 그 경로를 확인하십시오."),
                reason=error.strerror or type(error).__name__,
            )
    raise failure
