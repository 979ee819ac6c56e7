"""Layers over and under the candles of a chart in an HTML file: other tickers, shades, marks, drawings. Pure."""

import html
from collections.abc import Sequence
from math import ceil, floor, inf, log10
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from finance_core.bars.drawings import Placed
from finance_core.bars.formulas import Floats
from finance_core.bars.marks import Noted
from finance_core.charts import marks, overlay, panes, parts, price_series
from finance_core.charts.overlay import Other
from finance_core.charts.style import DRAWING, Scale, Style
from finance_core.i18n import _

SYMBOLS: Final = {
    **{name: name for name in ("circle", "diamond", "arrow")},
    **{"triangle": "triangle-up", "rect": "square", "emptyCircle": "circle-open"},
}
"""Plotly's names of the symbols of marks."""
FOOT: Final = "yaxis90"
"""The axis of marks without a price. It begins a little below 0, so that marks at 0 stand whole at the foot of the pane
of prices; it ends with 1 at the top."""
ROUND: Final = ((1.5, 1), (2.5, 2), (4, 3), (7, 5), (inf, 10))
"""Limits of the first digits of a number, and the digits to which ECharts rounds it."""
TAG: Final = "last close"
"""The name of the annotation that is the tag of the last close."""


class Window(NamedTuple):
    """The part of a chart that the file holds, and the scale of its price axis."""

    first: int
    """The position of its first bar."""
    length: int
    """Number of its days, days to come included."""
    scale: Scale
    base: float
    """Its first close; changes in percent are those since this close."""

    def on_axis(self, prices: npt.ArrayLike) -> Floats:
        """`prices` as they stand on the axis.

        >>> Window(0, 2, "percent", 50.0).on_axis([50.0, 75.0]).tolist()
        [0.0, 50.0]
        """
        return percent(prices, self.base) if self.scale == "percent" else np.asarray(prices, dtype="float64")


def escaped(text: str) -> str:
    """A text of a user, escaped for Plotly, which reads some HTML."""
    return html.escape(text, quote=False)


def percent(prices: npt.ArrayLike, base: float) -> Floats:
    """Changes in percent since the price `base`."""
    return (np.asarray(prices, dtype="float64") / base - 1) * 100


def shaded(color: str) -> str:
    """`color` (#rrggbb) with the opacity of a shade.

    >>> shaded("#ff0000")
    'rgba(255, 0, 0, 0.1)'
    """
    return f"rgba{(*hex_to_rgb(color), panes.SHADE)}"


def first_of(close: "pd.Series[float]") -> float:
    """The first close that is not NaN; NaN if there is none."""
    known = close.dropna()
    return float(known.iloc[0]) if len(known) else float("nan")


def change(close: "pd.Series[float]") -> Floats:
    """Changes in percent since the first close.

    >>> change(pd.Series([np.nan, 4.0, 5.0])).tolist()
    [nan, 0.0, 25.0]
    """
    return percent(close, first_of(close))


def points(values: Floats) -> dict[str, Any]:
    """Where Plotly draws symbols on a line of `values`: as on the page, only on those without a neighbour.

    >>> points(np.array([1.0, 2.0])), points(np.array([1.0]))["mode"]
    ({'mode': 'lines'}, 'markers')
    >>> points(np.array([1.0, np.nan, 2.0, 3.0]))["marker"]["size"].tolist()
    [7, 0, 0, 0]
    """
    apart = parts.apart(values)
    if not apart.any():
        return {"mode": "lines"}
    has_line = apart.sum() < np.isfinite(values).sum()
    return {"mode": "lines+markers" if has_line else "markers", "marker": {"size": np.where(apart, 7, 0)}}


def ticks(columns: Sequence[Floats], splits: int) -> Floats:
    """Round numbers that span all of `columns` in about `splits` steps, as ECharts has them; none if all are equal.

    >>> ticks([np.array([np.nan, 0.0]), np.array([960.0])], 2).tolist()
    [0.0, 500.0, 1000.0]
    """
    values = np.concatenate(columns)
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return np.array([])
    low, high = float(values.min()), float(values.max())
    apart = (high - low) / splits
    decade = 10.0 ** floor(log10(apart))
    step = decade * next(times for limit, times in ROUND if apart / decade < limit)
    return step * np.arange(floor(low / step), ceil(high / step) + 1, dtype="float64")


def add_watermark(figure: go.Figure) -> None:
    """Write across the prices that they are samples; the text is in saved pictures too, and fits on a phone."""
    font = {"size": 36, "color": "#f59f00"}
    place = {"x": 0.5, "xref": "x domain", "y": 0.6, "yref": "y domain"}
    text = "<b>" + _("표본 데이터") + "</b>"
    figure.add_annotation(text=text, font=font, opacity=0.16, showarrow=False, **place)


def add_others(figure: go.Figure, days: Sequence[str], others: Sequence[Other]) -> None:
    """Add the lines of other tickers, in percent; days without a close are bridged."""
    for other, color in zip(others, overlay.COLORS, strict=False):
        line = go.Scatter(
            x=days[: len(other.close)],
            y=change(other.close),
            name=escaped(other.title),
            customdata=other.close,
            connectgaps=True,
            mode="lines" if other.close.count() > 1 else "markers",
            line={"color": color, "width": 2},
            hovertemplate=f"%{{y:+,.2f}}% (%{{customdata:,.{other.decimals}f}})",
        )
        figure.add_trace(line, row=1, col=1)


def add_fills(figure: go.Figure, days: Sequence[str], drawn: panes.Drawn, window: Window) -> None:
    """Shade the area between the two lines of an indicator, where both have values."""
    for lowest, above, below in zip(*[iter(drawn.fills)] * 3, strict=True):  # as `panes` stacks them
        pane = lowest["xAxisIndex"]
        floor = drawn.columns[lowest["name"]]
        known = np.flatnonzero(np.isfinite(floor))
        for series in (above, below):
            ceiling = floor + drawn.columns[series["name"]]
            color = series["areaStyle"]["color"]
            for edge, fill in ((floor, None), (ceiling, "tonexty")):
                heights = window.on_axis(edge) if pane == panes.SHARED["price"] else edge
                shade = go.Scatter(
                    x=np.array(days)[known],
                    y=heights[known],
                    mode="lines",
                    line={"width": 0},
                    fill=fill,
                    fillcolor=shaded(color) if fill else None,
                    hoverinfo="skip",
                    showlegend=False,
                )
                figure.add_trace(shade, row=pane + 1, col=1)


def add_marks(
    figure: go.Figure,
    days: Sequence[str],
    bars: pd.DataFrame,
    style: Style,
    noted: Noted,
    window: Window,
) -> None:
    """Add the marks on `days`. They come from all `bars`, so that a high of 52 weeks is that of the whole 52 weeks."""
    for mark in marks.of(bars, style, noted):
        look = marks.LOOKS[mark.kind]
        seen = [index for index, at in enumerate(mark.positions) if 0 <= at - window.first < window.length]
        if not seen:
            continue
        heights = np.array([mark.heights[index] for index in seen])
        trace = go.Scatter(
            x=[days[mark.positions[index] - window.first] for index in seen],
            y=window.on_axis(heights) if look.has_price else heights,
            text=[mark.texts[index] for index in seen],
            name=_(look.title),
            mode="markers+text" if look.has_price else "markers",
            # On the side with more room, because a text is cut at the edge of a pane.
            textposition=[
                "middle left" if 2 * (mark.positions[index] - window.first) >= window.length else "middle right"
                for index in seen
            ],
            textfont={"color": look.color, "size": 11},
            marker={"color": look.color, "symbol": SYMBOLS[look.symbol], "size": 5 if look.has_price else 9},
            hovertemplate="%{text}<extra></extra>",
        )
        figure.add_trace(trace, row=1, col=1)
        if not look.has_price:
            figure.layout[FOOT] = {"overlaying": "y", "range": [-0.02, 1], "visible": False, "fixedrange": True}
            figure.data[-1].yaxis = FOOT.replace("axis", "")


def add_last_close(figure: go.Figure, bars: pd.DataFrame, style: Style, window: Window) -> None:
    """Add the line at the last close of all `bars`, and a tag on the axis with the same number as on the page."""
    close = float(bars["close"].iloc[-1]) if len(bars) else float("nan")
    height = float(window.on_axis(close))
    if not np.isfinite(height) or (style.scale == "log" and close <= 0):
        return
    text = f"{close:,.{style.decimals}f}"
    if style.scale == "percent":
        text = f"{'+' if height > 1e-7 else ''}{height:z,.2f}%"
    color = price_series.color_of_last(bars, style)
    across = {"x0": 0, "x1": 1, "xref": "x domain"}
    line = {"color": color, "width": 1, "dash": "dash"}
    figure.add_shape(type="line", y0=height, y1=height, yref="y", line=line, **across)
    place = {"x": 1, "xref": "x domain", "xanchor": "left", "yref": "y"}
    look = {"font": {"color": "#ffffff", "size": 12}, "bgcolor": color, "borderpad": 2, "showarrow": False}
    # Annotations on a logarithmic axis take logarithms.
    figure.add_annotation(name=TAG, text=text, y=np.log10(close) if style.scale == "log" else height, **place, **look)


def add_drawings(figure: go.Figure, drawings: Sequence[Placed], style: Style, window: Window) -> None:
    """Add what people drew. Trend lines may reach beyond the part of the chart; texts outside of it are left out."""
    font = {"color": DRAWING, "size": 12}
    for drawing in drawings:
        across = [at - window.first for at, _price in drawing.points]
        heights = window.on_axis([price for _at, price in drawing.points]).tolist()
        if drawing.kind == "text":
            # An axis of categories takes positions. A logarithmic axis takes logarithms, but only from annotations.
            height = float(np.log10(heights[0])) if style.scale == "log" else heights[0]
            if 0 <= across[0] < window.length:
                figure.add_annotation(
                    x=across[0], y=height, text=escaped(drawing.text), font=font, arrowcolor=DRAWING, ax=0, ay=-24
                )
            continue
        is_level = drawing.kind == "level"
        ends = {"x0": 0, "x1": 1, "xref": "x domain"} if is_level else {"x0": across[0], "x1": across[1], "xref": "x"}
        label = {"text": escaped(drawing.text), "textposition": "end", "font": font} if is_level else None
        line = {"color": DRAWING, "width": 1.5}
        figure.add_shape(type="line", y0=heights[0], y1=heights[-1], yref="y", line=line, label=label, **ends)
