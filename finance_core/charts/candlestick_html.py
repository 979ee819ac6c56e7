"""The Plotly figure of a ticker, which a user downloads as one HTML file that opens without a server or a network."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from finance_core.bars.candles import PRICES
from finance_core.bars.curves import Curve
from finance_core.bars.drawings import Placed
from finance_core.bars.formulas import Floats
from finance_core.bars.marks import NOTHING_NOTED, Noted
from finance_core.charts import html_layers, panes, parts
from finance_core.charts.candlestick import NOTHING_AHEAD
from finance_core.charts.html_layers import Window
from finance_core.charts.overlay import Other
from finance_core.charts.price_series import LINE, OF_CLOSES
from finance_core.charts.style import Style
from finance_core.i18n import _

HEIGHT = 600
"""Pixels of a chart with panes of prices and volumes, without the names above; each further pane adds `PANE_HEIGHT`."""
PANE_HEIGHT = 110
SPACING = 34
"""Pixels between two panes, for the names of the lower pane."""
BOTTOM = 40
"""Pixels below the panes."""


class Content(NamedTuple):
    """What the chart of one ticker shows."""

    bars: pd.DataFrame
    """As in `bars.candles`, of any interval. These and `curves` are whole, even if the file holds a part of them."""
    curves: Sequence[Curve]
    style: Style
    noted: Noted = NOTHING_NOTED
    """Days with marks that the bars alone do not show."""
    others: Sequence[Other] = ()
    """Other tickers; the scale of `style` must be percent."""
    ahead: pd.DatetimeIndex = NOTHING_AHEAD
    """The days of bars to come."""
    drawings: Sequence[Placed] = ()
    """What people drew."""


class _Part(NamedTuple):
    """The part of a content that the file holds."""

    bars: pd.DataFrame
    days: list[str]
    """The days of its bars and, if the last bar is among these, of the bars to come."""
    drawn: panes.Drawn
    others: list[Other]
    window: Window


def candlestick(content: Content, visible: tuple[int, int] | None = None) -> go.Figure:
    """Candlesticks without gaps, volume, indicators, marks and drawings, as `charts.candlestick` draws them.

    `visible` are the positions of the first and the last bar to draw; None draws all. In percent, changes are those
    since the first close that is drawn.

    >>> from finance_core.bars import candles
    >>> [trace.type for trace in candlestick(Content(candles.empty(), [], Style())).data]
    ['candlestick', 'bar']
    """
    style, part = content.style, _cut(content, visible or (0, len(content.bars) - 1))
    drawn, window = part.drawn, part.window
    shares = panes.shares(drawn.panes, style.heights)
    height = HEIGHT + PANE_HEIGHT * (drawn.panes - panes.FIRST_OWN)
    figure = make_subplots(
        rows=drawn.panes,
        shared_xaxes=True,
        row_heights=[share / sum(shares) for share in shares],
        vertical_spacing=SPACING / (height - BOTTOM),
    )
    if style.kind == "area" and style.scale == "percent":
        figure.add_trace(_ground(part), row=1, col=1)
    figure.add_trace(_prices(part, style), row=1, col=1)
    colors = np.where(part.bars["close"] >= part.bars["open"], style.rising, style.falling).tolist()
    look = {"name": _("거래량"), "marker": {"color": colors, "opacity": 0.6}, "hovertemplate": "%{y:,.0f}"}
    volume = go.Bar(x=part.days, y=part.bars["volume"], legend="legend2", **look)
    figure.add_trace(volume, row=2, col=1)
    html_layers.add_others(figure, part.days, part.others)
    html_layers.add_fills(figure, part.days, drawn, window)
    for series in drawn.series:
        pane = series.get("xAxisIndex", 0)
        trace = _trace(series, part).update(legend=f"legend{pane + 1}" if pane else "legend")
        figure.add_trace(trace, row=pane + 1, col=1)
        for level in series.get("markLine", {}).get("data", ()):
            guide = {"line": {"dash": "dot", "width": 1, "color": panes.GUIDE}}
            figure.add_hline(level["yAxis"], row=pane + 1, col=1, **guide)
    html_layers.add_marks(figure, part.days, content.bars, style, content.noted, window)
    html_layers.add_last_close(figure, content.bars, style, window)
    html_layers.add_drawings(figure, content.drawings, style, window)
    if style.sample:
        html_layers.add_watermark(figure)
    return _laid_out(figure.update_layout(height=height), style, part)


def _cut(content: Content, visible: tuple[int, int]) -> _Part:
    style, (first, last) = content.style, visible
    reaches_end = last == len(content.bars) - 1
    ahead = content.ahead if reaches_end else NOTHING_AHEAD
    end = last + 1 + len(ahead)
    bars = content.bars.iloc[first : last + 1]
    cut = [curve._replace(values=curve.values[first:end]) for curve in content.curves]
    days = [*parts.days(content.bars.index, style.last_note), *parts.days(ahead)][first:end]
    window = Window(first, len(days), style.scale, html_layers.first_of(bars["close"]))
    drawn = panes.draw(cut, decimals=style.decimals, rising=style.rising, falling=style.falling)
    others = [other._replace(close=other.close.iloc[first : last + 1]) for other in content.others]
    return _Part(bars, days, drawn, others, window)


def _prices(part: _Part, style: Style) -> go.Candlestick | go.Ohlc | go.Scatter:
    """Prices in the kind of `style`."""
    shown = {name: part.window.on_axis(part.bars[name].to_numpy()) for name in PRICES}
    is_closes = style.kind in OF_CLOSES
    titles = {"open": _("시"), "high": _("고"), "low": _("저"), "close": _("종")}
    lines = [
        f"{titles[name]} %{{customdata[{position}]:,.{style.decimals}f}}"
        for position, name in enumerate(PRICES)
        if name == "close" or not is_closes
    ]
    if style.scale == "percent":
        lines.append(f"(%{{{'y' if is_closes else 'close'}:+,.2f}}%)")
    look: dict[str, Any] = {
        "x": part.days[: len(part.bars)],
        "name": _("시세"),
        "customdata": part.bars[PRICES].to_numpy(),
        "hovertemplate": " ".join(lines),
    }
    if is_closes:
        ground = "tonexty" if style.scale == "percent" else "tozeroy"
        fill = {"fill": ground, "fillcolor": html_layers.shaded(LINE)} if style.kind == "area" else {}
        return go.Scatter(
            **look, y=shown["close"], **html_layers.points(shown["close"]), line={"color": LINE, "width": 2}, **fill
        )
    rising, falling = {"line": {"color": style.rising}}, {"line": {"color": style.falling}}
    # A close at the open rises, as on the page; Plotly would ask the bar before.
    is_flat = shown["open"] == shown["close"]
    shown["open"] = np.where(is_flat, np.nextafter(shown["open"], -np.inf), shown["open"])
    if style.kind == "bars":
        return go.Ohlc(**look, **shown, increasing=rising, decreasing=falling)
    filled = style.rising if style.kind == "candles" else "rgba(0,0,0,0)"
    return go.Candlestick(
        **look,
        **shown,
        increasing={**rising, "fillcolor": filled},
        decreasing={**falling, "fillcolor": style.falling},
    )


def _ground(part: _Part) -> go.Scatter:
    """The line at -100 % (the price 0), from which an area reaches up: 0 % lies in the midst of the prices."""
    days = part.days[: len(part.bars)]
    line = {"width": 0}
    return go.Scatter(x=days, y=[-100.0] * len(days), mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _trace(series: dict[str, Any], part: _Part) -> go.Bar | go.Scatter:
    """A series of the page as Plotly draws it."""
    column = series["name"]
    values = part.drawn.columns[column]
    # The names above the panes of the page, which are short enough for one line in a narrow window.
    readings = {reading["column"]: reading for reading in part.drawn.readings}
    reading = readings[column]
    number_format = f"{'+' if reading['signed'] else ''},.{reading['decimals']}f"
    look: dict[str, Any] = {"x": part.days, "name": html_layers.escaped(reading["title"])}
    if series.get("xAxisIndex", 0) == panes.SHARED["price"]:
        template = f"%{{customdata:{number_format}}}"
        look |= {"y": part.window.on_axis(values), "customdata": values, "hovertemplate": template}
    else:
        look |= {"y": values, "hovertemplate": f"%{{y:{number_format}}}"}
    if series["type"] == "custom":
        colors = [series["renderItem"].settings[side] for side in ("rising", "falling")]
        return go.Bar(**look, marker={"color": np.where(values >= 0, *colors)}, showlegend=False)
    color = series["itemStyle"]["color"]
    if series["type"] == "scatter":
        return go.Scatter(**look, mode="markers", marker={"color": color, "size": series["symbolSize"]})
    return go.Scatter(**look, **html_layers.points(values), line={"color": color, "width": 1.5})


def _range(part: _Part) -> list[float] | None:
    """The range of the price axis: all that is drawn, with a small margin; None if nothing is drawn."""
    columns: list[Floats] = [part.window.on_axis(part.bars[name].to_numpy()) for name in ("low", "high")]
    columns += [part.window.on_axis(part.drawn.columns[title]) for title in part.drawn.on_price]
    columns += [html_layers.change(other.close) for other in part.others]
    values = np.concatenate(columns)
    values = values[np.isfinite(values)]
    if part.window.scale == "log":
        values = np.log10(values[values > 0])
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    air = (high - low or abs(high) * 0.1 or 1) * parts.AIR
    # Prices need nothing below zero, but a band around them may reach there.
    return [max(low - air, 0.0) if part.window.scale == "linear" and low >= 0 else low - air, high + air]


def _laid_out(figure: go.Figure, style: Style, part: _Part) -> go.Figure:
    """`figure` with its axes, and a legend above each pane; Plotly makes room for all lines of the first legend."""
    figure.update_layout(
        margin={"l": 16, "r": 80, "t": 12, "b": BOTTOM},
        hovermode="x unified",
        hoverlabel_namelength=-1,
        barmode="relative",
        xaxis_rangeslider_visible=False,
    )
    for pane in range(part.drawn.panes):
        number = str(pane + 1) if pane else ""
        top = figure.layout[f"yaxis{number}"].domain[1]
        figure.layout[f"legend{number}"] = {
            "orientation": "h",
            "x": 0,
            "y": top,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "traceorder": "normal",
        }
    figure.update_xaxes(type="category", nticks=12, showspikes=True, spikemode="across", spikethickness=1)
    # Else Plotly orders the days as the traces do, and the first trace may be a shade that begins with days to come.
    figure.update_xaxes(categoryorder="array", categoryarray=part.days)
    # Show the bars only, even if drawings reach further.
    figure.update_xaxes(range=[-0.5, len(part.days) - 0.5])
    figure.update_yaxes(side="right", tickformat=",")  # else Plotly's own k and M
    for axis in part.drawn.y_axes:
        if "min" in axis:
            ticks = axis["axisLabel"].get("customValues")
            figure.update_yaxes(range=[axis["min"], axis["max"]], tickvals=ticks, row=axis["gridIndex"] + 1, col=1)
    _say_volumes(figure, part)
    percent = style.scale == "percent"
    return figure.update_yaxes(
        type="log" if style.scale == "log" else "linear",
        tickformat="+,.2f" if percent else f",.{style.decimals}f",
        ticksuffix="%" if percent else "",
        range=_range(part),
        row=1,
        col=1,
    )


def _say_volumes(figure: go.Figure, part: _Part) -> None:
    """Label the axes of volumes and of their sums as on the page: Plotly itself has no units but k and M."""
    columns: dict[int, list[Floats]] = {panes.SHARED["volume"]: [np.zeros(1), part.bars["volume"].to_numpy()]}
    columns |= {axis["gridIndex"]: [] for axis in part.drawn.y_axes if "formatter" in axis["axisLabel"]}
    for series in part.drawn.series:
        if (pane := series.get("xAxisIndex", 0)) in columns:
            columns[pane].append(part.drawn.columns[series["encode"]["y"]])
    for pane, own in columns.items():
        is_volume = pane == panes.SHARED["volume"]
        ticks = html_layers.ticks(own, splits=2 if is_volume else 3)
        if not len(ticks):  # all volumes are 0 if the source has none: the axis would go from -1 to 1
            figure.update_yaxes(showticklabels=False, row=pane + 1, col=1)
            continue
        labels = ticks if is_volume else ticks[1:-1]  # the ends are left to labels of the next panes
        texts = [parts.volume_text(tick) for tick in labels]
        figure.update_yaxes(range=[ticks[0], ticks[-1]], tickvals=labels, ticktext=texts, row=pane + 1, col=1)
