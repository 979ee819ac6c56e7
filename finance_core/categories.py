"""The categories of prices, as data.

A category is a row of `CATEGORIES`: its collection, its names, its averages, the decimals of its prices, its markets,
and how a ticker becomes a Yahoo symbol. No code elsewhere branches on a category. To add one (say, crypto), add a row
here and a list in `finance_core/starter`, and nothing else.
"""

import re
from dataclasses import dataclass

from finance_core.i18n import N_


@dataclass(frozen=True)
class Market:
    """An exchange or a segment of one."""

    key: str
    """As stored in `ticker_metadata.market`."""
    calendar: str
    """Name of its sessions in `exchange_calendars`."""
    yahoo_suffix: str = ""
    """Yahoo appends it to a ticker of this market."""
    timezone: str = ""
    """IANA name of the zone that the days of Yahoo's bars are in, where it is not the zone of the calendar."""
    yahoo_exchanges: tuple[str, ...] = ()
    """Its codes in Yahoo's screener; empty if the screener is not used for this market."""
    rising_is_red: bool | None = None
    """Whether its country shows rising prices in red; None means: as `Category.rising_is_red`."""
    index: str = ""
    """The index that stands for it, a ticker of the category `indices`; "" means: as `Category.index`."""
    names: tuple[str, ...] = ()
    """What uploaded lists may call it instead of its key, in lower case."""


SIMPLE = "ma"
"""The kind of average that URLs name by its window alone: 5, not ma5."""


@dataclass(frozen=True, order=True)
class Average:
    """A moving average. Averages sort by their windows."""

    window: int
    """Number of bars."""
    kind: str = SIMPLE
    """Key of a row of `INDICATORS` in `finance_core.bars.indicators` whose one setting is a window."""

    @property
    def text(self) -> str:
        """Its name in a URL: 5, ema12."""
        return str(self.window) if self.kind == SIMPLE else f"{self.kind}{self.window}"

    @property
    def label(self) -> str:
        """Its name on a button: 5, EMA12."""
        return self.text.upper()


@dataclass(frozen=True)
class Category:
    """One kind of instruments, such as Korean stocks."""

    key: str
    """Identifies the category in URLs, in `ticker_metadata` and on the command line."""
    collection: str
    """MongoDB collection of its daily bars."""
    title: str
    """Message id of its name."""
    icon: str
    """Material icon of its page."""
    default_ticker: str
    """The ticker that its page shows before a visitor chooses one."""

    ticker_pattern: str
    """Regular expression that a whole ticker matches."""
    currency: str
    """ISO code of the currency of most of its prices; a ticker may differ (`ticker_metadata.currency`). "" for points,
    even if a source names a currency."""
    decimals: tuple[tuple[float, int], ...]
    """Decimals of a traded price by its size: pairs of (least price, decimals), largest price first."""
    markets: tuple[Market, ...]
    """The markets of its tickers; a ticker without a market counts as one of the first market."""
    average_sets: tuple[tuple[Average, ...], ...]
    """Sets of moving averages that its charts offer."""
    default_averages: tuple[Average, ...]
    """The averages that a chart draws before a visitor chooses."""
    rising_is_red: bool
    """The colours before a visitor chooses, if the market has none of its own. True: rising red, falling blue, as in
    Korea. False: rising green, falling red, as in the US."""
    update_command: str
    """Module that updates it from the command line."""
    headlines: tuple[str, ...] = ()
    """Tickers that stand for the category on the overview."""
    daily_limit: float | None = None
    """The largest move of a price in one session, as a share of the close before; None where no rule limits it."""
    index: str = ""
    """The index that stands for its market, a ticker of the category `indices`; "" where there is none."""
    adjusted_decimals: tuple[tuple[float, int], ...] = ()
    """As `decimals`, for a price that may be adjusted for splits; empty if it has no more than a traded one."""
    rates: bool = False
    """Whether its prices are exchange rates (USDKRW) and not amounts of money."""
    ticker_digits: int = 0
    """Digits of a numeric ticker, to restore leading zeros that spreadsheets drop; 0 if no ticker is numeric."""
    ticker_spellings: tuple[str, ...] = ()
    """Regular expressions of what other programs write for a ticker, in capitals. Each matches a whole text, and its
    one group is the ticker."""
    collection_names: str = ""
    """What other programs usually call a collection, table or file of it: lower-case words, separated by spaces. A word
    may stand for several categories; the tickers then decide."""

    @property
    def averages(self) -> tuple[Average, ...]:
        """Every average that its charts offer, by window."""
        return tuple(sorted({average for averages in self.average_sets for average in averages}))

    @property
    def has_money(self) -> bool:
        """Whether its prices are amounts of money, like those of stocks: neither points nor exchange rates."""
        return bool(self.currency) and not self.rates

    def currency_of(self, named: str | None) -> str:
        """The currency of a ticker's prices: `named` by a source, else the category's; "" for points and rates."""
        return (named or self.currency) if self.has_money else ""

    def quoted_in(self, ticker: str, named: str | None) -> str:
        """The currency of a ticker's prices, as `currency_of`; of a rate, the second of the pair."""
        if not self.rates:
            return self.currency_of(named)
        return ticker[3:] if re.fullmatch("[A-Z]{6}", ticker) else named or ""

    def key_of(self, ticker: str) -> str:
        """The key of a ticker among those of all categories, as in addresses: korean_stocks:005930."""
        return f"{self.key}:{ticker}"

    def market(self, key: str) -> Market:
        """The market with this key; the first market where the key is unknown or empty."""
        return next((market for market in self.markets if market.key == key), self.markets[0])

    def index_of(self, market: str) -> str:
        """The index that stands for the market with this key, or for all markets if it is empty."""
        return (market and self.market(market).index) or self.index

    def rises_red(self, market: str) -> bool:
        """Whether rising tickers of the market with this key are red before a visitor chooses."""
        custom = self.market(market).rising_is_red
        return self.rising_is_red if custom is None else custom

    def is_ticker(self, text: str) -> bool:
        """Whether `text` has the shape of a ticker of this category."""
        return re.fullmatch(self.ticker_pattern, text) is not None

    def ticker_of(self, text: str) -> str:
        """The ticker that `text` means; `text` may be written as people, spreadsheets or other programs write tickers.

        In Korea 5930, A005930 and 005930.KS are 005930, and so is what `ticker_spellings` has; USD/KRW, USDKRW=X and
        KRW=X (Yahoo's) are USDKRW.
        """
        ticker = unquoted(text).upper()
        for market in self.markets:
            if market.yahoo_suffix:
                ticker = ticker.removesuffix(market.yahoo_suffix)
        if self.rates:
            ticker = re.sub(r"([A-Z]{3})[-/]([A-Z]{3})", r"\1\2", ticker)
            return f"USD{ticker}" if len(ticker) == 3 and text.strip().upper() == f"{ticker}=X" else ticker
        for spelling in self.ticker_spellings:
            if spelled := re.fullmatch(spelling, ticker):
                return spelled[1]
        if self.ticker_digits and re.fullmatch(rf"A[0-9A-Z]{{{self.ticker_digits}}}", ticker):
            ticker = ticker[1:]
        return ticker.zfill(self.ticker_digits) if ticker.isascii() and ticker.isdigit() else ticker

    def decimals_of(self, price: float) -> int:
        """How many decimals a price of about this size is shown with."""
        by_size = self.adjusted_decimals or self.decimals
        return next((decimals for least, decimals in by_size if abs(price) >= least), by_size[-1][1])


KOREAN_AVERAGES = tuple(Average(window) for window in (5, 20, 60, 120))
AMERICAN_AVERAGES = tuple(Average(window) for window in (5, 10, 20, 50, 200))

KOSPI_NAMES = ("코스피", "유가증권", "유가증권시장")
KOSDAQ_NAMES = ("코스닥", "코스닥시장", "kosdaq global", "코스닥 글로벌")
NASDAQ_NAMES = ("나스닥", "nasdaqgs", "nasdaqgm", "nasdaqcm")
NYSE_NAMES = ("뉴욕", "뉴욕거래소", "뉴욕증권거래소")
AMEX_NAMES = ("아멕스", "nyse american", "nyseamerican", "nyse mkt")

KOREAN_STOCKS = Category(
    key="korean_stocks",
    collection="korean_stocks",
    title=N_("한국 주식"),
    icon=":material/candlestick_chart:",
    default_ticker="005930",
    ticker_pattern=r"[0-9][0-9A-Z]{5}",
    currency="KRW",
    decimals=((0, 0),),
    adjusted_decimals=((100, 0), (10, 1), (0, 2)),
    markets=(
        Market("KOSPI", "XKRX", ".KS", yahoo_exchanges=("KSC",), names=KOSPI_NAMES),
        Market("KOSDAQ", "XKRX", ".KQ", yahoo_exchanges=("KOE",), index="^KQ11", names=KOSDAQ_NAMES),
    ),
    average_sets=(KOREAN_AVERAGES,),
    default_averages=KOREAN_AVERAGES,
    rising_is_red=True,
    update_command="updaters.update_kr",
    daily_limit=0.3,
    index="^KS11",
    ticker_digits=6,
    ticker_spellings=(
        r"(?:KRX|KOSPI|KOSDAQ):([0-9][0-9A-Z]{5})",
        r"([0-9][0-9A-Z]{5}) K[SQ](?: EQUITY)?",  # Bloomberg
        # An ISIN has the ticker only of a common share, which ends in 0: KR7005931001 is 005935.
        r"KR7([0-9][0-9A-Z]{4}0)\d{3}",
    ),
    collection_names="korean_stock korea_stocks stock_kr stocks_kr kr_stock kr_stocks krx krx_stocks"
    " kospi kosdaq stock stocks",
)

US_STOCKS = Category(
    key="us_stocks",
    collection="us_stocks",
    title=N_("미국 주식"),
    icon=":material/monitoring:",
    default_ticker="AAPL",
    ticker_pattern=r"[A-Z][A-Z0-9]{0,4}([.\-][A-Z0-9]{1,4}){0,2}",
    currency="USD",
    decimals=((1, 2), (0, 4)),
    markets=(
        Market("NASDAQ", "XNYS", yahoo_exchanges=("NMS", "NGM", "NCM"), index="^IXIC", names=NASDAQ_NAMES),
        Market("NYSE", "XNYS", yahoo_exchanges=("NYQ",), names=NYSE_NAMES),
        Market("AMEX", "XNYS", yahoo_exchanges=("ASE",), names=AMEX_NAMES),
    ),
    average_sets=(AMERICAN_AVERAGES,),
    default_averages=AMERICAN_AVERAGES,
    rising_is_red=False,
    update_command="updaters.update_us",
    index="^GSPC",
    ticker_spellings=(
        r"(?:NASDAQ|NYSE|AMEX):([A-Z][A-Z0-9.\-]{0,9})",
        r"([A-Z][A-Z0-9\-]{0,9})\.US",  # Stooq
        r"([A-Z][A-Z0-9.\-]{0,9}) US(?: EQUITY)?",  # Bloomberg
    ),
    collection_names="us_stock usa_stocks american_stocks stock_us stocks_us nasdaq nyse sp500 stock stocks",
)

INDICES = Category(
    key="indices",
    collection="indices",
    title=N_("지수"),
    icon=":material/query_stats:",
    default_ticker="^KS11",
    headlines=("^KS11", "^GSPC", "^IXIC"),
    ticker_pattern=r"[\^A-Z0-9][A-Z0-9.\-]{1,14}",
    currency="",
    decimals=((0, 2),),
    markets=(
        Market("KOSPI", "XKRX", names=KOSPI_NAMES),
        Market("KOSDAQ", "XKRX", names=KOSDAQ_NAMES),
        Market("NYSE", "XNYS", rising_is_red=False, names=NYSE_NAMES),
        Market("NASDAQ", "XNYS", rising_is_red=False, names=NASDAQ_NAMES),
        Market("CBOE", "XNYS", rising_is_red=False),
        Market("TSE", "XTKS"),
        Market("HKEX", "XHKG", rising_is_red=False),
        Market("SSE", "XSHG"),
        Market("TWSE", "XTAI"),
        Market("BSE", "XBOM", rising_is_red=False),
        Market("SGX", "XSES", rising_is_red=False),
        Market("IDX", "XIDX", rising_is_red=False),
        Market("ASX", "XASX", rising_is_red=False),
        Market("XETRA", "XETR", rising_is_red=False),
        Market("STOXX", "XPAR", rising_is_red=False),
        Market("LSE", "XLON", rising_is_red=False),
        Market("EURONEXT PARIS", "XPAR", rising_is_red=False),
        Market("SIX", "XSWX", rising_is_red=False),
        Market("TSX", "XTSE", rising_is_red=False),
        Market("B3", "BVMF", rising_is_red=False),
    ),
    average_sets=(KOREAN_AVERAGES, AMERICAN_AVERAGES),
    default_averages=KOREAN_AVERAGES,
    rising_is_red=True,
    update_command="updaters.update_index",
    collection_names="index indexes market_index market_indices stock_index stock_indices",
)

CURRENCIES = Category(
    key="currencies",
    collection="currencies",
    title=N_("환율"),
    icon=":material/currency_exchange:",
    default_ticker="USDKRW",
    headlines=("USDKRW",),
    ticker_pattern=r"[A-Z][A-Z\-]{2,7}",
    currency="KRW",
    decimals=((100, 2), (10, 3), (0, 4)),
    markets=(Market("FX", "24/5", "=X", "Europe/London"), Market("ICE", "24/5", ".NYB", "America/New_York")),
    average_sets=(KOREAN_AVERAGES, AMERICAN_AVERAGES),
    default_averages=(),
    rising_is_red=True,
    update_command="updaters.update_currency",
    rates=True,
    collection_names="currency fx forex fx_rates exchange_rate exchange_rates",
)

CATEGORIES: tuple[Category, ...] = (KOREAN_STOCKS, US_STOCKS, INDICES, CURRENCIES)


def unquoted(text: str) -> str:
    """A text without the marks by which spreadsheets keep its zeros: '005930 and ="005930" are 005930."""
    stripped = text.strip()
    marked = re.fullmatch(r"'([^'\"=]+)'?|=\"([^'\"=]+)\"", stripped)
    return (marked[1] or marked[2]).strip() if marked else stripped


def named(name: str) -> list[Category]:
    """The categories that a collection, table or file of this name usually stands for; often none."""
    word = name.strip().lower().replace("-", "_").replace(" ", "_")
    return [row for row in CATEGORIES if word in (row.key, row.collection, *row.collection_names.split())]


def category(key: str) -> Category:
    """The category with this key. Raises KeyError where no category has it."""
    return {row.key: row for row in CATEGORIES}[key]


def is_key(text: str) -> bool:
    """Whether `text` has the shape of a `Category.key_of`."""
    key, _separator, ticker = text.partition(":")
    return bool(ticker) and any(row.key == key for row in CATEGORIES)


def of_key(text: str) -> tuple[Category, str]:
    """The category and the ticker of a `Category.key_of`."""
    key, _separator, ticker = text.partition(":")
    return category(key), ticker
