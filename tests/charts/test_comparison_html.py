"""The figures of a comparison and the file that holds them."""

import re
from typing import get_args

import pandas as pd

from finance_core.bars import comparison
from finance_core.charts import comparison_html

SCALES: tuple[comparison.Scale, ...] = get_args(comparison.Scale)


def test_prices_in_the_file_to_take_away_have_an_axis_each_and_other_scales_share_one() -> None:
    closes = pd.DataFrame({"a": [70_000.0, 71_000], "b": [300.0, 299]}, index=pd.bdate_range("2026-01-01", periods=2))
    colors = dict.fromkeys(closes, "#000000")
    axes = {scale: {trace.yaxis for trace in comparison_html.lines(closes, colors, scale).data} for scale in SCALES}
    assert axes == {"price": {"y", "y2"}, "percent": {"y"}, "index": {"y"}, "log": {"y"}}


def test_the_only_close_of_a_series_is_a_dot_in_the_file_too() -> None:
    days = pd.bdate_range("2026-01-01", periods=30)
    closes = pd.DataFrame({"a": range(30), "b": pd.Series([1.0], index=days[5:6])}, index=days)
    closes["c"] = closes["a"].where(closes.index != days[1])
    whole, once, broken = comparison_html.lines(closes, dict.fromkeys(closes, "#000000"), "percent").data
    assert (whole.mode, once.mode, broken.mode) == ("lines", "markers", "lines+markers")
    assert [sum(size > 0 for size in trace.marker.size) for trace in (once, broken)] == [1, 1]


def test_the_file_to_take_away_opens_offline_and_takes_no_name_for_markup() -> None:
    days = pd.bdate_range("2025-01-01", periods=300)
    closes = pd.DataFrame({"<b>A</b>": range(100, 400), "B": [100 + day % 7 for day in range(300)]}, index=days)
    colors = {"<b>A</b>": "#000000", "B": "#ffffff"}
    figures = {
        "chart": comparison_html.lines(closes, colors, "price"),
        "map": comparison_html.correlation_map(closes),
        "rolling": comparison_html.rolling_correlation(closes),
        "drawdowns": comparison_html.drawdowns(closes, colors),
        "risk": comparison_html.risk_and_return(closes, colors),
        "distribution": comparison_html.distribution(closes, colors),
    }
    assert {trace.bingroup for trace in figures["distribution"].data} == {"returns"}, "bars of one width compare"
    text = comparison_html.to_html("A & <b>", pd.DataFrame({"name": ["<b>A</b>"]}), figures)
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', text)
    assert text.count("Plotly.newPlot") >= 6
    assert "<title>A &amp; &lt;b&gt;</title>" in text
    assert "<td>&lt;b&gt;A&lt;/b&gt;</td>" in text


def test_a_name_that_is_a_number_is_a_name() -> None:
    """Plotly placed 005930 at 5,930 of an axis of numbers."""
    closes = pd.DataFrame({"005930": [1.0, 2, 3, 2], "000660": [1.0, 3, 2, 2]}, pd.bdate_range("2025-01-01", periods=4))
    figure = comparison_html.correlation_map(closes)
    assert {figure.layout.xaxis.type, figure.layout.yaxis.type} == {"category"}


def test_the_day_and_as_many_decimals_as_are_read_stand_under_the_pointer() -> None:
    """Without formats of its own, Plotly said the month of the axis, and percents with five decimals."""
    days = pd.bdate_range("2025-01-01", periods=300)
    closes = pd.DataFrame(
        {"a": [100 + day % 11 for day in range(300)], "b": [100 + day % 7 for day in range(300)]}, days
    )
    colors = dict.fromkeys(closes, "#000000")
    figures = [
        (comparison_html.drawdowns(closes, colors), ".2f"),
        (comparison_html.rolling_correlation(closes), ".2f"),
        (comparison_html.spread(closes), "+,.2f"),
        (comparison_html.beta(closes), ".2f"),
        (comparison_html.ratio(closes), ",.4f"),
    ]
    for figure, expected in figures:
        assert (figure.layout.xaxis.hoverformat, figure.layout.yaxis.hoverformat) == ("%Y-%m-%d", expected)
        assert figure.layout.hovermode == "x unified", "a finger need not hit the line"
    said = comparison_html.risk_and_return(closes, colors)
    assert (said.layout.xaxis.hoverformat, said.layout.yaxis.hoverformat) == (".2f", "+,.2f")
    assert all("변동성 %{x}" in point.hovertemplate for point in said.data)
    assert comparison_html.lines(closes, colors, "percent").layout.yaxis.hoverformat == "+,.2f"
