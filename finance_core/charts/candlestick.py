"""ECharts options: what a page draws. Pure: frames in, a JSON-like dictionary out (with the frame as its dataset).

Colours of axes, grid lines and text are left to Streamlit's ECharts theme, which knows light from dark. ECharts runs
without any JavaScript of ours, so whatever needs arithmetic is a column of the dataset.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from finance_core.bars import indicators
from finance_core.bars.candles import Interval
from finance_core.bars.indicators import Averages
from finance_core.categories import Average
from finance_core.i18n import _, language

Option = dict[str, Any]

RED: Final = "#f04452"
BLUE: Final = "#3182f6"
GREEN: Final = "#0ca678"
AVERAGE_COLORS: Final = ("#f59f00", "#12b886", "#7950f2", "#868e96", "#e64980", "#15aabf", "#a0522d")
DIVIDEND_COLOR: Final = "#7950f2"
SPLIT_COLOR: Final = "#f59f00"

LOG_BASE: Final = 1.1
"""A log axis begins and ends at powers of its base: a small one fits close around what is visible."""
LOG_NARROW: Final = 4.0
"""Up to which ratio of highest to lowest price a log axis is labelled as evenly as a linear one."""
LOG_TICKS: Final = 8

VOLUME_UNITS: Final[Mapping[str, tuple[tuple[float, str], ...]]] = {
    "ko": ((1e12, "조"), (1e8, "억"), (1e4, "만"), (1, "")),
    "en": ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"), (1, "")),
}
"""Units of a volume axis, largest first: 6,000만 and 60M rather than 60,000,000."""


@dataclass(frozen=True)
class Style:
    """How a chart of one ticker looks."""

    decimals: int = 0
    """Of prices."""
    rising_is_red: bool = True
    """Red and blue as in Korea; else green and red as in the US."""
    log: bool = False
    """Whether equal distances on the price axis are equal ratios."""
    sample: bool = False
    """Whether it is written across the chart that it is not real, so that a saved picture says so too."""
    interval: Interval = "D"
    """What one bar stands for."""
    last_note: str = ""
    """What is written behind the day of the last bar, in the running language: that its week or month still runs."""

    @property
    def rising(self) -> str:
        return RED if self.rising_is_red else GREEN

    @property
    def falling(self) -> str:
        return BLUE if self.rising_is_red else RED

    @property
    def price_format(self) -> str:
        """For tooltips, in the browser."""
        return f"%,.{self.decimals}f"


def candlestick(bars: pd.DataFrame, averages: Averages, visible: tuple[int, int], style: Style) -> Option:
    """Candlesticks without gaps, moving averages and a volume pane over one category axis of days.

    `bars` as in `candles`, of any interval; `averages` as in `indicators`, on the same index; both whole, so that
    zooming out needs no server. The first view reaches from the first to the last position of `visible`. A rising body
    is hollow and a falling one filled, so that they differ without colour too. Dividends and splits are marked on the
    time axis.
    """
    names = _Names(style.interval)
    source = _dataset(bars, averages, names, style)
    divisor, unit = _volume_unit(float(bars["volume"].max()) if len(bars) else 0)
    rising = bars["close"].to_numpy() >= bars["open"].to_numpy()
    volume = bars["volume"].to_numpy() / divisor
    source["rising"], source["falling"] = np.where(rising, volume, np.nan), np.where(rising, np.nan, volume)
    zoom = {"xAxisIndex": [0, 1], "startValue": visible[0], "endValue": visible[1], "minValueSpan": 4}
    actions = _corporate_actions(bars, source[names.date], names)
    return {
        "animation": False,
        "dataset": [{"source": source}, *({"source": frame} for frame in actions.values())],
        "legend": {
            "data": [names.average(average) for average in averages],
            "left": 8,
            "top": 0,
            "icon": "roundRect",
            "itemHeight": 4,
        },
        "toolbox": {"right": 22, "bottom": 18, "itemSize": 16, "feature": {"restore": {"title": _("처음 기간으로")}}},
        "graphic": [watermark(_("표본 데이터"))] if style.sample else [],
        "grid": [
            {"left": 12, "right": 76, "top": 36, "bottom": 196, "outerBoundsMode": "none"},
            {"left": 12, "right": 76, "height": 84, "bottom": 88, "outerBoundsMode": "none"},
        ],
        "xAxis": [day_axis(0, labels=False), day_axis(1, labels=True)],
        "yAxis": [_price_axis(style, bars.iloc[visible[0] : visible[1] + 1]), _volume_axis(unit), _action_axis()],
        "dataZoom": [
            {"type": "inside", **zoom},
            {"type": "slider", **zoom, "bottom": 12, "height": 36, "left": 12, "right": 76, "showDetail": False},
        ],
        "axisPointer": {"link": [{"xAxisIndex": "all"}], "label": {"precision": style.decimals}},
        "tooltip": {
            "trigger": "axis",
            "axisPointer": {"type": "cross"},
            "confine": True,
            "valueFormatter": style.price_format,
        },
        "series": [
            _candles(names, bars, style),
            only_tooltip(names.close, [names.change], "%+.2f%%"),
            *(
                _average(names.average(average), AVERAGE_COLORS[position % len(AVERAGE_COLORS)], style.price_format)
                for position, average in enumerate(averages)
            ),
            only_tooltip(names.close, [names.volume], "%,.0f"),
            _volume_bars("rising", style.rising, opacity=0.45),
            _volume_bars("falling", style.falling, opacity=0.75),
            *(
                _action_marks(position, name, names.date, SPLIT_COLOR if name == names.split else DIVIDEND_COLOR)
                for position, name in enumerate(actions, start=1)
            ),
        ],
    }


class _Names:
    """The columns of the dataset, which are also the labels of the tooltip, in the running language."""

    def __init__(self, interval: Interval) -> None:
        self._interval: Interval = interval
        self.date, self.open, self.high, self.low, self.close = _("날짜"), _("시가"), _("고가"), _("저가"), _("종가")
        self.change, self.volume = _("등락률"), _("거래량")
        self.dividend, self.split = _("배당"), _("분할")

    def average(self, average: Average) -> str:
        return indicators.title(average, self._interval)


def _dataset(bars: pd.DataFrame, averages: Averages, names: _Names, style: Style) -> pd.DataFrame:
    days = pd.DatetimeIndex(bars.index).strftime("%Y-%m-%d").to_numpy(dtype=object, copy=True)
    if style.last_note and len(days):
        days[-1] += " " + style.last_note
    source = pd.DataFrame(
        {
            names.date: days,
            names.open: bars["open"].to_numpy(),
            names.high: bars["high"].to_numpy(),
            names.low: bars["low"].to_numpy(),
            names.close: bars["close"].to_numpy(),
            names.change: bars["close"].pct_change().to_numpy() * 100,
            names.volume: bars["volume"].to_numpy(),
        }
    )
    for average, values in averages.items():
        source[names.average(average)] = values.to_numpy()
    return source


def _corporate_actions(bars: pd.DataFrame, days: "pd.Series[str]", names: _Names) -> dict[str, pd.DataFrame]:
    """The bars with dividends and those with splits, each as day, height on their axis, and what happened."""
    actions = {}
    for name, column, text in ((names.dividend, "dividends", _dividend), (names.split, "stock_splits", _split)):
        happened = bars[column].to_numpy() > 0
        if happened.any():
            amounts = [text(value) for value in bars[column].to_numpy()[happened]]
            actions[name] = pd.DataFrame({names.date: days.to_numpy()[happened], "height": 0.0, name: amounts})
    return actions


def _dividend(amount: float) -> str:
    return f"{amount:,.10g}"


def _split(ratio: float) -> str:
    return f"{ratio:,.6g} : 1" if ratio >= 1 else f"1 : {1 / ratio:,.6g}"


def watermark(text: str) -> Option:
    style = {"text": text, "fontSize": 48, "fontWeight": "bold", "fill": "#f59f00", "opacity": 0.16}
    return {"type": "text", "left": "center", "top": "30%", "silent": True, "style": style}


def day_axis(pane: int, *, labels: bool) -> Option:
    return {
        "type": "category",
        "gridIndex": pane,
        "boundaryGap": True,
        "axisLabel": {"show": labels, "hideOverlap": True},
        "axisTick": {"show": labels},
        "axisPointer": {"label": {"show": labels}},
        "splitLine": {"show": False},
    }


def _price_axis(style: Style, visible: pd.DataFrame) -> Option:
    kind: Option = log_axis(visible) if style.log else {"scale": True, "boundaryGap": ["4%", "4%"]}
    return {
        **kind,
        "gridIndex": 0,
        "position": "right",
        "axisPointer": {"label": {"precision": style.decimals}},
    }


def log_axis(visible: pd.DataFrame) -> Option:
    """A log axis with round numbers on it: evenly spaced where the first view is narrow, by 1, 2, 5 around it."""
    low, high = (float(visible["low"].min()), float(visible["high"].max())) if len(visible) else (1.0, 10.0)
    around = np.outer(10.0 ** np.arange(-4, 9), [1.0, 2.0, 5.0]).ravel()
    if high / low < LOG_NARROW:
        step = _round_step(max(high - low, high * 0.02) / LOG_TICKS)
        inside = np.arange(np.ceil(low / step / 1.1), np.floor(high / step * 1.1) + 1) * step
        around = around[(around < inside[0] * 0.9) | (around > inside[-1] * 1.1)]
    else:
        inside = np.outer(10.0 ** np.arange(-4, 9), [3.0, 7.0]).ravel()
    ticks = np.unique(np.round(np.concatenate([around, inside]), 6)).tolist()
    return {
        "type": "log",
        "logBase": LOG_BASE,
        "axisLabel": {"customValues": ticks, "hideOverlap": True},
        "axisTick": {"customValues": ticks},
    }


def _round_step(least: float) -> float:
    """The smallest of …, 1, 2, 5, 10, 20, … that is at least `least`."""
    decade = 10.0 ** np.floor(np.log10(max(least, 1e-4)))
    return float(next(step for step in (decade, 2 * decade, 5 * decade, 10 * decade) if step >= least * 0.999))


def _volume_axis(unit: str) -> Option:
    return {
        "gridIndex": 1,
        "position": "right",
        "splitNumber": 2,
        "axisLabel": {"formatter": f"{{value}}{unit}"},
        "axisPointer": {"show": False},
    }


def _action_axis() -> Option:
    return {"gridIndex": 0, "min": 0, "max": 1, "show": False, "axisPointer": {"show": False}}


def _action_marks(dataset: int, name: str, date: str, color: str) -> Option:
    return {
        "type": "scatter",
        "name": name,
        "datasetIndex": dataset,
        "yAxisIndex": 2,
        "symbol": "triangle",
        "symbolSize": 9,
        "symbolOffset": [0, -5],
        "itemStyle": {"color": color},
        "encode": {"x": date, "y": "height", "tooltip": [name]},
    }


def _candles(names: _Names, bars: pd.DataFrame, style: Style) -> Option:
    series: Option = {
        "type": "candlestick",
        "name": _("시세"),
        "encode": {
            "x": names.date,
            "y": [names.open, names.close, names.low, names.high],
            "tooltip": [names.open, names.high, names.low, names.close],
        },
        "tooltip": {"valueFormatter": style.price_format},
        "itemStyle": {
            "color": "transparent",
            "borderColor": style.rising,
            "color0": style.falling,
            "borderColor0": style.falling,
            "borderWidth": 1.5,
        },
    }
    if len(bars):
        last = bars.iloc[-1]
        color = style.rising if last["close"] >= last["open"] else style.falling
        series["markLine"] = {
            "symbol": "none",
            "silent": True,
            "precision": style.decimals,
            "lineStyle": {"color": color, "type": "dashed", "width": 1},
            "label": {
                "position": "end",
                "formatter": f"{last['close']:,.{style.decimals}f}",
                "color": "#ffffff",
                "backgroundColor": color,
                "padding": [3, 5],
                "borderRadius": 3,
            },
            "data": [{"yAxis": float(last["close"])}],
        }
    return series


def only_tooltip(column: str, tooltip: list[str], value_format: str) -> Option:
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


def _volume_bars(column: str, color: str, opacity: float) -> Option:
    return {
        "type": "bar",
        "name": column,
        "encode": {"y": column, "tooltip": []},
        "xAxisIndex": 1,
        "yAxisIndex": 1,
        "stack": "volume",
        "itemStyle": {"color": color, "opacity": opacity},
        "tooltip": {"show": False},
    }


def _volume_unit(largest: float) -> tuple[float, str]:
    return next((unit for unit in VOLUME_UNITS[language()] if largest >= unit[0] * 10), (1, ""))
