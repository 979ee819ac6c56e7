"""The one MongoDB of this installation: the user's own (`MONGO_URI`), else the embedded server.

`connect` costs little, so that every interaction can call it: it keeps one client per server and process, and notices
a server that went away or came back. What is stored and how it is read is left to `prices` and `tickers`.
"""

import atexit
import logging
import re
import shutil
import threading
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import pymongo
from pymongo.client_session import ClientSession
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
from finance_core.errors import DatabaseMisconfigured, DatabaseUnavailable, DataConflict, SisepanError, reason_of
from finance_core.i18n import N_
from finance_core.mongod.process import LEAST_FREE
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import locations
from finance_core.storage.locations import Location

Document = dict[str, Any]
MongoDatabase = locations.MongoDatabase
T = TypeVar("T")

ANSWER_WITHIN = 2.5
"""Seconds that a server may take to answer before the page says that it does not."""

CONNECTING = 20
"""Connections that the driver opens at the same time; with its default of two, many visitors at once wait in line."""

HOST = r"(?:\[[^\]@]+\]|[^][/?@:,]+)(?::\d{1,5})?"
URI = re.compile(rf"mongodb(?:\+srv)?://(?:[^/?@]*@)?(?P<hosts>{HOST}(?:,{HOST})*)(?:[/?][^@]*)?")
"""A well-formed MONGO_URI. In any other text the password may stand where a host or an option belongs."""

DECODING: Final[dict[str, Any]] = {"datetime_conversion": "DATETIME_AUTO", "unicode_decode_error_handler": "replace"}
"""A date outside of Python's range, or a broken text, is one bad value: the rest of the collection is still read."""
DENIED = re.compile(r"not authorized on (?P<database>\S+) to execute command \{ (?P<command>\w+):")
"""The server's message when a user lacks a right."""
NOT_ALLOWED = {13, 18, 8000}
"""Error codes of a missing right, of a wrong user or password, and Atlas's own code for both."""
CANNOT_INDEX = {67, 72, 85, 86, 166}
"""Error codes of an index that a collection cannot have: a view, a time series, a conflict with another index."""
HAVE_TRANSACTIONS = {"RSPrimary", "RSSecondary", "Mongos"}
"""The driver's names of servers with transactions."""
ARBITER, MAJORITY = "RSArbiter", "majority"
"""The driver's name of a member without data, and the server's word for most members."""
SNAPSHOTS = 13
"""The version of the protocol from which on such servers read a snapshot outside of a transaction: MongoDB 5.0."""
NO_SNAPSHOT = {239, 246}
"""Error codes of a snapshot that is gone, and of a collection that was made, or got an index, a moment ago."""
UNEXPECTED = N_("예상하지 못한 오류({kind})로 멈췄습니다. 자세한 내용은 로그에 있습니다.")

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_clients: dict[str, pymongo.MongoClient[Document]] = {}
_servers: dict[Path, EmbeddedMongod] = {}
_indexed: set[tuple[str, str]] = set()


def is_embedded() -> bool:
    """Whether this installation uses the embedded server: MONGO_URI names no other server."""
    return not settings.get("MONGO_URI")


def connect() -> MongoDatabase:
    """The database of this installation, on a server that has just answered.

    Starts the embedded server if it does not run, and creates its indexes. Changes nothing on a user's own server.
    Raises DatabaseUnavailable (after about `ANSWER_WITHIN` seconds at most) or DatabaseMisconfigured; the message names
    the host and never the password.
    """
    uri = settings.get("MONGO_URI")
    try:
        try:
            return _answering(uri) if uri else _connect_embedded()
        except AutoReconnect as error:
            if error.timeout and (uri or _servers[settings.data_dir()].is_listening()):
                raise  # it listens, but does not answer
            # The server ended since this connection was last used. It may be back, or can be started again.
            return _answering(uri) if uri else _connect_embedded()
    except PyMongoError as error:
        raise _explain(error) from error


def name() -> str:
    """Name of the database of this installation."""
    return settings.get("FINANCE_DB", "finance_db")


def address() -> str:
    """Host and port of the user's own server, as in MONGO_URI; "" if the server is embedded or MONGO_URI malformed."""
    parts = URI.fullmatch(settings.get("MONGO_URI"))
    return parts["hosts"] if parts else ""


@atexit.register
def close() -> None:
    """Close the clients of this process and release the embedded server; `connect` opens them again."""
    with _lock:
        with pymongo.timeout(0.5):  # closing a client sends a message to its server, which may be gone
            for client in _clients.values():
                client.close()
        for server in _servers.values():
            server.release()
        _clients.clear()
        _servers.clear()
        _indexed.clear()


def ensure_indexes(db: MongoDatabase, chosen: Iterable[Category] | None = None) -> None:
    """Create the missing indexes of the ticker lists and of the prices of the `chosen` categories (None: of all).

    Every writer calls this first. A unique index of the user's own is used; one that is not unique stays beside ours. A
    collection that is only read gets no index. Raises DataConflict if a collection holds two documents of one key, or
    cannot have the index for another reason.
    """
    for category in categories.CATEGORIES if chosen is None else chosen:
        location = locations.of(db, category)
        if not location.read_only:
            ensure_unique_index(db, location.collection, ["ticker", "date"])
    metadata = locations.metadata(db)
    ensure_unique_index(db, metadata, ["category", "ticker"])
    # For `movers` and `newest_bar` of `category_state`, and for the list by name.
    chosen_by = (["change"], ["last_date"], ["name", "ticker"])
    db[metadata].create_indexes([pymongo.IndexModel(["category", *keys]) for keys in chosen_by])


def prepare_writing(db: MongoDatabase, category: Category, *, bars: bool = False) -> None:
    """Make sure that rows of `category`, and with `bars` its bars, may be written and have their indexes.

    Every writer calls this first, except adoption, to which the user has agreed. Raises NotAdopted if the database
    holds data of the user's own that was not adopted, ReadOnly if the bars are only read, DataConflict as
    `ensure_indexes`.
    """
    if bars:
        locations.require_writable(db, category)
    locations.require_adopted(db, category)
    ensure_indexes(db, [category] if bars else [])


def ensure_unique_index(db: MongoDatabase, collection: str, keys: list[str]) -> None:
    """Create one unique index if it is missing. Raises DataConflict as `ensure_indexes`."""
    try:
        if not _has_unique_index(db, collection, keys):
            # With a name of our own, which differs from that of a user's index on the same keys.
            db[collection].create_index(keys, unique=True, name="_".join([*keys, "unique"]))
    except OperationFailure as error:
        if isinstance(error, DuplicateKeyError):
            sentence = N_(
                "{collection}에 {keys}가 같은 문서가 둘 이상 있습니다. 중복을 지우거나 '내 데이터' 화면에서 "
                "전환한 뒤 다시 시도하십시오."
            )
        elif error.code in CANNOT_INDEX:
            sentence = N_(
                "{collection}에 {keys} 고유 인덱스를 만들 수 없습니다({kind}). 그 컬렉션과 그 인덱스를 확인하거나 "
                "FINANCE_DB에 다른 데이터베이스를 적으십시오."
            )
        else:
            raise
        kind = (error.details or {}).get("codeName", error.code)
        raise DataConflict(sentence, collection=collection, keys=" + ".join(keys), kind=kind) from error


def atomically(db: MongoDatabase, write: Callable[[ClientSession | None], T]) -> T:
    """The result of `write(session)` in one transaction, or of `write(None)` on a server without transactions.

    The driver repeats `write` after a change of primary, so it must be idempotent.
    """
    if not has_transactions(db):
        return write(None)
    with db.client.start_session() as session:
        return session.with_transaction(write)


def has_transactions(db: MongoDatabase) -> bool:
    """Whether the server has transactions: a replica set or a sharded cluster has, a standalone server has not."""
    hello = db.client.admin.command("hello")
    return "setName" in hello or hello.get("msg") == "isdbgrid"


def at_one_moment(db: MongoDatabase, location: Location, read: Callable[[ClientSession], T]) -> T:
    """The result of `read(session)`, whose queries of `location` see one moment: never half a transaction.

    A moment is never before that of an earlier call, but it may be before a plain read: a snapshot has a transaction
    only once most members of the replica set have it. So a row that is kept as the version of its bars is read so too.

    Replica sets and sharded clusters can do that from MongoDB 5.0 on. The session is a plain one on other servers, for
    collections that only other programs write (these may be views, which have no snapshots), and where writes do not
    wait for most members (by w in MONGO_URI, or with an arbiter): a snapshot would not have the last ones.
    """
    servers = db.client.topology_description.server_descriptions().values()
    able = [each.max_wire_version >= SNAPSHOTS for each in servers if each.server_type_name in HAVE_TRANSACTIONS]
    waits = db.write_concern.document.get("w", MAJORITY) == MAJORITY
    waits &= all(each.server_type_name != ARBITER for each in servers)
    if able and all(able) and waits and not location.read_only:
        try:
            with db.client.start_session(snapshot=True) as session:
                return read(session)
        except OperationFailure as error:
            if error.code not in NO_SNAPSHOT:
                raise
    with db.client.start_session() as session:
        return read(session)


def explained(error: BaseException, otherwise: str = UNEXPECTED, **values: object) -> SisepanError:
    """`error` as a sentence for a person; a defect becomes the message `otherwise` with its `values` and its kind.

    This function logs errors of the driver; the caller logs defects.
    """
    if isinstance(error, SisepanError):
        return error
    if isinstance(error, PyMongoError):
        return _explain(error)
    return SisepanError(otherwise, kind=type(error).__name__, **values)


def is_outage(error: BaseException) -> bool:
    """Whether the operation may succeed later: the server is away, did not answer, or has no primary yet."""
    return isinstance(error, PyMongoError) and (
        isinstance(error, ConnectionFailure) or error.timeout or error.has_error_label("TransientTransactionError")
    )


def _explain(error: PyMongoError) -> SisepanError:
    _log.error("MongoDB failed: %s: %s", type(error).__name__, error)
    host = address()
    if isinstance(error, OperationFailure) and error.code in NOT_ALLOWED:
        if denied := DENIED.match(str(error)):
            sentence = N_(
                "{host}의 MongoDB가 MONGO_URI의 사용자에게 데이터베이스 {database}에서 {command} 명령을 허락하지 "
                "않습니다. 살펴보고 차트를 그리는 데는 read, 나머지에는 readWrite 역할이 필요합니다."
            )
            return DatabaseMisconfigured(sentence, host=host, **denied.groupdict())
        sentence = N_(
            "{host}의 MongoDB가 사용자나 암호를 받아들이지 않거나 필요한 권한을 주지 않습니다. "
            "MONGO_URI와 그 사용자의 권한을 확인하십시오."
        )
        return DatabaseMisconfigured(sentence, host=host)
    is_unresolved = isinstance(error, ConfigurationError) and settings.get("MONGO_URI").startswith("mongodb+srv")
    if isinstance(error, ConnectionFailure) or error.timeout or is_unresolved:
        if host:
            sentence = N_("{host}의 MongoDB에 연결할 수 없습니다. 서버가 켜져 있는지, MONGO_URI가 맞는지 확인하십시오.")
            return DatabaseUnavailable(sentence, host=host)
        directory = settings.data_dir()
        if directory.exists() and (free := shutil.disk_usage(directory).free) < LEAST_FREE:
            sentence = N_(
                "내장 MongoDB가 응답하지 않습니다. 디스크에 {free} MB만 남았습니다. 자리를 비우고 다시 시도하십시오."
            )
            return DatabaseUnavailable(sentence, free=free // 1_000_000)
        return DatabaseUnavailable(N_("내장 MongoDB가 응답하지 않습니다. 다시 시도하십시오."))
    sentence = N_("MongoDB가 요청을 처리하지 못했습니다({kind}). 자세한 내용은 로그에 있습니다.")
    return DatabaseUnavailable(sentence, kind=type(error).__name__)


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
    """The database on the server of `uri`, which has just answered. Raises PyMongoError if it does not answer."""
    with _lock:
        if uri not in _clients:
            _clients[uri] = _new_client(uri)
        client = _clients[uri]
    with pymongo.timeout(ANSWER_WITHIN):
        client.admin.command("ping")
    try:
        return client[name()]
    except InvalidName as error:
        sentence = N_("FINANCE_DB의 {name}은(는) 데이터베이스 이름으로 쓸 수 없습니다. 영문자, 숫자, _만 쓰십시오.")
        raise DatabaseMisconfigured(sentence, name=name()) from error


def _new_client(uri: str) -> "pymongo.MongoClient[Document]":
    """A client for `uri`, not connected yet.

    The driver's message may quote the URI with its password. So the message is neither logged nor shown nor chained:
    our error is raised outside of the `except` clauses.
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
                    connect=False,  # so that nobody waits for a name server under the lock
                    maxConnecting=CONNECTING,
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
            sentence = N_("MONGO_URI에 적힌 인증서 파일을 읽을 수 없습니다({reason}). 그 경로를 확인하십시오.")
            failure = DatabaseMisconfigured(sentence, reason=reason_of(error))
    raise failure
