"""Plotly figures of a comparison (correlation, drawdown, risk and return, …), and the HTML file that a user downloads.

Pure: closes in (see `bars.comparison`), figures out. `colors` holds the colour of each column. The examples use these
closes:

>>> days = pd.bdate_range("2024-01-01", periods=5)
>>> closes = pd.DataFrame({"A": [10.0, 11, 12, 11, 13], "B": [5.0, 5, 6, 6, 5]}, index=days)
>>> colors = {"A": "#3182f6", "B": "#f04452"}
"""

import html
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from plotly.subplots import make_subplots

from finance_core.bars import comparison, pairs
from finance_core.bars.comparison import Scale
from finance_core.bars.formulas import Floats
from finance_core.charts import parts
from finance_core.i18n import _

ROLLING = 60
"""Returns in a window of the rolling correlation."""
MONTHS = "%Y-%m"
"""Format of days on an axis, the same in both languages."""
DAYS = "%Y-%m-%d"
"""Format of the day under the pointer. Without it Plotly says only the month that the axis says."""


def lines(drawn: pd.DataFrame, colors: Mapping[str, str], scale: Scale) -> go.Figure:
    """The chart of the page itself, for a file. On the scale "price", two series have an axis each, as on the page.

    >>> [trace.yaxis for trace in lines(closes, colors, "price").data]
    ['y', 'y2']
    """
    figure = make_subplots(specs=[[{"secondary_y": True}]])
    days = pd.DatetimeIndex(drawn.index).strftime(DAYS)
    for position, name in enumerate(drawn.columns):
        look = {"line": {"color": colors[name], "width": 2}, **_points(drawn[name].to_numpy(dtype="float64"))}
        line = go.Scatter(x=days, y=drawn[name], name=name, **look)
        figure.add_trace(line, secondary_y=scale == "price" and position > 0)
        if scale == "price":
            figure.update_yaxes(color=colors[name], secondary_y=position > 0)
    figure.update_layout(hovermode="x unified")
    figure.update_yaxes(type="log" if scale == "log" else "linear")
    if scale == "percent":
        figure.update_yaxes(ticksuffix="%", hoverformat="+,.2f")
    return figure.update_xaxes(type="category", nticks=12)  # days as categories leave no gaps


def correlation_map(closes: pd.DataFrame) -> go.Figure:
    """The correlation of daily returns of each pair, on the sessions both have.

    >>> correlation_map(closes).data[0].text[0]
    ['1.00', '-0.30']
    """
    correlations = pairs.correlations(closes).to_numpy()
    text = [["" if np.isnan(value) else f"{value:.2f}" for value in row] for row in correlations]
    names = list(closes.columns)
    heat = go.Heatmap(z=correlations, x=names, y=names, zmin=-1, zmax=1, colorscale="RdBu_r", text=text,
                      texttemplate="%{text}", hovertemplate="%{y} · %{x}<br>%{z:.2f}<extra></extra>")  # fmt: skip
    figure = go.Figure(heat).update_xaxes(type="category")  # a name may be a number, such as 005930
    return figure.update_yaxes(type="category", autorange="reversed")


def drawdowns(closes: pd.DataFrame, colors: Mapping[str, str]) -> go.Figure:
    """How far each series lies under its highest close so far, in percent.

    >>> drawdowns(closes, colors).data[0].y.round(1).tolist()
    [0.0, 0.0, 0.0, -8.3, 0.0]
    """
    figure = go.Figure(layout={"hovermode": "x unified"})
    for name in closes.columns:
        fallen = comparison.drawdowns(closes[name]) * 100
        figure.add_trace(go.Scatter(x=fallen.index, y=fallen, name=name, line={"color": colors[name], "width": 1.5}))
    return figure.update_xaxes(tickformat=MONTHS, hoverformat=DAYS).update_yaxes(ticksuffix="%", hoverformat=".2f")


def risk_and_return(closes: pd.DataFrame, colors: Mapping[str, str]) -> go.Figure:
    """Annualized volatility (x) and return (y). The return is annualized if the period is at least a year long.

    >>> [round(point.x[0]) for point in risk_and_return(closes, colors).data]
    [171, 236]
    """
    figure = go.Figure()
    template = "<br>".join(["%{fullData.name}", _("변동성") + " %{x}", _("수익률") + " %{y}"]) + "<extra></extra>"
    for name in closes.columns:
        statistics = comparison.statistics(closes[name])
        if statistics is None or statistics.volatility is None:
            continue
        reward = statistics.total if statistics.annual is None else statistics.annual
        point = {"x": [statistics.volatility * 100], "y": [reward * 100]}
        look = {"marker": {"size": 14, "color": colors[name]}, "hovertemplate": template}
        figure.add_trace(go.Scatter(mode="markers", name=name, **look, **point))
    figure.update_xaxes(title=_("변동성 (한 해)"), ticksuffix="%", hoverformat=".2f", rangemode="tozero")
    title = _("수익률 (한 해, 한 해가 안 되면 기간)")
    return figure.update_yaxes(title=title, ticksuffix="%", hoverformat="+,.2f")


def rolling_correlation(closes: pd.DataFrame, window: int = ROLLING) -> go.Figure:
    """The correlation of the first two series over the last `window` returns.

    >>> rolling_correlation(closes, window=3).data[0].y.round(2).tolist()
    [nan, nan, nan, 0.46, -0.31]
    """
    correlation = pairs.rolling_correlation(closes, window)
    return _one_line(correlation, _("상관계수")).update_yaxes(range=[-1.05, 1.05])


def spread(closes: pd.DataFrame) -> go.Figure:
    """The change of the first series minus that of the second, in percentage points.

    >>> spread(closes).data[0].y.round(1).tolist()
    [0.0, 10.0, 0.0, -10.0, 30.0]
    """
    figure = _one_line(pairs.pair(closes, ROLLING).spread, _("스프레드"))
    return figure.add_hline(0, line={"dash": "dot", "width": 1}).update_yaxes(ticksuffix=_("%p"), hoverformat="+,.2f")


def ratio(closes: pd.DataFrame) -> go.Figure:
    """The first of two series divided by the second, 1 at their first common session.

    >>> ratio(closes).data[0].y.round(2).tolist()
    [1.0, 1.1, 1.0, 0.92, 1.3]
    """
    figure = _one_line(pairs.pair(closes, ROLLING).ratio, _("비율"))
    return figure.add_hline(1, line={"dash": "dot", "width": 1}).update_yaxes(hoverformat=",.4f")


def beta(closes: pd.DataFrame, window: int = ROLLING) -> go.Figure:
    """The beta of the first of two series against the second: over the last `window` returns, and over all returns.

    >>> beta(closes, window=3).data[0].y.round(2).tolist()
    [nan, nan, nan, 0.45, -0.22]
    """
    measured = pairs.pair(closes, window)
    figure = _one_line(measured.betas, _("베타"))
    if np.isfinite(measured.beta):
        text = _("기간 전체 {beta}").format(beta=f"{measured.beta:.2f}")
        figure.add_hline(measured.beta, line={"dash": "dot", "width": 1})
        above = {"x": 1, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
        figure.add_annotation(text=text, showarrow=False, **above)
    return figure


def _points(values: Floats) -> dict[str, Any]:
    """Where Plotly draws symbols on a line of `values`: as on the page, only on those without a neighbour.

    >>> _points(np.array([1.0, 2.0])), _points(np.array([1.0]))["mode"]
    ({'mode': 'lines'}, 'markers')
    >>> _points(np.array([1.0, np.nan, 2.0, 3.0]))["marker"]["size"].tolist()
    [7, 0, 0, 0]
    """
    apart = parts.apart(values)
    if not apart.any():
        return {"mode": "lines"}
    has_line = apart.sum() < np.isfinite(values).sum()
    return {"mode": "lines+markers" if has_line else "markers", "marker": {"size": np.where(apart, 7, 0)}}


def _one_line(values: "pd.Series[float]", name: str) -> go.Figure:
    line = go.Scatter(x=values.index, y=values, line={"width": 2}, name=name)
    figure = go.Figure(line, layout={"hovermode": "x unified"})
    return figure.update_xaxes(tickformat=MONTHS, hoverformat=DAYS).update_yaxes(hoverformat=".2f")


def distribution(closes: pd.DataFrame, colors: Mapping[str, str]) -> go.Figure:
    """A histogram of the daily returns in percent, in the same bins for all: else a bar does not compare with another.

    >>> distribution(closes, colors).data[0].x.round(1).tolist()
    [10.0, 9.1, -8.3, 18.2]
    """
    figure = go.Figure(layout={"barmode": "overlay"})
    for name in closes.columns:
        sizes = comparison.returns(closes[name]) * 100
        look = {"opacity": 0.5, "marker": {"color": colors[name]}, "nbinsx": 80, "bingroup": "returns"}
        figure.add_trace(go.Histogram(x=sizes, name=name, **look))
    return figure.update_xaxes(ticksuffix="%")


def to_html(title: str, table: pd.DataFrame, figures: Mapping[str, go.Figure], about: Iterable[str] = ()) -> str:
    """One HTML file with the figures under their titles and the table, which opens without a server or a network.

    Below the `title`, each line of `about` is a paragraph.

    >>> to_html("A & B", pd.DataFrame(), {"Chart": go.Figure()})[:15]
    '<!doctype html>'
    """
    drawings = []
    for position, (name, figure) in enumerate(figures.items()):
        figure.update_layout(template="plotly_white", margin={"t": 32, "b": 48, "l": 64, "r": 64})
        drawn = pio.to_html(figure, full_html=False, include_plotlyjs=position == 0)
        drawings.append(f"<h2>{html.escape(name)}</h2>{drawn}")
    body = drawings[0] + table.to_html(index=False, escape=True, border=0) + "".join(drawings[1:])
    style = "body{font-family:sans-serif;margin:2rem}table{border-collapse:collapse}td,th{padding:.3rem .8rem}"
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{style}</style>'
    top = "".join([f"<h1>{html.escape(title)}</h1>", *(f"<p>{html.escape(line)}</p>" for line in about)])
    return f"<!doctype html><html><head>{head}</head><body>{top}{body}</body></html>"
