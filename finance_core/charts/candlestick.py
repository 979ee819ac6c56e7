"""The ECharts option of one ticker: candlesticks, averages, volume, corporate actions. Pure: frames in, option out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import numpy as np
import pandas as pd

from finance_core.bars import indicators
from finance_core.bars.candles import Interval
from finance_core.bars.indicators import Averages
from finance_core.charts import parts
from finance_core.charts.parts import Option
from finance_core.charts.script import Script
from finance_core.i18n import _, language

RED: Final = "#f04452"
BLUE: Final = "#3182f6"
GREEN: Final = "#0ca678"
AVERAGE_COLORS: Final = ("#f59f00", "#12b886", "#7950f2", "#868e96", "#e64980", "#15aabf", "#a0522d")
DIVIDEND_COLOR: Final = "#7950f2"
SPLIT_COLOR: Final = "#f59f00"

VOLUME_UNITS: Final[Mapping[str, tuple[tuple[float, str, bool], ...]]] = {
    "ko": ((1e12, "조", False), (1e8, "억", False), (1e7, "천만", True), (1e4, "만", False)),
    "en": ((1e12, "T", False), (1e9, "B", False), (1e6, "M", False), (1e3, "K", False)),
}
"""Units of a volume axis, largest first, and whether only whole numbers of it are said: 6천만, but 6,500만."""

FIRST_SEEN: Final = 120
"""Bars that are drawn before the browser is told which ones to show."""
AIR: Final = 0.04
"""Above and below the prices that are visible, as a part of their range."""
SIDES: Final[Option] = {"left": 12, "right": 76}
"""Pixels beside the candles."""
ACTION_AXIS: Final[Option] = {"gridIndex": 0, "min": 0, "max": 1, "show": False, "axisPointer": {"show": False}}


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
    last_note: str = ""
    """Text behind the day of the last bar, in the running language: that its week or month still runs."""

    @property
    def rising(self) -> str:
        """Colour of rising bars."""
        return RED if self.rising_is_red else GREEN

    @property
    def falling(self) -> str:
        """Colour of falling bars."""
        return BLUE if self.rising_is_red else RED

    @property
    def price_format(self) -> str:
        """For tooltips, in the browser."""
        return f"%,.{self.decimals}f"


def titled(bars: pd.DataFrame, averages: Mapping[str, "pd.Series[float]"]) -> pd.DataFrame:
    """`bars` with their change in percent and with `averages` (by title), titled in the running language.

    >>> from finance_core.bars import candles
    >>> titled(candles.empty(), {}).columns.tolist()
    ['시가', '고가', '저가', '종가', '등락률', '거래량']
    """
    prices = {_("시가"): bars["open"], _("고가"): bars["high"], _("저가"): bars["low"], _("종가"): bars["close"]}
    change = bars["close"].pct_change() * 100
    return pd.DataFrame({**prices, _("등락률"): change, _("거래량"): bars["volume"], **averages}, index=bars.index)


def candlestick(bars: pd.DataFrame, averages: Averages, style: Style) -> Option:
    """Candlesticks without gaps, moving averages and a volume pane over one category axis of days.

    `bars` as in `candles`, of any interval; `averages` as in `indicators`, on the same index; both whole, so that
    zooming out needs no server. The browser is told apart what to show of them at first. A rising body is hollow and
    a falling one filled, so that they differ without colour too. Dividends and splits are marked on the time axis.

    Beside what ECharts knows, `readout` lists what is read out under the crosshair (see `parts.reading`).

    >>> from finance_core.bars import candles
    >>> option = candlestick(candles.empty(), {}, Style())
    >>> [series["type"] for series in option["series"]]
    ['candlestick', 'bar', 'bar']
    """
    titles = [indicators.title(average, style.interval) for average in averages]
    source = titled(bars, dict(zip(titles, averages.values(), strict=True))).reset_index(drop=True)
    source.insert(0, _("날짜"), parts.days(bars, style.last_note))
    is_rising, volume = bars["close"].to_numpy() >= bars["open"].to_numpy(), bars["volume"].to_numpy()
    source["rising"], source["falling"] = np.where(is_rising, volume, np.nan), np.where(is_rising, np.nan, volume)
    actions = _corporate_actions(bars, source[_("날짜")])
    lines = list(zip(titles, cycle(AVERAGE_COLORS), strict=False))
    first_seen = max(len(bars) - FIRST_SEEN, 0), max(len(bars) - 1, 0)
    return {
        "animation": False,
        "dataset": [{"source": source}, *({"source": frame} for frame in actions.values())],
        "readout": _readout(style, lines),
        "graphic": [parts.watermark(_("표본 데이터"))] if style.sample else [],
        "grid": [
            {**SIDES, "top": 32, "bottom": 160, "outerBoundsMode": "none"},
            {**SIDES, "height": 84, "bottom": 64, "outerBoundsMode": "none"},
        ],
        "xAxis": [parts.trading_days(0, labels=False), parts.trading_days(1, labels=True)],
        "yAxis": [_price_axis(style, bars), _volume_axis(), ACTION_AXIS],
        "dataZoom": parts.zooms(2, first_seen, SIDES, bottom=8, height=28),
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "tooltip": {**parts.TOOLTIP, "showContent": False},
        "series": [
            _candles(bars, style),
            *(parts.line(title, color) for title, color in lines),
            _volume_bars("rising", style.rising, opacity=0.45),
            _volume_bars("falling", style.falling, opacity=0.75),
            *(_action_marks(dataset, title) for dataset, title in enumerate(actions, start=1)),
        ],
    }


def _readout(style: Style, lines: Iterable[tuple[str, str]]) -> list[Option]:
    decimals = style.decimals
    prices = [parts.reading(title, decimals=decimals) for title in (_("시가"), _("고가"), _("저가"), _("종가"))]
    change = parts.reading(_("등락률"), decimals=2, suffix="%", signed=True)
    volume = parts.reading(_("거래량"), pane=1)
    return [*prices, change, *(parts.reading(title, color=color, decimals=decimals) for title, color in lines), volume]


def _corporate_actions(bars: pd.DataFrame, dates: "pd.Series[str]") -> dict[str, pd.DataFrame]:
    """The bars with dividends and those with splits, each as day, height on their axis, and what happened."""
    actions = {}
    for title, column, text in ((_("배당"), "dividends", "{:,.10g}".format), (_("분할"), "stock_splits", _split)):
        amounts = bars[column].to_numpy()
        happened = amounts > 0
        if happened.any():
            texts = [text(amount) for amount in amounts[happened]]
            actions[title] = pd.DataFrame({_("날짜"): dates.to_numpy()[happened], "height": 0.0, title: texts})
    return actions


def _split(ratio: float) -> str:
    return f"{ratio:,.6g} : 1" if ratio >= 1 else f"1 : {1 / ratio:,.6g}"


def _price_axis(style: Style, bars: pd.DataFrame) -> Script:
    settings = {"scale": "log" if style.log else "linear", "air": AIR, "decimals": style.decimals}
    last = float(bars["close"].iloc[-1]) if len(bars) else None
    return Script("price_axis", {**settings, "last": last, "gridIndex": 0, "position": "right"})


def _volume_axis() -> Option:
    label = Script("volume_label", {"units": VOLUME_UNITS[language()]})
    return {
        "gridIndex": 1,
        "position": "right",
        "splitNumber": 2,
        "axisLabel": {"formatter": label, "hideOverlap": True},
        "axisPointer": {"label": {"show": False}},
    }


def _action_marks(dataset: int, title: str) -> Option:
    return {
        "type": "scatter",
        "name": title,
        "datasetIndex": dataset,
        "yAxisIndex": 2,
        "symbol": "triangle",
        "symbolSize": 9,
        "symbolOffset": [0, -5],
        "itemStyle": {"color": SPLIT_COLOR if title == _("분할") else DIVIDEND_COLOR},
        "encode": {"x": _("날짜"), "y": "height"},
    }


def _candles(bars: pd.DataFrame, style: Style) -> Option:
    return {
        "type": "candlestick",
        "name": _("시세"),
        "encode": {"x": _("날짜"), "y": [_("시가"), _("종가"), _("저가"), _("고가")]},
        "itemStyle": {
            "color": "transparent",
            "borderColor": style.rising,
            "color0": style.falling,
            "borderColor0": style.falling,
            "borderWidth": 1.5,
        },
        **({"markLine": _last_close(bars, style)} if len(bars) else {}),
    }


def _last_close(bars: pd.DataFrame, style: Style) -> Option:
    """A line across the chart at the last close, with a label on the axis."""
    last = bars.iloc[-1]
    color = style.rising if last["close"] >= last["open"] else style.falling
    return {
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


def _volume_bars(column: str, color: str, opacity: float) -> Option:
    return {
        "type": "bar",
        "name": column,
        "encode": {"y": column},
        "xAxisIndex": 1,
        "yAxisIndex": 1,
        "stack": "volume",
        "itemStyle": {"color": color, "opacity": opacity},
    }
