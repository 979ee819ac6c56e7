"""The chart of a viewer in one HTML file."""

from typing import Any, get_args

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from finance_core import i18n
from finance_core.bars import candles, curves, marks
from finance_core.bars.curves import Chosen
from finance_core.bars.drawings import Placed
from finance_core.charts import candlestick_html, html_layers, html_page
from finance_core.charts.candlestick_html import Content
from finance_core.charts.overlay import Other
from finance_core.charts.style import BLUE, RED, Kind, Scale, Style
from tests import pages


@pytest.fixture
def bars() -> pd.DataFrame:
    return candles.clean(pages.made_table(halted=3))[0].tail(60)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_chart_in_a_file_is_gap_free_and_needs_no_network(bars: pd.DataFrame, language: i18n.Language) -> None:
    i18n.use_language(language)
    chosen = [Chosen("ma", (5,)), Chosen("macd", (12, 26, 9)), Chosen("sar", (0.02, 0.2))]
    averages = curves.curves(bars, chosen)
    style = Style(sample=True, scale="log")
    figure = candlestick_html.candlestick(Content(bars, averages, style))
    file = html_page.to_html(figure, "삼성전자 005930", "KRW", style)
    i18n.use_language("ko")
    candlesticks, volume, average, macd, signal, histogram, sar = figure.data
    assert list(candlesticks.close) == bars["close"].tolist()
    assert list(average.y)[4:] == averages[0].values.tolist()[4:]
    # As above the panes of the page, where an indicator's name stands once.
    assert (macd.name, signal.name) == ("MACD(12,26,9)", "시그널" if language == "ko" else "signal")
    assert histogram.name == ("오실레이터" if language == "ko" else "histogram")
    assert [macd.yaxis, histogram.yaxis] == ["y3"] * 2, "a pane of its own"
    assert {color for value, color in zip(histogram.y, histogram.marker.color, strict=True) if value >= 0} == {
        style.rising
    }
    assert {color for value, color in zip(histogram.y, histogram.marker.color, strict=True) if value < 0} == {
        style.falling
    }
    assert (sar.mode, sar.yaxis) == ("markers", "y")
    assert list(volume.y) == bars["volume"].tolist()
    assert figure.layout.yaxis3.tickformat == ",", "10,000 and no 10k, as on the page"
    assert figure.layout.xaxis.type == "category"
    assert figure.layout.yaxis.type == "log"
    assert f"<p>KRW · {'표본' if language == 'ko' else 'Sample'}" in file
    assert "<h1>삼성전자 005930</h1>" in file
    assert 'src="http' not in file


def traces(figure: go.Figure) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def texts(figure: go.Figure) -> list[Any]:
    """What is written across a chart, but for the tag of the last close."""
    return [text for text in figure.layout.annotations if text.name != html_layers.TAG]


def test_a_part_has_the_marks_of_the_whole(bars: pd.DataFrame) -> None:
    """The highest price of what is visible is no highest price of a year."""
    top = int(bars["high"].to_numpy().argmax())
    content = Content(bars, [], Style(marks=("high", "halted")), marks.noted(bars))
    whole = traces(candlestick_html.candlestick(content))
    assert list(whole["52주 최고"].x) == [f"{bars.index[top]:%Y-%m-%d}"]
    part = (top + 1, len(bars) - 1) if top < len(bars) - 2 else (0, top - 1)
    shown = traces(candlestick_html.candlestick(content, visible=part))
    assert "52주 최고" not in shown
    assert set(shown["시세"].x) < set(whole["시세"].x)


def test_marks_without_a_price_stand_at_the_foot(bars: pd.DataFrame) -> None:
    bars.iloc[40, bars.columns.get_loc("dividends")] = 361.0
    figure = candlestick_html.candlestick(Content(bars, [], Style(marks=("dividend",))), visible=(30, 59))
    (dividend,) = [trace for trace in figure.data if trace.name == "배당"]
    assert (list(dividend.x), list(dividend.text)) == ([f"{bars.index[40]:%Y-%m-%d}"], ["배당 361"])
    assert figure.layout[dividend.yaxis.replace("y", "yaxis")].range == (-0.02, 1), "not cut by the edge"


@pytest.mark.parametrize("scale", ["linear", "log", "percent"])
def test_drawings_are_where_they_are_on_the_page(bars: pd.DataFrame, scale: Scale) -> None:
    base = float(bars["close"].iloc[10])
    drawings = [
        Placed("trend", [(5, base), (20, base * 2)], ""),
        Placed("level", [(12, base * 2)], "2"),
        Placed("text", [(15, base * 2)], "A<b>"),
        Placed("text", [(3, base)], "not in this part"),
    ]
    content = Content(bars, [], Style(scale=scale), drawings=drawings)
    figure = candlestick_html.candlestick(content, visible=(10, 40))
    low, high = (0.0, 100.0) if scale == "percent" else (base, base * 2)
    _last_close, trend, level = figure.layout.shapes
    assert (trend.x0, trend.y0, trend.x1, trend.y1) == (-5, low, 10, pytest.approx(high))
    assert (level.xref, level.y0, level.label.text) == ("x domain", pytest.approx(high), "2")
    (text,) = texts(figure)
    assert (text.x, text.text) == (5, "A&lt;b&gt;")
    assert text.y == pytest.approx(np.log10(high) if scale == "log" else high)


def test_others_are_drawn_in_percent_since_the_first_bar_of_the_part(bars: pd.DataFrame) -> None:
    close = bars["close"] * 0.5
    close.iloc[20] = np.nan
    content = Content(bars, [], Style(scale="percent", kind="line"), others=[Other("KOSPI & <b>", close, 2)])
    figure = candlestick_html.candlestick(content, visible=(10, 59))
    own, other = figure.data[0], traces(figure)["KOSPI &amp; &lt;b&gt;"]
    changes = (bars["close"].iloc[10:] / bars["close"].iloc[10] - 1) * 100
    np.testing.assert_allclose(own.y, changes)
    np.testing.assert_allclose(np.delete(other.y, 10), np.delete(changes.to_numpy(), 10), atol=1e-12)
    assert np.isnan(other.y[10])
    assert other.connectgaps
    assert figure.layout.yaxis.ticksuffix == "%"
    assert figure.layout.yaxis.range[0] < changes.min() < changes.max() < figure.layout.yaxis.range[1]


def test_the_only_close_of_another_ticker_is_a_dot(bars: pd.DataFrame) -> None:
    close = bars["close"].where(bars.index == bars.index[20])
    content = Content(bars, [], Style(scale="percent"), others=[Other("KOSPI", close, 2)])
    assert traces(candlestick_html.candlestick(content))["KOSPI"].mode == "markers"


def test_an_average_says_its_price_in_percent_too(bars: pd.DataFrame) -> None:
    average = curves.curves(bars, [Chosen("ma", (5,))])
    drawn = traces(candlestick_html.candlestick(Content(bars, average, Style(scale="percent", decimals=2))))["MA5"]
    assert list(drawn.customdata)[4:] == average[0].values.tolist()[4:]
    assert drawn.hovertemplate == "%{customdata:,.2f}"
    np.testing.assert_allclose(drawn.y[4:], (average[0].values[4:] / bars["close"].iloc[0] - 1) * 100)


def test_lines_of_days_to_come_are_in_a_part_that_ends_at_the_last_bar(bars: pd.DataFrame) -> None:
    ahead = pd.bdate_range(bars.index[-1], periods=27)[1:]
    lines = curves.curves(bars, [Chosen("ichimoku", (9, 26, 52))], len(ahead))
    content = Content(bars, lines, Style(), ahead=ahead)
    for visible, last in (((10, 59), ahead[-1]), ((10, 50), bars.index[50])):
        figure = candlestick_html.candlestick(content, visible=visible)
        span = figure.data[[trace.name for trace in figure.data].index("선행스팬 A")]
        assert span.x[-1] == f"{last:%Y-%m-%d}"
        assert len(span.x) == len(span.y)
        assert tuple(figure.layout.xaxis.range) == (-0.5, len(span.x) - 0.5)
        # Plotly takes days in the order in which it meets them, and meets the shade first.
        assert all(list(axis.categoryarray) == list(span.x) for axis in (figure.layout.xaxis, figure.layout.xaxis2))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_prices_is_drawn(bars: pd.DataFrame, kind: Kind) -> None:
    prices = candlestick_html.candlestick(Content(bars, [], Style(kind=kind))).data[0]
    assert prices.type == {"bars": "ohlc", "line": "scatter", "area": "scatter"}.get(kind, "candlestick")
    assert list(prices.y if prices.type == "scatter" else prices.close) == bars["close"].tolist()


def test_the_text_of_a_mark_is_on_the_side_with_more_room(bars: pd.DataFrame) -> None:
    """At the left edge a text left of its mark is cut."""
    bars.iloc[1, bars.columns.get_loc("low")] = 1.0
    bars.iloc[58, bars.columns.get_loc("high")] = bars["high"].max() * 2
    drawn = traces(candlestick_html.candlestick(Content(bars, [], Style(marks=("high", "low")), marks.noted(bars))))
    assert list(drawn["52주 최저"].textposition) == ["middle right"]
    assert list(drawn["52주 최고"].textposition) == ["middle left"]


def test_an_area_in_percent_reaches_down_to_the_price_zero(bars: pd.DataFrame) -> None:
    """One that reached to the change zero hung above prices that fell."""
    figure = candlestick_html.candlestick(Content(bars, [], Style(kind="area", scale="percent")))
    ground, prices = figure.data[:2]
    assert (set(ground.y), ground.showlegend, prices.fill) == ({-100.0}, False, "tonexty")


def test_a_short_part_has_no_symbols_on_its_lines(bars: pd.DataFrame) -> None:
    """Plotly would put some on each line of less than 20 days; of one day nothing else is seen."""
    lines = curves.curves(bars, [Chosen("ma", (5,))])
    others = [Other("KOSPI", bars["close"], 2)]
    content = Content(bars, lines, Style(scale="percent", kind="line"), others=others)
    for visible, mode in (((50, 54), "lines"), ((50, 50), "markers")):
        drawn = candlestick_html.candlestick(content, visible=visible).data
        assert {trace.mode for trace in drawn if trace.type == "scatter"} == {mode}


def test_a_band_below_zero_is_within_the_axis(bars: pd.DataFrame) -> None:
    bands = curves.curves(bars, [Chosen("bollinger", (20, 2.0))])
    bands = [band._replace(values=band.values - 2 * bars["close"].max()) for band in bands]
    figure = candlestick_html.candlestick(Content(bars, bands, Style()))
    assert figure.layout.yaxis.range[0] < min(np.nanmin(band.values) for band in bands) < 0


def test_an_indicator_with_bounds_has_them_as_on_the_page(bars: pd.DataFrame) -> None:
    figure = candlestick_html.candlestick(Content(bars, curves.curves(bars, [Chosen("rsi", (14,))]), Style()))
    assert tuple(figure.layout.yaxis3.range) == (0, 100)
    assert tuple(figure.layout.yaxis3.tickvals) == (30, 70)


def test_sample_prices_are_marked_across_the_chart(bars: pd.DataFrame) -> None:
    (text,) = texts(candlestick_html.candlestick(Content(bars, [], Style(sample=True))))
    assert "표본 데이터" in text.text
    assert not texts(candlestick_html.candlestick(Content(bars, [], Style())))


@pytest.mark.parametrize("scale", get_args(Scale))
def test_a_line_and_a_tag_stand_at_the_last_close_of_all_as_on_the_page(bars: pd.DataFrame, scale: Scale) -> None:
    close, base = 17_123.4, float(bars["close"].iloc[10])
    bars.iloc[-1, [bars.columns.get_loc(name) for name in ("open", "close")]] = close + 1, close
    for decimals, text in ((0, "17,123"), (2, "17,123.40")):
        content = Content(bars, [], Style(scale=scale, decimals=decimals))
        figure = candlestick_html.candlestick(content, visible=(10, 40))
        (line,), (tag,) = figure.layout.shapes, figure.layout.annotations
        change = (close / base - 1) * 100
        height = change if scale == "percent" else close
        assert (line.y0, line.y1) == (pytest.approx(height), pytest.approx(height))
        assert (line.line.dash, line.line.color, tag.bgcolor) == ("dash", BLUE, BLUE)
        assert tag.text == (f"{change:+.2f}%" if scale == "percent" else text)
        assert tag.y == pytest.approx(np.log10(close) if scale == "log" else height)


def test_the_tag_is_red_after_a_rise_and_without_a_sign_at_the_base(bars: pd.DataFrame) -> None:
    bars.iloc[-1, bars.columns.get_loc("open")] = bars["close"].iloc[-1]
    bars.iloc[10, bars.columns.get_loc("close")] = bars["close"].iloc[-1] * 1.00001
    (tag,) = candlestick_html.candlestick(
        Content(bars, [], Style(scale="percent")), visible=(10, 59)
    ).layout.annotations
    assert (tag.text, tag.bgcolor) == ("0.00%", RED), "no -0.00%, as on the page"


def test_a_last_close_afar_does_not_widen_the_axis(bars: pd.DataFrame) -> None:
    before = candlestick_html.candlestick(Content(bars, [], Style()), visible=(10, 40)).layout.yaxis.range
    bars.iloc[-1, bars.columns.get_loc("close")] = 1_000_000.0
    figure = candlestick_html.candlestick(Content(bars, [], Style()), visible=(10, 40))
    assert figure.layout.yaxis.range == before
    assert figure.layout.annotations[0].yref == "y", "Plotly draws none that is beyond the range"


def test_names_from_the_database_are_text(bars: pd.DataFrame) -> None:
    figure = candlestick_html.candlestick(Content(bars, [], Style()))
    file = html_page.to_html(figure, "<b>A & B</b>", "<i>", Style())
    assert "<h1>&lt;b&gt;A &amp; B&lt;/b&gt;</h1><p>&lt;i&gt;</p>" in file
    assert "<b>A" not in file


@pytest.mark.parametrize(
    ("language", "texts", "of_sums"),
    [
        ("ko", ["0", "5천만", "1억", "1.5억"], ["-1억", "-5천만", "0", "5천만"]),
        ("en", ["0", "50M", "100M", "150M"], ["-100M", "-50M", "0", "50M"]),
    ],
)
def test_volumes_and_their_sums_are_said_as_on_the_page(
    bars: pd.DataFrame, language: i18n.Language, texts: list[str], of_sums: list[str]
) -> None:
    bars["volume"] = np.linspace(0, 110e6, len(bars))
    i18n.use_language(language)
    shown = curves.curves(bars, [Chosen("volume_ma", (20,)), Chosen("obv", ()), Chosen("macd", (12, 26, 9))])
    average, sums, *others = shown
    average = average._replace(values=np.full(len(bars), 120e6))  # higher than all bars
    sums = sums._replace(values=np.linspace(-110e6, 60e6, len(bars)))
    figure = candlestick_html.candlestick(Content(bars, [average, sums, *others], Style()))
    i18n.use_language("ko")
    volumes, of_sum = figure.layout.yaxis2, figure.layout.yaxis3
    assert (list(volumes.ticktext), list(volumes.tickvals)) == (texts, [0, 50e6, 100e6, 150e6])
    assert tuple(volumes.range) == (0, 150e6)
    assert (list(of_sum.ticktext), tuple(of_sum.range)) == (of_sums, (-150e6, 100e6)), "not at the edges"
    assert figure.layout.yaxis4.ticktext is None
    said = {trace.hovertemplate for trace in figure.data if trace.yaxis in ("y2", "y3")}
    assert said == {"%{y:,.0f}"}, "whole numbers, as above the panes of the page"
    assert {trace.hovertemplate for trace in figure.data if trace.yaxis == "y4"} == {"%{y:,.2f}", "%{y:+,.2f}"}


def test_an_index_without_volumes_has_a_pane_of_none(bars: pd.DataFrame) -> None:
    bars["volume"] = 0.0
    figure = candlestick_html.candlestick(Content(bars, [], Style()))
    assert figure.layout.yaxis2.showticklabels is False
