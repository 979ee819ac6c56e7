"""Descriptions of tickers (name, market, currency), from the user's own lists and from our starter lists."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo.client_session import ClientSession

from finance_core import categories, starter
from finance_core.categories import Category
from finance_core.foreign import field_names, inspection, raw_tickers
from finance_core.foreign.raw_tickers import ByTicker, Described
from finance_core.storage import tickers
from finance_core.storage.database import Document, MongoDatabase

Descriptions = Mapping[str, Mapping[str, Any]]
"""For each ticker its description, as far as it is known: name, name_en, market, currency."""


def of(db: MongoDatabase, category: Category) -> Descriptions:
    """Descriptions of tickers of `category`: those of the user's own lists, completed from our starter lists."""
    known: dict[str, dict[str, str]] = {
        row["ticker"]: {name: row[name] for name in field_names.TICKERS if row.get(name)}
        for row in starter.rows(category)
    }
    for collection in inspection.lists(db):
        for document in db[collection].find():
            ticker, described = _described(category, document)
            if ticker:
                # The user's list comes last: our name, perhaps in another language, must not replace the user's.
                known[ticker] = {**known.get(ticker, {}), **described}
    return known


def completed(descriptions: Descriptions, category: Category, known: ByTicker, described: Described) -> Descriptions:
    """`descriptions`, with gaps filled by name, name_en and market from the price rows (`described`)."""
    of_rows: dict[str, dict[str, str]] = {}
    for ticker, raws in known.items():
        for ours, values in ((ours, values) for raw, _count in raws for ours, values in described.get(raw, {}).items()):
            texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
            markets = [market.key for market in category.markets if market.key in texts]
            if chosen := markets if ours == "market" else texts if ours in ("name", "name_en") else []:
                of_rows.setdefault(ticker, {})[ours] = chosen[-1]
    return {**descriptions, **{ticker: {**of_rows[ticker], **descriptions.get(ticker, {})} for ticker in of_rows}}


def register(
    db: MongoDatabase,
    category: Category,
    ticker: str,
    raws: Iterable[Any],
    descriptions: Descriptions,
    session: ClientSession | None = None,
) -> None:
    """Put `ticker`, which a source writes as `raws`, on the list with its description.

    If it is on the list already, but without a name, set the name and the rest of its description.
    """
    known = {name: value for name, value in descriptions.get(ticker, {}).items() if value}
    market = raw_tickers.market_of(category, raws)
    row = {"ticker": ticker, "name": ticker, **({"market": market} if market else {}), **known}
    if not tickers.register(db, category, [row], session) and known.get("name", ticker) != ticker:
        tickers.name_nameless(db, category, ticker, known, session)


def _described(category: Category, document: Document) -> tuple[str, dict[str, str]]:
    """The ticker in a document of a list, and its description; ("", {}) where it is no ticker of `category`."""
    names = field_names.of_tickers(tuple(document))
    values = {ours: document[theirs] for ours, theirs in names.items() if ours != "ticker"}
    texts = {ours: value.strip() for ours, value in values.items() if isinstance(value, str) and value.strip()}
    named = [row.key for row in categories.named(texts.pop("category", ""))]
    ticker = category.ticker_of(raw_tickers.text_of(document.get(names.get("ticker", ""))))
    if not ticker or not category.is_ticker(ticker) or (named and category.key not in named):
        return "", {}
    if len(texts.get("currency", "")) != 3:
        texts.pop("currency", None)
    return ticker, texts
