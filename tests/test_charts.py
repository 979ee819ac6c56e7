"""The ECharts option of the viewer."""

import json

import numpy as np
import pandas as pd
import pytest

from finance_core import candles, charts, i18n, indicators


def bars_of(closes: list[float], volume: int = 100) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=len(closes), name="date")
    close = np.array(closes)
    opening = np.concatenate([close[:1], close[:-1]])
    frame = pd.DataFrame(
        {"open": opening, "high": np.maximum(opening, close), "low": np.minimum(opening, close), "close": close},
        index=index,
    )
    frame["volume"] = volume
    frame[candles.EVENTS] = 0.0
    return frame


def option_of(bars: pd.DataFrame, first: int = 0, **more: bool) -> tuple[charts.Option, pd.DataFrame]:
    option = charts.candlestick(bars, indicators.moving_averages(bars["close"], [2, 3]), first, 0, **more)
    return option, option["dataset"]["source"]


def test_every_bar_and_average_is_in_the_dataset_as_it_is() -> None:
    bars = bars_of([10, 12, 11, 13])
    _, source = option_of(bars)
    assert source["날짜"].tolist() == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    for korean, english in zip(
        ["시가", "고가", "저가", "종가", "거래량"], ["open", "high", "low", "close", "volume"], strict=True
    ):
        assert source[korean].tolist() == bars[english].tolist()
    assert source["2일 평균"].tolist()[1:] == [11.0, 11.5, 12.0]
    assert source["3일 평균"].isna().tolist() == [True, True, False, False]
    assert source["등락률"].tolist()[1:] == pytest.approx([20, -100 / 12, 200 / 11])


def test_the_option_but_for_its_dataset_is_plain_json() -> None:
    option, _ = option_of(bars_of([1.5, 2.5]))
    json.dumps(option | {"dataset": None}, allow_nan=False)


def test_a_column_is_named_by_every_series_that_draws_it() -> None:
    option, source = option_of(bars_of([10, 12, 11]))
    for series in option["series"]:
        encoded = [
            column for value in series["encode"].values() for column in ([value] if isinstance(value, str) else value)
        ]
        assert set(encoded) <= set(source.columns)


def test_volume_is_drawn_once_per_bar_in_the_colour_of_its_candle() -> None:
    _, source = option_of(bars_of([10, 12, 11, 11]))
    assert source["rising"].notna().tolist() == [True, True, False, True]
    assert (source["rising"].isna() == source["falling"].notna()).all()


def test_the_first_view_starts_at_the_given_bar_and_ends_at_the_last() -> None:
    option, _ = option_of(bars_of([1, 2, 3, 4, 5, 6]), first=2)
    assert {(zoom["startValue"], zoom["endValue"]) for zoom in option["dataZoom"]} == {(2, 5)}


@pytest.mark.parametrize(("volume", "unit"), [(5, ""), (250_000, "만"), (3_000_000_000, "억")])
def test_the_volume_axis_counts_in_units_that_keep_its_labels_short(volume: int, unit: str) -> None:
    option, source = option_of(bars_of([1, 2], volume))
    assert option["yAxis"][1]["axisLabel"]["formatter"] == "{value}" + unit
    assert source["거래량"].tolist() == [volume, volume]
    assert source["rising"].max() <= 100_000


def test_sample_data_is_written_across_the_chart_and_real_data_is_not() -> None:
    assert "표본" in option_of(bars_of([1, 2]), sample=True)[0]["graphic"][0]["style"]["text"]
    assert option_of(bars_of([1, 2]))[0]["graphic"] == []


def test_a_chart_in_english_labels_its_tooltip_in_english() -> None:
    i18n.use_language("en")
    try:
        _, source = option_of(bars_of([1, 2]))
    finally:
        i18n.use_language("ko")
    assert source.columns[:7].tolist() == ["Date", "Open", "High", "Low", "Close", "Change", "Volume"]


def test_no_bars_make_an_empty_chart_not_an_error() -> None:
    option, source = option_of(candles.empty())
    assert source.empty
    assert option["dataZoom"][0]["endValue"] == 0
