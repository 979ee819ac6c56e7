"""The stored prices from Python: `from finance_core import Sisepan`, in a notebook or a script.

Bars are those of the pages: splits that a source has not applied yet are applied, a halted day is a flat bar, and
`source` names sample prices. `attrs["jumps"]` of a frame has the days on which a close is beyond the daily price limit
(see `bars.price_limit`): no change across such a day need be a gain or a loss. Nothing is written. A mistake raises
SisepanError with a sentence that says what to do.

>>> sisepan = Sisepan()
>>> sisepan.search("ㅅㅅㅈㅈ")["ticker"].tolist()
['005930']
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar, get_args

import numpy as np
import pandas as pd

from finance_core import categories, starter
from finance_core.bars import comparison, conditions, periods, price_limit
from finance_core.bars import panel as panels
from finance_core.bars.comparison import Scale
from finance_core.bars.periods import Interval
from finance_core.bars.screen import rule_of
from finance_core.categories import CATEGORIES, Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.search import Index
from finance_core.storage import database, prices, screens, tickers
from finance_core.storage import panels as stored

LISTED: Final = ("name_en", "market", "industry", "currency", "source", "first_date", "last_date", "bar_count")
Day = dt.date | np.datetime64 | str
"""A date, a moment of that date, or its text: 2025-03-03."""
Choice = TypeVar("Choice", bound=str)


class Sisepan:
    """The prices in the database that the app uses: MONGO_URI and FINANCE_DB, or the embedded one.

    Raises SisepanError if that database cannot be reached.
    """

    def __init__(self) -> None:
        self._db = database.connect()

    @property
    def categories(self) -> list[str]:
        """The keys of the categories.

        >>> sisepan.categories
        ['korean_stocks', 'us_stocks', 'indices', 'currencies']
        """
        return [category.key for category in CATEGORIES]

    def tickers(self, category: str) -> pd.DataFrame:
        """The active tickers of a category, indexed by ticker.

        Columns: name, name_en, market, industry, currency, source ("sample": the prices are not real), first_date,
        last_date (tz-naive days), bar_count.

        >>> sisepan.tickers("korean_stocks").loc["005930", "name"]
        '삼성전자'
        """
        rows = tickers.active(self._db, _category(category), LISTED)
        return pd.DataFrame(rows, columns=["ticker", "name", *LISTED]).set_index("ticker")

    def search(self, text: str, limit: int = 10) -> pd.DataFrame:
        """The tickers of all categories that match `text`, best first: by ticker, name, English name, alias, 초성.

        Columns: category, ticker, name, market.

        >>> sisepan.search("삼성전자").to_dict("records")
        [{'category': 'korean_stocks', 'ticker': '005930', 'name': '삼성전자', 'market': 'KOSPI'}]
        """
        known: dict[str, dict[str, object]] = {}
        entries = []
        for category in CATEGORIES:
            rows = tickers.active(self._db, category, ("name_en", "market", *tickers.ORDERED_BY))
            for row, order in zip(rows, tickers.search_orders(category, rows), strict=True):
                key = category.key_of(row["ticker"])
                aliases = (row["ticker"], *starter.aliases().get((category.key, row["ticker"]), ()))
                entries.append({**row, "ticker": key, "aliases": aliases, "order": order})
                named = {"name": row["name"], "market": row.get("market", "")}
                known[key] = {"category": category.key, "ticker": row["ticker"], **named}
        matches = [known[match] for match in Index(entries).search(text, limit)]
        return pd.DataFrame(matches, columns=["category", "ticker", "name", "market"])

    def bars(self, ticker: str, interval: Interval = "D") -> pd.DataFrame:
        """All bars of a ticker ("005930", or "us_stocks:AAPL" where two categories have it), by day, week or month.

        Indexed by tz-naive day, ascending; columns open, high, low, close (in the ticker's currency, adjusted for
        splits), volume (shares), dividends, stock_splits. Raises SisepanError unless one category has it.

        >>> sisepan.bars("005930", "W")[["close", "volume"]].tail(1).round(1).to_dict("records")
        [{'close': 102.0, 'volume': 2000}]
        """
        category, spelled = self._find(ticker)
        daily = prices.load(self._db, category, spelled)
        unit, jumps = _one_of(interval, get_args(Interval)), _jumps(category, daily["close"])
        bars = periods.resample(periods.since_jumps(daily, [*map(pd.Timestamp, jumps)], unit), unit)
        bars.attrs["jumps"] = jumps
        return bars

    def panel(
        self, category: str, fields: Sequence[str] | str = "close", since: Day | None = None, until: Day | None = None
    ) -> pd.DataFrame:
        """A field of all tickers, as sessions × tickers; several fields have (field, ticker) as columns.

        `fields` are open, high, low, close and volume; NaN where a ticker has no bar. `since` defaults to a year ago.

        >>> sisepan.panel("korean_stocks", since="2024-01-02")["005930"].tolist()
        [100.0, 101.0, 102.0]
        """
        names = [_one_of(name, panels.FIELDS) for name in _listed(fields) or [""]]
        begin = dt.date.today() - dt.timedelta(days=366) if since is None else _day(since)
        panel = stored.panel(self._db, _category(category), begin, names)
        if until is not None:
            panel = panel.as_of(np.datetime64(_day(until)))
        index = pd.DatetimeIndex(panel.sessions, name="date").as_unit("ns")
        frames = {name: pd.DataFrame(panel.matrix(name), index, list(panel.tickers)) for name in names}
        result = frames[fields] if isinstance(fields, str) else pd.concat(frames, axis=1)
        result.attrs["jumps"] = {ticker: [*map(str, days)] for ticker, days in panel.jump_days().items()}
        return result

    def screen(self, condition: str, category: str = "korean_stocks", as_of: Day | None = None) -> pd.DataFrame:
        """The tickers for which `condition` holds: a condition, or the name of a ready one (new_high, 골든크로스, …).

        With `as_of`, no later bar is used. Indexed by ticker; columns: name, date (of the last bar), close, change1 (a
        ratio), and the fields of the condition. `attrs` has the "day", the number of tickers that were "judged", the
        number of these whose last bar is before that day ("behind"), and the "unjudged" tickers by reason. Raises
        SisepanError that points at a mistake in the condition.

        >>> found = sisepan.screen("close > 1.9% + ago(close, 1)")
        >>> found.index.tolist(), found.attrs["judged"]
        (['005930'], 1)
        >>> list(found.columns)
        ['name', 'date', 'close', 'change1']
        """
        of_category = _category(category)
        tree = conditions.parse(rule_of(condition))
        result = screens.ask(self._db, of_category, tree, None if as_of is None else _day(as_of))
        names = {row["ticker"]: row["name"] for row in tickers.active(self._db, of_category)}
        columns = {"name": [names.get(ticker, ticker) for ticker in result.tickers], "date": result.dates}
        frame = pd.DataFrame(columns | result.columns, index=pd.Index(result.tickers, name="ticker"))
        frame.attrs = {name: getattr(result, name) for name in ("day", "judged", "behind", "unjudged")}
        return frame

    def compare(self, names: Sequence[str] | str, since: Day | None = None, scale: Scale = "percent") -> pd.DataFrame:
        """The closes of several tickers on the union of their sessions; columns are `names`, NaN on days without a bar.

        "percent" is the change since the first close on or after `since`, "index" is 100 there, "price" is the price.
        No price is converted into another currency.

        >>> sisepan.compare(["005930"], since="2024-01-02")["005930"].round(6).tolist()
        [0.0, 1.0, 2.0]
        """
        _one_of(scale, get_args(Scale))
        found = {name: self._find(name) for name in _listed(names)}
        closes = comparison.align({name: prices.load(self._db, *ticker)["close"] for name, ticker in found.items()})
        jumps = {name: _jumps(category, closes[name]) for name, (category, _ticker) in found.items()}
        if closes.empty:
            closes.attrs["jumps"] = jumps
            return closes
        first = closes.index[0] if since is None else pd.Timestamp(_day(since))
        if scale != "price":
            bases = {name: comparison.base_of(closes[name], first) for name in closes.columns}
            closes = comparison.rebase(closes, bases, scale)
        closes = closes[closes.index >= first]
        closes.attrs["jumps"] = {name: [day for day in days if day > str(first.date())] for name, days in jumps.items()}
        return closes

    def _find(self, text: str) -> tuple[Category, str]:
        """The category and the ticker that `text` names."""
        text = str(text)  # a table may hold codes as numbers
        key, _separator, ticker = text.rpartition(":")
        among = [_category(key)] if key else CATEGORIES
        matches = [
            (category, spelled)
            for category in among
            if category.is_ticker(spelled := category.ticker_of(ticker)) and tickers.get(self._db, category, spelled)
        ]
        if len(matches) == 1:
            return matches[0]
        names = ", ".join(category.key_of(spelled) for category, spelled in matches)
        if matches:
            sentence = N_("{ticker}은(는) 여러 카테고리에 있습니다. 하나를 쓰십시오: {names}")
            raise SisepanError(sentence, ticker=ticker, names=names)
        raise SisepanError(N_("{ticker}은(는) 목록에 없는 종목입니다. search()로 찾아 보십시오."), ticker=text[:40])


def _jumps(category: Category, close: "pd.Series[float]") -> list[str]:
    """The days of the jumps of a ticker's daily closes, as text: files of frames keep no dates in `attrs`."""
    known = close.dropna()
    days = pd.DatetimeIndex(known.index)
    jumps = price_limit.jumps_of(category, (days.to_numpy(), {"close": known.to_numpy()}))
    return [str(days[at].date()) for at in jumps]


def _listed(names: Sequence[str] | str) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _category(key: str) -> Category:
    return categories.category(_one_of(key, [category.key for category in CATEGORIES]))


def _one_of(value: Choice, options: Iterable[Choice]) -> Choice:
    if value not in (known := list(options)):
        sentence = N_("'{value}'은(는) 쓸 수 없는 값입니다. 쓸 수 있는 것: {options}")
        raise SisepanError(sentence, value=str(value)[:40], options=", ".join(known))
    return value


def _day(day: Day) -> dt.date:
    try:
        return dt.datetime.fromisoformat(str(day)).date()
    except ValueError as error:
        raise SisepanError(N_("{day}은(는) 날짜가 아닙니다. 2025-03-03처럼 씁니다."), day=str(day)[:40]) from error
