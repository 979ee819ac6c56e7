"""Databases and files as other programs leave them, each made of the same prices: a row of `LAYOUTS` each.

A layout is either to be read, equal bar by bar, or to be refused with a sentence; it is never to come out wrong.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
from bson import Int64, Timestamp

from finance_core.bars import sessions
from finance_core.foreign.trading_days import EXCHANGES
from tests.yahoo import random_walk

Document = dict[str, Any]
Tables = Mapping[str, pd.DataFrame]
PRICES: Final = ("open", "high", "low", "close")
FIELDS: Final = (*PRICES, "volume")
FIRST, LAST = dt.date(2023, 12, 1), dt.date(2024, 5, 31)


def tables(tickers: Mapping[str, str], first: dt.date = FIRST, last: dt.date = LAST) -> dict[str, pd.DataFrame]:
    """A table of prices for each ticker, on the sessions of its calendar; the columns are `FIELDS`."""
    return {
        ticker: random_walk(sessions.between(calendar, first, last), seed)[list(FIELDS)]
        for seed, (ticker, calendar) in enumerate(tickers.items(), start=1)
    }


KOREAN: Final = tables({"005930": "XKRX", "000660": "XKRX", "035720": "XKRX"})
AMERICAN: Final = tables({"AAPL": "XNYS", "MSFT": "XNYS", "BRK-B": "XNYS"})
EVERY_WEEKDAY: Final = tables({"005930": "24/5"})["005930"]
FEW_DAYS: Final = tables({"005930": "XKRX"}, dt.date(2024, 1, 2), dt.date(2024, 1, 12))
WORLD_ZONES: Final = {
    "^KS11": ("XKRX", "Asia/Seoul"),
    "^KQ11": ("XKRX", "Asia/Seoul"),
    "^GSPC": ("XNYS", "America/New_York"),
    "^IXIC": ("XNYS", "America/New_York"),
    "^DJI": ("XNYS", "America/New_York"),
    "^N225": ("XTKS", "Asia/Tokyo"),
    "^HSI": ("XHKG", "Asia/Hong_Kong"),
    "^TWII": ("XTAI", "Asia/Taipei"),
    "^BSESN": ("XBOM", "Asia/Kolkata"),
    "^STI": ("XSES", "Asia/Singapore"),
    "^AXJO": ("XASX", "Australia/Sydney"),
    "^NZ50": ("XNZE", "Pacific/Auckland"),
    "^GDAXI": ("XETR", "Europe/Berlin"),
    "^FTSE": ("XLON", "Europe/London"),
    "^FCHI": ("XPAR", "Europe/Paris"),
    "^SSMI": ("XSWX", "Europe/Zurich"),
    "^GSPTSE": ("XTSE", "America/Toronto"),
    "^BVSP": ("BVMF", "America/Sao_Paulo"),
}
RATES: Final = tables({"USDKRW": "24/5", "EURUSD": "24/5"})
EURO_STOXX: Final = tables({"^STOXX50E": "XPAR"}, dt.date(2023, 11, 1), dt.date(2024, 3, 1))["^STOXX50E"]
WORLD: Final = tables({ticker: calendar for ticker, (calendar, _zone) in WORLD_ZONES.items()})


def rows(prices: Tables) -> Iterator[tuple[str, dt.date, dict[str, float]]]:
    """Ticker, day and values of every bar."""
    for ticker, table in prices.items():
        for day, values in zip(table.index, table.to_dict("records"), strict=True):
            yield ticker, day.date(), {str(name): value for name, value in values.items()}


def midnight(day: dt.date, zone: str = "UTC") -> dt.datetime:
    """Midnight of `day` in `zone`, as a moment in UTC."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


def flat(prices: Tables, **form: Callable[[Any], Any]) -> list[Document]:
    """A document a bar in our own layout; `form` changes fields: `ticker=`, `date=`, `number=`, `volume=`."""
    same: Callable[[Any], Any] = lambda value: value  # noqa: E731
    ticker_form, date_form = form.get("ticker", same), form.get("date", midnight)
    number, volume = form.get("number", same), form.get("volume", int)
    return [
        {
            "ticker": ticker_form(ticker),
            "date": date_form(day),
            **{name: number(values[name]) for name in PRICES},
            "volume": volume(values["volume"]),
        }
        for ticker, day, values in rows(prices)
    ]


def renamed(prices: Tables, names: Mapping[str, str], **form: Callable[[Any], Any]) -> list[Document]:
    """`flat` under other field names."""
    return [{names.get(key, key): value for key, value in row.items()} for row in flat(prices, **form)]


def twice(first: Document, second: Document, days: int = 20) -> list[Document]:
    """Rows of the last days with other closes and the fields of `first`, then all rows with those of `second`."""
    others = flat({ticker: table[-days:] for ticker, table in KOREAN.items()})
    return [row | {"close": round((row["high"] + row["low"] * 2) / 3)} | first for row in others] + [
        row | second for row in flat(KOREAN)
    ]


@dataclass(frozen=True)
class Layout:
    """One database that another program leaves."""

    collections: Callable[[], dict[str, list[Document]]]
    prices: Tables
    category: str
    """Of the converted prices."""
    read: bool = True
    """False: it must be refused, since nothing in it tells what is right."""
    arguments: tuple[str, ...] = ()
    """Further options of the conversion: what a person answers to the question that is asked without them."""

    @property
    def refused(self) -> "Layout":
        return replace(self, read=False)

    def with_options(self, options: tuple[str, ...]) -> "Layout":
        return replace(self, arguments=options)


def one(documents: Callable[[], list[Document]], name: str = "prices") -> Callable[[], dict[str, list[Document]]]:
    return lambda: {name: documents()}


def by_ticker(prices: Tables, value: Callable[[str, pd.DataFrame], Document]) -> list[Document]:
    return [value(ticker, table) for ticker, table in prices.items()]


def by_day(prices: Tables, value: Callable[[dict[str, dict[str, float]]], Any], name: str = "prices") -> list[Document]:
    """A document a day, with what `value` makes of the values by ticker."""
    days: dict[dt.date, dict[str, dict[str, float]]] = {}
    for ticker, day, values in rows(prices):
        days.setdefault(day, {})[ticker] = values
    return [{"date": midnight(day), name: value(of_day)} for day, of_day in sorted(days.items())]


def closes_by_ticker(times: float) -> list[Document]:
    """A document a day with a field for each ticker's close, multiplied."""
    days = by_day(KOREAN, lambda of_day: {ticker: values["close"] * times for ticker, values in of_day.items()})
    return [{"date": day["date"], **day["prices"]} for day in days]


def text(day: dt.date, pattern: str) -> str:
    return f"{day:{pattern}}"


KIS = {
    "ticker": "stck_shrn_iscd",
    "date": "stck_bsop_date",
    "open": "stck_oprc",
    "high": "stck_hgpr",
    "low": "stck_lwpr",
}
KIS |= {"close": "stck_clpr", "volume": "acml_vol"}
NAVER = {"ticker": "itemCode", "date": "localTradedAt", "open": "openPrice", "high": "highPrice", "low": "lowPrice"}
NAVER |= {"close": "closePrice", "volume": "accumulatedTradingVolume"}
KOREAN_NAMES = {"ticker": "종목코드", "date": "날짜", "open": "시가", "high": "고가", "low": "저가", "close": "종가"}
KOREAN_NAMES |= {"volume": "거래량"}
YFINANCE = {name: name.capitalize() for name in FIELDS} | {"date": "Date", "ticker": "symbol"}


def in_zones(prices: Tables) -> list[Document]:
    """Midnights of each exchange, as `history()` leaves them in MongoDB."""
    return [
        {**row, "date": midnight(day, EVERYWHERE[ticker][1])}
        for row, (ticker, day, _values) in zip(flat(prices), rows(prices), strict=True)
    ]


def hourly(prices: Tables, days: int | None = None, zone: str = "Asia/Seoul") -> list[Document]:
    """Seven bars a day that make up the bars of `prices`, of the last `days` of each ticker."""
    documents = []
    for ticker, day, values in rows({ticker: table.iloc[-days if days else 0 :] for ticker, table in prices.items()}):
        for hour in range(9, 16):
            moment = dt.datetime.combine(day, dt.time(hour), ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)
            volume = int(values["volume"]) // 7 + (int(values["volume"]) % 7 if hour == 15 else 0)
            close = values["close" if hour == 15 else "open"]
            documents.append({"ticker": ticker, "date": moment, **values, "close": close, "volume": volume})
    return documents


def weekly(prices: Tables) -> list[Document]:
    """Bars of weeks, with the date of their first session."""
    ways = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    weeks = {}
    for ticker, table in prices.items():
        by_week = table.assign(day=table.index).groupby(table.index.to_period("W"))
        weeks[ticker] = by_week.agg({"day": "first", **ways}).set_index("day")
    return flat(weeks)


def seoul(day: dt.date) -> dt.datetime:
    return midnight(day, "Asia/Seoul")


def new_york(day: dt.date) -> dt.datetime:
    return midnight(day, "America/New_York")


def wide_closes() -> list[Document]:
    days = by_day(KOREAN, lambda of_day: {ticker: values["close"] for ticker, values in of_day.items()})
    return [{"date": row["date"], **row["prices"]} for row in days]


def by_years(ticker: str, table: pd.DataFrame) -> Document:
    years: dict[str, list[Document]] = {}
    for _ticker, day, values in rows({ticker: table}):
        years.setdefault(str(day.year), []).append({"date": midnight(day), **values})
    return {"ticker": ticker, "years": years}


def nested(row: Document) -> Document:
    ohlc = {name: row.pop(name) for name in PRICES}
    return {**row, "ohlc": ohlc}


def chart(symbol: str, table: pd.DataFrame, zone: str) -> Document:
    """What Yahoo answers, with the moments at which sessions open."""
    moments = table.index.tz_localize(zone) + pd.Timedelta(hours=9)
    quote = {name: table[name].tolist() for name in FIELDS}
    result = {
        "meta": {"currency": "?", "symbol": symbol, "gmtoffset": 0, "range": "1y"},
        "timestamp": [int(moment.timestamp()) for moment in moments],
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": quote["close"]}]},
    }
    return {"chart": {"result": [result], "error": None}}


def split(table: pd.DataFrame) -> Document:
    """A table as `to_dict("split")` and a driver leave it: tuples are lists then."""
    written = table.to_dict("split")
    return written | {"columns": [list(name) if isinstance(name, tuple) else name for name in written["columns"]]}


def calendar(table: pd.DataFrame) -> Document:
    years: Document = {}
    for _ticker, day, values in rows({"": table}):
        years.setdefault(str(day.year), {}).setdefault(str(day.month), {})[f"{day.day:02}"] = values
    return years


def summary(ticker: str, table: pd.DataFrame) -> Document:
    """The last bar and, in a list, all bars."""
    history = flat({ticker: table})
    return {**history[-1], "history": [{key: row[key] for key in ("date", *FIELDS)} for row in history]}


def strays() -> list[Document]:
    """A collection that is called by its ticker, with rows of another one in it."""
    ours = [{key: row[key] for key in row if key != "ticker"} for row in flat({"005930": KOREAN["005930"]})]
    return ours + flat({"000660": KOREAN["000660"][:3]})


def yf_download(separator: Callable[[str, str], str]) -> list[Document]:
    """`yf.download` of several tickers with its columns made flat."""
    documents: dict[dt.date, Document] = {}
    for ticker, day, values in rows(KOREAN):
        document = documents.setdefault(day, {"Date": midnight(day)})
        document |= {separator(name.capitalize(), f"{ticker}.KS"): value for name, value in values.items()}
    return [document for _day, document in sorted(documents.items())]


def minutes(count: int = 80) -> list[Document]:
    """Bars of the minutes of each ticker's last day, whose clock times are in a field of their own."""
    last = [row for ticker, table in KOREAN.items() for row in flat({ticker: table[-1:]})]
    return [row | {"time": f"{900 + minute:04}00", "volume": 10 + minute} for row in last for minute in range(count)]


def ends_of_months() -> list[Document]:
    """Bars of months, each on the last session of its month."""
    longer = {}
    for ticker, table in KOREAN.items():
        months = table.groupby(table.index.to_period("M"))
        how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        longer[ticker] = months.agg(how).set_axis(months.apply(lambda month: month.index[-1]))
    return flat(longer)


def changes() -> list[Document]:
    """Changes in percent in the place of prices."""
    shares = {ticker: table[list(PRICES)].pct_change()[1:] * 100 for ticker, table in KOREAN.items()}
    return flat({ticker: table.assign(volume=1.0) for ticker, table in shares.items()})


def figures(**more: Callable[[pd.DataFrame], Any]) -> Layout:
    """A document a ticker with numbers by day in each of these fields."""
    return korean(
        lambda: by_ticker(
            KOREAN, lambda ticker, table: {"ticker": ticker, **{name: value(table) for name, value in more.items()}}
        )
    )


def fallen(sign: int) -> Tables:
    """Prices that fall by a third a day at the end, with this sign where they fall."""
    tables = {}
    for ticker, table in KOREAN.items():
        prices = table.copy()
        for step, day in enumerate(prices.index[-6:], start=1):
            prices.loc[day, list(PRICES)] = sign * (table["low"].min() * 0.67**step // 1)
        tables[ticker] = prices
    return tables


def by_day_of(column: str) -> Callable[[pd.DataFrame], dict[str, float]]:
    return lambda table: {f"{day:%Y-%m-%d}": float(value) for day, value in table[column].items()}


def filled(prices: Tables, days: str, form: str) -> Tables:
    """Tables in which every day of a frequency repeats the one before: only its close, or all of it."""
    whole = {
        ticker: table.reindex(pd.date_range(table.index[0], table.index[-1], freq=days))
        for ticker, table in prices.items()
    }
    if form == "rows":
        return {ticker: table.ffill() for ticker, table in whole.items()}
    closes = {ticker: table["close"].ffill() for ticker, table in whole.items()}
    return {
        ticker: table.fillna({"volume": 0} | dict.fromkeys(PRICES, closes[ticker])) for ticker, table in whole.items()
    }


def closes_only(prices: Tables) -> dict[str, pd.DataFrame]:
    """The bars of tables of which only the close is known."""
    flat_bars = {}
    for ticker, table in prices.items():
        bars = table.copy()
        for name in PRICES:
            bars[name] = table["close"]
        bars["volume"] = 0.0
        flat_bars[ticker] = bars
    return flat_bars


def dates(form: Callable[[dt.date], Any]) -> Layout:
    """Our own layout but for the form of its dates."""
    return Layout(one(lambda: flat(KOREAN, date=form), "korea_daily"), KOREAN, "korean_stocks")


def numbers(**form: Callable[[Any], Any]) -> Layout:
    """Our own layout but for the form of its numbers."""
    return Layout(one(lambda: flat(KOREAN, **form), "korea_daily"), KOREAN, "korean_stocks")


def grouped(price: float) -> str:
    """With two decimals where the number is odd: 1,012 beside 1,013.00."""
    return f"{price:,.2f}" if price % 2 else f"{price:,.0f}"


def pointed(value: float) -> str:
    """As in Germany: 12.129.682."""
    return f"{value:,.0f}".replace(",", ".")


def korean(documents: Callable[[], list[Document]], prices: Tables = KOREAN) -> Layout:
    return Layout(one(documents, "korea_daily"), prices, "korean_stocks")


def american(documents: Callable[[], list[Document]]) -> Layout:
    return Layout(one(documents, "us_daily"), AMERICAN, "us_stocks")


EVERYWHERE: Final = WORLD_ZONES | {f"^{exchange.calendar}": exchange[::-1] for exchange in EXCHANGES}
"""An index of each exchange too, of which nothing tells where it is."""

AGGREGATE, DAILY = ("--intraday", "aggregate"), ("--intraday", "daily")

LAYOUTS: Final[dict[str, Layout]] = {
    # Shapes
    "yf.download flat": korean(lambda: yf_download(lambda name, ticker: f"{name}_{ticker}")),
    "yf.download tuple texts": korean(lambda: yf_download(lambda name, ticker: f"('{name}', '{ticker}')")),
    "wide closes": korean(wide_closes, closes_only(KOREAN)),
    "a collection a ticker": Layout(
        lambda: {
            ticker: [{key: row[key] for key in row if key != "ticker"} for row in flat({ticker: table})]
            for ticker, table in KOREAN.items()
        },
        KOREAN,
        "korean_stocks",
    ),
    "key of ticker and day": korean(
        lambda: [
            {"_id": f"{row['ticker']}_{row['date']:%Y%m%d}", **{name: row[name] for name in FIELDS}}
            for row in flat(KOREAN)
        ]
    ),
    "to_dict by field": korean(
        lambda: by_ticker(
            KOREAN,
            lambda ticker, table: {
                "ticker": ticker,
                "data": {
                    name: {f"{day:%Y-%m-%d}": float(value) for day, value in table[name].items()} for name in FIELDS
                },
            },
        )
    ),
    "candles as lists": korean(
        lambda: by_ticker(
            KOREAN,
            lambda ticker, table: {
                "symbol": ticker,
                "candles": [
                    [int(day.timestamp()) * 1000, *map(float, values)]
                    for day, values in zip(table.index, table.to_numpy(), strict=True)
                ],
            },
        )
    ),
    "Yahoo's chart": korean(
        lambda: by_ticker(KOREAN, lambda ticker, table: chart(f"{ticker}.KS", table, "Asia/Seoul"))
    ),
    "Yahoo's chart, New York": american(
        lambda: by_ticker(AMERICAN, lambda ticker, table: chart(ticker, table, "America/New_York"))
    ),
    "to_dict split": korean(lambda: by_ticker(KOREAN, lambda ticker, table: {"ticker": ticker, **split(table)})),
    "to_dict split in a field, days as texts": korean(
        lambda: by_ticker(
            KOREAN,
            lambda ticker, table: {"_id": ticker, "frame": split(table.set_axis(table.index.strftime("%Y-%m-%d")))},
        )
    ),
    "to_dict split of several tickers": korean(
        lambda: [
            split(pd.concat({f"{ticker}.KS": table for ticker, table in KOREAN.items()}, axis=1).swaplevel(axis=1))
        ]
    ),
    "to_dict split with a column of days": korean(
        lambda: by_ticker(
            KOREAN, lambda ticker, table: {"ticker": ticker, "data": split(table.rename_axis("Date").reset_index())}
        )
    ),
    "year, month, day": korean(lambda: by_ticker(KOREAN, lambda ticker, table: {"ticker": ticker, **calendar(table)})),
    "year, month, day in a field": korean(
        lambda: by_ticker(KOREAN, lambda ticker, table: {"_id": ticker, "name": "?", "prices": calendar(table)})
    ),
    "a summary above a history": korean(lambda: by_ticker(KOREAN, summary)),
    "nested ohlc": korean(lambda: [nested(row) for row in flat(KOREAN)]),
    "a document a day, list": korean(
        lambda: by_day(
            KOREAN, lambda of_day: [{"ticker": ticker, **values} for ticker, values in of_day.items()], "stocks"
        )
    ),
    "a document a day, dict": korean(lambda: by_day(KOREAN, lambda of_day: of_day)),
    "years": korean(lambda: by_ticker(KOREAN, by_years)),
    "short names": korean(lambda: renamed(KOREAN, {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"})),
    "time series": korean(
        lambda: [
            {"ts": row["date"], "meta": {"ticker": row["ticker"]}, **{name: row[name] for name in FIELDS}}
            for row in flat(KOREAN)
        ]
    ),
    "Naver": korean(lambda: renamed(KOREAN, NAVER, date=lambda day: f"{day}T00:00:00+09:00", number="{:,.0f}".format)),
    "KIS": korean(
        lambda: renamed(KOREAN, KIS, date=lambda day: f"{day:%Y%m%d}", number="{:.0f}".format, volume="{:.0f}".format)
    ),
    "Korean names, 오픈": korean(lambda: renamed(KOREAN, KOREAN_NAMES | {"open": "오픈"})),
    # Dates
    "day first": dates(lambda day: text(day, "%d/%m/%Y")),
    "month first": dates(lambda day: text(day, "%m/%d/%Y")),
    "Korean words": dates(lambda day: f"{day.year}년 {day.month}월 {day.day}일"),
    "two-digit years": dates(lambda day: text(day, "%y.%m.%d")),
    "Excel days": dates(lambda day: (day - dt.date(1899, 12, 30)).days),
    "nanoseconds": dates(lambda day: Int64(int(midnight(day).replace(tzinfo=dt.UTC).timestamp()) * 10**9)),
    "microseconds": dates(lambda day: Int64(int(midnight(day).replace(tzinfo=dt.UTC).timestamp()) * 10**6)),
    "BSON timestamps": dates(lambda day: Timestamp(int(midnight(day).replace(tzinfo=dt.UTC).timestamp()), 1)),
    "naive text in UTC": dates(lambda day: f"{midnight(day, 'Asia/Seoul'):%Y-%m-%d %H:%M:%S}"),
    # Numbers
    "shares with a unit": numbers(volume="{:,.0f}주".format),
    "falls marked by a sign": numbers(number=lambda price: f"{'-' if price % 2 else '+'}{price:.0f}"),
    "points between thousands": numbers(number=lambda price: f"{price:,.0f}".replace(",", ".")),
    "points between thousands of volumes too": numbers(number=pointed, volume=pointed),
    "points between thousands of volumes": american(lambda: flat(AMERICAN, number="{:.0f}".format, volume=pointed)),
    "points between thousands or decimals": american(
        lambda: flat(AMERICAN, number=lambda price: f"{price:,.0f}".replace(",", "."))
    ).refused,
    "commas between thousands or decimals": american(
        lambda: flat(AMERICAN, number=lambda price: f"{price:,.0f}")
    ).refused,
    "commas between thousands of which some have decimals": american(lambda: flat(AMERICAN, number=grouped)),
    "commas before three decimals of rates": Layout(
        one(lambda: flat(RATES, number=lambda price: f"{price:.3f}".replace(".", ",")), "rates"), RATES, "currencies"
    ).refused,
    "commas before decimals of Korean prices": numbers(
        number=lambda price: f"{price / 1000:.6g}".replace(".", ",")
    ).refused,
    "three decimals of rates": Layout(
        one(lambda: flat(RATES, number=lambda price: f"{price:.3f}"), "rates"), RATES, "currencies"
    ),
    "three decimals": american(lambda: flat(AMERICAN, number=lambda price: f"{price:.3f}")),
    # Rows that contradict each other
    "rows twice": korean(lambda: flat(KOREAN) + flat(KOREAN)),
    "adjusted prices beside raw ones": korean(
        lambda: flat(KOREAN) + [row | {"close": row["close"] / 2, "adjusted": True} for row in flat(KOREAN)]
    ).refused,
    **{
        f"{field} beside another on a sixth of the days": korean(
            lambda field=field, words=words: twice(
                *({field: word} if isinstance(word, str | bool | int) else dict(word or ()) for word in words)
            )
        ).refused
        for field, words in {
            **dict.fromkeys(("venue", "EXCG_ID", "체결시장"), ("NXT", "KRX")),
            "session": ("after", "regular"),
            "구분": ("시간외", "정규"),
            "source": ("yahoo", "krx"),
            "board": (2, 1),
            "an inner exchange": ([("meta", {"excd": "NXT"})], [("meta", {"excd": "KRX"})]),
            "a field of one side alone": ([("ats", "NXT")], None),
        }.items()
    },
    "an exchange in the rows of a list, beside another": korean(
        lambda: [
            {"ticker": ticker, "days": [row for row in twice({"venue": "NXT"}, {}) if row.pop("ticker") == ticker]}
            for ticker in KOREAN
        ]
    ).refused,
    **{
        f"rows corrected later, with {field}": korean(lambda words=words: twice(*words))
        for field, words in {
            "a moment": ({"updated_at": dt.datetime(2024, 6, 3)}, {"updated_at": dt.datetime(2024, 6, 4)}),
            "a moment as text": ({"at": "2024-06-03 07:00"}, {"at": "2024-06-04 07:00"}),
            "seconds": ({"written": 1717400000}, {"written": 1717486400}),
            "a version": ({"version": 1}, {"version": 2}),
            "a mark": ({}, {"corrected": True}),
            "a mark of a changed row": ({"수정여부": "N"}, {"수정여부": "Y"}),
            "a mark of what is final": ({"is_final": False}, {"is_final": True}),
            "the run of a program": ({"job": "0d2f6f0c-5f0e-4a54-9d0c"}, {"job": "9a2f6f0c-5f0e-4a54-9d0c-33"}),
            "the same source": ({"source": "krx"}, {"source": "krx"}),
        }.items()
    },
    **{
        f"adjusted prices before raw ones, by {field}": korean(
            lambda field=field, words=words: [
                row | {field: words[row["date"] < dt.datetime(2024, 3, 1)]} for row in flat(KOREAN)
            ]
        ).refused
        for field, words in {
            "수정주가여부": ("N", "Y"),
            "adjusted": (False, True),
            "adj_yn": (0, 1),
            "kind": ("raw", "adj"),
            "구분": ("원주가", "수정주가"),
        }.items()
    },
    **{
        f"a flag of adjusted prices that says {words} alone": korean(
            lambda words=words: [
                row | {"adjusted": words[row["date"] < dt.datetime(2024, 3, 1)]} for row in flat(KOREAN)
            ]
        )
        for words in (("Y", "Y"), ("N", None), ("Y", ""), (71000.5, 0))
    },
    "adjusted prices of one ticker and raw ones of another": korean(
        lambda: [row | {"adjusted": row["ticker"] == "005930"} for row in flat(KOREAN)]
    ),
    "rows corrected on three days, from another source": korean(
        lambda: twice({"source": "krx"}, {"source": "manual"}, 3)
    ),
    "rows corrected later, numbered": korean(lambda: [row | {"n": number} for number, row in enumerate(twice({}, {}))]),
    "the day of the download as the date": korean(
        lambda: [row | {"date": dt.datetime(2024, 6, 3), "trade_date": f"{row['date']:%Y%m%d}"} for row in flat(KOREAN)]
    ),
    "a collection of a ticker with rows of another": Layout(
        one(strays, "005930"),
        {"005930": KOREAN["005930"], "000660": KOREAN["000660"][:3]},
        "korean_stocks",
    ),
    "the answer of data.go.kr": korean(
        lambda: [
            {
                "response": {
                    "header": {"resultCode": "00"},
                    "body": {
                        "numOfRows": 100,
                        "items": {"item": renamed(KOREAN, {"ticker": "srtnCd", "close": "clpr"})},
                    },
                }
            }
        ]
    ),
    # What looks odd and is a bar
    "years beside a number": korean(
        lambda: by_ticker(
            KOREAN,
            lambda ticker, table: {
                "ticker": ticker,
                "shares": 1,
                "2023-12": flat({ticker: table[:50]}),
                "2024-01": flat({ticker: table[50:]}),
            },
        )
    ),
    "two halves": korean(
        lambda: by_ticker(
            KOREAN,
            lambda ticker, table: {
                "ticker": ticker,
                "h1": flat({ticker: table[:50]}),
                "h2": flat({ticker: table[50:]}),
            },
        )
    ),
    "closes by day in daily_prices, beside counts": replace(
        figures(daily_prices=by_day_of("close"), count=lambda _table: 370), prices=closes_only(KOREAN)
    ),
    "closes by ticker in krx": korean(
        lambda: by_day(KOREAN, lambda of_day: {ticker: row["close"] for ticker, row in of_day.items()}, "krx"),
        closes_only(KOREAN),
    ),
    "closes in columns of tickers": Layout(
        one(lambda: closes_by_ticker(1), "kr_closes"), closes_only(KOREAN), "korean_stocks"
    ),
    "market values in columns of tickers": Layout(
        one(lambda: closes_by_ticker(7), "kr_market_cap"), KOREAN, "korean_stocks"
    ).refused,
    "prices of two exchanges in a document a day": korean(
        lambda: [
            {
                **{name: row[name] for name in ("ticker", "date")},
                "nxt": {name: row[name] * 2 for name in PRICES},
                "krx": {name: row[name] for name in (*PRICES, "volume")},
            }
            for row in flat(KOREAN)
        ]
    ).refused,
    "the close of the day before in an inner document": korean(
        lambda: [
            {name: value for name, value in row.items() if name != "close"} | {"prev": {"close": row["close"]}}
            for row in flat(KOREAN)
        ]
    ).refused,
    "volumes in an inner document": korean(
        lambda: [
            {
                "_id": {name: row[name] for name in ("ticker", "date")},
                **{name: row[name] for name in PRICES},
                "trading": {"volume": row["volume"]},
            }
            for row in flat(KOREAN)
        ]
    ),
    "bars in an inner document beside the range of a year and the close before": korean(
        lambda: [
            {
                **{name: row[name] for name in ("ticker", "date")},
                "week52": {"high": 9e6, "low": 1.0},
                "prev": {"close": 1.0},
                "bar": {name: row[name] for name in (*PRICES, "volume")},
            }
            for row in flat(KOREAN)
        ]
    ),
    "units and states of something beside the bar": korean(
        lambda: [
            row | {"market_cap": {"value": 1, "unit": "억원"}, "news": {"status": "deleted"}, "is_active": False}
            for row in flat(KOREAN)
        ]
    ),
    "a unit in an inner document": korean(lambda: [row | {"meta": {"unit": "천원"}} for row in flat(KOREAN)]).refused,
    "won in an inner document": korean(lambda: [row | {"meta": {"unit": "원"}} for row in flat(KOREAN)]),
    "dollars in an inner document": korean(
        lambda: [row | {"info": {"currency": "USD"}} for row in flat(KOREAN)]
    ).refused,
    "rows that were deleted at some moment": korean(
        lambda: (
            flat(KOREAN) + [row | {"close": row["close"] * 2, "deletedAt": row["date"]} for row in flat(KOREAN)[::3]]
        )
    ),
    "a collection of a ticker's prices on another exchange": Layout(
        lambda: {"005930_NX": [row for row in flat({"005930": KOREAN["005930"]}) if row.pop("ticker")]},
        {"005930": KOREAN["005930"]},
        "korean_stocks",
    ).refused,
    "rows with two flags, of which one says that they were deleted": korean(
        lambda: (
            flat(KOREAN)
            + [
                row | {"close": row["close"] * 2, "isDeleted": False, "deletedAt": row["date"]}
                for row in flat(KOREAN)[::3]
            ]
        )
    ),
    "won and thousands of shares": korean(
        lambda: [row | {"가격단위": "원", "거래량단위": "천주"} for row in flat(KOREAN)]
    ).refused,
    "prices in thousands of won": korean(lambda: [row | {"unit": "천원"} for row in flat(KOREAN)]).refused,
    "prices in won, as a field says": korean(lambda: [row | {"unit": "원"} for row in flat(KOREAN)]),
    "prices times a hundred": korean(lambda: [row | {"scale": 2} for row in flat(KOREAN)]).refused,
    "corrected rows, marked as not valid": korean(
        lambda: flat(KOREAN) + [row | {"close": row["close"] * 2, "is_valid": False} for row in flat(KOREAN)]
    ),
    "deleted rows after those in force": korean(
        lambda: (
            [row | {"deleted": False} for row in flat(KOREAN)]
            + [row | {"close": row["close"] * 2, "deleted": True} for row in flat(KOREAN)[::3]]
        )
    ),
    "falls to a tenth, by signs": korean(lambda: flat(fallen(-1)), fallen(1)),
    "volumes revised threefold": korean(
        lambda: (
            [row | {"volume": row["volume"] / 3} for row in flat({t: table[-3:] for t, table in KOREAN.items()})]
            + flat(KOREAN)
        )
    ),
    "stored five times, once without a volume": korean(
        lambda: [*flat(KOREAN), flat(KOREAN)[9] | {"volume": 0}, *flat(KOREAN), *flat(KOREAN), *flat(KOREAN)]
    ),
    "a rate with a hyphen": Layout(
        one(lambda: flat({"USD-KRW": RATES["USDKRW"]})), {"USDKRW": RATES["USDKRW"]}, "currencies"
    ),
    "a collection of a ticker that looks like a day": Layout(
        lambda: {"kr_000810": [row for row in flat({"000810": KOREAN["005930"]}) if row.pop("ticker")]},
        {"000810": KOREAN["005930"]},
        "korean_stocks",
    ),
    # What looks like a bar and is none
    "minutes of a day whose clock is in a field of its own": korean(lambda: flat(KOREAN) + minutes()).refused,
    "the day so far, again and again": korean(
        lambda: [
            row | {"volume": row["volume"] * part // 4, "high": row["close"]} if part < 4 else row
            for row in flat(KOREAN)
            for part in range(1, 5)
        ]
    ),
    "hours whose clock is in a field of its own": korean(
        lambda: [row | {"date": row["date"].date().isoformat(), "hour": row["date"].hour} for row in hourly(KOREAN)]
    ).refused,
    "hours of a source without volumes, likewise": korean(
        lambda: [
            {**row, "date": f"{row['date']:%Y-%m-%d}", "hour": row["date"].hour, "volume": 0} for row in hourly(KOREAN)
        ]
    ).refused,
    "months beside days": korean(lambda: flat(KOREAN) + ends_of_months()).refused,
    "some days adjusted": korean(
        lambda: flat(KOREAN) + flat({ticker: table[:20] / 5 for ticker, table in KOREAN.items()})
    ).refused,
    "changes in percent": korean(changes).refused,
    "-1 for no price": korean(lambda: [row | dict.fromkeys(PRICES, -1) for row in flat(KOREAN)[:3]] + flat(KOREAN)),
    "-1 for no high": korean(lambda: [row | {"high": -1} for row in flat(KOREAN)[:3]] + flat(KOREAN)),
    "closes by day": replace(figures(prices=by_day_of("close")), prices=closes_only(KOREAN)),
    "earnings beside closes": replace(
        figures(prices=by_day_of("close"), eps=lambda _table: {"2024-03-31": 975, "2024-06-30": 1419}),
        prices=closes_only(KOREAN),
    ),
    "years beside days": figures(
        daily=lambda table: [{"date": f"{day:%Y-%m-%d}", **row} for _ticker, day, row in rows({"": table})],
        yearly=lambda _table: [{"date": "2023-12-31", "close": 1000.0, "high": 2000.0}],
    ).refused,
    "volumes by day": figures(volume=by_day_of("volume")).refused,
    "a ratio by ticker, a document a day": korean(
        lambda: by_day(
            KOREAN, lambda of_day: {ticker: values["close"] / 1e4 for ticker, values in of_day.items()}, "PER"
        )
    ).refused,
    "a day to come": korean(lambda: [*flat(KOREAN), flat(KOREAN)[-1] | {"date": dt.datetime(2099, 12, 31)}]),
    "the first day of counting": korean(lambda: [*flat(KOREAN), flat(KOREAN)[-1] | {"date": dt.datetime(1970, 1, 1)}]),
    "high and low swapped": korean(lambda: renamed(KOREAN, {"high": "low", "low": "high"})).refused,
    "adjusted closes beside raw prices": korean(
        lambda: [row | {"close": round(row["close"] * 0.9)} for row in flat(KOREAN)]
    ).refused,
    "closes and volumes swapped": korean(lambda: renamed(KOREAN, {"close": "volume", "volume": "close"})).refused,
    "closes alone after the bars": korean(
        lambda: [*flat(KOREAN), *({name: row[name] for name in ("ticker", "date", "close")} for row in flat(KOREAN))]
    ),
    "another market beside the exchange": korean(
        lambda: [
            row | {"market": market, "volume": row["volume"] // share}
            for market, share in (("KRX", 1), ("NXT", 3))
            for row in flat(KOREAN)
        ]
    ).refused,
    "from one market to another": korean(
        lambda: [
            row | {"market": "코스닥글로벌" if number % 260 < 100 else "유가증권(거래소)" if number % 2 else "KRX"}
            for number, row in enumerate(flat(KOREAN))
        ]
    ),
    "the code of an index among stocks": korean(lambda: flat(KOREAN | {"1001": KOREAN["005930"]})),
    **{
        f"codes of indices among stocks, {kind.__name__}": korean(
            lambda kind=kind: [
                row | {"ticker": kind(int(row["ticker"]))}
                for row in flat(KOREAN | dict.fromkeys(("1001", "2203", "1005"), KOREAN["005930"] / 30.03))
            ]
        )
        for kind in (int, float, str)
    },
    "the number of a share that is on no list": Layout(
        one(lambda: [row | {"ticker": 1010} for row in flat({"": KOREAN["005930"].div([4, 4, 4, 4, 1])})]),
        {"001010": KOREAN["005930"].div([4, 4, 4, 4, 1])},
        "korean_stocks",
    ),
    **{
        f"fields of year, month and day, {names} of {kind.__name__}": korean(
            lambda names=names, kind=kind: [
                {name: row[name] for name in row if name != "date"}
                | dict(zip(names, map(kind, (row["date"].year, row["date"].month, row["date"].day)), strict=True))
                for row in flat(KOREAN)
            ]
        )
        for names, kind in (
            (("년", "월", "일"), int),
            (("연도", "월", "일"), str),
            (("year", "month", "day"), int),
            (("Year", "Month", "Day"), float),
        )
    },
    "the whole date in a field called day, beside the year and the month": korean(
        lambda: [
            {name: row[name] for name in row if name != "date"}
            | {"year": row["date"].year, "month": row["date"].month, "day": f"{row['date']:%Y-%m-%d}"}
            for row in flat(KOREAN)
        ]
    ),
    **{
        f"one letter a field in a list, days as {form}": korean(
            lambda form=form: by_ticker(
                KOREAN,
                lambda ticker, table: {
                    "_id": ticker,
                    "prices": [
                        {"d": f"{day:{form}}", **{name[0]: row[name] for name in FIELDS}}
                        for _ticker, day, row in rows({ticker: table})
                    ],
                },
            )
        )
        for form in ("%Y-%m-%d", "%y.%m.%d")
    },
    "a split of 1 every day": korean(lambda: [row | {"stock_splits": 1.0} for row in flat(KOREAN)]),
    "a collection of a year": Layout(
        lambda: {"삼성전자_2024": [row for row in flat({"005930": KOREAN["005930"]}) if row.pop("ticker")]},
        KOREAN,
        "korean_stocks",
        read=False,
    ),
    "a currency among stocks": korean(lambda: flat(KOREAN | {"USDKRW": RATES["USDKRW"]})),
    "a hundred yen beside one dollar": Layout(
        one(lambda: flat({"JPY/KRW": RATES["USDKRW"]})), {}, "currencies"
    ).refused,
    "one yen": Layout(
        one(lambda: flat({"JPY/KRW": RATES["USDKRW"].div([1e4, 1e4, 1e4, 1e4, 1])})),
        {"JPYKRW": RATES["USDKRW"].div([1e4, 1e4, 1e4, 1e4, 1])},
        "currencies",
    ),
    "currencies without the other one": Layout(one(lambda: flat({"JPY": RATES["USDKRW"]})), {}, "currencies").refused,
    # Time zones
    **{
        f"{count} world indices": Layout(
            one(lambda count=count: in_zones(dict(list(WORLD.items())[-count:])), "world"),
            dict(list(WORLD.items())[-count:]),
            "indices",
        )
        for count in (1, 8, 18)
    },
    f"{len(EVERYWHERE)} world indices": Layout(
        one(lambda: in_zones(tables({ticker: calendar for ticker, (calendar, _zone) in EVERYWHERE.items()})), "world"),
        tables({ticker: calendar for ticker, (calendar, _zone) in EVERYWHERE.items()}),
        "indices",
    ),
    "naive text in UTC of New York": american(
        lambda: flat(AMERICAN, date=lambda day: f"{new_york(day):%Y-%m-%d %H:%M:%S}")
    ),
    # Intervals
    "hours put together": korean(lambda: hourly(KOREAN)).with_options(AGGREGATE),
    "days beside hours": korean(lambda: flat(KOREAN, date=seoul) + hourly(KOREAN)).with_options(DAILY),
    "days beside a day of hours": korean(lambda: flat(KOREAN, date=seoul) + hourly(KOREAN, 1)).with_options(DAILY),
    "hours": korean(lambda: hourly(KOREAN)).refused,
    "hours of which the days are wanted": korean(lambda: hourly(KOREAN)).with_options(DAILY).refused,
    "days and hours, not chosen": korean(lambda: flat(KOREAN, date=seoul) + hourly(KOREAN)).refused,
    "days and a day of hours, not chosen": korean(lambda: flat(KOREAN, date=seoul) + hourly(KOREAN, 1)).refused,
    "days in UTC and hours that open then": korean(lambda: flat(KOREAN) + hourly(KOREAN)).with_options(DAILY).refused,
    "days in UTC and hours, summed": korean(lambda: flat(KOREAN) + hourly(KOREAN)).with_options(AGGREGATE).refused,
    "days in UTC beside hours of New York": american(
        lambda: flat(AMERICAN) + hourly(AMERICAN, zone="America/New_York")
    ).with_options(DAILY),
    "days of New York beside its hours": american(
        lambda: flat(AMERICAN, date=new_york) + hourly(AMERICAN, 20, zone="America/New_York")
    ).with_options(DAILY),
    "weeks": korean(lambda: weekly(KOREAN)).refused,
    "days beside weeks": korean(lambda: flat(KOREAN) + weekly(KOREAN)).refused,
    "weeks beside days": korean(lambda: weekly(KOREAN) + flat(KOREAN)).refused,
    "weeks before days": korean(
        lambda: (
            weekly({ticker: table[:60] for ticker, table in KOREAN.items()})
            + flat({ticker: table[60:] for ticker, table in KOREAN.items()})
        )
    ).refused,
    # Closed days filled forward
    **{
        f"filled {days}, {form}": korean(lambda days=days, form=form: flat(filled(KOREAN, days, form)))
        for days in ("D", "B")
        for form in ("rows", "closes")
    },
    "filled, midnights of Seoul": korean(lambda: flat(filled(KOREAN, "D", "closes"), date=seoul)),
    "filled, a day late": korean(
        lambda: flat(filled(KOREAN, "B", "closes"), date=lambda day: midnight(day + dt.timedelta(1)))
    ).refused,
    "an index that trades on holidays": Layout(
        one(lambda: flat({"^STOXX50E": EURO_STOXX}, date=lambda day: midnight(day, "Europe/Berlin")), "world"),
        {"^STOXX50E": EURO_STOXX},
        "indices",
    ),
    "an unknown index that trades on holidays": Layout(
        one(lambda: flat({"^SX5P": EVERY_WEEKDAY}, date=lambda day: midnight(day, "Europe/Berlin")), "world"),
        {"^SX5P": EVERY_WEEKDAY},
        "indices",
    ),
    # Refused: nothing tells what is right
    "ordinals of days": dates(dt.date.toordinal).refused,
    "ambiguous days": Layout(
        one(lambda: flat(FEW_DAYS, date=lambda day: text(day, "%d/%m/%Y")), "korea_daily"),
        FEW_DAYS,
        "korean_stocks",
        read=False,
    ),
    "millions with a letter": numbers(volume=lambda volume: f"{volume / 1e6:.6f}M"),
    "units of ten thousand": numbers(volume=lambda volume: f"{volume // 1e4:.0f}만 {volume % 1e4:.0f}주"),
    "points between thousands of some": korean(
        lambda: (
            flat({"005930": KOREAN["005930"]}, number=lambda price: f"{price:,.0f}".replace(",", "."))
            + flat({"000660": KOREAN["000660"]}, number=lambda price: f"{price:.2f}")
        ),
        {"005930": KOREAN["005930"], "000660": KOREAN["000660"]},
    ),
    "two markets, different prices": korean(
        lambda: flat({"005930.KS": KOREAN["005930"], "005930.KQ": KOREAN["000660"]})
    ).refused,
    "weekdays on which the exchange was closed": korean(lambda: flat({"005930": EVERY_WEEKDAY})).refused,
    "days before their sessions": dates(lambda day: midnight(day - dt.timedelta(1))).refused,
}
