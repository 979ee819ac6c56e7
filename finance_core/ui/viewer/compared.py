"""Other tickers on the chart of one ticker: loads them, and draws the control that chooses them."""

from dataclasses import replace

import streamlit as st

from finance_core import categories
from finance_core.categories import Category
from finance_core.charts import overlay
from finance_core.errors import DataConflict
from finance_core.i18n import _
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing, navigation, search_box
from finance_core.ui.decorators import toast
from finance_core.ui.viewer import address, shared
from finance_core.ui.viewer.address import View
from finance_core.ui.viewer.shared import Compared
from finance_core.ui.widget_keys import owned


def without_itself(view: View, category: Category, ticker: str) -> View:
    """`view` without the viewed ticker itself among the other tickers, as after a search that opens one of them."""
    own = category.key_of(ticker)
    return replace(view, compared=tuple(key for key in view.compared if key != own))


def load(db: MongoDatabase, view: View, currency: str) -> tuple[list[Compared], list[TickerRow], list[str]]:
    """The other tickers of `view` with their rows, and a sentence for each ticker that cannot be drawn.

    Prices are not converted: if the currency of a ticker is not `currency`, its title has the currency.
    """
    loaded: list[Compared] = []
    rows, problems = [], []
    for key in view.compared:
        category, ticker = categories.of_key(key)
        row = listing.row_of(db, category, ticker)
        try:
            history = shared.history(db, category, row) if row else None
        except DataConflict as conflict:
            problems.append(f"{ticker}: {conflict}")
            continue
        if row is None or history is None or history.bars.empty:
            problems.append(_("{ticker}은(는) 시세가 없어 함께 그리지 못합니다.").format(ticker=ticker[:40]))
            continue
        own = category.currency_of(row.get("currency"))
        title = listing.name_of(row) + (f" ({own})" if own and own != currency else "")
        loaded.append(Compared(title, category.decimals_of(float(history.bars["close"].iloc[-1])), history))
        rows.append(row)
    return loaded, rows, problems


def control(db: MongoDatabase, category: Category, view: View, ticker: str) -> None:
    """The menu of the other tickers: a search that adds one, and those that are shown, to be taken away.

    `view` is `without_itself`.
    """
    own = category.key_of(ticker)
    shown = list(view.compared)

    def add(chosen: Category, other: str) -> None:
        key, keys = chosen.key_of(other), [each for each in address.present(category).compared if each != own]
        if key in (own, *keys):
            toast(_("이미 그려져 있습니다."), "info")
        else:
            address.write(category, compared=(*keys, key)[: overlay.LIMIT])

    if len(shown) < overlay.LIMIT:
        others = [key for key in _usual(db) if key not in {own, *shown}]
        search_box.show_second(db, _("함께 그릴 종목"), add, home=category, usual=others)
    else:
        st.caption(_("{count}종목까지 함께 그립니다.").format(count=overlay.LIMIT))
    st.caption(_("처음 보이는 봉부터의 변화율로 그립니다. 통화는 바꾸지 않습니다."))
    if shown:
        _taking_away(db, category, shown)
    series = ",".join([own, *shown])
    query = {"series": series, "period": view.period, "unit": view.interval}
    label = _("비교 화면에서 보기")
    st.page_link(navigation.page("comparison"), label=label, icon=":material/open_in_new:", query_params=query)


def _taking_away(db: MongoDatabase, category: Category, shown: list[str]) -> None:
    names = {key: _name(db, key) for key in shown}
    form = owned("compared", shown, lambda keys: address.write(category, compared=tuple(keys)))
    st.multiselect(
        _("함께 그린 종목"),
        shown,
        None if form["key"] in st.session_state else shown,
        format_func=lambda key: names.get(key, key),
        label_visibility="collapsed",
        **form,
    )


def _usual(db: MongoDatabase) -> list[str]:
    """The keys of favourites, of tickers that this visitor viewed, and of indices, in this order."""
    listings = {category: listing.of(db, category) for category in categories.CATEGORIES}
    favourites = [category.key_of(ticker) for category, each in listings.items() for ticker in each.favourites]
    indices = map(categories.INDICES.key_of, listing.of(db, categories.INDICES).rows)
    return [*favourites, *st.session_state.get(search_box.VIEWED, []), *indices]


def _name(db: MongoDatabase, key: str) -> str:
    category, ticker = categories.of_key(key)
    return listing.full_name(ticker, listing.of(db, category).rows.get(ticker))
