"""The ECharts option of the viewer."""

import json
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from finance_core import i18n
from finance_core.bars import candles, curves, marks
from finance_core.bars.curves import Chosen
from finance_core.charts import candlestick, price_series, style
from finance_core.charts import marks as mark_looks
from finance_core.charts.overlay import Other
from finance_core.charts.style import Kind, Scale, Style
from finance_core.ui.echart import border


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


def option_of(bars: pd.DataFrame, **look: Any) -> tuple[candlestick.Option, pd.DataFrame]:
    averages = curves.curves(bars, [Chosen("ma", (2,)), Chosen("ma", (3,))])
    option = candlestick.candlestick(bars, averages, Style(**look), marks.noted(bars))
    return option, option["dataset"][0]["source"]


def test_every_bar_and_average_is_in_the_dataset_as_it_is() -> None:
    bars = bars_of([10, 12, 11, 13])
    _, source = option_of(bars)
    assert source["날짜"].tolist() == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    for korean, english in zip(
        ["시가", "고가", "저가", "종가", "거래량"], ["open", "high", "low", "close", "volume"], strict=True
    ):
        assert source[korean].tolist() == bars[english].tolist()
    assert source["MA2"].tolist()[1:] == [11.0, 11.5, 12.0]
    assert source["MA3"].isna().tolist() == [True, True, False, False]
    assert source["등락률"].tolist()[1:] == pytest.approx([20, -100 / 12, 200 / 11])


def test_the_option_but_for_its_datasets_and_scripts_is_plain_json() -> None:
    option, _ = option_of(bars_of([1.5, 2.5]))
    json.dumps(option | {"dataset": None}, allow_nan=False, default=lambda script: dict(script.settings))


def test_what_is_read_out_stands_in_the_dataset_above_a_pane_that_is_there() -> None:
    option, source = option_of(bars_of([10, 12, 11]))
    for entry in option["readout"]:
        assert entry["column"] in source.columns
        assert entry["pane"] < len(option["grid"])
    lines = [series for series in option["series"] if series["type"] == "line" and series["name"]]
    colors = {series["name"]: series["itemStyle"]["color"] for series in lines}
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
    option, _ = option_of(bars_of([10, 12, 11, 11]))
    candles_drawn, volumes = (series for series in option["series"] if series["type"] == "custom")
    assert volumes["encode"]["y"] == ["거래량"]
    sides = [series["renderItem"].settings for series in (candles_drawn, volumes)]
    for name in ("rising", "falling"):
        assert sides[0][name] == sides[1][name]
    assert (sides[1]["begin"], sides[1]["end"]) == ("시가", "종가")


def test_the_volume_axis_and_what_is_read_out_are_of_the_volume_itself() -> None:
    option, source = option_of(bars_of([1, 2], 3_000_000_000))
    assert source["거래량"].tolist() == [3_000_000_000, 3_000_000_000]
    assert option["yAxis"][1]["axisLabel"]["formatter"].settings["units"][1] == (1e8, "억", False)
    assert [option_of(bars_of([1, 2], volume))[0]["yAxis"][1]["show"] for volume in (1, 0)] == [True, False]


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


def test_marks_say_what_they_are_where_they_are_and_in_what_is_read_out() -> None:
    bars = bars_of([10, 12, 11, 12])
    bars.loc[bars.index[1], "dividends"] = 361.0
    bars.loc[bars.index[2], "stock_splits"] = 50.0
    bars.loc[bars.index[3], "stock_splits"] = 0.2
    option, source = option_of(bars, marks=("dividend", "split", "high"))
    dividends, splits, high = [dataset["source"] for dataset in option["dataset"][1:]]
    assert dividends[["날짜", "text"]].to_numpy().tolist() == [["2024-01-02", "배당 361"]]
    assert splits[["날짜", "text"]].to_numpy().tolist() == [["2024-01-03", "분할 50 : 1"], ["2024-01-04", "분할 1 : 5"]]
    assert high[["날짜", "height", "text"]].to_numpy().tolist() == [["2024-01-04", 12.0, "52주 최고 12"]]
    assert source["marks"].tolist() == ["", "배당 361", "분할 50 : 1", "분할 1 : 5 · 52주 최고 12"]
    assert [series["yAxisIndex"] for series in option["series"][-3:]] == [2, 2, 0]


def test_marks_that_are_not_wanted_are_not_drawn() -> None:
    bars = bars_of([10, 12, 11, 12]).assign(dividends=1.0)
    option, source = option_of(bars)
    assert len(option["dataset"]) == 1
    assert set(source["marks"]) == {""}


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("scale", get_args(Scale))
def test_every_kind_and_scale_draws_the_same_prices(kind: Kind, scale: Scale) -> None:
    bars = bars_of([10, 12, 11, 12])
    option, source = option_of(bars, kind=kind, scale=scale)
    assert source["종가"].tolist() == [10, 12, 11, 12]
    axis = option["yAxis"][0].settings
    assert (axis["log"], axis["relative"]) == (scale == "log", "percent" if scale == "percent" else "")
    assert option["series"][0]["markLine"].settings["data"] == [{"yAxis": 12.0}]
    drawn = option["series"][0]["encode"]["y"]
    assert drawn == "종가" if kind in price_series.OF_CLOSES else set(drawn) == {"시가", "고가", "저가", "종가"}
    border.prepare(option)


def test_a_filled_rising_body_is_a_choice() -> None:
    for kind in ("candles", "hollow"):
        look = option_of(bars_of([1, 2, 1]), kind=kind)[0]["series"][0]["renderItem"].settings
        assert (look["kind"], look["rising"], look["falling"]) == (kind, style.RED, style.BLUE)


def test_a_week_that_still_runs_says_so_on_its_bar() -> None:
    _, source = option_of(bars_of([1, 2]), interval="W", last_note="진행 중")
    assert source["날짜"].tolist() == ["2024-01-01", "2024-01-02 진행 중"]
    assert "MA2" in source.columns


def test_days_to_come_have_no_bar_and_only_what_leads() -> None:
    bars = bars_of([float(10 + day % 3) for day in range(60)])
    ahead = pd.date_range(bars.index[-1], periods=27)[1:]
    chosen = [Chosen("ichimoku", (9, 26, 52)), Chosen("ma", (5,))]
    look = Style(interval="W", last_note="진행 중", marks=("high",))
    drawn = curves.curves(bars, chosen, len(ahead))
    option = candlestick.candlestick(bars, drawn, look, marks.noted(bars), ahead=ahead)
    source = option["dataset"][0]["source"]
    assert len(source) == 86
    assert source["날짜"].iloc[59].endswith("진행 중")
    assert source["날짜"].iloc[-1] == str(ahead[-1].date())
    to_come = source.iloc[60:].drop(columns="날짜")
    has_values = [str(name) for name in to_come if to_come[name].notna().any() and to_come[name].any()]
    assert all("선행스팬" in name or "▒" in name for name in has_values)
    assert len([name for name in has_values if "선행스팬" in name]) == 2
    border.prepare(option)


def test_the_only_close_of_another_ticker_is_marked_and_what_is_bridged_is_not() -> None:
    bars = bars_of([10, 12, 11])
    closes = [pd.Series(values, bars.index) for values in ([np.nan, 5.0, np.nan], [4.0, np.nan, 6.0])]
    others = [Other(name, close, 2) for name, close in zip("AB", closes, strict=True)]
    option = candlestick.candlestick(bars, [], Style(scale="percent"), others=others)
    once, bridged = (series for series in option["series"] if series["type"] == "line" and series["name"])
    assert once["markPoint"]["data"] == [{"coord": [1, 5.0]}]
    assert "markPoint" not in bridged
    json.dumps(option["series"], allow_nan=False, default=lambda script: dict(script.settings))


def luminance(color: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = np.array([*bytes.fromhex(color[1:])]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("ground", [style.DRAWING, mark_looks.TAG["backgroundColor"]])
def test_the_text_of_a_mark_or_a_drawing_can_be_read_on_its_ground(ground: str) -> None:
    assert (luminance("#ffffff") + 0.05) / (luminance(ground) + 0.05) >= 4.5
