"""Finds a MongoDB on this machine that the installation does not use, but that may hold the user's prices."""

import logging
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from finance_core import settings
from finance_core.errors import SisepanError
from finance_core.foreign import inspection, layout
from finance_core.i18n import N_
from finance_core.storage import database
from finance_core.storage.database import Document, MongoDatabase

_log = logging.getLogger(__name__)

URI = "mongodb://localhost:27017"
LOOK_WITHIN_MS = 500


@dataclass(frozen=True)
class LocalServer:
    """A MongoDB on this machine that the installation does not use."""

    databases: Mapping[str, Sequence[str]]
    """The names of its databases with prices, each with the names of its collections with prices."""
    wants_login: bool = False

    @property
    def sentence(self) -> SisepanError:
        """A sentence that names this server, and the file for the settings that use it."""
        if self.wants_login:
            text = N_("이 컴퓨터의 {address}에 로그인이 필요한 MongoDB가 있습니다. 쓰려면 {file}에 다음을 적으십시오:")
        else:
            text = N_("이 컴퓨터의 {address}에 시세가 든 MongoDB가 있습니다. 쓰려면 {file}에 다음을 적으십시오:")
        address = URI.removeprefix("mongodb://")
        return SisepanError(text, address=address, file=".streamlit/secrets.toml")

    def settings(self) -> list[tuple[str, Sequence[str]]]:
        """For each database with prices, the lines of settings that use it, and its collections with prices.

        Where no database is known (a login is needed), the lines are for the usual name.
        """
        uri = URI.replace("://", "://user:password@") + "/?authSource=admin" if self.wants_login else URI
        databases = self.databases or {settings.get("FINANCE_DB", "finance_db"): ()}
        return [(f'MONGO_URI = "{uri}"\nFINANCE_DB = "{name}"', names) for name, names in databases.items()]


def find() -> LocalServer | None:
    """The MongoDB at the usual port of this machine; None where there is none, or it has no prices.

    A server that wants a login is returned too: it may have prices.
    """
    host, _colon, port = URI.removeprefix("mongodb://").partition(":")
    try:
        # Fails at once where nothing listens; the driver would retry until its timeout.
        socket.create_connection((host, int(port)), LOOK_WITHIN_MS / 1000).close()
    except OSError:
        return None
    client: pymongo.MongoClient[Document] = pymongo.MongoClient(
        URI,
        serverSelectionTimeoutMS=LOOK_WITHIN_MS,
        connectTimeoutMS=LOOK_WITHIN_MS,
        appname="sisepan",
        **database.DECODING,
    )
    with client, pymongo.timeout(3):
        try:
            names = [name for name in client.list_database_names() if name not in ("admin", "config", "local")]
            collections = {name: _with_prices(client[name]) for name in names}
            databases = {name: with_prices for name, with_prices in collections.items() if with_prices}
            return LocalServer(databases) if databases else None
        except OperationFailure as error:
            return LocalServer({}, wants_login=True) if error.code in (13, 18) else None
        except PyMongoError as error:
            _log.info("nothing at %s: %s", URI, type(error).__name__)
            return None


def _with_prices(db: MongoDatabase) -> list[str]:
    names = []
    for name in db.list_collection_names(filter={"type": "collection"}):
        if not inspection.is_own(name):
            recognised = layout.recognise(inspection.sample(db[name], 20), None)
            if recognised and inspection.categories_of(name, recognised.raw_tickers, recognised.described):
                names.append(name)
    return sorted(names)
