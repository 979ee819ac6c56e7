"""The breadth of a market over time, beside its index. Pure: frames in, ECharts option out."""

from typing import Any

import pandas as pd

from finance_core.bars.breadth import AVERAGES
from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.charts.style import Style
from finance_core.i18n import _

COLORS = {20: "#f59f00", 60: "#0ca678", 200: "#7950f2"}
"""Of the shares above each average."""


def option(daily: pd.DataFrame, index: "pd.Series[float]", name: str, style: Style) -> Option:
    """Three panes on one axis of days: the index called `name`, shares above averages, and new highs and lows.

    `daily` is that of `bars.breadth.daily`; `index` has the closes of the index on any days, or none.

    >>> days = pd.DatetimeIndex(["2024-01-02"])
    >>> columns = dict.fromkeys(("above_20", "above_60", "above_200", "highs", "lows", "advance_decline"), 1)
    >>> len(option(pd.DataFrame(columns, days), pd.Series(dtype=float), "KOSPI", Style())["grid"])
    3
    """
    source = pd.DataFrame({_("날짜"): parts.days(daily)})
    series: list[Option] = []

    def add(column: str, values: Any, pane: int, **look: Any) -> None:
        source[column] = values
        encode = {"x": _("날짜"), "y": column, "tooltip": [column]}
        line = {"type": "line", "showSymbol": False, "lineStyle": {"width": 1.5}}
        series.append({**line, "name": column, "encode": encode, "xAxisIndex": pane, "yAxisIndex": pane, **look})

    if index.empty:
        add(_("상승−하락 누적"), daily["advance_decline"].to_numpy(), 0, itemStyle={"color": "#868e96"})
    else:
        add(name, index.reindex(daily.index).to_numpy(), 0, itemStyle={"color": "#3182f6"})
    for window in AVERAGES:
        title = _("{window}일 평균 위 종목").format(window=window)
        look = {"itemStyle": {"color": COLORS[window]}, "tooltip": {"valueFormatter": "%.1f%%"}}
        add(title, (daily[f"above_{window}"] * 100).round(2).to_numpy(), 1, **look)
    bar = {"type": "bar", "stack": "extremes"}
    add(_("52주 신고가"), daily["highs"].to_numpy(), 2, **bar, itemStyle={"color": style.rising})
    add(_("52주 신저가"), (-daily["lows"]).to_numpy(), 2, **bar, itemStyle={"color": style.falling})
    sides = {"left": 12, "right": 60}
    axes: list[Option] = [parts.FIT, {"min": 0, "max": 100, "axisLabel": {"formatter": "{value}%"}}, {"splitNumber": 2}]
    return {
        "animation": False,
        "dataset": {"source": source},
        "legend": {"top": 0, "type": "scroll"},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "grid": [
            {**sides, "top": 34, "height": "32%"},
            {**sides, "top": "43%", "height": "24%"},
            {**sides, "top": "72%", "height": "14%"},
        ],
        "xAxis": [parts.day_axis(pane, labels=pane == 2) for pane in range(3)],
        "yAxis": [{"gridIndex": pane, "position": "right", **axis} for pane, axis in enumerate(axes)],
        "dataZoom": parts.zooms(3, (max(len(source) - 252, 0), len(source) - 1), sides, bottom=4, height=24),
        "tooltip": parts.TOOLTIP,
        "series": series,
    }
