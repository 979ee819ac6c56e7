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
