"""What tests of pages need: tables of prices, a category filled through the real update, and what a chart was given."""

import base64
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from finance_core.bars import sessions
from finance_core.categories import KOREAN_STOCKS, Category
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing, visitor
from tests.conftest import KRX
from tests.e2e.visitor import CHART, COMMAND
from tests.yahoo import Listing, YahooStandIn, random_walk
from updaters import category_update

PAGES_DIR = Path(__file__).resolve().parent.parent / "pages"
PRICES = ["open", "high", "low", "close"]

# For every page that it opens, the test runner looks for components in all installed packages, which takes it longer
# than the page itself: the packages stay the same, so once will do.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def sit_at_the_machine(monkeypatch: pytest.MonkeyPatch, sits: bool = True) -> None:
    """Have the pages of the test runner, which has no connection, opened as at the machine itself, or as elsewhere."""
    monkeypatch.setattr(visitor, "is_at_the_machine", lambda: sits)


def made_table(seed: int = 1, first: str = "2023-01-02", last: str = "2026-11-20", halted: int = 3) -> pd.DataFrame:
    """Bars of whole won on Korean sessions, of which the last but some are halted as the exchange publishes them."""
    days = sessions.between("XKRX", pd.Timestamp(first).date(), pd.Timestamp(last).date())
    table = random_walk(days, seed)
    if halted:
        table.iloc[-5 - halted : -5, [0, 1, 2, 4]] = 0.0
    return table


JUMPS = {
    "001465": ["2024-04-17"],
    "012170": ["2025-03-06"],
    "058450": ["2023-12-12"],
    "107640": ["2024-06-24"],
    "425040": ["2023-12-28", "2024-01-02"],
}
"""The real tickers whose prices jump, found by eye in the files: splits and reductions of capital that are not in the
prices before, a move from the KONEX, and a fault of two days."""


def real_tables() -> dict[str, pd.DataFrame]:
    """The real tables by ticker; skips the test where a checkout has none beside it."""
    if not KRX.is_dir():
        pytest.skip("the real prices are not beside this checkout")
    paths = [path for path in sorted(KRX.glob("*.csv")) if path.stem != "tickers"]
    return {path.stem: pd.read_csv(path, parse_dates=["date"], index_col="date").astype(float) for path in paths}


def symbol_suffixes() -> dict[str, str]:
    """Yahoo's suffix of each real ticker."""
    rows = pd.read_csv(KRX / "tickers.csv", dtype=str)
    return dict(zip(rows["ticker"], rows["market"].map({"KOSPI": ".KS", "KOSDAQ": ".KQ"}), strict=True))


def update_from(
    yahoo: YahooStandIn,
    db: MongoDatabase,
    tables: dict[str, pd.DataFrame],
    suffixes: dict[str, str],
    category: Category = KOREAN_STOCKS,
) -> None:
    """Bring `tables` through the stand-in and the real update into the database."""
    for ticker, table in tables.items():
        yahoo.listings[ticker + suffixes.get(ticker, category.markets[0].yahoo_suffix)] = Listing(table)
    summary = category_update.run(db, category, list(tables))
    assert not summary.failures, [str(result.error) for result in summary.failures]


def as_published(table: pd.DataFrame) -> pd.DataFrame:
    """What the product should make of a published table, worked out another way: a halted day is flat at its close."""
    expected = table.copy()
    for day, row in table.iterrows():
        if row["volume"] == 0 and row["open"] == 0:
            expected.loc[day, PRICES] = row["close"]  # type: ignore[index]
    return expected


def open_viewer(category: str = "korean_stocks", **query: str) -> AppTest:
    """The page of a category as it answers an address with these parameters."""
    listing.forget()  # each test has a database of its own
    page = AppTest.from_file(PAGES_DIR / f"{category}.py", default_timeout=60)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def has_chart(page: AppTest) -> bool:
    """Whether a page has a chart of one ticker."""
    return bool(_charts(page))


def _charts(page: AppTest) -> list[Any]:
    return [element.proto for element in page.get("bidi_component") if element.proto.component_name == CHART]


def chart(page: AppTest) -> tuple[dict[str, Any], pd.DataFrame]:
    """The one chart of a page as it goes to the browser: its option with what it shows and reads out, its dataset."""
    (proto,) = _charts(page)
    data = json.loads(proto.json)
    option = data["options"]
    (command,) = [each.proto for each in page.get("bidi_component") if each.proto.component_name == COMMAND]
    return option | json.loads(command.json), columns_of(option["dataset"][0]["source"])


def columns_of(code: str) -> pd.DataFrame:
    """The columns that code of a dataset makes in the browser."""
    packed = json.loads(code.rpartition(")(")[2].rpartition(")")[0])
    kinds = {"f4": "<f4", "f8": "<f8"}
    return pd.DataFrame(
        {
            name: content if kind == "text" else np.frombuffer(base64.b64decode(content), kinds[kind]).astype("float64")
            for name, (kind, content) in packed.items()
        }
    )


def first_shown(page: AppTest) -> pd.Series:
    """The bar with which a page has its chart begin, as a row of its dataset."""
    option, source = chart(page)
    return source.iloc[option["shown"]["first"]]


def visible_text(page: AppTest) -> list[str]:
    """Every text that a page shows a reader, but for the names in its dataframes and the switch of languages."""
    texts: list[str] = []
    for kind in ("markdown", "caption", "info", "warning", "success", "error", "title", "subheader", "header", "text"):
        texts += [element.value for element in page.get(kind)]
    texts += [element.proto.body for element in page.get("html")]
    texts += [widget.label for kind in ("button", "toggle", "metric") for widget in page.get(kind)]
    for group in page.get("button_group"):
        if group.proto.id.rpartition("-")[2] != "language_switch":
            texts += [option.content for option in group.proto.options]
    for frame in page.get("dataframe"):
        texts += [str(column) for column in [*frame.value.columns, frame.value.index.name or ""]]
    for element in page.get("echarts_chart"):
        texts.append(element.proto.spec.encode().decode("unicode_escape"))
    for proto in _charts(page):
        texts.append(json.dumps(json.loads(proto.json), ensure_ascii=False))
        texts += [str(column) for column in chart(page)[1].columns]
    return texts


def displayed(frame: Any) -> pd.DataFrame:
    """The texts in the cells of a dataframe of the test runner, as its Styler writes them."""
    return convert_arrow_bytes_to_pandas_df(frame.proto.arrow_data.styler.display_values)


def run_late(page: AppTest, kept: WidgetStates, touch: Callable[[], object]) -> None:
    """Run the page as after `touch` in a browser that is slow: all that is not touched still has the values of `kept`.

    `kept` has the states that the browser sent for an earlier run of the page.
    """
    old = {state.id: state for state in kept.widgets}
    fresh = {state.id: state.SerializeToString() for state in page._tree.get_widget_states().widgets}
    touch()
    sent = page._tree.get_widget_states()
    for state in sent.widgets:
        if state.id in old and state.SerializeToString() == fresh[state.id]:
            state.CopyFrom(old[state.id])
    page._run(sent)
