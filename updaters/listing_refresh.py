"""Fetches newer lists of whole markets from Yahoo's screener.

Yahoo gives names in English, and no members of indices. FinanceDataReader would give Korean names, but it reads them
from one person's repository, which was not updated for ten weeks after the exchange closed its data. It also loses the
KOSDAQ GLOBAL segment, and is one more dependency. The screener comes with yfinance and lists just the tickers that
updates can fetch.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from finance_core import ticker_fields
from finance_core.categories import Category, Market
from finance_core.errors import FetchFailed, SisepanError
from finance_core.i18n import N_
from finance_core.starter import MARKET_LISTS, MarketList
from finance_core.storage import market_lists
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import ListedTicker, MarketListing
from updaters import yahoo
from updaters.yahoo import Client

LEAST_PART = 0.9
"""A list with less than this share of the tickers of the previous list is a fault of Yahoo."""


def refresh(db: MongoDatabase, lists: Sequence[MarketList], now: dt.datetime | None = None) -> list[MarketListing]:
    """Yahoo's present lists for all files that contain `lists`; does not store them (see `market_lists.keep`).

    Raises FetchFailed if Yahoo does not send a whole list, and SisepanError for the list of an index.
    """
    for each in lists:
        if not each.market:
            date = f"{market_lists.last_good(db, each.file)['date']:%Y-%m-%d}"
            sentence = N_("{title}의 구성 종목은 Yahoo가 알려 주지 않습니다. {date} 목록을 그대로 씁니다.")
            raise SisepanError(sentence, title=each.title, date=date)
    moment = (now or dt.datetime.now(dt.UTC)).replace(tzinfo=None, microsecond=0)
    with yahoo.client() as client:
        return [_refreshed(db, client, file, moment) for file in dict.fromkeys(each.file for each in lists)]


def _refreshed(db: MongoDatabase, client: Client, file: str, now: dt.datetime) -> MarketListing:
    last = market_lists.last_good(db, file)
    market_of = {row["ticker"]: row["market"] for row in last["rows"] if "gone" not in row}
    fetched: dict[str, ListedTicker] = {}
    for each in (each for each in MARKET_LISTS if each.file == file):
        listed = market(client, each.category, each.category.market(each.market))
        before = sum(name == each.market for name in market_of.values())
        if len(listed) < LEAST_PART * before:
            sentence = N_("Yahoo의 {market} 목록에 {count}종목뿐입니다. 앞선 목록은 {before}종목이라 쓰지 않습니다.")
            raise FetchFailed(sentence, market=each.market, count=len(listed), before=before)
        for row in listed:
            # For a while, Yahoo may list a ticker that moved on both markets: then keep its previous market.
            if row["ticker"] not in fetched or market_of.get(row["ticker"]) == each.market:
                fetched[row["ticker"]] = row
    return market_lists.merged(last, fetched.values(), now)


def market(client: Client, category: Category, of_market: Market) -> list[ListedTicker]:
    """All stocks of one market. Raises FetchFailed if Yahoo sends another number of stocks than it announces."""
    quotes: dict[str, str] = {}
    total, offset = 1, 0
    while offset < total:
        page = client.screen(of_market, offset)
        total = page["total"]
        for quote in page["quotes"]:
            name = quote.get("longName") or quote.get("shortName")
            quotes[str(quote["symbol"])] = ticker_fields.clean_text(name)
        offset += yahoo.LARGEST_PAGE
    if len(quotes) != total:
        sentence = N_("Yahoo가 {market} 종목 {total}개 가운데 {count}개만 보냈습니다. 다시 시도하십시오.")
        raise FetchFailed(sentence, market=of_market.key, total=total, count=len(quotes))
    return list(_listed(category, of_market, quotes.items()))


def _listed(category: Category, of_market: Market, quotes: Iterable[tuple[str, str]]) -> Iterable[ListedTicker]:
    for symbol, name in quotes:
        ticker = symbol.removesuffix(of_market.yahoo_suffix)
        if symbol.endswith(of_market.yahoo_suffix) and category.is_ticker(ticker):
            yield ListedTicker(ticker=ticker, name="", name_en=name, market=of_market.key, industry="")
