"""The ECharts option of one ticker: prices, volume, indicators, marks. Pure: frames in, option out."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from finance_core.bars.curves import Curve
from finance_core.bars.formulas import Floats
from finance_core.bars.marks import NOTHING_NOTED, Noted, first_from
from finance_core.charts import marks, overlay, panes, parts, price_series
from finance_core.charts.overlay import Other
from finance_core.charts.parts import Option
from finance_core.charts.script import Script
from finance_core.charts.style import Style
from finance_core.i18n import _

NOTHING_AHEAD: Final = pd.DatetimeIndex([])


def titled(bars: pd.DataFrame, indicators: Mapping[str, Floats], noted: Noted = NOTHING_NOTED) -> pd.DataFrame:
    """`bars` with their change in percent and `indicators` (by title); the columns have titles in the running language.

    There is no change at a jump.

    >>> from finance_core.bars import candles
    >>> titled(candles.empty(), {}).columns.tolist()
    ['시가', '고가', '저가', '종가', '등락률', '거래량']
    """
    prices = {_("시가"): bars["open"], _("고가"): bars["high"], _("저가"): bars["low"], _("종가"): bars["close"]}
    change = bars["close"].pct_change() * 100
    change.iloc[first_from(pd.DatetimeIndex(bars.index), noted.jumps)] = np.nan
    return pd.DataFrame({**prices, _("등락률"): change, _("거래량"): bars["volume"], **indicators}, index=bars.index)


def candlestick(
    bars: pd.DataFrame,
    curves: Sequence[Curve],
    style: Style,
    noted: Noted = NOTHING_NOTED,
    others: Sequence[Other] = (),
    ahead: pd.DatetimeIndex = NOTHING_AHEAD,
) -> Option:
    """Prices without gaps, a volume pane and indicators over one category axis of days.

    `bars` are as in `candles`, of any interval; `curves` as in `bars.curves`, of the same bars and the days `ahead`.
    Both are whole, so that zooming out needs no server; the page tells the browser separately which bars to show at
    first. `noted` has what the bars do not show by themselves. `others` are drawn in percent, so that the scale of
    `style` must be percent. `ahead` are the days to come: they have no prices, only lines that are drawn later than
    computed. The key `readout` is ours: it lists the values that are shown for the bar under the crosshair (see
    `parts.reading`).

    >>> from finance_core.bars import candles
    >>> option = candlestick(candles.empty(), [], Style())
    >>> [series["type"] for series in option["series"]]
    ['custom', 'line', 'custom']
    """
    drawn = panes.draw(curves, decimals=style.decimals, rising=style.rising, falling=style.falling)
    source = _source(bars, style, drawn.columns, ahead, others, noted)
    marked = marks.of(bars, style, noted)
    source[marks.COLUMN] = marks.texts(len(source), marked)
    axis = _price_settings(style, bars, drawn.on_price, others)
    y_axes = [Script("price_axis", axis), _volume_axis(bars), marks.AXIS, *drawn.y_axes]
    return {
        "animation": False,
        "dataset": [{"source": source}, *({"source": mark.frame(source[_("날짜")])} for mark in marked)],
        "readout": _readout(style, drawn.readings, others),
        "graphic": [parts.watermark(_("표본 데이터"))] if style.sample else [],
        **panes.places(drawn.panes, style.heights),
        "xAxis": [parts.trading_days(pane, labels=pane == drawn.panes - 1) for pane in range(drawn.panes)],
        "yAxis": [*y_axes, *overlay.axes(axis, others)],
        "dataZoom": parts.zooms(drawn.panes, parts.first_seen(len(bars)), parts.SIDES, bottom=8, height=28),
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "tooltip": {**parts.TOOLTIP, "showContent": False},
        "series": [
            *price_series.of(bars, style),
            *overlay.series(others, first_axis=len(y_axes)),
            _volumes(style),
            *drawn.fills,
            *drawn.series,
            *(mark.series(dataset) for dataset, mark in enumerate(marked, start=1)),
        ],
    }


def _source(
    bars: pd.DataFrame,
    style: Style,
    columns: Mapping[str, Floats],
    ahead: pd.DatetimeIndex,
    others: Sequence[Other],
    noted: Noted,
) -> pd.DataFrame:
    """The dataset: the day, the columns of `titled`, and the `others`."""
    days = [*parts.days(bars.index, style.last_note), *parts.days(ahead)]
    if len(ahead):
        bars = bars.reindex(bars.index.append(ahead))
    source = titled(bars, columns, noted).reset_index(drop=True)
    source.insert(0, _("날짜"), days)
    for name, close in overlay.columns(others).items():
        source[name] = close.reset_index(drop=True).reindex(source.index)
    return source


def _readout(style: Style, of_indicators: Sequence[Option], others: Sequence[Other]) -> list[Option]:
    decimals = style.decimals
    prices = {_("시가"): _("시"), _("고가"): _("고"), _("저가"): _("저"), _("종가"): _("종")}
    if style.kind in price_series.OF_CLOSES:
        prices = {_("종가"): _("종")}
    return [
        *(parts.reading(column, title=title, decimals=decimals) for column, title in prices.items()),
        parts.reading(_("등락률"), title="", decimals=2, suffix="%", signed=True),
        *(reading for reading in of_indicators if reading["pane"] == 0),
        *overlay.readings(others),
        parts.reading(marks.COLUMN, title=""),
        parts.reading(_("거래량"), pane=1),
        *(reading for reading in of_indicators if reading["pane"] > 0),
    ]


def _price_settings(style: Style, bars: pd.DataFrame, titles: list[str], others: Sequence[Other]) -> Option:
    last = float(bars["close"].iloc[-1]) if len(bars) else None
    series = [{"base": _("종가"), "columns": [_("저가"), _("고가"), *titles]}, *overlay.scaled(others)]
    log, relative = style.scale == "log", "percent" if style.scale == "percent" else ""
    settings = parts.price_axis(series, log=log, relative=relative, decimals=style.decimals, last=last)
    return {**settings, "gridIndex": 0, "position": "right"}


def _volume_axis(bars: pd.DataFrame) -> Option:
    return {
        "show": bool((bars["volume"] > 0).any()),  # rates have none: the axis would have labels for nothing
        "gridIndex": 1,
        "position": "right",
        "splitNumber": 2,
        "splitLine": {"lineStyle": {"opacity": 0.5}},
        "axisLabel": {"formatter": parts.volume_label(), "hideOverlap": True},
        "axisPointer": {"label": {"show": False}},
    }


def _volumes(style: Style) -> Option:
    colors = style.rising, style.falling
    columns = parts.columns(_("거래량"), colors, begin=_("시가"), end=_("종가"), opacity=0.6)
    return columns | {"xAxisIndex": 1, "yAxisIndex": 1}
