"""ECharts options: what a page draws. Pure: frames in, a JSON-like dictionary out (with the frame as its dataset).

Colours of axes, grid lines and text are left to Streamlit's ECharts theme, which knows light from dark. ECharts runs
without any JavaScript of ours, so whatever needs arithmetic is a column of the dataset.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from finance_core.i18n import _, language

Option = dict[str, Any]

RISING: Final = "#f04452"
FALLING: Final = "#3182f6"
"""Rising red and falling blue, as Korean markets have it."""
AVERAGE_COLORS: Final = ("#f59f00", "#12b886", "#7950f2", "#868e96", "#e64980")

VOLUME_UNITS: Final[Mapping[str, tuple[tuple[float, str], ...]]] = {
    "ko": ((1e12, "조"), (1e8, "억"), (1e4, "만"), (1, "")),
    "en": ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"), (1, "")),
}
"""Units of a volume axis, largest first: 6,000만 and 60M rather than 60,000,000."""


def candlestick(
    bars: pd.DataFrame, averages: pd.DataFrame, first_visible: int, decimals: int, *, sample: bool = False
) -> Option:
    """Candlesticks without gaps, moving averages and a volume pane over one category axis of days.

    `bars` as in `candles`, `averages` on the same index with columns `ma5`, … ; both whole, so that zooming out needs
    no server. The first view reaches from position `first_visible` to the last bar. Prices show `decimals` decimals.
    `sample` writes across the chart that it is not real, so that a saved picture says so too.
    """
    names = _Names()
    source = _dataset(bars, averages, names)
    divisor, unit = _volume_unit(float(bars["volume"].max()) if len(bars) else 0)
    rising = bars["close"].to_numpy() >= bars["open"].to_numpy()
    volume = bars["volume"].to_numpy() / divisor
    source["rising"], source["falling"] = np.where(rising, volume, np.nan), np.where(rising, np.nan, volume)
    zoom = {"xAxisIndex": [0, 1], "startValue": first_visible, "endValue": max(len(bars) - 1, 0), "minValueSpan": 4}
    price_format = f"%,.{decimals}f"
    return {
        "animation": False,
        "dataset": {"source": source},
        "legend": {
            "data": [names.average(column) for column in averages.columns],
            "left": 8,
            "top": 0,
            "icon": "roundRect",
            "itemHeight": 4,
        },
        "graphic": [_watermark(_("표본 데이터"))] if sample else [],
        "grid": [
            {"left": 12, "right": 76, "top": 36, "bottom": 196},
            {"left": 12, "right": 76, "height": 84, "bottom": 88},
        ],
        "xAxis": [_day_axis(0, labels=False), _day_axis(1, labels=True)],
        "yAxis": [_price_axis(decimals), _volume_axis(unit)],
        "dataZoom": [
            {"type": "inside", **zoom},
            {"type": "slider", **zoom, "bottom": 12, "height": 36, "left": 12, "right": 76, "showDetail": False},
        ],
        "axisPointer": {"link": [{"xAxisIndex": "all"}], "label": {"precision": decimals}},
        "tooltip": {
            "trigger": "axis",
            "axisPointer": {"type": "cross"},
            "confine": True,
            "valueFormatter": price_format,
        },
        "series": [
            _candles(names, bars, decimals, price_format),
            _only_tooltip(names.close, [names.change], "%+.2f%%"),
            *(
                _average(names.average(column), AVERAGE_COLORS[position % len(AVERAGE_COLORS)], price_format)
                for position, column in enumerate(averages.columns)
            ),
            _only_tooltip(names.close, [names.volume], "%,.0f"),
            _volume_bars("rising", RISING),
            _volume_bars("falling", FALLING),
        ],
    }


class _Names:
    """The columns of the dataset, which are also the labels of the tooltip, in the running language."""

    def __init__(self) -> None:
        self.date, self.open, self.high, self.low, self.close = _("날짜"), _("시가"), _("고가"), _("저가"), _("종가")
        self.change, self.volume = _("등락률"), _("거래량")

    def average(self, column: str) -> str:
        return _("{window}일 평균").format(window=column.removeprefix("ma"))


def _dataset(bars: pd.DataFrame, averages: pd.DataFrame, names: _Names) -> pd.DataFrame:
    source = pd.DataFrame(
        {
            names.date: pd.DatetimeIndex(bars.index).strftime("%Y-%m-%d"),
            names.open: bars["open"].to_numpy(),
            names.high: bars["high"].to_numpy(),
            names.low: bars["low"].to_numpy(),
            names.close: bars["close"].to_numpy(),
            names.change: bars["close"].pct_change().to_numpy() * 100,
            names.volume: bars["volume"].to_numpy(),
        }
    )
    for column in averages.columns:
        source[names.average(column)] = averages[column].to_numpy()
    return source


def _watermark(text: str) -> Option:
    style = {"text": text, "fontSize": 48, "fontWeight": "bold", "fill": "#f59f00", "opacity": 0.16}
    return {"type": "text", "left": "center", "top": "30%", "silent": True, "style": style}


def _day_axis(pane: int, *, labels: bool) -> Option:
    return {
        "type": "category",
        "gridIndex": pane,
        "boundaryGap": True,
        "axisLabel": {"show": labels, "hideOverlap": True},
        "axisTick": {"show": labels},
        "axisPointer": {"label": {"show": labels}},
        "splitLine": {"show": False},
    }


def _price_axis(decimals: int) -> Option:
    return {
        "scale": True,
        "gridIndex": 0,
        "position": "right",
        "boundaryGap": ["4%", "4%"],
        "axisPointer": {"label": {"precision": decimals}},
    }


def _volume_axis(unit: str) -> Option:
    return {
        "gridIndex": 1,
        "position": "right",
        "splitNumber": 2,
        "axisLabel": {"formatter": f"{{value}}{unit}"},
        "axisPointer": {"show": False},
    }


def _candles(names: _Names, bars: pd.DataFrame, decimals: int, price_format: str) -> Option:
    series: Option = {
        "type": "candlestick",
        "name": _("시세"),
        "encode": {
            "x": names.date,
            "y": [names.open, names.close, names.low, names.high],
            "tooltip": [names.open, names.high, names.low, names.close],
        },
        "tooltip": {"valueFormatter": price_format},
        "itemStyle": {"color": RISING, "borderColor": RISING, "color0": FALLING, "borderColor0": FALLING},
    }
    if len(bars):
        last = bars.iloc[-1]
        series["markLine"] = {
            "symbol": "none",
            "silent": True,
            "precision": decimals,
            "lineStyle": {"color": RISING if last["close"] >= last["open"] else FALLING, "type": "dashed", "width": 1},
            "label": {
                "position": "end",
                "formatter": f"{last['close']:,.{decimals}f}",
                "color": "#ffffff",
                "backgroundColor": RISING if last["close"] >= last["open"] else FALLING,
                "padding": [3, 5],
                "borderRadius": 3,
            },
            "data": [{"yAxis": float(last["close"])}],
        }
    return series


def _only_tooltip(column: str, tooltip: list[str], value_format: str) -> Option:
    """A series that draws nothing and only adds columns to the tooltip: each series has one format there."""
    return {
        "type": "line",
        "name": tooltip[0],
        "encode": {"y": column, "tooltip": tooltip},
        "itemStyle": {"color": "transparent"},
        "lineStyle": {"opacity": 0},
        "showSymbol": False,
        "symbol": "none",
        "silent": True,
        "tooltip": {"valueFormatter": value_format},
    }


def _average(column: str, color: str, price_format: str) -> Option:
    return {
        "type": "line",
        "name": column,
        "encode": {"y": column, "tooltip": [column]},
        "showSymbol": False,
        "symbol": "none",
        "silent": True,
        "itemStyle": {"color": color},
        "lineStyle": {"color": color, "width": 1.5},
        "tooltip": {"valueFormatter": price_format},
    }


def _volume_bars(column: str, color: str) -> Option:
    return {
        "type": "bar",
        "name": column,
        "encode": {"y": column, "tooltip": []},
        "xAxisIndex": 1,
        "yAxisIndex": 1,
        "stack": "volume",
        "itemStyle": {"color": color, "opacity": 0.6},
        "tooltip": {"show": False},
    }


def _volume_unit(largest: float) -> tuple[float, str]:
    return next((unit for unit in VOLUME_UNITS[language()] if largest >= unit[0] * 10), (1, ""))
