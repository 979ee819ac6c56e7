"""The ECharts option of the viewer."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from finance_core import i18n
from finance_core.bars import candles, indicators
from finance_core.categories import Average
from finance_core.charts import candlestick
from finance_core.charts.candlestick import Style


def bars_of(closes: list[float], volume: int = 100) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=len(closes), name="date")
    close = np.array(closes)
    opening = np.concatenate([close[:1], close[:-1]])
    frame = pd.DataFrame(
        {"open": opening, "high": np.maximum(opening, close), "low": np.minimum(opening, close), "close": close},
        index=index,
    )
    frame["volume"] = volume
    frame[candles.CORPORATE_ACTIONS] = 0.0
    return frame


def option_of(bars: pd.DataFrame, **style: Any) -> tuple[candlestick.Option, pd.DataFrame]:
    averages = indicators.moving_averages(bars["close"], [Average(2), Average(3)])
    option = candlestick.candlestick(bars, averages, Style(**style))
    return option, option["dataset"][0]["source"]


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


def test_the_option_but_for_its_datasets_and_scripts_is_plain_json() -> None:
    option, _ = option_of(bars_of([1.5, 2.5]))
    json.dumps(option | {"dataset": None}, allow_nan=False, default=lambda script: dict(script.settings))


def test_what_is_read_out_stands_in_the_dataset_above_a_pane_that_is_there() -> None:
    option, source = option_of(bars_of([10, 12, 11]))
    for entry in option["readout"]:
        assert entry["column"] in source.columns
        assert entry["pane"] < len(option["grid"])
    colors = {series["name"]: series["itemStyle"]["color"] for series in option["series"] if series["type"] == "line"}
    assert {entry["title"]: entry["color"] for entry in option["readout"] if entry["color"]} == colors


def test_a_column_is_named_by_every_series_that_draws_it() -> None:
    bars = bars_of([10, 12, 11])
    bars.loc[bars.index[1], candles.CORPORATE_ACTIONS] = [361.0, 50.0]
    option, _ = option_of(bars)
    for series in option["series"]:
        source = option["dataset"][series.get("datasetIndex", 0)]["source"]
        encoded = [
            column for value in series["encode"].values() for column in ([value] if isinstance(value, str) else value)
        ]
        assert set(encoded) <= set(source.columns)


def test_volume_is_drawn_once_per_bar_in_the_colour_of_its_candle() -> None:
    _, source = option_of(bars_of([10, 12, 11, 11]))
    assert source["rising"].notna().tolist() == [True, True, False, True]
    assert (source["rising"].isna() == source["falling"].notna()).all()


def test_the_volume_axis_and_what_is_read_out_are_of_the_volume_itself() -> None:
    option, source = option_of(bars_of([1, 2], 3_000_000_000))
    assert source["거래량"].tolist() == [3_000_000_000, 3_000_000_000]
    assert source["rising"].max() == 3_000_000_000
    assert option["yAxis"][1]["axisLabel"]["formatter"].settings["units"][1] == (1e8, "억", False)


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
    assert option["yAxis"][0].settings["last"] is None


def test_dividends_and_splits_are_marked_on_their_days() -> None:
    bars = bars_of([10, 12, 11, 12])
    bars.loc[bars.index[1], "dividends"] = 361.0
    bars.loc[bars.index[2], "stock_splits"] = 50.0
    bars.loc[bars.index[3], "stock_splits"] = 0.2
    dividends, splits = [dataset["source"] for dataset in option_of(bars)[0]["dataset"][1:]]
    assert dividends[["날짜", "배당"]].to_numpy().tolist() == [["2024-01-02", "361"]]
    assert splits[["날짜", "분할"]].to_numpy().tolist() == [["2024-01-03", "50 : 1"], ["2024-01-04", "1 : 5"]]


@pytest.mark.parametrize(
    ("is_red", "rising", "falling"),
    [(True, candlestick.RED, candlestick.BLUE), (False, candlestick.GREEN, candlestick.RED)],
)
def test_rising_and_falling_differ_in_colour_by_country_and_in_shape(is_red: bool, rising: str, falling: str) -> None:
    look = option_of(bars_of([1, 2, 1]), rising_is_red=is_red)[0]["series"][0]["itemStyle"]
    assert (look["borderColor"], look["borderColor0"]) == (rising, falling)
    assert (look["color"], look["color0"]) == ("transparent", falling)


def test_a_week_that_still_runs_says_so_on_its_bar() -> None:
    _, source = option_of(bars_of([1, 2]), interval="W", last_note="진행 중")
    assert source["날짜"].tolist() == ["2024-01-01", "2024-01-02 진행 중"]
    assert "2주 평균" in source.columns
