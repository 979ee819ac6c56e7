"""One import at work: whose bars are stored, beside what is there already, and whether they are there in the end.

A ticker is marked as done after its bars are stored; the next run of an import that was cut off passes over it. That
there is one at a time, and when it is over, is left to `importing`.
"""

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from pymongo.client_session import ClientSession

from finance_core.bars import candles
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.foreign import import_records, sources
from finance_core.foreign.import_records import Descriptions, Progress, Summary
from finance_core.foreign.sources import Found, Source
from finance_core.i18n import N_
from finance_core.storage import database, documents, prices, runs, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.documents import Imported, TickerRow
from finance_core.storage.locations import Store
from finance_core.storage.prices import Written

_log = logging.getLogger(__name__)

DISAGREES = N_(
    "저장된 시세와 {date}의 종가가 다릅니다(저장 {stored}, 가져올 값 {found}). 저장된 것을 그대로 두었습니다."
)
APART = N_("저장된 시세와 겹치는 날이 없어 서로 맞는지 알 수 없습니다. 저장된 것을 그대로 두었습니다.")


class Work:
    """One import at work."""

    def __init__(
        self,
        db: MongoDatabase,
        category: Category,
        source: Source,
        store: Store,
        descriptions: Descriptions,
        lease: runs.LeasedRun,
        progress: Progress,
    ) -> None:
        self._db, self._category, self._source, self._store = db, category, source, store
        self._descriptions, self._lease, self._progress = descriptions, lease, progress
        begun = self._begin()
        self.summary = Summary(category.key, source.name, lease.id, begun["_id"])
        self._is_new = begun["is_new"]
        self._rows_of_others = 0
        """Of tickers that are never marked as done, and so read anew by each run: without a bar, or left as stored."""

    def _begin(self) -> Document:
        """The import of the very same rows that was cut off, or a new one."""
        imports = self._db[documents.IMPORTS]
        of_source = {"category": self._category.key, "source": self._source.name}
        # What it is of: were it next month's file under the old name, what the first run took would hide its rows.
        content = [self._source.fingerprint(), self._source.zone, self._source.epoch_unit]
        before = import_records.latest(self._db, self._category, self._source.name)
        if before and before["state"] == "running" and before.get("content") == content:
            return before | {"is_new": False}
        self._db[documents.REFUSALS].create_index("import")
        earlier = [each["_id"] for each in imports.find(of_source, {"_id": True})]
        begun = {**of_source, "state": "running", "started_at": tickers.now(), "content": content}
        begun["_id"] = imports.insert_one(begun).inserted_id
        imports.update_many({"_id": {"$in": earlier}, "state": "running"}, {"$set": {"state": "abandoned"}})
        self._db[documents.REFUSALS].delete_many({"import": {"$in": earlier}})  # their rows are read anew
        return begun | {"is_new": True}

    def through(self, stop: threading.Event) -> None:
        """Everything; afterwards the summary has its state."""
        wanted, unknown = sources.by_ticker(self._category, self._source.counts())
        summary = self.summary
        summary.total = len(wanted)
        done = {} if self._is_new else self._done()
        if not self._is_new:  # of what it was cut off in, everything is refused again
            self._db[documents.REFUSALS].delete_many({"import": summary.import_id, "of": {"$nin": list(done)}})
        for ticker in done.keys() & wanted.keys():
            del wanted[ticker]
            summary.done += 1
            summary.current += 1
        self._tell()
        for found in sources.ahead(sources.groups(self._source, wanted, stop)):
            self._take(found)
            self._tell()
            if stop.is_set():
                break
        if not stop.is_set():
            for found in sources.refused(self._source, unknown, stop):
                self._remember(found)
                summary.count(found)
                self._tell()
        if not stop.is_set():
            self._verify(stop)
        if stop.is_set():  # what was not read back is no import that is done
            summary.state = "failed" if self._lease.lost else "cancelled"
            return
        self._finish()

    def _done(self) -> dict[str, Imported]:
        """What this import has taken, and nobody has changed since: between two runs of it Yahoo may have come by."""
        unchanged = {"$expr": {"$eq": ["$bars_changed_at", "$imported.changed_at"]}}
        query = {"category": self._category.key, "imported.import": self.summary.import_id, **unchanged}
        return {row["ticker"]: row["imported"] for row in tickers.collection(self._db).find(query)}

    def _take(self, found: Found) -> None:
        summary = self.summary
        self._remember(found)
        summary.count(found)
        if found.bars.empty:
            self._rows_of_others += found.rows if found.ticker else 0
            return
        try:
            written = self._write(found)
        except SisepanError as error:
            self._rows_of_others += found.rows
            _log.warning("%s %s: %s", self._category.key, found.ticker, error)
            failure = runs.Failure(found.ticker, error)
            summary.failures.append(failure)
            self._lease.report(summary.counts, [failure])
            return
        summary.added += written.added
        summary.replaced += written.replaced
        summary.removed += written.removed
        for reason, count in Counter(remark.reason for remark in found.remarks).items():
            _log.info("%s %s: %d bars changed, %s", self._category.key, found.ticker, count, reason)

    def _write(self, found: Found) -> Written:
        """Store what was found of one ticker: alone where it is the only source of it, else beside what is stored."""
        row = tickers.get(self._db, self._category, found.ticker) or {}
        stored = prices.load_from(self._db, self._store, found.ticker)
        before = row.get("imported", {})
        # Not what was only added to: there the source does not have all of it.
        is_from_here = row.get("source") == "import" and before.get("from") == self._source.name and "whole" in before
        imported = {
            "import": self.summary.import_id,
            "from": self._source.name,
            "rows": found.rows,
            "bars": len(found.bars),
            "first_date": found.bars.index[0].to_pydatetime(),
            "last_date": found.bars.index[-1].to_pydatetime(),
        }
        replaces = self._source.keeps_all or _covers(found.bars, stored)
        if stored.empty or (is_from_here and replaces) or row.get("source") == "sample":
            return self._write_whole(found, stored, imported | {"whole": True}, row)
        return self._add(found, stored, imported, row)

    def _write_whole(self, found: Found, stored: pd.DataFrame, imported: Document, row: TickerRow) -> Written:
        fields = {"source": "import", "rewriting": None}

        def write(session: ClientSession | None) -> Written:
            # First whose bars they are, so that the next run knows them even where this one is cut off between them;
            # and, for a server without transactions, that until then they are half of the old and half of the new.
            begun = {"from": self._source.name, "whole": True}
            rewriting = None if stored.empty else True
            self._list(found, {"source": "import", "imported": begun, "rewriting": rewriting}, session)
            written = prices.write_to(self._db, self._store, found.ticker, found.bars, session, remove_others=True)
            self._mark(row, found.ticker, found.bars, fields, imported, written, session)
            return written

        # In one piece where something is replaced. What is only added is in order: a reader sees the first of its days.
        return write(None) if stored.empty else database.atomically(self._db, write)

    def _add(self, found: Found, stored: pd.DataFrame, imported: Document, row: TickerRow) -> Written:
        bars = _missing(stored, found.bars)
        self._list(found, {})
        written = prices.write_to(self._db, self._store, found.ticker, bars, None, remove_others=False)
        fields = {"source": row.get("source") or "import"}
        both = pd.concat([stored[~stored.index.isin(bars.index)], bars]).sort_index()
        self._mark(row, found.ticker, both, fields, imported, written)
        return written

    def _list(self, found: Found, fields: Document, session: ClientSession | None = None) -> None:
        register(self._db, self._category, found.ticker, found.raw_tickers, self._descriptions, session)
        tickers.record(self._db, self._category, found.ticker, fields, session)

    def _mark(
        self,
        before: TickerRow,
        ticker: str,
        bars: pd.DataFrame,
        fields: Document,
        imported: Document,
        written: Written,
        session: ClientSession | None = None,
    ) -> None:
        """Record that the ticker is done, and now has `bars`. Last, as the next run passes over it."""
        state = prices.state_of(bars)
        # Written may have been by a run that was cut off before it could record it.
        is_changed = any(written) or any(before.get(name) != value for name, value in state.items())
        changed_at = tickers.now() if is_changed else before.get("bars_changed_at")
        since = {"changed_at": changed_at} if changed_at else {}
        done = {**imported, **since, "checksum": checksum(bars["close"])}
        marked = {**state, **fields, "bars_changed_at": changed_at, "imported": done}
        if not tickers.record(self._db, self._category, ticker, marked, session):
            # A person has removed it and all of its bars since it was listed: so they shall stay removed.
            self._db[self._store.collection].delete_many({"ticker": ticker}, session=session)

    def _remember(self, found: Found) -> None:
        if found.refusals:
            self._db[documents.REFUSALS].insert_many(
                [
                    {
                        "import": self.summary.import_id,
                        "of": found.ticker,
                        "place": refusal.place,
                        "ticker": refusal.ticker,
                        "date": refusal.date,
                        **refusal.reason.as_document(),
                    }
                    for refusal in found.refusals
                ]
            )

    def _verify(self, stop: threading.Event) -> None:
        """Read back every ticker that was taken, and compare its days and closes with what it should have now."""
        for ticker, imported in self._done().items():
            if stop.is_set():
                return
            if checksum(prices.closes_from(self._db, self._store, ticker)) == imported["checksum"]:
                self.summary.verified += 1
            else:
                self.summary.differing.append(ticker)
                _log.error("%s %s: what is stored differs from what was imported", self._category.key, ticker)

    def _finish(self) -> None:
        summary = self.summary
        done = self._done()
        # Of all runs of this import: the last one may have begun in the middle.
        unknown = self._db[documents.REFUSALS].count_documents({"import": summary.import_id, "of": ""})
        summary.rows = sum(imported["rows"] for imported in done.values()) + self._rows_of_others + unknown
        summary.bars = sum(imported["bars"] for imported in done.values())
        days = [imported[name] for imported in done.values() for name in ("first_date", "last_date")]
        summary.first, summary.last = (min(days).date(), max(days).date()) if days else (None, None)
        summary.refused = self._db[documents.REFUSALS].count_documents({"import": summary.import_id})
        summary.reasons = import_records.reasons(self._db, summary.import_id)
        summary.state = "failed" if summary.differing else "done"
        self._db[documents.IMPORTS].update_one(
            {"_id": summary.import_id},
            {
                "$set": {
                    "state": "done",
                    "finished_at": tickers.now(),
                    "tickers": len(done),
                    "bars": summary.bars,
                    "refused": summary.refused,
                    "verified": summary.verified,
                    "differing": summary.differing,
                    "kept": len(summary.failures),
                }
            },
        )
        self._tell()

    def _tell(self) -> None:
        self._lease.report(self.summary.counts)
        self._progress(self.summary)


def register(
    db: MongoDatabase,
    category: Category,
    ticker: str,
    raw_tickers: Iterable[Any],
    descriptions: Descriptions,
    session: ClientSession | None = None,
) -> None:
    """Put `ticker` on the list with what is known of it, where it is not there; name it where it has no name yet."""
    known = {name: value for name, value in descriptions.get(ticker, {}).items() if value}
    suffixed = {
        market.key
        for market in category.markets
        for raw in raw_tickers
        if market.yahoo_suffix and str(raw).upper().endswith(market.yahoo_suffix)
    }
    market = {"market": suffixed.pop()} if len(suffixed) == 1 else {}
    row = {"ticker": ticker, "name": ticker, **market, **known}
    if not tickers.register(db, category, [row], session) and known.get("name", ticker) != ticker:
        tickers.name_nameless(db, category, ticker, known, session)


def _covers(bars: pd.DataFrame, stored: pd.DataFrame) -> bool:
    """Whether `bars` reach from the first of the `stored` days, or before, to the last, or beyond."""
    return stored.empty or bool(bars.index[0] <= stored.index[0] and bars.index[-1] >= stored.index[-1])


def checksum(close: "pd.Series[float]") -> str:
    """Of closes and their days: two series with the same one are the same."""
    days = pd.DatetimeIndex(close.index).as_unit("ns").asi8
    return hashlib.blake2b(days.tobytes() + close.to_numpy(dtype="float64").tobytes(), digest_size=8).hexdigest()


def _missing(stored: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """Those of `bars` that are to be stored beside what is `stored`: of days that it lacks, and of its last one where
    that was provisional. Raises SisepanError unless the days that both have agree."""
    common = bars.index.intersection(stored.index)
    # The last day of either may have been provisional.
    final = common.difference([stored.index[-1], bars.index[-1]])
    common = final if len(final) else common
    if common.empty:
        raise SisepanError(APART)
    before, found = stored.loc[common, "close"], bars.loc[common, "close"]
    differs = ~np.isclose(before, found, rtol=candles.ROUNDING, atol=0)
    if differs.any():
        day = common[differs][0]
        raise SisepanError(DISAGREES, date=f"{day:%Y-%m-%d}", stored=float(before[day]), found=float(found[day]))
    last = stored.index[-1]
    was_provisional = (
        last in bars.index
        and bars.index[-1] > last
        and not np.isclose(bars.loc[last, "close"], stored.loc[last, "close"], rtol=candles.ROUNDING, atol=0)
    )
    return bars[~bars.index.isin(stored.index[:-1] if was_provisional else stored.index)]
