"""A market as a map: an area for each industry, in it one for each ticker, coloured by how it moved. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from finance_core import formats
from finance_core.charts.parts import Option
from finance_core.charts.script import Script
from finance_core.charts.style import Style
from finance_core.i18n import _

NEUTRAL: Final = "#6b7280"
"""Colour of a ticker that did not move."""
HEAD: Final = "#374151"
"""Background of the name of an industry."""
STEPS: Final = (0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Changes from which on a colour may be full; a map uses the smallest that at most `FEW` of its tickers exceed."""
FEW: Final = 0.1
"""The largest share of the tickers of a map that may have moved by more than the change with the full colour."""


def full_at(changes: npt.NDArray[np.float64]) -> float:
    """The change, as a ratio, with the full colour: the first of `STEPS` that at most a tenth of `changes` exceed.

    >>> full_at(np.array([0.001, -0.02, 0.04, np.nan]))
    0.05
    """
    sizes = np.abs(changes[np.isfinite(changes)])
    return next((step for step in STEPS if (sizes > step).sum() <= FEW * len(sizes)), STEPS[-1])


def color(change: float, full: float, style: Style) -> str:
    """The colour of a change, between that of no change and that of rising or falling.

    >>> color(0.0, 0.05, Style()), color(0.2, 0.05, Style())
    ('#6b7280', '#f04452')
    """
    share = min(abs(change) / full, 1.0)
    ends = zip(_channels(NEUTRAL), _channels(style.rising if change > 0 else style.falling), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in ends)


def _channels(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def treemap(tickers: pd.DataFrame, size: str, worth: Mapping[str, str], style: Style) -> Option:
    """The map of `tickers`: its areas are as large as the column `size`, and `change` colours them.

    Columns: ticker, name, industry, change (ratio), close (text with its currency), line (a list of some closes), and
    those of `worth`: amounts of money for the tooltip (above 0 in the column `size`; NaN where unknown). `worth` maps
    these columns to their titles. A click in the browser reports `ticker`.

    >>> row = {"ticker": "A", "name": "a", "industry": "", "traded": 1.0, "change": 0.1, "close": "1", "line": [1, 2]}
    >>> option = treemap(pd.DataFrame([row]), "traded", {"traded": "거래대금"}, Style())
    >>> [group["name"] for group in option["series"][0]["data"]]
    ['업종 모름']
    """
    full = full_at(tickers["change"].to_numpy(dtype="float64"))
    groups = [
        {
            "id": f"industry {industry}",
            "name": industry or _("업종 모름"),
            "itemStyle": {"color": NEUTRAL},
            "children": [_leaf(row, size, list(worth), full, style) for row in rows.to_dict("records")],
        }
        for industry, rows in tickers.groupby("industry")
    ]
    text = {"color": "#ffffff", "overflow": "truncate"}
    edge = {"borderColor": HEAD, "borderWidth": 1, "gapWidth": 1}
    series = {
        "type": "treemap",
        "name": _("시장"),
        "data": groups,
        "roam": False,
        "animation": False,
        "nodeClick": False,  # `ticker_clicked.js` opens the industry that is clicked
        "visibleMin": 12,
        "leafDepth": 3,  # deeper than the tree: without it, the path below begins with what lies in the middle
        "breadcrumb": {"bottom": 0, "height": 20, "itemStyle": {"color": HEAD, "textStyle": {"color": "#ffffff"}}},
        "left": 0,
        "right": 0,
        "top": 0,
        "bottom": 26,
        "label": {**text, "formatter": Script("map_label"), "fontSize": 12},
        "labelLayout": Script("map_label_layout"),
        "upperLabel": {"show": True, "height": 18, "color": "#ffffff", "fontSize": 11},
        "itemStyle": edge,
        "levels": [
            {"itemStyle": {"borderWidth": 0, "gapWidth": 2}, "upperLabel": {"show": False}},
            {"itemStyle": edge},
        ],
    }
    tooltip = Script("map_tooltip", {"worth": list(worth.values())})
    return {"tooltip": {"formatter": tooltip, "confine": True}, "series": [series]}


def _leaf(row: Mapping[Any, Any], size: str, worth: Sequence[str], full: float, style: Style) -> Option:
    return {
        "name": row["name"],
        "ticker": row["ticker"],
        "value": row[size],
        "change": formats.signed_percent(row["change"]),
        "close": row["close"],
        "worth": [formats.large(row[name]) for name in worth],
        "line": row["line"],
        "itemStyle": {"color": color(row["change"], full, style)},
    }
