"""Other tickers on the chart of one ticker: loads them, and draws the control that chooses them."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from finance_core import categories
from finance_core.categories import Category
from finance_core.charts import overlay
from finance_core.i18n import _
from finance_core.search import Index
from finance_core.storage import tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import TickerRow
from finance_core.ui import listing, navigation, search_box
from finance_core.ui.text import plain
from finance_core.ui.viewer import address, shared
from finance_core.ui.viewer.address import View
from finance_core.ui.viewer.shared import Compared
from finance_core.ui.widget_keys import owned

MISSING = "compared_with_nothing"
"""The key of the session state for a typed text that matches no ticker, until the warning about it is shown."""


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
        row = tickers.get(db, category, ticker) or listing.of(db, category).rows.get(ticker)
        history = shared.history(db, category, row) if row else None
        if row is None or history is None or history.bars.empty:
            problems.append(_("{ticker}은(는) 시세가 없어 함께 그리지 못합니다.").format(ticker=ticker[:40]))
            continue
        own = category.currency_of(row.get("currency"))
        title = listing.name_of(row) + (f" ({own})" if own and own != currency else "")
        loaded.append(Compared(title, category.decimals_of(float(history.bars["close"].iloc[-1])), history))
        rows.append(row)
    return loaded, rows, problems


def control(db: MongoDatabase, category: Category, view: View, ticker: str) -> None:
    """The control that chooses the other tickers: from favourites, viewed tickers and indices, or by a typed name."""
    own = category.key_of(ticker)
    names = {key: _name(db, key) for key in dict.fromkeys([*view.compared, *_usual(db)]) if key != own}

    def choose(values: list[str]) -> list[str]:
        keys = [value if value in names else _search(db, value) for value in values]
        if "" in keys:
            st.session_state[MISSING] = values[keys.index("")]
        wanted = tuple(dict.fromkeys(key for key in keys if key and key != own))
        address.write(category, compared=wanted[: overlay.LIMIT])
        return list(wanted[: overlay.LIMIT])

    shown = [key for key in view.compared if key != own]
    form = owned("compared", shown, choose)
    st.multiselect(
        _("함께 그릴 종목"),
        list(names),
        None if form["key"] in st.session_state else shown,
        format_func=lambda key: names.get(key, key),
        max_selections=overlay.LIMIT,
        accept_new_options=True,
        select_all=False,  # Enter takes the best match
        placeholder=_("지수나 종목: 이름이나 코드를 적어도 됩니다"),
        help=_("처음 보이는 봉부터의 변화율로 그립니다. 통화는 바꾸지 않습니다."),
        **form,
    )
    if missing := st.session_state.pop(MISSING, None):
        st.warning(plain(_("'{text}'에 맞는 종목이 없습니다.").format(text=str(missing)[:40])))
    series = ",".join([own, *view.compared])
    query = {"series": series, "period": view.period, "unit": view.interval}
    label = _("비교 화면에서 보기")
    st.page_link(navigation.page("comparison"), label=label, icon=":material/open_in_new:", query_params=query)


def _usual(db: MongoDatabase) -> list[str]:
    """The keys of favourites, of tickers that this visitor viewed, and of indices, in this order."""
    listings = {category: listing.of(db, category) for category in categories.CATEGORIES}
    favourites = [category.key_of(ticker) for category, each in listings.items() for ticker in each.favourites]
    indices = map(categories.INDICES.key_of, listing.of(db, categories.INDICES).rows)
    return [*favourites, *st.session_state.get(search_box.VIEWED, []), *indices]


def _name(db: MongoDatabase, key: str) -> str:
    category, ticker = categories.of_key(key)
    row = listing.of(db, category).rows.get(ticker)
    return f"{listing.name_of(row)} {ticker}" if row else ticker


def _search(db: MongoDatabase, text: str) -> str:
    """The key of the best match of `text` in the first category that has a match; "" where none has."""
    for category in categories.CATEGORIES:
        rows: Sequence[TickerRow] = list(listing.of(db, category).rows.values())
        if matches := Index(rows).search(text, limit=1):
            return category.key_of(matches[0])
    return ""
