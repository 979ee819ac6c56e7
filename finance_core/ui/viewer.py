"""The viewer that all categories share: search, one header line, periods, the chart.

A page names its category and hands over what the core does not know: how to update it and how to prepare sample data.
What the page shows is in its address (`?ticker=…&period=…`), so that a link opens the same view.
"""

import datetime as dt
import html
import threading
from collections.abc import Callable

import pandas as pd
import streamlit as st

from finance_core import candles, categories, charts, database, formats, indicators, prices, sessions, tickers
from finance_core.candles import Period
from finance_core.categories import Category
from finance_core.database import Document, MongoDatabase
from finance_core.i18n import N_, _
from finance_core.ui import updates
from finance_core.ui.page import begin, errors_shown

PERIODS: dict[Period, str] = {
    "1W": N_("1주"),
    "1M": N_("1개월"),
    "3M": N_("3개월"),
    "6M": N_("6개월"),
    "YTD": N_("금년"),
    "1Y": N_("1년"),
    "3Y": N_("3년"),
    "5Y": N_("5년"),
    "10Y": N_("10년"),
    "MAX": N_("최대"),
}
DEFAULT_PERIOD: Period = "1M"
CHART_HEIGHT = 580

Prepare = Callable[[MongoDatabase, dt.date, Callable[[float], None]], None]

_preparing = threading.Lock()
_prepared: set[str] = set()


def show(category_key: str, update: updates.Update, prepare: Prepare) -> None:
    """The whole page of one category."""
    begin()
    with errors_shown():
        db = database.connect()
        _prepare_once(db, prepare)
        _show(db, categories.category(category_key), update)


def _show(db: MongoDatabase, category: Category, update: updates.Update) -> None:
    listed = {row["ticker"]: row for row in tickers.active(db, category)}
    _sidebar(listed)
    if not listed:
        st.info(
            _(
                "{category} 종목이 아직 없습니다. 터미널에서 python -m {command} --tickers 종목코드 로 받아 오십시오."
            ).format(category=_(category.title), command=category.update_command),
            icon=":material/info:",
        )
        return
    search, button = st.columns([5, 1], vertical_alignment="bottom")
    with search:
        ticker = _search(category, listed)
    with button:
        updates.button(category, [ticker, *(other for other in listed if other != ticker)], update)
    updates.status(category)
    row = listed[ticker]
    bars = prices.load(db, category, ticker)
    if not candles.is_complete(bars):  # a user's own collection may hold halted days as they were published
        bars, _remarks = candles.clean(bars)
    if bars.empty:
        st.info(
            _("{name}({ticker})의 시세가 아직 없습니다. 업데이트하면 Yahoo에서 받아 옵니다.").format(
                name=row.get("name", ticker), ticker=ticker
            ),
            icon=":material/info:",
        )
        return
    _header(category, row, bars)
    _warnings(row)
    period = _period()
    averages = indicators.moving_averages(bars["close"], category.averages)
    first = candles.period_start(bars.index, period)  # type: ignore[arg-type]
    st.echarts_chart(
        charts.candlestick(bars, averages, first, category.decimals, sample=row.get("source") == tickers.SAMPLE),
        height=CHART_HEIGHT,
        alt=_("{name} 일봉 차트").format(name=row.get("name", ticker)),
    )


def _prepare_once(db: MongoDatabase, prepare: Prepare) -> None:
    """Sample data for the first start of an embedded database, with its progress; later starts find it done."""
    if db.name in _prepared or not database.is_embedded():
        return
    with _preparing:
        space = st.empty()

        def progress(done: float) -> None:
            space.progress(done, text=_("처음이라 둘러볼 표본 시세를 만들고 있습니다."))

        prepare(db, dt.datetime.now(dt.UTC).date(), progress)
        space.empty()
        _prepared.add(db.name)


def _search(category: Category, listed: dict[str, Document]) -> str:
    """The chosen ticker; from the address, else the category's default, else the first one."""
    options = list(listed)
    asked = st.query_params.get("ticker", "")
    if asked and asked not in listed:
        st.warning(
            _("{ticker}은(는) 이 목록에 없는 종목이라 다른 종목을 보여 드립니다.").format(ticker=_plain(asked)),
            icon=":material/warning:",
        )
    default = next((ticker for ticker in (asked, category.default_ticker) if ticker in listed), options[0])

    def label(ticker: str) -> str:
        name = listed[ticker].get("name") or ticker
        return ticker if name == ticker else f"{name} {ticker}"

    chosen = st.selectbox(
        _("종목"),
        options,
        index=options.index(default),
        format_func=label,
        label_visibility="collapsed",
        placeholder=_("이름이나 코드로 찾기"),
        key=f"ticker_{category.key}",
        on_change=_to_address,
        args=("ticker", f"ticker_{category.key}"),
        required=True,
    )
    return chosen if chosen in listed else default


def _period() -> Period:
    asked = st.query_params.get("period", DEFAULT_PERIOD)
    if asked not in PERIODS:
        st.warning(
            _("기간 {period}은(는) 없어서 {default}을(를) 보여 드립니다.").format(
                period=_plain(asked), default=_(PERIODS[DEFAULT_PERIOD])
            ),
            icon=":material/warning:",
        )
        asked = DEFAULT_PERIOD
    chosen = st.segmented_control(
        _("기간"),
        list(PERIODS),
        default=asked,
        format_func=lambda period: _(PERIODS[period]),
        required=True,
        label_visibility="collapsed",
        key="period",
        on_change=_to_address,
        args=("period", "period"),
    )
    return chosen or DEFAULT_PERIOD


def _to_address(parameter: str, key: str) -> None:
    """Keep a choice in the page's address; what is the default is left out."""
    value = st.session_state[key]
    if value is None or (parameter == "period" and value == DEFAULT_PERIOD):
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = value


def _header(category: Category, row: Document, bars: pd.DataFrame) -> None:
    """Name, last close, change against the previous close, and how old that is, in one line."""
    close = float(bars["close"].iloc[-1])
    previous = float(bars["close"].iloc[-2]) if len(bars) > 1 else float("nan")
    change = close - previous
    color, arrow = (charts.RISING, "▲") if change > 0 else (charts.FALLING, "▼") if change < 0 else ("inherit", "")
    decimals = category.decimals
    price = formats.money(close, row.get("currency") or category.currency, decimals)
    moved = (
        f"{arrow} {formats.price(abs(change), decimals)} ({formats.signed_percent(change / previous)})"
        if previous == previous
        else ""
    )
    about = " · ".join(text for text in (row["ticker"], row.get("market", "")) if text)
    facts = _("{date} 종가").format(date=formats.date(bars.index[-1])) + " · " + _freshness(category, row, bars)
    st.html(
        '<div style="display:flex;flex-wrap:wrap;align-items:baseline;column-gap:1rem;row-gap:0">'
        f'<span style="font-size:1.75rem;font-weight:700">{html.escape(str(row.get("name", row["ticker"])))}</span>'
        f'<span style="opacity:.6">{html.escape(about)}</span>'
        f'<span style="font-size:1.75rem;font-weight:700">{html.escape(price)}</span>'
        f'<span style="color:{color};font-weight:600">{moved}</span>'
        f'<span style="opacity:.6">{html.escape(facts)}</span></div>'
    )


def _freshness(category: Category, row: Document, bars: pd.DataFrame) -> str:
    if row.get("source") == tickers.SAMPLE:
        return _("표본")
    calendar = category.market(row.get("market", "")).calendar
    behind = sessions.behind(calendar, bars.index[-1].date(), dt.datetime.now(dt.UTC))
    return _("최신") if behind == 0 else _("{count}거래일 뒤짐").format(count=behind)


def _warnings(row: Document) -> None:
    if row.get("source") == tickers.SAMPLE:
        st.badge(_("표본 데이터: 실제 시세가 아닙니다"), icon=":material/science:", color="orange")
    if row.get("rewriting"):
        st.warning(_("이 종목의 이력을 다시 쓰는 중이라 일부가 아직 옛 값입니다."), icon=":material/warning:")


def _sidebar(listed: dict[str, Document]) -> None:
    server = _("내장 MongoDB") if database.is_embedded() else f"MongoDB {database.address()}"
    newest = max((row["last_date"] for row in listed.values() if row.get("last_date")), default=None)
    samples = sum(row.get("source") == tickers.SAMPLE for row in listed.values())
    parts = [server, _("종목 {count}").format(count=formats.count(len(listed)))]
    if newest:
        parts.append(_("마지막 봉 {date}").format(date=formats.date(newest)))
    if samples:
        parts.append(_("표본 {count}").format(count=formats.count(samples)))
    st.sidebar.caption(_plain(" · ".join(parts)))


def _plain(text: str) -> str:
    """`text` so that Streamlit's Markdown shows it as it is, at most 40 characters of it where it came from outside."""
    short = text if len(text) <= 120 else text[:120] + "…"
    return "".join(f"\\{char}" if char in r"\`*_{}[]()#+-.!$:<>~|" else char for char in short)
