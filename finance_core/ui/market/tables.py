"""The tables of a market: the tickers behind a count, each with a link to its chart; and the industries."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from finance_core import formats, i18n
from finance_core.bars import breadth, market_values
from finance_core.bars.panel import Panel
from finance_core.categories import INDICES, Category
from finance_core.charts.style import Style
from finance_core.i18n import _
from finance_core.storage.database import MongoDatabase
from finance_core.ui import choices, closes, colors, listing, navigation
from finance_core.ui.market import state

ROW_HEIGHT = 28
PERCENT = "%+.2f%%"


def members(category: Category, panel: Panel, which: npt.NDArray[np.intp], span: str) -> pd.DataFrame:
    """The data of the tickers at the positions `which` of the panel, indexed by position.

    Columns: ticker, name, close, currency, traded (value traded per day), market (market value, NaN where it is not
    known), change (over `span`, a ratio).
    """
    currencies = panel.text("currency")
    return pd.DataFrame(
        {
            "ticker": np.array(panel.tickers, dtype=object)[which],
            "name": names_of(panel)[which],
            "close": panel.bars["close"][panel.last[which]].astype(float),
            "currency": np.where(currencies != "", currencies, category.currency)[which],
            "traded": breadth.value_traded(panel)[which],
            "market": market_values.newest(panel)[which],
            "change": breadth.changes(panel, span)[which],
        },
        index=which,
    )


def names_of(panel: Panel) -> npt.NDArray[np.object_]:
    """The name of each ticker in the visitor's language, else its own, else the ticker."""
    english = panel.text("name_en") if i18n.language() == "en" else panel.text("name")
    return np.where(english != "", english, np.where(panel.text("name") != "", panel.text("name"), panel.tickers))


def show(category: Category, table: pd.DataFrame, span: str, style: Style, key: str) -> None:
    """A `table` of `members` that the visitor can sort; at first, the largest change is at the top."""
    if table.empty:
        st.caption(_("그런 종목이 없습니다."))
        return
    name, close, change = _("종목"), _("종가"), _("{span} 변화").format(span=_(state.SPANS[span]))
    table = table.sort_values("change", ascending=False)
    known = [size for size in state.SIZES if table[size].notna().any()]
    sizes = {size: " ".join([_(state.SIZES[size]), f"({category.currency})"]) for size in known}
    shown = pd.DataFrame(
        {
            name: [
                navigation.chart_address(category, *row) for row in zip(table["ticker"], table["name"], strict=True)
            ],
            close: table["close"],
            change: table["change"] * 100,
            **{title: table[size] for size, title in sizes.items()},
        }
    )
    look = colors.colored(shown, [change], style)
    for currency in table["currency"].unique():
        look = look.format(partial(closes.price, category, currency), subset=(table["currency"] == currency, close))
    st.dataframe(
        look,
        hide_index=True,
        row_height=ROW_HEIGHT,
        placeholder=formats.MISSING,
        key=key,
        column_config={
            name: st.column_config.LinkColumn(display_text=navigation.NAME, width=listing.NAME_WIDTH),
            change: st.column_config.NumberColumn(format=PERCENT),
            **{title: st.column_config.NumberColumn(format="compact") for title in sizes.values()},
        },
    )


def industries(
    ranked: pd.DataFrame, style: Style, chosen: Sequence[str], choose: Callable[[tuple[str, ...]], None]
) -> None:
    """The table of `breadth.industries`, with the industries of `chosen` ticked; `choose` is called with others."""
    spans = {_(title): ranked[span] * 100 for span, title in state.SPANS.items()}
    rising = _("상승 종목 (1일)")
    shown = pd.DataFrame(
        {
            _("업종"): [industry(name) for name in ranked.index],
            _("종목 수"): ranked["tickers"].to_numpy(),
            rising: (ranked["rising"] * 100).to_numpy(),
            **{title: values.to_numpy() for title, values in spans.items()},
        }
    )
    name = st.column_config.TextColumn(width="medium")
    percents = {title: st.column_config.NumberColumn(format=PERCENT) for title in spans}
    choices.rows(
        colors.colored(shown, list(spans), style),
        "industries",
        list(ranked.index),
        chosen,
        choose,
        hide_index=True,
        row_height=ROW_HEIGHT,
        placeholder=formats.MISSING,
        height=420,
        column_config={_("업종"): name, **percents, rising: st.column_config.NumberColumn(format="%.0f%%")},
    )


def industry(name: str) -> str:
    """The name of an industry for display; "" (tickers without an industry) has a name too."""
    return name or _("업종 모름")


def index_name(db: MongoDatabase, ticker: str) -> str:
    """The name of an index, or its ticker where it is not listed; sample prices are marked as such."""
    row = listing.of(db, INDICES).rows.get(ticker)
    return listing.name_of(row) + listing.mark_of(row) if row else ticker
