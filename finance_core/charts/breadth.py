"""The breadth of a market over time, beside its index, and the lines of industries. Pure: frames in, options out."""

from typing import Any

import pandas as pd

from finance_core.bars.breadth import AVERAGES
from finance_core.charts import parts
from finance_core.charts.comparison import COLORS as COLORS_OF_LINES
from finance_core.charts.parts import Option
from finance_core.charts.script import Script
from finance_core.charts.style import Style
from finance_core.i18n import _

COLORS = {20: "#f59f00", 60: "#0ca678", 200: "#7950f2"}
"""Colours of the lines of shares of tickers above an average, by its window."""
MARK: Option = {
    "silent": True,
    "symbol": "none",
    "animation": False,
    "label": {"show": False},
    "lineStyle": {"color": "#868e96", "type": "dashed", "width": 1.5},
}
"""The line at a chosen day."""


def option(
    daily: pd.DataFrame, index: "pd.Series[float]", name: str, style: Style, marked: pd.Timestamp | None = None
) -> Option:
    """Three panes on one axis of days: the index called `name`, shares above averages, and new highs and lows.

    `daily` is the result of `bars.breadth.daily`. `index` has the closes of the index, on any days; if it is empty, the
    first pane shows the sum of advancers minus decliners. A vertical line marks the day `marked`.

    >>> days = pd.DatetimeIndex(["2024-01-02"])
    >>> columns = dict.fromkeys(("above_20", "above_60", "above_200", "highs", "lows", "advance_decline"), 1)
    >>> len(option(pd.DataFrame(columns, days), pd.Series(dtype=float), "KOSPI", Style())["grid"])
    3
    """
    source = pd.DataFrame({_("날짜"): parts.days(daily.index)})
    series: list[Option] = []
    number_formats: dict[str, Option] = {}

    def add(column: str, values: Any, pane: int, number_format: Option, **look: Any) -> None:
        source[column] = values
        encode = {"x": _("날짜"), "y": column, "tooltip": [column]}
        number_formats[column] = number_format
        line: Option = {"type": "line", "showSymbol": False, "lineStyle": {"width": 1.5}}
        if marked is not None and all(other["xAxisIndex"] != pane for other in series):
            line["markLine"] = {**MARK, "data": [{"xAxis": f"{marked:%Y-%m-%d}"}]}
        series.append({**line, "name": column, "encode": encode, "xAxisIndex": pane, "yAxisIndex": pane, **look})

    if index.empty:
        add(_("상승−하락 누적"), daily["advance_decline"].to_numpy(), 0, {}, itemStyle={"color": "#868e96"})
    else:
        add(name, index.reindex(daily.index).to_numpy(), 0, {"decimals": 2}, itemStyle={"color": "#3182f6"})
    for window in AVERAGES:
        title = _("{window}일 평균 위 종목").format(window=window)
        shares = (daily[f"above_{window}"] * 100).round(2).to_numpy()
        add(title, shares, 1, {"decimals": 1, "suffix": "%"}, itemStyle={"color": COLORS[window]})
    bar = {"type": "bar", "barGap": "-100%"}  # on each other: a stack would be computed anew in each frame
    size = {"unsigned": True}
    add(_("종가 52주 신고가"), daily["highs"].to_numpy(), 2, size, **bar, itemStyle={"color": style.rising})
    add(_("종가 52주 신저가"), (-daily["lows"]).to_numpy(), 2, size, **bar, itemStyle={"color": style.falling})
    return _layout(source, series, number_formats)


def _layout(source: pd.DataFrame, series: list[Option], number_formats: dict[str, Option]) -> Option:
    """The three panes of `series`, with what they share: one zoom, one crosshair and one box of numbers."""
    sides: Option = {"left": 40, "right": 60}
    place = {**sides, "outerBoundsMode": "none"}  # else labels narrow one pane, and days do not line up
    axes: list[Option] = [parts.FIT, {"min": 0, "max": 100, "axisLabel": {"formatter": "{value}%"}}, {"splitNumber": 2}]
    return {
        "animation": False,
        "aria": {"enabled": True, "label": {"description": _("등락 현황")}},
        "dataset": [{"source": source}],
        "legend": {"top": 0, "type": "scroll"},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "grid": [
            {**place, "top": 34, "height": "32%"},
            {**place, "top": "43%", "height": "24%"},
            {**place, "top": "72%", "height": "14%"},
        ],
        "xAxis": [parts.trading_days(pane, labels=pane == 2) for pane in range(3)],
        "yAxis": [{"gridIndex": pane, "position": "right", **axis} for pane, axis in enumerate(axes)],
        "dataZoom": parts.zooms(3, None, sides, bottom=4, height=24),
        "tooltip": {**parts.TOOLTIP, "formatter": Script("day_tooltip", {"columns": number_formats})},
        "series": series,
    }


def industries(changes: pd.DataFrame) -> Option:
    """A line for each column of `changes`, in percent by day; the names of columns are those of the lines.

    >>> days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"])
    >>> industries(pd.DataFrame({"A": [0.0, 1.5]}, days))["series"][0]["name"]
    'A'
    """
    columns = [f"y{position}" for position in range(len(changes.columns))]  # a name may be any text
    source = pd.DataFrame({_("날짜"): parts.days(changes.index)}).assign(
        **{column: changes.iloc[:, position].to_numpy() for position, column in enumerate(columns)}
    )
    number_formats = {name: {"decimals": 2, "suffix": "%"} for name in changes.columns}
    line: Option = {"type": "line", "showSymbol": False, "lineStyle": {"width": 1.5}}
    return {
        "animation": False,
        "color": list(COLORS_OF_LINES),
        "aria": {"enabled": True, "label": {"description": _("업종")}},
        "dataset": [{"source": source}],
        "legend": {"top": 0, "type": "scroll"},
        "grid": [{"left": 12, "right": 60, "top": 34, "bottom": 28}],
        "xAxis": [parts.trading_days(0, labels=True)],
        "yAxis": [{"position": "right", **parts.FIT, "axisLabel": {"formatter": "{value}%"}}],
        "tooltip": {**parts.TOOLTIP, "formatter": Script("day_tooltip", {"columns": number_formats})},
        "series": [
            {**line, "name": name, "encode": {"x": _("날짜"), "y": column, "tooltip": [column]}}
            for name, column in zip(changes.columns, columns, strict=True)
        ],
    }
