"""The line above a chart: name, last close, change, and how old the close is."""

import datetime as dt
import html

import pandas as pd
import streamlit as st

from finance_core import formats
from finance_core.bars import marks, sessions
from finance_core.bars.sessions import Calendar
from finance_core.categories import Category
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing

AHEAD = dt.timedelta(hours=14)
"""How much later than UTC it is where a day begins first."""


def show(
    category: Category, row: TickerRow, bars: pd.DataFrame, style: Style, calendar: Calendar, *, adjusted: bool
) -> None:
    """Name, ticker, market, last close, change, date, freshness and 52-week range of daily `bars`.

    `calendar` is the calendar of the ticker's market; `adjusted` tells that all splits are in the earlier prices.
    """
    close = float(bars["close"].iloc[-1])
    currency = category.quoted_in(row["ticker"], row.get("currency"))
    worth = formats.money(close, currency, style.decimals)
    about = " · ".join(text for text in (row["ticker"], listing.market_of(row)) if text)
    parts = [
        _span(listing.name_of(row), "font-size:1rem;font-weight:700"),
        _span(about, "opacity:.65"),
        _span(worth, "font-size:min(1.25rem, 4.8cqw);font-weight:700"),
        _change(bars, close, style),
        _facts(row, bars, style.decimals, calendar, adjusted),
    ]
    layout = "display:flex;flex-wrap:wrap;align-items:baseline;column-gap:min(0.75rem, 2cqw)"
    type_ = "font-size:0.875rem;line-height:1.4;font-variant-numeric:tabular-nums"
    st.html(f'<div style="{layout};{type_}">{"".join(parts)}</div>')


def badges(row: TickerRow) -> None:
    """Badges with warnings about the prices of `row`: they are samples, or the ticker is delisted."""
    if row.get("source") == "sample":
        st.badge(_("표본 데이터: 실제 시세가 아닙니다"), icon=":material/science:", color="orange")
    if row.get("last_status") == "delisted":
        st.badge(_("상장폐지된 듯합니다: Yahoo가 더는 이 종목을 모릅니다"), icon=":material/block:", color="gray")


def notes(row: TickerRow) -> None:
    """A warning while the history of `row` is being rewritten."""
    if row.get("rewriting"):
        st.warning(_("이 종목의 이력을 다시 쓰는 중이라 일부가 아직 옛 값입니다."), icon=":material/warning:")


def _change(bars: pd.DataFrame, close: float, style: Style) -> str:
    if len(bars) < 2:
        return ""
    previous = float(bars["close"].iloc[-2])
    change = close - previous
    color, arrow = (style.rising, "▲") if change > 0 else (style.falling, "▼") if change < 0 else ("inherit", "")
    moved = f"{arrow} {formats.price(abs(change), style.decimals)} ({formats.signed_percent(change / previous)})"
    return _span(moved, f"color:{color};font-weight:600")


def _facts(row: TickerRow, bars: pd.DataFrame, decimals: int, calendar: Calendar, adjusted: bool) -> str:
    last = bars.index[-1]
    told = [
        _("{date} 종가").format(date=formats.date(last)),
        freshness(row, last.date(), dt.datetime.now(dt.UTC), calendar),
    ]
    if len(year := marks.year_of(bars)):
        low, high = (formats.price(float(price), decimals) for price in (year["low"].min(), year["high"].max()))
        told.append(_("52주 {low}–{high}").format(low=low, high=high))
    if adjusted:
        told.append(_("분할 반영"))
    parts = [told[0], *(f"· {each}" for each in told[1:])]
    lines = " ".join(_span(each, "white-space:nowrap") for each in parts)
    return f'<span style="opacity:.65">{lines}</span>'


def freshness(row: TickerRow, last_bar: dt.date, moment: dt.datetime, calendar: str | Calendar) -> str:
    """In words, how old the last bar is at `moment` by `calendar`, the calendar of the ticker's market.

    Sample prices are never up to date. A bar is not final if its session is open, or it was fetched before the close or
    soon after it.
    """
    if row.get("source") == "sample":
        return _("표본")
    if last_bar > (moment + AHEAD).date():
        return _("아직 오지 않은 날짜")
    behind = sessions.behind(calendar, last_bar, moment)
    if behind:
        return _("{count}거래일 뒤짐").format(count=behind)
    if pd.Timestamp(last_bar) > sessions.last_finished(calendar, moment):
        return _("장중")
    close, fetched = sessions.close_of(calendar, last_bar), row.get("updated_at")
    if close and fetched and fetched < close:
        return _("마감 전 값")
    return _("확정 전") if close and fetched and fetched < close + sessions.SETTLING else _("최신")


def _span(text: str, style: str) -> str:
    return f'<span style="{style}">{html.escape(text)}</span>'
